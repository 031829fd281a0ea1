#include "scep/caps.h"

#include <strings.h>

#define MAX_CAPS_BYTES 65536

static const struct word {
    const char *text;
    unsigned bits;
} words[] = {
    {"AES", SCEP_CAP_AES},
    {"DES3", SCEP_CAP_DES3},
    {"GetNextCACert", SCEP_CAP_GET_NEXT_CA_CERT},
    {"POSTPKIOperation", SCEP_CAP_POST},
    {"Renewal", SCEP_CAP_RENEWAL},
    {"SHA-1", SCEP_CAP_SHA1},
    {"SHA-256", SCEP_CAP_SHA256},
    {"SHA-512", SCEP_CAP_SHA512},
    {"SCEPStandard", SCEP_CAP_STANDARD | SCEP_CAP_AES | SCEP_CAP_POST | SCEP_CAP_SHA256},
    {"Update", SCEP_CAP_UPDATE},
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\0';
}

/* The next line that is not blank, trimmed; false at the end. */
static bool next_word(struct span *rest, struct span *out)
{
    while (rest->len > 0) {
        size_t len = 0;
        while (len < rest->len && rest->data[len] != '\n' && rest->data[len] != '\r')
            len++;
        struct span word = span_of(rest->data, len);
        size_t used = len < rest->len ? len + 1 : len;
        *rest = span_of(rest->data + used, rest->len - used);
        while (word.len > 0 && is_blank(word.data[0]))
            word = span_of(word.data + 1, word.len - 1);
        while (word.len > 0 && is_blank(word.data[word.len - 1]))
            word.len--;
        if (word.len > 0) {
            *out = word;
            return true;
        }
    }
    return false;
}

static unsigned bits_of(struct span word, bool exact_case)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (exact_case ? span_equal_text(word, words[i].text)
                       : strlen(words[i].text) == word.len &&
                             strncasecmp(words[i].text, (const char *)word.data, word.len) == 0)
            return words[i].bits;
    }
    return 0;
}

static struct span within_bounds(struct span body)
{
    return span_of(body.data, body.len < MAX_CAPS_BYTES ? body.len : MAX_CAPS_BYTES);
}

unsigned scep_caps_parse(struct span body)
{
    return scep_caps_parse_as(body, false, true);
}

unsigned scep_caps_parse_as(struct span body, bool exact_case, bool knows_standard)
{
    struct span rest = within_bounds(body);
    struct span word;
    unsigned caps = 0;
    while (next_word(&rest, &word)) {
        unsigned bits = bits_of(word, exact_case);
        caps |= (bits & SCEP_CAP_STANDARD) != 0 && !knows_standard ? 0 : bits;
    }
    return caps;
}

size_t scep_caps_words(struct span body, struct span *out, size_t max)
{
    struct span rest = within_bounds(body);
    size_t count = 0;
    while (count < max && next_word(&rest, &out[count]))
        count++;
    return count;
}

enum pki_cipher scep_caps_cipher(unsigned caps)
{
    return (caps & SCEP_CAP_AES) != 0 ? PKI_AES128_CBC : PKI_DES3_CBC;
}

enum pki_digest scep_caps_digest(unsigned caps)
{
    if ((caps & SCEP_CAP_SHA256) != 0)
        return PKI_SHA256;
    return (caps & SCEP_CAP_SHA512) != 0 ? PKI_SHA512 : PKI_SHA1;
}
