#include "base/utf8.h"
#include "evidence/parts.h"

/* Windows-1252, 80 to 9F; 0 where it has no character. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* No byte of input makes more than three of output (a Windows-1252 sign in UTF-8); every string has a NUL beside, and there are
 * fewer strings than bytes. */
bool arena_begin(struct arena *a, size_t bytes)
{
    size_t need = 4 * bytes + 4096;
    a->len = 0;
    if (a->cap >= need)
        return true;
    char *data = malloc(need);
    if (data == NULL)
        return false;
    free(a->data);
    a->data = data;
    a->cap = need;
    return true;
}

void arena_free(struct arena *a)
{
    free(a->data);
    *a = (struct arena){0};
}

/* ASCII at the beginning of s, without NULs: most of everything. */
static size_t plain_length(struct span s)
{
    size_t len = 0;
    while (len < s.len && s.data[len] - 1u < 0x7F)
        len++;
    return len;
}

bool arena_is_utf8(struct span s)
{
    for (size_t used; s.len > 0; s = span_of(s.data + used, s.len - used)) {
        used = plain_length(s);
        if (used == 0)
            used = s.data[0] == 0 ? 0 : utf8_length(s);
        if (used == 0)
            return false;
    }
    return true;
}

static void put(struct arena *a, const void *bytes, size_t len)
{
    if (len + 1 > a->cap - a->len) /* only by element names that are repeated for thousands of attributes */
        return;
    memcpy(a->data + a->len, bytes, len);
    a->len += len;
}

void arena_append_char(struct arena *a, uint32_t code)
{
    if (code == 0)
        code = ' ';
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;
    uint8_t out[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    out[0] = (uint8_t)(lead[len] | code);
    put(a, out, len);
}

void arena_append(struct arena *a, struct span s)
{
    for (size_t used; s.len > 0; s = span_of(s.data + used, s.len - used)) {
        used = plain_length(s);
        if (used == 0)
            used = s.data[0] == 0 ? 0 : utf8_length(s);
        if (used > 0) {
            put(a, s.data, used);
            continue;
        }
        uint8_t byte = s.data[0];
        uint32_t code = byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte;
        arena_append_char(a, code == 0 && byte != 0 ? 0xFFFD : code);
        used = 1;
    }
}

const char *arena_end(struct arena *a, size_t from)
{
    if (a->len >= a->cap)
        return "";
    a->data[a->len++] = '\0';
    return a->data + from;
}

const char *arena_text(struct arena *a, struct span s)
{
    size_t from = a->len;
    arena_append(a, s);
    return arena_end(a, from);
}
