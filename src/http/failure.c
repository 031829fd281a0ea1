#include "http/internal.h"

#include "base/text.h"

#include <errno.h>

/* Where a failure belongs that does not name its stage: at the first part of the connection that was not done. Curl
 * knows the local port once TCP is up; its connect time it only tells when TLS is up as well. */
static enum stage stage_reached(const struct exchange *x)
{
    curl_off_t looked_up = 0;
    long local_port = 0;
    if (x->response.sent)
        return x->stage;
    curl_easy_getinfo(x->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    curl_easy_getinfo(x->easy, CURLINFO_LOCAL_PORT, &local_port);
    if (looked_up == 0)
        return STAGE_DNS;
    return local_port > 0 ? STAGE_TLS : STAGE_TCP;
}

static const struct {
    CURLcode code;
    enum stage stage; /* NONE: the one that was reached */
    enum reason reason;
} table[] = {
    {CURLE_COULDNT_RESOLVE_HOST, STAGE_DNS, REASON_DNS_FAILED},
    {CURLE_COULDNT_RESOLVE_PROXY, STAGE_DNS, REASON_DNS_FAILED},
    {CURLE_GOT_NOTHING, STAGE_NONE, REASON_CONNECTION_LOST},
    {CURLE_SEND_ERROR, STAGE_NONE, REASON_CONNECTION_LOST},
    {CURLE_RECV_ERROR, STAGE_NONE, REASON_CONNECTION_LOST},
    {CURLE_PARTIAL_FILE, STAGE_NONE, REASON_CONNECTION_LOST},
    {CURLE_SSL_CONNECT_ERROR, STAGE_TLS, REASON_TLS_FAILED},
    {CURLE_SSL_CERTPROBLEM, STAGE_TLS, REASON_TLS_FAILED},
    {CURLE_SSL_CIPHER, STAGE_TLS, REASON_TLS_FAILED},
    {CURLE_PEER_FAILED_VERIFICATION, STAGE_TLS, REASON_TLS_UNTRUSTED},
    {CURLE_SSL_ISSUER_ERROR, STAGE_TLS, REASON_TLS_UNTRUSTED},
    {CURLE_SSL_INVALIDCERTSTATUS, STAGE_TLS, REASON_TLS_UNTRUSTED},
    {CURLE_SSL_CACERT_BADFILE, STAGE_SETUP, REASON_IO},
    {CURLE_UNSUPPORTED_PROTOCOL, STAGE_NONE, REASON_HTTP_PROTOCOL}, /* an answer without HTTP/1 status line */
    {CURLE_WEIRD_SERVER_REPLY, STAGE_NONE, REASON_HTTP_PROTOCOL},
    {CURLE_HTTP2, STAGE_NONE, REASON_HTTP_PROTOCOL},
    {CURLE_BAD_CONTENT_ENCODING, STAGE_NONE, REASON_HTTP_PROTOCOL},
    {CURLE_FILESIZE_EXCEEDED, STAGE_NONE, REASON_BODY_TOO_LARGE},
    {CURLE_URL_MALFORMAT, STAGE_SETUP, REASON_USAGE},
    {CURLE_OUT_OF_MEMORY, STAGE_SETUP, REASON_NO_MEMORY},
};

/* For a socket that could not be made or connected. */
static const struct {
    int number;
    enum reason reason;
} os_table[] = {
    {ECONNREFUSED, REASON_CONNECTION_REFUSED},
    {ETIMEDOUT, REASON_CONNECT_TIMEOUT},
    {EHOSTUNREACH, REASON_UNREACHABLE},
    {ENETUNREACH, REASON_UNREACHABLE},
    {ENETDOWN, REASON_UNREACHABLE},
    {EACCES, REASON_UNREACHABLE},
    {EPERM, REASON_UNREACHABLE},
    {ECONNRESET, REASON_CONNECTION_LOST},
    {EADDRNOTAVAIL, REASON_GENERATOR_LIMIT},
    {EADDRINUSE, REASON_GENERATOR_LIMIT},
    {EMFILE, REASON_GENERATOR_LIMIT},
    {ENFILE, REASON_GENERATOR_LIMIT},
    {ENOBUFS, REASON_GENERATOR_LIMIT},
    {ENOMEM, REASON_GENERATOR_LIMIT},
};

static void connect_failure(const struct exchange *x, struct err *e)
{
    long number = x->os_error;
    char why[96];
    if (number == 0)
        curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &number);
    enum reason reason = REASON_UNREACHABLE;
    for (size_t i = 0; i < sizeof os_table / sizeof os_table[0]; i++) {
        if (os_table[i].number == number)
            reason = os_table[i].reason;
    }
    err_set_detail(e, STAGE_TCP, reason, ERR_DOMAIN_ERRNO, number, "%s",
                   number != 0 ? strerror_r((int)number, why, sizeof why) : x->curl_text);
}

