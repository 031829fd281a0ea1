#include "scep/describe.h"

#include "base/text.h"
#include "pki/csr.h"
#include "pki/extension.h"
#include "pki/oid.h"
#include "pki/purpose.h"
#include "pki/san.h"
#include "pki/spki.h"
#include "scep/attributes.h"
#include "scep/cms.h"
#include "scep/oid.h"

#define VALUE_BYTES 65536

/* ---- lines ---- */

static void put(struct buf *out, const char *name, struct span value)
{
    buf_appendf(out, "%s: ", name);
    for (size_t i = 0; i < value.len; i++)
        buf_append_byte(out, value.data[i] < 0x20 || value.data[i] == 0x7f ? '?' : value.data[i]);
    buf_append_byte(out, '\n');
}

static void put_text(struct buf *out, const char *name, const char *value)
{
    put(out, name, span_of_text(value));
}

static void put_hex(struct buf *out, const char *name, struct span bytes)
{
    char hex[2 * SCEP_OCTETS_MAX + 1];
    if (bytes.len > SCEP_OCTETS_MAX)
        bytes.len = SCEP_OCTETS_MAX;
    text_hex(bytes, false, hex);
    put_text(out, name, hex);
}

static void put_name(struct buf *out, const char *name, struct span der)
{
    struct buf text;
    buf_init(&text, VALUE_BYTES);
    if (pki_name_to_text(der, &text, NULL))
        put(out, name, buf_span(&text));
    buf_clear(&text);
}

static void put_time(struct buf *out, const char *name, int64_t unix_s)
{
    char when[32];
    text_utc(unix_s * 1000000, when, sizeof when);
    put_text(out, name, when);
}

static void put_key(struct buf *out, const char *name, EVP_PKEY *key)
{
    char text[64];
    const char *kind = key == NULL ? "unknown" : EVP_PKEY_get0_type_name(key);
    snprintf(text, sizeof text, "%s, %d bits", kind == NULL ? "unknown" : kind,
             key == NULL ? 0 : EVP_PKEY_get_bits(key));
    put_text(out, name, text);
}

static void put_unreadable(struct buf *out, const struct err *why)
{
    put_text(out, "unreadable", why->text[0] != '\0' ? why->text : base_reason_sentence(why->reason));
}

/* ---- lists of types ---- */

static const struct {
    const struct span *oid;
    const char *name;
} names[] = {
    {&SCEP_OID_CONTENT_TYPE, "contentType"},
    {&SCEP_OID_MESSAGE_DIGEST, "messageDigest"},
    {&SCEP_OID_SIGNING_TIME, "signingTime"},
    {&SCEP_OID_MESSAGE_TYPE, "messageType"},
    {&SCEP_OID_SENDER_NONCE, "senderNonce"},
    {&SCEP_OID_TRANSACTION_ID, "transactionID"},
    {&PKI_OID_CHALLENGE_PASSWORD, "challengePassword"},
    {&PKI_OID_EXTENSION_REQUEST, "extensionRequest"},
    {&PKI_OID_KEY_USAGE, "keyUsage"},
    {&PKI_OID_EXT_KEY_USAGE, "extKeyUsage"},
    {&PKI_OID_SUBJECT_ALT_NAME, "subjectAltName"},
    {&PKI_OID_SUBJECT_KEY_ID, "subjectKeyIdentifier"},
    {&PKI_OID_BASIC_CONSTRAINTS, "basicConstraints"},
};

static void append_type(struct buf *out, struct span oid)
{
    if (out->len > 0)
        buf_append_text(out, ", ");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_equal(*names[i].oid, oid)) {
            buf_append_text(out, names[i].name);
            return;
        }
    }
    pki_oid_to_text(oid, out);
}

/* SEQUENCEs that begin with an OID: attributes and extensions. */
static void put_types(struct buf *out, const char *name, struct span items)
{
    struct buf list;
    buf_init(&list, VALUE_BYTES);
    struct der_reader r = der_reader_of(items);
    struct der_item item;
    struct der_item oid;
    while (der_optional(&r, DER_SEQUENCE, &item)) {
        struct der_reader inner = der_reader_of(item.content);
        if (der_optional(&inner, DER_OID, &oid))
            append_type(&list, oid.content);
    }
    if (list.len > 0)
        put(out, name, buf_span(&list));
    buf_clear(&list);
}

/* ---- the pkiMessage ---- */

static void put_signing_time(struct buf *out, struct span attributes)
{
    struct der_reader r = der_reader_of(attributes);
    struct der_item attribute;
    while (der_optional(&r, DER_SEQUENCE, &attribute)) {
        struct der_reader inner = der_reader_of(attribute.content);
        struct der_item oid;
        struct der_item values;
        struct der_item value;
        int64_t when;
        if (!der_optional(&inner, DER_OID, &oid) || !span_equal(oid.content, SCEP_OID_SIGNING_TIME) ||
            !der_optional(&inner, DER_SET, &values))
            continue;
        inner = der_reader_of(values.content);
        if (der_next(&inner, &value, NULL) && der_time(&value, &when, NULL))
            put_time(out, "signing_time", when);
    }
}

