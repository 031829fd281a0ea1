#include "sim/listener.h"

#include "base/clock.h"
#include "base/hash.h"
#include "sim/resetter.h"
#include "sim/response.h"
#include "sim/waiting.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#define IDLE_DEFAULT_S    120
#define REQUEST_DEFAULT_S 60
#define DRIP_US           INT64_C(100000)
#define CONNECTION_BYTES  ((size_t)128 * 1024) /* see below */
#define MAX_CONNECTIONS   60000
#define SPARE_FDS         64

/* CONNECTION_BYTES: what HTTP.sys refuses must fit, or libmicrohttpd answers instead; it is zeroed for every request, too, which
 * at twice the size was a twentieth of an enrollment's CPU. */

struct sim_listener {
    struct sim_listener_config config;
    struct sim_port *port;
    struct ndes_transport transport;
    struct sim_resetter *resetter; /* NDES_NETWORK_RESET; else NULL */
    int fd;                        /* -1 while the daemon owns the socket */
    struct MHD_Daemon *daemon;     /* NULL: nobody serves */
    struct sim_waiting *waiting;
};

/* One request on its way in, and its answer until it is due. */
struct exchange {
    struct sim_wait wait; /* comes first: sim/waiting gives it back */
    struct MHD_Connection *connection;
    struct sim_listener *listener;
    struct MHD_Response *response; /* NULL: RST, once it is answered */
    bool answered;
    unsigned status;
    struct buf target;
    struct buf body;
    int64_t started_us; /* monotonic */
    bool begun;         /* headers are complete */
};

/* libmicrohttpd shows the request line only here as it came: later the escapes are gone. */
static void *on_request_line(void *user, const char *uri, struct MHD_Connection *connection)
{
    (void)user;
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->connection = connection;
    buf_init(&x->target, CONNECTION_BYTES);
    buf_init(&x->body, BYTES_MAX_MESSAGE);
    x->started_us = clock_monotonic_us();
    buf_append_text(&x->target, uri);
    return x;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode why)
{
    (void)user;
    (void)connection;
    (void)why;
    struct exchange *x = *context;
    if (x == NULL)
        return;
    if (x->response != NULL)
        MHD_destroy_response(x->response);
    buf_clear(&x->target);
    buf_clear(&x->body);
    free(x);
    *context = NULL;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

/* What a connection keeps between its requests. */
struct peer {
    void *session;
    bool spoke; /* there was a request */
};

/* libmicrohttpd ends a handshake that fails without a word; a server says why (RFC 8446 6.2). Nothing else has been said yet,
 * so that the alert goes in the clear. */
static void send_alert(int fd, enum ndes_tls_offer offer)
{
    enum { HANDSHAKE_FAILURE = 40, PROTOCOL_VERSION = 70 };
    uint8_t alert[] = {
        21, 3, 1, 0, 2, 2, offer == NDES_TLS_RARE_CIPHER ? HANDSHAKE_FAILURE : PROTOCOL_VERSION};
    (void)!send(fd, alert, sizeof alert, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    const struct sim_listener *l = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = calloc(1, sizeof(struct peer));
        return;
    }
    struct peer *peer = *context;
    if (l->config.web != NULL && l->transport.offer != NDES_TLS_USUAL && (peer == NULL || !peer->spoke))
        send_alert(socket_of(connection), l->transport.offer);
    if (peer != NULL && peer->session != NULL && l->config.forget != NULL)
        l->config.forget(peer->session, l->config.user);
    free(peer);
    *context = NULL;
}

static void **session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *peer = info != NULL ? info->socket_context : NULL;
    if (peer == NULL)
        return NULL;
    peer->spoke = true;
    return &peer->session;
}

/* Client address and port: what tells one connection from another. */
static uint64_t connection_id(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return 0;
    bool v6 = info->client_addr->sa_family == AF_INET6;
    size_t len = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    return hash_span(span_of(info->client_addr, len));
}

/* "127.0.0.1:8080", "[::1]", "localhost": not what a name elsewhere can have been made to mean. */
static bool is_address(const char *host)
{
    char name[INET6_ADDRSTRLEN];
    struct in6_addr any;
    const char *from = host + (host[0] == '[');
    size_t len = strcspn(from, host[0] == '[' ? "]" : ":");
    if (len >= sizeof name)
        return false;
    memcpy(name, from, len);
    name[len] = '\0';
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &any) == 1 ||
           inet_pton(AF_INET6, name, &any) == 1;
}

/* A browser on this machine asks for whatever site it shows. That is to be seen by the Origin; or, where the site's name has come
 * to mean this machine (DNS rebinding), by a Host that is no address. */
static bool is_asked_by_page(struct MHD_Connection *connection)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN) != NULL ||
           (host != NULL && !is_address(host));
}

static bool is_local(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL && info->client_addr != NULL && sim_port_address_is_loopback(info->client_addr);
}

/* RST instead of an answer: libmicrohttpd closes, and closing with a linger time of zero sends one. */
static enum MHD_Result reset(const struct exchange *x)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_of(x->connection), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return MHD_NO;
}

