#include "diagnose/infer.h"

#include <stdlib.h>
#include <string.h>

/* Causes less likely than this are only named as look-alikes. */
#define LEAST_CONFIDENCE 0.03
#define OF_LOGS          0.5 /* what counts as the share of a cause that only the logs of a run know */
#define MANY_PAGES       3
#define SURE             0.9 /* nothing is missing any more */

static bool has_reason(const struct rule *rule, enum reason reason)
{
    for (size_t i = 0; i < RULE_MAX_REASONS && rule->reasons[i] != REASON_NONE; i++) {
        if (rule->reasons[i] == reason)
            return true;
    }
    return rule->reasons[0] == REASON_NONE;
}

static bool fits(const struct rule *rule, const struct facts *f)
{
    const struct outcome *o = f->first;
    if (rule->stages != 0 && (rule->stages >> f->stage & 1) == 0)
        return false;
    if (!has_reason(rule, f->reason))
        return false;
    if (rule->http_status != 0 && rule->http_status != o->http_status)
        return false;
    if (rule->layer != LAYER_NONE && rule->layer != f->layer)
        return false;
    if (rule->hresult != 0 && rule->hresult != f->hresult)
        return false;
    return rule->when == NULL || rule->when(f);
}

static const struct rule *first_fit(const struct rule *rules, size_t count, const struct facts *f)
{
    for (size_t i = 0; i < count; i++) {
        if (fits(&rules[i], f))
            return &rules[i];
    }
    return NULL;
}

/* Passwords from elsewhere than NDES's page fail for reasons that are none of NDES's. */
static bool elsewhere(const struct facts *f)
{
    const struct outcome_otp *otp = f->run->otp;
    return f->stage == STAGE_OTP && otp != NULL && otp->source != NULL &&
           strcmp(otp->source, "mscep_admin") != 0;
}

static const struct rule *rule_for(const struct facts *f)
{
    if (elsewhere(f))
        return NULL;
    const struct rule *rule = first_fit(diagnose_otp_rules, diagnose_otp_rule_count, f);
    return rule != NULL ? rule : first_fit(diagnose_rules, diagnose_rule_count, f);
}

/* ---- failures of a run become groups ---- */

/* One or two beside many others are what those left behind, or anybody's mistake. Beside many that went well they are real, but their
 * cause is seldom the commonest. */
static double oddness(const struct inference *inf, const struct measure_failure *whose)
{
    if (whose->count > 2)
        return 1;
    return whose->count * 5 < inf->run.not_enrolled         ? 20
           : whose->count * 10 <= inf->run.devices.enrolled ? 4
                                                            : 1;
}

static void add_run_group(struct inference *inf, const struct facts *facts,
                          const struct measure_failure *whose, bool led, double part)
{
    const struct rule *rule = rule_for(facts);
    if (rule == NULL || inf->group_count == MAX_GROUPS)
        return;
    struct group *g = &inf->groups[inf->group_count++];
    *g = (struct group){.of_run = true,
                        .led = led,
                        .facts = *facts,
                        .whose = whose,
                        .candidates = rule->candidates,
                        .certainty = rule->certainty,
                        .leak = oddness(inf, whose),
                        .part = part,
                        .share =
                            whose == &inf->held_up ? 0 : (double)whose->count / (double)inf->run.not_enrolled,
                        .stage = facts->stage,
                        .code = facts->hresult,
                        .first_us = EVIDENCE_NO_TIME,
                        .last_us = EVIDENCE_NO_TIME};
    if (inf->about->started_us != 0) {
        g->first_us = inf->about->started_us + whose->first_us;
        g->last_us = inf->about->started_us + whose->last_us;
        g->weight = (double)whose->count;
    }
}

/* Failures that others brought about are mostly those others' fault, and a little their own. Leaders come first, so that
 * the evidence tells the story in its order. */
static void add_run_groups(struct inference *inf, bool led)
{
    const struct measure *m = inf->about->measure;
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *failure = measure_failure(m, i);
        const struct measure_failure *leader = facts_leader(failure, m);
        if ((leader != NULL) != led)
            continue;
        struct facts own = facts_of_failure(failure, &inf->run);
        if (leader == NULL) {
            add_run_group(inf, &own, failure, false, 1);
            continue;
        }
        struct facts led_by = facts_of_failure(leader, &inf->run);
        add_run_group(inf, &led_by, failure, true, 0.8);
        add_run_group(inf, &own, failure, false, 0.2);
    }
}

/* Pages that say "full" hold devices up, though all of them get their password in the end. */
static void add_held_up(struct inference *inf)
{
    const struct measure *m = inf->about->measure;
    struct measure_otp o = measure_otp(m);
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        if (measure_failure(m, i)->first.error.reason == REASON_OTP_CACHE_FULL)
            return;
    }
    if (o.cache_full < MANY_PAGES)
        return;
    inf->held_up = (struct measure_failure){
        .count = o.cache_full, .first_us = o.cache_full_first_us, .last_us = o.cache_full_last_us};
    inf->held_up.first.error.stage = STAGE_OTP;
    inf->held_up.first.error.reason = REASON_OTP_CACHE_FULL;
    struct facts facts = facts_of_failure(&inf->held_up, &inf->run);
    add_run_group(inf, &facts, &inf->held_up, false, 1);
}

/* ---- groups become entries, one per cause ---- */

static struct diagnosis *entry_of(struct diagnose_list *list, const struct cause *cause)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].cause == cause)
            return &list->items[i];
    }
    return NULL;
}

