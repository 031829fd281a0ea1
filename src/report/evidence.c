#include "report/parts.h"

#include "base/text.h"

#include <ctype.h>
#include <strings.h>

#define REDACTED "[redacted]"

/* ---- names ---- */

void evidence_name(const struct measure *m, size_t failure, char *out, size_t out_bytes)
{
    const struct outcome *o = &measure_failure(m, failure)->first;
    char detail[32] = "";
    if (o->has_hresult)
        snprintf(detail, sizeof detail, "-0x%08x", o->hresult);
    else if (o->http_status != 0 && o->http_status != 200)
        snprintf(detail, sizeof detail, "-%d", o->http_status);
    snprintf(out, out_bytes, "evidence/%02zu-%s-%s%s.json", failure + 1, base_stage_id(o->error.stage),
             base_reason_id(o->error.reason), detail);
}

bool evidence_has(const struct measure_failure *f)
{
    return f->url.len + f->headers.len + f->body.len > 0;
}

/* ---- taking secrets out ---- */

/* The message of a GET holds the request, encrypted, at great length; user information is a password. */
bool evidence_url(struct span url, struct buf *out)
{
    const uint8_t *at = url.len == 0 ? NULL : memmem(url.data, url.len, "://", 3);
    size_t host = at == NULL ? 0 : (size_t)(at - url.data) + 3;
    size_t end = host;
    while (end < url.len && url.data[end] != '/' && url.data[end] != '?')
        end++;
    size_t user_end = host;
    for (size_t i = host; i < end; i++) {
        if (url.data[i] == '@')
            user_end = i + 1;
    }
    buf_append(out, url.data, host);
    const uint8_t *message =
        user_end == url.len ? NULL : memmem(url.data + user_end, url.len - user_end, "message=", 8);
    size_t keep = message == NULL ? url.len : (size_t)(message - url.data) + 8;
    if (message != NULL && url.len - keep <= 128)
        keep = url.len; /* "message=CAIdentifier" is harmless */
    buf_append(out, url.data + user_end, keep - user_end);
    if (keep < url.len)
        buf_appendf(out, "[%zu characters]", url.len - keep);
    return !out->failed;
}

static bool is_secret_header(const char *line, size_t name_len)
{
    static const char *const names[] = {"Set-Cookie",    "Set-Cookie2",         "Cookie",
                                        "Authorization", "Proxy-Authorization", "Authentication-Info"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == name_len && strncasecmp(line, names[i], name_len) == 0)
            return true;
    }
    return false;
}

/* A challenge header says which schemes are offered; what follows the scheme may be a token. */
static bool is_challenge_header(const char *line, size_t name_len)
{
    return (name_len == 16 && strncasecmp(line, "WWW-Authenticate", 16) == 0) ||
           (name_len == 18 && strncasecmp(line, "Proxy-Authenticate", 18) == 0);
}

/* Where a password may have been asked for or given, only these are told: the others may echo it. */
static bool is_plain_header(const char *line, size_t name_len)
{
    static const char *const names[] = {"Server",     "Date",       "Content-Type",  "Content-Length",
                                        "Connection", "Keep-Alive", "Retry-After",   "Transfer-Encoding",
                                        "Via",        "Allow",      "X-Powered-By",  "X-AspNet-Version",
                                        "Expires",    "Pragma",     "Cache-Control", "WWW-Authenticate"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == name_len && strncasecmp(line, names[i], name_len) == 0)
            return true;
    }
    return name_len == 0; /* the status line */
}

/* Of a redirect the host: "Location: https://login.example.com/[redacted]". */
static size_t plain_location(const char *line, size_t len)
{
    const char *host = memmem(line, len, "://", 3);
    const char *end = host == NULL ? NULL : memchr(host + 3, '/', len - (size_t)(host + 3 - line));
    bool user = end != NULL && memchr(host, '@', (size_t)(end - host)) != NULL;
    return end == NULL || user ? 0 : (size_t)(end - line) + 1;
}

static void withhold_header(const char *line, size_t len, struct buf *out)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon == NULL ? 0 : (size_t)(colon - line);
    bool location = name_len == 8 && strncasecmp(line, "Location", 8) == 0;
    size_t keep = location ? plain_location(line, len) : 0;
    buf_append(out, line, keep > 0 ? keep : name_len);
    buf_appendf(out, "%s" REDACTED, keep > 0 ? "" : ": ");
}

