#include "measure/parts.h"

/* The server's words tell failures apart when it refused. In an answer that is wrong they may be anything. */
static bool same_words(const struct outcome *a, const struct outcome *b)
{
    bool refused = a->error.reason == REASON_SCEP_FAILURE || a->error.reason == REASON_SCEP_PENDING;
    return !refused || strcmp(a->text, b->text) == 0;
}

/* What makes two failures the same. The error's own text is left out: it may name hosts and numbers. */
static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->end == b->end && a->error.stage == b->error.stage && a->error.reason == b->error.reason &&
           a->http_status == b->http_status && a->body == b->body && a->fail_info == b->fail_info &&
           a->has_hresult == b->has_hresult && (!a->has_hresult || a->hresult == b->hresult) &&
           same_words(a, b);
}

static void keep(struct buf *to, struct span from)
{
    buf_init(to, MEASURE_MAX_EXEMPLAR_BYTES + 1); /* room for the NUL of buf_text */
    if (from.len > MEASURE_MAX_EXEMPLAR_BYTES)
        from.len = MEASURE_MAX_EXEMPLAR_BYTES;
    buf_append_span(to, from);
}

static bool same_group(const struct measure_failure *g, const struct outcome *o, int follow)
{
    return g->after_enrollment == (follow >= 0) && (follow < 0 || (int)g->follow == follow) &&
           same(&g->first, o);
}

static struct measure_failure *group_new(const struct outcome *o, uint64_t enrolled,
                                         const struct failing *step)
{
    struct measure_failure *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->first = *o;
    g->first.exemplar = (struct outcome_exemplar){0};
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        g->first.follow[i].exemplar = (struct outcome_exemplar){0};
    g->first_us = o->finished_us;
    g->enrolled_before = enrolled;
    g->latency_min_us = g->latency_max_us = step->took_us;
    g->bytes.first = g->bytes.least = g->bytes.most = step->bytes;
    g->otp.age_min_us = INT64_MAX;
    keep(&g->url, o->exemplar.url);
    keep(&g->headers, o->exemplar.headers);
    keep(&g->body, o->exemplar.body);
    buf_init(&g->request, MEASURE_MAX_EXEMPLAR_BYTES);
    if (o->exemplar.tell_request != NULL)
        o->exemplar.tell_request(o->exemplar.asked, &g->request);
    return g;
}

/* Where the group of this failure stands; f->count when there is none and none can be made. */
static size_t group_of(struct failures *f, const struct outcome *o, int follow, uint64_t enrolled,
                       const struct failing *step)
{
    for (size_t i = 0; i < f->count; i++) {
        if (same_group(f->items[i], o, follow))
            return i;
    }
    if (f->count == MEASURE_MAX_FAILURES)
        return f->count - 1;
    struct measure_failure *g = group_new(o, enrolled, step);
    if (g == NULL)
        return f->count == 0 ? 0 : f->count - 1;
    g->after_enrollment = follow >= 0;
    g->follow = follow >= 0 ? (enum outcome_follow)follow : OUTCOME_RENEWAL;
    f->items[f->count] = g;
    return f->count++;
}

static void count_otp(struct measure_failure *g, const struct outcome *o, bool used)
{
    if (o->otp_fingerprint == 0)
        return;
    int64_t fetched_us = o->finished_us - o->otp_age_us;
    g->otp.sent++;
    g->otp.used_before += used;
    if (o->otp_age_us < g->otp.age_min_us)
        g->otp.age_min_us = o->otp_age_us;
    if (o->otp_age_us > g->otp.age_max_us)
        g->otp.age_max_us = o->otp_age_us;
    if (g->otp.sent > 1 && fetched_us <= g->otp.fetched_last_us)
        return;
    g->otp.fetched_last_us = fetched_us;
    g->otp.accepted_after = 0;
}

