#include "challenge/challenge.h"

#include "base/text.h"
#include "challenge/page.h"

#include <strings.h>

/* OTP pages are below 2 KiB; what comes later in a body is no longer one. */
#define PAGE_LOOK_BYTES    ((size_t)128 << 10)
#define PASSWORD_MAX_BYTES 512
#define HEX_MIN_DIGITS     8  /* PasswordLength 4, on a page that shows the thumbprint too */
#define HEX_BOLD_DIGITS    16 /* on a page that has nothing else to know it by */
#define THUMBPRINT_GROUPS  4
#define THUMBPRINT_DIGITS  8

static bool is_hex(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Blanks and bold marks stand between words. */
static bool is_gap(int c)
{
    return c == ' ' || c == CHALLENGE_BOLD_BEGIN || c == CHALLENGE_BOLD_END;
}

static size_t find(struct span text, size_t from, const char *words)
{
    size_t len = strlen(words);
    for (size_t i = from; i + len <= text.len; i++) {
        if (strncasecmp((const char *)text.data + i, words, len) == 0)
            return i;
    }
    return text.len;
}

static bool contains(struct span text, const char *words)
{
    return find(text, 0, words) < text.len;
}

/* The word at or after *at; moves *at behind it. Empty at the end of the text. */
static struct span next_word(struct span text, size_t *at)
{
    while (*at < text.len && is_gap(text.data[*at]))
        (*at)++;
    size_t begin = *at;
    while (*at < text.len && !is_gap(text.data[*at]))
        (*at)++;
    return span_of(text.data + begin, *at - begin);
}

static bool all_hex(struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!is_hex(word.data[i]))
            return false;
    }
    return word.len > 0;
}

static bool has_lower(struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] >= 'a' && word.data[i] <= 'z')
            return true;
    }
    return false;
}

static bool is_alnum(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The first number of at least `min` behind `from` that is no part of a word; 0 when there is none. What is not ASCII separates
 * too: Chinese and Japanese write numbers without blanks around them. */
static unsigned number_after(struct span text, size_t from, unsigned min)
{
    unsigned value = 0;
    size_t digits = 0;
    bool in_word = false;
    for (size_t at = from; at < text.len; at++) {
        int c = text.data[at];
        bool digit = c >= '0' && c <= '9';
        if (!is_alnum(c) && digits > 0 && !in_word && value >= min)
            return value;
        if (!is_alnum(c) || digits == 6) {
            in_word = is_alnum(c);
            digits = 0;
            value = 0;
            continue;
        }
        in_word = in_word || !digit;
        digits += digit;
        value = digit ? value * 10 + (unsigned)(c - '0') : 0;
    }
    return in_word || value < min ? 0 : value;
}

static bool has_bold_mark(struct span text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (text.data[i] == CHALLENGE_BOLD_BEGIN || text.data[i] == CHALLENGE_BOLD_END)
            return true;
    }
    return false;
}

/* Four groups of eight hex digits in a row, with blanks between; *end is where they end, 0 when the page has none. A password of
 * eight digits stands in bold by itself, so it is none of them. */
static void find_thumbprint(struct span text, char out[33], size_t *end)
{
    size_t groups = 0, before = 0;
    *end = 0;
    for (size_t at = 0; at < text.len; before = at) {
        struct span word = next_word(text, &at);
        bool group = word.len == THUMBPRINT_DIGITS && all_hex(word);
        if (!group || has_bold_mark(text, before, (size_t)(word.data - text.data)))
            groups = 0;
        if (!group)
            continue;
        memcpy(out + groups * THUMBPRINT_DIGITS, word.data, THUMBPRINT_DIGITS);
        if (++groups == THUMBPRINT_GROUPS) {
            out[THUMBPRINT_GROUPS * THUMBPRINT_DIGITS] = '\0';
            *end = at;
            return;
        }
    }
    out[0] = '\0';
}

/* The English sentence: what follows is the password, whatever its alphabet. */
static struct span password_by_sentence(struct span text, size_t *end)
{
    static const char sentence[] = "enrollment challenge password is:";
    size_t at = find(text, 0, sentence);
    if (at == text.len)
        return span_of(NULL, 0);
    at += sizeof sentence - 1;
    struct span bold = text;
    size_t closing = at;
    while (closing < text.len && text.data[closing] != CHALLENGE_BOLD_END)
        closing++;
    bold.len = closing; /* an empty <B> </B> must not make the next sentence the password */
    struct span word = next_word(bold, &at);
    *end = at;
    return word;
}

