#include "pki/crl.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/oid.h"
#include "pki/signed.h"

#include <openssl/x509.h>
#include <stdatomic.h>

/* A CRL taken apart; spans into its DER. */
struct fields {
    struct pki_signed frame;
    struct span issuer;
    struct span number;
    struct span entries; /* content of revokedCertificates */
    size_t count;
    int64_t this_update;
    int64_t next_update;
};

struct pki_crl {
    atomic_int references;
    struct fields fields;
    uint8_t der[];
};

static int read_reason(struct span extensions)
{
    struct der_reader r = der_reader_of(extensions);
    struct pki_extension x;
    while (!der_at_end(&r) && pki_extension_next(&r, &x, NULL)) {
        struct der_reader inner = der_reader_of(x.value);
        struct der_item item;
        int64_t reason;
        if (span_equal(x.oid, PKI_OID_CRL_REASON) && der_optional(&inner, DER_ENUMERATED, &item) &&
            der_small_int(&item, &reason, NULL) && reason >= 0 && reason <= INT32_MAX)
            return (int)reason;
    }
    return PKI_CRL_UNSPECIFIED;
}

static bool read_entry(struct der_reader *r, struct pki_crl_entry *out, struct err *e)
{
    struct der_item item;
    struct der_item serial;
    struct der_item date;
    if (!der_expect(r, DER_SEQUENCE, "revoked certificate", &item, e))
        return false;
    struct der_reader inner = der_reader_of(item.content);
    if (!der_expect(&inner, DER_INTEGER, "serial number", &serial, e) || !der_next(&inner, &date, e) ||
        !der_time(&date, &out->revoked_at, e))
        return false;
    out->serial = serial.content;
    out->reason = der_optional(&inner, DER_SEQUENCE, &item) ? read_reason(item.content) : PKI_CRL_UNSPECIFIED;
    return true;
}

static bool count_entries(struct fields *f, struct err *e)
{
    struct der_reader r = der_reader_of(f->entries);
    struct pki_crl_entry entry;
    for (; !der_at_end(&r); f->count++) {
        if (!read_entry(&r, &entry, e))
            return false;
    }
    return true;
}

static bool read_extensions(struct fields *f, struct span tagged, struct err *e)
{
    struct der_reader r = der_reader_of(tagged);
    struct der_item item;
    if (!der_expect(&r, DER_SEQUENCE, "extensions", &item, e))
        return false;
    r = der_reader_of(item.content);
    while (!der_at_end(&r)) {
        struct pki_extension x;
        if (!pki_extension_next(&r, &x, e))
            return false;
        struct der_reader inner = der_reader_of(x.value);
        if (span_equal(x.oid, PKI_OID_CRL_NUMBER) && der_optional(&inner, DER_INTEGER, &item))
            f->number = item.content;
    }
    return true;
}

static bool read_dates(struct fields *f, struct der_reader *r, struct err *e)
{
    struct der_item item;
    if (!der_next(r, &item, e) || !der_time(&item, &f->this_update, e))
        return false;
    f->next_update = INT64_MAX;
    if (!der_optional(r, DER_UTC_TIME, &item) && !der_optional(r, DER_GENERALIZED_TIME, &item))
        return true;
    return der_time(&item, &f->next_update, e);
}

static bool read_tbs(struct fields *f, struct err *e)
{
    struct der_reader r = der_reader_of(f->frame.body.content);
    struct der_item item;
    struct der_item algorithm;
    der_optional(&r, DER_INTEGER, &item); /* version */
    if (!der_expect(&r, DER_SEQUENCE, "signature algorithm", &algorithm, e) ||
        !der_expect(&r, DER_SEQUENCE, "issuer", &item, e))
        return false;
    /* RFC 5280 5.1.1.2: the name that is signed and the one that is not must agree. */
    if (!span_equal(algorithm.whole, f->frame.algorithm))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the CRL names two signature algorithms");
    f->issuer = item.whole;
    if (!read_dates(f, &r, e))
        return false;
    if (der_optional(&r, DER_SEQUENCE, &item))
        f->entries = item.content;
    if (der_optional(&r, DER_CONTEXT(0), &item) && !read_extensions(f, item.content, e))
        return false;
    /* A list that was stepped over because it is damaged would be a list that revokes nothing. */
    if (!der_at_end(&r))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: the CRL holds what no CRL holds");
    return count_entries(f, e);
}

bool pki_crl_from_der(struct span der, struct pki_crl **out, struct err *e)
{
    if (der.len == 0 || der.len > BYTES_MAX_MESSAGE)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "a CRL of %zu bytes", der.len);
    struct pki_crl *crl = calloc(1, sizeof *crl + der.len);
    if (crl == NULL)
        return err_set(e, STAGE_NONE, REASON_NO_MEMORY, "no memory for a CRL");
    atomic_init(&crl->references, 1);
    memcpy(crl->der, der.data, der.len);
    struct fields *f = &crl->fields;
    if (!pki_signed_read(span_of(crl->der, der.len), "CRL", &f->frame, e) || !read_tbs(f, e)) {
        pki_crl_free(crl);
        return false;
    }
    *out = crl;
    return true;
}

struct pki_crl *pki_crl_ref(struct pki_crl *crl)
{
    atomic_fetch_add_explicit(&crl->references, 1, memory_order_relaxed);
    return crl;
}

void pki_crl_free(struct pki_crl *crl)
{
    if (crl != NULL && atomic_fetch_sub_explicit(&crl->references, 1, memory_order_acq_rel) == 1)
        free(crl);
}

struct span pki_crl_der(const struct pki_crl *crl)
{
    return crl->fields.frame.whole;
}

struct span pki_crl_issuer(const struct pki_crl *crl)
{
    return crl->fields.issuer;
}

struct span pki_crl_number(const struct pki_crl *crl)
{
    return crl->fields.number;
}

int64_t pki_crl_this_update(const struct pki_crl *crl)
{
    return crl->fields.this_update;
}

int64_t pki_crl_next_update(const struct pki_crl *crl)
{
    return crl->fields.next_update;
}

size_t pki_crl_count(const struct pki_crl *crl)
{
    return crl->fields.count;
}

bool pki_crl_find(const struct pki_crl *crl, struct span serial, struct pki_crl_entry *out)
{
    struct der_reader r = der_reader_of(crl->fields.entries);
    struct span wanted = der_integer_trimmed(serial);
    struct pki_crl_entry entry;
    while (!der_at_end(&r) && read_entry(&r, &entry, NULL)) {
        if (!span_equal(der_integer_trimmed(entry.serial), wanted))
            continue;
        if (out != NULL)
            *out = entry;
        return true;
    }
    return false;
}

static bool verify_through_openssl(struct span whole, EVP_PKEY *key)
{
    const unsigned char *at = whole.data;
    X509_CRL *list = d2i_X509_CRL(NULL, &at, (long)whole.len);
    bool ok = list != NULL && X509_CRL_verify(list, key) == 1;
    X509_CRL_free(list);
    return ok;
}

bool pki_crl_signed_by(const struct pki_crl *crl, const struct pki_cert *issuer)
{
    return pki_signed_by(&crl->fields.frame, crl->fields.issuer, issuer, verify_through_openssl);
}
