#include "web.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 4096
#define DRIP_US         20000

struct client {
    int fd;
    char peer[INET_ADDRSTRLEN];
    unsigned number, nth;
    struct buf in;
    struct web_reply reply;
    bool replying; /* a reply is being sent or waited with */
    size_t sent;
    int64_t due_us;
};

struct web {
    int listener, wake[2];
    unsigned port;
    pthread_t thread;
    web_handler handler;
    void *user;
    atomic_bool stop, paused;
    atomic_uint connections, requests;
    struct client *clients; /* fd < 0: free */
    size_t count;
};

static void drop(struct client *c, bool reset)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(c->fd);
    buf_clear(&c->in);
    buf_clear(&c->reply.bytes);
    c->fd = -1;
}

static void accept_one(struct web *web)
{
    struct sockaddr_in peer = {0};
    socklen_t peer_len = sizeof peer;
    int fd = accept4(web->listener, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    size_t i = 0;
    while (i < web->count && web->clients[i].fd >= 0)
        i++;
    if (i == MAX_CONNECTIONS) {
        close(fd);
        return;
    }
    if (i == web->count)
        web->count++;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    web->clients[i] = (struct client){.fd = fd, .number = atomic_fetch_add(&web->connections, 1)};
    inet_ntop(AF_INET, &peer.sin_addr, web->clients[i].peer, sizeof web->clients[i].peer);
    buf_init(&web->clients[i].in, BYTES_MAX_MESSAGE * 4);
}

static size_t content_length(const char *head)
{
    for (const char *line = head; (line = strchr(line, '\n')) != NULL;) {
        line++;
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            return (size_t)strtoul(line + 15, NULL, 10);
    }
    return 0;
}

/* Takes one complete request out of what arrived; false when there is none yet. */
static bool serve(struct web *web, struct client *c)
{
    if (c->replying || buf_text(&c->in) == NULL)
        return false;
    char *head = (char *)c->in.data;
    char *end = strstr(head, "\r\n\r\n");
    if (end == NULL)
        return false;
    size_t body_at = (size_t)(end - head) + 4, body_len = content_length(head);
    if (c->in.len < body_at + body_len)
        return false;
    *end = '\0';
    char method[16] = "", target[16384] = "";
    sscanf(head, "%15s %16383s", method, target);
    struct web_request request = {.method = method,
                                  .target = target,
                                  .head = head,
                                  .body = span_of(c->in.data + body_at, body_len),
                                  .peer = c->peer,
                                  .connection = c->number,
                                  .nth = c->nth++};
    atomic_fetch_add(&web->requests, 1);
    c->reply = (struct web_reply){.manner = WEB_REPLY};
    buf_init(&c->reply.bytes, BYTES_MAX_MESSAGE * 16);
    web->handler(web->user, &request, &c->reply);
    c->replying = true;
    c->sent = 0;
    c->due_us = clock_monotonic_us() + c->reply.delay_ms * 1000;
    memmove(c->in.data, c->in.data + body_at + body_len, c->in.len - body_at - body_len);
    c->in.len -= body_at + body_len;
    return true;
}

static void receive(struct client *c)
{
    uint8_t *to = buf_reserve(&c->in, 65536);
    ssize_t n = to == NULL ? 0 : recv(c->fd, to, 65536, 0);
    if (n > 0)
        c->in.len += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        drop(c, false);
}

static void finish_reply(struct client *c)
{
    switch (c->reply.manner) {
    case WEB_REPLY:
        c->replying = false;
        buf_clear(&c->reply.bytes);
        break;
    case WEB_REPLY_CLOSE:
        drop(c, false);
        break;
    case WEB_RESET:
        drop(c, true);
        break;
    case WEB_SILENT:
        c->due_us = INT64_MAX;
        break;
    case WEB_DRIP:
        c->due_us = clock_monotonic_us() + DRIP_US;
        buf_append_byte(&c->reply.bytes, 'x');
        break;
    }
}

static void send_some(struct client *c)
{
    if (c->reply.manner != WEB_SILENT && c->sent < c->reply.bytes.len) {
        ssize_t n = send(c->fd, c->reply.bytes.data + c->sent, c->reply.bytes.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            drop(c, false);
            return;
        }
        c->sent += n > 0 ? (size_t)n : 0;
    }
    if (c->reply.manner == WEB_SILENT || c->sent == c->reply.bytes.len)
        finish_reply(c);
}

/* Fills the poll set; returns how long to wait at most. */
static int prepare(struct web *web, struct pollfd *set)
{
    int64_t now = clock_monotonic_us(), wait = 1000000;
    bool paused = atomic_load(&web->paused);
    set[0] = (struct pollfd){.fd = web->wake[0], .events = POLLIN};
    set[1] = (struct pollfd){.fd = paused ? -1 : web->listener, .events = POLLIN};
    for (size_t i = 0; i < web->count; i++) {
        struct client *c = &web->clients[i];
        bool writes = c->fd >= 0 && c->replying && c->due_us <= now;
        set[i + 2] =
            (struct pollfd){.fd = paused ? -1 : c->fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
        if (c->fd >= 0 && c->replying && !writes && c->due_us - now < wait)
            wait = c->due_us - now;
    }
    return (int)(wait / 1000) + 1;
}

static void turn(struct web *web, struct pollfd *set)
{
    size_t watched = web->count;
    if (poll(set, watched + 2, prepare(web, set)) < 0)
        return;
    char byte;
    if (set[0].revents != 0 && read(web->wake[0], &byte, 1) < 0)
        return;
    for (size_t i = 0; i < watched; i++) {
        struct client *c = &web->clients[i];
        if (set[i + 2].fd < 0)
            continue;
        if (set[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
            receive(c);
        if (c->fd >= 0 && (set[i + 2].revents & POLLOUT))
            send_some(c);
        if (c->fd >= 0)
            serve(web, c);
    }
    if (set[1].fd >= 0 && set[1].revents != 0)
        accept_one(web);
}

static void *thread_main(void *user)
{
    struct web *web = user;
    struct pollfd *set = calloc(MAX_CONNECTIONS + 2, sizeof *set);
    while (set != NULL && !atomic_load(&web->stop))
        turn(web, set);
    free(set);
    return NULL;
}

static bool listen_somewhere(struct web *web)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    web->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (web->listener < 0 || bind(web->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(web->listener, 4096) != 0 ||
        getsockname(web->listener, (struct sockaddr *)&address, &len) != 0)
        return false;
    web->port = ntohs(address.sin_port);
    return pipe2(web->wake, O_CLOEXEC) == 0;
}

struct web *web_start(web_handler handler, void *user)
{
    struct web *web = calloc(1, sizeof *web);
    if (web == NULL)
        return NULL;
    web->handler = handler;
    web->user = user;
    web->clients = calloc(MAX_CONNECTIONS, sizeof *web->clients);
    if (web->clients == NULL || !listen_somewhere(web) ||
        pthread_create(&web->thread, NULL, thread_main, web) != 0) {
        free(web->clients);
        free(web);
        return NULL;
    }
    return web;
}

static void nudge(struct web *web)
{
    while (write(web->wake[1], "x", 1) < 0 && errno == EINTR)
        ;
}

void web_stop(struct web *web)
{
    if (web == NULL)
        return;
    atomic_store(&web->stop, true);
    nudge(web);
    pthread_join(web->thread, NULL);
    for (size_t i = 0; i < web->count; i++) {
        if (web->clients[i].fd >= 0)
            drop(&web->clients[i], false);
    }
    close(web->listener);
    close(web->wake[0]);
    close(web->wake[1]);
    free(web->clients);
    free(web);
}

void web_pause(struct web *web, bool paused)
{
    atomic_store(&web->paused, paused);
    nudge(web);
}

unsigned web_port(const struct web *web)
{
    return web->port;
}

unsigned web_connections(struct web *web)
{
    return atomic_load(&web->connections);
}

unsigned web_requests(struct web *web)
{
    return atomic_load(&web->requests);
}

void web_answer(struct web_reply *reply, int status, const char *headers, struct span body)
{
    buf_appendf(&reply->bytes, "HTTP/1.1 %d Test\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
                body.len);
    buf_append_span(&reply->bytes, body);
}

void web_answer_text(struct web_reply *reply, int status, const char *body)
{
    web_answer(reply, status, "Content-Type: text/plain\r\n", span_of_text(body));
}
