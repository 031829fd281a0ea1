#include "diagnose/parts.h"

/* Causes less likely than this are only named as look-alikes. */
#define LEAST_CONFIDENCE 0.03

static bool fits(const struct rule *rule, const struct facts *f)
{
    const struct outcome *o = f->first;
    if (rule->stages != 0 && (rule->stages >> o->error.stage & 1) == 0)
        return false;
    if (rule->reasons != 0 && (rule->reasons >> o->error.reason & 1) == 0)
        return false;
    if (rule->http_status != 0 && rule->http_status != o->http_status)
        return false;
    if (rule->layer != LAYER_NONE && rule->layer != f->layer)
        return false;
    if (rule->hresult != 0 && rule->hresult != f->hresult)
        return false;
    return rule->when == NULL || rule->when(f);
}

static const struct rule *rule_for(const struct facts *f)
{
    for (size_t i = 0; i < diagnose_rule_count; i++) {
        if (fits(&diagnose_rules[i], f))
            return &diagnose_rules[i];
    }
    return NULL;
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
static void add_group(struct diagnosis *d, const struct facts *f, const struct rule *rule,
                      const struct candidate *c, double confidence)
{
    double share = (double)f->failure->count / (double)f->run->not_enrolled;
    d->confidence = (d->confidence * d->share + confidence * share) / (d->share + share);
    d->share += share;
    evidence_common(f, d);
    if (c->tell != NULL)
        c->tell(f, d);
    for (const struct candidate *other = rule->candidates; other->id != NULL; other++) {
        if (other != c)
            add_look_alike(d, causes_find(other->id)->id);
    }
}

static bool diagnose_group(const struct facts *f, struct diagnose_list *out, struct err *e)
{
    const struct rule *rule = rule_for(f);
    if (rule == NULL)
        return true;
    double total = total_weight(rule, f);
    for (const struct candidate *c = rule->candidates; c->id != NULL; c++) {
        double confidence = rule->certainty * weight(c, f) / total;
        if (confidence < LEAST_CONFIDENCE)
            continue;
        const struct cause *cause = causes_find(c->id);
        struct diagnosis *d = entry_of(out, cause);
        if (d == NULL)
            d = entry_add(out, cause, f->first->error.stage);
        if (d == NULL)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
        add_group(d, f, rule, c, confidence);
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

bool diagnose_run(const struct measure *m, const struct outcome_target *target, int64_t now_s,
                  struct diagnose_list *out, struct err *e)
{
    struct run_facts run = facts_of_run(m, target, now_s);
    *out = (struct diagnose_list){0};
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        struct facts f = facts_of_failure(measure_failure(m, i), &run);
        if (!diagnose_group(&f, out, e)) {
            diagnose_clear(out);
            return false;
        }
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
