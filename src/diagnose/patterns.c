/* What no single record shows: who came after what, where, how long ago, and what is missing. Set once all logs are read. */
#include "diagnose/digest.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

#define PASSWORD_LIFE (65 * MINUTE) /* PasswordValidity, with some minutes between fetch and use */
#define BACK_SOON     (4 * MINUTE)  /* an iisreset or a reboot takes less */

static void add(struct diagnose_logs *d, const char *mark, uint64_t count, const char *example)
{
    digest_add(d, mark, 0, count, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, example);
}

bool intune_mode(const struct diagnose_logs *d)
{
    uint64_t bare = digest_count(d, "bare-403"), page = digest_count(d, "bare-200");
    return bare > page || digest_count(d, "plugin-exit") + digest_count(d, "plugin-send") > 0 ||
           digest_count(d, "ok-verify") > 0 ||
           digest_count(d, "conn-4003") + digest_count(d, "conn-4005") > 0 ||
           (d->state.registry && d->state.module);
}

/* ---- restarts and passwords ---- */

typedef bool (*visit)(struct diagnose_logs *d, int64_t time_us, void *user);

/* Visits the kept times of a mark; counts how often the visitor says yes. */
static void count_times(struct diagnose_logs *d, const char *mark, visit yes, void *user, uint64_t *hits,
                        uint64_t *all)
{
    *hits = *all = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        if (strcmp(seen->mark->id, mark) != 0)
            continue;
        for (size_t k = 0; k < seen->time_count; k++) {
            (*all)++;
            *hits += yes(d, seen->times[k], user);
        }
    }
}

static bool started_before(const struct diagnose_logs *d, int64_t from_us, int64_t to_us)
{
    static const char *const restarts[] = {
        "ndes-1",   "ndes-3",        "was-recycled", "was-recycled-admin", "was-recycled-config",
        "was-idle", "w3svc-running", "booted"};
    for (size_t i = 0; i < sizeof restarts / sizeof restarts[0]; i++) {
        if (digest_between(d, restarts[i], from_us, to_us) > 0)
            return true;
    }
    return false;
}

static bool after_restart(struct diagnose_logs *d, int64_t time_us, void *user)
{
    (void)user;
    return started_before(d, time_us - PASSWORD_LIFE, time_us);
}

static bool fetched_before(struct diagnose_logs *d, int64_t time_us, void *user)
{
    (void)user;
    return digest_between(d, "ok-otp", time_us - PASSWORD_LIFE, time_us) > 0;
}

/* How much of the time that passwords were sent lies within an hour of a restart: what chance alone would give. */
static double by_chance(struct diagnose_logs *d)
{
    uint64_t hits = 0, all = 0;
    count_times(d, "ok-post", after_restart, NULL, &hits, &all);
    return all > 0 ? (double)hits / (double)all : 0.3;
}

static void look_at_restarts(struct diagnose_logs *d)
{
    uint64_t hits = 0, all = 0;
    char text[160];
    count_times(d, "ndes-29", after_restart, NULL, &hits, &all);
    if (all == 0 || digest_count(d, "ndes-29") == 0)
        return;
    double share = (double)hits / (double)all, chance = by_chance(d);
    double spread = sqrt((chance > 0.02 && chance < 0.98 ? chance * (1 - chance) : 0.02) / (double)all);
    snprintf(text, sizeof text, "%.0f%% of the refusals within an hour of a restart; of all requests %.0f%%",
             share * 100, chance * 100);
    if (share >= 0.8 && chance < 0.85 * share &&
        share - chance > 2 * spread) /* ten in a row are easily chance */
        add(d, "lost-on-restart", hits, text);
    else if (share < 0.4 || share < chance)
        add(d, "not-on-restart", all - hits > 0 ? all - hits : 1, text);
}

/* In logs of minutes the hour of a password says nothing: then it is whether refusals begin with a restart and end soon. */
static void look_at_end(struct diagnose_logs *d)
{
    int64_t first = 0, last = 0, start = 0, start_last = 0, post = 0, post_last = 0;
    if (!digest_span(d, "ndes-29", &first, &last) || !digest_span(d, "ok-post", &post, &post_last) ||
        (!digest_span(d, "ndes-1", &start, &start_last) &&
         !digest_span(d, "was-recycled", &start, &start_last) &&
         !digest_span(d, "was-recycled-admin", &start, &start_last)))
        return;
    uint64_t before = digest_between(d, "ok-post", INT64_MIN, start),
             after = digest_between(d, "ok-post", last + SECOND, INT64_MAX);
    if (before >= 5 && after >= 5 && first >= start - SECOND && last - start < (post_last - start) / 2)
        add(d, "refused-until", digest_count(d, "ndes-29"), "");
}

