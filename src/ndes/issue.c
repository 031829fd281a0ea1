#include "ndes/issue.h"

#include "base/random.h"
#include "pki/crl.h"
#include "pki/der.h"
#include "pki/oid.h"

#include <pthread.h>

#define SERIAL_BYTES 19
#define CLOCK_SLACK  600 /* seconds that AD CS dates a certificate back */
#define DAY          INT64_C(86400)
#define CRL_DAYS     7 /* AD CS: a base CRL every week */

/* Big-endian magnitude, built as AD CS does (79 00000002 4898492E88FAFEFA 000000000002 in a capture): the request number,
 * random bytes, the number again. The number alone makes them unique. */
static bool make_serial(uint32_t number, uint8_t out[SERIAL_BYTES], struct err *e)
{
    memset(out, 0, SERIAL_BYTES);
    out[0] = 0x61;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = out[SERIAL_BYTES - 4 + i] = (uint8_t)(number >> (24 - 8 * i));
    return random_bytes(out + 5, 8, e);
}

bool ndes_issue_find_extension(struct span extensions, struct span oid, struct span *out_whole,
                               struct span *out_value)
{
    struct der_reader all = der_reader_of(extensions);
    struct der_item extension, id, critical, value;
    struct err ignored = {0};
    while (!der_at_end(&all) && der_expect(&all, DER_SEQUENCE, "extension", &extension, &ignored)) {
        struct der_reader inside = der_reader_of(extension.content);
        if (!der_expect(&inside, DER_OID, "extension id", &id, &ignored) || !span_equal(id.content, oid))
            continue;
        (void)der_optional(&inside, DER_BOOLEAN, &critical);
        if (!der_expect(&inside, DER_OCTET_STRING, "extension value", &value, &ignored))
            return false;
        *out_whole = extension.whole;
        *out_value = value.content;
        return true;
    }
    return false;
}

/* The three templates of NDES: signature, encryption, general purpose, chosen by the request's key usage (B.6). */
static unsigned template_key_usage(unsigned requested)
{
    unsigned both = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT;
    return (requested & both) != 0 ? requested & both : both;
}

bool ndes_issue_cert(const struct ndes_identity *identity, const struct pki_csr *csr, uint32_t number,
                     int64_t validity_s, int64_t now_s, struct pki_cert **out, struct err *e)
{
    uint8_t serial[SERIAL_BYTES];
    struct span san = {0}, value = {0};
    if (!make_serial(number, serial, e))
        return false;
    (void)ndes_issue_find_extension(csr->extensions, PKI_OID_SUBJECT_ALT_NAME, &san, &value);
    struct pki_cert_spec spec = {
        .subject = csr->subject,
        .issuer = pki_cert_subject(identity->ca),
        .spki = csr->spki,
        .serial = span_of(serial, sizeof serial),
        .not_before = now_s - CLOCK_SLACK,
        .not_after = now_s - CLOCK_SLACK + validity_s,
        .key_usage = template_key_usage(csr->key_usage),
        .ekus = &PKI_EKU_CLIENT_AUTH,
        .eku_count = 1,
        .extensions = san,
        .authority_key_id = span_of(identity->ca_key_id, sizeof identity->ca_key_id),
    };
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = pki_cert_make(&spec, identity->ca_key, PKI_SHA256, &der, e) &&
              pki_cert_from_der(buf_span(&der), out, e);
    buf_clear(&der);
    return ok;
}

struct ndes_crl {
    const struct ndes_identity *identity;
    pthread_mutex_t lock;
    uint64_t number;
    int64_t until_s; /* of the one at hand */
    struct buf der;
};

bool ndes_crl_new(const struct ndes_identity *identity, struct ndes_crl **out, struct err *e)
{
    struct ndes_crl *crl = calloc(1, sizeof *crl);
    if (crl == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the CRL");
    crl->identity = identity;
    pthread_mutex_init(&crl->lock, NULL);
    buf_init(&crl->der, BYTES_MAX_MESSAGE);
    *out = crl;
    return true;
}

void ndes_crl_free(struct ndes_crl *crl)
{
    if (crl == NULL)
        return;
    buf_clear(&crl->der);
    pthread_mutex_destroy(&crl->lock);
    free(crl);
}

static bool make_crl(struct ndes_crl *crl, int64_t now_s, struct err *e)
{
    const struct ndes_identity *id = crl->identity;
    struct pki_crl_spec spec = {
        .issuer = pki_cert_subject(id->ca),
        .this_update = now_s - CLOCK_SLACK,
        .next_update = now_s + CRL_DAYS * DAY,
        .number = ++crl->number,
        .authority_key_id = span_of(id->ca_key_id, sizeof id->ca_key_id),
    };
    buf_reset(&crl->der);
    crl->until_s = 0;
    if (!pki_crl_make(&spec, id->ca_key, PKI_SHA256, &crl->der, e))
        return false;
    crl->until_s = spec.next_update;
    return true;
}

bool ndes_crl_get(struct ndes_crl *crl, int64_t now_s, struct buf *out, struct err *e)
{
    pthread_mutex_lock(&crl->lock);
    bool fresh = now_s < crl->until_s - DAY && now_s >= crl->until_s - CRL_DAYS * DAY;
    bool ok = fresh || make_crl(crl, now_s, e);
    if (ok)
        buf_append_span(out, buf_span(&crl->der));
    pthread_mutex_unlock(&crl->lock);
    return ok && buf_ok(out, STAGE_PKI_OPERATION, e);
}
