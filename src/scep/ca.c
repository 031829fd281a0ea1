#include "scep/ca.h"

#include "pki/der.h"
#include "pki/fail.h"
#include "scep/cms.h"

#include <inttypes.h>
#include <stdatomic.h>

struct entry {
    struct pki_cert *cert;
    enum scep_role role;
};

struct scep_ca {
    atomic_int references;
    size_t count;
    size_t recipient;
    struct entry entries[SCEP_CA_MAX_CERTS];
};

const char *scep_role_name(enum scep_role role)
{
    static const char *const names[] = {
        [SCEP_ROLE_CA] = "ca",
        [SCEP_ROLE_RA_SIGN] = "ra_signing",
        [SCEP_ROLE_RA_ENCRYPT] = "ra_encryption",
        [SCEP_ROLE_RA_BOTH] = "ra",
        [SCEP_ROLE_CHAIN] = "chain",
    };
    return names[role];
}

struct scep_ca *scep_ca_ref(struct scep_ca *ca)
{
    atomic_fetch_add_explicit(&ca->references, 1, memory_order_relaxed);
    return ca;
}

void scep_ca_free(struct scep_ca *ca)
{
    if (ca == NULL || atomic_fetch_sub_explicit(&ca->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < ca->count; i++)
        pki_cert_free(ca->entries[i].cert);
    free(ca);
}

size_t scep_ca_count(const struct scep_ca *ca)
{
    return ca->count;
}

const struct pki_cert *scep_ca_cert(const struct scep_ca *ca, size_t index)
{
    return ca->entries[index].cert;
}

enum scep_role scep_ca_role(const struct scep_ca *ca, size_t index)
{
    return ca->entries[index].role;
}

const struct pki_cert *scep_ca_recipient(const struct scep_ca *ca)
{
    return ca->entries[ca->recipient].cert;
}

const struct pki_cert *scep_ca_find(const struct scep_ca *ca, const struct pki_cert_identity *id)
{
    for (size_t i = 0; i < ca->count; i++) {
        struct pki_cert_identity one = scep_cms_id_of(ca->entries[i].cert);
        if (scep_cms_id_is(id, &one))
            return ca->entries[i].cert;
    }
    return NULL;
}

/* Roles. */

static bool names_equal(struct span a, struct span b)
{
    return span_equal(a, b) || pki_name_same_rdns(a, b);
}

/* By name only: good enough to tell roles; scep_ca_check looks at signatures. */
static bool names_as_issuer(const struct pki_cert *cert, const struct pki_cert *issuer)
{
    return names_equal(pki_cert_issuer(cert), pki_cert_subject(issuer));
}

static bool issued_another(const struct scep_ca *ca, size_t index)
{
    for (size_t i = 0; i < ca->count; i++) {
        if (i != index && names_as_issuer(ca->entries[i].cert, ca->entries[index].cert))
            return true;
    }
    return false;
}

/* The extensions decide; certificates without any (small CAs) count as a CA when they are alone, signed
 * themselves or signed others here. */
static bool looks_like_ca(const struct scep_ca *ca, size_t index)
{
    const struct pki_cert *cert = ca->entries[index].cert;
    unsigned usage;
    if (pki_cert_is_ca(cert))
        return true;
    if (pki_cert_has_eku(cert, PKI_EKU_CERT_REQUEST_AGENT))
        return false;
    if (pki_cert_key_usage(cert, &usage) && (usage & PKI_KU_CERT_SIGN) != 0)
        return true;
    return ca->count == 1 || names_as_issuer(cert, cert) || issued_another(ca, index);
}

static enum scep_role ra_role(const struct pki_cert *cert)
{
    unsigned usage;
    if (!pki_cert_key_usage(cert, &usage))
        return SCEP_ROLE_RA_BOTH;
    bool encrypts = (usage & PKI_KU_KEY_ENCIPHERMENT) != 0;
    bool signs = (usage & (PKI_KU_DIGITAL_SIGNATURE | PKI_KU_NON_REPUDIATION)) != 0;
    if (encrypts == signs)
        return SCEP_ROLE_RA_BOTH;
    return encrypts ? SCEP_ROLE_RA_ENCRYPT : SCEP_ROLE_RA_SIGN;
}

static bool is_ra(enum scep_role role)
{
    return role == SCEP_ROLE_RA_SIGN || role == SCEP_ROLE_RA_ENCRYPT || role == SCEP_ROLE_RA_BOTH;
}

/* Of several CA certificates, the enrolling one is the issuer of the RA certificates; without those, the lowest of the
 * chain. */
static bool is_enrolling_ca(const struct scep_ca *ca, size_t index)
{
    const struct pki_cert *cert = ca->entries[index].cert;
    bool issued_ca = false;
    bool any_ra = false;
    for (size_t i = 0; i < ca->count; i++) {
        const struct pki_cert *other = ca->entries[i].cert;
        if (i == index)
            continue;
        if (is_ra(ca->entries[i].role)) {
            any_ra = true;
            if (names_as_issuer(other, cert))
                return true;
        } else if (names_as_issuer(other, cert)) {
            issued_ca = issued_ca || !names_equal(pki_cert_subject(other), pki_cert_subject(cert));
        }
    }
    return !any_ra && !issued_ca;
}

static void assign_roles(struct scep_ca *ca)
{
    for (size_t i = 0; i < ca->count; i++)
        ca->entries[i].role = looks_like_ca(ca, i) ? SCEP_ROLE_CHAIN : ra_role(ca->entries[i].cert);
    bool any = false;
    for (size_t i = 0; i < ca->count; i++) {
        if (ca->entries[i].role == SCEP_ROLE_CHAIN && is_enrolling_ca(ca, i)) {
            ca->entries[i].role = SCEP_ROLE_CA;
            any = true;
        }
    }
    for (size_t i = 0; i < ca->count && !any;
         i++) { /* RA certificates of a foreign CA: scep_ca_check objects */
        if (ca->entries[i].role == SCEP_ROLE_CHAIN) {
            ca->entries[i].role = SCEP_ROLE_CA;
            any = true;
        }
    }
}

/* The newest of a role: after a renewal the old RA certificate may still be around. */
static bool newest_rsa(const struct scep_ca *ca, enum scep_role role, size_t *out)
{
    bool found = false;
    for (size_t i = 0; i < ca->count; i++) {
        const struct pki_cert *cert = ca->entries[i].cert;
        if (ca->entries[i].role != role || !pki_cert_is_rsa(cert) || pki_cert_public_key(cert) == NULL)
            continue;
        if (!found || pki_cert_not_before(cert) > pki_cert_not_before(ca->entries[*out].cert))
            *out = i;
        found = true;
    }
    return found;
}

static bool choose_recipient(struct scep_ca *ca)
{
    static const enum scep_role order[] = {SCEP_ROLE_RA_ENCRYPT, SCEP_ROLE_RA_BOTH, SCEP_ROLE_CA};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (newest_rsa(ca, order[i], &ca->recipient))
            return true;
    }
    return false;
}

