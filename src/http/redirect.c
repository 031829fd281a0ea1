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
        curl_url_get(u, what, &value, CURLU_DEFAULT_PORT) != CURLUE_OK)
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

/* Credentials and one-time passwords go where the user sent them: to this host, and not from TLS into the open. Who logs on
 * there, or shows a token, is sent to no other service of that host either, but to the same one with TLS. */
static bool may_go(const char *from, const char *to, bool credentials)
{
    bool from_tls = strncasecmp(from, "https:", 6) == 0, to_tls = strncasecmp(to, "https:", 6) == 0;
    if ((from_tls && !to_tls) || !same_part(from, to, CURLUPART_HOST))
        return false;
    return !credentials || (!from_tls && to_tls) || same_part(from, to, CURLUPART_PORT);
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
    bool credentials = x->auth != HTTP_AUTH_NONE || x->confidential;
    if (!may_go(from, to, credentials))
        return err_set_detail(e, x->stage, REASON_REDIRECTED, ERR_DOMAIN_HTTP, x->response.status,
                              "HTTP %d to %.*s, which is another host%s: not followed", x->response.status,
                              (int)strcspn(to, "?#"), to, credentials ? " or port" : "");
    *out = strdup(to);
    return *out != NULL;
}