static enum MHD_Result send_response(const struct exchange *x)
{
    if (x->wait.gone)
        return MHD_NO;
    return x->response != NULL ? MHD_queue_response(x->connection, x->status, x->response) : reset(x);
}

static void on_due(struct sim_wait *wait, void *user)
{
    (void)user;
    const struct exchange *x = (void *)wait;
    MHD_resume_connection(x->connection);
}

/* The connection sleeps, its thread goes on. When it is due libmicrohttpd asks again. */
static void sleep_until(const struct sim_listener *l, struct exchange *x, int64_t due_us)
{
    x->wait = (struct sim_wait){.due_us = due_us, .fd = socket_of(x->connection)};
    MHD_suspend_connection(x->connection);
    if (!sim_waiting_add(l->waiting, &x->wait)) {
        x->wait.gone = true;
        MHD_resume_connection(x->connection);
    }
}

static enum MHD_Result send_later(const struct sim_listener *l, struct exchange *x, int64_t due_us)
{
    buf_clear(&x->body);
    sleep_until(l, x, due_us);
    return MHD_YES;
}

/* Between two drops of a dripping body. */
static bool pause_drip(void *user)
{
    struct exchange *x = user;
    if (x->wait.gone)
        return false;
    sleep_until(x->listener, x, clock_monotonic_us() + DRIP_US);
    return true;
}

/* Request line and headers as they came, or nearly so: blanks that do not count are gone. */
static enum MHD_Result measure_header(void *user, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    struct ndes_request *request = user;
    size_t len = value != NULL ? strlen(value) : 0;
    request->head_bytes += strlen(name) + len + strlen(": \r\n");
    if (len > request->field_bytes)
        request->field_bytes = len;
    return MHD_YES;
}

static void measure(struct MHD_Connection *connection, const char *version, struct ndes_request *request)
{
    request->head_bytes =
        strlen(request->method) + request->target.len + strlen(version) + strlen("  \r\n\r\n");
    MHD_get_connection_values(connection, MHD_HEADER_KIND, measure_header, request);
}

/* Where a request comes from, as text: "192.0.2.7". False: not known. */
static bool client_of(struct MHD_Connection *connection, char out[INET6_ADDRSTRLEN], unsigned *port)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return false;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)info->client_addr;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)info->client_addr;
    bool six = info->client_addr->sa_family == AF_INET6;
    *port = ntohs(six ? v6->sin6_port : v4->sin_port);
    return inet_ntop(six ? AF_INET6 : AF_INET,
                     six ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, out,
                     INET6_ADDRSTRLEN) != NULL;
}

static enum MHD_Result answer(struct sim_listener *l, const char *method, const char *version,
                              struct exchange *x)
{
    struct MHD_Connection *connection = x->connection;
    x->listener = l;
    char client[INET6_ADDRSTRLEN];
    struct ndes_request request = {
        .method = method,
        .target = buf_span(&x->target),
        .host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST),
        .authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
        .body = x->body.failed ? span_of(NULL, 0) : buf_span(&x->body),
        .body_too_large = x->body.failed,
        .http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0,
        .local = is_local(connection),
        .of_page = is_asked_by_page(connection),
        .tls = l->config.web != NULL,
        .connection = connection_id(connection),
        .session = session_of(connection),
        .now_us = l->config.now_us(),
        .monotonic_us = clock_monotonic_us(),
        .agent = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT),
    };
    if (client_of(connection, client, &request.client_port))
        request.client = client;
    struct ndes_reply reply;
    measure(connection, version, &request);
    l->config.answer(&request, &reply, l->config.user);
    x->answered = true;
    x->status = (unsigned)reply.status;
    if (reply.cut == NDES_CUT_RESET)
        buf_wipe(&reply.body);
    else
        x->response = sim_response_make(&reply, request.now_us, &(struct sim_drip){pause_drip, x});
    if (x->response == NULL && reply.cut != NDES_CUT_RESET)
        return MHD_NO;
    int64_t due_us = request.monotonic_us + reply.delay_us;
    return reply.delay_us > 0 && due_us > clock_monotonic_us() ? send_later(l, x, due_us) : send_response(x);
}

/* Called once with the headers, then per piece of the body, then once more at its end. A body beyond the ceiling is read
 * and forgotten, so that the client can be told. MHD_NO cuts the connection. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **context)
{
    (void)connection;
    (void)path;
    struct sim_listener *l = user;
    struct exchange *x = *context;
    if (x == NULL || x->target.failed)
        return MHD_NO;
    if (x->answered)
        return send_response(x);
    if (clock_monotonic_us() - x->started_us > (int64_t)l->config.request_s * 1000000)
        return MHD_NO;
    if (!x->begun) {
        x->begun = true;
        return MHD_YES;
    }
    if (*data_bytes > 0) {
        if (!x->body.failed)
            buf_append(&x->body, data, *data_bytes);
        *data_bytes = 0;
        return MHD_YES;
    }
    return answer(l, method, version, x);
}

static unsigned connection_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * SPARE_FDS)
        return SPARE_FDS;
    rlim_t free_fds = limit.rlim_cur - SPARE_FDS;
    return free_fds < MAX_CONNECTIONS ? (unsigned)free_fds : MAX_CONNECTIONS;
}

static unsigned thread_count(const struct sim_listener *l)
{
    if (l->config.threads > 0)
        return l->config.threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

/* In the words of GnuTLS. A client of today knows none of the last one's cipher suites. */
static const char *const offers[] = {
    [NDES_TLS_USUAL] = "NORMAL",
    [NDES_TLS_UP_TO_1_1] = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%SERVER_PRECEDENCE",
    [NDES_TLS_1_3_ONLY] = "NORMAL:-VERS-ALL:+VERS-TLS1.3",
    [NDES_TLS_RARE_CIPHER] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-128-CBC",
};