/* True when the word is all that stands between <B> and </B>. */
static bool is_bold_alone(struct span text, struct span word)
{
    size_t begin = (size_t)(word.data - text.data), end = begin + word.len;
    while (begin > 0 && text.data[begin - 1] == ' ')
        begin--;
    while (end < text.len && text.data[end] == ' ')
        end++;
    return begin > 0 && text.data[begin - 1] == CHALLENGE_BOLD_BEGIN && end < text.len &&
           text.data[end] == CHALLENGE_BOLD_END;
}

/* Other languages: the last lone run of hex digits. A page with the thumbprint is an OTP page; without it only
 * NDES's own form counts, a bold run of at least 16 upper-case digits, because proxies show hex numbers too. */
static struct span password_by_pattern(struct span text, size_t thumbprint_end, size_t *end)
{
    struct span found = span_of(NULL, 0);
    bool found_bold = false;
    for (size_t at = thumbprint_end; at < text.len;) {
        struct span word = next_word(text, &at);
        bool bold = word.len > 0 && is_bold_alone(text, word);
        bool certain = bold && word.len >= HEX_BOLD_DIGITS && !has_lower(word);
        bool fits = all_hex(word) && word.len % 2 == 0 && word.len >= HEX_MIN_DIGITS &&
                    word.len <= PASSWORD_MAX_BYTES && (certain || thumbprint_end > 0);
        if (fits && (bold || !found_bold)) {
            found = word;
            found_bold = bold;
            *end = at;
        }
    }
    return found;
}

/* The page of the single-password mode leaves the sentence about "only once" and the minutes out, in every
 * language: a number behind the password says as much as the words. Where it is not English a 1 is the "once". */
static bool take_password(struct span text, struct span password, size_t end,
                          struct challenge_page_facts *out, struct err *e)
{
    out->kind = CHALLENGE_PAGE_PASSWORD;
    size_t within = find(text, end, "expire within");
    out->validity_minutes = within < text.len ? number_after(text, within, 1) : number_after(text, end, 2);
    out->single_use = contains(text, "used only once") || out->validity_minutes > 0;
    return secret_new(password, &out->password, e);
}

/* One of `words`, alternatives separated by '|'. */
static bool contains_any(struct span text, const char *words)
{
    char word[48];
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, "|");
        snprintf(word, sizeof word, "%.*s", (int)len, at);
        if (contains(text, word))
            return true;
        at += len;
        at += *at == '|';
    }
    return false;
}

/* NDES's two refusals on servers of other languages. Their exact sentences are not published: a page about a password and a cache
 * that shows how long and how many, and a page about permissions and SCEP that shows no number. */
static enum challenge_page refusal_in_words(struct span text)
{
    static const char password[] = "kennwort|passwort|mot de passe|mots de passe|contrase|senha|wachtwoord|"
                                   "has\xc5\x82|\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb|"
                                   "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89|"
                                   "\xe5\xaf\x86\xe7\xa0\x81|\xe5\xaf\x86\xe7\xa2\xbc|"
                                   "\xec\x95\x94\xed\x98\xb8|password";
    static const char cache[] = "cache|cach\xc3\xa9|\xd0\xba\xd1\x8d\xd1\x88|"
                                "\xe3\x82\xad\xe3\x83\xa3\xe3\x83\x83\xe3\x82\xb7\xe3\x83\xa5|"
                                "\xe7\xbc\x93\xe5\xad\x98|\xe5\xbf\xab\xe5\x8f\x96|"
                                "\xec\xba\x90\xec\x8b\x9c";
    static const char permission[] = "berechtigung|autorisation|permiso|permiss|autorizz|machtiging|"
                                     "uprawnie|\xd1\x80\xd0\xb0\xd0\xb7\xd1\x80\xd0\xb5\xd1\x88|"
                                     "\xe8\xa8\xb1\xe5\x8f\xaf|\xe6\x9d\x83\xe9\x99\x90|"
                                     "\xe6\xac\x8a\xe9\x99\x90|\xea\xb6\x8c\xed\x95\x9c";
    unsigned number = number_after(text, 0, 2);
    if (contains_any(text, password) && contains_any(text, cache) && number > 0)
        return CHALLENGE_PAGE_CACHE_FULL;
    if (contains(text, "SCEP") && contains_any(text, permission) && number == 0)
        return CHALLENGE_PAGE_NO_PERMISSION;
    return CHALLENGE_PAGE_UNKNOWN;
}

