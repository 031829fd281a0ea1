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

/* ---- a code in other spellings ---- */

/* "0x80070490", "80070490", "-2147023728", "2147943568": all the same; small numbers are no HRESULTs. */
static bool hresult_of(const char *text, uint32_t *out)
{
    int64_t n = 0;
    unsigned hex = 0;
    struct err e = {0};
    bool prefixed = same_here(text, "0x", 2);
    const char *digits = text + (prefixed ? 2 : 0);
    size_t len = strspn(digits, "0123456789abcdefABCDEF");
    if (digits[len] == '\0' && len == 8 && (prefixed || strchr("89abcdefABCDEF", digits[0]) != NULL) &&
        sscanf(digits, "%8x", &hex) == 1) {
        *out = hex;
        return true;
    }
    if (!text_parse_int(text, INT32_MIN, UINT32_MAX, &n, &e) || (n >= 0 && n <= INT32_MAX))
        return false;
    *out = (uint32_t)n;
    return true;
}

static bool as_hresult(const char *text, char out[NEEDLE_BYTES])
{
    uint32_t code = 0;
    bool is = hresult_of(text, &code);
    snprintf(out, NEEDLE_BYTES, "0x%08X", (unsigned)code);
    return is;
}

/* Clients of Windows report HTTP statuses as 0x80190000 + status. */
static bool as_http_status(const char *text, char out[NEEDLE_BYTES])
{
    uint32_t code = 0;
    bool is =
        hresult_of(text, &code) && code >> 16 == 0x8019 && (code & 0xffff) >= 100 && (code & 0xffff) < 600;
    snprintf(out, NEEDLE_BYTES, "%u", (unsigned)(code & 0xffff));
    return is;
}

/* 0x80070000 + a number of Windows, which IIS logs bare. */
static bool as_win32(const char *text, char out[NEEDLE_BYTES])
{
    uint32_t code = 0;
    bool is = hresult_of(text, &code) && code >> 16 == 0x8007;
    snprintf(out, NEEDLE_BYTES, "win32 %u", (unsigned)(code & 0xffff));
    return is;
}

/* And back; numbers of three digits are somebody else's. */
static bool from_win32(const char *text, char out[NEEDLE_BYTES])
{
    int64_t n = 0;
    struct err e = {0};
    bool is = text_parse_int(text, 1000, 65535, &n, &e);
    snprintf(out, NEEDLE_BYTES, "0x%08X", 0x80070000U + (unsigned)n);
    return is;
}

static bool as_it_is(const char *text, char out[NEEDLE_BYTES])
{
    snprintf(out, NEEDLE_BYTES, "%s", text);
    return true;
}

typedef bool (*spelling)(const char *text, char out[NEEDLE_BYTES]);
static const spelling spellings[] = {as_it_is, as_hresult, as_http_status, as_win32, from_win32};

/* Behind the words that say what kind of number it is: "Event ID: 31", "HTTP 503", "IIS 404.14". */
static const char *behind_kinds(const char *query)
{
    static const char *const kinds[] = {"event id", "eventid", "event",  "http", "hresult", "error",
                                        "win32",    "iis",     "status", "code", "id"};
    bool found = true;
    while (found) {
        query += strspn(query, " :#=");
        found = false;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !found; i++) {
            size_t len = strlen(kinds[i]);
            found =
                same_here(query, kinds[i], len) && query[len] != '\0' && strchr(" :#=", query[len]) != NULL;
            query += found ? len : 0;
        }
    }
    return query;
}

/* "404 14" as the IIS log has it, "NDES event 31" as people say it. */
static void strip(const char *query, char out[NEEDLE_BYTES])
{
    snprintf(out, NEEDLE_BYTES, "%s", behind_kinds(query));
    size_t word = strcspn(out, " ");
    const char *number = behind_kinds(out + word);
    bool event = out[word] != '\0' && same_here(out + word + 1, "event", 5);
    if (event && number > out + word + 1 && isdigit((unsigned char)*number))
        memmove(out + word + 1, number, strlen(number) + 1);
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
    enum causes_match best = CAUSES_NO_MATCH;
    strip(query, needle);
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        enum causes_match found = spellings[i](needle, other) ? match_one(c, other) : CAUSES_NO_MATCH;
        best = found > best ? found : best;
    }
    return best;
}

bool causes_symptom_matches(const struct causes_symptom *s, const char *query)
{
    char needle[NEEDLE_BYTES], other[NEEDLE_BYTES];
    uint32_t code = 0;
    strip(query, needle);
    if (mentions(s->shown, needle) || (as_hresult(needle, other) && mentions(s->shown, other)))
        return true;
    /* All numbers of Intune's own kind mean as much. */
    return hresult_of(needle, &code) && code >> 16 == 0x87D1 && mentions(s->shown, "0x87D1....");
}
