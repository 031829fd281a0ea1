#include "diagnose/parts.h"

/* Causes less likely than this are only named as look-alikes. */
#define LEAST_CONFIDENCE 0.03

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
    if (rule->stages != 0 && (rule->stages >> o->error.stage & 1) == 0)
        return false;
    if (!has_reason(rule, o->error.reason))
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
    return f->first->error.stage == STAGE_OTP && otp != NULL && otp->source != NULL &&
           strcmp(otp->source, "mscep_admin") != 0;
}

static const struct rule *rule_for(const struct facts *f)
{
    if (elsewhere(f))
        return NULL;
    const struct rule *rule = first_fit(diagnose_otp_rules, diagnose_otp_rule_count, f);
    return rule != NULL ? rule : first_fit(diagnose_rules, diagnose_rule_count, f);
}

static double weight(const struct candidate *c, const struct facts *f)
{
    return c->factor == NULL ? c->prior : c->prior * c->factor(f);
}

static double total_weight(const struct rule *rule, const struct facts *f)
{
    double total = 0;
    for (const struct candidate *c = rule->candidates; c->id != NULL; c++)
        total += weight(c, f);
    return total;
}

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
    *d = (struct diagnosis){.cause = cause, .stage = stage};
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

/* The same cause behind several groups is one cause: shares add up, confidence is weighed by them. */
static void add_group(struct diagnosis *d, const struct facts *group, const struct rule *rule,
                      const struct candidate *c, double confidence)
{
    double share = (double)group->failure->count / (double)group->run->not_enrolled;
    d->confidence = (d->confidence * d->share + confidence * share) / (d->share + share);
    d->share += share;
    for (const struct candidate *other = rule->candidates; other->id != NULL; other++) {
        if (other != c)
            add_look_alike(d, causes_find(other->id)->id);
    }
}

/* Lays the blame for `group` where the rule for `facts` does: the group's own facts, or those of the failures that
 * brought it about. `part` of the confidence is given away. */
static bool blame(const struct facts *facts, const struct facts *group, double part,
                  struct diagnose_list *out, struct err *e)
{
    const struct rule *rule = rule_for(facts);
    if (rule == NULL)
        return true;
    double total = total_weight(rule, facts);
    for (const struct candidate *c = rule->candidates; c->id != NULL; c++) {
        double confidence = part * rule->certainty * weight(c, facts) / total;
        if (confidence < LEAST_CONFIDENCE)
            continue;
        const struct cause *cause = causes_find(c->id);
        struct diagnosis *d = entry_of(out, cause);
        if (d == NULL)
            d = entry_add(out, cause, facts->first->error.stage);
        if (d == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
        add_group(d, group, rule, c, confidence);
        if (facts == group)
            evidence_common(group, d);
        else
            evidence_follower(group, facts, d);
        if (c->tell != NULL)
            c->tell(facts, d);
    }
    return true;
}

/* Failures that others brought about are mostly those others' fault, and a little their own. */
static bool diagnose_failure(const struct measure_failure *failure, const struct measure_failure *leader,
                             const struct run_facts *run, struct diagnose_list *out, struct err *e)
{
    struct facts own = facts_of_failure(failure, run);
    if (leader == NULL)
        return blame(&own, &own, 1, out, e);
    struct facts led = facts_of_failure(leader, run);
    return blame(&led, &own, 0.8, out, e) && blame(&own, &own, 0.2, out, e);
}

/* Leaders come before those that they led to, so that the evidence tells the story in its order. */
static bool diagnose_failures(const struct run_facts *run, bool led, struct diagnose_list *out, struct err *e)
{
    for (size_t i = 0; i < measure_failure_count(run->measure); i++) {
        const struct measure_failure *failure = measure_failure(run->measure, i);
        const struct measure_failure *leader = facts_leader(failure, run->measure);
        if ((leader != NULL) == led && !diagnose_failure(failure, leader, run, out, e))
            return false;
    }
    return true;
}

/* Best first: what explains most of the failures with most confidence. */
static int by_explained(const void *a, const void *b)
{
    const struct diagnosis *x = a, *y = b;
    double more = y->confidence * y->share - x->confidence * x->share;
    return more > 0 ? 1 : more < 0 ? -1 : strcmp(x->cause->id, y->cause->id);
}

bool diagnose_run(const struct measure *m, const struct outcome_target *target, const struct outcome_otp *otp,
                  int64_t now_s, struct diagnose_list *out, struct err *e)
{
    struct run_facts run = facts_of_run(m, target, otp, now_s);
    *out = (struct diagnose_list){0};
    if (!diagnose_failures(&run, false, out, e) || !diagnose_failures(&run, true, out, e)) {
        diagnose_clear(out);
        return false;
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof out->items[0], by_explained);
    return true;
}

void diagnose_clear(struct diagnose_list *list)
{
    free(list->items);
    *list = (struct diagnose_list){0};
}
