#include "scep/cms.h"

#include "pki/fail.h"
#include "pki/oid.h"
#include "scep/oid.h"

#define MAX_CERTIFICATES 64

bool scep_cms_id_is(const struct pki_cert_identity *id, const struct pki_cert_identity *cert)
{
    if (id->key_id.len > 0)
        return span_equal(id->key_id, cert->key_id);
    return span_equal(der_integer_trimmed(id->serial), der_integer_trimmed(cert->serial)) &&
           (span_equal(id->issuer, cert->issuer) || pki_name_same_rdns(id->issuer, cert->issuer));
}

struct pki_cert_identity scep_cms_id_of(const struct pki_cert *cert)
{
    return (struct pki_cert_identity){
        .issuer = pki_cert_issuer(cert),
        .serial = pki_cert_serial(cert),
        .key_id = pki_cert_subject_key_id(cert),
    };
}

bool scep_cms_content_info(struct span body, struct span *out_type, struct der_item *out_content,
                           struct err *e)
{
    struct der_reader r = der_reader_of(body);
    struct der_item item;
    if (!der_expect(&r, DER_SEQUENCE, "ContentInfo", &item, e))
        return false;
    r = der_reader_of(item.content);
    if (!der_expect(&r, DER_OID, "contentType", &item, e))
        return false;
    *out_type = item.content;
    if (!der_expect(&r, DER_CONTEXT(0), "content", &item, e))
        return false;
    r = der_reader_of(item.content);
    return der_next(&r, out_content, e);
}

/* CMS of this size begins 30 8x; text that happens to begin with "0" does not. */
static bool could_be_cms(struct span body)
{
    return body.len >= 2 && body.data[0] == DER_SEQUENCE && body.data[1] >= 0x80;
}

bool scep_cms_signed_data(struct span body, enum stage stage, struct der_item *out, struct err *e)
{
    struct span type;
    char seen[96];
    if (!could_be_cms(body))
        return err_set(e, stage, REASON_NOT_SCEP, "the reply is %s",
                       scep_describe_body(body, seen, sizeof seen));
    if (!scep_cms_content_info(body, &type, out, e))
        return false;
    return span_equal(type, SCEP_OID_SIGNED_DATA) ||
           err_set(e, stage, REASON_NOT_SCEP, "the reply is CMS, but no SignedData");
}

/* eContent is an OCTET STRING in CMS and any type in PKCS#7, whose digest leaves tag and length out. */
static bool read_encapsulated(struct span encapsulated, struct scep_signed *s, struct err *e)
{
    struct der_reader r = der_reader_of(encapsulated);
    struct der_item item;
    if (!der_expect(&r, DER_OID, "eContentType", &item, e))
        return false;
    s->content_type = item.content;
    if (!der_optional(&r, DER_CONTEXT(0), &item) || item.content.len == 0)
        return true;
    r = der_reader_of(item.content);
    if (!der_next(&r, &item, e))
        return false;
    if ((item.tag & 0xdf) != DER_OCTET_STRING) {
        s->content = item.whole;
        s->digested = item.content;
        return true;
    }
    if (!der_string(&item, &s->content_scratch, &s->content, e))
        return false;
    s->digested = s->content;
    return true;
}

/* SignerIdentifier or RecipientIdentifier. */
static bool read_id(struct der_reader *r, struct pki_cert_identity *id, struct buf *scratch, struct err *e)
{
    struct der_item item;
    struct der_item serial;
    if (der_optional(r, DER_CONTEXT_PRIMITIVE(0), &item))
        return der_string(&item, scratch, &id->key_id, e);
    if (!der_expect(r, DER_SEQUENCE, "issuer and serial number", &item, e))
        return false;
    struct der_reader inner = der_reader_of(item.content);
    if (!der_expect(&inner, DER_SEQUENCE, "issuer", &item, e) ||
        !der_expect(&inner, DER_INTEGER, "serial number", &serial, e))
        return false;
    id->issuer = item.whole;
    id->serial = serial.content;
    return true;
}

static bool unsupported(struct span oid, const char *what, struct err *e)
{
    char text[64];
    return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "%s %s", what,
                   pki_oid_text(oid, text, sizeof text));
}

