/* What one shard of a run may do of what the whole may. */
#include "scenario/scenario.h"

static bool has_places(enum challenge_source source)
{
    return source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_HTTP || source == CHALLENGE_INTUNE;
}

/* Every count-th of those chosen: together they make each once. */
static bool divide_probes(struct scenario *s, unsigned index, unsigned count)
{
    unsigned seen = 0;
    bool any = false;
    for (size_t i = 0; i < CONFORMANCE_MAX; i++) {
        if (s->conformance.chosen[i])
            s->conformance.chosen[i] = seen++ % count == index - 1;
        any |= s->conformance.chosen[i];
    }
    return any;
}

/* A probe may keep a password while devices want theirs, so a shard with probes needs two. */
static bool divide_passwords(struct challenge_config *c, bool probes, unsigned index, unsigned count,
                             struct err *e)
{
    if (c->source == CHALLENGE_FILE)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "challenge.source: file cannot be shared by shards, each password is good for one "
                       "device: use one process");
    if (!has_places(c->source))
        return true;
    unsigned whole = c->outstanding > 0 ? c->outstanding : 1;
    if (whole < count)
        return err_set(
            e, STAGE_SETUP, REASON_USAGE,
            "challenge.outstanding of %u leaves no password for some of %u shards: raise it (and the "
            "server's cache) or use at most %u shards",
            whole, count, whole);
    c->outstanding = (unsigned)load_share(whole, index, count);
    if (probes && c->outstanding < 2)
        return err_set(
            e, STAGE_SETUP, REASON_USAGE,
            "challenge.outstanding of %u leaves one password for some of %u shards, and conformance probes "
            "need two: raise it to %u, or use fewer shards",
            whole, count, 2 * count);
    c->prefetch = (unsigned)load_share(c->prefetch, index, count);
    if (c->connections > c->outstanding)
        c->connections = c->outstanding;
    c->rate_per_s /= count;
    return true;
}

bool scenario_divide(struct scenario *s, unsigned index, unsigned count, struct err *e)
{
    if (s->limits.in_flight < count)
        return err_set(
            e, STAGE_SETUP, REASON_USAGE,
            "limits.in_flight of %llu is too low for %u shards: raise it or use at most %llu shards",
            (unsigned long long)s->limits.in_flight, count, (unsigned long long)s->limits.in_flight);
    s->limits.in_flight = load_share(s->limits.in_flight, index, count);
    bool probes = divide_probes(s, index, count);
    return divide_passwords(&s->challenge, probes, index, count, e);
}
