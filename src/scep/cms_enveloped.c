#include "scep/cms.h"

#include "base/random.h"
#include "pki/fail.h"
#include "pki/oid.h"
#include "scep/oid.h"

#include <openssl/crypto.h>

#define MAX_RECIPIENTS    16
#define MAX_WRAPPED_BYTES 2048

/* Writing. */

/* Windows writes the parameters of OAEP's defaults as an empty SEQUENCE; RFC 4055 does too. */
static void put_transport(struct buf *b, enum pki_transport transport)
{
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, transport == PKI_RSA_OAEP ? PKI_OID_RSA_OAEP : PKI_OID_RSA);
    if (transport == PKI_RSA_OAEP)
        der_put(b, DER_SEQUENCE, span_of(NULL, 0));
    else
        der_put_null(b);
    der_end(b, algorithm);
}

static bool put_recipient(struct buf *b, const struct scep_recipient *recipient, enum pki_transport transport,
                          struct span content_key, struct err *e)
{
    size_t infos = der_begin(b, DER_SET);
    size_t info = der_begin(b, DER_SEQUENCE);
    der_put_small_int(b, 0);
    size_t id = der_begin(b, DER_SEQUENCE);
    buf_append_span(b, recipient->id.issuer);
    der_put(b, DER_INTEGER, recipient->id.serial);
    der_end(b, id);
    put_transport(b, transport);
    size_t octets = der_begin(b, DER_OCTET_STRING);
    if (!pki_wrap(recipient->key, transport, content_key, b, e))
        return false;
    der_end(b, octets);
    der_end(b, info);
    der_end(b, infos);
    return true;
}

static bool put_encrypted(struct buf *b, struct span content, enum pki_cipher cipher, const uint8_t *key,
                          struct err *e)
{
    uint8_t iv[EVP_MAX_IV_LENGTH];
    size_t iv_len = pki_cipher_block_bytes(cipher);
    if (!random_bytes(iv, iv_len, e))
        return false;
    size_t info = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, SCEP_OID_DATA);
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, pki_cipher_oid(cipher));
    der_put(b, DER_OCTET_STRING, span_of(iv, iv_len));
    der_end(b, algorithm);
    size_t encrypted = der_begin(b, DER_CONTEXT_PRIMITIVE(0));
    if (!pki_encrypt(cipher, key, iv, content, b, e))
        return false;
    der_end(b, encrypted);
    der_end(b, info);
    return true;
}

bool scep_enveloped_put(struct buf *b, struct span content, const struct scep_recipient *recipient,
                        enum pki_cipher cipher, enum pki_transport transport, struct err *e)
{
    uint8_t key[EVP_MAX_KEY_LENGTH];
    if (!pki_cipher_new_key(cipher, key, e))
        return false;
    size_t content_info = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, SCEP_OID_ENVELOPED_DATA);
    size_t tagged = der_begin(b, DER_CONTEXT(0));
    size_t enveloped = der_begin(b, DER_SEQUENCE);
    der_put_small_int(b, 0);
    bool ok = put_recipient(b, recipient, transport, span_of(key, pki_cipher_key_bytes(cipher)), e) &&
              put_encrypted(b, content, cipher, key, e);
    OPENSSL_cleanse(key, sizeof key);
    if (!ok)
        return false;
    der_end(b, enveloped);
    der_end(b, tagged);
    der_end(b, content_info);
    return buf_ok(b, STAGE_NONE, e);
}

/* Reading. */

static bool read_encrypted_content(struct span info, struct scep_enveloped *out, struct err *e)
{
    struct der_reader r = der_reader_of(info);
    struct der_item item;
    if (!der_expect(&r, DER_OID, "type of the encrypted content", &item, e) ||
        !der_expect(&r, DER_SEQUENCE, "content encryption algorithm", &item, e))
        return false;
    bool there = der_optional(&r, DER_CONTEXT_PRIMITIVE(0), &out->encrypted);
    r = der_reader_of(item.content);
    if (!der_expect(&r, DER_OID, "content encryption algorithm", &item, e))
        return false;
    out->cipher_oid = item.content;
    out->known_cipher = pki_cipher_from_oid(item.content, &out->cipher);
    if (der_optional(&r, DER_OCTET_STRING, &item) && item.tag == DER_OCTET_STRING)
        out->iv = item.content;
    return there || err_set(e, STAGE_NONE, REASON_MALFORMED, "the envelope has no encrypted content");
}

