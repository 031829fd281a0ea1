#include "http/internal.h"

#include <strings.h>

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static char *part(const char *url, CURLUPart what)
{
    char *value = NULL;
    CURLU *u = curl_url();
    if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, what, &value, 0) != CURLUE_OK)
        value = NULL;
    curl_url_cleanup(u);
    return value;
}

static bool same_part(const char *a, const char *b, CURLUPart what)
{
    char *x = part(a, what), *y = part(b, what);
    bool same = x != NULL && y != NULL && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

/* Credentials and one-time passwords go where the user sent them: to this host, and not from TLS into the open. */
static bool may_go(const char *from, const char *to)
{
    bool downgrade = strncasecmp(from, "https:", 6) == 0 && strncasecmp(to, "https:", 6) != 0;
    return !downgrade && same_part(from, to, CURLUPART_HOST);
}

bool http_redirect_target(struct exchange *x, char **out, struct err *e)
{
    const char *from = NULL, *to = NULL;
    if (!x->get || !is_redirect(x->response.status))
        return false;
    curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &from);
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &to);
    if (x->redirects == 0 || from == NULL || to == NULL)
        return false;
    if (!may_go(from, to))
        return err_set_detail(e, x->stage, REASON_REDIRECTED, ERR_DOMAIN_HTTP, x->response.status,
                              "HTTP %d to %s, which is another host: not followed", x->response.status, to);
    *out = strdup(to);
    return *out != NULL;
}