static bool read_algorithm(struct der_reader *r, const char *what, struct span *out_oid, struct err *e)
{
    struct der_item item;
    if (!der_expect(r, DER_SEQUENCE, what, &item, e))
        return false;
    struct der_reader inner = der_reader_of(item.content);
    if (!der_expect(&inner, DER_OID, what, &item, e))
        return false;
    *out_oid = item.content;
    return true;
}

/* Plain rsaEncryption, or a name with a digest in it that then must be the same. ECDSA names come with
 * certificates of that kind; the key decides. */
static bool check_signature_algorithm(struct span oid, enum pki_digest digest, struct err *e)
{
    static const uint8_t ecdsa_with_sha2[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03};
    enum pki_digest named;
    if (span_equal(oid, PKI_OID_RSA))
        return true;
    if (pki_rsa_signature_from_oid(oid, &named) && named == digest)
        return true;
    bool ecdsa = oid.len == sizeof ecdsa_with_sha2 + 1 && memcmp(oid.data, ecdsa_with_sha2, oid.len - 1) == 0;
    return ecdsa || unsupported(oid, "signature algorithm", e);
}

static bool read_signer_info(struct span signer_info, struct scep_signed *s, struct err *e)
{
    struct der_reader r = der_reader_of(signer_info);
    struct der_item item;
    struct span digest_oid;
    struct span signature_oid;
    if (!der_expect(&r, DER_INTEGER, "SignerInfo version", &item, e) ||
        !read_id(&r, &s->signer, &s->key_id_scratch, e) ||
        !read_algorithm(&r, "digest algorithm", &digest_oid, e))
        return false;
    s->has_signer = true;
    der_optional(&r, DER_CONTEXT(0), &s->attributes);
    if (!read_algorithm(&r, "signature algorithm", &signature_oid, e) ||
        !der_expect(&r, DER_OCTET_STRING, "signature", &item, e) ||
        !der_string(&item, &s->signature_scratch, &s->signature, e))
        return false;
    if (!pki_digest_from_oid(digest_oid, &s->digest))
        return unsupported(digest_oid, "digest algorithm", e);
    return check_signature_algorithm(signature_oid, s->digest, e);
}

static bool read_signed_data(struct span content, struct scep_signed *s, struct err *e)
{
    struct der_reader r = der_reader_of(content);
    struct der_item item;
    if (!der_expect(&r, DER_INTEGER, "SignedData version", &item, e) ||
        !der_expect(&r, DER_SET, "digestAlgorithms", &item, e) ||
        !der_expect(&r, DER_SEQUENCE, "encapContentInfo", &item, e) || !read_encapsulated(item.content, s, e))
        return false;
    if (der_optional(&r, DER_CONTEXT(0), &item))
        s->certificates = item.content;
    if (der_optional(&r, DER_CONTEXT(1), &item))
        s->crls = item.content;
    if (!der_expect(&r, DER_SET, "signerInfos", &item, e))
        return false;
    r = der_reader_of(item.content);
    if (der_at_end(&r))
        return true;
    return der_expect(&r, DER_SEQUENCE, "SignerInfo", &item, e) && read_signer_info(item.content, s, e);
}

bool scep_signed_read(const struct der_item *signed_data, struct scep_signed *out, struct err *e)
{
    *out = (struct scep_signed){0};
    buf_init(&out->content_scratch, BYTES_MAX_MESSAGE);
    buf_init(&out->signature_scratch, BYTES_MAX_MESSAGE);
    buf_init(&out->key_id_scratch, 4096);
    if (signed_data->tag != DER_SEQUENCE)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: no SignedData");
    return read_signed_data(signed_data->content, out, e);
}

void scep_signed_clear(struct scep_signed *s)
{
    buf_clear(&s->content_scratch);
    buf_clear(&s->signature_scratch);
    buf_clear(&s->key_id_scratch);
}

/* RFC 5652 5.4: signed is the DER of the SET OF, whatever the message carries. Nearly everybody sends just that
 * under another tag, so this is tried first: `as_sent` swaps the tag only. */