static struct diagnosis *entry_add(struct diagnose_list *list, const struct cause *cause, enum stage stage)
{
    struct diagnosis *items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (items == NULL)
        return NULL;
    list->items = items;
    struct diagnosis *d = &items[list->count++];
    *d = (struct diagnosis){.cause = cause,
                            .stage = stage,
                            .missing = "",
                            .first_us = EVIDENCE_NO_TIME,
                            .last_us = EVIDENCE_NO_TIME};
    return d;
}

static void add_look_alike(struct diagnosis *d, const char *id)
{
    for (size_t i = 0; i < d->look_alike_count; i++) {
        if (strcmp(d->look_alikes[i], id) == 0)
            return;
    }
    if (d->look_alike_count < DIAGNOSE_MAX_LOOK_ALIKE)
        d->look_alikes[d->look_alike_count++] = id;
}

/* The same cause behind several groups of a run is one cause: shares add up, confidence is weighed by them. What logs say
 * besides can only make it surer. */
static void add_group(struct diagnosis *d, const struct group *g, size_t index)
{
    double sure = g->likely[index];
    if (g->of_run) {
        double share = d->share + g->share;
        d->confidence = share > 0 ? (d->confidence * d->share + sure * g->share) / share : sure;
        d->share = share;
    } else {
        d->confidence = sure > d->confidence ? sure : d->confidence;
        d->share += g->share;
    }
    d->decided |= g->decided[index];
    for (size_t k = 0; k < MAX_CANDIDATES && g->candidates[k].id != NULL; k++) {
        if (k != index)
            add_look_alike(d, causes_find(g->candidates[k].id)->id);
    }
}

static void tell(const struct inference *inf, const struct group *g, const struct candidate *c,
                 struct diagnosis *d)
{
    if (g->of_run) {
        struct facts own = g->led ? facts_of_failure(g->whose, &inf->run) : g->facts;
        if (g->whose == &inf->held_up)
            evidence_add(
                d, "no device failed: they waited while the page said %llu times that the cache is full",
                (unsigned long long)g->whose->count);
        else if (g->led)
            evidence_follower(&own, &g->facts, d);
        else
            evidence_common(&own, d);
        if (c->tell != NULL)
            c->tell(&g->facts, d);
    }
    if (inf->logs == NULL)
        return;
    infer_tell(inf, g, d);
    if (d->missing[0] == '\0' && !d->decided)
        d->missing = infer_missing(inf, g, d->cause);
}

static size_t surest(const struct group *g)
{
    size_t best = 0;
    for (size_t k = 1; k < MAX_CANDIDATES && g->candidates[k].id != NULL; k++) {
        if (g->likely[k] > g->likely[best])
            best = k;
    }
    return best;
}

static bool add_entries(const struct inference *inf, const struct group *g, struct diagnose_list *out,
                        struct err *e)
{
    size_t first = surest(g);
    for (size_t k = 0; k < MAX_CANDIDATES && g->candidates[k].id != NULL; k++) {
        if (g->likely[k] < LEAST_CONFIDENCE)
            continue;
        const struct cause *cause = causes_find(g->candidates[k].id);
        struct diagnosis *d = entry_of(out, cause);
        if (d == NULL)
            d = entry_add(out, cause, g->stage);
        if (d == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
        add_group(d, g, k);
        d->leads |= g->likely[k] >= g->likely[first] - 1e-9; /* none of equals is ahead */
        tell(inf, g, &g->candidates[k], d);
    }
    return true;
}

/* Best first: each kind of failure's likeliest cause, then what else may be behind them; among these, what explains most of
 * the failures with most confidence. */
static double explained(const struct diagnosis *d)
{
    return d->confidence * (d->share > 0 ? d->share : OF_LOGS);
}

static int by_explained(const void *a, const void *b)
{
    const struct diagnosis *x = a, *y = b;
    if (x->leads != y->leads)
        return x->leads ? -1 : 1;
    double more = explained(y) - explained(x);
    return more > 0 ? 1 : more < 0 ? -1 : strcmp(x->cause->id, y->cause->id);
}

static bool conclude(const struct inference *inf, struct diagnose_list *out, struct err *e)
{
    for (size_t i = 0; i < inf->group_count; i++) {
        if (!add_entries(inf, &inf->groups[i], out, e)) {
            diagnose_clear(out);
            return false;
        }
    }
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].confidence >= SURE)
            out->items[i].missing = "";
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof out->items[0], by_explained);
    return true;
}

bool diagnose_case(const struct diagnose_case *c, struct diagnose_list *out, struct err *e)
{
    struct inference inf = {.about = c, .logs = c->logs, .has_run = c->measure != NULL};
    *out = (struct diagnose_list){0};
    inf.groups = calloc(MAX_GROUPS, sizeof *inf.groups);
    if (inf.groups == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
    if (inf.has_run) {
        inf.run = facts_of_run(c->measure, c->target, c->otp, c->now_s);
        add_run_groups(&inf, false);
        add_run_groups(&inf, true);
        add_held_up(&inf);
    }
    if (inf.logs != NULL) {
        inf.logs->latest_us = c->now_s * 1000000;
        digest_close(inf.logs);
        infer_correlate(&inf);
        infer_from_logs(&inf);
    }
    infer_weigh(&inf);
    bool ok = conclude(&inf, out, e);
    free(inf.groups);
    return ok;
}

bool diagnose_run(const struct measure *m, const struct outcome_target *target, const struct outcome_otp *otp,
                  int64_t now_s, struct diagnose_list *out, struct err *e)
{
    struct diagnose_case c = {.measure = m, .target = target, .otp = otp, .now_s = now_s};
    return diagnose_case(&c, out, e);
}

void diagnose_clear(struct diagnose_list *list)
{
    free(list->items);
    *list = (struct diagnose_list){0};
}
