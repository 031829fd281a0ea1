#include "scep/request.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/fail.h"
#include "scep/attributes.h"
#include "scep/ber.h"
#include "scep/cms.h"
#include "scep/oid.h"

#define HOUR_S 3600
#define DAY_S  86400

/* The client's half. */

bool scep_transaction_new(struct span spki, struct scep_transaction *out, struct err *e)
{
    uint8_t id[EVP_MAX_MD_SIZE];
    size_t id_len = 16;
    bool ok = spki.len > 0 ? pki_hash(PKI_SHA1, spki, id, &id_len, e) : random_bytes(id, id_len, e);
    if (!ok || !random_bytes(out->sender_nonce, sizeof out->sender_nonce, e))
        return pki_at_stage(false, STAGE_BUILD, e);
    text_hex(span_of(id, id_len), true, out->id);
    return true;
}

bool scep_signer_make(struct span subject, const struct pki_key *key, enum pki_digest digest, int64_t now_s,
                      unsigned days, struct buf *out, struct err *e)
{
    uint8_t serial[16];
    if (!random_bytes(serial, sizeof serial, e))
        return pki_at_stage(false, STAGE_BUILD, e);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive and of full length */
    struct pki_cert_spec spec = {
        .subject = subject,
        .issuer = subject,
        .spki = pki_key_spki(key),
        .serial = span_of(serial, sizeof serial),
        .not_before = now_s - HOUR_S,
        .not_after = now_s + (int64_t)days * DAY_S,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT,
    };
    return pki_at_stage(pki_cert_make(&spec, key, digest, out, e), STAGE_BUILD, e);
}

/* "YYMMDDHHMMSSZ" and its tag, out of the writer that knows when UTCTime ends. */
static bool signing_time(int64_t unix_s, struct buf *scratch, struct scep_attribute *out)
{
    der_put_time(scratch, unix_s);
    struct der_reader r = der_reader_of(buf_span(scratch));
    struct der_item item;
    if (scratch->failed || !der_next(&r, &item, NULL))
        return false;
    *out = (struct scep_attribute){SCEP_OID_SIGNING_TIME, item.tag, item.content};
    return true;
}

static bool put_signed(const struct scep_request_spec *spec, struct scep_signed_writer *w, struct buf *time,
                       struct err *e)
{
    char type[12];
    snprintf(type, sizeof type, "%d", (int)spec->type);
    const struct scep_transaction *t = spec->transaction;
    struct scep_attribute attributes[4] = {
        {SCEP_OID_MESSAGE_TYPE, DER_PRINTABLE_STRING, span_of_text(type)},
        {SCEP_OID_TRANSACTION_ID, DER_PRINTABLE_STRING, span_of_text(t->id)},
        {SCEP_OID_SENDER_NONCE, DER_OCTET_STRING, span_of(t->sender_nonce, sizeof t->sender_nonce)},
    };
    size_t count = 3;
    if (spec->signing_time != 0 && !signing_time(spec->signing_time, time, &attributes[count++]))
        return err_set(e, STAGE_NONE, REASON_INTERNAL, "the signing time is beyond the calendar");
    struct scep_signer signer = {.key = spec->signer_key, .certificates = spec->signer_cert};
    return pki_cert_identity(spec->signer_cert, &signer.id, e) &&
           scep_signed_finish(w, &signer, attributes, count, e);
}

static bool put_der_envelope(const struct scep_request_spec *spec, const struct scep_recipient *recipient,
                             struct buf *out, struct err *e)
{
    size_t start = out->len;
    bool spoil = spec->oddity != NULL && spec->oddity->envelope;
    return scep_enveloped_put(out, spec->content, recipient, spec->cipher, spec->transport, e) &&
           (!spoil || scep_oddity_spoil_envelope(out, start, e));
}

/* What is hashed and signed is the envelope as it goes out, so its dress comes first. */
static bool put_envelope(const struct scep_request_spec *spec, const struct scep_recipient *recipient,
                         struct buf *out, struct err *e)
{
    if (spec->encoding == SCEP_DER)
        return put_der_envelope(spec, recipient, out, e);
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = put_der_envelope(spec, recipient, &der, e) && scep_ber_enveloped(buf_span(&der), out, e);
    buf_clear(&der);
    return ok;
}

