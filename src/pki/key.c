#include "pki/key.h"

#include "pki/der.h"
#include "pki/ec.h"
#include "pki/fail.h"
#include "pki/oid.h"
#include "pki/rsa.h"
#include "pki/spki.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdatomic.h>

#define MAX_DER_KEY_BYTES 16384
#define MAX_PEM_BLOCKS    16

struct pki_key {
    atomic_int references;
    EVP_PKEY *evp;
    unsigned bits;
    struct buf spki;
    struct span rsa_public; /* inside spki; empty for EC */
};

static bool encode_spki(struct pki_key *key, struct span n, struct span exponent)
{
    buf_init(&key->spki, MAX_DER_KEY_BYTES);
    struct buf *b = &key->spki;
    size_t outer = der_begin(b, DER_SEQUENCE);
    size_t algorithm = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, PKI_OID_RSA);
    der_put_null(b);
    der_end(b, algorithm);
    size_t bits = der_begin(b, DER_BIT_STRING);
    buf_append_byte(b, 0);
    size_t numbers = der_begin(b, DER_SEQUENCE);
    der_put_integer(b, n);
    der_put_integer(b, exponent);
    der_end(b, numbers);
    der_end(b, bits);
    der_end(b, outer);
    return !b->failed && pki_spki_is_rsa(buf_span(b), &key->rsa_public);
}

static bool encode_ec_spki(struct pki_key *key)
{
    buf_init(&key->spki, MAX_DER_KEY_BYTES);
    return pki_ec_put_spki(key->evp, &key->spki);
}

/* Takes `evp` over, also on failure. An RSA key comes with its modulus. */
static bool wrap_key(EVP_PKEY *evp, struct span n, struct span exponent, struct pki_key **out, struct err *e)
{
    struct pki_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(evp);
        return err_set(e, STAGE_KEY, REASON_NO_MEMORY, "no memory for a key");
    }
    atomic_init(&key->references, 1);
    key->evp = evp;
    key->bits = (unsigned)EVP_PKEY_get_bits(evp);
    if (n.len > 0 ? !encode_spki(key, n, exponent) : !encode_ec_spki(key)) {
        pki_key_free(key);
        return err_set(e, STAGE_KEY, REASON_NO_MEMORY, "no memory for a key");
    }
    *out = key;
    return true;
}

/* PKCS#8, appended; wipe it. */
static bool put_pkcs8(const EVP_PKEY *evp, struct buf *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(evp);
    unsigned char *der = NULL;
    int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    PKCS8_PRIV_KEY_INFO_free(info);
    bool ok = len > 0 && buf_append(out, der, (size_t)len);
    if (der != NULL)
        OPENSSL_clear_free(der, (size_t)len);
    return ok;
}

/* Read back through our own reader: one way of making keys, so one shape of key. */
bool pki_key_generate_rsa(unsigned bits, struct pki_key **out, struct err *e)
{
    if (bits < 1024 || bits > 8192)
        return err_set(e, STAGE_KEY, REASON_USAGE, "an RSA key of %u bits; 1024 to 8192 are possible", bits);
    struct buf der;
    buf_init(&der, MAX_DER_KEY_BYTES);
    EVP_PKEY *evp = EVP_RSA_gen(bits);
    bool ok = evp != NULL && put_pkcs8(evp, &der);
    EVP_PKEY_free(evp);
    ok = ok ? pki_key_from_der(buf_span(&der), out, e)
            : pki_fail(e, STAGE_KEY, REASON_CRYPTO, "generating an RSA key");
    buf_wipe(&der);
    return ok;
}

bool pki_key_generate_ec(unsigned bits, struct pki_key **out, struct err *e)
{
    EVP_PKEY *evp = NULL;
    struct span none = span_of(NULL, 0);
    return pki_ec_generate(bits, &evp, e) && wrap_key(evp, none, none, out, e);
}

/* PKCS#8 begins version, SEQUENCE; PKCS#1 begins version, INTEGER. */
static bool is_pkcs8(struct span der)
{
    struct der_reader r = der_reader_of(der);
    struct der_item item;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return false;
    r = der_reader_of(item.content);
    return der_optional(&r, DER_INTEGER, &item) && der_optional(&r, DER_SEQUENCE, &item);
}

bool pki_key_from_der(struct span der, struct pki_key **out, struct err *e)
{
    struct span pkcs1 = der;
    EVP_PKEY *evp = NULL;
    struct span n = span_of(NULL, 0);
    struct span exponent = n;
    bool ec;
    if (!pki_ec_private_decode(der, &ec, &evp, e))
        return pki_at_stage(false, STAGE_KEY, e);
    if (ec)
        return wrap_key(evp, n, exponent, out, e);
    if (is_pkcs8(der) && !pki_pkcs8_open(der, &pkcs1, e))
        return pki_at_stage(false, STAGE_KEY, e);
    if (!pki_rsa_private_decode(pkcs1, &evp, &n, &exponent, e))
        return pki_at_stage(false, STAGE_KEY, e);
    return wrap_key(evp, n, exponent, out, e);
}