/* EnvelopedData inside a ContentInfo, or (eContentType envelopedData) as it stands. */
static bool find_enveloped_data(struct span content, struct span *out, struct err *e)
{
    struct der_reader r = der_reader_of(content);
    struct der_item item;
    if (!der_expect(&r, DER_SEQUENCE, "EnvelopedData", &item, e))
        return false;
    *out = item.content;
    r = der_reader_of(item.content);
    if (!der_optional(&r, DER_OID, &item))
        return true;
    struct span type;
    if (!scep_cms_content_info(content, &type, &item, e))
        return false;
    *out = item.content;
    if (!span_equal(type, SCEP_OID_ENVELOPED_DATA))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the content is no EnvelopedData");
    return true;
}

static bool recipient_next(struct der_reader *r, struct pki_cert_identity *id, struct span *transport_oid,
                           struct span *transport_parameters, struct der_item *wrapped, struct err *e)
{
    struct der_item item;
    if (!der_expect(r, DER_INTEGER, "recipient version", &item, e) || !der_next(r, &item, e))
        return false;
    *id = (struct pki_cert_identity){0};
    struct der_reader inner = der_reader_of(item.content);
    if (item.tag == DER_SEQUENCE) {
        struct der_item serial;
        if (!der_expect(&inner, DER_SEQUENCE, "issuer", &item, e) ||
            !der_expect(&inner, DER_INTEGER, "serial number", &serial, e))
            return false;
        id->issuer = item.whole;
        id->serial = serial.content;
    } else {
        id->key_id = item.content;
    }
    if (!der_expect(r, DER_SEQUENCE, "key transport algorithm", &item, e) ||
        !der_expect(r, DER_OCTET_STRING, "encrypted key", wrapped, e))
        return false;
    inner = der_reader_of(item.content);
    if (!der_expect(&inner, DER_OID, "key transport algorithm", &item, e))
        return false;
    *transport_oid = item.content;
    *transport_parameters = inner.rest;
    return true;
}

/* One of OAEP's explicit parameters, an AlgorithmIdentifier: must begin with this OID. */
static bool parameter_is(struct span algorithm, struct span oid, struct span *out_rest)
{
    struct der_reader r = der_reader_of(algorithm);
    struct der_item item;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    if (!der_optional(&r, DER_OID, &item) || !span_equal(item.content, oid))
        return false;
    if (out_rest != NULL)
        *out_rest = r.rest;
    return true;
}

/* Absent, NULL, an empty SEQUENCE, or the defaults spelled out (RFC 8017 A.2.1). */
static bool oaep_defaults(struct span parameters)
{
    struct der_reader r = der_reader_of(parameters);
    struct der_item item;
    if (der_at_end(&r) || der_optional(&r, DER_NULL, &item))
        return true;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    struct span sha1 = pki_digest_oid(PKI_SHA1);
    struct span mask;
    if (der_optional(&r, DER_CONTEXT(0), &item) && !parameter_is(item.content, sha1, NULL))
        return false;
    if (der_optional(&r, DER_CONTEXT(1), &item) &&
        (!parameter_is(item.content, PKI_OID_MGF1, &mask) || !parameter_is(mask, sha1, NULL)))
        return false;
    if (!der_optional(&r, DER_CONTEXT(2), &item))
        return true;
    struct der_item label;
    if (!parameter_is(item.content, PKI_OID_P_SPECIFIED, &mask))
        return false;
    r = der_reader_of(mask);
    return der_optional(&r, DER_OCTET_STRING, &label) && label.content.len == 0;
}

static bool transport_of(struct span oid, struct span parameters, enum pki_transport *out)
{
    bool pkcs1 = span_equal(oid, PKI_OID_RSA);
    *out = pkcs1 ? PKI_RSA_PKCS1 : PKI_RSA_OAEP;
    return pkcs1 || (span_equal(oid, PKI_OID_RSA_OAEP) && oaep_defaults(parameters));
}

struct found {
    bool any; /* a key transport recipient at all */
    bool ours;
    struct span oid;
    struct der_item wrapped;
};

