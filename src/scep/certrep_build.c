#include "scep/certrep.h"

#include "base/random.h"
#include "pki/fail.h"
#include "scep/cms.h"
#include "scep/oid.h"

#define MAX_ATTRIBUTES 8

/* NDES puts one zero byte where RFC 8894 3.3.2.2 wants no content at all. */
static const uint8_t no_envelope[] = {0};

struct texts {
    char status[12];
    char fail_info[12];
    char hresult[16];
    uint8_t sender_nonce[SCEP_NONCE_BYTES];
};

static size_t collect_attributes(const struct scep_certrep_spec *spec, struct texts *t,
                                 struct scep_attribute *out)
{
    const struct scep_transaction *request = &spec->request->transaction;
    size_t n = 0;
    snprintf(t->status, sizeof t->status, "%d", (int)spec->status);
    out[n++] = (struct scep_attribute){SCEP_OID_MESSAGE_TYPE, DER_PRINTABLE_STRING, span_of_text("3")};
    out[n++] = (struct scep_attribute){SCEP_OID_PKI_STATUS, DER_PRINTABLE_STRING, span_of_text(t->status)};
    if (spec->status == SCEP_FAILURE) {
        snprintf(t->fail_info, sizeof t->fail_info, "%d", spec->fail_info);
        out[n++] =
            (struct scep_attribute){SCEP_OID_FAIL_INFO, DER_PRINTABLE_STRING, span_of_text(t->fail_info)};
    }
    if (spec->has_hresult) {
        int64_t as_signed =
            spec->hresult > INT32_MAX ? (int64_t)spec->hresult - ((int64_t)1 << 32) : spec->hresult;
        snprintf(t->hresult, sizeof t->hresult, "%d", (int)as_signed);
        out[n++] =
            (struct scep_attribute){SCEP_OID_MS_HRESULT, DER_PRINTABLE_STRING, span_of_text(t->hresult)};
    }
    if (spec->server_text != NULL)
        out[n++] = (struct scep_attribute){SCEP_OID_MS_SERVER_TEXT, DER_UTF8_STRING,
                                           span_of_text(spec->server_text)};
    out[n++] = (struct scep_attribute){SCEP_OID_SENDER_NONCE, DER_OCTET_STRING,
                                       span_of(t->sender_nonce, sizeof t->sender_nonce)};
    out[n++] = (struct scep_attribute){SCEP_OID_RECIPIENT_NONCE, DER_OCTET_STRING,
                                       span_of(request->sender_nonce, sizeof request->sender_nonce)};
    out[n++] =
        (struct scep_attribute){SCEP_OID_TRANSACTION_ID, DER_PRINTABLE_STRING, span_of_text(request->id)};
    return n;
}

static bool put_envelope(const struct scep_certrep_spec *spec, struct buf *out, struct err *e)
{
    if (spec->request->signer == NULL)
        return err_set(e, STAGE_NONE, REASON_INTERNAL, "nobody to encrypt the reply to");
    struct scep_recipient recipient = {
        .id = scep_cms_id_of(spec->request->signer),
        .key = pki_cert_public_key(spec->request->signer),
    };
    if (recipient.key == NULL || !pki_cert_is_rsa(spec->request->signer))
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM,
                       "the requester's key cannot be encrypted to");
    struct buf content;
    buf_init(&content, BYTES_MAX_MESSAGE);
    bool ok = scep_degenerate_put(&content, spec->certs, spec->cert_count, spec->crl, e) &&
              scep_enveloped_put(out, buf_span(&content), &recipient, spec->cipher, spec->transport, e);
    buf_clear(&content);
    return ok;
}

static bool build(const struct scep_certrep_spec *spec, struct buf *out, struct err *e)
{
    struct texts texts;
    if (!random_bytes(texts.sender_nonce, sizeof texts.sender_nonce, e))
        return false;
    struct scep_signed_writer w;
    scep_signed_begin(&w, out, spec->digest);
    if (spec->status != SCEP_SUCCESS)
        buf_append(out, no_envelope, sizeof no_envelope);
    else if (!put_envelope(spec, out, e))
        return false;
    struct scep_attribute attributes[MAX_ATTRIBUTES];
    size_t count = collect_attributes(spec, &texts, attributes);
    struct scep_signer signer = {
        .id = scep_cms_id_of(spec->signer),
        .key = spec->signer_key,
        .certificates = spec->include_signer ? pki_cert_der(spec->signer) : span_of(NULL, 0),
    };
    return scep_signed_finish(&w, &signer, attributes, count, e);
}

bool scep_certrep_build(const struct scep_certrep_spec *spec, struct buf *out, struct err *e)
{
    return pki_at_stage(build(spec, out, e), STAGE_BUILD, e);
}
