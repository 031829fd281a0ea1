#include "pki/cert.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/fail.h"
#include "pki/oid.h"
#include "pki/signed.h"
#include "pki/spki.h"

#define SHA1_BYTES 20

static void put_basic_constraints(struct buf *b)
{
    static const uint8_t ca_true[] = {DER_SEQUENCE, 3, DER_BOOLEAN, 1, 0xff};
    pki_extension_put(b, PKI_OID_BASIC_CONSTRAINTS, true, span_of(ca_true, sizeof ca_true));
}

static bool put_subject_key_id(struct buf *b, struct span spki, struct err *e)
{
    struct span bits;
    uint8_t value[2 + EVP_MAX_MD_SIZE] = {DER_OCTET_STRING, SHA1_BYTES};
    size_t len;
    if (!pki_spki_key_bits(spki, &bits))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the public key for the certificate cannot be read");
    if (!pki_hash(PKI_SHA1, bits, value + 2, &len, e))
        return false;
    pki_extension_put(b, PKI_OID_SUBJECT_KEY_ID, false, span_of(value, 2 + SHA1_BYTES));
    return true;
}

/* Version 1 templates stamp their internal name into the certificate, as BMPString. */
static void put_template_name(struct buf *b, struct span name)
{
    struct buf value;
    buf_init(&value, 1024);
    size_t string = der_begin(&value, DER_BMP_STRING);
    for (size_t i = 0; i < name.len; i++) {
        buf_append_byte(&value, 0);
        buf_append_byte(&value, name.data[i]);
    }
    der_end(&value, string);
    if (value.failed)
        b->failed = true;
    pki_extension_put(b, PKI_OID_MS_TEMPLATE_NAME, false, buf_span(&value));
    buf_clear(&value);
}

static bool put_extensions(struct buf *b, const struct pki_cert_spec *spec, struct err *e)
{
    size_t before = b->len;
    size_t tagged = der_begin(b, DER_CONTEXT(3));
    size_t list = der_begin(b, DER_SEQUENCE);
    if (spec->template_name.len > 0)
        put_template_name(b, spec->template_name);
    if (spec->eku_count > 0)
        pki_extension_put_ekus(b, spec->ekus, spec->eku_count);
    if (spec->key_usage != 0)
        pki_extension_put_key_usage(b, spec->key_usage, true);
    if (spec->ca)
        put_basic_constraints(b);
    bool ok = spec->no_subject_key_id || put_subject_key_id(b, spec->spki, e);
    if (spec->authority_key_id.len > 0)
        pki_extension_put_authority_key_id(b, spec->authority_key_id, spec->authority_key_id_critical);
    buf_append_span(b, spec->extensions);
    bool none = b->len == list;
    der_end(b, list);
    der_end(b, tagged);
    if (none)
        b->len = before; /* an empty list is not allowed */
    return ok;
}

static bool put_tbs(struct buf *b, const struct pki_cert_spec *spec, const struct pki_key *key,
                    enum pki_digest digest, struct err *e)
{
    size_t tbs = der_begin(b, DER_SEQUENCE);
    size_t version = der_begin(b, DER_CONTEXT(0));
    der_put_small_int(b, 2); /* v3 */
    der_end(b, version);
    der_put_integer(b, spec->serial);
    bool ok = pki_put_signature_algorithm(b, key, digest, e);
    buf_append_span(b, spec->issuer);
    size_t validity = der_begin(b, DER_SEQUENCE);
    der_put_time(b, spec->not_before);
    der_put_time(b, spec->not_after);
    der_end(b, validity);
    buf_append_span(b, spec->subject);
    buf_append_span(b, spec->spki);
    ok = ok && put_extensions(b, spec, e);
    der_end(b, tbs);
    return ok;
}

bool pki_cert_make(const struct pki_cert_spec *spec, const struct pki_key *key, enum pki_digest digest,
                   struct buf *out, struct err *e)
{
    size_t outer = der_begin(out, DER_SEQUENCE);
    size_t tbs_start = out->len;
    return put_tbs(out, spec, key, digest, e) && pki_put_signature(out, tbs_start, key, digest, e) &&
           pki_signed_end(out, outer, e);
}