/* Looks for our recipientInfo (ours NULL: for none); the first one's transport is noted even when none is ours. */
static bool find_recipient(struct scep_enveloped *v, const struct pki_cert_identity *ours, struct found *out,
                           struct err *e)
{
    struct der_reader r = der_reader_of(v->recipients);
    for (size_t i = 0; !der_at_end(&r) && i < MAX_RECIPIENTS; i++) {
        struct der_item info;
        if (!der_next(&r, &info, e))
            return false;
        if (info.tag != DER_SEQUENCE)
            continue;
        struct der_reader inner = der_reader_of(info.content);
        struct pki_cert_identity id;
        struct span oid;
        struct span parameters;
        struct der_item wrapped;
        if (!recipient_next(&inner, &id, &oid, &parameters, &wrapped, e))
            return false;
        out->ours = ours != NULL && scep_cms_id_is(&id, ours);
        if (out->ours || !out->any) {
            v->known_transport = transport_of(oid, parameters, &v->transport);
            v->recipient = id;
            out->oid = oid;
            out->wrapped = wrapped;
        }
        out->any = true;
        if (out->ours)
            return true;
    }
    return true;
}

bool scep_enveloped_read(struct span content, struct scep_enveloped *out, struct err *e)
{
    *out = (struct scep_enveloped){0};
    struct span inner;
    struct der_item item;
    if (!find_enveloped_data(content, &inner, e))
        return false;
    struct der_reader r = der_reader_of(inner);
    if (!der_expect(&r, DER_INTEGER, "EnvelopedData version", &item, e))
        return false;
    der_optional(&r, DER_CONTEXT(0), &item); /* originatorInfo */
    if (!der_expect(&r, DER_SET, "recipientInfos", &item, e))
        return false;
    out->recipients = item.content;
    struct found first = {0};
    return der_expect(&r, DER_SEQUENCE, "encryptedContentInfo", &item, e) &&
           read_encrypted_content(item.content, out, e) && find_recipient(out, NULL, &first, e);
}

static bool check_algorithms(const struct scep_enveloped *v, const struct found *found, struct err *e)
{
    char text[64];
    if (!v->known_transport)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "key transport %s",
                       pki_oid_text(found->oid, text, sizeof text));
    if (!v->known_cipher)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "content cipher %s",
                       pki_oid_text(v->cipher_oid, text, sizeof text));
    if (v->iv.len != pki_cipher_block_bytes(v->cipher))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "%s with an IV of %zu bytes",
                       pki_cipher_name(v->cipher), v->iv.len);
    return true;
}

/* A key of the wrong length is what a wrong private key yields where OpenSSL answers bad padding with random
 * bytes (implicit rejection). */
static bool open_content(const struct scep_enveloped *v, struct span content_key, struct buf *out,
                         struct err *e)
{
    if (content_key.len != pki_cipher_key_bytes(v->cipher))
        return err_set(e, STAGE_NONE, REASON_DECRYPT, "the content key has %zu bytes, %s wants %zu",
                       content_key.len, pki_cipher_name(v->cipher), pki_cipher_key_bytes(v->cipher));
    struct buf scratch;
    buf_init(&scratch, BYTES_MAX_MESSAGE);
    struct span encrypted;
    bool ok = der_string(&v->encrypted, &scratch, &encrypted, e) &&
              pki_decrypt(v->cipher, content_key.data, v->iv.data, encrypted, out, e);
    buf_clear(&scratch);
    return ok;
}

bool scep_enveloped_open(struct scep_enveloped *v, const struct pki_cert_identity *ours,
                         const struct pki_key *key, struct buf *out, struct err *e)
{
    struct found found = {0};
    if (!find_recipient(v, ours, &found, e))
        return false;
    if (!found.ours)
        return err_set(e, STAGE_NONE, REASON_DECRYPT, "the envelope is addressed to another certificate");
    if (!check_algorithms(v, &found, e))
        return false;
    struct buf scratch;
    struct buf content_key;
    buf_init(&scratch, MAX_WRAPPED_BYTES);
    buf_init(&content_key, MAX_WRAPPED_BYTES);
    struct span wrapped;
    bool ok = der_string(&found.wrapped, &scratch, &wrapped, e) &&
              pki_key_unwrap(key, v->transport, wrapped, &content_key, e) &&
              open_content(v, buf_span(&content_key), out, e);
    buf_clear(&scratch);
    buf_wipe(&content_key);
    return ok;
}
