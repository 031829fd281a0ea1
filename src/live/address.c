#include "live/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 64

static bool no_address(const char *text, struct err *e)
{
    return err_set(
        e, STAGE_SETUP, REASON_USAGE,
        "--metrics-listen %.60s: write an address in figures and a port, as in 127.0.0.1:9464, or a port "
        "alone (0: a free one)",
        text);
}

static bool set_host(struct live_address *a, const char *host, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    *a = (struct live_address){0};
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&a->socket, &v4, sizeof v4);
        a->socket_len = sizeof v4;
    } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(&a->socket, &v6, sizeof v6);
        a->socket_len = sizeof v6;
    }
    return a->socket_len > 0;
}

bool live_address_parse(const char *text, struct live_address *out, struct err *e)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = strrchr(text, ':'), *begin = text;
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    int64_t port = 0;
    struct err ignored = {0};
    if (!text_parse_int(colon != NULL ? colon + 1 : text, 0, 65535, &port, &ignored) || len >= sizeof host)
        return no_address(text, e);
    bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
    begin += brackets;
    len -= brackets ? 2 : 0;
    memcpy(host, begin, len);
    host[len] = '\0';
    if (brackets != (strchr(host, ':') != NULL))
        return no_address(text, e);
    bool own = host[0] == '\0' || strcmp(host, "localhost") == 0;
    return set_host(out, own ? "127.0.0.1" : host, (uint16_t)port) || no_address(text, e);
}

static unsigned port_of(const struct live_address *a)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;
    memcpy(&v6, &a->socket, sizeof v6);
    memcpy(&v4, &a->socket, sizeof v4);
    return ntohs(a->socket.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

static bool listen_on(struct live_address *a, int fd)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->socket.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    socklen_t len = sizeof a->socket;
    return bind(fd, (const struct sockaddr *)&a->socket, a->socket_len) == 0 && listen(fd, BACKLOG) == 0 &&
           getsockname(fd, (struct sockaddr *)&a->socket, &len) == 0;
}

bool live_address_listen(struct live_address *address, int *out_fd, struct err *e)
{
    char url[LIVE_URL_BYTES];
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && listen_on(address, fd)) {
        *out_fd = fd;
        return true;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    live_address_url(address, url);
    return err_set_errno(e, REASON_IO, why, "--metrics-listen: cannot listen on %s (port 0 picks a free one)",
                         url);
}

bool live_address_is_loopback(const struct live_address *address)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;
    memcpy(&v6, &address->socket, sizeof v6);
    memcpy(&v4, &address->socket, sizeof v4);
    if (address->socket.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
}

void live_address_url(const struct live_address *address, char out[LIVE_URL_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "?";
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;
    bool six = address->socket.ss_family == AF_INET6;
    memcpy(&v6, &address->socket, sizeof v6);
    memcpy(&v4, &address->socket, sizeof v4);
    if (inet_ntop(address->socket.ss_family, six ? (const void *)&v6.sin6_addr : (const void *)&v4.sin_addr,
                  host, sizeof host) == NULL)
        host[0] = '?';
    snprintf(out, LIVE_URL_BYTES, "http://%s%s%s:%u/", six ? "[" : "", host, six ? "]" : "",
             port_of(address));
}
