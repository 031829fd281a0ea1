#include "http/internal.h"

#include <signal.h>
#include <strings.h>

bool http_new(uv_loop_t *loop, const char *ca_file, struct http **out, struct err *e)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL || !http_library_open(e)) {
        free(http);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the HTTP client");
    }
    signal(SIGPIPE, SIG_IGN);
    http->loop = loop;
    uv_timer_init(loop, &http->timer); /* cannot fail */
    http->timer.data = http;
    http->no_expect = curl_slist_append(NULL, "Expect:");
    http->ca_file = ca_file == NULL ? NULL : strdup(ca_file);
    bool ok = http->no_expect != NULL && (ca_file == NULL || http->ca_file != NULL);
    if (!ok)
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the HTTP client");
    if (!ok || !http_multi_open(http, e)) {
        http_free(http);
        return false;
    }
    *out = http;
    return true;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        for (struct exchange *x = http->idle[i], *next; x != NULL; x = next) {
            next = x->next;
            http_exchange_destroy(x);
        }
    }
    curl_slist_free_all(http->no_expect);
    free(http->ca_file);
    free(http->proxy);
    http_multi_close(http);
    http_library_close();
}

bool http_set_proxy(struct http *http, const char *url, struct err *e)
{
    free(http->proxy);
    http->proxy = strdup(url);
    return http->proxy != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the HTTP client");
}

bool http_session_new(struct http *http, struct http_session **out, struct err *e)
{
    struct http_session *session = calloc(1, sizeof *session);
    CURLSH *share = curl_share_init();
    if (session == NULL || share == NULL ||
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) != CURLSHE_OK) {
        curl_share_cleanup(share);
        free(session);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a device's connections");
    }
    *session = (struct http_session){.http = http, .share = share};
    *out = session;
    return true;
}

void http_session_free(struct http_session *session)
{
    if (session == NULL)
        return;
    http_cancel(session);
    curl_share_cleanup(session->share);
    /* Curl 7.88 closes a socket that never got connected without telling. */
    session->http->stats.open -= session->open;
    free(session);
}

/* The place for TLS sessions is not small: only those get it who need it. Between requests nobody uses the share. */
static bool keep_tls_sessions(struct http_session *session, const struct http_request *request, struct err *e)
{
    if (session->keeps_tls || strncasecmp(request->url, "https:", 6) != 0)
        return true;
    session->keeps_tls =
        curl_share_setopt(session->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
    return session->keeps_tls ||
           err_set(e, request->stage, REASON_NO_MEMORY, "no memory for a device's TLS sessions");
}

bool http_send(struct http_session *session, const struct http_request *request, http_done done, void *user,
               struct err *e)
{
    if (session->current != NULL)
        return err_set(e, request->stage, REASON_INTERNAL, "two requests at once in one session");
    if (!http_logon_check(request, e) || !keep_tls_sessions(session, request, e))
        return false;
    struct exchange *x = http_exchange_take(session, e);
    if (x == NULL)
        return false;
    x->session = session;
    x->done = done;
    x->user = user;
    if (!http_exchange_prepare(x, request, e) || !http_exchange_start(x, e)) {
        http_exchange_destroy(x);
        return false;
    }
    session->current = x;
    session->http->stats.requests++;
    return true;
}

bool http_is_busy(const struct http_session *session)
{
    return session->current != NULL;
}

void http_cancel(struct http_session *session)
{
    if (session->current != NULL)
        http_exchange_abort(session->current);
}

struct http_stats http_stats(const struct http *http)
{
    return http->stats;
}

const char *http_library_version(void)
{
    return curl_version();
}
