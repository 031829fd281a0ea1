/* A run and the logs of its time: what the one saw and the other does not know stands between them. */
#include "diagnose/infer.h"

#include <stdarg.h>
#include <string.h>

#define AROUND (INT64_C(120) * 1000000)
#define LEAST  3   /* failures that a contradiction needs */
#define LESS   256 /* bytes that are not there any more: no header was that long */

static void contradict(struct diagnose_logs *d, const char *format, ...) PRINTF_LIKE(2, 3);

static void contradict(struct diagnose_logs *d, const char *format, ...)
{
    if (d->contradiction_count == DIAGNOSE_MAX_REMARKS)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(d->contradictions[d->contradiction_count++], sizeof d->contradictions[0], format, args);
    va_end(args);
}

/* Sightings of marks of IIS or HTTPERR about requests with this status, in the run's time; 0: any. */
static uint64_t answers(const struct inference *inf, int status, int64_t from_us, int64_t to_us)
{
    uint64_t count = 0;
    const char *told = "";
    for (size_t i = 0; i < inf->logs->seen_count; i++) {
        const struct mark *m = inf->logs->seen[i].mark;
        if ((m->kind != EVIDENCE_IIS && m->kind != EVIDENCE_HTTPERR) ||
            (status != 0 && m->status != status) || strcmp(told, m->id) == 0)
            continue;
        count += digest_between(inf->logs, m->id, from_us, to_us);
        told = m->id;
    }
    return count;
}

/* Devices that got no connection, while the server, which logged others before, logged nothing. */
static void look_at_silence(struct inference *inf, const struct group *g)
{
    enum reason reason = g->facts.reason;
    bool cut = reason == REASON_CONNECT_TIMEOUT || reason == REASON_CONNECTION_REFUSED ||
               reason == REASON_UNREACHABLE;
    if (!cut || g->whose->count < LEAST || g->first_us == EVIDENCE_NO_TIME ||
        inf->logs->cover[COVER_IIS].count == 0 || answers(inf, 0, g->first_us + AROUND / 60, g->last_us) > 0)
        return;
    contradict(inf->logs,
               "%llu devices got no connection (%s); the IIS log holds no request of that time: they did not "
               "reach it",
               (unsigned long long)g->whose->count, base_reason_sentence(reason));
    digest_add(inf->logs, "run-not-arrived", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, "");
}

/* What arrives is as long as what was sent, or longer: proxies add headers. */
static void look_at_lengths(struct inference *inf, const struct group *g)
{
    uint64_t sent = g->whose->bytes.least;
    bool post = g->stage == STAGE_PKI_OPERATION && facts_query_bytes(&g->facts) == 0;
    if (!post || g->whose->count < LEAST || sent <= LESS)
        return;
    uint64_t shorter = digest_posts_below(inf->logs, sent - LESS);
    if (shorter * 2 < g->whose->count)
        return;
    char text[120];
    snprintf(text, sizeof text, "%llu of them, where the run sent %llu bytes and more",
             (unsigned long long)shorter, (unsigned long long)sent);
    bool nothing = digest_posts_below(inf->logs, DIGEST_HEADERS_ALONE) * 2 > shorter;
    digest_add(inf->logs, nothing ? "arrived-empty" : "arrived-shorter", 0, shorter, EVIDENCE_NO_TIME,
               EVIDENCE_NO_TIME, text);
}

static void look_at_group(struct inference *inf, const struct group *g)
{
    look_at_silence(inf, g);
    look_at_lengths(inf, g);
    int status = g->facts.first->http_status;
    int64_t from = g->first_us - AROUND, to = g->last_us + AROUND;
    if (g->led || status < 400 || g->whose->count < LEAST || g->first_us == EVIDENCE_NO_TIME ||
        !digest_covers(inf->logs, COVER_IIS, from, to))
        return;
    bool kernel = status == 503 || status == 400;
    if (kernel && !digest_covers(inf->logs, COVER_HTTPERR, from, to))
        return;
    if (answers(inf, status, from, to) > 0)
        return;
    contradict(inf->logs,
               "the run saw HTTP %d %llu times at %s; the server's logs of that time hold no such answer: "
               "something in front "
               "of it answered, or these are the logs of another server",
               status, (unsigned long long)g->whose->count, base_stage_id(g->stage));
    /* A gateway says so, too, of connections that a worker dropped: these have a line in HTTPERR alone. */
    if (status != 502 || digest_covers(inf->logs, COVER_HTTPERR, from, to))
        digest_add(inf->logs, "run-not-logged", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, "");
}

static void look_at_arrival(struct inference *inf)
{
    const struct diagnose_case *c = inf->about;
    if (c->started_us == 0 || !digest_covers(inf->logs, COVER_IIS, c->started_us, c->ended_us) ||
        answers(inf, 0, c->started_us - AROUND, c->ended_us + AROUND) > 0)
        return;
    contradict(inf->logs,
               "the IIS log covers the run and holds no request of that time: none arrived at this server");
    digest_add(inf->logs, "run-not-arrived", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, "");
}

/* Logs among themselves: the connector refuses what the plug-in calls verified. */
static void look_at_logs(struct diagnose_logs *d)
{
    if (digest_count(d, "plugin-true") > 3 && digest_count(d, "plugin-false") == 0 &&
        digest_count(d, "conn-4005") > 3)
        contradict(d, "NDESPlugin.log says that challenges were verified, the connector's log that they were "
                      "not: one of them "
                      "is of another time or server");
    bool local = false;
    for (size_t i = 0; i < d->file_count; i++)
        local |= d->files[i].local_time && d->files[i].records > 0;
    if (local && !d->offset_known)
        contradict(d,
                   "some logs carry local times, and nothing tells how far from UTC: they are taken as UTC");
}

void infer_correlate(struct inference *inf)
{
    for (size_t i = 0; i < inf->group_count; i++)
        look_at_group(inf, &inf->groups[i]);
    if (inf->has_run)
        look_at_arrival(inf);
    look_at_logs(inf->logs);
}
