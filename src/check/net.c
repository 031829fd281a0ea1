/* The part of `check` below HTTP: names, connections, handshakes. */
#include "base/clock.h"
#include "base/text.h"
#include "check/check.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_US   INT64_C(5000000)
#define HANDSHAKE_US INT64_C(10000000)

/* ---- where ---- */

static bool read_url(struct check *c)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL, *scheme = NULL;
    int64_t number = 0;
    struct err ignored = {0};
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, c->scenario->target.url, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              text_parse_int(port, 1, UINT16_MAX, &number, &ignored);
    if (ok) {
        size_t len = strlen(host), from = host[0] == '[';
        snprintf(c->place.host, sizeof c->place.host, "%.*s", (int)(len - 2 * from), host + from);
        c->place.port = (uint16_t)number;
        c->place.tls = strcmp(scheme, "https") == 0;
    }
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    curl_url_cleanup(url);
    return ok;
}

static void add_address(struct check_place *p, const char *address)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->addresses[i], address) == 0)
            return;
    }
    if (p->count < CHECK_MAX_ADDRESSES)
        snprintf(p->addresses[p->count++], sizeof p->addresses[0], "%s", address);
}

static void add_found(struct check_place *p, const struct addrinfo *found)
{
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        char text[46];
        if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0)
            add_address(p, text);
    }
}

static void tell_addresses(struct check *c, int64_t took_us)
{
    struct check_place *p = &c->place;
    char list[CHECK_MAX_ADDRESSES * 48] = "";
    for (size_t i = 0, at = 0; i < p->count; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i > 0 ? ", " : "", p->addresses[i]);
    if (c->scenario->target.address_count > 0)
        check_stage(c, "dns", CHECK_OK, -1, "not asked: --addresses says %s", list);
    else if (!p->named)
        check_stage(c, "dns", CHECK_OK, -1, "not needed: the URL has an address");
    else
        check_stage(c, "dns", CHECK_OK, took_us, "%s is %s", p->host, list);
}

static bool look_up(struct check *c)
{
    struct check_place *p = &c->place;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct in6_addr six;
    struct in_addr four;
    p->named = inet_pton(AF_INET, p->host, &four) != 1 && inet_pton(AF_INET6, p->host, &six) != 1;
    for (size_t i = 0; i < c->scenario->target.address_count; i++)
        add_address(p, c->scenario->target.addresses[i]);
    p->pinned = p->count > 0 ? p->addresses[0] : NULL;
    int64_t began = clock_monotonic_us();
    int code = p->count == 0 ? getaddrinfo(p->host, NULL, &hints, &found) : 0;
    if (code != 0) {
        check_stage(c, "dns", CHECK_CRITICAL, clock_monotonic_us() - began, "%s does not resolve: %s",
                    p->host, gai_strerror(code));
        return false;
    }
    add_found(p, found);
    if (found != NULL)
        freeaddrinfo(found);
    tell_addresses(c, clock_monotonic_us() - began);
    return p->count > 0;
}

/* ---- connections ---- */

static bool wait_for(int fd, short what, int64_t until_us)
{
    struct pollfd p = {.fd = fd, .events = what};
    int64_t left = until_us - clock_monotonic_us();
    return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) == 1;
}

/* Returns the socket, or -1 with the reason in *why. */
static int dial(const struct check_place *p, const char *address, const char **why)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    int error = 0;
    socklen_t error_bytes = sizeof error;
    snprintf(port, sizeof port, "%u", p->port);
    *why = "no such address";
    if (getaddrinfo(address, port, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool begun = fd >= 0 && (connect(fd, found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
    if (begun && !wait_for(fd, POLLOUT, clock_monotonic_us() + CONNECT_US))
        error = ETIMEDOUT;
    else if (!begun || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) != 0)
        error = errno;
    freeaddrinfo(found);
    if (error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    *why = error == ETIMEDOUT      ? "no answer: packets are dropped on the way"
           : error == ECONNREFUSED ? "refused: nobody listens there"
                                   : "no way there";
    return -1;
}

static bool connect_all(struct check *c)
{
    bool any = false;
    for (size_t i = 0; i < c->place.count; i++) {
        const char *why = "", *address = c->place.addresses[i];
        int64_t began = clock_monotonic_us();
        int fd = dial(&c->place, address, &why);
        int64_t took = clock_monotonic_us() - began;
        if (fd >= 0) {
            check_stage(c, "tcp", CHECK_OK, took, "%s port %u takes connections", address, c->place.port);
            close(fd);
            if (!any && c->scenario->target.address_count > 0)
                c->place.pinned = address;
            any = true;
        } else {
            check_stage(c, "tcp", CHECK_CRITICAL, took, "%s port %u: %s", address, c->place.port, why);
        }
    }
    return any;
}

/* ---- handshakes ---- */

struct handshake {
    bool done;
    char version[16], why[160];
    long verified; /* X509_V_OK */
    size_t chain;  /* certificates served */
    struct pki_cert *cert;
    char names[300];
};

static SSL *make_ssl(const struct check *c, int fd, int version, SSL_CTX **context)
{
    *context = SSL_CTX_new(TLS_client_method());
    if (*context == NULL)
        return NULL;
    const char *roots = c->scenario->target.ca_file;
    if (roots != NULL)
        SSL_CTX_load_verify_locations(*context, roots, NULL);
    else
        SSL_CTX_set_default_verify_paths(*context);
    SSL_CTX_set_verify(*context, SSL_VERIFY_NONE, NULL); /* looked at afterwards: a bad one is a finding */
    SSL *ssl = SSL_new(*context);
    if (ssl == NULL)
        return NULL;
    if (version != 0 &&
        (!SSL_set_min_proto_version(ssl, version) || !SSL_set_max_proto_version(ssl, version))) {
        SSL_free(ssl);
        return NULL;
    }
    if (c->place.named) {
        char host[sizeof c->place.host]; /* the macro casts const away */
        snprintf(host, sizeof host, "%s", c->place.host);
        SSL_set_tlsext_host_name(ssl, host);
        SSL_set1_host(ssl, c->place.host);
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), c->place.host);
    }
    SSL_set_fd(ssl, fd);
    return ssl;
}

static bool shake(SSL *ssl, int fd)
{
    int64_t until = clock_monotonic_us() + HANDSHAKE_US;
    for (;;) { /* ends with the handshake or with the time */
        int result = SSL_connect(ssl);
        if (result == 1)
            return true;
        int wants = SSL_get_error(ssl, result);
        if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)
            return false;
        if (!wait_for(fd, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until))
            return false;
    }
}