/* Parsing. */

struct parsing {
    struct scep_ca *ca;
    struct err *e;
};

static bool add_cert(struct span der, void *user)
{
    struct parsing *p = user;
    struct scep_ca *ca = p->ca;
    if (ca->count == SCEP_CA_MAX_CERTS)
        return err_set(p->e, STAGE_GET_CA_CERT, REASON_CA_CERT_MALFORMED, "more than %d certificates",
                       SCEP_CA_MAX_CERTS);
    if (!pki_cert_from_der(der, &ca->entries[ca->count].cert, p->e))
        return false;
    ca->count++;
    return true;
}

/* A certificate begins SEQUENCE { SEQUENCE, a ContentInfo SEQUENCE { OID, a SignedData SEQUENCE { INTEGER. */
static bool is_cms(struct span body)
{
    struct der_reader r = der_reader_of(body);
    struct der_item item;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    return der_optional(&r, DER_OID, &item) || der_optional(&r, DER_INTEGER, &item);
}

static bool parse_certs(struct span body, const char *operation, struct scep_ca *ca, struct err *e)
{
    struct err why = {0};
    struct parsing p = {.ca = ca, .e = &why};
    bool ok = is_cms(body) ? scep_degenerate_read(body, add_cert, &p, &why) : add_cert(body, &p);
    if (ok && ca->count > 0)
        return true;
    char seen[96];
    return err_set(e, STAGE_NONE, REASON_CA_CERT_MALFORMED, "%s returned %s (%s)", operation,
                   scep_describe_body(body, seen, sizeof seen), ok ? "no certificate in it" : why.text);
}

