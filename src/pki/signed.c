#include "pki/signed.h"

#include "pki/fail.h"

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

bool pki_signed_read(struct span der, const char *what, struct pki_signed *out, struct err *e)
{
    struct der_reader r = der_reader_of(der);
    struct der_item outer;
    struct der_item algorithm;
    struct der_item signature;
    struct der_item oid;
    if (!der_expect(&r, DER_SEQUENCE, what, &outer, e))
        return false;
    r = der_reader_of(outer.content);
    if (!der_expect(&r, DER_SEQUENCE, "what is signed", &out->body, e) ||
        !der_expect(&r, DER_SEQUENCE, "signature algorithm", &algorithm, e) ||
        !der_expect(&r, DER_BIT_STRING, "signature", &signature, e))
        return false;
    if (signature.content.len < 2 || signature.content.data[0] != 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the %s's signature is empty", what);
    r = der_reader_of(algorithm.content);
    if (!der_expect(&r, DER_OID, "signature algorithm", &oid, e))
        return false;
    out->whole = outer.whole;
    out->algorithm = algorithm.whole;
    out->oid = oid.content;
    out->signature = span_of(signature.content.data + 1, signature.content.len - 1);
    return true;
}

bool pki_signed_by(const struct pki_signed *s, struct span issuer_name, const struct pki_cert *issuer,
                   bool (*otherwise)(struct span whole, EVP_PKEY *key))
{
    struct span subject = pki_cert_subject(issuer);
    if (!span_equal(issuer_name, subject) && !pki_name_same_rdns(issuer_name, subject))
        return false;
    EVP_PKEY *key = pki_cert_public_key(issuer);
    enum pki_digest digest;
    if (key == NULL)
        return false;
    if (pki_rsa_signature_from_oid(s->oid, &digest))
        return pki_cert_is_rsa(issuer) && pki_verify(key, digest, s->body.whole, s->signature, NULL);
    bool ok = otherwise(s->whole, key);
    pki_forget_errors();
    return ok;
}
