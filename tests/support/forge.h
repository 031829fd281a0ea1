/* Replies that scep_certrep_build would never make: signed properly, wrong in what the test chooses. */
#ifndef SUPPORT_FORGE_H
#define SUPPORT_FORGE_H

#include "scep/cms.h"
#include "scep/oid.h"
#include "scep_fixture.h"

struct forge {
    const char *message_type; /* NULL: attribute left out, here and below */
    const char *pki_status;
    const char *fail_info;
    const char *hresult;
    const char *transaction_id;
    struct span recipient_nonce; /* empty: left out */
    struct span content;
    const struct pki_cert *signer;
    const struct pki_key *signer_key;
    const struct pki_cert *embedded; /* goes into the message; NULL: nothing */
    enum pki_digest digest;
};

static inline struct forge forge_like(const struct exchange *x, const char *pki_status)
{
    return (struct forge){
        .message_type = "3",
        .pki_status = pki_status,
        .transaction_id = x->transaction.id,
        .recipient_nonce = span_of(x->transaction.sender_nonce, SCEP_NONCE_BYTES),
        .signer = x->f.ra_sign,
        .signer_key = x->f.ra_sign_key,
        .digest = PKI_SHA256,
    };
}

static inline struct buf forge_make(const struct forge *f)
{
    const struct {
        struct span oid;
        const char *text;
    } texts[] = {
        {SCEP_OID_MESSAGE_TYPE, f->message_type},     {SCEP_OID_PKI_STATUS, f->pki_status},
        {SCEP_OID_FAIL_INFO, f->fail_info},           {SCEP_OID_MS_HRESULT, f->hresult},
        {SCEP_OID_TRANSACTION_ID, f->transaction_id},
    };
    struct scep_attribute attributes[8];
    size_t count = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text != NULL)
            attributes[count++] =
                (struct scep_attribute){texts[i].oid, DER_PRINTABLE_STRING, span_of_text(texts[i].text)};
    }
    if (f->recipient_nonce.len > 0)
        attributes[count++] =
            (struct scep_attribute){SCEP_OID_RECIPIENT_NONCE, DER_OCTET_STRING, f->recipient_nonce};
    struct err e = {0};
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    struct scep_signed_writer w;
    scep_signed_begin(&w, &out, f->digest);
    buf_append_span(&out, f->content);
    struct scep_signer signer = {
        .id = scep_cms_id_of(f->signer),
        .key = f->signer_key,
        .certificates = f->embedded != NULL ? pki_cert_der(f->embedded) : span_of(NULL, 0),
    };
    CHECK_OK(scep_signed_finish(&w, &signer, attributes, count, &e), &e);
    return out;
}

/* An envelope for the exchange's device around these bytes. */
static inline struct buf forge_envelope(const struct exchange *x, struct span content)
{
    struct err e = {0};
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    struct scep_recipient recipient = {
        .id = scep_cms_id_of(x->request.signer),
        .key = pki_cert_public_key(x->request.signer),
    };
    CHECK_OK(scep_enveloped_put(&out, content, &recipient, PKI_AES128_CBC, PKI_RSA_PKCS1, &e), &e);
    return out;
}

#endif
