/* How each kind of device fared, what two judges say, and what came after the enrollment. */
#include "measure/parts.h"

static void add_persona(struct protocol *p, const struct outcome *o, int64_t latency_us)
{
    unsigned i = o->profile < MEASURE_MAX_PROFILES ? o->profile : MEASURE_MAX_PROFILES - 1;
    p->personas[i].planned++;
    p->personas[i].enrolled += o->end == OUTCOME_ENROLLED;
    p->personas[i].failed += o->end == OUTCOME_FAILED;
    if (latency_us < 0 || (p->personas[i].latency == NULL && !histogram_new(&p->personas[i].latency, NULL)))
        return;
    histogram_record(p->personas[i].latency, latency_us);
}

/* Adds the names of `checks` that `list` does not have yet; both are ", " between names. */
static void join_checks(char *list, size_t list_bytes, const char *checks)
{
    while (*checks != '\0') {
        size_t len = strcspn(checks, ",");
        const char *at = list;
        bool there = false;
        while (*at != '\0' && !there) {
            size_t one = strcspn(at, ",");
            there = one == len && strncmp(at, checks, len) == 0;
            at += one;
            at += strspn(at, ", ");
        }
        size_t used = strlen(list);
        if (!there && used + len + 3 <= list_bytes)
            snprintf(list + used, list_bytes - used, "%s%.*s", used > 0 ? ", " : "", (int)len, checks);
        checks += len;
        checks += strspn(checks, ", ");
    }
}

static void add_verdicts(struct measure_verdicts *v, const struct outcome *o)
{
    if (!o->judged)
        return;
    v->strict_accepted += o->strict_ok;
    v->strict_refused += !o->strict_ok;
    v->persona_accepted += o->persona_ok;
    v->persona_refused += !o->persona_ok;
    v->picky += o->strict_ok && !o->persona_ok;
    if (o->strict_ok || !o->persona_ok)
        return;
    v->lenient++;
    join_checks(v->lenient_checks, sizeof v->lenient_checks, o->failed_checks);
}

static void add_follow_up(struct measure_follow_up *f, const struct outcome_follow_up *o)
{
    f->tried += o->result != OUTCOME_NOT_TRIED;
    f->ok += o->result == OUTCOME_OK;
    f->failed += o->result == OUTCOME_NOT_OK;
    f->impossible += o->result == OUTCOME_NOT_TRIED && err_is_set(&o->error);
}

void protocol_add(struct protocol *p, const struct outcome *o, int64_t latency_us)
{
    add_persona(p, o, latency_us);
    add_verdicts(&p->verdicts, o);
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++)
        add_follow_up(&p->follow_ups[i], &o->follow[i]);
}

void protocol_clear(struct protocol *p)
{
    for (size_t i = 0; i < MEASURE_MAX_PROFILES; i++)
        histogram_free(p->personas[i].latency);
}
