#include "pki/csr.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/fail.h"
#include "pki/name_value.h"
#include "pki/oid.h"
#include "pki/signed.h"
#include "pki/spki.h"

#include <openssl/x509.h>

#define MAX_CHALLENGE_BYTES 16384 /* Intune's are about 5500 */

/* Making. */

uint8_t pki_csr_challenge_tag(struct span challenge)
{
    return pki_is_printable(challenge) ? DER_PRINTABLE_STRING : DER_UTF8_STRING;
}

static void put_challenge(struct buf *b, const struct pki_csr_spec *spec)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, PKI_OID_CHALLENGE_PASSWORD);
    size_t values = der_begin(b, DER_SET);
    der_put(b, spec->challenge_tag == 0 ? DER_PRINTABLE_STRING : spec->challenge_tag, spec->challenge);
    der_end(b, values);
    der_end(b, attribute);
}

static void put_extension_request(struct buf *b, const struct pki_csr_spec *spec)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, PKI_OID_EXTENSION_REQUEST);
    size_t values = der_begin(b, DER_SET);
    size_t list = der_begin(b, DER_SEQUENCE);
    if (spec->key_usage != 0)
        pki_extension_put_key_usage(b, spec->key_usage, !spec->key_usage_not_critical);
    if (spec->eku_count > 0)
        pki_extension_put_ekus(b, spec->ekus, spec->eku_count);
    if (spec->san.len > 0)
        pki_extension_put(b, PKI_OID_SUBJECT_ALT_NAME, false, spec->san);
    buf_append_span(b, spec->extensions);
    der_end(b, list);
    der_end(b, values);
    der_end(b, attribute);
}

bool pki_csr_make(const struct pki_csr_spec *spec, const struct pki_key *key, enum pki_digest digest,
                  struct buf *out, struct err *e)
{
    size_t outer = der_begin(out, DER_SEQUENCE);
    size_t body_start = out->len;
    size_t body = der_begin(out, DER_SEQUENCE);
    der_put_small_int(out, 0); /* v1 */
    buf_append_span(out, spec->subject);
    buf_append_span(out, pki_key_spki(key));
    size_t attributes = der_begin(out, DER_CONTEXT(0));
    if (spec->challenge.len > 0)
        put_challenge(out, spec);
    if (spec->key_usage != 0 || spec->eku_count > 0 || spec->san.len > 0 || spec->extensions.len > 0)
        put_extension_request(out, spec);
    buf_append_span(out, spec->attributes);
    der_end_set_of(out, attributes);
    der_end(out, body);
    bool ok = buf_ok(out, STAGE_CSR, e) && pki_put_signature(out, body_start, key, digest, e) &&
              pki_signed_end(out, outer, e);
    return pki_at_stage(ok, STAGE_CSR, e);
}

/* Reading. */

static bool read_challenge(struct pki_csr *csr, const struct der_item *value, struct err *e)
{
    csr->challenge_tag = value->tag;
    csr->challenge_value = value->content;
    return der_string_bytes(value, &csr->challenge, e);
}

static bool read_extension_request(struct pki_csr *csr, const struct der_item *value, struct err *e)
{
    if (value->tag != DER_SEQUENCE)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the extensionRequest holds no list");
    csr->extensions = value->content;
    struct der_reader r = der_reader_of(value->content);
    while (!der_at_end(&r)) {
        struct pki_extension x;
        if (!pki_extension_next(&r, &x, e))
            return false;
        if (span_equal(x.oid, PKI_OID_KEY_USAGE))
            (void)pki_key_usage_read(x.value, &csr->key_usage);
    }
    return true;
}

