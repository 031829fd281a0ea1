/* A code from a log, a console or a phone finds its causes. */
#include "base/text.h"
#include "causes/causes.h"

#include <ctype.h>
#include <string.h>

#define NEEDLE_BYTES 120

static bool word_char(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static bool same_here(const char *text, const char *needle, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (tolower((unsigned char)text[i]) != tolower((unsigned char)needle[i]))
            return false; /* also at the text's end */
    }
    return true;
}

/* As whole words, whatever the case: "503" is in "503.2" and in "event 503", not in "1503". */
static bool mentions(const char *text, const char *needle)
{
    size_t len = strlen(needle);
    if (text == NULL || len == 0)
        return false;
    for (const char *at = text; *at != '\0'; at++) {
        if ((at == text || !word_char(at[-1])) && same_here(at, needle, len) && !word_char(at[len]))
            return true;
    }
    return false;
}

static bool list_mentions(const char *const *list, const char *needle)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (mentions(list[i], needle))
            return true;
    }
    return false;
}

/* Clients of Windows report HTTP statuses as 0x80190000 + status. */
static bool http_in_hresult(uint32_t code, char out[NEEDLE_BYTES])
{
    uint32_t status = code & 0xffff;
    if (code >> 16 != 0x8019 || status < 100 || status > 599)
        return false;
    snprintf(out, NEEDLE_BYTES, "%u", (unsigned)status);
    return true;
}

/* "-2147023728" and "2147943568" are what NDES and IIS write for 0x80070490; small numbers stay as they are. */
static bool hresult_in_decimal(const char *text, char out[NEEDLE_BYTES])
{
    int64_t n = 0;
    struct err e = {0};
    if (!text_parse_int(text, INT32_MIN, UINT32_MAX, &n, &e) || (n >= 0 && n <= INT32_MAX))
        return false;
    snprintf(out, NEEDLE_BYTES, "0x%08X", (unsigned)(uint32_t)n);
    return true;
}

/* "404 14" as the IIS log has it, "event id 31" and "HTTP 503" as people say it. */
static void strip(const char *query, char out[NEEDLE_BYTES])
{
    static const char *const kinds[] = {"event id ", "event ", "http ", "hresult ", "error ", "win32 "};
    query += strspn(query, " ");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (same_here(query, kinds[i], strlen(kinds[i]))) {
            query += strlen(kinds[i]);
            break;
        }
    }
    snprintf(out, NEEDLE_BYTES, "%s", query);
    for (size_t len = strlen(out); len > 0 && out[len - 1] == ' '; len--)
        out[len - 1] = '\0';
    if (strlen(out) >= 5 && strspn(out, "0123456789") == 3 && out[3] == ' ' && isdigit((unsigned char)out[4]))
        out[3] = '.';
    char *win32 = strchr(out, ' ');
    if (win32 != NULL && strspn(out, "0123456789. ") == strlen(out))
        *win32 = '\0'; /* "500.0 1346": the win32 status is asked for by itself */
}

static enum causes_match match_one(const struct cause *c, const char *needle)
{
    if (list_mentions(c->codes, needle))
        return CAUSES_CODE;
    if (mentions(c->symptom_ios, needle) || mentions(c->symptom_android, needle) ||
        mentions(c->symptom_windows, needle) || mentions(c->symptom_macos, needle) ||
        mentions(c->symptom_console, needle))
        return CAUSES_SHOWN;
    if (mentions(c->id, needle) || mentions(c->title, needle) || mentions(c->signature, needle) ||
        mentions(c->decided_by, needle) || list_mentions(c->steps, needle) ||
        list_mentions(c->resolution, needle))
        return CAUSES_MENTIONED;
    return CAUSES_NO_MATCH;
}

enum causes_match causes_match(const struct cause *c, const char *query)
{
    char needle[NEEDLE_BYTES], other[NEEDLE_BYTES];
    strip(query, needle);
    enum causes_match best = match_one(c, needle);
    if (hresult_in_decimal(needle, other)) {
        enum causes_match as_hex = match_one(c, other);
        best = as_hex > best ? as_hex : best;
    }
    unsigned code = 0;
    if (strncmp(needle, "0x", 2) == 0 && sscanf(needle + 2, "%8x", &code) == 1 &&
        http_in_hresult(code, other)) {
        enum causes_match as_status = match_one(c, other);
        best = as_status > best ? as_status : best;
    }
    return best;
}

bool causes_symptom_matches(const struct causes_symptom *s, const char *query)
{
    char needle[NEEDLE_BYTES];
    strip(query, needle);
    return mentions(s->shown, needle);
}
