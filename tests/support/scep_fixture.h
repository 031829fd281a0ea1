/* One enrollment up to the reply: the bundle, the device's request as the server opened it, the certificate to issue.
 * Link scep. */
#ifndef SUPPORT_SCEP_FIXTURE_H
#define SUPPORT_SCEP_FIXTURE_H

#include "pki/csr.h"
#include "pki_fixture.h"
#include "scep/certrep.h"

#define FIXTURE_SUBJECT "CN=phone-7,OU=scepstorm"

struct exchange {
    struct fixture f;
    struct scep_ca *bundle;
    struct buf subject, csr, signer, message;
    struct scep_transaction transaction;
    struct scep_request request;
    struct pki_cert *leaf;
    const struct pki_cert *certs[1]; /* the leaf, for scep_certrep_spec */
};

static inline struct scep_ca *fixture_bundle(const struct pki_cert *const *certs, size_t count)
{
    struct err e = {0};
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    struct scep_ca *bundle = NULL;
    CHECK_OK(scep_degenerate_make(certs, count, &body, &e), &e);
    CHECK_OK(scep_ca_parse(buf_span(&body), &bundle, &e), &e);
    buf_clear(&body);
    return bundle;
}

static inline struct scep_request_spec exchange_request(const struct exchange *x)
{
    return (struct scep_request_spec){
        .type = SCEP_PKCS_REQ,
        .content = buf_span(&x->csr),
        .transaction = &x->transaction,
        .recipient = scep_ca_recipient(x->bundle),
        .signer_cert = buf_span(&x->signer),
        .signer_key = x->f.device_key,
        .digest = PKI_SHA256,
        .cipher = PKI_AES128_CBC,
        .transport = PKI_RSA_PKCS1,
    };
}

static inline struct pki_cert *exchange_leaf(const struct exchange *x, const char *subject,
                                             const struct pki_key *key, const struct pki_key *issuer_key,
                                             const char *issuer)
{
    return fixture_make_cert(&(struct fixture_cert){
        .subject = subject,
        .issuer = issuer != NULL ? issuer : FIXTURE_CA_NAME,
        .key = key,
        .issuer_key = issuer_key != NULL ? issuer_key : x->f.ca_key,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
        .serial = 77,
    });
}

static inline void exchange_open(struct exchange *x)
{
    struct err e = {0};
    *x = (struct exchange){0};
    fixture_open(&x->f);
    const struct pki_cert *certs[] = {x->f.ra_sign, x->f.ra_encrypt, x->f.ca};
    x->bundle = fixture_bundle(certs, 3);
    x->subject = fixture_name(FIXTURE_SUBJECT);
    buf_init(&x->csr, BYTES_MAX_MESSAGE);
    buf_init(&x->signer, BYTES_MAX_MESSAGE);
    buf_init(&x->message, BYTES_MAX_MESSAGE);
    struct pki_csr_spec csr = {.subject = buf_span(&x->subject),
                               .challenge = span_of_text("8CE317021F690069")};
    CHECK_OK(pki_csr_make(&csr, x->f.device_key, PKI_SHA256, &x->csr, &e), &e);
    CHECK_OK(scep_signer_make(buf_span(&x->subject), x->f.device_key, PKI_SHA256, FIXTURE_NOW_S, 30,
                              &x->signer, &e),
             &e);
    CHECK_OK(scep_transaction_new(span_of(NULL, 0), &x->transaction, &e), &e);
    struct scep_request_spec spec = exchange_request(x);
    CHECK_OK(scep_request_build(&spec, &x->message, &e), &e);
    CHECK_OK(scep_request_open(buf_span(&x->message), x->f.ra_encrypt, x->f.ra_encrypt_key, &x->request, &e),
             &e);
    x->leaf = exchange_leaf(x, FIXTURE_SUBJECT, x->f.device_key, NULL, NULL);
    x->certs[0] = x->leaf;
}

static inline void exchange_close(struct exchange *x)
{
    struct buf *bufs[] = {&x->subject, &x->csr, &x->signer, &x->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    scep_request_clear(&x->request);
    scep_ca_free(x->bundle);
    pki_cert_free(x->leaf);
    fixture_close(&x->f);
}

/* What a healthy server would answer; change what the test is about. */
static inline struct scep_certrep_spec exchange_reply(const struct exchange *x, enum scep_pki_status status)
{
    return (struct scep_certrep_spec){
        .status = status,
        .fail_info = SCEP_BAD_REQUEST,
        .request = &x->request,
        .certs = x->certs,
        .cert_count = 1,
        .signer = x->f.ra_sign,
        .signer_key = x->f.ra_sign_key,
        .digest = PKI_SHA256,
        .cipher = PKI_AES128_CBC,
        .transport = PKI_RSA_PKCS1,
    };
}

static inline struct scep_expected exchange_expected(const struct exchange *x)
{
    return (struct scep_expected){
        .transaction = &x->transaction,
        .ca = x->bundle,
        .decrypt_key = x->f.device_key,
        .signer_cert = buf_span(&x->signer),
        .spki = pki_key_spki(x->f.device_key),
        .subject = buf_span(&x->subject),
        .now_s = FIXTURE_NOW_S,
    };
}

static inline struct buf exchange_build(const struct scep_certrep_spec *spec)
{
    struct err e = {0};
    struct buf message;
    buf_init(&message, BYTES_MAX_MESSAGE);
    CHECK_OK(scep_certrep_build(spec, &message, &e), &e);
    return message;
}

#endif