/* The options of TLS; with plain HTTP none. With a CA for them, client certificates are asked for, though not insisted on. */
static void set_tls(const struct sim_listener *l, struct MHD_OptionItem options[5])
{
    struct sim_web_certs *web = l->config.web;
    const struct ndes_transport *t = &l->transport;
    size_t n = 0;
    if (web != NULL) {
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(intptr_t)buf_text(&web->key_pem)};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                               (void *)(intptr_t)buf_text(&web->chain_pem[t->certificate])};
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(intptr_t)offers[t->offer]};
    }
    if (web != NULL && t->client_certificate)
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(intptr_t)l->config.client_ca_pem};
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static bool serve(struct sim_listener *l, struct err *e)
{
    if (!sim_waiting_start(on_due, NULL, &l->waiting, e))
        return false;
    bool tls = l->config.web != NULL;
    struct MHD_OptionItem tls_options[5];
    set_tls(l, tls_options);
    unsigned threads = thread_count(l);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, (intptr_t)l->fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)connection_limit(), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)l->config.idle_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)CONNECTION_BYTES, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)(threads > 1 ? threads : 0), NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, NULL},
        {MHD_OPTION_ARRAY, 0, tls_options},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | (tls ? MHD_USE_TLS : 0u);
    l->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, l, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (l->daemon == NULL)
        return err_set(e, STAGE_SETUP, REASON_IO, "cannot serve %s on %.80s port %u", tls ? "HTTPS" : "HTTP",
                       l->port->host, sim_port_number(l->port));
    l->fd = -1;
    return true;
}

/* Back to nothing: no daemon, no socket. The daemon does not end while a connection sleeps. */
static void tear_down(struct sim_listener *l)
{
    if (l->waiting != NULL)
        sim_waiting_stop(l->waiting);
    if (l->daemon != NULL)
        MHD_stop_daemon(l->daemon);
    l->daemon = NULL;
    sim_waiting_free(l->waiting);
    l->waiting = NULL;
    sim_resetter_stop(l->resetter);
    l->resetter = NULL;
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    sim_port_unsilence(l->port);
}

static bool set_up(struct sim_listener *l, struct err *e)
{
    if (l->fd < 0 && !sim_port_bind(l->port, &l->fd, e))
        return false;
    switch (l->transport.network) {
    case NDES_NETWORK_OPEN:
        return sim_port_listen(l->port, l->fd, e) && serve(l, e);
    case NDES_NETWORK_REFUSE: /* bound, so that nobody else takes it, but not listening */
        return true;
    case NDES_NETWORK_DROP:
        return sim_port_silence(l->port, l->fd, e);
    case NDES_NETWORK_RESET:
        return sim_port_listen(l->port, l->fd, e) && sim_resetter_start(l->fd, &l->resetter, e);
    case NDES_NETWORK_STALL: /* the kernel accepts, nobody reads */
        return sim_port_listen(l->port, l->fd, e);
    }
    return false;
}

bool sim_listener_start(const struct sim_listener_config *config, struct sim_port *port, int fd,
                        struct sim_listener **out, struct err *e)
{
    struct sim_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        close(fd);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the listener");
    }
    *l = (struct sim_listener){.config = *config, .port = port, .fd = fd};
    if (l->config.idle_s == 0)
        l->config.idle_s = IDLE_DEFAULT_S;
    if (l->config.request_s == 0)
        l->config.request_s = REQUEST_DEFAULT_S;
    if (!set_up(l, e)) {
        sim_listener_stop(l);
        return false;
    }
    *out = l;
    return true;
}

void sim_listener_stop(struct sim_listener *listener)
{
    if (listener == NULL)
        return;
    tear_down(listener);
    free(listener);
}

static bool same(const struct ndes_transport *a, const struct ndes_transport *b)
{
    return a->network == b->network && a->certificate == b->certificate && a->offer == b->offer &&
           a->client_certificate == b->client_certificate;
}

bool sim_listener_set_transport(struct sim_listener *listener, const struct ndes_transport *transport,
                                struct err *e)
{
    bool open = listener->transport.network == NDES_NETWORK_OPEN;
    bool served = open ? listener->daemon != NULL : listener->fd >= 0;
    if (served && same(&listener->transport, transport))
        return true;
    tear_down(listener);
    listener->transport = *transport;
    if (set_up(listener, e))
        return true;
    tear_down(listener);
    return false;
}
