/* The algorithms SCEP peers use, by name, OID and fetched OpenSSL object.
 *
 * pki_init fetches everything once; afterwards any thread may use any function of this room. */
#ifndef PKI_ALGORITHM_H
#define PKI_ALGORITHM_H

#include "base/bytes.h"

#include <openssl/evp.h>

enum pki_digest { PKI_MD5, PKI_SHA1, PKI_SHA256, PKI_SHA384, PKI_SHA512, PKI_DIGEST_COUNT };

enum pki_cipher {
    PKI_DES_CBC, /* OpenSSL's legacy provider, in a library context of its own; absent when it does not load */
    PKI_DES3_CBC,
    PKI_AES128_CBC,
    PKI_AES192_CBC,
    PKI_AES256_CBC,
    PKI_CIPHER_COUNT
};

enum pki_transport { PKI_RSA_PKCS1, PKI_RSA_OAEP, PKI_TRANSPORT_COUNT };

/* Process-wide; call once before any thread starts, and once at the end. */
bool pki_init(struct err *e) MUST_USE;
void pki_cleanup(void);

/* "sha256", "aes128-cbc", "rsa-pkcs1" ...: names used in scenarios and results. *out untouched when unknown. */
const char *pki_digest_name(enum pki_digest digest);
const char *pki_cipher_name(enum pki_cipher cipher);
const char *pki_transport_name(enum pki_transport transport);
bool pki_digest_from_name(const char *name, enum pki_digest *out);
bool pki_cipher_from_name(const char *name, enum pki_cipher *out);

size_t pki_digest_bytes(enum pki_digest digest);
size_t pki_cipher_key_bytes(enum pki_cipher cipher);
size_t pki_cipher_block_bytes(enum pki_cipher cipher);

/* Borrowed, for the life of the process; NULL when this OpenSSL lacks it (single DES without legacy provider). */
const EVP_MD *pki_evp_digest(enum pki_digest digest);
const EVP_CIPHER *pki_evp_cipher(enum pki_cipher cipher);

/* Content bytes of the OBJECT IDENTIFIER (without tag and length), static. */
struct span pki_digest_oid(enum pki_digest digest);
struct span pki_cipher_oid(enum pki_cipher cipher);
bool pki_digest_from_oid(struct span oid, enum pki_digest *out);
bool pki_cipher_from_oid(struct span oid, enum pki_cipher *out);

/* `out` holds EVP_MAX_MD_SIZE bytes. */
bool pki_hash(enum pki_digest digest, struct span data, uint8_t *out, size_t *out_len,
              struct err *e) MUST_USE;

/* CBC with PKCS#7 padding. `iv` has pki_cipher_block_bytes, `key` pki_cipher_key_bytes. Appends to out.
 * Decrypting fails REASON_DECRYPT, REASON_UNSUPPORTED_ALGORITHM when this OpenSSL lacks the cipher. */
bool pki_encrypt(enum pki_cipher cipher, const uint8_t *key, const uint8_t *iv, struct span data,
                 struct buf *out, struct err *e) MUST_USE;
bool pki_decrypt(enum pki_cipher cipher, const uint8_t *key, const uint8_t *iv, struct span data,
                 struct buf *out, struct err *e) MUST_USE;
/* A fresh content key; `out` holds EVP_MAX_KEY_LENGTH bytes. DES keys get the odd parity that purists check. */
bool pki_cipher_new_key(enum pki_cipher cipher, uint8_t *out, struct err *e) MUST_USE;

/* SHA*WithRSAEncryption and its OID; false for OIDs that are something else. */
struct span pki_rsa_signature_oid(enum pki_digest digest);
/* ecdsa-with-SHA*; empty where there is none (MD5). */
struct span pki_ecdsa_signature_oid(enum pki_digest digest);
bool pki_rsa_signature_from_oid(struct span oid, enum pki_digest *out);

#endif
