#include "pki/signed.h"

#include "pki/der.h"

bool pki_put_signature_algorithm(struct buf *b, const struct pki_key *key, enum pki_digest digest,
                                 struct err *e)
{
    bool rsa = pki_key_is_rsa(key);
    struct span oid = rsa ? pki_rsa_signature_oid(digest) : pki_ecdsa_signature_oid(digest);
    if (oid.len == 0)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "an EC key does not sign with %s",
                       pki_digest_name(digest));
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, oid);
    if (rsa)
        der_put_null(b);
    der_end(b, algorithm);
    return true;
}

bool pki_put_signature(struct buf *b, size_t body_start, const struct pki_key *key, enum pki_digest digest,
                       struct err *e)
{
    size_t body_end = b->len;
    if (!pki_put_signature_algorithm(b, key, digest, e))
        return false;
    size_t bits = der_begin(b, DER_BIT_STRING);
    /* Room first: signing must not move the bytes that it signs. */
    buf_append_byte(b, 0);
    if (buf_reserve(b, (size_t)EVP_PKEY_get_size(pki_key_evp(key))) == NULL)
        return buf_ok(b, STAGE_NONE, e);
    if (!pki_key_sign(key, digest, span_of(b->data + body_start, body_end - body_start), b, e))
        return false;
    der_end(b, bits);
    return true;
}

bool pki_signed_end(struct buf *b, size_t mark, struct err *e)
{
    der_end(b, mark);
    return buf_ok(b, STAGE_NONE, e);
}
