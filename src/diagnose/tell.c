/* The logs' part of the evidence, in words: what speaks for a cause and what against it, strongest first; and what is missing. */
#include "diagnose/infer.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

#define MOST_FOR 5

static void sentence(const struct inference *inf, const struct seen *seen, char *out, size_t out_bytes)
{
    char first[32] = "", last[32] = "", count[32] = "", node[80] = "";
    if (seen->first_us != EVIDENCE_NO_TIME) {
        text_utc(seen->first_us, first, sizeof first);
        text_utc(seen->last_us, last, sizeof last);
        first[19] = last[19] = '\0'; /* seconds will do */
    }
    if (seen->count > 1)
        snprintf(count, sizeof count, "%llu times, ", (unsigned long long)seen->count);
    if (inf->logs->node_count > 2 && seen->node != 0)
        snprintf(node, sizeof node, " on %s", inf->logs->nodes[seen->node]);
    if (first[0] == '\0')
        snprintf(out, out_bytes, "%s%s%s%s", seen->mark->says, seen->example[0] != '\0' ? ": " : "",
                 seen->example, node);
    else if (seen->count > 1 && strcmp(first, last) != 0)
        snprintf(out, out_bytes, "%s (%s%s to %s UTC%s; first at %s)", seen->mark->says, count, first, last,
                 node, seen->where);
    else
        snprintf(out, out_bytes, "%s (%s%s UTC%s; %s)", seen->mark->says, count, first, node, seen->where);
}

static void add_line(char lines[][200], size_t *count, size_t max, const char *line)
{
    for (size_t i = 0; i < *count; i++) {
        if (strncmp(lines[i], line, sizeof lines[0] - 1) == 0)
            return;
    }
    if (*count < max)
        snprintf(lines[(*count)++], sizeof lines[0], "%.199s", line);
}

/* The sighting that speaks strongest for (sign 1) or against (sign -1) a cause among those not yet told; NULL: none. */
static const struct seen *strongest(const struct inference *inf, const struct group *g, const char *cause,
                                    int sign, double below, double *ratio)
{
    const struct seen *best = NULL;
    *ratio = 0;
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        const struct seen *seen = &inf->logs->seen[i];
        if (seen->mark->speaks == NULL || !infer_applies(inf, seen, g))
            continue;
        double strength = sign * log(infer_ratio(inf, seen, g, cause)) - 1e-9 * (double)i;
        if (strength > 0.3 && strength < below && strength > *ratio) {
            *ratio = strength;
            best = seen;
        }
    }
    return best;
}

static void tell_side(const struct inference *inf, const struct group *g, const char *cause, int sign,
                      size_t most, char lines[][200], size_t *count, size_t max)
{
    double below = HUGE_VAL, ratio = 0;
    char line[400];
    for (size_t i = 0; i < most; i++) {
        const struct seen *seen = strongest(inf, g, cause, sign, below, &ratio);
        if (seen == NULL)
            return;
        below = ratio;
        sentence(inf, seen, line, sizeof line);
        add_line(lines, count, max, line);
    }
}

static bool shows(const struct group *g, const struct seen *seen)
{
    const char *id = seen->mark->problem;
    bool same = g->problem != NULL && id != NULL &&
                (strcmp(id, g->problem->id) == 0 ||
                 (strcmp(g->problem->id, "intune") == 0 && strcmp(id, "password") == 0));
    return same && (g->problem->candidates != NULL || seen->code == g->code);
}

/* What failed, most frequent first. */
static void tell_failures(const struct inference *inf, const struct group *g, struct diagnosis *d)
{
    uint64_t below = UINT64_MAX;
    for (size_t told = 0; told < 2; told++) {
        const struct seen *best = NULL;
        for (size_t i = 0; i < inf->logs->seen_count; i++) {
            const struct seen *seen = &inf->logs->seen[i];
            if (shows(g, seen) && infer_applies(inf, seen, g) && seen->count < below &&
                (best == NULL || seen->count > best->count))
                best = seen;
        }
        if (best == NULL)
            return;
        char line[400], code[24] = "";
        sentence(inf, best, line, sizeof line);
        if (g->code != 0)
            snprintf(code, sizeof code, "0x%08x: ", (unsigned)g->code);
        evidence_add(d, "%s%.180s", code, line);
        below = best->count;
    }
}