static void timeout_failure(const struct exchange *x, struct err *e)
{
    enum stage stage = stage_reached(x);
    enum reason reason = stage == STAGE_DNS   ? REASON_DNS_FAILED
                         : stage == STAGE_TCP ? REASON_CONNECT_TIMEOUT
                                              : REASON_REQUEST_TIMEOUT;
    char limit[32];
    text_duration(x->timeout_us, limit, sizeof limit);
    err_set_detail(e, stage, reason, ERR_DOMAIN_CURL, CURLE_OPERATION_TIMEDOUT,
                   "no end after %s, %zu bytes received", limit, x->response.body.len);
}

/* Curl says "out of memory" to a header line of more than 100 kB, too. */
static bool is_too_large(const struct exchange *x, CURLcode code)
{
    return x->too_large || (code == CURLE_OUT_OF_MEMORY && x->response.sent);
}

static bool is_loss(CURLcode code)
{
    return code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR ||
           code == CURLE_RECV_ERROR;
}

/* A proxy that makes no tunnel; its status. 0: it is not that. */
static long tunnel_refused(const struct exchange *x)
{
    long status = 0;
    if (x->http->proxy != NULL && !x->response.sent)
        curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 ? status : 0;
}

void http_failure(struct exchange *x, CURLcode code, struct err *e)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        timeout_failure(x, e);
        return;
    }
    if (code == CURLE_COULDNT_CONNECT) {
        connect_failure(x, e);
        return;
    }
    if (tunnel_refused(x) != 0) {
        err_set_detail(e, STAGE_TCP, REASON_UNREACHABLE, ERR_DOMAIN_HTTP, tunnel_refused(x),
                       "the proxy made no tunnel: HTTP %ld", tunnel_refused(x));
        return;
    }
    if (is_too_large(x, code)) {
        err_set(e, x->stage, REASON_BODY_TOO_LARGE,
                "more than %zu bytes of header lines or %zu of body, or out of memory", HTTP_MAX_HEADERS,
                x->response.body.max);
        return;
    }
    if (http_logon_is_open(x) && is_loss(code)) {
        http_logon_cut_short(x, code, e);
        return;
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) { /* on_ready: curl wanted to send once more what goes out once */
        err_set_detail(e, x->stage, REASON_CONNECTION_LOST, ERR_DOMAIN_CURL, code,
                       "the server closed the connection without an answer");
        return;
    }
    const char *text = x->curl_text[0] != '\0' ? x->curl_text : curl_easy_strerror(code);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].code != code)
            continue;
        enum stage stage = table[i].stage == STAGE_NONE ? stage_reached(x) : table[i].stage;
        err_set_detail(e, stage, table[i].reason, ERR_DOMAIN_CURL, code, "%s", text);
        return;
    }
    err_set_detail(e, stage_reached(x), REASON_INTERNAL, ERR_DOMAIN_CURL, code, "libcurl error %d: %s",
                   (int)code, text);
}