static void look_at_ages(struct diagnose_logs *d)
{
    uint64_t fetched = 0, all = 0;
    count_times(d, "ndes-29", fetched_before, NULL, &fetched, &all);
    if (all == 0 || d->cover[COVER_IIS].count == 0)
        return;
    if (digest_count(d, "ok-otp") == 0)
        add(d, "no-otp-page", 1, "");
    else if (all >= 2 && fetched * 5 <= all)
        add(d, "old-passwords", all - fetched, "");
}

static void look_at_amounts(struct diagnose_logs *d)
{
    uint64_t pages = digest_count(d, "ok-otp"), sent = digest_count(d, "ok-post") + digest_count(d, "ok-get");
    if (pages > 0 && sent > pages + pages / 3 + 3)
        add(d, "more-requests", sent - pages, "");
    if (sent > 0 && pages > sent + sent / 3 + 5)
        add(d, "more-pages", pages - sent, "");
}

/* ---- two servers ---- */

static void look_at_nodes(struct diagnose_logs *d)
{
    unsigned fetching = 0, taking = 0, refusing = 0, without_pages = 0, unused = 0;
    uint64_t refused = digest_count(d, "ndes-29"),
             sent = digest_count(d, "ok-post") + digest_count(d, "ok-get");
    for (unsigned n = 1; n < d->node_count; n++) {
        uint64_t pages = digest_count_at(d, "ok-otp", n);
        uint64_t posts = digest_count_at(d, "ok-post", n) + digest_count_at(d, "ok-get", n);
        fetching += pages > 0;
        taking += posts > 0;
        without_pages += posts > 2 && pages == 0;
        unused += pages > 2 * posts + 5 &&
                  digest_count_at(d, "ndes-29", n) == 0; /* shown to another, who refuses them */
        refusing += digest_count_at(d, "ndes-29", n) > 0;
    }
    if (refused == 0)
        return;
    double share = sent > 0 ? (double)refused / (double)sent : 0;
    char text[160];
    snprintf(text, sizeof text,
             "%u servers take requests, %u hand out passwords; %.0f%% of the requests are refused", taking,
             fetching, share * 100);
    bool split = taking >= 2 && fetching >= 1 && (without_pages > 0 || refusing >= 2 || unused > 0);
    if (split && share > 0.05 && digest_count(d, "lost-on-restart") == 0)
        add(d, "other-node", refused, text);
    else if (taking == 1 && fetching == 1)
        add(d, "one-node", 1, text);
}

/* ---- the pool ---- */

static void look_at_pool(struct diagnose_logs *d)
{
    static const char *const identity[] = {"was-5021", "was-5057", "was-5002", "was-5009", "was-5011"};
    int64_t first = 0, last = 0;
    bool down = digest_span(d, "httperr-appoffline", &first, &last);
    int64_t other_first = 0, other_last = 0;
    if (digest_span(d, "httperr-disabled", &other_first, &other_last)) {
        first = down && first < other_first ? first : other_first;
        last = down && last > other_last ? last : other_last;
        down = true;
    }
    uint64_t events = 0;
    for (size_t i = 0; i < sizeof identity / sizeof identity[0]; i++)
        events += digest_count(d, identity[i]);
    if (events > 0)
        return;
    if (digest_count(d, "was-5059") > 0)
        add(d, "only-5059", 1, "");
    else if (down && digest_covers(d, COVER_SYSTEM, first, first))
        add(d, "no-identity-event", 1, "");
}

static bool came_back(struct diagnose_logs *d, int64_t time_us, void *user)
{
    (void)user;
    return digest_between(d, "w3svc-running", time_us, time_us + BACK_SOON) > 0 ||
           digest_between(d, "booted", time_us, time_us + 3 * BACK_SOON) > 0;
}

static void look_at_w3svc(struct diagnose_logs *d)
{
    uint64_t back = 0, all = 0;
    count_times(d, "w3svc-stopped", came_back, NULL, &back, &all);
    int64_t first = 0, last = 0;
    if (all == 0 && d->cover[COVER_SYSTEM].count >= 5)
        add(d, "w3svc-runs", 1, "");
    if (all > back && digest_span(d, "w3svc-stopped", &first, &last))
        digest_add(d, "w3svc-down", 0, all - back, first, last, "");
}