static void redact_header(const char *line, size_t len, struct buf *out)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon == NULL ? 0 : (size_t)(colon - line);
    if (is_secret_header(line, name_len)) {
        buf_append(out, line, name_len);
        buf_append_text(out, ": " REDACTED);
        return;
    }
    if (is_challenge_header(line, name_len) && len > name_len + 80)
        len = name_len + 12;
    buf_append(out, line, len);
}

/* Runs of letters and digits that could be a password: 8 or more hex digits, or 16 or more characters with a digit
 * among them. Thumbprints go, too: too much is better than too little. */
static bool could_be_secret(const uint8_t *run, size_t len)
{
    size_t hex = 0, digits = 0;
    for (size_t i = 0; i < len; i++) {
        hex += isxdigit(run[i]) != 0;
        digits += isdigit(run[i]) != 0;
    }
    return (len >= 8 && hex == len) || (len >= 16 && digits > 0);
}

static void redact_page(struct span text, struct buf *out)
{
    size_t i = 0;
    while (i < text.len) {
        size_t end = i;
        while (end < text.len && isalnum(text.data[end]))
            end++;
        if (end == i)
            buf_append_byte(out, text.data[i++]);
        else if (could_be_secret(text.data + i, end - i))
            buf_append_text(out, REDACTED);
        else
            buf_append(out, text.data + i, end - i);
        i = end > i ? end : i;
    }
}

/* ---- the file ---- */

static bool is_text(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 && s.data[i] != '\t' && s.data[i] != '\n' && s.data[i] != '\r')
            return false;
    }
    return s.len > 0;
}

static json_t *utf8_json(struct span s)
{
    json_t *out = json_stringn(s.data == NULL ? "" : (const char *)s.data, s.len);
    return out == NULL ? json_null() : out; /* not UTF-8: the base64 has it */
}

/* Anything that the OTP page said may hold a password, in whatever language and encoding. */
static bool may_hold_password(const struct measure_failure *f)
{
    return f->first.error.stage == STAGE_OTP || f->first.body == OUTCOME_BODY_NDES_PAGE;
}

static void put_header(const struct measure_failure *f, const char *line, size_t len, struct buf *out)
{
    const char *colon = memchr(line, ':', len);
    if (may_hold_password(f) && !is_plain_header(line, colon == NULL ? 0 : (size_t)(colon - line)))
        withhold_header(line, len, out);
    else
        redact_header(line, len, out);
}

static json_t *headers_json(const struct measure_failure *f)
{
    json_t *out = json_array();
    struct buf line;
    buf_init(&line, MEASURE_MAX_EXEMPLAR_BYTES * 2);
    const char *at = (const char *)f->headers.data;
    size_t left = f->headers.len;
    while (left > 0) {
        const char *newline = memchr(at, '\n', left);
        size_t len = newline == NULL ? left : (size_t)(newline - at);
        size_t trimmed = len > 0 && at[len - 1] == '\r' ? len - 1 : len;
        buf_reset(&line);
        put_header(f, at, trimmed, &line);
        if (line.len > 0)
            json_array_append_new(out, utf8_json(buf_span(&line)));
        at += newline == NULL ? len : len + 1;
        left -= newline == NULL ? len : len + 1;
    }
    buf_clear(&line);
    return out;
}

static void add_body(const struct measure_failure *f, json_t *out)
{
    struct buf text, shown, base64;
    buf_init(&text, MEASURE_MAX_EXEMPLAR_BYTES * 4);
    buf_init(&shown, MEASURE_MAX_EXEMPLAR_BYTES * 8);
    buf_init(&base64, MEASURE_MAX_EXEMPLAR_BYTES * 12);
    struct span raw = buf_span(&f->body);
    text_to_utf8(raw, &text);
    if (may_hold_password(f)) {
        redact_page(buf_span(&text), &shown);
        raw = buf_span(&shown);
    } else {
        buf_append_span(&shown, buf_span(&text));
    }
    text_base64(raw, &base64);
    json_object_set_new(out, "body_redacted", json_boolean(may_hold_password(f)));
    json_object_set_new(out, "body_base64", utf8_json(buf_span(&base64)));
    json_object_set_new(out, "body_text",
                        is_text(buf_span(&shown)) ? utf8_json(buf_span(&shown)) : json_null());
    buf_wipe(&text);
    buf_clear(&shown);
    buf_clear(&base64);
}

