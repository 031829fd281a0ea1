/* The simulated NDES behind a listener that keeps each reply to PKIOperation back, for as many connections as there are
 * descriptors. One thread, and little of its own, so that what is measured is the other side. */
#include "bench.h"

#include "base/clock.h"
#include "base/file.h"
#include "sim/site.h"
#include "sim/web_cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS       65536
#define REQUEST_BYTES 16384
#define EVENTS        256
#define PASSWORDS     100000

struct peer {
    int fd;
    SSL *ssl;            /* NULL: plain */
    struct buf in, kept; /* kept: a reply */
    int64_t due_us;      /* 0: nothing is kept back */
    struct peer *next;
};

struct holder {
    struct holder_config config;
    int listener, epoll;
    SSL_CTX *tls;
    struct sim_site *site;
    const char *host;            /* "127.0.0.1:4711" */
    struct peer *peers[MAX_FDS]; /* by descriptor */
    struct peer *first, *last;   /* kept back, in order */
};

static void forget(struct holder *h, struct peer *p)
{
    if (p->due_us != 0)
        return; /* freed when its turn comes */
    SSL_free(p->ssl);
    buf_clear(&p->in);
    buf_wipe(&p->kept);
    h->peers[p->fd] = NULL;
    close(p->fd);
    free(p);
}

static ssize_t receive(struct peer *p, void *to, size_t bytes)
{
    return p->ssl != NULL ? SSL_read(p->ssl, to, (int)bytes) : recv(p->fd, to, bytes, 0);
}

/* Far less than a socket's buffer takes. */
static void put(struct peer *p, const struct buf *out)
{
    ssize_t n = p->ssl != NULL ? SSL_write(p->ssl, out->data, (int)out->len)
                               : send(p->fd, out->data, out->len, MSG_NOSIGNAL);
    (void)n;
}

static void write_reply(const struct ndes_reply *reply, struct buf *out)
{
    buf_appendf(out, "HTTP/1.1 %d Reply\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", reply->status,
                reply->content_type != NULL ? reply->content_type : "text/html", reply->body.len);
    buf_append_span(out, buf_span(&reply->body));
}

static void keep_back(struct holder *h, struct peer *p)
{
    p->due_us = h->config.hold_ms < 0 ? INT64_MAX : clock_monotonic_us() + (int64_t)h->config.hold_ms * 1000;
    atomic_fetch_add(h->config.waiting, 1);
    p->next = NULL;
    if (h->last != NULL)
        h->last->next = p;
    else
        h->first = p;
    h->last = p;
}

/* "GET /path?query HTTP/1.1": the second word. */
static struct span target_of(const struct buf *in)
{
    const uint8_t *first = memchr(in->data, ' ', in->len);
    if (first == NULL)
        return span_of(NULL, 0);
    size_t rest = in->len - (size_t)(first + 1 - in->data);
    const uint8_t *second = memchr(first + 1, ' ', rest);
    return span_of(first + 1, second == NULL ? 0 : (size_t)(second - first - 1));
}

static bool is_complete(const struct buf *in)
{
    const char *text = (const char *)in->data;
    const char *end = memmem(text, in->len, "\r\n\r\n", 4);
    const char *length = end == NULL ? NULL : memmem(text, (size_t)(end - text), "Content-Length:", 15);
    size_t body = length == NULL ? 0 : (size_t)strtoul(length + 15, NULL, 10);
    return end != NULL && in->len >= (size_t)(end - text) + 4 + body;
}

static struct span body_of(const struct buf *in)
{
    const uint8_t *end = memmem(in->data, in->len, "\r\n\r\n", 4);
    return span_of(end + 4, in->len - (size_t)(end + 4 - in->data));
}

static void serve(struct holder *h, struct peer *p)
{
    if (!is_complete(&p->in))
        return;
    const struct ndes_request request = {
        .method = p->in.data[0] == 'P' ? "POST" : "GET",
        .target = target_of(&p->in),
        .host = h->host,
        .body = body_of(&p->in),
        .tls = p->ssl != NULL,
        .local = true,
        .connection = (uint64_t)p->fd,
        .now_us = clock_wall_us(),
    };
    bool held = memmem(request.target.data, request.target.len, "PKIOperation", 12) != NULL;
    if (!held || h->config.hold_ms >= 0) { /* one that is never answered is not worked out */
        struct ndes_reply reply;
        sim_site_answer(h->site, &request, &reply);
        write_reply(&reply, &p->kept);
        buf_wipe(&reply.body);
    }
    if (held) {
        keep_back(h, p);
    } else {
        put(p, &p->kept);
        buf_wipe(&p->kept);
    }
    buf_clear(&p->in);
}

static void on_readable(struct holder *h, struct peer *p)
{
    for (;;) {
        uint8_t *room = buf_reserve(&p->in, 2048);
        ssize_t n = room == NULL ? 0 : receive(p, room, 2048);
        if (n > 0) {
            p->in.len += (size_t)n;
            serve(h, p);
            if (p->due_us != 0)
                return;
            continue;
        }
        bool again = p->ssl != NULL ? SSL_get_error(p->ssl, (int)n) == SSL_ERROR_WANT_READ
                                    : n < 0 && (errno == EAGAIN || errno == EINTR);
        if (!again)
            forget(h, p);
        return;
    }
}

