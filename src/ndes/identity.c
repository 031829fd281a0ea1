#include "ndes/identity.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/pem.h"
#include "scep/next_ca.h"

#define DAY        INT64_C(86400)
#define CA_SUBJECT "CN=scepstorm simulated CA"
#define RA_SUBJECT "CN=NDES-MSCEP-RA"

/* The two templates that NDES setup enrolls for. */
static const struct ra_role {
    const char *template_name;
    unsigned key_usage;
} ra_sign = {"EnrollmentAgentOffline", PKI_KU_DIGITAL_SIGNATURE},
  ra_encrypt = {"CEPEncryption", PKI_KU_KEY_ENCIPHERMENT};

/* What every certificate of this file shares; `spec` comes with subject, key and dates filled. */
static bool sign_cert(const struct ndes_identity *id, struct pki_cert_spec *spec, struct buf *der,
                      struct err *e)
{
    uint8_t serial[16];
    if (!random_bytes(serial, sizeof serial, e))
        return false;
    serial[0] = 0x61;
    const struct span given = spec->serial;
    if (given.len == 0)
        spec->serial = span_of(serial, sizeof serial);
    spec->issuer = id->ca != NULL ? pki_cert_subject(id->ca) : spec->subject;
    spec->authority_key_id = span_of(id->ca_key_id, sizeof id->ca_key_id);
    bool ok = pki_cert_make(spec, id->ca_key, PKI_SHA256, der, e);
    spec->serial = given;
    return ok;
}

static bool make_cert(const struct ndes_identity *id, struct pki_cert_spec *spec, struct pki_cert **out,
                      struct err *e)
{
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = sign_cert(id, spec, &der, e) && pki_cert_from_der(buf_span(&der), out, e);
    buf_clear(&der);
    return ok;
}

/* RFC 5280 4.2.1.2, method 1. */
static bool key_id(const struct pki_key *key, uint8_t out[NDES_KEY_ID_BYTES], struct err *e)
{
    size_t len = 0;
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (!pki_hash(PKI_SHA1, pki_key_rsa_public(key), hash, &len, e))
        return false;
    memcpy(out, hash, NDES_KEY_ID_BYTES);
    return true;
}

static bool thumbprint(struct ndes_identity *id, struct err *e)
{
    size_t len = 0;
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (!pki_hash(PKI_MD5, pki_cert_der(id->ca), hash, &len, e))
        return false;
    char group[9];
    for (size_t i = 0; i < 4; i++) {
        text_hex(span_of(hash + 4 * i, 4), true, group);
        snprintf(id->ca_thumbprint + 9 * i, sizeof id->ca_thumbprint - 9 * i, i < 3 ? "%s " : "%s", group);
    }
    return true;
}

/* Old enough to have issued RA certificates that have expired by now. */
bool ndes_identity_make_ca(struct ndes_identity *id, const char *subject, int64_t until_s, struct err *e)
{
    struct buf name;
    buf_init(&name, 1024);
    bool ok = pki_name_from_text(subject != NULL ? subject : CA_SUBJECT, &name, e) &&
              key_id(id->ca_key, id->ca_key_id, e);
    struct pki_cert_spec spec = {
        .subject = buf_span(&name),
        .spki = pki_key_spki(id->ca_key),
        .not_before = id->made_s - 3 * 365 * DAY,
        .not_after = until_s,
        .ca = true,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN,
    };
    ok = ok && make_cert(id, &spec, &id->ca, e) && thumbprint(id, e);
    buf_clear(&name);
    return ok;
}

/* Two years of validity, as the templates have it; `serial` empty: a new one. */
static bool make_ra(const struct ndes_identity *id, const struct ra_role *role, const struct pki_key *key,
                    struct span serial, int64_t not_after, struct pki_cert **out, struct err *e)
{
    struct buf name;
    buf_init(&name, 1024);
    bool ok = pki_name_from_text(RA_SUBJECT, &name, e);
    struct pki_cert_spec spec = {
        .subject = buf_span(&name),
        .spki = pki_key_spki(key),
        .serial = serial,
        .not_before = not_after - 2 * 365 * DAY,
        .not_after = not_after,
        .key_usage = role->key_usage,
        .ekus = &PKI_EKU_CERT_REQUEST_AGENT,
        .eku_count = 1,
        .template_name = span_of_text(role->template_name),
    };
    ok = ok && make_cert(id, &spec, out, e);
    buf_clear(&name);
    return ok;
}

bool ndes_identity_make_ra(struct ndes_identity *id, const struct ndes_identity *issuer,
                           const struct ndes_identity *serials, int64_t until_s, struct err *e)
{
    const struct span none = {0};
    struct span sign = serials != NULL ? pki_cert_serial(serials->sign) : none;
    struct span encrypt = serials != NULL ? pki_cert_serial(serials->encrypt) : none;
    return make_ra(issuer, &ra_sign, id->sign_key, sign, until_s, &id->sign, e) &&
           make_ra(issuer, &ra_encrypt, id->encrypt_key, encrypt, until_s, &id->encrypt, e);
}

bool ndes_identity_make_bundle(struct ndes_identity *id, struct err *e)
{
    const struct pki_cert *certs[] = {id->sign, id->encrypt, id->ca};
    buf_reset(&id->ca_certs);
    return scep_degenerate_make(certs, 3, &id->ca_certs, e);
}

