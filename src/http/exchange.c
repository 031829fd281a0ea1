#include "http/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES                                                                                        \
    2048L /* held while an answer is waited for; most answers of SCEP are two or three times as long */

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct exchange *x = user;
    if (buf_append(&x->response.body, data, size * count))
        return size * count;
    x->too_large = true;
    return 0;
}

/* Only the last header block counts: "100 Continue" or a refused logon may come before it. */
static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    struct exchange *x = user;
    struct buf *headers = &x->response.headers;
    size_t len = size * count, text = len;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        buf_reset(headers);
        x->answered = true;
        http_logon_on_status(x, data, text);
    }
    while (text > 0 && (data[text - 1] == '\r' || data[text - 1] == '\n'))
        text--;
    if (text == 0 || (buf_append(headers, data, text) && buf_append_byte(headers, '\n')))
        return len;
    x->too_large = true;
    return 0;
}

/* From the wanted local address. The port is chosen when the peer is known, so that it is only taken towards that peer. */
static bool bind_source(int fd, int family, const char *source)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (family == AF_INET && inet_pton(AF_INET, source, &v4.sin_addr) == 1)
        return bind(fd, (const struct sockaddr *)&v4, sizeof v4) == 0;
    if (family == AF_INET6 && inet_pton(AF_INET6, source, &v6.sin6_addr) == 1)
        return bind(fd, (const struct sockaddr *)&v6, sizeof v6) == 0;
    errno = EAFNOSUPPORT;
    return false;
}

static int open_socket(const struct exchange *x, const struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0 || x->source == NULL || bind_source(fd, address->family, x->source))
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct exchange *x = user;
    int fd = open_socket(x, address);
    if (fd < 0) {
        x->os_error = errno;
        return CURL_SOCKET_BAD;
    }
    struct http_stats *stats = &x->http->stats;
    stats->connections++;
    x->session->open++;
    if (++stats->open > stats->open_max)
        stats->open_max = stats->open;
    return fd;
}

static int on_close(void *user, curl_socket_t fd)
{
    struct http_session *session = user;
    session->open--;
    session->http->stats.open--;
    return close(fd);
}

/* Connected, about to write the request. Called again for every round of a logon, and when curl repeats a request that got
 * no answer on another connection. */
static int on_ready(void *user, char *peer, char *local, int peer_port, int local_port)
{
    (void)peer;
    (void)local;
    (void)peer_port;
    struct exchange *x = user;
    bool repeats = x->response.sent && !x->answered;
    if ((repeats && x->once) || !http_logon_may_go_on(x, local_port))
        return CURL_PREREQFUNC_ABORT;
    x->response.sent = true;
    x->response.legs++;
    x->answered = false;
    x->response.local_port = local_port;
    return CURL_PREREQFUNC_OK;
}

struct exchange *http_exchange_take(struct http_session *session, struct err *e)
{
    struct http *http = session->http;
    struct exchange *x = http->idle[session->keeps_tls];
    if (x != NULL) {
        http->idle[session->keeps_tls] = x->next;
        http->idle_count--;
        return x;
    }
    x = calloc(1, sizeof *x);
    if (x != NULL)
        x->easy = curl_easy_init();
    if (x == NULL || x->easy == NULL) {
        free(x);
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a request");
        return NULL;
    }
    x->http = http;
    return x;
}

static void clear(struct exchange *x)
{
    buf_clear(&x->response.body);
    buf_clear(&x->response.headers);
    curl_slist_free_all(x->headers);
    curl_slist_free_all(x->connect_to);
    *x = (struct exchange){.http = x->http, .easy = x->easy};
}

void http_exchange_destroy(struct exchange *x)
{
    clear(x);
    curl_easy_cleanup(x->easy);
    free(x);
}

/* Back to the pool. The share goes first: it ends with the session, the handle lives on. Only a handle that ended
 * well: after a failure curl 7.88 keeps its receive buffer and refuses CURLOPT_BUFFERSIZE. And none that has carried
 * credentials: it goes, and its copies of them with it. */
