#include "logon/nthash.h"

#include "base/utf8.h"

#define BLOCK 64

/* MD4's three rounds differ in a function, a constant, the order of words and the rotations. */
static const struct round {
    uint32_t constant;
    uint8_t order[16];
    uint8_t rotations[4];
} rounds[3] = {
    {0, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {3, 7, 11, 19}},
    {UINT32_C(0x5a827999), {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, {3, 5, 9, 13}},
    {UINT32_C(0x6ed9eba1), {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}, {3, 9, 11, 15}},
};

static uint32_t mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
    return round == 0 ? (x & y) | (~x & z) : round == 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}

static void md4_block(uint32_t state[4], const uint8_t block[BLOCK])
{
    uint32_t words[16], s[4];
    for (size_t i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
                   (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
    memcpy(s, state, sizeof s);
    for (int r = 0; r < 3; r++) {
        for (size_t i = 0; i < 16; i++) {
            uint32_t sum = s[0] + mix(r, s[1], s[2], s[3]) + words[rounds[r].order[i]] + rounds[r].constant;
            uint8_t by = rounds[r].rotations[i % 4];
            s[0] = s[3];
            s[3] = s[2];
            s[2] = s[1];
            s[1] = sum << by | sum >> (32 - by);
        }
    }
    for (size_t i = 0; i < 4; i++)
        state[i] += s[i];
    explicit_bzero(words, sizeof words);
}

/* `data` has room for the padding: less than 2 blocks more. */
static void md4(uint8_t *data, size_t len, uint8_t out[LOGON_NTHASH_BYTES])
{
    uint32_t state[4] = {UINT32_C(0x67452301), UINT32_C(0xefcdab89), UINT32_C(0x98badcfe),
                         UINT32_C(0x10325476)};
    size_t padded = (len + 8) / BLOCK * BLOCK + BLOCK;
    memset(data + len, 0, padded - len);
    data[len] = 0x80;
    for (size_t i = 0; i < 8; i++)
        data[padded - 8 + i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    for (size_t at = 0; at < padded; at += BLOCK)
        md4_block(state, data + at);
    for (size_t i = 0; i < LOGON_NTHASH_BYTES; i++)
        out[i] = (uint8_t)(state[i / 4] >> 8 * (i % 4));
    explicit_bzero(state, sizeof state);
}

static size_t append_unit(uint8_t *to, uint32_t unit)
{
    to[0] = (uint8_t)unit;
    to[1] = (uint8_t)(unit >> 8);
    return 2;
}

bool logon_nthash(struct span password, uint8_t out[LOGON_NTHASH_BYTES])
{
    uint8_t units[4 * LOGON_NTHASH_PASSWORD + 2 * BLOCK];
    size_t len = 0, characters = 0;
    bool ok = true;
    for (size_t at = 0; ok && at < password.len; characters++) {
        uint32_t c = 0;
        size_t used = utf8_read(span_of(password.data + at, password.len - at), &c);
        ok = used > 0 && characters < LOGON_NTHASH_PASSWORD;
        if (!ok)
            break;
        if (c >= 0x10000)
            len += append_unit(units + len, 0xd800 + ((c - 0x10000) >> 10));
        len += append_unit(units + len, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c);
        at += used;
    }
    if (ok)
        md4(units, len, out);
    explicit_bzero(units, sizeof units);
    return ok;
}
