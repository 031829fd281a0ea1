/* OpenSSL's generator made to repeat itself, for tests that pin bytes: nonces, content keys, padding and all.
 * OpenSSL's own TEST-RAND does it, so nothing of ours needs a seam. One thread only. */
#ifndef SUPPORT_FIXED_RANDOM_H
#define SUPPORT_FIXED_RANDOM_H

#include "check.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define FIXED_RANDOM_BYTES 65536

/* Before anything asks OpenSSL for random bytes, and again wherever the sequence is to begin anew. */
static inline void fixed_random(void)
{
    static uint8_t stream[FIXED_RANDOM_BYTES];
    static bool chosen;
    if (!chosen) {
        uint32_t x = 2463534242; /* xorshift: no zero bytes in a row, which PKCS#1 padding would step over */
        for (size_t i = 0; i < sizeof stream; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            stream[i] = (uint8_t)(x >> 24);
        }
        assert_int_equal(RAND_set_DRBG_type(NULL, "TEST-RAND", NULL, NULL, NULL), 1);
        chosen = true;
    }
    unsigned strength = 256;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_RAND_PARAM_STRENGTH, &strength),
        OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, stream, sizeof stream),
        OSSL_PARAM_construct_end(),
    };
    EVP_RAND_CTX *generators[] = {RAND_get0_public(NULL), RAND_get0_private(NULL)};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(generators[i]);
        assert_int_equal(EVP_RAND_CTX_set_params(generators[i], params), 1);
    }
}

#endif
