#include "pki/crl.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/oid.h"
#include "pki/signed.h"

/* Numbers of reasons fit into the one content byte. */
static void put_reason(struct buf *b, int reason)
{
    uint8_t value[] = {DER_ENUMERATED, 1, (uint8_t)(reason & 0x7f)};
    size_t list = der_begin(b, DER_SEQUENCE);
    pki_extension_put(b, PKI_OID_CRL_REASON, false, span_of(value, sizeof value));
    der_end(b, list);
}

static void put_entries(struct buf *b, const struct pki_crl_spec *spec)
{
    size_t list = der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < spec->count; i++) {
        const struct pki_crl_entry *entry = &spec->entries[i];
        size_t one = der_begin(b, DER_SEQUENCE);
        der_put(b, DER_INTEGER, entry->serial);
        der_put_time(b, entry->revoked_at);
        if (entry->reason != PKI_CRL_UNSPECIFIED)
            put_reason(b, entry->reason);
        der_end(b, one);
    }
    der_end(b, list);
}

static void put_number(struct buf *b, uint64_t number)
{
    struct buf value;
    buf_init(&value, 32);
    der_put_small_int(&value, number);
    if (value.failed)
        b->failed = true;
    pki_extension_put(b, PKI_OID_CRL_NUMBER, false, buf_span(&value));
    buf_clear(&value);
}

static void put_extensions(struct buf *b, const struct pki_crl_spec *spec)
{
    size_t tagged = der_begin(b, DER_CONTEXT(0));
    size_t list = der_begin(b, DER_SEQUENCE);
    if (spec->authority_key_id.len > 0)
        pki_extension_put_authority_key_id(b, spec->authority_key_id, false);
    put_number(b, spec->number);
    der_end(b, list);
    der_end(b, tagged);
}

static bool put_tbs(struct buf *b, const struct pki_crl_spec *spec, const struct pki_key *key,
                    enum pki_digest digest, struct err *e)
{
    size_t tbs = der_begin(b, DER_SEQUENCE);
    der_put_small_int(b, 1); /* v2 */
    if (!pki_put_signature_algorithm(b, key, digest, e))
        return false;
    buf_append_span(b, spec->issuer);
    der_put_time(b, spec->this_update);
    if (spec->next_update != 0)
        der_put_time(b, spec->next_update);
    if (spec->count > 0) /* RFC 5280 5.1.2.6: absent, not empty */
        put_entries(b, spec);
    put_extensions(b, spec);
    der_end(b, tbs);
    return true;
}

bool pki_crl_make(const struct pki_crl_spec *spec, const struct pki_key *key, enum pki_digest digest,
                  struct buf *out, struct err *e)
{
    size_t outer = der_begin(out, DER_SEQUENCE);
    size_t tbs_start = out->len;
    return put_tbs(out, spec, key, digest, e) && pki_put_signature(out, tbs_start, key, digest, e) &&
           pki_signed_end(out, outer, e);
}
