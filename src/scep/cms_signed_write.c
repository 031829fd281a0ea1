#include "scep/cms.h"

#include "pki/oid.h"
#include "scep/oid.h"

#define USUAL_MESSAGE_BYTES 4096 /* room asked for at once, so that building does not copy again and again */

enum frame { CONTENT_INFO, EXPLICIT, SIGNED_DATA, ENCAPSULATED, ENCAPSULATED_EXPLICIT, ENCAPSULATED_OCTETS };

static void put_digest_algorithm(struct buf *b, enum pki_digest digest)
{
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, pki_digest_oid(digest));
    der_put_null(b);
    der_end(b, algorithm);
}

void scep_signed_begin(struct scep_signed_writer *w, struct buf *out, enum pki_digest digest)
{
    w->b = out;
    w->digest = digest;
    w->oddity = NULL;
    (void)buf_reserve(out, USUAL_MESSAGE_BYTES);
    w->frames[CONTENT_INFO] = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, SCEP_OID_SIGNED_DATA);
    w->frames[EXPLICIT] = der_begin(out, DER_CONTEXT(0));
    w->frames[SIGNED_DATA] = der_begin(out, DER_SEQUENCE);
    der_put_small_int(out, 1);
    size_t digests = der_begin(out, DER_SET);
    put_digest_algorithm(out, digest);
    der_end(out, digests);
    w->frames[ENCAPSULATED] = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, SCEP_OID_DATA);
    w->frames[ENCAPSULATED_EXPLICIT] = der_begin(out, DER_CONTEXT(0));
    w->frames[ENCAPSULATED_OCTETS] = der_begin(out, DER_OCTET_STRING);
    w->content_start = out->len;
}

/* Hashed before the frames close, because closing moves the bytes. */
static bool end_content(struct scep_signed_writer *w, uint8_t *digest, size_t *digest_len, struct err *e)
{
    struct buf *b = w->b;
    if (!buf_ok(b, STAGE_NONE, e))
        return false;
    struct span content = span_of(b->data + w->content_start, b->len - w->content_start);
    if (!pki_hash(w->digest, content, digest, digest_len, e))
        return false;
    der_end(b, w->frames[ENCAPSULATED_OCTETS]);
    der_end(b, w->frames[ENCAPSULATED_EXPLICIT]);
    der_end(b, w->frames[ENCAPSULATED]);
    return true;
}

static void put_attribute(struct buf *b, struct span oid, uint8_t tag, struct span value)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, oid);
    size_t values = der_begin(b, DER_SET);
    der_put(b, tag, value);
    der_end(b, values);
    der_end(b, attribute);
}

static void put_id(struct buf *b, const struct pki_cert_identity *id)
{
    size_t outer = der_begin(b, DER_SEQUENCE);
    buf_append_span(b, id->issuer);
    der_put(b, DER_INTEGER, id->serial);
    der_end(b, outer);
}

/* The attributes are signed under the tag of SET and sent under [0] (RFC 5652 5.4). */
static bool put_signature(struct scep_signed_writer *w, const struct pki_key *key, size_t attributes_start,
                          struct err *e)
{
    struct buf *b = w->b;
    size_t attributes_end = b->len;
    if (!pki_key_is_rsa(key))
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM,
                       "pkiMessages are signed by RSA keys; an EC device signs with a temporary one");
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, PKI_OID_RSA);
    der_put_null(b);
    der_end(b, algorithm);
    size_t octets = der_begin(b, DER_OCTET_STRING);
    if (buf_reserve(b, (size_t)EVP_PKEY_get_size(pki_key_evp(key))) == NULL)
        return buf_ok(b, STAGE_NONE, e);
    struct span to_sign = span_of(b->data + attributes_start, attributes_end - attributes_start);
    if (!pki_key_sign(key, w->digest, to_sign, b, e))
        return false;
    b->data[attributes_start] = DER_CONTEXT(0);
    der_end(b, octets);
    return true;
}

static bool put_signer_info(struct scep_signed_writer *w, const struct scep_signer *signer,
                            const struct scep_attribute *attributes, size_t count, struct span digest,
                            struct err *e)
{
    struct buf *b = w->b;
    size_t info = der_begin(b, DER_SEQUENCE);
    der_put_small_int(b, 1);
    put_id(b, &signer->id);
    put_digest_algorithm(b, w->digest);
    size_t start = b->len;
    size_t set = der_begin(b, DER_SET);
    size_t type = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, SCEP_OID_CONTENT_TYPE);
    size_t values = der_begin(b, DER_SET);
    der_put_oid(b, SCEP_OID_DATA);
    der_end(b, values);
    der_end(b, type);
    put_attribute(b, SCEP_OID_MESSAGE_DIGEST, DER_OCTET_STRING, digest);
    for (size_t i = 0; i < count; i++)
        put_attribute(b, attributes[i].oid, attributes[i].tag, attributes[i].value);
    der_end_set_of(b, set);
    if (!put_signature(w, signer->key, start, e))
        return false;
    if (w->oddity != NULL && w->oddity->signature)
        b->data[b->len - 1] ^= 1;
    der_end(b, info);
    return true;
}

static void put_certificates(const struct scep_signed_writer *w, const struct scep_signer *signer)
{
    if (signer->certificates.len == 0)
        return;
    size_t all = der_begin(w->b, DER_CONTEXT(0));
    buf_append_span(w->b, signer->certificates);
    for (unsigned i = 0; w->oddity != NULL && i < w->oddity->signer_copies; i++)
        buf_append_span(w->b, signer->certificates);
    der_end(w->b, all);
}

bool scep_signed_finish(struct scep_signed_writer *w, const struct scep_signer *signer,
                        const struct scep_attribute *attributes, size_t count, struct err *e)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t digest_len;
    struct buf *b = w->b;
    if (!end_content(w, digest, &digest_len, e))
        return false;
    if (w->oddity != NULL && w->oddity->message_digest)
        digest[0] ^= 1;
    put_certificates(w, signer);
    size_t infos = der_begin(b, DER_SET);
    if (!put_signer_info(w, signer, attributes, count, span_of(digest, digest_len), e))
        return false;
    der_end(b, infos);
    der_end(b, w->frames[SIGNED_DATA]);
    der_end(b, w->frames[EXPLICIT]);
    der_end(b, w->frames[CONTENT_INFO]);
    return buf_ok(b, STAGE_NONE, e);
}
