#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 1000
#define READ_MS    10000

int talk_connect(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int error = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    if (error == EINPROGRESS && poll(&wait, 1, CONNECT_MS) == 1) {
        socklen_t len = sizeof error;
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    } else if (error == EINPROGRESS) {
        error = ETIMEDOUT;
    }
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

/* The peer may answer and close before it has read all: then the rest is not sent. */
static void send_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (poll(&wait, 1, READ_MS) != 1)
            return;
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = span_of(bytes.data + sent, bytes.len - (size_t)sent);
    }
}

bool talk_drain(int fd, struct buf *reply)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, READ_MS) != 1)
            return false;
        uint8_t chunk[4096];
        ssize_t got = recv(fd, chunk, sizeof chunk, 0);
        if (got <= 0)
            return true;
        buf_append(reply, chunk, (size_t)got);
    }
}

bool talk(unsigned port, struct span request, struct buf *reply)
{
    int fd = talk_connect(port);
    if (fd < 0)
        return false;
    send_all(fd, request);
    bool ended = talk_drain(fd, reply);
    close(fd);
    return ended;
}

bool talk_get(unsigned port, const char *target, const char *headers, struct buf *reply)
{
    struct buf request;
    buf_init(&request, 1 << 20);
    buf_appendf(&request, "GET %s HTTP/1.1\r\nHost: ndes.example\r\nConnection: close\r\n%s\r\n", target,
                headers);
    bool ok = talk(port, buf_span(&request), reply);
    buf_clear(&request);
    return ok;
}

bool talk_post(unsigned port, const char *target, struct span body, struct buf *reply)
{
    struct buf request;
    buf_init(&request, 1 << 24);
    buf_appendf(&request,
                "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                target, body.len);
    buf_append_span(&request, body);
    bool ok = talk(port, buf_span(&request), reply);
    buf_clear(&request);
    return ok;
}

int talk_status(struct buf *reply)
{
    int status = 0;
    const char *text = buf_text(reply);
    return text != NULL && sscanf(text, "HTTP/1.1 %d", &status) == 1 ? status : -1;
}

static struct span head_of(const struct buf *reply)
{
    const uint8_t *end = reply->len > 0 ? memmem(reply->data, reply->len, "\r\n\r\n", 4) : NULL;
    return span_of(reply->data, end != NULL ? (size_t)(end - reply->data) + 2 : 0);
}

struct span talk_header(const struct buf *reply, const char *name)
{
    struct span head = head_of(reply);
    size_t name_len = strlen(name);
    while (head.len > 0) {
        const uint8_t *end = memmem(head.data, head.len, "\r\n", 2);
        size_t len = (size_t)(end - head.data);
        if (len > name_len + 1 && head.data[name_len] == ':' &&
            strncasecmp((const char *)head.data, name, name_len) == 0)
            return span_of(head.data + name_len + 2, len - name_len - 2);
        head = span_of(end + 2, head.len - len - 2);
    }
    return span_of(NULL, 0);
}

struct span talk_body(const struct buf *reply)
{
    size_t head = head_of(reply).len;
    return head == 0 ? span_of(NULL, 0) : span_of(reply->data + head + 2, reply->len - head - 2);
}

unsigned talk_port(const char *url)
{
    const char *colon = strrchr(url, ':');
    return colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}
