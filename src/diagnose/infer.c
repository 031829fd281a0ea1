/* Bayes' rule over look-alikes: prior, facts of the run, marks in the logs. What nobody knows of keeps its share, so that
 * confidence means something: a mark that decides takes it from all others alike. */
#include "diagnose/infer.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define DAY    (24 * 60 * MINUTE)

#define LONG_BEFORE (7 * DAY)     /* a pool that stopped last week still does not run */
#define AFTER       (30 * MINUTE) /* clocks, and logs that are written late */
#define DECIDES     90.0          /* a ratio that settles it */
#define MOST_SAID   14.0          /* logarithm: nothing is a million times likelier */
/* For all lists alike, fitted on one half of scripts/diagnosis-matrix.sh and held against the other. */
#define EVENNESS     0.85  /* exponent of priors: causes are less unequal than what people report of them */
#define UNTHOUGHT_OF 0.2   /* of what `certainty` leaves to the unknown */
#define MOST         0.985 /* nobody is surer than that */

bool infer_applies(const struct inference *inf, const struct seen *seen, const struct group *g)
{
    if (!seen->mark->anywhere && !digest_same_server(inf->logs, seen->node, g->node))
        return false;
    if (seen->first_us == EVIDENCE_NO_TIME || g->first_us == EVIDENCE_NO_TIME)
        return true;
    return seen->first_us <= g->last_us + AFTER && seen->last_us >= g->first_us - LONG_BEFORE;
}

/* An account's event speaks for the pool when it names the pool's account, or one that may be it. */
static double whose_account(const struct inference *inf, const struct seen *seen)
{
    if (!seen->mark->scoped || !seen->mark->anywhere || seen->scope[0] == '\0')
        return 1;
    if (inf->logs->account[0] != '\0')
        return strcasecmp(seen->scope, inf->logs->account) == 0 ? 1 : 0.1;
    return strcasestr(seen->scope, "ndes") != NULL || strcasestr(seen->scope, "scep") != NULL ? 1 : 0.6;
}

/* What requests show counts by how many of the failing ones show it. */
static double how_many(const struct seen *seen, const struct group *g)
{
    bool request = seen->mark->kind == EVIDENCE_IIS || seen->mark->kind == EVIDENCE_HTTPERR;
    if (!request || g->weight <= 0)
        return 1;
    bool other =
        g->problem != NULL && seen->mark->problem != NULL && strcmp(seen->mark->problem, g->problem->id) != 0;
    double part = other ? 1 : 8 * (double)seen->count / g->weight;
    return part < 1 ? part : 1;
}

double infer_ratio(const struct inference *inf, const struct seen *seen, const struct group *g,
                   const char *cause)
{
    for (const struct speaks *s = seen->mark->speaks; s != NULL && s->cause != NULL; s++) {
        if (strcmp(s->cause, cause) == 0)
            return pow(s->ratio, how_many(seen, g) * whose_account(inf, seen));
    }
    return 1;
}

/* One mark speaks once, however many servers and files show it: the strongest sighting. */
static bool said_better(const struct diagnose_logs *d, const double *strength, size_t index)
{
    for (size_t i = 0; i < d->seen_count; i++) {
        if (d->seen[i].mark != d->seen[index].mark || i == index)
            continue;
        double other = fabs(strength[i]), mine = fabs(strength[index]);
        if (other > mine || (other >= mine && i < index))
            return true;
    }
    return false;
}

/* The product of what all marks say. `decided`: one of them settles it. */
static double from_logs(const struct inference *inf, const struct group *g, const char *cause, bool *decided)
{
    double strength[MAX_SEEN], sum = 0; /* logarithms */
    *decided = false;
    if (inf->logs == NULL)
        return 1;
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        const struct seen *seen = &inf->logs->seen[i];
        bool speaks = seen->mark->speaks != NULL && infer_applies(inf, seen, g);
        strength[i] = speaks ? log(infer_ratio(inf, seen, g, cause)) : 0;
    }
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        if (fabs(strength[i]) < 1e-9 || said_better(inf->logs, strength, i))
            continue;
        *decided |= strength[i] >= log(DECIDES);
        sum += strength[i];
    }
    return exp(sum < -MOST_SAID ? -MOST_SAID : sum > MOST_SAID ? MOST_SAID : sum);
}

/* Makes priors more even; what they add up to stays. */
static double evened(const struct group *g, double prior)
{
    double sum = 0, even = 0;
    for (const struct candidate *c = g->candidates; c->id != NULL; c++) {
        sum += c->prior;
        even += pow(c->prior, EVENNESS);
    }
    return pow(prior, EVENNESS) * sum / even;
}

static double from_run(const struct group *g, const struct candidate *c)
{
    double prior = evened(g, c->prior);
    return g->of_run && c->factor != NULL ? prior * c->factor(&g->facts) : prior;
}

/* What speaks for noise counts in full. */
static double unknown_of(const struct group *g)
{
    return fmax(UNTHOUGHT_OF * g->leak, g->leak - 2);
}

static void weigh(const struct inference *inf, struct group *g, const double coupled[MAX_CANDIDATES])
{
    double total = 0, before = 0;
    size_t count = 0;
    for (const struct candidate *c = g->candidates; c->id != NULL && count < MAX_CANDIDATES; c++, count++) {
        double prior = from_run(g, c);
        before += prior;
        g->likely[count] = prior * from_logs(inf, g, c->id, &g->decided[count]) * coupled[count];
        total += g->likely[count];
    }
    if (count == 1 && !g->of_run)
        g->decided[0] = true; /* the code has one meaning */
    double unknown = before * (1 - g->certainty) / g->certainty * unknown_of(g);
    for (size_t i = 0; i < count; i++) {
        double sure = total + unknown > 0 ? g->likely[i] / (total + unknown) : 0;
        g->likely[i] = g->part * (sure < MOST ? sure : MOST);
    }
}

/* Among groups of the same kind: what logs say of a run's failures was weighed there already. */
static double surest_elsewhere(const struct inference *inf, const struct group *here, const char *cause)
{
    double best = 0;
    for (size_t i = 0; i < inf->group_count; i++) {
        const struct group *g = &inf->groups[i];
        if (g == here || g->of_run != here->of_run)
            continue;
        size_t k = 0;
        for (const struct candidate *c = g->candidates; c->id != NULL && k < MAX_CANDIDATES; c++, k++) {
            if (strcmp(c->id, cause) == 0 && g->likely[k] > best)
                best = g->likely[k];
        }
    }
    return best;
}

/* One cause behind two kinds of failure is likelier than two causes at once: what is nearly sure elsewhere gains here. */
static void couple(struct inference *inf)
{
    double gains[MAX_CANDIDATES];
    for (size_t i = 0; i < inf->group_count; i++) {
        struct group *g = &inf->groups[i];
        bool any = false;
        size_t k = 0;
        for (const struct candidate *c = g->candidates; c->id != NULL && k < MAX_CANDIDATES; c++, k++) {
            double elsewhere = surest_elsewhere(inf, g, c->id);
            gains[k] = elsewhere > 0.6 ? 1 + 10 * elsewhere : 1;
            any |= elsewhere > 0.6;
        }
        if (any)
            weigh(inf, g, gains);
    }
}

void infer_weigh(struct inference *inf)
{
    double alone[MAX_CANDIDATES];
    for (size_t i = 0; i < MAX_CANDIDATES; i++)
        alone[i] = 1;
    for (size_t i = 0; i < inf->group_count; i++)
        weigh(inf, &inf->groups[i], alone);
    if (inf->logs != NULL)
        couple(inf);
}
