#include "sim/station.h"

#include "base/random.h"

#include <math.h>
#include <pthread.h>

#define PI         3.14159265358979323846
#define NORMAL_P99 2.3263478740408408 /* the 99th percentile of the standard normal distribution */
#define LONGEST_US (INT64_C(3600) * 1000000)
#define POOL       NDES_OP_COUNT /* the queue of the application pool */
#define FIRST_ROOM 64

/* All times are when somebody will have been served. */
struct station {
    int64_t *inside; /* a heap, the first to leave at the top: all who wait or are served */
    size_t count, room;
    int64_t free_us[SIM_STATION_MAX_SERVERS]; /* by server */
    uint64_t drawn;
};

struct sim_stations {
    const struct sim_latencies *latencies;
    pthread_mutex_t lock;
    struct station at[NDES_OP_COUNT + 1];
};

/* How a station works at the moment: as configured, or as a fault has it. */
struct manner {
    const struct sim_latency *drawn_from;
    double factor;
    unsigned servers;
    bool limited; /* to `queue` who wait */
    unsigned queue;
    const struct ndes_crowd *crowd;
};

bool sim_stations_new(const struct sim_latencies *latencies, struct sim_stations **out, struct err *e)
{
    struct sim_stations *stations = calloc(1, sizeof *stations);
    if (stations == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the stations");
    stations->latencies = latencies;
    for (uint64_t op = 0; op < NDES_OP_COUNT; op++)
        stations->at[op].drawn = op << 32; /* operations of one seed draw from streams of their own */
    pthread_mutex_init(&stations->lock, NULL);
    *out = stations;
    return true;
}

void sim_stations_free(struct sim_stations *stations)
{
    if (stations == NULL)
        return;
    for (size_t i = 0; i <= POOL; i++)
        free(stations->at[i].inside);
    pthread_mutex_destroy(&stations->lock);
    free(stations);
}

/* ---- who is inside ---- */

static void sift_down(struct station *s, int64_t value)
{
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < s->count; at = child) {
        if (child + 1 < s->count && s->inside[child + 1] < s->inside[child])
            child++;
        if (s->inside[child] >= value)
            break;
        s->inside[at] = s->inside[child];
    }
    s->inside[at] = value;
}

static void let_out(struct station *s, int64_t now_us)
{
    while (s->count > 0 && s->inside[0] <= now_us) {
        int64_t last = s->inside[--s->count];
        if (s->count > 0)
            sift_down(s, last);
    }
}

/* False: no room, whatever the reason. */
static bool let_in(struct station *s, int64_t end_us)
{
    if (s->count == s->room) {
        size_t room = s->room == 0 ? FIRST_ROOM : 2 * s->room;
        int64_t *inside =
            room > 2 * SIM_STATION_MAX_INSIDE ? NULL : realloc(s->inside, room * sizeof *inside);
        if (inside == NULL)
            return false;
        s->inside = inside;
        s->room = room;
    }
    size_t at = s->count++;
    for (; at > 0 && s->inside[(at - 1) / 2] > end_us; at = (at - 1) / 2)
        s->inside[at] = s->inside[(at - 1) / 2];
    s->inside[at] = end_us;
    return true;
}

/* ---- how long ---- */

/* Box and Muller. */
static double normal(struct random_seeded *lot)
{
    double u = 1 - random_unit(lot); /* above 0 */
    return sqrt(-2 * log(u)) * cos(2 * PI * random_unit(lot));
}

/* The n-th service of a seed is always the same, whoever gets it. */
static int64_t draw(struct station *s, const struct manner *m)
{
    const struct sim_latency *l = m->drawn_from;
    struct random_seeded lot;
    random_seed(&lot, l->seed, s->drawn++);
    double us = (double)l->median_us;
    if (l->sample_count > 0)
        us = (double)l->samples[random_below(&lot, l->sample_count)];
    else if (l->p99_us > l->median_us)
        us *= exp(normal(&lot) * log((double)l->p99_us / us) / NORMAL_P99);
    us *= m->factor;
    return us < (double)LONGEST_US ? (int64_t)us : LONGEST_US;
}

/* First come, first served, by whoever is free first (Kiefer and Wolfowitz). */
static struct sim_visit serve(struct station *s, const struct manner *m, int64_t now_us)
{
    struct sim_visit visit = {.service_us = draw(s, m)};
    int64_t begin_us = now_us;
    if (m->servers > 0) {
        size_t first = 0;
        for (size_t i = 1; i < m->servers; i++)
            first = s->free_us[i] < s->free_us[first] ? i : first;
        begin_us = s->free_us[first] > now_us ? s->free_us[first] : now_us;
        s->free_us[first] = begin_us + visit.service_us;
    }
    visit.wait_us = begin_us - now_us;
    if (visit.service_us > 0)
        visit.queue_full = !let_in(s, begin_us + visit.service_us);
    return visit;
}

static struct sim_visit enter(struct station *s, const struct manner *m, int64_t now_us)
{
    let_out(s, now_us);
    if (m->crowd != NULL && m->crowd->set && s->count >= m->crowd->at_once)
        return (struct sim_visit){.answer = &m->crowd->answer};
    bool full = m->servers > 0 && m->limited && s->count >= (size_t)m->servers + m->queue;
    if (full || s->count >= SIM_STATION_MAX_INSIDE)
        return (struct sim_visit){.queue_full = true};
    return serve(s, m, now_us);
}

/* ---- the two doors ---- */

struct sim_visit sim_stations_queue(struct sim_stations *stations, int64_t now_us,
                                    const struct ndes_effects *effects)
{
    const struct sim_latency each = {.median_us = effects->queue.service_us};
    const struct manner m = {
        .drawn_from = &each, .factor = 1, .servers = 1, .limited = true, .queue = effects->queue.length};
    if (each.median_us <= 0)
        return (struct sim_visit){0};
    pthread_mutex_lock(&stations->lock);
    struct sim_visit visit = enter(&stations->at[POOL], &m, now_us);
    pthread_mutex_unlock(&stations->lock);
    return visit;
}

struct sim_visit sim_stations_enter(struct sim_stations *stations, enum ndes_operation op, int64_t now_us,
                                    const struct ndes_effects *effects)
{
    const struct ndes_strain *strain = &effects->strain[op];
    const struct sim_latency *usual = &stations->latencies->of[op];
    const struct sim_latency strained = {
        .median_us = strain->median_us, .p99_us = strain->p99_us, .seed = usual->seed};
    unsigned servers = strain->servers > 0 ? strain->servers : usual->servers;
    const struct manner m = {
        .drawn_from = strain->median_us > 0 ? &strained : usual,
        .factor = strain->factor > 0 ? strain->factor : 1,
        .servers = servers < SIM_STATION_MAX_SERVERS ? servers : SIM_STATION_MAX_SERVERS,
        .limited = usual->queue > 0,
        .queue = usual->queue,
        .crowd = &strain->crowd,
    };
    pthread_mutex_lock(&stations->lock);
    struct sim_visit visit = enter(&stations->at[op], &m, now_us);
    pthread_mutex_unlock(&stations->lock);
    return visit;
}