void infer_tell(const struct inference *inf, const struct group *g, struct diagnosis *d)
{
    if (!g->of_run) {
        tell_failures(inf, g, d);
        if (g->node != 0 && inf->logs->node_count > 2)
            snprintf(d->node, sizeof d->node, "%s", inf->logs->nodes[g->node]);
        if (d->first_us == EVIDENCE_NO_TIME || g->first_us < d->first_us)
            d->first_us = g->first_us;
        if (d->last_us == EVIDENCE_NO_TIME || g->last_us > d->last_us)
            d->last_us = g->last_us;
    }
    tell_side(inf, g, d->cause->id, 1, MOST_FOR, d->evidence, &d->evidence_count, DIAGNOSE_MAX_EVIDENCE);
    tell_side(inf, g, d->cause->id, -1, 2, d->against, &d->against_count, DIAGNOSE_MAX_AGAINST);
}

/* ---- what is missing ---- */

/* What splits a class, in the order in which to ask: the first kind of log that was not read. */
static const struct {
    const char *class_id;
    enum cover cover;
    const char *ask;
} asks[] = {
    {"L1", COVER_IIS,
     "the IIS log of the time: no line at all means the path, lines from elsewhere one path only"},
    {"L1", COVER_SYSTEM, "the System log: Service Control Manager 7036 for World Wide Web Publishing"},
    {"L2", COVER_SYSTEM,
     "the System log, source WAS: 5021/5057 is the identity, 5002 crashes, 5059 alone or nothing a stop by "
     "hand"},
    {"L2", COVER_SECURITY, "the Security log: status and sub-status of 4625 for the pool's account"},
    {"L2", COVER_HTTPERR, "HTTPERR: AppOffline and Disabled are a dead pool, QueueFull is load"},
    {"L3", COVER_APPLICATION, "the Application log: the code in NDES event 2"},
    {"L3", COVER_IIS, "the IIS log: sub-status and win32 of the 500s"},
    {"L3", COVER_STATE,
     "the collector's tables (scepstorm diagnose --collect): dates, issuer, key readers and revocation of "
     "the RA certificates"},
    {"L4", COVER_IIS, "the IIS log: the sub-status of the 404s; no line means a proxy's URL"},
    {"L5", COVER_IIS, "the IIS log: 404.14 or 404.15; no line means HTTP.sys or a proxy"},
    {"L5", COVER_HTTPERR, "HTTPERR: FieldLength and RequestLength are HTTP.sys"},
    {"L6", COVER_APPLICATION, "the Application log: NDES events 29, 3 and 1"},
    {"L6", COVER_IIS, "the IIS logs of all servers: which of them handed the passwords out, and when"},
    {"L6c", COVER_APPLICATION, "the Application log: NDES event 28"},
    {"L6c", COVER_CA, "the CA's Application log: event 53"},
    {"L7", COVER_STATE,
     "certutil -CATemplates against the three template names in the MSCEP registry key (scepstorm diagnose "
     "--collect)"},
    {"L8", COVER_IIS,
     "the IIS log's time-taken: 15 s and more is a firewall, less a stopped service or a refusal"},
    {"L8", COVER_CA,
     "the CA's logs: Service Control Manager 7036 for its service, Security 4625 type 3, DistributedCOM "
     "10036"},
    {"L9", COVER_IIS, "the IIS log: the win32 status of the 401.1"},
    {"L9", COVER_SECURITY, "the Security log: sub-status of 4625"},
    {"L9b", COVER_STATE,
     "the templates' permissions against the caller, and certutil -CATemplates (scepstorm diagnose "
     "--collect)"},
    {"L10", COVER_APPLICATION, "the Application log: NDES events 16 to 18"},
    {"L11", COVER_CONNECTOR, "the connector's event log: 4003 to 4005"},
    {"L11", COVER_PLUGIN, "NDESPlugin.log"},
    {"L11", COVER_SVCLOG, "the registration point's svclog"},
    {"L13", COVER_HTTPERR, "HTTPERR: QueueFull"},
    {"L13", COVER_IIS, "the IIS log: time-taken by operation"},
    {"L14", COVER_IIS, "the IIS log: a request that has no line there was answered in front of NDES"},
    {"L15", COVER_IIS, "the IIS log: the sub-status of the 403s"},
    {"L16", COVER_SYSTEM, "the System log: Schannel 36871 and 36874, HttpEvent 15021"},
};

const char *infer_missing(const struct inference *inf, const struct group *g, const struct cause *cause)
{
    (void)g;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        if (causes_in_class(cause, asks[i].class_id) && inf->logs->cover[asks[i].cover].count == 0)
            return asks[i].ask;
    }
    return cause->decided_by;
}
