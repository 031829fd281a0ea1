#include "live/request.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool is_one_of(const char *word, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcasecmp(word, list[i]) == 0)
            return true;
    }
    return false;
}

/* An address in figures cannot be rebound, and neither can localhost. */
static bool is_local_host(const char *host)
{
    static const char *const names[] = {"localhost", "localhost.", NULL};
    char name[16];
    if (host[0] == '[' || strspn(host, "0123456789.:") == strlen(host))
        return true;
    size_t len = strcspn(host, ":");
    if (len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return is_one_of(name, names);
}

enum live_answer live_request_judge(const struct live_request *r, bool loopback)
{
    static const char *const methods[] = {"GET", "HEAD", NULL};
    static const struct {
        const char *path;
        enum live_answer answer;
    } paths[] = {{"/", LIVE_PAGE},
                 {"/sections", LIVE_SECTIONS},
                 {"/metrics", LIVE_METRICS},
                 {"/healthz", LIVE_HEALTH}};
    if (r->method == NULL || !is_one_of(r->method, methods))
        return LIVE_BAD_METHOD;
    if (loopback && r->host != NULL && !is_local_host(r->host))
        return LIVE_FOREIGN_HOST;
    for (size_t i = 0; r->path != NULL && i < sizeof paths / sizeof *paths; i++) {
        if (strcmp(r->path, paths[i].path) != 0)
            continue;
        bool open = r->accept != NULL && strstr(r->accept, "application/openmetrics-text") != NULL;
        return paths[i].answer == LIVE_METRICS && open ? LIVE_OPEN_METRICS : paths[i].answer;
    }
    return LIVE_NOT_FOUND;
}

bool live_request_has(const struct live_request *r, const char *tag)
{
    return r->if_none_match != NULL && tag[0] != '\0' && strstr(r->if_none_match, tag) != NULL;
}