/* ---- the start of NDES ---- */

static void look_at_start(struct diagnose_logs *d)
{
    int64_t first_500 = 0, last_500 = 0, first_31 = EVIDENCE_NO_TIME, first_2 = 0, last_2 = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        if (strcmp(seen->mark->id, "ndes-31") == 0 && seen->code == 0x800B0101)
            first_31 = seen->first_us;
    }
    bool failed = digest_span(d, "ndes-2", &first_2, &last_2);
    if (failed && first_31 != EVIDENCE_NO_TIME && first_31 < first_2) {
        add(d, "validity-first", 1, "");
        if (digest_count(d, "ndes-2-57") > 0)
            add(d, "start-failed-later", 1, "");
    }
    if (!failed && first_31 != EVIDENCE_NO_TIME && digest_between(d, "ndes-1", first_31, INT64_MAX) > 0)
        add(d, "worked-with-ra", 1, "");
    if (digest_span(d, "iis-500", &first_500, &last_500) && digest_count(d, "iis-500") >= 3 &&
        digest_count(d, "ndes-2") + digest_count(d, "ndes-10") + digest_count(d, "ndes-53") == 0 &&
        digest_covers(d, COVER_APPLICATION, first_500 - 12 * HOUR, first_500))
        add(d, "no-ndes-event", 1, "");
}

static void look_at_configuration(struct diagnose_logs *d)
{
    uint64_t served = digest_count(d, "ok-cert") + digest_count(d, "ok-post") + digest_count(d, "ok-get");
    bool failed = digest_count(d, "ndes-2") + digest_count(d, "ndes-10") + digest_count(d, "iis-500") > 0;
    if (digest_count(d, "state-ra-wrong-ca") > 0 && served >= 3 && !failed)
        add(d, "serves-all-the-same", served, "");
}

/* Headers alone, beside whole messages: no pkiMessage is shorter than a kilobyte. */
static void look_at_bodies(struct diagnose_logs *d)
{
    uint64_t empty = digest_posts_below(d, DIGEST_HEADERS_ALONE);
    uint64_t whole = digest_posts_below(d, UINT64_MAX) - digest_posts_below(d, 2 * DIGEST_HEADERS_ALONE);
    if (empty >= 3 && whole >= 3)
        add(d, "post-empty", empty, "");
}

static void look_at_page(struct diagnose_logs *d)
{
    static const char *const gone[] = {"otp-404-0", "otp-404-absent", "otp-403-14"};
    int64_t first = 0, last = 0;
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        if (digest_span(d, gone[i], &first, &last) &&
            digest_between(d, "otp-file", first - SECOND, last + SECOND) > 0) {
            add(d, "file-without-folder", digest_count(d, gone[i]), "");
            return;
        }
    }
}

/* ---- the CA ---- */

static bool was_slow(struct diagnose_logs *d, int64_t time_us, void *user)
{
    (void)user;
    return digest_between(d, "pki-slow", time_us - 10 * SECOND, time_us + 10 * SECOND) > 0;
}

static bool was_logged(struct diagnose_logs *d, int64_t time_us, void *user)
{
    (void)user;
    return digest_between(d, "ok-post", time_us - 10 * SECOND, time_us + 10 * SECOND) +
               digest_between(d, "ok-get", time_us - 10 * SECOND, time_us + 10 * SECOND) >
           0;
}

static void look_at_ca(struct diagnose_logs *d)
{
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        if (strcmp(seen->mark->id, "ndes-31") != 0 || (seen->code != 0x800706BA && seen->code != 0x80070005))
            continue;
        uint64_t slow = 0, logged = 0, all = 0;
        count_times(d, "ndes-31", was_slow, NULL, &slow, &all);
        count_times(d, "ndes-31", was_logged, NULL, &logged, &all);
        if (slow * 2 >= all)
            add(d, "refused-slowly", slow, "");
        else if (logged * 2 >= all && slow * 5 < all)
            add(d, "refused-fast", logged, "");
        if (digest_between(d, "certsvc-stopped", seen->first_us - HOUR, seen->first_us + MINUTE) > 0 &&
            digest_between(d, "certsvc-running", seen->last_us - MINUTE, seen->last_us + HOUR) > 0)
            add(d, "certsvc-back", 1, "");
        return;
    }
}