static bool read_attribute(struct pki_csr *csr, struct span attribute, struct err *e)
{
    struct der_reader r = der_reader_of(attribute);
    struct der_item oid;
    struct der_item values;
    struct der_item value;
    if (!der_expect(&r, DER_OID, "attribute type", &oid, e) ||
        !der_expect(&r, DER_SET, "attribute values", &values, e))
        return false;
    bool challenge = span_equal(oid.content, PKI_OID_CHALLENGE_PASSWORD);
    bool extensions = span_equal(oid.content, PKI_OID_EXTENSION_REQUEST) ||
                      span_equal(oid.content, PKI_OID_MS_EXTENSION_REQUEST);
    if (!challenge && !extensions)
        return true;
    r = der_reader_of(values.content);
    if (!der_next(&r, &value, e))
        return false;
    if (challenge && csr->challenge_tag == 0)
        return read_challenge(csr, &value, e);
    return !extensions || read_extension_request(csr, &value, e);
}

static bool read_body(struct pki_csr *csr, struct span body, struct err *e)
{
    struct der_reader r = der_reader_of(body);
    struct der_item version;
    struct der_item subject;
    struct der_item spki;
    struct der_item attributes;
    if (!der_expect(&r, DER_INTEGER, "request version", &version, e) ||
        !der_expect(&r, DER_SEQUENCE, "subject", &subject, e) ||
        !der_expect(&r, DER_SEQUENCE, "public key", &spki, e))
        return false;
    csr->subject = subject.whole;
    csr->spki = spki.whole;
    if (!der_optional(&r, DER_CONTEXT(0), &attributes))
        return true;
    csr->attributes = attributes.content;
    r = der_reader_of(attributes.content);
    while (!der_at_end(&r)) {
        struct der_item attribute;
        if (!der_expect(&r, DER_SEQUENCE, "attribute", &attribute, e) ||
            !read_attribute(csr, attribute.content, e))
            return false;
    }
    return true;
}

/* Other keys than RSA. */
static bool verify_through_openssl(struct span der, EVP_PKEY *key, struct err *e)
{
    const unsigned char *at = der.data;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
    bool ok = request != NULL && X509_REQ_verify(request, key) == 1;
    X509_REQ_free(request);
    return ok || pki_fail(e, STAGE_NONE, REASON_BAD_SIGNATURE, "signature of the certificate request");
}

static bool verify(const struct pki_csr *csr, const struct pki_signed *frame, struct err *e)
{
    enum pki_digest digest;
    if (!pki_spki_is_rsa(csr->spki, NULL) || !pki_rsa_signature_from_oid(frame->oid, &digest))
        return verify_through_openssl(frame->whole, csr->public_key, e);
    return pki_verify(csr->public_key, digest, frame->body.whole, frame->signature, e);
}

static bool read_csr(struct span der, struct pki_csr *csr, struct pki_signed *frame, struct err *e)
{
    *csr = (struct pki_csr){0};
    buf_init(&csr->challenge, MAX_CHALLENGE_BYTES);
    if (!pki_signed_read(der, "certificate request", frame, e))
        return false;
    csr->signature_oid = frame->oid;
    return read_body(csr, frame->body.content, e);
}

bool pki_csr_parse(struct span der, struct pki_csr *out, struct err *e)
{
    struct pki_signed frame;
    return read_csr(der, out, &frame, e);
}

bool pki_csr_read(struct span der, struct pki_csr *out, struct err *e)
{
    struct pki_signed frame;
    return read_csr(der, out, &frame, e) && pki_spki_decode(out->spki, &out->public_key, e) &&
           verify(out, &frame, e);
}

void pki_csr_blot(struct buf *csr)
{
    struct pki_csr read;
    if (!pki_csr_parse(buf_span(csr), &read, NULL))
        buf_wipe(csr);
    else if (read.challenge_value.len > 0)
        memset(csr->data + (read.challenge_value.data - csr->data), '*', read.challenge_value.len);
    pki_csr_clear(&read);
}

void pki_csr_clear(struct pki_csr *csr)
{
    EVP_PKEY_free(csr->public_key);
    buf_wipe(&csr->challenge);
    *csr = (struct pki_csr){0};
}
