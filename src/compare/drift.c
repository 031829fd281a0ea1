/* The server's fingerprint: how it presents itself, before and now. Several servers behind a name may differ among themselves, so
 * what is told is what no run of the other side saw. */
#include "compare/parts.h"

#include "base/text.h"

static bool has_cap(const struct compare_runs *runs, const char *cap)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct outcome_target *t = &runs->items[i]->target;
        for (size_t k = 0; k < t->cap_count; k++) {
            if (strcmp(t->caps[k], cap) == 0)
                return true;
        }
    }
    return false;
}

static bool has_cert(const struct compare_runs *runs, const char *sha256)
{
    for (size_t i = 0; i < runs->count; i++) {
        const struct outcome_target *t = &runs->items[i]->target;
        for (size_t k = 0; k < t->cert_count; k++) {
            if (strcmp(t->certs[k].sha256, sha256) == 0)
                return true;
        }
    }
    return false;
}

/* Was this already told of an earlier run of the side? */
static struct compare_runs before(const struct compare_runs *runs, size_t i)
{
    return (struct compare_runs){.items = runs->items, .count = i};
}

static void caps_missing(struct compare *c, const struct compare_runs *of, const struct compare_runs *in,
                         const char *what)
{
    for (size_t i = 0; i < of->count; i++) {
        const struct outcome_target *t = &of->items[i]->target;
        const struct compare_runs told = before(of, i);
        for (size_t k = 0; k < t->cap_count; k++) {
            if (!has_cap(in, t->caps[k]) && !has_cap(&told, t->caps[k]))
                words_say(&c->drift, "capability %s is %s", t->caps[k], what);
        }
    }
}

static void certs_missing(struct compare *c, const struct compare_runs *of, const struct compare_runs *in,
                          const char *what)
{
    for (size_t i = 0; i < of->count; i++) {
        const struct outcome_target *t = &of->items[i]->target;
        const struct compare_runs told = before(of, i);
        for (size_t k = 0; k < t->cert_count; k++) {
            const struct outcome_target_cert *cert = &t->certs[k];
            char until[40];
            text_utc(cert->not_after * 1000000, until, sizeof until);
            until[10] = '\0';
            if (!has_cert(in, cert->sha256) && !has_cert(&told, cert->sha256))
                words_say(&c->drift, "%s certificate of %s is %s (serial %.16s, until %s)", cert->role,
                          cert->subject, what, cert->serial, until);
        }
    }
}

static void text_changed(struct compare *c, const char *what, const char *was, const char *is)
{
    if (strcmp(was, is) != 0)
        words_say(&c->drift, "%s: '%s' before, '%s' now", what, was, is);
}

static void number_changed(struct compare *c, const char *what, uint64_t was, uint64_t is)
{
    if (was != is && was > 0 && is > 0) /* 0: the page did not say */
        words_say(&c->drift, "%s: %llu before, %llu now", what, (unsigned long long)was,
                  (unsigned long long)is);
}

void drift_look(struct compare *c)
{
    const struct compare_run *was = c->base->items[c->base->count - 1],
                             *is = c->now->items[c->now->count - 1];
    text_changed(c, "URL", was->target.url, is->target.url);
    text_changed(c, "Server header", was->target.server_header, is->target.server_header);
    caps_missing(c, c->base, c->now, "gone");
    caps_missing(c, c->now, c->base, "new");
    certs_missing(c, c->base, c->now, "gone");
    certs_missing(c, c->now, c->base, "new");
    text_changed(c, "logon at the page of one-time passwords", was->scheme, is->scheme);
    number_changed(c, "passwords that the server holds at once", was->page_cache, is->page_cache);
    number_changed(c, "minutes that a password lives", was->page_minutes, is->page_minutes);
}