/* Whether the PEM block just read is a private key in the clear; *wrong says why not, when it is a key. */
static bool is_clear_key(const char *name, const char *header, const char **wrong)
{
    if (strcmp(name, "ENCRYPTED PRIVATE KEY") == 0 || strstr(header, "ENCRYPTED") != NULL)
        *wrong = "the key is encrypted; decrypt it first (openssl pkey)";
    return *wrong == NULL && (strcmp(name, "PRIVATE KEY") == 0 || strcmp(name, "RSA PRIVATE KEY") == 0 ||
                              strcmp(name, "EC PRIVATE KEY") == 0);
}

bool pki_key_from_pem(struct span pem, struct pki_key **out, struct err *e)
{
    const char *wrong = NULL;
    bool found = false;
    bool ok = false;
    BIO *bio = pem.len > INT32_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    for (int i = 0; bio != NULL && !found && wrong == NULL && i < MAX_PEM_BLOCKS; i++) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long der_len = 0;
        if (PEM_read_bio(bio, &name, &header, &der, &der_len) != 1)
            break;
        found = is_clear_key(name, header, &wrong);
        if (found)
            ok = pki_key_from_der(span_of(der, (size_t)der_len), out, e);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_len);
    }
    BIO_free(bio);
    pki_forget_errors();
    if (!found)
        return err_set(e, STAGE_KEY, REASON_MALFORMED, "%s",
                       wrong != NULL ? wrong : "no private key in PEM form");
    return ok;
}

bool pki_key_to_der(const struct pki_key *key, struct buf *out, struct err *e)
{
    if (put_pkcs8(key->evp, out))
        return true;
    return buf_ok(out, STAGE_KEY, e) && pki_fail(e, STAGE_KEY, REASON_CRYPTO, "encoding a private key");
}

struct pki_key *pki_key_ref(struct pki_key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void pki_key_free(struct pki_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(key->evp);
    buf_clear(&key->spki);
    free(key);
}

unsigned pki_key_bits(const struct pki_key *key)
{
    return key->bits;
}

bool pki_key_is_rsa(const struct pki_key *key)
{
    return key->rsa_public.len > 0;
}

unsigned pki_rsa_bits(const EVP_PKEY *public_key)
{
    return EVP_PKEY_is_a(public_key, "RSA") ? (unsigned)EVP_PKEY_get_bits(public_key) : 0;
}

struct span pki_key_spki(const struct pki_key *key)
{
    return buf_span(&key->spki);
}

struct span pki_key_rsa_public(const struct pki_key *key)
{
    return key->rsa_public;
}

EVP_PKEY *pki_key_evp(const struct pki_key *key)
{
    return key->evp;
}

static bool sign_through_evp(const struct pki_key *key, const EVP_MD *md, struct span data, struct buf *out,
                             struct err *e)
{
    size_t len = (size_t)EVP_PKEY_get_size(key->evp);
    uint8_t *to = buf_reserve(out, len);
    if (to == NULL)
        return buf_ok(out, STAGE_NONE, e);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key->evp) == 1 &&
              EVP_DigestSign(ctx, to, &len, data.data, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return pki_fail(e, STAGE_NONE, REASON_CRYPTO, "signing");
    out->len += len;
    return true;
}

bool pki_key_sign(const struct pki_key *key, enum pki_digest digest, struct span data, struct buf *out,
                  struct err *e)
{
    const EVP_MD *md = pki_evp_digest(digest);
    if (md == NULL)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "this OpenSSL has no %s",
                       pki_digest_name(digest));
    return pki_key_is_rsa(key) ? pki_rsa_sign(key->evp, digest, data, out, e)
                               : sign_through_evp(key, md, data, out, e);
}

bool pki_verify(EVP_PKEY *public_key, enum pki_digest digest, struct span data, struct span signature,
                struct err *e)
{
    const EVP_MD *md = pki_evp_digest(digest);
    if (md == NULL)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "this OpenSSL has no %s",
                       pki_digest_name(digest));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, md, NULL, public_key) == 1 &&
              EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok || pki_fail(e, STAGE_NONE, REASON_BAD_SIGNATURE, "signature check");
}

bool pki_key_unwrap(const struct pki_key *key, enum pki_transport transport, struct span wrapped,
                    struct buf *out, struct err *e)
{
    if (!pki_key_is_rsa(key))
        return err_set(e, STAGE_NONE, REASON_DECRYPT, "only an RSA key opens a content key");
    return pki_rsa_unwrap(key->evp, transport, wrapped, out, e);
}

/* OAEP's defaults (SHA-1, MGF1 with SHA-1) are OpenSSL's too. */
static bool set_padding(EVP_PKEY_CTX *ctx, enum pki_transport transport)
{
    int padding = transport == PKI_RSA_OAEP ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1;
}

bool pki_wrap(EVP_PKEY *public_key, enum pki_transport transport, struct span secret, struct buf *out,
              struct err *e)
{
    size_t len = (size_t)EVP_PKEY_get_size(public_key);
    uint8_t *to = buf_reserve(out, len);
    if (to == NULL)
        return buf_ok(out, STAGE_NONE, e);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 && set_padding(ctx, transport) &&
              EVP_PKEY_encrypt(ctx, to, &len, secret.data, secret.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return pki_fail(e, STAGE_NONE, REASON_CRYPTO, "wrapping the content key");
    out->len += len;
    return true;
}
