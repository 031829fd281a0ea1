/* Logging on: which scheme curl is told to use, and what really went over the wire.
 *
 * Curl is told one scheme only, so that the first request carries it. It then says little about how the exchange went: a
 * refused password, a scheme that the server does not offer and a connection closed half-way are all "401" to it. So the
 * requests' Authorization lines are looked at as they go out, and the answers' WWW-Authenticate lines as they come. */
#include "http/internal.h"

#include <strings.h>

static const struct scheme {
    unsigned long curl;
    int feature; /* of the library; 0: always there */
    const char *name;
} schemes[] = {
    [HTTP_AUTH_NONE] = {.curl = CURLAUTH_NONE, .name = ""},
    [HTTP_AUTH_BASIC] = {.curl = CURLAUTH_BASIC, .name = "Basic"},
    [HTTP_AUTH_NTLM] = {.curl = CURLAUTH_NTLM, .feature = CURL_VERSION_NTLM, .name = "NTLM"},
    [HTTP_AUTH_NEGOTIATE] = {.curl = CURLAUTH_NEGOTIATE, .feature = CURL_VERSION_SPNEGO, .name = "Negotiate"},
};

bool http_can(enum http_auth auth)
{
    int features = curl_version_info(CURLVERSION_NOW)->features;
    return (features & schemes[auth].feature) == schemes[auth].feature;
}

/* NTLM messages begin with "NTLMSSP", NUL and their number, which three groups of base64 hold exactly. */
static const char type_1[] = "TlRMTVNTUAAB", type_3[] = "TlRMTVNTUAAD";

static bool begins(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && strncasecmp(text, with, n) == 0;
}

static void note_request(struct exchange *x, const char *head, size_t len)
{
    static const char label[] = "\r\nAuthorization: ";
    const char *scheme = schemes[x->auth].name;
    const char *at = memmem(head, len, label, sizeof label - 1);
    if (at == NULL)
        return;
    at += sizeof label - 1;
    size_t left = len - (size_t)(at - head);
    if (!begins(at, left, scheme))
        return;
    size_t skip = strlen(scheme) + 1;
    bool opening = x->auth == HTTP_AUTH_NTLM && left > skip && begins(at + skip, left - skip, type_1);
    bool last = x->auth == HTTP_AUTH_NTLM && left > skip && begins(at + skip, left - skip, type_3);
    if (opening)
        x->logon.sent = LOGON_OPENING;
    else if (last || x->auth == HTTP_AUTH_BASIC)
        x->logon.sent = LOGON_LAST;
    else if (x->auth == HTTP_AUTH_NEGOTIATE)
        x->logon.sent = LOGON_TOKEN;
}

/* Why GSS-API had no token to send is told here and nowhere else. */
static void note_remark(struct exchange *x, const char *text, size_t len)
{
    if (x->logon.remark[0] == '\0' && begins(text, len, "gss_"))
        snprintf(x->logon.remark, sizeof x->logon.remark, "%.*s", (int)strcspn(text, "\r\n"), text);
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *user)
{
    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        note_request(user, data, len);
    else if (type == CURLINFO_TEXT)
        note_remark(user, data, len);
    return 0;
}

/* Curl widens every byte of name and password to 16 bits, so others would be refused, and the account locked in the end. */
static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

bool http_logon_check(const struct http_request *request, struct err *e)
{
    if (!http_can(request->auth))
        return err_set(e, request->stage, REASON_OTP_SCHEME,
                       "%s was built without %s: use another 'auth', or a libcurl that has it",
                       http_library_version(), schemes[request->auth].name);
    if (request->auth != HTTP_AUTH_NTLM)
        return true;
    bool plain = (request->user == NULL || is_ascii(request->user)) &&
                 (request->password == NULL || is_ascii((const char *)secret_value(request->password).data));
    return plain || err_set(e, request->stage, REASON_USAGE,
                            "libcurl's NTLM takes ASCII user names and passwords only: use Negotiate, or an "
                            "account whose name and password are ASCII");
}

#define SET(option, value) (rc == CURLE_OK ? (rc = curl_easy_setopt(x->easy, option, value)) : rc)

CURLcode http_logon_set(struct exchange *x, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    x->auth = request->auth;
    if (x->auth == HTTP_AUTH_NONE)
        return rc;
    SET(CURLOPT_HTTPAUTH, schemes[x->auth].curl);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, on_debug);
    SET(CURLOPT_DEBUGDATA, x);
    /* Negotiate takes tickets, but curl 7.88 does nothing without a name, be it empty. */
    bool tickets = x->auth == HTTP_AUTH_NEGOTIATE;
    const char *user = tickets || request->user == NULL ? "" : request->user;
    const char *password =
        tickets || request->password == NULL ? "" : (const char *)secret_value(request->password).data;
    SET(CURLOPT_USERNAME, user);
    SET(CURLOPT_PASSWORD, password);
    return rc;
}

/* Whether a request may go out on the connection with this local port. An exchange that the server has begun cannot go on
 * elsewhere: curl would begin a new one there, and a server that always hangs up would be asked for ever. */
bool http_logon_may_go_on(struct exchange *x, int local_port)
{
    x->logon.broken = x->logon.challenged && local_port != x->response.local_port;
    return !x->logon.broken;
}

/* A connection on which a logon was refused is not used again: some servers take no second one there. Should the refusal be
 * another round of Negotiate after all, curl keeps the connection for it. */