static void recycle(struct exchange *x)
{
    struct http *http = x->http;
    struct exchange **idle = &http->idle[x->session->keeps_tls];
    bool well = x->response.error.reason == REASON_NONE && x->auth == HTTP_AUTH_NONE;
    curl_easy_setopt(x->easy, CURLOPT_SHARE, NULL);
    if (!well || http->idle_count >= HTTP_IDLE_EXCHANGES) {
        http_exchange_destroy(x);
        return;
    }
    curl_easy_reset(x->easy);
    clear(x);
    x->next = *idle;
    *idle = x;
    http->idle_count++;
}

static long milliseconds(int64_t us)
{
    return us <= 1000 ? 1L : (long)((us + 999) / 1000);
}

#define SET(option, value) (rc == CURLE_OK ? (rc = curl_easy_setopt(x->easy, option, value)) : rc)

/* What never differs between requests of one client. */
static CURLcode set_common(struct exchange *x)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PRIVATE, x);
    SET(CURLOPT_SHARE, x->session->share);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PROXY, x->http->proxy != NULL ? x->http->proxy : "");
    SET(CURLOPT_NOPROXY, ""); /* nor does the environment decide who goes around it */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT,
        1L); /* a time-out leaves a hanging name lookup behind instead of waiting for it on the loop */
#endif
    SET(CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L); /* over TLS a POST is copied there; the least that curl takes */
    SET(CURLOPT_ERRORBUFFER, x->curl_text);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, x->session); /* the connection outlives the exchange */
    SET(CURLOPT_PREREQFUNCTION, on_ready);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_SSL_CTX_FUNCTION, http_tls_prepare);
    /* The roots are one file. A folder beside it, as Debian's default has, would add the system's roots to the
     * scenario's, and keep curl from caching the parsed store (CURLOPT_CA_CACHE_TIMEOUT): 0.1 s for every device. */
    SET(CURLOPT_CAPATH, NULL);
    if (x->http->ca_file != NULL)
        SET(CURLOPT_CAINFO, x->http->ca_file);
    return rc;
}

/* Empty ones take away what libcurl would add by itself; where a line of the caller's has the same name, that goes out. */
static const char *const withheld[] = {"Expect:", "Accept:", "Content-Type:", "User-Agent:"};

static bool add_header(struct exchange *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);
    if (longer != NULL)
        x->headers = longer;
    return longer != NULL;
}

/* May hold a token of any length. */
static bool add_header_line(struct exchange *x, const char *text, size_t len)
{
    char *line = strndup(text, len);
    bool ok = line != NULL && add_header(x, line);
    if (line != NULL)
        explicit_bzero(line, len);
    free(line);
    return ok;
}

static bool add_header_lines(struct exchange *x, const char *lines)
{
    for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++) {
        if (!add_header(x, withheld[i]))
            return false;
    }
    for (size_t len; *lines != '\0'; lines += len + (lines[len] == '\n')) {
        len = strcspn(lines, "\n");
        if (!add_header_line(x, lines, len))
            return false;
    }
    return true;
}

static bool add_content_type(struct exchange *x, const char *type)
{
    char line[128];
    snprintf(line, sizeof line, "Content-Type: %s", type);
    return add_header(x, "Expect:") && add_header(x, line);
}

static bool names_encodings(const char *lines)
{
    static const char name[] = "Accept-Encoding:";
    for (size_t len; *lines != '\0'; lines += len + (lines[len] == '\n')) {
        len = strcspn(lines, "\n");
        if (strncasecmp(lines, name, sizeof name - 1) == 0)
            return true;
    }
    return false;
}

static CURLcode set_headers(struct exchange *x, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    bool ok = true;
    /* Who asks for encodings undoes them, too. The line that goes out stays the caller's. */
    if (request->headers != NULL && names_encodings(request->headers))
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request->headers != NULL)
        ok = add_header_lines(x, request->headers);
    else if (request->method == HTTP_POST)
        ok = add_content_type(x, request->content_type);
    if (!ok)
        return CURLE_OUT_OF_MEMORY;
    if (request->headers == NULL && request->user_agent != NULL)
        SET(CURLOPT_USERAGENT, request->user_agent);
    if (x->headers != NULL)
        SET(CURLOPT_HTTPHEADER, x->headers);
    return rc;
}