static void on_connection(struct holder *h)
{
    for (int fd; (fd = accept4(h->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct peer *p = fd < MAX_FDS ? calloc(1, sizeof *p) : NULL;
        if (p == NULL) {
            close(fd);
            continue;
        }
        p->fd = fd;
        buf_init(&p->in, REQUEST_BYTES);
        buf_init(&p->kept, BYTES_MAX_MESSAGE);
        if (h->tls != NULL) {
            p->ssl = SSL_new(h->tls);
            SSL_set_fd(p->ssl, fd);
            SSL_set_accept_state(p->ssl);
        }
        h->peers[fd] = p;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Milliseconds until the next one; -1: none. */
static int let_go(struct holder *h)
{
    int64_t now = clock_monotonic_us();
    for (struct peer *p; (p = h->first) != NULL; h->first = p->next, p->due_us = 0) {
        if (p->due_us > now)
            return p->due_us == INT64_MAX ? -1 : (int)((p->due_us - now) / 1000 + 1);
        atomic_fetch_sub(h->config.waiting, 1);
        put(p, &p->kept);
        buf_wipe(&p->kept);
        if (h->last == p)
            h->last = NULL;
    }
    return -1;
}

static _Noreturn void run(struct holder *h)
{
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = h->listener};
    epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->listener, &event);
    for (;;) {
        int n = epoll_wait(h->epoll, events, EVENTS, let_go(h));
        for (int i = 0; i < n; i++) {
            struct peer *p = h->peers[events[i].data.fd];
            if (events[i].data.fd == h->listener)
                on_connection(h);
            else if (p != NULL && p->due_us == 0)
                on_readable(h, p);
            else if (p != NULL && (events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
                epoll_ctl(h->epoll, EPOLL_CTL_DEL, p->fd, NULL);
        }
    }
}

static SSL_CTX *make_tls(struct buf *key_pem, struct buf *cert_pem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    BIO *key_bio = BIO_new_mem_buf(key_pem->data, (int)key_pem->len);
    BIO *cert_bio = BIO_new_mem_buf(cert_pem->data, (int)cert_pem->len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
    X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
    if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        exit(1);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    return ctx;
}

/* NDES with an open OTP page and a cache that is never full. All of it lives as long as the process. */
static void make_site(struct holder *h, const struct ndes_identity *id)
{
    struct err e = {0};
    struct ndes_otp *otp = NULL;
    struct faults *faults = NULL;
    struct ndes_ca *ca = NULL;
    const struct ndes_otp_config passwords = {
        .max = PASSWORDS, .validity_us = INT64_C(86400000000), .bytes = 8};
    if (!ndes_otp_new(&passwords, &otp, &e) || !faults_parse(NULL, 0, &faults, &e))
        bench_die("site", &e);
    const struct ndes_ca_spec authority = {.policy = NDES_POLICY_DEFAULTS, .identity = id, .otp = otp};
    if (!ndes_ca_new(&authority, &ca, &e))
        bench_die("site", &e);
    const struct sim_site_config site = {
        .identity = id,
        .ca = ca,
        .otp = otp,
        .faults = faults,
        .otp_max = PASSWORDS,
        .otp_validity_us = INT64_C(86400000000),
        .caps = "POSTPKIOperation,SHA-256,AES",
    };
    if (!sim_site_new(&site, &h->site, &e))
        bench_die("site", &e);
}

static void make_server(struct holder *h, const char *ca_file)
{
    struct err e = {0};
    struct ndes_identity *id = NULL;
    struct sim_web_certs web;
    int64_t now_s = clock_wall_us() / 1000000;
    const struct ndes_identity_spec spec = {.ca_bits = 2048, .ra_bits = 2048, .now_s = now_s};
    sim_web_certs_init(&web);
    if (!ndes_identity_new(&spec, &id, &e) || !sim_web_certs_make(id, "127.0.0.1", now_s, &web, &e) ||
        !file_write(ca_file, buf_span(&id->ca_pem), 0600, &e))
        bench_die("certificates", &e);
    make_site(h, id);
    if (h->config.tls)
        h->tls = make_tls(&web.key_pem, &web.chain_pem[NDES_WEB_CERT_SOUND]);
    sim_web_certs_clear(&web);
}

/* The socket listens before the fork, so nobody has to wait for it. */
static int listen_somewhere(char url[64], bool tls)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        exit(1);
    snprintf(url, 64, "%s://127.0.0.1:%u", tls ? "https" : "http", ntohs(address.sin_port));
    return fd;
}

pid_t holder_start(const struct holder_config *config, char url[64], char ca_file[32])
{
    snprintf(ca_file, 32, "/tmp/bench-ca-XXXXXX");
    int file = mkstemp(ca_file);
    if (file < 0)
        exit(1);
    close(file);
    static struct holder h; /* large: one per process */
    int listener = listen_somewhere(url, config->tls);
    h = (struct holder){.config = *config,
                        .listener = listener,
                        .epoll = epoll_create1(EPOLL_CLOEXEC),
                        .host = strstr(url, "//") + 2};
    make_server(&h, ca_file);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(&h);
    }
    close(listener);
    close(h.epoll);
    SSL_CTX_free(h.tls);
    return pid;
}