const char *challenge_page_id(enum challenge_page page)
{
    static const char *const ids[] = {
        [CHALLENGE_PAGE_PASSWORD] = "password",
        [CHALLENGE_PAGE_CACHE_FULL] = "cache_full",
        [CHALLENGE_PAGE_NO_PERMISSION] = "no_permission",
        [CHALLENGE_PAGE_BLANK] = "blank",
        [CHALLENGE_PAGE_LOGIN] = "login",
        [CHALLENGE_PAGE_IIS_ERROR] = "iis_error",
        [CHALLENGE_PAGE_HTTPSYS_ERROR] = "httpsys_error",
        [CHALLENGE_PAGE_UNKNOWN] = "unknown",
    };
    return ids[page];
}

/* The page's visible text decides first: NDES's sentences are its own. A form that asks for a password is never NDES's, so what
 * looks like one on it is none. */
static bool classify(struct span html, struct span text, struct challenge_page_facts *out, struct err *e)
{
    size_t thumbprint_end = 0, end = 0;
    find_thumbprint(text, out->ca_thumbprint, &thumbprint_end);
    struct span password = password_by_sentence(text, &end);
    if (password.len > 0 && password.len <= PASSWORD_MAX_BYTES)
        return take_password(text, password, end, out, e);
    if (contains(text, "password cache is full")) {
        out->kind = CHALLENGE_PAGE_CACHE_FULL;
        out->validity_minutes = number_after(text, find(text, 0, "stored for"), 1);
        out->cache_size = number_after(text, find(text, 0, "cache more than"), 1);
        return true;
    }
    if (contains(text, "sufficient permission to enroll")) {
        out->kind = CHALLENGE_PAGE_NO_PERMISSION;
        return true;
    }
    out->kind = challenge_page_foreign(html);
    if (out->kind == CHALLENGE_PAGE_UNKNOWN)
        password = password_by_pattern(text, thumbprint_end, &end);
    if (password.len > 0)
        return take_password(text, password, end, out, e);
    if (out->kind == CHALLENGE_PAGE_UNKNOWN && thumbprint_end == 0)
        out->kind = refusal_in_words(text);
    if (out->kind == CHALLENGE_PAGE_CACHE_FULL)
        out->validity_minutes = number_after(text, 0, 2);
    return challenge_page_title(html, out->title, sizeof out->title);
}

static bool is_empty(struct span body)
{
    for (size_t i = 0; i < body.len; i++) {
        if (strchr(" \t\r\n\f\v", body.data[i]) == NULL) /* finds NUL too */
            return false;
    }
    return true;
}

bool challenge_page_read(struct span body, struct challenge_page_facts *out, struct err *e)
{
    *out = (struct challenge_page_facts){.kind = CHALLENGE_PAGE_UNKNOWN};
    body.len = body.len < PAGE_LOOK_BYTES ? body.len : PAGE_LOOK_BYTES;
    struct buf utf8, text;
    buf_init(&utf8, 2 * PAGE_LOOK_BYTES);
    buf_init(&text, 2 * PAGE_LOOK_BYTES);
    bool ok = text_to_utf8(body, &utf8);
    if (ok && is_empty(buf_span(&utf8)))
        out->kind = CHALLENGE_PAGE_BLANK;
    else
        ok = ok && challenge_page_text(buf_span(&utf8), &text) &&
             classify(buf_span(&utf8), buf_span(&text), out, e);
    if (!ok)
        err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory to read the OTP page");
    buf_wipe(&utf8);
    buf_wipe(&text);
    return ok;
}

void challenge_page_clear(struct challenge_page_facts *facts)
{
    secret_free(facts->password);
    *facts = (struct challenge_page_facts){.kind = CHALLENGE_PAGE_UNKNOWN};
}