/* Where "message.signer.subject" belongs: the object of its last part, whose name *leaf is then. */
static json_t *object_at(json_t *root, char *path, const char **leaf)
{
    char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
        *dot = '\0';
        json_t *inner = json_object_get(root, path);
        if (!json_is_object(inner)) {
            inner = json_object();
            json_object_set_new(root, path, inner);
        }
        root = inner;
        path = dot + 1;
    }
    *leaf = path;
    return root;
}

static void add_request_line(json_t *out, const char *line, size_t len)
{
    char path[64];
    struct buf shown;
    const char *value = memmem(line, len, ": ", 2), *leaf;
    if (value == NULL || (size_t)(value - line) >= sizeof path)
        return;
    snprintf(path, sizeof path, "%.*s", (int)(value - line), line);
    value += 2;
    len -= (size_t)(value - line);
    buf_init(&shown, MEASURE_MAX_EXEMPLAR_BYTES * 2);
    if (strcmp(path, "header") == 0) {
        redact_header(value, len, &shown);
        json_array_append_new(json_object_get(out, "headers"), utf8_json(buf_span(&shown)));
    } else {
        json_t *object = object_at(out, path, &leaf);
        json_object_set_new(object, leaf, utf8_json(span_of(value, len)));
    }
    buf_clear(&shown);
}

/* Lines of "name: value", dots in names where they nest, as struct outcome_exemplar has them. */
static json_t *request_json(const struct measure_failure *f, struct span url)
{
    if (f->request.len == 0)
        return json_null();
    json_t *out = json_object();
    json_object_set_new(out, "url", utf8_json(url));
    json_object_set_new(out, "headers", json_array());
    const char *at = (const char *)f->request.data, *end = at + f->request.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at);
        add_request_line(out, at, len);
        at += newline == NULL ? len : len + 1;
    }
    return out;
}

static json_t *decoded_json(const struct outcome *o)
{
    char hresult[16];
    snprintf(hresult, sizeof hresult, "0x%08x", o->hresult);
    json_t *out = json_object();
    json_object_set_new(out, "body", json_string(outcome_body_id(o->body)));
    json_object_set_new(out, "server", summary_string(o->server));
    json_object_set_new(out, "fail_info", o->fail_info < 0 ? json_null() : json_integer(o->fail_info));
    json_object_set_new(out, "hresult", o->has_hresult ? json_string(hresult) : json_null());
    json_object_set_new(out, "text", summary_string(o->text));
    return out;
}

json_t *evidence_json(const struct measure_failure *f)
{
    const struct outcome *o = &f->first;
    struct buf url;
    buf_init(&url, MEASURE_MAX_EXEMPLAR_BYTES * 2);
    evidence_url(buf_span(&f->url), &url);
    json_t *out = json_object();
    json_object_set_new(out, "stage", json_string(base_stage_id(o->error.stage)));
    json_object_set_new(out, "reason", json_string(base_reason_id(o->error.reason)));
    json_object_set_new(out, "follow_up",
                        f->after_enrollment ? json_string(outcome_follow_id(f->follow)) : json_null());
    json_object_set_new(out, "error", summary_string(o->error.text));
    json_object_set_new(out, "device", json_integer((json_int_t)o->device));
    json_object_set_new(out, "at_s", json_real((double)o->finished_us / 1e6));
    json_object_set_new(out, "url", utf8_json(buf_span(&url)));
    json_object_set_new(out, "request", request_json(f, buf_span(&url)));
    json_object_set_new(out, "http_status", json_integer(o->http_status));
    json_object_set_new(out, "headers", headers_json(f));
    json_object_set_new(out, "decoded", decoded_json(o));
    add_body(f, out);
    buf_clear(&url);
    return out;
}

bool evidence_write(const struct measure_failure *f, struct buf *out, struct err *e)
{
    json_t *tree = evidence_json(f);
    char *text = json_dumps(tree, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(tree);
    if (text == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for an exemplar");
    buf_append_text(out, text);
    buf_append_byte(out, '\n');
    free(text);
    return buf_ok(out, STAGE_SETUP, e);
}
