/* How long messages were that passed and that failed. A limit shows as a length below which all goes well; what dislikes the
 * contents refuses short ones as often as long ones. */
#include "diagnose/candidates.h"

#include <string.h>
#include <strings.h>

/* What IIS allows by default: maxQueryString, and maxUrl, which counts the path, too. */
#define MAX_QUERY 2048
#define MAX_URL   4096

#define LEAST_SPREAD 300 /* bytes: less is chance, of escapes and of serial numbers */

static struct measure_lengths passed_meanwhile(const struct facts *f)
{
    const struct measure_failure *g = f->failure;
    return measure_passed(f->run->measure, g->first.profile, g->first_us, g->last_us);
}

/* The share of all lengths below the shortest that failed; below 0: there is nothing to compare. */
static double shorter_passed(const struct facts *f)
{
    const struct measure_failure *g = f->failure;
    struct measure_lengths passed = passed_meanwhile(f);
    uint64_t most = passed.most > g->bytes.most ? passed.most : g->bytes.most;
    /* Two lengths and nothing between may as well be GET and POST of one message. */
    bool spread =
        passed.most >= passed.least + LEAST_SPREAD || g->bytes.most >= g->bytes.least + LEAST_SPREAD;
    if (passed.count == 0 || g->count < 3 || g->bytes.least == 0 || !spread)
        return -1;
    if (g->bytes.least <= passed.least)
        return 0;
    return (double)(g->bytes.least - passed.least) / (double)(most - passed.least);
}

static bool only_long_ones(const struct facts *f)
{
    return shorter_passed(f) > 0.2;
}

static bool of_all_lengths(const struct facts *f)
{
    double share = shorter_passed(f);
    return share >= 0 && share < 0.08;
}

double lengths_above(const struct facts *f)
{
    return only_long_ones(f) ? 12 : of_all_lengths(f) ? 0.3 : 1;
}

double lengths_any(const struct facts *f)
{
    return only_long_ones(f) ? 0.25 : 1;
}

void tell_lengths(const struct facts *f, struct diagnosis *d)
{
    struct measure_lengths passed = passed_meanwhile(f);
    const struct measure_failure *g = f->failure;
    if (shorter_passed(f) >= 0)
        evidence_add(d, "requests of %llu to %llu bytes failed; meanwhile those of %llu to %llu passed",
                     (unsigned long long)g->bytes.least, (unsigned long long)g->bytes.most,
                     (unsigned long long)passed.least, (unsigned long long)passed.most);
}

/* ---- GET ---- */

/* Bytes of the query of a request of so many bytes: what else is in it is the same in all. 0: not known. */
static size_t query_of(const struct facts *f, uint64_t bytes)
{
    size_t first = facts_query_bytes(f);
    uint64_t around = f->failure->bytes.first > first ? f->failure->bytes.first - first : 0;
    return first == 0 ? 0 : around == 0 || bytes <= around ? first : (size_t)(bytes - around);
}

static size_t shortest_query(const struct facts *f)
{
    return query_of(f, f->failure->bytes.least);
}

/* Longest that passed below the shortest that failed; 0: there is no such line between them. */
static size_t passed_below(const struct facts *f)
{
    struct measure_lengths passed = passed_meanwhile(f);
    return only_long_ones(f) && passed.most < f->failure->bytes.least ? query_of(f, passed.most) : 0;
}

static size_t path_bytes(const struct facts *f)
{
    const char *host = strstr(f->run->target->url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    return path != NULL ? strcspn(path, "?#") + 1 : 0;
}

double lengths_query(const struct facts *f)
{
    size_t failed = shortest_query(f);
    if (failed == MAX_QUERY + 1)
        return 8;
    if (passed_below(f) > MAX_QUERY)
        return 0.1;
    return failed == 0 || failed > MAX_QUERY ? 1 : 0.3;
}

double lengths_url(const struct facts *f)
{
    size_t failed = shortest_query(f), passed = passed_below(f), path = path_bytes(f);
    if (failed > 0 && path + failed == MAX_URL + 1)
        return 20;
    if (passed > MAX_QUERY && passed + path <= MAX_URL && failed + path > MAX_URL)
        return 10;
    return failed == 0 || failed + path > MAX_URL ? 1 : 0.1;
}

/* A signature is different each time: sometimes there is a + in it, sometimes not. */
double lengths_sometimes(const struct facts *f)
{
    size_t bytes = facts_query_bytes(f);
    if (bytes > 0 && bytes < 1024) /* shorter than any limit: what is in it matters */
        return 12;
    if (shorter_passed(f) >= 0)
        return of_all_lengths(f) ? 20 : only_long_ones(f) ? 0.05 : 1;
    return f->mixed > 0.2 && passed_meanwhile(f).count > 0 ? 6 : 0.5;
}

double lengths_long_get(const struct facts *f)
{
    return facts_query_bytes(f) > 1024 ? 5 : 0.2;
}

/* ---- POST ---- */

/* What the server announces it takes. Who filters the verb in IIS does not tell the extension, which goes on to claim it. */
double lengths_no_post(const struct facts *f)
{
    if (f->first->http_status == 405) /* is about the method, and never about a length */
        return 3;
    if (only_long_ones(f))
        return 0.1;
    for (size_t i = 0; i < f->run->target->cap_count; i++) {
        if (strcasecmp(f->run->target->caps[i], "POSTPKIOperation") == 0)
            return 0.6;
    }
    return 2;
}