static bool parse(struct span body, const char *operation, struct scep_ca *ca, struct err *e)
{
    if (!parse_certs(body, operation, ca, e))
        return false;
    assign_roles(ca);
    return choose_recipient(ca) ||
           err_set(e, STAGE_NONE, REASON_CA_CERT_NO_RECIPIENT,
                   "none of the %zu certificates has an RSA key to encrypt to", ca->count);
}

bool scep_ca_parse_from(const char *operation, enum stage stage, struct span body, struct scep_ca **out,
                        struct err *e)
{
    struct scep_ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL)
        return err_set(e, stage, REASON_NO_MEMORY, "no memory for the CA certificates");
    atomic_init(&ca->references, 1);
    if (!parse(body, operation, ca, e)) {
        scep_ca_free(ca);
        return pki_at_stage(false, stage, e);
    }
    *out = ca;
    return true;
}

bool scep_ca_parse(struct span body, struct scep_ca **out, struct err *e)
{
    return scep_ca_parse_from("GetCACert", STAGE_GET_CA_CERT, body, out, e);
}

/* Checking. */

static const char *subject_of(const struct pki_cert *cert, struct buf *b)
{
    buf_reset(b);
    if (!pki_name_to_text(pki_cert_subject(cert), b, NULL))
        buf_append_text(b, "?");
    const char *text = buf_text(b);
    return text == NULL ? "?" : text;
}

static void date(int64_t unix_s, char *out, size_t out_bytes)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || strftime(out, out_bytes, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        snprintf(out, out_bytes, "second %" PRId64, unix_s);
}

static bool check_validity(const struct entry *entry, int64_t now_s, struct buf *name, struct err *e)
{
    if (pki_cert_valid_at(entry->cert, now_s))
        return true;
    bool early = now_s < pki_cert_not_before(entry->cert);
    char when[40];
    date(early ? pki_cert_not_before(entry->cert) : pki_cert_not_after(entry->cert), when, sizeof when);
    return err_set(e, STAGE_GET_CA_CERT, is_ra(entry->role) ? REASON_RA_CERT_EXPIRED : REASON_CA_CERT_EXPIRED,
                   "%s certificate \"%.80s\" %s %s", is_ra(entry->role) ? "RA" : "CA",
                   subject_of(entry->cert, name), early ? "is only valid from" : "expired on", when);
}

bool scep_ca_issued(const struct scep_ca *ca, const struct pki_cert *cert)
{
    for (size_t i = 0; i < ca->count; i++) {
        if (!is_ra(ca->entries[i].role) && pki_cert_issued_by(cert, ca->entries[i].cert))
            return true;
    }
    return false;
}

/* RA certificates first: they run out after two years, unattended, and are the usual culprit. */
static bool check_all(const struct scep_ca *ca, int64_t now_s, struct buf *name, struct err *e)
{
    for (size_t i = 0; i < ca->count; i++) {
        if (is_ra(ca->entries[i].role) && !check_validity(&ca->entries[i], now_s, name, e))
            return false;
    }
    for (size_t i = 0; i < ca->count; i++) {
        if (!is_ra(ca->entries[i].role) && !check_validity(&ca->entries[i], now_s, name, e))
            return false;
    }
    for (size_t i = 0; i < ca->count; i++) {
        if (is_ra(ca->entries[i].role) && !scep_ca_issued(ca, ca->entries[i].cert))
            return err_set(e, STAGE_GET_CA_CERT, REASON_RA_CHAIN,
                           "RA certificate \"%.80s\" was not issued by any CA certificate in the reply",
                           subject_of(ca->entries[i].cert, name));
    }
    return true;
}

bool scep_ca_check(const struct scep_ca *ca, int64_t now_s, struct err *e)
{
    struct buf name;
    buf_init(&name, 65536);
    bool ok = check_all(ca, now_s, &name, e);
    buf_clear(&name);
    return ok;
}
