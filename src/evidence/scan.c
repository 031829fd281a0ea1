#include "evidence/parts.h"

#include <strings.h>

/* Written so that compilers turn it into vector instructions: up to 255 bytes are summed in a byte. */
size_t scan_count(struct span s, uint8_t byte)
{
    size_t count = 0;
    while (s.len > 0) {
        size_t part = s.len < 255 ? s.len : 255;
        uint8_t sum = 0;
        for (size_t i = 0; i < part; i++)
            sum = (uint8_t)(sum + (s.data[i] == byte));
        count += sum;
        s = span_of(s.data + part, s.len - part);
    }
    return count;
}

const uint8_t *scan_find(struct span s, const char *word)
{
    return s.len == 0 ? NULL : memmem(s.data, s.len, word, strlen(word));
}

const uint8_t *scan_find_word(struct span s, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= s.len; i++) {
        if (strncasecmp((const char *)s.data + i, word, len) == 0)
            return s.data + i;
    }
    return NULL;
}

bool scan_equal(struct span s, const char *word)
{
    return s.len == strlen(word) && strncasecmp((const char *)s.data, word, s.len) == 0;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0;
}

struct span scan_trim(struct span s)
{
    while (s.len > 0 && is_blank(s.data[0]))
        s = span_of(s.data + 1, s.len - 1);
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

int64_t scan_number(struct span s, int64_t max)
{
    if (s.len == 0 || s.len > 18)
        return -1;
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return -1;
        n = n * 10 + (s.data[i] - '0');
    }
    return n <= max ? n : -1;
}
