/* Pages that are none of NDES's: who made them. Judged by their markup, because a login page says nothing in plain words. */
#include "challenge/page.h"

#include <strings.h>

#define TAG_BYTES 2048 /* a page of tags that never close must not cost its square */

static size_t find(struct span html, size_t from, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = from; i + len <= html.len; i++) {
        bool begins = (html.data[i] | 0x20) == (word[0] | 0x20); /* most places fail here */
        if (begins && strncasecmp((const char *)html.data + i, word, len) == 0)
            return i;
    }
    return html.len;
}

static bool contains(struct span html, const char *word)
{
    return find(html, 0, word) < html.len;
}

struct span challenge_page_attribute(struct span tag, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = find(tag, 0, name); at < tag.len; at = find(tag, at + 1, name)) {
        size_t i = at + len;
        bool begins = at > 0 && strchr(" \t\r\n\"'/", tag.data[at - 1]) != NULL;
        while (i < tag.len && strchr(" \t\r\n", tag.data[i]) != NULL)
            i++;
        if (!begins || i >= tag.len || tag.data[i] != '=')
            continue;
        for (i++; i < tag.len && strchr(" \t\r\n", tag.data[i]) != NULL;)
            i++;
        int quote = i < tag.len && (tag.data[i] == '"' || tag.data[i] == '\'') ? tag.data[i++] : 0;
        size_t end = i;
        while (end < tag.len &&
               (quote != 0 ? tag.data[end] != quote : strchr(" \t\r\n>", tag.data[end]) == NULL))
            end++;
        return span_of(tag.data + i, end - i);
    }
    return span_of(NULL, 0);
}

/* A field whose content is not shown. */
static bool asks_for_password(struct span html)
{
    for (size_t at = find(html, 0, "<input"); at < html.len; at = find(html, at + 1, "<input")) {
        size_t most = html.len - at < TAG_BYTES ? html.len - at : TAG_BYTES;
        const uint8_t *end = memchr(html.data + at, '>', most);
        size_t len = end != NULL ? (size_t)(end - html.data) - at : most;
        struct span type = challenge_page_attribute(span_of(html.data + at, len), "type");
        if (type.len == 8 && strncasecmp((const char *)type.data, "password", 8) == 0)
            return true;
    }
    return false;
}

/* Identity providers and their gateways post themselves on, or draw the form by script. */
static bool is_of_identity_provider(struct span html)
{
    static const char *const marks[] = {
        "\"SAMLRequest\"",                                /* SAML by POST, whoever asks */
        "\"SAMLResponse\"",  "\"wresult\"",               /* WS-Federation */
        "/adfs/ls",          "login.microsoftonline.com", /* Entra ID, and its application proxy */
        "login.windows.net", "/CookieAuth.dll",           /* Forefront TMG */
        "/InternalSite/",                                 /* Forefront UAG */
        "okta-signin",       "oktacdn.com",
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (contains(html, marks[i]))
            return true;
    }
    return false;
}

/* The template of HTTP.sys has a word in its document type that nobody else writes like that. */
static bool is_of_httpsys(struct span html)
{
    return contains(html, "\"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\"") &&
           contains(html, "<hr><p>HTTP Error ");
}

static bool is_of_iis(struct span html)
{
    return contains(html, "<h1>Server Error</h1>") || contains(html, "Detailed Error - ") ||
           contains(html, "Server Error in '/");
}

enum challenge_page challenge_page_foreign(struct span html)
{
    if (is_of_httpsys(html))
        return CHALLENGE_PAGE_HTTPSYS_ERROR;
    if (asks_for_password(html) || is_of_identity_provider(html))
        return CHALLENGE_PAGE_LOGIN;
    return is_of_iis(html) ? CHALLENGE_PAGE_IIS_ERROR : CHALLENGE_PAGE_UNKNOWN;
}

/* Cut before the character that does not fit. */
static void cut(const struct buf *text, char *out, size_t out_bytes)
{
    size_t len = text->len < out_bytes ? text->len : out_bytes - 1;
    while (len > 0 && len < text->len && (text->data[len] & 0xc0) == 0x80)
        len--;
    memcpy(out, text->data != NULL ? (const char *)text->data : "", len);
    out[len] = '\0';
    for (char *c = out; *c != '\0'; c++)
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
}

bool challenge_page_title(struct span html, char *out, size_t out_bytes)
{
    size_t begin = find(html, 0, "<title");
    const uint8_t *inner = begin < html.len ? memchr(html.data + begin, '>', html.len - begin) : NULL;
    out[0] = '\0';
    if (inner == NULL)
        return true;
    begin = (size_t)(inner - html.data) + 1;
    size_t end = find(html, begin, "</title");
    struct buf text, shown;
    buf_init(&text, BYTES_MAX_MESSAGE);
    buf_init(&shown, 4 * BYTES_MAX_MESSAGE);
    struct err ignored = {0};
    bool ok = challenge_page_text(span_of(html.data + begin, end - begin), &text) &&
              challenge_text_redact(buf_span(&text), &shown, &ignored);
    if (ok)
        cut(&shown, out, out_bytes);
    buf_wipe(&text);
    buf_wipe(&shown);
    return ok;
}