/* ---- Intune ---- */

static void look_at_module(struct diagnose_logs *d)
{
    uint64_t sent = digest_count(d, "plugin-send"), ended = digest_count(d, "plugin-exit");
    uint64_t answered = digest_count(d, "plugin-true") + digest_count(d, "plugin-false");
    if (sent >= 3 && sent > ended + ended / 20 + 1 && sent > answered + answered / 20 + 1)
        add(d, "module-stops", sent - ended, "");
    int64_t first_403 = 0, last_403 = 0, first_200 = 0, last_200 = 0;
    if (digest_span(d, "bare-403", &first_403, &last_403) &&
        digest_span(d, "bare-200", &first_200, &last_200) && digest_count(d, "bare-403") >= 3 &&
        digest_count(d, "bare-200") >= 3 && last_403 < first_200 &&
        digest_between(d, "ndes-29", first_200, INT64_MAX) >= 2)
        digest_add(d, "module-lost", 0, digest_between(d, "ndes-29", first_200, INT64_MAX), first_200,
                   last_200, "");
}

/* A module that fails can take its worker process with it: what it was refused with stands just before the pool went down. */
static void look_at_module_and_pool(struct diagnose_logs *d)
{
    int64_t first = EVIDENCE_NO_TIME;
    uint64_t failed = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        bool down = seen->mark->problem != NULL && strcmp(seen->mark->problem, "pool-down") == 0;
        if (down && seen->first_us != EVIDENCE_NO_TIME &&
            (first == EVIDENCE_NO_TIME || seen->first_us < first))
            first = seen->first_us;
    }
    for (size_t i = 0; first != EVIDENCE_NO_TIME && i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        bool module = seen->mark->problem != NULL && strcmp(seen->mark->problem, "intune") == 0 &&
                      (seen->mark->kind == EVIDENCE_IIS || seen->mark->kind == EVIDENCE_PLUGIN ||
                       seen->mark->kind == EVIDENCE_SVCLOG);
        if (module && seen->first_us != EVIDENCE_NO_TIME && seen->first_us >= first - 5 * MINUTE &&
            seen->first_us <= first + MINUTE)
            failed += seen->count;
    }
    if (failed > 0)
        add(d, "module-failed", failed, "");
}

/* A service that did not start answers nothing; this one takes all but messages. */
static void look_at_messages(struct diagnose_logs *d)
{
    uint64_t all = digest_count(d, "iis-500"), messages = digest_count(d, "iis-500-pki");
    int64_t first = 0, last = 0;
    if (messages < 3 || all > messages || !digest_span(d, "iis-500-pki", &first, &last) ||
        digest_count(d, "ndes-2") + digest_count(d, "ndes-10") + digest_count(d, "ndes-53") > 0)
        return;
    uint64_t fine = digest_between(d, "ok-caps", first, last) + digest_between(d, "ok-cert", first, last);
    if (fine * 2 >= messages)
        add(d, "only-messages-fail", messages, "");
}

/* Intune's connector is here, the module that asks it is not registered. */
static void look_for_module(struct diagnose_logs *d)
{
    static const char *const intune[] = {"conn-4003",   "conn-4004",   "conn-4008", "conn-10010",
                                         "plugin-exit", "plugin-true", "ok-verify", "bare-403"};
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof intune / sizeof intune[0]; i++)
        count += digest_count(d, intune[i]);
    if (digest_count(d, "state-no-module") > 0 && count > 0)
        add(d, "module-gone", 1, "");
}

/* Between 10020 and the next 10010, or the service's stop and start: are the refusals there? */
static void look_at_connector(struct diagnose_logs *d)
{
    int64_t stop = 0, stop_last = 0, start = 0, start_last = 0;
    bool stopped = digest_span(d, "conn-10020", &stop, &stop_last) ||
                   digest_span(d, "conn-service-stopped", &stop, &stop_last);
    bool started = digest_span(d, "conn-10010", &start, &start_last) ||
                   digest_span(d, "conn-service-running", &start, &start_last);
    uint64_t refused = digest_count(d, "ndes-29");
    if (!stopped || refused == 0)
        return;
    int64_t end = started && start_last > stop_last ? start_last : INT64_MAX - HOUR;
    if (digest_between(d, "ndes-29", stop - MINUTE, end + 10 * MINUTE) * 10 >= refused * 8)
        add(d, "connector-was-off", refused, "");
}