/* Same name, new key, valid from a month before the present CA ends (RFC 8894 4.7). */
static bool make_next_cert(const struct ndes_identity *id, const struct pki_key *key, struct pki_cert **out,
                           struct err *e)
{
    uint8_t serial[16], own_key_id[NDES_KEY_ID_BYTES];
    if (!random_bytes(serial, sizeof serial, e) || !key_id(key, own_key_id, e))
        return false;
    serial[0] = 0x61;
    int64_t from = pki_cert_not_after(id->ca) - 30 * DAY;
    struct pki_cert_spec spec = {
        .subject = pki_cert_subject(id->ca),
        .issuer = pki_cert_subject(id->ca),
        .spki = pki_key_spki(key),
        .serial = span_of(serial, sizeof serial),
        .not_before = from,
        .not_after = from + 10 * 365 * DAY,
        .ca = true,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN,
        .authority_key_id = span_of(own_key_id, sizeof own_key_id),
    };
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = pki_cert_make(&spec, key, PKI_SHA256, &der, e) && pki_cert_from_der(buf_span(&der), out, e);
    buf_clear(&der);
    return ok;
}

static bool make_next_ca(struct ndes_identity *id, unsigned bits, struct err *e)
{
    struct pki_key *key = NULL;
    struct pki_cert *cert = NULL;
    bool ok = pki_key_generate_rsa(bits, &key, e) && make_next_cert(id, key, &cert, e);
    if (ok) {
        const struct pki_cert *certs[] = {cert};
        struct scep_next_ca_spec spec = {
            .certs = certs,
            .cert_count = 1,
            .signer = id->ca,
            .signer_key = id->ca_key,
            .include_signer = true,
            .digest = PKI_SHA256,
        };
        ok = scep_next_ca_make(&spec, &id->next_ca, e);
    }
    pki_cert_free(cert);
    pki_key_free(key);
    return ok;
}

static bool make_keys(struct ndes_identity *id, const struct ndes_identity_spec *spec, struct err *e)
{
    return pki_key_generate_rsa(spec->ca_bits, &id->ca_key, e) &&
           pki_key_generate_rsa(spec->ra_bits, &id->sign_key, e) &&
           pki_key_generate_rsa(spec->ra_bits, &id->encrypt_key, e);
}

static bool make_all(struct ndes_identity *id, const struct ndes_identity_spec *spec, struct err *e)
{
    return make_keys(id, spec, e) && ndes_identity_make_ca(id, NULL, id->made_s + 7 * 365 * DAY, e) &&
           ndes_identity_make_ra(id, id, NULL, id->made_s + 700 * DAY, e) &&
           ndes_identity_make_bundle(id, e) &&
           pki_pem_append(pki_cert_der(id->ca), "CERTIFICATE", &id->ca_pem, e) &&
           (!spec->next_ca || make_next_ca(id, spec->ca_bits, e));
}

static struct ndes_identity *allocate(struct err *e)
{
    struct ndes_identity *id = calloc(1, sizeof *id);
    if (id == NULL) {
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated CA");
        return NULL;
    }
    buf_init(&id->ca_certs, BYTES_MAX_MESSAGE);
    buf_init(&id->ca_pem, BYTES_MAX_MESSAGE);
    buf_init(&id->next_ca, BYTES_MAX_MESSAGE);
    return id;
}

bool ndes_identity_new(const struct ndes_identity_spec *spec, struct ndes_identity **out, struct err *e)
{
    struct ndes_identity *id = allocate(e);
    if (id == NULL)
        return false;
    id->made_s = spec->now_s;
    if (!make_all(id, spec, e)) {
        ndes_identity_free(id);
        return false;
    }
    *out = id;
    return true;
}

bool ndes_identity_copy(const struct ndes_identity *from, struct ndes_identity **out, struct err *e)
{
    struct ndes_identity *id = allocate(e);
    if (id == NULL)
        return false;
    id->made_s = from->made_s;
    id->ca_key = pki_key_ref(from->ca_key);
    id->sign_key = pki_key_ref(from->sign_key);
    id->encrypt_key = pki_key_ref(from->encrypt_key);
    id->ca = pki_cert_ref(from->ca);
    id->sign = pki_cert_ref(from->sign);
    id->encrypt = pki_cert_ref(from->encrypt);
    memcpy(id->ca_key_id, from->ca_key_id, sizeof id->ca_key_id);
    memcpy(id->ca_thumbprint, from->ca_thumbprint, sizeof id->ca_thumbprint);
    buf_append_span(&id->ca_certs, buf_span(&from->ca_certs));
    buf_append_span(&id->ca_pem, buf_span(&from->ca_pem));
    buf_append_span(&id->next_ca, buf_span(&from->next_ca));
    *out = id;
    return true;
}

void ndes_identity_free(struct ndes_identity *identity)
{
    if (identity == NULL)
        return;
    buf_clear(&identity->ca_certs);
    buf_clear(&identity->ca_pem);
    buf_clear(&identity->next_ca);
    pki_cert_free(identity->ca);
    pki_cert_free(identity->sign);
    pki_cert_free(identity->encrypt);
    pki_key_free(identity->ca_key);
    pki_key_free(identity->sign_key);
    pki_key_free(identity->encrypt_key);
    free(identity);
}