static bool attributes_to_verify(const struct scep_signed *s, bool as_sent, struct buf *out, struct err *e)
{
    if (as_sent) {
        buf_append_byte(out, DER_SET);
        buf_append(out, s->attributes.whole.data + 1, s->attributes.whole.len - 1);
        return buf_ok(out, STAGE_NONE, e);
    }
    struct der_item set = s->attributes;
    set.tag = DER_SET;
    return der_canonical(&set, out, e);
}

bool scep_signed_verify(const struct scep_signed *s, EVP_PKEY *key, struct err *e)
{
    if (s->attributes.content.data == NULL)
        return pki_verify(key, s->digest, s->digested, s->signature, e);
    struct buf signed_bytes;
    buf_init(&signed_bytes, BYTES_MAX_MESSAGE);
    bool ok = false;
    if (!s->attributes.indefinite)
        ok = attributes_to_verify(s, true, &signed_bytes, NULL) &&
             pki_verify(key, s->digest, buf_span(&signed_bytes), s->signature, NULL);
    if (!ok) {
        buf_reset(&signed_bytes);
        ok = attributes_to_verify(s, false, &signed_bytes, e) &&
             pki_verify(key, s->digest, buf_span(&signed_bytes), s->signature, e);
    }
    buf_clear(&signed_bytes);
    return ok;
}

bool scep_signed_check_digest(const struct scep_signed *s, struct span message_digest, struct err *e)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t len;
    if (!pki_hash(s->digest, s->digested, digest, &len, e))
        return false;
    if (!span_equal(span_of(digest, len), message_digest))
        return err_set(e, STAGE_NONE, REASON_BAD_DIGEST,
                       "messageDigest is not the %s of the %zu content bytes", pki_digest_name(s->digest),
                       s->digested.len);
    return true;
}

bool scep_certificates_each(struct span certificates, bool (*each)(struct span cert_der, void *user),
                            void *user, struct err *e)
{
    struct der_reader r = der_reader_of(certificates);
    for (size_t count = 0; !der_at_end(&r); count++) {
        struct der_item item;
        if (count == MAX_CERTIFICATES)
            return err_set(e, STAGE_NONE, REASON_LIMIT, "more than %d certificates", MAX_CERTIFICATES);
        if (!der_next(&r, &item, e))
            return false;
        if (item.tag == DER_SEQUENCE && !each(item.whole, user))
            return false;
    }
    return true;
}

struct search {
    const struct scep_signed *s;
    struct pki_cert *found;
};

static bool keep_signer(struct span der, void *user)
{
    struct search *search = user;
    struct pki_cert *cert;
    if (search->found != NULL || !pki_cert_from_der(der, &cert, NULL))
        return true;
    struct pki_cert_identity id = scep_cms_id_of(cert);
    if (scep_cms_id_is(&search->s->signer, &id))
        search->found = cert;
    else
        pki_cert_free(cert);
    return true;
}

bool scep_signed_signer(const struct scep_signed *s, struct pki_cert **out, struct err *e)
{
    struct search search = {.s = s};
    if (!scep_certificates_each(s->certificates, keep_signer, &search, e)) {
        pki_cert_free(search.found);
        return false;
    }
    *out = search.found;
    return search.found != NULL ||
           err_set(e, STAGE_NONE, REASON_SIGNER_UNKNOWN, "the signer's certificate is not in the message");
}

const char *scep_describe_body(struct span body, char *out, size_t out_bytes)
{
    char start[48];
    size_t used = 0;
    for (size_t i = 0; i < body.len && used + 1 < sizeof start; i++) {
        uint8_t c = body.data[i];
        if (c >= 0x20 && c < 0x7f)
            start[used++] = (char)c;
        else if (c != '\r' && c != '\n' && c != '\t' && c != 0)
            break;
    }
    start[used] = '\0';
    if (body.len == 0)
        snprintf(out, out_bytes, "an empty body");
    else if (used >= 4 || used == body.len)
        snprintf(out, out_bytes, "%zu bytes of text beginning \"%s\"", body.len, start);
    else
        snprintf(out, out_bytes, "%zu bytes beginning %02x", body.len, body.data[0]);
    return out;
}