/* What an old connector refuses, it refuses without a reason of its own. */
static void look_at_version(struct diagnose_logs *d)
{
    static const char *const reasons[] = {"conn-4005-expired", "conn-4005-mismatch", "conn-4005-target",
                                          "conn-4005-missing", "conn-4005-outbound", "conn-4005-signing",
                                          "crp-signing",       "crp-expired",        "crp-mismatch",
                                          "crp-target",        "crp-missing",        "plugin-cn",
                                          "plugin-12029"};
    uint64_t named = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        named += digest_count(d, reasons[i]);
    if (digest_count(d, "state-connector-old") > 0 && digest_count(d, "conn-4005") > 0 && named == 0)
        add(d, "old-and-refused", digest_count(d, "conn-4005"), "");
}

/* Reports fail while challenges are verified: the network is not what fails. */
static void look_at_reports(struct diagnose_logs *d)
{
    static const char *const failed[] = {"conn-4002", "conn-4010", "conn-4001"};
    for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++) {
        int64_t first = 0, last = 0;
        if (digest_span(d, failed[i], &first, &last) && digest_count(d, failed[i]) >= 2 &&
            digest_between(d, "conn-4004", first + SECOND, last) * 2 >= digest_count(d, failed[i]) &&
            digest_count(d, "verified-meanwhile") == 0)
            add(d, "verified-meanwhile", digest_between(d, "conn-4004", first, last), "");
    }
}

/* The modern connector writes 4003 for each request: when IIS takes PKIOperations, they are refused, and it writes nothing, it does not
 * run. When NDES's own log refuses nobody, it is the connector's that ends. */
static void look_for_silence(struct diagnose_logs *d)
{
    int64_t first = 0, last = 0, gap_from = 0;
    uint64_t heard = digest_count(d, "conn-4003"),
             asked = digest_count(d, "ok-post") + digest_count(d, "ok-get");
    if (heard < 3 || asked < 6 || !digest_span(d, "conn-4003", &first, &last))
        return;
    gap_from = last + 2 * MINUTE;
    uint64_t after =
        digest_between(d, "ok-post", gap_from, INT64_MAX) + digest_between(d, "ok-get", gap_from, INT64_MAX);
    uint64_t refused = digest_between(d, "ndes-29", gap_from, INT64_MAX) +
                       digest_between(d, "ndes-31", gap_from, INT64_MAX) +
                       digest_between(d, "iis-500-pki", gap_from, INT64_MAX) +
                       digest_count(d, "plugin-12029");
    bool missed = d->cover[COVER_APPLICATION].count == 0 || refused * 4 >= after;
    if (after >= 5 && after * 20 >= asked && missed)
        digest_add(d, "connector-silent", 0, after, gap_from,
                   EVIDENCE_NO_TIME == gap_from ? gap_from : gap_from + 1, "");
}

/* ---- clients ---- */

/* Where others log on meanwhile, a stranger who never did is only looking around. */
static void look_at_clients(struct diagnose_logs *d)
{
    for (size_t i = 0; i < d->client_count; i++) {
        const struct otp_client *c = &d->clients[i];
        bool nobody = digest_between(d, "ok-otp", c->most_first_us, c->most_last_us) == 0;
        /* Many who ask at once begin like this, too, before the first of them goes on. */
        bool lasting = c->most_last_us - c->most_first_us >= 2 * SECOND || c->most >= 50;
        if (c->most >= 5 && lasting && (c->welcome || nobody))
            digest_add(d, "never-logged-on", 0, c->most, c->most_first_us, c->most_last_us, c->address);
    }
}

void patterns_look(struct diagnose_logs *d)
{
    look_at_restarts(d);
    look_at_end(d);
    look_at_ages(d);
    look_at_amounts(d);
    look_at_nodes(d);
    look_at_pool(d);
    look_at_w3svc(d);
    look_at_start(d);
    look_at_configuration(d);
    look_at_bodies(d);
    look_at_page(d);
    look_at_ca(d);
    look_at_module(d);
    look_at_module_and_pool(d);
    look_at_messages(d);
    look_for_module(d);
    look_at_connector(d);
    look_for_silence(d);
    look_at_reports(d);
    look_at_version(d);
    look_at_clients(d);
}
