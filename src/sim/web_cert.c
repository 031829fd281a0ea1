#include "sim/web_cert.h"

#include "base/random.h"
#include "pki/der.h"
#include "pki/oid.h"
#include "pki/pem.h"

#include <arpa/inet.h>

#define DAY      INT64_C(86400)
#define KEY_BITS 2048

/* The issuers beside the simulated CA exist only as names: the leaf's own key signs for them. Nobody can check that without
 * their certificates, and the one that is sent is a root of its own making. */
#define OTHER_CA     "CN=Fabrikam Public CA 3"
#define INTERMEDIATE "CN=scepstorm simulated issuing CA"
#define SUBJECT      "CN=NDES"

static const struct variant {
    const char *issuer; /* NULL: the simulated CA */
    const char *host;   /* NULL: the right one */
    bool expired;
    bool sends_root; /* that of `issuer` */
} variants[NDES_WEB_CERT_COUNT] = {
    [NDES_WEB_CERT_EXPIRED] = {.expired = true},
    [NDES_WEB_CERT_OTHER_NAME] = {.host = "intranet.example"},
    [NDES_WEB_CERT_OTHER_ISSUER] = {.issuer = OTHER_CA, .sends_root = true},
    [NDES_WEB_CERT_SELF_SIGNED] = {.issuer = SUBJECT},
    [NDES_WEB_CERT_NO_INTERMEDIATE] = {.issuer = INTERMEDIATE},
};

void sim_web_certs_init(struct sim_web_certs *certs)
{
    buf_init(&certs->key_pem, BYTES_MAX_MESSAGE);
    for (size_t i = 0; i < NDES_WEB_CERT_COUNT; i++)
        buf_init(&certs->chain_pem[i], BYTES_MAX_MESSAGE);
}

void sim_web_certs_clear(struct sim_web_certs *certs)
{
    buf_wipe(&certs->key_pem);
    for (size_t i = 0; i < NDES_WEB_CERT_COUNT; i++)
        buf_clear(&certs->chain_pem[i]);
}

/* Extension subjectAltName with an iPAddress or a dNSName. */
static bool append_san(const char *host, struct buf *out, struct err *e)
{
    struct in6_addr address;
    struct span value = span_of_text(host);
    uint8_t tag = DER_CONTEXT_PRIMITIVE(2);
    if (inet_pton(AF_INET, host, &address) == 1) {
        value = span_of(&address, 4);
        tag = DER_CONTEXT_PRIMITIVE(7);
    } else if (inet_pton(AF_INET6, host, &address) == 1) {
        value = span_of(&address, 16);
        tag = DER_CONTEXT_PRIMITIVE(7);
    }
    size_t extension = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, PKI_OID_SUBJECT_ALT_NAME);
    size_t octets = der_begin(out, DER_OCTET_STRING);
    size_t names = der_begin(out, DER_SEQUENCE);
    der_put(out, tag, value);
    der_end(out, names);
    der_end(out, octets);
    der_end(out, extension);
    return buf_ok(out, STAGE_SETUP, e);
}

struct maker {
    const struct ndes_identity *identity;
    const struct pki_key *key;
    const char *host;
    int64_t now_s;
};

/* By the CA, or by the key itself; either gives it a serial number. */
static bool append_signed(const struct maker *m, const struct pki_cert_spec *wanted, bool by_ca,
                          struct buf *out, struct err *e)
{
    struct pki_cert_spec spec = *wanted;
    uint8_t serial[16];
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = random_bytes(serial, sizeof serial, e);
    serial[0] = 0x61;
    spec.serial = span_of(serial, sizeof serial);
    if (by_ca) {
        spec.issuer = pki_cert_subject(m->identity->ca);
        spec.authority_key_id = span_of(m->identity->ca_key_id, sizeof m->identity->ca_key_id);
    }
    ok = ok && pki_cert_make(&spec, by_ca ? m->identity->ca_key : m->key, PKI_SHA256, &der, e) &&
         pki_pem_append(buf_span(&der), "CERTIFICATE", out, e);
    buf_clear(&der);
    return ok;
}

static bool append_leaf(const struct maker *m, const struct variant *v, struct span issuer, struct buf *out,
                        struct err *e)
{
    struct buf name, san;
    buf_init(&name, 1024);
    buf_init(&san, 1024);
    bool ok =
        pki_name_from_text(SUBJECT, &name, e) && append_san(v->host != NULL ? v->host : m->host, &san, e);
    const struct pki_cert_spec spec = {
        .subject = buf_span(&name),
        .issuer = issuer,
        .spki = pki_key_spki(m->key),
        .not_before = m->now_s - (v->expired ? 368 : 1) * DAY,
        .not_after = m->now_s + (v->expired ? -3 : 365) * DAY,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
        .ekus = &PKI_EKU_SERVER_AUTH,
        .eku_count = 1,
        .extensions = buf_span(&san),
    };
    ok = ok && append_signed(m, &spec, v->issuer == NULL, out, e);
    buf_clear(&name);
    buf_clear(&san);
    return ok;
}

static bool append_root(const struct maker *m, struct span name, struct buf *out, struct err *e)
{
    const struct pki_cert_spec spec = {
        .subject = name,
        .issuer = name,
        .spki = pki_key_spki(m->key),
        .not_before = m->now_s - 3 * 365 * DAY,
        .not_after = m->now_s + 7 * 365 * DAY,
        .ca = true,
        .key_usage = PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN,
    };
    return append_signed(m, &spec, false, out, e);
}

static bool make_chain(const struct maker *m, const struct variant *v, struct buf *out, struct err *e)
{
    struct buf issuer;
    buf_init(&issuer, 1024);
    bool ok = (v->issuer == NULL || pki_name_from_text(v->issuer, &issuer, e)) &&
              append_leaf(m, v, buf_span(&issuer), out, e) &&
              (!v->sends_root || append_root(m, buf_span(&issuer), out, e));
    buf_clear(&issuer);
    return ok;
}

bool sim_web_certs_make(const struct ndes_identity *identity, const char *host, int64_t now_s,
                        struct sim_web_certs *certs, struct err *e)
{
    struct pki_key *key = NULL;
    struct buf key_der;
    buf_init(&key_der, BYTES_MAX_MESSAGE);
    bool ok = pki_key_generate_rsa(KEY_BITS, &key, e) && pki_key_to_der(key, &key_der, e) &&
              pki_pem_append(buf_span(&key_der), "PRIVATE KEY", &certs->key_pem, e);
    const struct maker maker = {identity, key, host, now_s};
    for (size_t i = 0; ok && i < NDES_WEB_CERT_COUNT; i++)
        ok = make_chain(&maker, &variants[i], &certs->chain_pem[i], e);
    buf_wipe(&key_der);
    pki_key_free(key);
    return ok;
}