static void put_attributes(struct buf *out, const struct scep_signed *s, const struct scep_attributes *a)
{
    char type[64];
    snprintf(type, sizeof type, "%s (%d)", scep_message_type_name(a->message_type), a->message_type);
    put_text(out, "type", type);
    put_text(out, "transaction_id", a->transaction_id);
    if (a->sender_nonce.present)
        put_hex(out, "sender_nonce", scep_octets_span(&a->sender_nonce));
    put_signing_time(out, s->attributes.content);
    put_types(out, "signed_attributes", s->attributes.content);
    put_text(out, "digest", pki_digest_name(s->digest));
}

static void put_signer(struct buf *out, const struct scep_signed *s)
{
    struct pki_cert *cert = NULL;
    if (!scep_signed_signer(s, &cert, NULL))
        return;
    put_name(out, "signer.subject", pki_cert_subject(cert));
    put_name(out, "signer.issuer", pki_cert_issuer(cert));
    put_hex(out, "signer.serial", der_integer_trimmed(pki_cert_serial(cert)));
    put_time(out, "signer.not_before", pki_cert_not_before(cert));
    put_time(out, "signer.not_after", pki_cert_not_after(cert));
    put_key(out, "signer.key", pki_cert_public_key(cert));
    put_text(out, "signer.self_signed", pki_cert_issued_by(cert, cert) ? "yes" : "no");
    pki_cert_free(cert);
}

static void put_envelope(struct buf *out, const struct scep_signed *s)
{
    char text[64];
    struct scep_enveloped v;
    if (s->content.len == 0 || !scep_enveloped_read(s->content, &v, NULL))
        return;
    put_text(out, "cipher",
             v.known_cipher ? pki_cipher_name(v.cipher) : pki_oid_text(v.cipher_oid, text, sizeof text));
    if (v.known_transport)
        put_text(out, "key_transport", pki_transport_name(v.transport));
    if (v.recipient.issuer.len > 0)
        put_name(out, "recipient.issuer", v.recipient.issuer);
    if (v.recipient.serial.len > 0)
        put_hex(out, "recipient.serial", der_integer_trimmed(v.recipient.serial));
}

void scep_describe_request(struct span message, struct buf *out)
{
    struct err e = {0};
    struct der_item signed_data;
    struct scep_signed s = {0};
    struct scep_attributes a;
    buf_appendf(out, "bytes: %zu\n", message.len);
    if (!scep_cms_signed_data(message, STAGE_NONE, &signed_data, &e) ||
        !scep_signed_read(&signed_data, &s, &e)) {
        put_unreadable(out, &e);
    } else {
        if (s.attributes.content.data != NULL && scep_attributes_read(&s.attributes, &a, &e))
            put_attributes(out, &s, &a);
        put_envelope(out, &s);
        put_signer(out, &s);
    }
    scep_signed_clear(&s);
}

/* ---- the CSR ---- */

static void put_challenge(struct buf *out, const struct pki_csr *csr)
{
    static const struct {
        uint8_t tag;
        const char *name;
    } types[] = {{DER_PRINTABLE_STRING, "PrintableString"},
                 {DER_UTF8_STRING, "UTF8String"},
                 {DER_IA5_STRING, "IA5String"}};
    char text[80];
    const char *type = "another string type";
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        type = csr->challenge_tag == types[i].tag ? types[i].name : type;
    snprintf(text, sizeof text, "[redacted], %zu bytes of %s", csr->challenge_value.len, type);
    put_text(out, "challenge_password", csr->challenge_tag == 0 ? "none" : text);
}

static void put_csr_key(struct buf *out, struct span spki)
{
    EVP_PKEY *key = NULL;
    if (pki_spki_decode(spki, &key, NULL))
        put_key(out, "key", key);
    EVP_PKEY_free(key);
}

static void put_signature(struct buf *out, struct span oid)
{
    char text[64];
    enum pki_digest digest = 0;
    bool rsa = pki_rsa_signature_from_oid(oid, &digest);
    for (int d = 0; !rsa && d < PKI_DIGEST_COUNT; d++) {
        if (span_equal(pki_ecdsa_signature_oid((enum pki_digest)d), oid)) {
            snprintf(text, sizeof text, "ecdsa with %s", pki_digest_name((enum pki_digest)d));
            put_text(out, "signature", text);
            return;
        }
    }
    snprintf(text, sizeof text, "rsa with %s", pki_digest_name(digest));
    if (!rsa)
        pki_oid_text(oid, text, sizeof text);
    put_text(out, "signature", text);
}

static void put_purpose(struct buf *out, const struct pki_csr *csr)
{
    struct buf text;
    buf_init(&text, VALUE_BYTES);
    pki_san_text(pki_san_find(csr->extensions), &text);
    if (text.len > 0)
        put(out, "san", buf_span(&text));
    buf_reset(&text);
    pki_key_usage_text(csr->key_usage, &text);
    if (text.len > 0)
        put(out, "key_usage", buf_span(&text));
    buf_clear(&text);
}

void scep_describe_csr(struct span der, struct buf *out)
{
    struct err e = {0};
    struct pki_csr csr;
    if (pki_csr_parse(der, &csr, &e)) {
        put_name(out, "subject", csr.subject);
        put_csr_key(out, csr.spki);
        put_signature(out, csr.signature_oid);
        put_challenge(out, &csr);
        put_types(out, "attributes", csr.attributes);
        put_types(out, "extensions", csr.extensions);
        put_purpose(out, &csr);
    } else {
        put_unreadable(out, &e);
    }
    pki_csr_clear(&csr);
}
