/* Failures in the logs become groups: by what failed, with which code, on which server, as far as it is no noise. */
#include "diagnose/infer.h"

#include <string.h>

#define AROUND_RUN (INT64_C(600) * 1000000)
#define RESTART    (INT64_C(600) * 1000000)
#define HOUR       (INT64_C(3600) * 1000000)

struct found {
    unsigned nodes[MAX_NODES]; /* names, not addresses */
    size_t node_count;
    uint32_t codes[16];
    size_t code_count;
};

static bool of_problem(const struct inference *inf, const struct seen *seen, const struct problem *p)
{
    const char *id = seen->mark->problem;
    if (id == NULL)
        return false;
    /* With the policy module there are no passwords to be wrong: it is the challenge that was not verified. */
    if (strcmp(id, "password") == 0 && intune_mode(inf->logs) && strcmp(seen->mark->id, "module-lost") != 0 &&
        digest_count(inf->logs, "module-lost") == 0)
        id = "intune";
    if (strcmp(seen->mark->id, "iis-500") == 0 && digest_count(inf->logs, "only-messages-fail") > 0)
        id = intune_mode(inf->logs) ? "intune" : "message-failed";
    return strcmp(id, p->id) == 0;
}

static bool in_run(const struct inference *inf, const struct seen *seen)
{
    if (!inf->has_run || inf->about->started_us == 0 || seen->first_us == EVIDENCE_NO_TIME)
        return true;
    return seen->last_us >= inf->about->started_us - AROUND_RUN &&
           seen->first_us <= inf->about->ended_us + AROUND_RUN;
}

static void collect(const struct inference *inf, const struct problem *p, struct found *found)
{
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        const struct seen *seen = &inf->logs->seen[i];
        size_t k = 0;
        if (!of_problem(inf, seen, p) || !in_run(inf, seen))
            continue;
        const char *node = inf->logs->nodes[seen->node];
        bool named =
            seen->node != 0 && strspn(node, "0123456789.") != strlen(node) && strchr(node, ':') == NULL;
        while (k < found->node_count && found->nodes[k] != seen->node)
            k++;
        if (named && k == found->node_count && k < MAX_NODES)
            found->nodes[found->node_count++] = seen->node;
        for (k = 0; k < found->code_count && found->codes[k] != seen->code;)
            k++;
        if (k == found->code_count && k < sizeof found->codes / sizeof found->codes[0])
            found->codes[found->code_count++] = seen->code;
    }
}

static void add_times(struct group *g, const struct seen *seen)
{
    if (seen->first_us == EVIDENCE_NO_TIME)
        return;
    if (g->first_us == EVIDENCE_NO_TIME || seen->first_us < g->first_us)
        g->first_us = seen->first_us;
    if (g->last_us == EVIDENCE_NO_TIME || seen->last_us > g->last_us)
        g->last_us = seen->last_us;
}

/* Requests that went well meanwhile. */
static double served(const struct inference *inf, const struct group *g, int64_t around_us)
{
    double count = 0;
    char mark[24];
    for (const char *at = g->problem->served; *at != '\0' && g->first_us != EVIDENCE_NO_TIME;) {
        size_t len = strcspn(at, " ");
        snprintf(mark, sizeof mark, "%.*s", (int)len, at);
        count += (double)digest_between(inf->logs, mark, g->first_us - around_us, g->last_us + around_us);
        at += len;
        at += *at == ' ';
    }
    return count;
}

/* A reboot or an iisreset turns requests away for some minutes, and nobody calls that a fault. */
static bool while_restarting(const struct inference *inf, const struct group *g)
{
    if (strcmp(g->problem->id, "pool-down") != 0 || g->first_us == EVIDENCE_NO_TIME ||
        g->last_us - g->first_us > RESTART)
        return false;
    int64_t from = g->first_us - RESTART, to = g->last_us + RESTART;
    return digest_between(inf->logs, "w3svc-stopped", from, to) +
                   digest_between(inf->logs, "booted", from, to) >
               0 &&
           digest_between(inf->logs, "w3svc-running", from, to) > 0;
}

/* A handful of requests, or a few among many that went well, may be anybody's mistake. */
static double noise(const struct inference *inf, const struct group *g, bool by_event)
{
    double leak = 1 + (by_event ? 1 : 3) / g->weight;
    if (!by_event && while_restarting(inf, g))
        return 200 * leak;
    if ((g->problem->traits & BY_REQUEST) == 0 || by_event)
        return leak;
    double share = g->weight / (g->weight + served(inf, g, 0));
    return leak * (g->weight < 3 ? 8 : 1) *
           (share < 0.02                                      ? 20
            : share < 0.08 || (share < 0.3 && g->weight < 10) ? 3
                                                              : 1);
}

/* What is seen may be known for certain and be no fault all the same: a logon mistyped, a scanner turned away, a restart. The most that
 * anybody should be sure of a cause for it. */
