/* Faults below HTTP, with real sockets: one server that goes through all of them by a clock of the test's own. */
#include "sim/sim.h"

#include "base/clock.h"
#include "pki/key.h"
#include "pki_fixture.h"
#include "talk.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define CAPS   "/certsrv/mscep/mscep.dll?operation=GetCACaps"

static _Atomic int64_t virtual_us;

static int64_t virtual_now(void)
{
    return virtual_us;
}

static struct sim *start(bool tls, const char *const *faults, size_t count)
{
    virtual_us = INT64_C(1780000000) * SECOND;
    struct sim_config config = {.listen = "127.0.0.1:0",
                                .tls = tls,
                                .threads = 2,
                                .faults = faults,
                                .fault_count = count,
                                .now_us = virtual_now};
    struct sim *sim = NULL;
    struct err e = {0};
    if (!sim_start(&config, &sim, &e))
        fail_msg("%s", e.text);
    return sim;
}

/* A client that trusts the simulated CA and nothing else. */
struct client {
    unsigned port;
    SSL_CTX *context;
    bool was_asked; /* for a certificate, in the last handshake */
};

static int give_none(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
    struct client *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)cert;
    (void)key;
    c->was_asked = true;
    return 0;
}

static void open_client(struct client *c, const struct sim *sim, int max_version)
{
    struct buf pem = fresh_buf();
    struct err e = {0};
    assert_true(sim_ca_pem(sim, &pem, &e));
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(ca);
    *c = (struct client){.port = talk_port(sim_url(sim)), .context = SSL_CTX_new(TLS_client_method())};
    X509_STORE_add_cert(SSL_CTX_get_cert_store(c->context), ca);
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(c->context);
    X509_VERIFY_PARAM_set1_ip_asc(param, "127.0.0.1");
    X509_VERIFY_PARAM_set_time(param, (time_t)(virtual_us / SECOND));
    SSL_CTX_set_verify(c->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(c->context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(c->context, max_version);
    SSL_CTX_set_app_data(c->context, c);
    SSL_CTX_set_client_cert_cb(c->context, give_none);
    X509_free(ca);
    BIO_free(bio);
    buf_clear(&pem);
}

static void close_client(struct client *c)
{
    SSL_CTX_free(c->context);
}

static const char *why_not(const SSL *ssl, int error_number)
{
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    unsigned long code = ERR_get_error();
    if (code != 0)
        return ERR_reason_error_string(code);
    return error_number == ECONNRESET ? "reset" : "closed";
}

/* How a handshake ends: "ok", or what OpenSSL calls it. With *status what GetCACaps then answers. */
static void shake_hands(struct client *c, char *out, size_t bytes, int *status)
{
    int fd = talk_connect(c->port);
    if (fd < 0) {
        snprintf(out, bytes, "%s", errno == ECONNREFUSED ? "refused" : "no connection");
        return;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ERR_clear_error();
    c->was_asked = false;
    SSL *ssl = SSL_new(c->context);
    SSL_set_fd(ssl, fd);
    errno = 0;
    bool ok = SSL_connect(ssl) == 1;
    snprintf(out, bytes, "%s", ok ? "ok" : why_not(ssl, errno));
    static const char request[] = "GET " CAPS " HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n";
    char reply[64] = "";
    if (ok && SSL_write(ssl, request, sizeof request - 1) > 0 && SSL_read(ssl, reply, sizeof reply - 1) > 0)
        sscanf(reply, "HTTP/1.1 %d", status);
    SSL_free(ssl);
    close(fd);
}

/* The watcher looks at the clock now and then: 10 s are more than enough. */
static void assert_becomes(struct client *c, int at_s, const char *expected, int expected_status)
{
    static int64_t begin;
    if (at_s == 0)
        begin = virtual_us;
    virtual_us = begin + at_s * SECOND;
    char got[256] = "";
    int status = 0;
    for (int64_t end = clock_monotonic_us() + 10 * SECOND; clock_monotonic_us() < end;) {
        status = 0;
        shake_hands(c, got, sizeof got, &status);
        if (strcmp(got, expected) == 0 && status == expected_status)
            return;
    }
    fail_msg("after %d s: '%s' and %d, not '%s'", at_s, got, status, expected);
}

static void handshake_follows_the_faults(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "tls-cert-expired:from=10s,for=5s",
        "tls-cert-name-mismatch:from=20s,for=5s",
        "tls-chain-untrusted:from=30s,for=5s",
        "tls-chain-untrusted:chain=self-signed,from=40s,for=5s",
        "tls-chain-untrusted:chain=no-intermediate,from=50s,for=5s",
        "tls-binding-missing:from=60s,for=5s",
        "tls-version-mismatch:from=70s,for=5s",
        "tls-version-mismatch:offers=rare-cipher,from=80s,for=5s",
        "ssl-client-cert-required:from=90s,for=5s",
        "tls-version-mismatch:offers=tls1.3,from=100s,for=5s",
    };
    struct sim *sim = start(true, faults, sizeof faults / sizeof *faults);
    struct client c;
    open_client(&c, sim, 0);
    assert_becomes(&c, 0, "ok", 200);
    assert_false(c.was_asked);
    assert_becomes(&c, 12, "certificate has expired", 0);
    assert_becomes(&c, 17, "ok", 200);
    assert_becomes(&c, 22, "IP address mismatch", 0);
    assert_becomes(&c, 32, "self-signed certificate in certificate chain", 0);
    assert_becomes(&c, 42, "self-signed certificate", 0);
    assert_becomes(&c, 52, "unable to get local issuer certificate", 0);
    assert_becomes(&c, 62, "reset", 0);
    assert_becomes(&c, 67, "ok", 200);
    assert_becomes(&c, 72, "unsupported protocol", 0); /* the client's own alert: it is offered 1.1 */
    assert_becomes(&c, 82, "sslv3 alert handshake failure", 0);
    assert_becomes(&c, 92, "ok", 403);
    assert_true(c.was_asked);
    assert_becomes(&c, 102, "ok", 200);
    struct client old;
    open_client(&old, sim, TLS1_2_VERSION);
    assert_becomes(&old, 102, "tlsv1 alert protocol version", 0);
    assert_becomes(&old, 107, "ok", 200);
    close_client(&old);
    close_client(&c);
    sim_stop(sim);
}

/* What a plain GET meets: its status, or 0 and why. */
static int fetch(unsigned port, const char *target, struct buf *reply, int *error_number)
{
    *error_number = 0;
    int fd = talk_connect(port);
    if (fd < 0) {
        *error_number = errno;
        return 0;
    }
    char request[512];
    int len =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n", target);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    uint8_t chunk[4096];
    ssize_t got = 0;
    do {
        if (poll(&wait, 1, 300) != 1) {
            *error_number = ETIMEDOUT;
            break;
        }
        got = recv(fd, chunk, sizeof chunk, 0);
        *error_number = got < 0 ? errno : 0;
        if (got > 0)
            buf_append(reply, chunk, (size_t)got);
    } while (got > 0);
    close(fd);
    return reply->len > 0 ? talk_status(reply) : 0;
}

static void assert_network(unsigned port, int at_s, int status, int error_number)
{
    virtual_us = (INT64_C(1780000000) + at_s) * SECOND;
    int got = 0, why = 0;
    for (int64_t end = clock_monotonic_us() + 10 * SECOND; clock_monotonic_us() < end;) {
        struct buf reply = fresh_buf();
        got = fetch(port, CAPS, &reply, &why);
        buf_clear(&reply);
        if (got == status && (status != 0 || why == error_number))
            return;
    }
    fail_msg("after %d s: %d, %s", at_s, got, strerror(why));
}

static void network_follows_the_faults(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "network-path-blocked:from=10s,for=5s",
        "network-path-blocked:how=drop,from=20s,for=5s",
        "network-path-blocked:how=reset,from=30s,for=5s",
        "network-path-blocked:how=stall,from=40s,for=5s",
        "w3svc-stopped:from=50s,for=5s",
        "mdm-cannot-reach-ndes:from=60s,for=5s",
        "app-pool-crashing:from=70s,for=5s,crashes=100",
    };
    struct sim *sim = start(false, faults, sizeof faults / sizeof *faults);
    unsigned port = talk_port(sim_url(sim));
    assert_network(port, 0, 200, 0);
    assert_network(port, 12, 0, ECONNREFUSED);
    assert_network(port, 17, 200, 0);
    assert_network(port, 22, 0, ETIMEDOUT);
    assert_network(port, 32, 0, ECONNRESET);
    assert_network(port, 42, 0, ETIMEDOUT);
    assert_network(port, 47, 200, 0);
    assert_network(port, 52, 0, ECONNREFUSED);
    assert_network(port, 62, 0, ECONNREFUSED);
    assert_network(port, 72, 0, ECONNRESET);
    assert_network(port, 77, 200, 0);
    sim_stop(sim);
}

/* Who is told where it listens does not catch it before the fault does. */
static void a_blocked_port_is_blocked_from_the_first_moment(void **state)
{
    (void)state;
    static const char *const faults[] = {"w3svc-stopped"};
    struct sim *sim = start(false, faults, 1);
    assert_int_equal(talk_connect(talk_port(sim_url(sim))), -1);
    assert_int_equal(errno, ECONNREFUSED);
    sim_stop(sim);
}

static void answers_drip_and_clocks_are_off(void **state)
{
    (void)state;
    static const char *const faults[] = {"network-path-blocked:how=drip", "clock-skew:by=2h"};
    struct sim *sim = start(false, faults, 2);
    struct buf reply = fresh_buf();
    int64_t begin = clock_monotonic_us();
    assert_true(talk_get(talk_port(sim_url(sim)), CAPS, "", &reply));
    assert_true(clock_monotonic_us() - begin >= 100000); /* 58 bytes: two drops and a pause */
    assert_int_equal(talk_status(&reply), 200);
    assert_int_equal(talk_body(&reply).len, 58);
    assert_true(span_equal_text(talk_header(&reply, "Date"), "Thu, 28 May 2026 22:26:40 GMT"));
    const uint8_t *first = memmem(reply.data, reply.len, "Date:", 5);
    assert_non_null(first);
    size_t rest = reply.len - (size_t)(first + 1 - reply.data);
    assert_null(memmem(first + 1, rest, "\r\nDate:", 7));
    buf_clear(&reply);
    sim_stop(sim);
}

/* A dripping answer must not keep the server from ending. */
static void dripping_server_stops_at_once(void **state)
{
    (void)state;
    static const char *const faults[] = {"network-path-blocked:how=drip"};
    struct sim *sim = start(false, faults, 1);
    int fd = talk_connect(talk_port(sim_url(sim)));
    static const char request[] =
        "GET /certsrv/mscep/mscep.dll?operation=GetCACert&message=x HTTP/1.1\r\nHost: n\r\n\r\n";
    assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    int64_t begin = clock_monotonic_us();
    sim_stop(sim);
    assert_true(clock_monotonic_us() - begin < 5 * SECOND); /* all of it would take ten */
    close(fd);
}

static void connection_breaks_in_the_middle_of_an_answer(void **state)
{
    (void)state;
    static const char *const faults[] = {"payload-truncated:cuts=connection,limit=64"};
    struct sim *sim = start(false, faults, 1);
    struct buf reply = fresh_buf();
    int why = 0;
    int status = fetch(talk_port(sim_url(sim)),
                       "/certsrv/mscep/mscep.dll?operation=PKIOperation&message=AAAA", &reply, &why);
    assert_int_equal(status, 200);
    assert_int_equal(talk_body(&reply).len, 64);
    assert_true(talk_header(&reply, "Content-Length").len >= 3);
    buf_clear(&reply);
    sim_stop(sim);
}

static void proxies_sign_their_pages(void **state)
{
    (void)state;
    static const char *const faults[] = {"app-proxy-bad-gateway:by=squid"};
    struct sim *sim = start(false, faults, 1);
    struct buf reply = fresh_buf();
    assert_true(talk_get(talk_port(sim_url(sim)), CAPS, "", &reply));
    assert_int_equal(talk_status(&reply), 502);
    assert_true(span_equal_text(talk_header(&reply, "Server"), "squid/5.7"));
    assert_true(span_equal_text(talk_header(&reply, "Via"), "1.1 gateway.example (squid/5.7)"));
    assert_true(span_equal_text(talk_header(&reply, "X-Squid-Error"), "ERR_CONNECT_FAIL 111"));
    buf_clear(&reply);
    sim_stop(sim);
}

/* Four at once, of whom one is served and one may wait. */
static void assert_crowded(const char *fault, int status, const char *server)
{
    struct sim *sim = start(false, &fault, 1);
    static const char request[] = "GET " CAPS " HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n";
    int fds[4], served = 0, refused = 0;
    for (int i = 0; i < 4; i++) {
        fds[i] = talk_connect(talk_port(sim_url(sim)));
        assert_int_equal(send(fds[i], request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
    }
    for (int i = 0; i < 4; i++) {
        struct buf reply = fresh_buf();
        assert_true(talk_drain(fds[i], &reply));
        served += talk_status(&reply) == 200;
        refused += talk_status(&reply) == status && span_equal_text(talk_header(&reply, "Server"), server);
        buf_clear(&reply);
        close(fds[i]);
    }
    assert_true(served >= 1);
    assert_true(refused >= 1);
    assert_int_equal(served + refused, 4);
    sim_stop(sim);
}

static void crowds_are_refused(void **state)
{
    (void)state;
    assert_crowded("app-pool-queue-full:queue=1,service=1s", 503, "Microsoft-HTTPAPI/2.0");
    assert_crowded("server-busy:at-once=1,service=1s", 500, "Microsoft-IIS/10.0");
    assert_crowded("server-busy:face=503,at-once=1,service=1s", 503, "Microsoft-IIS/10.0");
}

static void older_windows_says_so(void **state)
{
    (void)state;
    struct sim_config config = {.listen = "127.0.0.1:0", .iis = "8.5"};
    struct sim *sim = NULL;
    struct err e = {0};
    assert_true(sim_start(&config, &sim, &e));
    struct buf reply = fresh_buf();
    assert_true(talk_get(talk_port(sim_url(sim)), CAPS, "", &reply));
    assert_true(span_equal_text(talk_header(&reply, "Server"), "Microsoft-IIS/8.5"));
    buf_reset(&reply);
    assert_true(talk_get(talk_port(sim_url(sim)), "/elsewhere", "", &reply));
    assert_int_equal(talk_status(&reply), 404);
    assert_true(span_equal_text(talk_header(&reply, "Server"), "Microsoft-IIS/8.5"));
    buf_clear(&reply);
    sim_stop(sim);
}

/* A fault that could not show is an error, not silence. */
static void faults_of_tls_want_tls(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        bool tls;
        const char *said;
    } cases[] = {
        {"tls-cert-expired", false, "add --tls"},
        {"ssl-client-cert-required", false, "add --tls"},
        {"https-required", true, "leave --tls out"},
        {"tls-cert-expired:fraction=0.5", true, "the same for everybody"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_config config = {
            .listen = "127.0.0.1:0", .tls = cases[i].tls, .faults = &cases[i].fault, .fault_count = 1};
        struct sim *sim = NULL;
        struct err e = {0};
        assert_false(sim_start(&config, &sim, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        assert_non_null(strstr(e.text, cases[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_follows_the_faults),
        cmocka_unit_test(network_follows_the_faults),
        cmocka_unit_test(a_blocked_port_is_blocked_from_the_first_moment),
        cmocka_unit_test(answers_drip_and_clocks_are_off),
        cmocka_unit_test(dripping_server_stops_at_once),
        cmocka_unit_test(connection_breaks_in_the_middle_of_an_answer),
        cmocka_unit_test(proxies_sign_their_pages),
        cmocka_unit_test(older_windows_says_so),
        cmocka_unit_test(crowds_are_refused),
        cmocka_unit_test(faults_of_tls_want_tls),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_pki, stop_pki);
}
