#include "sim/port.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#define BACKLOG        4096
#define FILL_WAIT_MS   50 /* a handshake over loopback is done in far less */
#define URL_HOST_BYTES 64

static bool no_address(const char *text, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "'%.80s' is no address and port: write 127.0.0.1:8080, or port 0 for a free one", text);
}

/* Splits at the last colon; an IPv6 address stands in brackets. */
static bool split(const char *text, char *host, size_t host_bytes, int64_t *port)
{
    const char *colon = strrchr(text, ':');
    struct err ignored = {0};
    if (colon == NULL || colon == text || !text_parse_int(colon + 1, 0, 65535, port, &ignored))
        return false;
    size_t len = (size_t)(colon - text);
    bool brackets = text[0] == '[' && len > 2 && text[len - 1] == ']';
    const char *start = brackets ? text + 1 : text;
    len -= brackets ? 2 : 0;
    if (len >= host_bytes || (!brackets && memchr(start, ':', len) != NULL))
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    return true;
}

static void set_number(struct sim_port *port, unsigned number)
{
    if (port->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&port->address)->sin6_port = htons((uint16_t)number);
    else
        ((struct sockaddr_in *)&port->address)->sin_port = htons((uint16_t)number);
}

unsigned sim_port_number(const struct sim_port *port)
{
    if (port->address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&port->address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&port->address)->sin_port);
}

bool sim_port_parse(const char *text, struct sim_port *out, struct err *e)
{
    *out = (struct sim_port){0};
    for (size_t i = 0; i < SIM_PORT_FILLERS; i++)
        out->fillers[i] = -1;
    int64_t number = 0;
    if (!split(text, out->host, sizeof out->host, &number))
        return no_address(text, e);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    if (getaddrinfo(out->host, NULL, &hints, &found) != 0 || found == NULL)
        return no_address(text, e);
    memcpy(&out->address, found->ai_addr, found->ai_addrlen);
    out->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    set_number(out, (unsigned)number);
    return true;
}

static bool cannot_listen(const struct sim_port *port, int error_number, struct err *e)
{
    return err_set_errno(e, REASON_IO, error_number, "cannot listen on %.80s port %u", port->host,
                         sim_port_number(port));
}

static bool bind_fd(struct sim_port *port, int fd)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (port->address.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&port->address, port->address_len) != 0)
        return false;
    socklen_t len = sizeof port->address;
    return sim_port_number(port) != 0 || getsockname(fd, (struct sockaddr *)&port->address, &len) == 0;
}

bool sim_port_bind(struct sim_port *port, int *out_fd, struct err *e)
{
    int fd = socket(port->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return cannot_listen(port, errno, e);
    if (!bind_fd(port, fd)) {
        cannot_listen(port, errno, e);
        close(fd);
        return false;
    }
    *out_fd = fd;
    return true;
}

bool sim_port_listen(const struct sim_port *port, int fd, struct err *e)
{
    return listen(fd, BACKLOG) == 0 || cannot_listen(port, errno, e);
}

/* One connection into the queue of our own port. False: it got no answer, the queue is full. */
static bool fill_one(struct sim_port *port, int *filler)
{
    *filler = socket(port->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*filler < 0)
        return false;
    if (connect(*filler, (const struct sockaddr *)&port->address, port->address_len) == 0)
        return true;
    struct pollfd wait = {.fd = *filler, .events = POLLOUT};
    return errno == EINPROGRESS && poll(&wait, 1, FILL_WAIT_MS) == 1 && (wait.revents & POLLERR) == 0;
}

bool sim_port_silence(struct sim_port *port, int fd, struct err *e)
{
    if (listen(fd, 0) != 0)
        return cannot_listen(port, errno, e);
    for (size_t i = 0; i < SIM_PORT_FILLERS; i++) {
        if (!fill_one(port, &port->fillers[i]))
            break;
    }
    return true;
}

void sim_port_unsilence(struct sim_port *port)
{
    for (size_t i = 0; i < SIM_PORT_FILLERS; i++) {
        if (port->fillers[i] >= 0)
            close(port->fillers[i]);
        port->fillers[i] = -1;
    }
}

bool sim_port_address_is_loopback(const struct sockaddr *address)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    memcpy(&v4, address, sizeof v4);
    return address->sa_family == AF_INET && ntohl(v4.sin_addr.s_addr) >> 24 == 127;
}

bool sim_port_is_loopback(const struct sim_port *port)
{
    return sim_port_address_is_loopback((const struct sockaddr *)&port->address);
}

void sim_port_url(const struct sim_port *port, bool tls, char *out, size_t out_bytes)
{
    char host[URL_HOST_BYTES];
    bool v6 = port->address.ss_family == AF_INET6;
    if (getnameinfo((const struct sockaddr *)&port->address, port->address_len, host, sizeof host, NULL, 0,
                    NI_NUMERICHOST) != 0)
        snprintf(host, sizeof host, "localhost");
    snprintf(out, out_bytes, "%s://%s%s%s:%u", tls ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
             sim_port_number(port));
}