void http_logon_on_status(struct exchange *x, const char *line, size_t len)
{
    bool refused = len >= 12 && memcmp(line + 8, " 401", 4) == 0;
    if (x->logon.sent == LOGON_OPENING || x->logon.sent == LOGON_TOKEN)
        x->logon.challenged = true;
    if (refused && (x->logon.sent == LOGON_LAST || x->logon.sent == LOGON_TOKEN))
        curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* The next request is one of its own, although for the same caller. */
void http_logon_over(struct exchange *x)
{
    x->logon.challenged = false;
    x->logon.sent = LOGON_NOTHING;
}

bool http_logon_is_open(const struct exchange *x)
{
    return x->logon.broken || (x->logon.challenged && !x->answered);
}

void http_logon_cut_short(const struct exchange *x, long number, struct err *e)
{
    err_set_detail(e, x->stage, REASON_CONNECTION_LOST, ERR_DOMAIN_CURL, number,
                   "the connection was closed in the middle of the %s logon, which needs one throughout: "
                   "look for a proxy or load balancer between, or keep-alive switched off",
                   schemes[x->auth].name);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Steps through the WWW-Authenticate lines of an answer; *value (up to *end) is what one of them says. */
static bool next_offer(struct span headers, const char **at, const char **value, const char **end)
{
    static const char label[] = "WWW-Authenticate:";
    if (headers.len == 0)
        return false;
    const char *stop = (const char *)headers.data + headers.len;
    if (*at == NULL)
        *at = (const char *)headers.data;
    while (*at < stop) {
        const char *line = *at;
        *end = memchr(line, '\n', (size_t)(stop - line));
        if (*end == NULL)
            *end = stop;
        *at = *end + (*end < stop);
        if (!begins(line, (size_t)(*end - line), label))
            continue;
        *value = line + sizeof label - 1;
        while (*value < *end && is_blank(**value))
            (*value)++;
        return true;
    }
    return false;
}

/* Without the message that may follow the name of these two schemes. */
static size_t told_bytes(const char *value, size_t len)
{
    static const char *const names[] = {"Negotiate", "NTLM"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(names[i]);
        if (len > n && begins(value, len, names[i]) && is_blank(value[n]))
            return n;
    }
    while (len > 0 && is_blank(value[len - 1]))
        len--;
    return len;
}

void http_logon_offers(struct span headers, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = NULL, *value, *end; next_offer(headers, &at, &value, &end);) {
        size_t len = told_bytes(value, (size_t)(end - value));
        int n = snprintf(out + used, out_bytes - used, "%s%.*s", used > 0 ? ", " : "", (int)len, value);
        used = n < 0 || (size_t)n >= out_bytes - used ? out_bytes - 1 : used + (size_t)n;
    }
}

/* Whether WWW-Authenticate names the scheme, and whether with a message for us. */
static bool offered(const struct exchange *x, bool *with_message)
{
    const char *name = schemes[x->auth].name;
    bool found = false;
    *with_message = false;
    for (const char *at = NULL, *word, *end; next_offer(buf_span(&x->response.headers), &at, &word, &end);) {
        for (; word < end; word++) {
            if ((word[-1] != ':' && word[-1] != ' ' && word[-1] != ',') ||
                !begins(word, (size_t)(end - word), name))
                continue;
            const char *after = word + strlen(name);
            found = found || after == end || *after == ' ' || *after == ',';
            *with_message = *with_message || (end - after > 1 && *after == ' ' && after[1] != ',');
        }
    }
    return found;
}

static bool closed_by_server(const struct exchange *x)
{
    char value[32];
    struct span headers = buf_span(&x->response.headers);
    bool http_1_1 = headers.len > 8 && memcmp(headers.data, "HTTP/1.1", 8) == 0;
    bool stated = http_header(headers, "Connection", value, sizeof value);
    return stated ? strcasecmp(value, "close") == 0 : !http_1_1;
}

static void no_ticket(const struct exchange *x, struct err *e)
{
    err_set(e, x->stage, REASON_OTP_TICKET, "Negotiate had no ticket to send: %s",
            x->logon.remark[0] != '\0' ? x->logon.remark : "the tickets do not fit this server (klist)");
}

/* A 401: the verdict on our credentials, or an exchange that did not get so far? */
static void judge_refusal(struct exchange *x, struct err *e)
{
    bool message, offer = offered(x, &message);
    enum logon_message sent = x->logon.sent;
    if (!offer && sent != LOGON_LAST)
        return;
    if (message && sent != LOGON_LAST && closed_by_server(x))
        http_logon_cut_short(x, CURLE_OK, e);
    else if (sent == LOGON_NOTHING && x->auth == HTTP_AUTH_NEGOTIATE && x->response.new_connection)
        no_ticket(x, e);
    else if (sent == LOGON_OPENING)
        err_set_detail(e, x->stage, REASON_HTTP_PROTOCOL, ERR_DOMAIN_HTTP, x->response.status,
                       "the server offers NTLM, but %s",
                       message ? "its challenge cannot be read"
                               : "does not go on with it: requests may be spread over several servers");
    else
        x->response.logon_complete = sent != LOGON_NOTHING && (offer || x->auth == HTTP_AUTH_NTLM);
}

void http_logon_judge(struct exchange *x, struct err *e)
{
    if (x->auth == HTTP_AUTH_NONE || x->response.status == 0)
        return;
    if (x->response.status == 401)
        judge_refusal(x, e);
    else if (x->logon.sent == LOGON_LAST || x->logon.sent == LOGON_TOKEN)
        x->response.logon_complete = true;
}