static bool build(const struct scep_request_spec *spec, struct buf *out, struct err *e)
{
    struct scep_recipient recipient = {
        .id = scep_cms_id_of(spec->recipient),
        .key = pki_cert_public_key(spec->recipient),
    };
    if (recipient.key == NULL || !pki_cert_is_rsa(spec->recipient))
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM,
                       "the recipient's key cannot be encrypted to");
    struct scep_signed_writer w;
    scep_signed_begin(&w, out, spec->digest);
    w.oddity = spec->oddity;
    if (!put_envelope(spec, &recipient, out, e))
        return false;
    struct buf time;
    buf_init(&time, 64);
    bool ok = put_signed(spec, &w, &time, e);
    buf_clear(&time);
    return ok;
}

bool scep_request_build(const struct scep_request_spec *spec, struct buf *out, struct err *e)
{
    if (spec->encoding == SCEP_DER)
        return pki_at_stage(build(spec, out, e), STAGE_BUILD, e);
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    bool ok = build(spec, &der, e) && scep_ber_signed(buf_span(&der), out, e);
    buf_clear(&der);
    return pki_at_stage(ok, STAGE_BUILD, e);
}

/* The server's half. */

static bool read_attributes(const struct scep_signed *s, struct scep_request *out, struct scep_attributes *a,
                            struct err *e)
{
    if (!s->has_signer || s->attributes.content.data == NULL)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "no signed attributes");
    if (!scep_attributes_read(&s->attributes, a, e))
        return false;
    out->type = a->message_type;
    out->digest = s->digest;
    memcpy(out->transaction.id, a->transaction_id, sizeof out->transaction.id);
    if (a->sender_nonce.len == SCEP_NONCE_BYTES)
        memcpy(out->transaction.sender_nonce, a->sender_nonce.bytes, SCEP_NONCE_BYTES);
    return true;
}

static bool verify(const struct scep_signed *s, const struct scep_attributes *a, struct scep_request *out,
                   struct err *e)
{
    if (!scep_signed_signer(s, &out->signer, e))
        return false;
    EVP_PKEY *key = pki_cert_public_key(out->signer);
    if (key == NULL)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "the signer's key cannot be used");
    return scep_signed_verify(s, key, e) &&
           scep_signed_check_digest(s, scep_octets_span(&a->message_digest), e);
}

static bool open_envelope(const struct scep_signed *s, const struct pki_cert *recipient,
                          const struct pki_key *key, struct scep_request *out, struct err *e)
{
    struct scep_enveloped v;
    if (!scep_enveloped_read(s->content, &v, e))
        return false;
    struct pki_cert_identity ours = scep_cms_id_of(recipient);
    bool ok = scep_enveloped_open(&v, &ours, key, &out->content, e);
    if (v.known_cipher)
        out->cipher = v.cipher;
    if (v.known_transport)
        out->transport = v.transport;
    return ok;
}

static bool open_signed(const struct scep_signed *s, const struct pki_cert *recipient,
                        const struct pki_key *key, struct scep_request *out, struct err *e)
{
    struct scep_attributes a;
    return read_attributes(s, out, &a, e) && verify(s, &a, out, e) &&
           open_envelope(s, recipient, key, out, e);
}

bool scep_request_open(struct span message, const struct pki_cert *recipient, const struct pki_key *key,
                       struct scep_request *out, struct err *e)
{
    *out = (struct scep_request){.type = -1, .digest = PKI_SHA1, .cipher = PKI_DES3_CBC};
    buf_init(&out->content, BYTES_MAX_MESSAGE);
    struct span type;
    struct der_item content;
    struct scep_signed s = {0};
    bool ok = scep_cms_content_info(message, &type, &content, e);
    if (ok && !span_equal(type, SCEP_OID_SIGNED_DATA))
        ok = err_set(e, STAGE_NONE, REASON_MALFORMED, "the message is no SignedData");
    ok = ok && scep_signed_read(&content, &s, e) && open_signed(&s, recipient, key, out, e);
    scep_signed_clear(&s);
    return pki_at_stage(ok, STAGE_PKI_OPERATION, e);
}

void scep_request_clear(struct scep_request *request)
{
    pki_cert_free(request->signer);
    buf_wipe(&request->content);
    *request = (struct scep_request){0};
}
