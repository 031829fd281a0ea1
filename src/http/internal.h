/* Shared by the files of this room only. */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include "http/http.h"

#include <curl/curl.h>

#define HTTP_IDLE_EXCHANGES         256
#define HTTP_MAX_HEADERS            ((size_t)64 << 10)
#define HTTP_BODY_SENT_WITH_HEADERS ((uint64_t)64 << 10) /* curl 7.88, MAX_INITIAL_POST_SIZE */

/* What was last sent of a logon. */
enum logon_message {
    LOGON_NOTHING,
    LOGON_OPENING, /* NTLM type 1 */
    LOGON_TOKEN,   /* Negotiate: only the server knows whether it is the last */
    LOGON_LAST,    /* NTLM type 3, Basic */
};

struct logon {
    enum logon_message sent;
    bool challenged; /* the server answered a message that need not be the last: bound to this connection */
    bool broken;     /* and that connection is gone */
    char remark[120];
};

/* One request under way, around a pooled easy handle. */
struct exchange {
    struct http *http;
    struct http_session *session;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    http_done done;
    void *user;
    struct http_response response;
    enum stage stage;
    int64_t timeout_us;
    unsigned redirects;
    bool get;
    bool confidential;
    bool once;
    bool too_large;
    bool answered; /* at least a status line, to what was sent last */
    enum http_auth auth;
    struct logon logon;
    const char *source; /* local address; NULL: any */
    int os_error;       /* of socket() and bind(), which curl does not keep */
    char curl_text[CURL_ERROR_SIZE];
    struct exchange *next; /* in the pool */
};

struct http {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_poll_t
        sockets; /* readable when one of those in `epoll` is ready; keeps the loop going while there are any */
    bool watches; /* `sockets` is open */
    int epoll;
    uint64_t watched; /* how many are in it */
    char *ca_file;
    char *proxy; /* NULL: none */
    struct curl_slist *no_expect;
    struct exchange
        *idle[2]; /* by whether their session kept TLS sessions: curl 7.88 forgets to free a handle's own
                                 place for these when it gets a share that has one */
    size_t idle_count;
    struct http_stats stats;
};

struct http_session {
    struct http *http;
    CURLSH *share;
    uint64_t open;  /* sockets */
    bool keeps_tls; /* sessions, in the share */
    struct exchange *current;
};

/* multi.c: lets curl act, then delivers every transfer that is complete. */
void http_drain(struct http *http);
bool http_multi_open(struct http *http, struct err *e) MUST_USE;
void http_multi_close(struct http *http); /* and frees `http` on the loop's next turns */

/* exchange.c */
struct exchange *http_exchange_take(struct http_session *session, struct err *e);
void http_exchange_destroy(struct exchange *x);
bool http_exchange_prepare(struct exchange *x, const struct http_request *request, struct err *e) MUST_USE;
bool http_exchange_start(struct exchange *x, struct err *e) MUST_USE;
void http_exchange_complete(struct exchange *x, CURLcode code);
void http_exchange_abort(struct exchange *x);

/* tls.c: of a connection that is about to be made (CURLOPT_SSL_CTX_FUNCTION) */
CURLcode http_tls_prepare(CURL *easy, void *ssl_ctx, void *user);

/* logon.c */
bool http_logon_check(const struct http_request *request, struct err *e) MUST_USE;
CURLcode http_logon_set(struct exchange *x, const struct http_request *request) MUST_USE;
bool http_logon_may_go_on(struct exchange *x, int local_port) MUST_USE;
void http_logon_on_status(struct exchange *x, const char *line, size_t len);
/* All WWW-Authenticate, without the messages of exchanges. */
void http_logon_offers(struct span headers, char *out, size_t out_bytes);
void http_logon_over(struct exchange *x);
/* Whether a connection that is lost now breaks a logon off. */
bool http_logon_is_open(const struct exchange *x);
void http_logon_cut_short(const struct exchange *x, long number, struct err *e);
/* After a complete answer: fills logon_complete; sets *e when a 401 is no verdict. */
void http_logon_judge(struct exchange *x, struct err *e);

/* failure.c: curl's verdict as stage and reason. The only place that knows curl's codes. */
void http_failure(struct exchange *x, CURLcode code, struct err *e);

/* redirect.c: the URL to go on with in *out (free it). False, with *e set only when the answer is a redirect that
 * must not be followed. */
bool http_redirect_target(struct exchange *x, char **out, struct err *e);

#endif