static CURLcode set_body(struct exchange *x, struct span body)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    SET(CURLOPT_POSTFIELDS, body.len > 0 ? (const char *)body.data : ""); /* not copied */
    return rc;
}

/* For any host and port, so also where a redirect leads on the same host. */
static CURLcode set_address(struct exchange *x, const char *address)
{
    CURLcode rc = CURLE_OK;
    char text[80];
    bool v6 = strchr(address, ':') != NULL;
    snprintf(text, sizeof text, "::%s%s%s:", v6 ? "[" : "", address, v6 ? "]" : "");
    x->connect_to = curl_slist_append(NULL, text);
    if (x->connect_to == NULL)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_CONNECT_TO, x->connect_to);
    return rc;
}

static CURLcode set_connection(struct exchange *x, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_HTTP_VERSION, request->http_1_0 ? (long)CURL_HTTP_VERSION_1_0 : (long)CURL_HTTP_VERSION_1_1);
    if (request->fresh) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
        SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    }
    if (rc == CURLE_OK && request->address != NULL)
        rc = set_address(x, request->address);
    return rc;
}

static CURLcode set_request(struct exchange *x, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_TIMEOUT_MS, milliseconds(request->timeout_us));
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request->timeout_us));
    if (rc == CURLE_OK)
        rc = http_logon_set(x, request);
    if (rc == CURLE_OK)
        rc = set_connection(x, request);
    if (rc == CURLE_OK && request->method == HTTP_POST)
        rc = set_body(x, request->body);
    return rc == CURLE_OK ? set_headers(x, request) : rc;
}

bool http_exchange_prepare(struct exchange *x, const struct http_request *request, struct err *e)
{
    buf_init(&x->response.body, request->max_body);
    buf_init(&x->response.headers, HTTP_MAX_HEADERS);
    x->stage = request->stage;
    x->timeout_us = request->timeout_us;
    x->redirects = request->redirects;
    x->get = request->method == HTTP_GET;
    x->confidential = request->confidential;
    x->once = request->once;
    x->source = request->source;
    CURLcode rc = set_common(x);
    if (rc == CURLE_OK)
        rc = set_request(x, request);
    if (rc == CURLE_OK)
        return true;
    return err_set_detail(e, x->stage, rc == CURLE_OUT_OF_MEMORY ? REASON_NO_MEMORY : REASON_INTERNAL,
                          ERR_DOMAIN_CURL, rc, "cannot set up a request: %s", curl_easy_strerror(rc));
}

bool http_exchange_start(struct exchange *x, struct err *e)
{
    CURLMcode rc = curl_multi_add_handle(x->http->multi, x->easy);
    if (rc == CURLM_OK)
        return true;
    return err_set(e, x->stage, REASON_INTERNAL, "libcurl refused a request: %s", curl_multi_strerror(rc));
}

