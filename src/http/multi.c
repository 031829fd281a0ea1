/* curl's multi handle wired to a uv loop: its sockets are watched by an epoll of our own, which uv watches as one descriptor, and
 * its one time-out is a uv_timer. A uv_poll for each socket would cost an allocation, an ioctl, and an epoll_ctl to take it out
 * before each one that puts it in.
 *
 * Two traps, both avoided here. Completions are drained after every curl_multi_socket_action: when the last
 * transfers of all time out, nothing else would ever fetch them. And a socket with an error is told to curl as readable and
 * writable rather than with CURL_CSELECT_ERR, with which curl would not look at the socket's error. */
#include "http/internal.h"

#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 64

void http_drain(struct http *http)
{
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        struct exchange *x = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        http_exchange_complete(x, code); /* the message is gone after this */
    }
}

static void act(struct http *http, curl_socket_t fd, int what)
{
    int running = 0;
    curl_multi_socket_action(http->multi, fd, what, &running);
}

static int what_happened(uint32_t events)
{
    if ((events & EPOLLERR) != 0)
        return CURL_CSELECT_IN | CURL_CSELECT_OUT;
    bool in = (events & (EPOLLIN | EPOLLHUP)) != 0, out = (events & EPOLLOUT) != 0;
    return (in ? CURL_CSELECT_IN : 0) | (out ? CURL_CSELECT_OUT : 0);
}

/* A socket may be closed, and its number used again, by what an event before it led to: curl then looks at a socket that nothing
 * happened to, and finds it so. What does not fit into one look comes with the loop's next turn. */
static void on_sockets(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct http *http = handle->data;
    struct epoll_event found[EVENTS];
    int count = http->multi == NULL ? 0 : epoll_wait(http->epoll, found, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        act(http, found[i].data.fd, what_happened(found[i].events));
        http_drain(http);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct http *http = timer->data;
    act(http, CURL_SOCKET_TIMEOUT, 0);
    http_drain(http);
}

/* Curl forbids acting inside this callback, so 0 means "on the next turn". */
static int on_timeout_wanted(CURLM *multi, long ms, void *user)
{
    (void)multi;
    struct http *http = user;
    if (ms < 0)
        uv_timer_stop(&http->timer);
    else
        uv_timer_start(&http->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *watched)
{
    (void)easy;
    struct http *http = user;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(http->epoll, EPOLL_CTL_DEL, fd, &event);
        if (watched != NULL && --http->watched == 0)
            uv_unref((uv_handle_t *)&http->sockets);
        return 0;
    }
    event.events =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (epoll_ctl(http->epoll, watched == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        return -1; /* curl fails the transfers */
    if (watched != NULL)
        return 0;
    curl_multi_assign(http->multi, fd, http); /* any pointer: remembered until REMOVE */
    if (http->watched++ == 0)
        uv_ref((uv_handle_t *)&http->sockets);
    return 0;
}

static bool watch_sockets(struct http *http)
{
    http->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (http->epoll < 0)
        return false;
    if (uv_poll_init(http->loop, &http->sockets, http->epoll) != 0) {
        close(http->epoll);
        return false;
    }
    http->sockets.data = http;
    http->watches = true;
    uv_unref((uv_handle_t *)&http->sockets);
    return uv_poll_start(&http->sockets, UV_READABLE, on_sockets) == 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    if (http->watches)
        close(http->epoll);
    free(http);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    if (http->watches)
        uv_close((uv_handle_t *)&http->sockets, on_closed);
    else
        on_closed(handle);
}

void http_multi_close(struct http *http)
{
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    if (http->watches)
        uv_poll_stop(&http->sockets);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
}

bool http_multi_open(struct http *http, struct err *e)
{
    http->multi = curl_multi_init();
    if (!watch_sockets(http) || http->multi == NULL ||
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) != CURLM_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted) != CURLM_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) != CURLM_OK ||
        /* Without a number curl derives one from the transfers in flight and evicts devices' idle connections. */
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 1000000L) != CURLM_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK)
        return err_set(e, STAGE_SETUP, REASON_INTERNAL, "libcurl's multi interface cannot be set up");
    return true;
}
