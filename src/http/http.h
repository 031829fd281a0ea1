/* HTTP requests over libcurl's multi interface on a uv loop.
 *
 * One `struct http` per loop; one `struct http_session` per device: its own connections and its own TLS sessions,
 * so that a thousand devices are a thousand handshakes and never each other's. Names are looked up once for
 * all. HTTP/1.1, no proxy from the environment, no limits on connections: admission is the engine's.
 *
 * Everything here belongs to the loop's thread. Every request that http_send accepted completes exactly once,
 * through its `done`, also when it is cancelled, times out, or is the last one. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/secret.h"

#include <uv.h>

struct http;
struct http_session;

/* libcurl set up so that it wipes the memory that it frees: it copies credentials. Call it before anything else uses libcurl,
 * or its memory is not wiped. http_new does it, too; calls are counted. Fails: REASON_NO_MEMORY. */
bool http_library_open(struct err *e) MUST_USE;
void http_library_close(void);

/* `ca_file`: PEM roots for TLS, NULL: the system's. Ignores SIGPIPE for the whole process: a write to a connection that
 * the peer closed must be an error, not a death.
 * Fails: REASON_NO_MEMORY, REASON_INTERNAL. */
bool http_new(uv_loop_t *loop, const char *ca_file, struct http **out, struct err *e) MUST_USE;
/* All sessions must be freed before. Memory goes on the loop's next turns. */
void http_free(struct http *http);

/* From the next request on all go through the proxy at this URL ("http://proxy.example:3128"), to https targets through a
 * tunnel; what a tunnel is refused with is REASON_UNREACHABLE. Fails: REASON_NO_MEMORY. */
bool http_set_proxy(struct http *http, const char *url, struct err *e) MUST_USE;

bool http_session_new(struct http *http, struct http_session **out, struct err *e) MUST_USE;
/* Cancels what is under way, then closes the connections. May be called from a `done` of the session. */
void http_session_free(struct http_session *session);

enum http_method { HTTP_GET, HTTP_POST };

/* How to log on. Basic goes with the first request. NTLM and Negotiate begin with it too, without an anonymous leg, and belong
 * to the connection: the session keeps it, and later requests go on without logging on again when the server allows that.
 * While the first rounds of NTLM are on, a POST goes without its body.
 *
 * Libcurl copies user and password: into the handle, which is thrown away as soon as the request is complete, and for NTLM
 * into the connection, where they stay until it is closed. Both are wiped then (http_library_open). What GSS-API and
 * OpenSSL copy is theirs to wipe. */
enum http_auth { HTTP_AUTH_NONE, HTTP_AUTH_BASIC, HTTP_AUTH_NTLM, HTTP_AUTH_NEGOTIATE };

struct http_request {
    const char *url;
    enum http_method method;
    struct span body;         /* POST; borrowed until done */
    const char *content_type; /* POST */
    const char *user_agent;
    const char *
        headers; /* "Name: value\n" lines: exactly these, instead of the two above and of whatever libcurl would add
                            but Host, Content-Length and Authorization; NULL: not so */
    bool http_1_0; /* instead of 1.1 */
    bool fresh;    /* on a connection of its own, closed afterwards; no TLS session is taken up again */
    const char *
        source; /* the local address that connections come from, "127.0.0.2"; borrowed until done, and the same for all
                           requests of a session; NULL: the system's choice */
    const char *
        address; /* connect to this one, whatever the URL's host resolves to; TLS and Host keep the name. NULL: not so */
    enum http_auth auth;
    const char *user; /* Basic, NTLM: 'DOMAIN\\user' or 'user'. Negotiate takes tickets: http/kerberos.h */
    const struct secret *password; /* Basic, NTLM */
    int64_t timeout_us;            /* for the whole exchange, name lookup included */
    size_t max_body;               /* a larger answer is REASON_BODY_TOO_LARGE */
    unsigned
        redirects; /* followed at most, GET only, on the same host and never from https down to http; 0: a
                           redirect is an answer like any other */
    bool
        confidential; /* URL, headers or body hold a secret: redirects stay on the same port, as with `auth` */
    bool once; /* never on the wire twice: without it a GET is repeated on a fresh connection, as HTTP clients
                           do, when the kept-alive one turns out to be dead. The rounds of a logon are no repetitions */
    enum stage stage; /* for failures after the connection is up; before that it is dns, tcp or tls */
};

/* Microseconds. The first three are 0 when a kept-alive connection was used. Redirects add up. */
struct http_timing {
    int64_t dns_us;
    int64_t tcp_us;
    int64_t tls_us;
    int64_t ready_us; /* from the call until the request could be sent: dns + tcp + tls and little else */
    int64_t total_us;
};

struct http_response {
    struct err error; /* reason NONE: a complete HTTP answer, whatever its status */
    bool timed_out;
    bool sent; /* the connection was up and the request began to be written */
    bool new_connection;
    int local_port;     /* 0: unknown */
    char peer[46];      /* the address that it was connected to, a proxy's too; "": none */
    int status;         /* 0: none; may be set with an error (the body broke off) */
    struct buf headers; /* "Name: value\n" as received, status line first. Take by zeroing */
    struct buf body;    /* complete, or what came before the error. Take by zeroing */
    char server[64];    /* these four cut to fit, empty when absent */
    char content_type[96];
    char location[256];
    char authenticate[256]; /* all WWW-Authenticate, joined by ", ", without the messages of an exchange */
    unsigned
        legs; /* requests on the wire: redirects, repetitions and the rounds of a logon are counted; 0: none */
    /* This request logged on, up to the last message: a 401 is the verdict on these credentials. False with a 401 that does
     * not offer the scheme, and on a connection that was logged on before. */
    bool logon_complete;
    bool has_date;
    int64_t date_s; /* Unix seconds */
    struct http_timing timing;
    uint64_t bytes_sent;
    uint64_t bytes_received;
};

/* Everything in *response is valid during the call only, but for buffers taken. */
typedef void (*http_done)(void *user, struct http_response *response);

/* One request at a time per session: a device does one thing after the other. Strings are copied.
 * Fails: REASON_INTERNAL (busy), REASON_USAGE (URL; NTLM with other than ASCII, which libcurl would get wrong),
 * REASON_OTP_SCHEME (libcurl lacks it), REASON_NO_MEMORY: then `done` is not called.
 * In the response, next to a 401: REASON_OTP_TICKET (Negotiate without a usable ticket: the request went out without it),
 * REASON_CONNECTION_LOST (in the middle of a logon), REASON_HTTP_PROTOCOL (the server does not go on with NTLM). */
bool http_send(struct http_session *session, const struct http_request *request, http_done done, void *user,
               struct err *e) MUST_USE;
bool http_is_busy(const struct http_session *session); /* a request is under way */
/* Completes the request under way, if any, now: `done` is called from within, with REASON_ABORTED. */
void http_cancel(struct http_session *session);

struct http_stats {
    uint64_t requests;    /* accepted by http_send */
    uint64_t connections; /* sockets opened, ever */
    uint64_t open;        /* now */
    uint64_t open_max;
    uint64_t limit_errors; /* out of ports, descriptors, memory for sockets */
};
struct http_stats http_stats(const struct http *http);

/* The value of a header in http_response.headers, several joined by ", ", cut to fit. False when absent. */
bool http_header(struct span headers, const char *name, char *out, size_t out_bytes);

/* Whether the libcurl in use can do that. */
bool http_can(enum http_auth auth);

/* "libcurl/7.88.1 ..." of the library in use. Static. */
const char *http_library_version(void);

#endif