/* Pairs become one: a long run has a coarser course, in the same room. */
static void coarsen(struct measure_course *c)
{
    for (size_t i = 0; i < MEASURE_COURSE_BINS / 2; i++)
        c->bins[i] = c->bins[2 * i] + c->bins[2 * i + 1];
    memset(c->bins + MEASURE_COURSE_BINS / 2, 0, sizeof c->bins / 2);
    c->width_s *= 2;
}

static void count_in_course(struct measure_course *c, int64_t at_us)
{
    uint64_t second = at_us < 0 ? 0 : (uint64_t)at_us / 1000000;
    if (c->width_s == 0)
        c->width_s = 1;
    while (second / c->width_s >= MEASURE_COURSE_BINS && c->width_s < UINT32_C(1) << 30)
        coarsen(c);
    size_t bin = (size_t)(second / c->width_s);
    c->bins[bin < MEASURE_COURSE_BINS ? bin : MEASURE_COURSE_BINS - 1]++;
}

/* Keeps the most frequent first. */
static void rise(struct failures *f, size_t i)
{
    /* cppcheck-suppress arrayIndexOutOfBoundsCond; i is the place of one that is there */
    for (; i > 0 && f->items[i]->count > f->items[i - 1]->count; i--) {
        struct measure_failure *above = f->items[i - 1];
        f->items[i - 1] = f->items[i];
        f->items[i] = above;
    }
}

static void count_step(struct measure_failure *g, const struct failing *step)
{
    if (step->took_us < g->latency_min_us)
        g->latency_min_us = step->took_us;
    if (step->took_us > g->latency_max_us)
        g->latency_max_us = step->took_us;
    if (step->bytes > 0 && step->bytes < g->bytes.least)
        g->bytes.least = step->bytes;
    if (step->bytes > g->bytes.most)
        g->bytes.most = step->bytes;
}

/* `follow` < 0: the enrollment itself. */
static void add(struct failures *f, const struct outcome *o, int follow, uint64_t enrolled,
                const struct failing *step)
{
    size_t i = group_of(f, o, follow, enrolled, step);
    if (i == f->count)
        return;
    struct measure_failure *g = f->items[i];
    f->total++;
    g->count++;
    g->last_us = o->finished_us;
    count_in_course(&g->course, o->finished_us);
    g->enrolled_until = enrolled;
    count_step(g, step);
    count_otp(g, o, step->otp_used);
    rise(f, i);
}

void failures_add(struct failures *f, const struct outcome *o, uint64_t enrolled, const struct failing *step)
{
    add(f, o, -1, enrolled, step);
}

void failures_add_follow_up(struct failures *f, const struct outcome *o, enum outcome_follow follow,
                            uint64_t enrolled)
{
    const struct outcome_follow_up *failed = &o->follow[follow];
    struct outcome facts = *o;
    facts.error = failed->error;
    facts.timed_out = failed->timed_out;
    facts.started_us = failed->started_us;
    facts.finished_us = failed->finished_us;
    facts.http_status = failed->http_status;
    facts.body = failed->body;
    facts.fail_info = failed->fail_info;
    facts.has_hresult = failed->has_hresult;
    facts.hresult = failed->hresult;
    memcpy(facts.text, failed->text, sizeof facts.text);
    facts.otp_fingerprint = 0; /* the password went with the enrollment */
    facts.exemplar = failed->exemplar;
    const struct failing step = {.took_us = failed->finished_us - failed->started_us};
    add(f, &facts, (int)follow, enrolled, &step);
}

void failures_enrolled(struct failures *f, const struct outcome *o)
{
    if (o->otp_fingerprint == 0)
        return;
    int64_t fetched_us = o->finished_us - o->otp_age_us;
    for (size_t i = 0; i < f->count; i++)
        f->items[i]->otp.accepted_after += fetched_us > f->items[i]->otp.fetched_last_us;
}

void failures_clear(struct failures *f)
{
    for (size_t i = 0; i < f->count; i++) {
        buf_clear(&f->items[i]->url);
        buf_clear(&f->items[i]->headers);
        buf_clear(&f->items[i]->body);
        buf_clear(&f->items[i]->request);
        free(f->items[i]);
    }
    f->count = 0;
    f->total = 0;
}