static int64_t info_us(CURL *easy, CURLINFO info)
{
    curl_off_t value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

static long info_long(CURL *easy, CURLINFO info)
{
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

static int64_t between(int64_t from, int64_t to)
{
    return to > from ? to - from : 0;
}

static void gather_timing(struct exchange *x)
{
    struct http_timing *t = &x->response.timing;
    int64_t looked_up = info_us(x->easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connected = info_us(x->easy, CURLINFO_CONNECT_TIME_T);
    int64_t secured = info_us(x->easy, CURLINFO_APPCONNECT_TIME_T);
    int64_t before = t->total_us; /* of the requests that led here by redirects */
    if (info_long(x->easy, CURLINFO_NUM_CONNECTS) > 0) {
        x->response.new_connection = true;
        t->dns_us += looked_up;
        t->tcp_us += between(looked_up, connected);
        t->tls_us += secured > 0 ? between(connected, secured) : 0;
    }
    /* Not CURLINFO_PRETRANSFER_TIME: curl 7.88 sends a small request on a kept-alive connection before it takes that
     * stamp, sometimes only when the answer is there, and the server's time would vanish. */
    t->ready_us =
        before +
        (x->response.new_connection && connected > 0 ? (secured > connected ? secured : connected) : 0);
    t->total_us = before + info_us(x->easy, CURLINFO_TOTAL_TIME_T);
}

static void gather_peer(struct exchange *x)
{
    char *address = NULL;
    curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_IP, &address);
    snprintf(x->response.peer, sizeof x->response.peer, "%s", address != NULL ? address : "");
}

static void gather_headers(struct http_response *r)
{
    char date[64];
    struct span headers = buf_span(&r->headers);
    http_header(headers, "Server", r->server, sizeof r->server);
    http_header(headers, "Content-Type", r->content_type, sizeof r->content_type);
    http_header(headers, "Location", r->location, sizeof r->location);
    http_logon_offers(headers, r->authenticate, sizeof r->authenticate);
    if (http_header(headers, "Date", date, sizeof date)) {
        r->date_s = curl_getdate(date, NULL);
        r->has_date = r->date_s >= 0;
    }
}

/* curl sends a body of up to 64 kB together with the header lines, and then counts it in both figures. */
static uint64_t request_bytes(const struct exchange *x)
{
    uint64_t issued = (uint64_t)info_long(x->easy, CURLINFO_REQUEST_SIZE);
    uint64_t body = (uint64_t)info_us(x->easy, CURLINFO_SIZE_UPLOAD_T);
    return body < HTTP_BODY_SENT_WITH_HEADERS && issued > body ? issued : issued + body;
}

static void gather(struct exchange *x, CURLcode code)
{
    struct http_response *r = &x->response;
    long status = info_long(x->easy, CURLINFO_RESPONSE_CODE);
    r->status = status >= 200 ? (int)status : 0; /* "100 Continue" is no answer yet */
    r->bytes_sent += request_bytes(x);
    r->bytes_received += (uint64_t)info_long(x->easy, CURLINFO_HEADER_SIZE) +
                         (uint64_t)info_us(x->easy, CURLINFO_SIZE_DOWNLOAD_T);
    gather_timing(x);
    gather_headers(r);
    gather_peer(x);
    r->timed_out = code == CURLE_OPERATION_TIMEDOUT;
    if (code != CURLE_OK)
        http_failure(x, code, &r->error);
    else
        http_logon_judge(x, &r->error);
    if (r->error.reason == REASON_GENERATOR_LIMIT)
        x->http->stats.limit_errors++;
}

/* The handle is out of the multi; tells the owner, last of all, since the owner may free the session. */
static void hand_back(struct exchange *x)
{
    struct http_response response = x->response;
    x->response.body = (struct buf){0};
    x->response.headers = (struct buf){0};
    http_done done = x->done;
    void *user = x->user;
    x->session->current = NULL;
    recycle(x);
    done(user, &response);
    buf_clear(&response.body);
    buf_clear(&response.headers);
}

/* True when the exchange goes on with the next request. */
static bool follow(struct exchange *x)
{
    struct http_response *r = &x->response;
    char *target = NULL;
    if (!http_redirect_target(x, &target, &r->error))
        return false;
    int64_t left = x->timeout_us - r->timing.total_us;
    x->redirects--;
    r->sent = false;
    x->answered = false;
    http_logon_over(x);
    buf_reset(&r->body);
    buf_reset(&r->headers);
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, target);
    SET(CURLOPT_TIMEOUT_MS, milliseconds(left));
    free(target);
    return rc == CURLE_OK && http_exchange_start(x, &r->error);
}

void http_exchange_complete(struct exchange *x, CURLcode code)
{
    gather(x, code);
    curl_multi_remove_handle(x->http->multi, x->easy);
    if (x->response.error.reason != REASON_NONE || !follow(x))
        hand_back(x);
}

void http_exchange_abort(struct exchange *x)
{
    gather_timing(x);
    curl_multi_remove_handle(x->http->multi, x->easy);
    err_set(&x->response.error, x->stage, REASON_ABORTED, "the request was cancelled");
    hand_back(x);
}