static double fault_at_all(const struct inference *inf, const struct group *g, bool by_event)
{
    if (!by_event && while_restarting(inf, g))
        return 0.3;
    if ((g->problem->traits & BY_REQUEST) == 0 || by_event)
        return 1;
    /* One request is all there was at its moment: a few are held against the hour around them. */
    double share = g->weight / (g->weight + served(inf, g, g->weight < 10 ? HOUR : 0));
    bool few = share < 0.02 || (share < 0.05 && g->weight < 10);
    /* Handshakes fail at every server that strangers can reach: it is the requests that tell whether any were missed. */
    bool alone =
        strcmp(g->problem->id, "tls") == 0 && !digest_covers(inf->logs, COVER_IIS, g->first_us, g->last_us);
    return few || alone ? 0.45 : 1;
}

/* Events of NDES, WAS or the connector are the server's own word that something is wrong. Failed handshakes are somebody's. */
static bool is_event(const struct seen *seen)
{
    bool handshake = strcmp(seen->mark->problem, "tls") == 0 && seen->mark->weight <= 1;
    return seen->mark->kind != EVIDENCE_IIS && seen->mark->kind != EVIDENCE_HTTPERR &&
           strcmp(seen->mark->problem, "password") != 0 && !handshake;
}

/* A CA denies others, too: what NDES's own log of that time does not know was not NDES's. */
static bool of_others(const struct inference *inf, const struct group *g)
{
    static const char *const alive[] = {"ndes-1", "ndes-3", "ndes-29"};
    uint64_t heard = 0;
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        heard += digest_count(inf->logs, alive[i]);
    return heard > 0 && digest_count(inf->logs, "ndes-31") == 0 &&
           digest_covers(inf->logs, COVER_APPLICATION, g->first_us, g->last_us);
}

static void add_group(struct inference *inf, const struct problem *p, unsigned node, uint32_t code)
{
    struct group g = {.problem = p,
                      .candidates = p->candidates,
                      .certainty = p->certainty,
                      .part = 1,
                      .stage = p->stage,
                      .node = node,
                      .code = code,
                      .first_us = EVIDENCE_NO_TIME,
                      .last_us = EVIDENCE_NO_TIME};
    const struct mark *before = NULL;
    bool by_event = false, by_both = false;
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        const struct seen *seen = &inf->logs->seen[i];
        if (!of_problem(inf, seen, p) || !in_run(inf, seen) ||
            (p->candidates == NULL && seen->code != code) ||
            (node != 0 && !digest_same_server(inf->logs, seen->node, node)))
            continue;
        g.weight += (double)seen->count * (seen->mark->weight > 0 ? seen->mark->weight : 1);
        by_event |= is_event(seen);
        by_both |= p->candidates == NULL && before != NULL &&
                   before != seen->mark; /* NDES and the CA say the same */
        before = seen->mark;
        add_times(&g, seen);
    }
    const struct rule *rule = p->candidates == NULL ? diagnose_rule_of_code(code) : NULL;
    if (p->candidates == NULL) {
        g.candidates = rule != NULL ? rule->candidates : may_ca_refused;
        g.certainty = rule != NULL ? rule->certainty : 0.4;
    }
    if (g.weight <= 0 || inf->group_count == MAX_GROUPS)
        return;
    bool others = p->candidates == NULL && of_others(inf, &g);
    g.leak = noise(inf, &g, by_event) * (by_both ? 0.3 : others ? 10 : 1);
    g.part = fault_at_all(inf, &g, by_event);
    inf->groups[inf->group_count++] = g;
}

static bool says_nothing(uint32_t code)
{
    return code == 0 || code == 0x80004005;
}

/* A refusal without a code stands beside one with a code: CA event 53 in another language, say. */
static bool is_echo(const struct found *found, uint32_t code)
{
    for (size_t i = 0; i < found->code_count; i++) {
        if (says_nothing(code) && (!says_nothing(found->codes[i]) || found->codes[i] > code))
            return true;
    }
    return false;
}

static void add_groups(struct inference *inf, const struct problem *p)
{
    struct found found = {.node_count = 0};
    collect(inf, p, &found);
    if (found.code_count == 0)
        return;
    for (size_t k = 0; p->candidates == NULL && k < found.code_count; k++) {
        if (!is_echo(&found, found.codes[k]))
            add_group(inf, p, 0, found.codes[k]);
    }
    if (p->candidates == NULL)
        return;
    if ((p->traits & BY_SERVER) == 0 || found.node_count < 2) {
        add_group(inf, p, found.node_count == 1 ? found.nodes[0] : 0, 0);
        return;
    }
    for (size_t k = 0; k < found.node_count; k++)
        add_group(inf, p, found.nodes[k], 0);
}

static void share_out(struct inference *inf)
{
    double total = 0;
    for (size_t i = 0; i < inf->group_count; i++)
        total += inf->groups[i].of_run ? 0 : inf->groups[i].weight;
    for (size_t i = 0; i < inf->group_count; i++) {
        struct group *g = &inf->groups[i];
        if (!g->of_run)
            g->share = inf->has_run ? 0 : g->weight / total;
    }
}

void infer_from_logs(struct inference *inf)
{
    for (size_t i = 0; i < diagnose_problem_count; i++)
        add_groups(inf, &diagnose_problems[i]);
    share_out(inf);
}
