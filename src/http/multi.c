/* curl's multi handle wired to a uv loop: sockets become uv_poll handles, its one time-out a uv_timer.
 *
 * Two traps, both avoided here. Completions are drained after every curl_multi_socket_action: when the last
 * transfers of all time out, nothing else would ever fetch them. And a uv_poll that reports an error has been stopped
 * by uv: it is told to curl as an event (readable and writable rather than CURL_CSELECT_ERR, with which curl would not
 * look at the socket's error), and watched again should curl want to keep the socket. */
#include "http/internal.h"

struct watch {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t fd;
    int events; /* uv's */
    bool removed;
};

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

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

static void on_socket(uv_poll_t *handle, int status, int events)
{
    struct watch *w = handle->data;
    struct http *http = w->http;
    int what = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0; /* curl reads, and finds the real error */
    if (events & UV_READABLE)
        what |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        what |= CURL_CSELECT_OUT;
    act(http, w->fd, what);
    if (status < 0 && !w->removed)
        uv_poll_start(&w->poll, w->events, on_socket);
    http_drain(http); /* `w` lives on until its close callback, but is not touched any more */
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

static struct watch *watch_new(struct http *http, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->http = http;
    w->fd = fd;
    if (uv_poll_init_socket(http->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    curl_multi_assign(http->multi, fd, w);
    return w;
}

static void watch_remove(struct http *http, struct watch *w)
{
    curl_multi_assign(http->multi, w->fd, NULL);
    w->removed = true;
    uv_close((uv_handle_t *)&w->poll,
             on_watch_closed); /* stops at once: the descriptor may be closed and reused */
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    (void)easy;
    struct http *http = user;
    struct watch *w = socket_user;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL)
            watch_remove(http, w);
        return 0;
    }
    if (w == NULL && (w = watch_new(http, fd)) == NULL)
        return -1; /* curl fails the transfers */
    w->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&w->poll, w->events, on_socket) == 0 ? 0 : -1;
}

bool http_multi_open(struct http *http, struct err *e)
{
    http->multi = curl_multi_init();
    if (http->multi == NULL ||
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