static void take_names(X509 *x509, char *out, size_t out_bytes)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names) && used < out_bytes; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%.*s", used > 0 ? ", " : "",
                                 ASN1_STRING_length(name->d.dNSName),
                                 (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
}

static void take_certificate(SSL *ssl, struct handshake *h)
{
    X509 *x509 = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    unsigned char *der = NULL;
    struct err ignored = {0};
    int len = x509 != NULL ? i2d_X509(x509, &der) : 0;
    if (len > 0 && !pki_cert_from_der(span_of(der, (size_t)len), &h->cert, &ignored))
        h->cert = NULL;
    OPENSSL_free(der);
    if (x509 != NULL)
        take_names(x509, h->names, sizeof h->names);
    h->chain = chain != NULL ? (size_t)sk_X509_num(chain) : 0;
    h->verified = SSL_get_verify_result(ssl);
}

/* `version`: TLS1_2_VERSION ...; 0: whatever both like best. */
static void shake_hands(const struct check *c, const char *address, int version, struct handshake *h)
{
    const char *why = "";
    SSL_CTX *context = NULL;
    *h = (struct handshake){0};
    int fd = dial(&c->place, address, &why);
    SSL *ssl = fd >= 0 ? make_ssl(c, fd, version, &context) : NULL;
    ERR_clear_error();
    if (ssl != NULL && shake(ssl, fd)) {
        h->done = true;
        snprintf(h->version, sizeof h->version, "%s", SSL_get_version(ssl));
        take_certificate(ssl, h);
    } else {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        snprintf(h->why, sizeof h->why, "%s",
                 reason != NULL ? reason
                 : fd < 0       ? why
                                : "the connection broke or stayed silent during the handshake");
    }
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(context);
    if (fd >= 0)
        close(fd);
}

static void try_versions(struct check *c, const char *address)
{
    static const struct {
        int version;
        const char *name;
    } tried[] = {{TLS1_2_VERSION, "TLS 1.2"}, {TLS1_3_VERSION, "TLS 1.3"}};
    bool done[2];
    for (size_t i = 0; i < 2; i++) {
        struct handshake h;
        shake_hands(c, address, tried[i].version, &h);
        done[i] = h.done;
        pki_cert_free(h.cert);
    }
    check_stage(c, "tls", done[0] ? CHECK_OK : CHECK_WARNING, -1, "%s %s TLS 1.2 and %s TLS 1.3", address,
                done[0] ? "speaks" : "refuses", done[1] ? "speaks" : "refuses");
    if (!done[0] && done[1])
        check_tell(c, CHECK_WARNING, "%s refuses TLS 1.2, which older devices need", address);
}

static void shake_all(struct check *c)
{
    uint8_t told[32] = {0};
    for (size_t i = 0; i < c->place.count; i++) {
        struct handshake h;
        const char *address = c->place.addresses[i];
        int64_t began = clock_monotonic_us();
        shake_hands(c, address, 0, &h);
        int64_t took = clock_monotonic_us() - began;
        if (!h.done) {
            check_stage(c, "tls", CHECK_CRITICAL, took, "%s: no handshake: %s", address, h.why);
        } else {
            check_stage(c, "tls", h.verified == X509_V_OK ? CHECK_OK : CHECK_CRITICAL, took,
                        "%s serves %zu certificate%s for %s over %s: %s", address, h.chain,
                        h.chain == 1 ? "" : "s", h.names[0] != '\0' ? h.names : "no DNS name", h.version,
                        h.verified == X509_V_OK ? "trusted" : X509_verify_cert_error_string(h.verified));
        }
        if (h.cert != NULL && memcmp(told, pki_cert_sha256(h.cert), sizeof told) != 0) {
            memcpy(told, pki_cert_sha256(h.cert), sizeof told);
            c->node = address;
            check_certificate(c, h.cert, "tls", clock_wall_us() / 1000000);
            c->node = NULL;
        }
        pki_cert_free(h.cert);
        try_versions(c, address);
    }
}

void check_net(struct check *c)
{
    if (!read_url(c)) /* the scenario took it, so this does not happen */
        return;
    if (c->scenario->target.proxy != NULL || !look_up(c))
        return;
    if (connect_all(c) && c->place.tls)
        shake_all(c);
}
