/* A device that waits (for an answer, for a worker, for its next poll or a retry) needs little of what a phone holds: most of
 * it is room for texts, and empty. Its phone is packed: words that are zero are left out.
 *
 * One that pauses for minutes also gives up its connection, when that is plain HTTP: libcurl takes none up again that was idle
 * for more than two minutes, and servers do not wait that long. Over TLS it keeps its sessions, which go on, and so the rest,
 * too. */
#include "engine/internal.h"

#include <malloc.h>

#define MINUTES_US (120 * SECOND_US)
#define MANY       1000
#define WORDS      (sizeof(struct phone) / sizeof(uint64_t))

_Static_assert(sizeof(struct phone) % sizeof(uint64_t) == 0 && WORDS < UINT16_MAX,
               "a phone is made of words");

/* Runs: how many words are zero, how many follow that are not, and these. A run's head is a word of its own. */
struct parked {
    bool sleeps; /* for minutes */
    bool disconnected;
    size_t count;
    uint64_t words[];
};

struct run {
    uint32_t zeros, others;
};
_Static_assert(sizeof(struct run) == sizeof(uint64_t), "a head is a word");

static size_t pack(const uint64_t *from, uint64_t *to)
{
    size_t used = 0;
    for (size_t at = 0; at < WORDS;) {
        struct run run = {0};
        for (; at < WORDS && from[at] == 0; at++)
            run.zeros++;
        size_t head = used++;
        for (; at < WORDS && from[at] != 0; at++, run.others++)
            to[used++] = from[at];
        memcpy(&to[head], &run, sizeof run);
    }
    return used;
}

static void unpack(const struct parked *parked, uint64_t *to)
{
    size_t at = 0;
    for (size_t from = 0; from < parked->count;) {
        struct run run;
        memcpy(&run, &parked->words[from++], sizeof run);
        at += run.zeros;
        memcpy(to + at, parked->words + from, run.others * sizeof *to);
        at += run.others;
        from += run.others;
    }
}

/* Nobody has it in hand: a worker, the lab, the reservoir. */
static bool is_idle(const struct phone *p)
{
    return !p->ended && !p->crypto.busy && p->trial == NULL && !p->taker.waiting && !p->taker.fetching &&
           !p->has_event;
}

static bool pauses_long(const struct phone *p)
{
    int64_t until = engine_now(p->engine) + MINUTES_US;
    return p->password == NULL && p->seat->wake_us > until && p->seat->deadline_us > until;
}

static bool is_plain(const struct phone *p)
{
    static const char scheme[] = "http:";
    size_t len = sizeof scheme - 1;
    return p->url.len > len && memcmp(p->url.data, scheme, len) == 0;
}

/* A poll is made of little: what was sent before, and heard, is of no use any more. */
static void drop(struct phone *p)
{
    if (p->device.polling && p->device.resume == DEVICE_BUILD) {
        buf_clear(&p->message);
        buf_clear(&p->headers);
        buf_clear(&p->body);
        if (!device_may_rebuild(&p->device))
            buf_wipe(&p->csr);
    }
    struct buf *const kept[] = {&p->url, &p->headers, &p->body,   &p->subject,
                                &p->san, &p->csr,     &p->signer, &p->message};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        buf_fit(kept[i]);
}

/* What is over, but stands there still. */
static void wipe(struct phone *p)
{
    if (!p->crypto.waits)
        memset(&p->crypto, 0, sizeof p->crypto);
    memset(&p->event, 0, sizeof p->event);
    memset(&p->error, 0, sizeof p->error);
    memset(p->held_steps + p->held_count, 0, (ENGINE_MAX_HELD - p->held_count) * sizeof p->held_steps[0]);
}

static void put_away(struct phone *p, bool sleeps, bool disconnected)
{
    uint64_t plain[WORDS], packed[2 * WORDS];
    struct seat *seat = p->seat;
    struct http_session *session = p->session;
    wipe(p);
    if (disconnected)
        p->session = NULL;
    memcpy(plain, p, sizeof plain);
    size_t count = pack(plain, packed);
    struct parked *parked = malloc(sizeof *parked + count * sizeof *packed);
    if (parked == NULL) { /* it waits as it is */
        p->session = session;
        return;
    }
    *parked = (struct parked){.sleeps = sleeps, .disconnected = disconnected, .count = count};
    memcpy(parked->words, packed, count * sizeof *packed);
    if (disconnected)
        http_session_free(session);
    seat->engine->asleep += sleeps;
    seat->engine->untidy |= sleeps;
    seat->parked = parked;
    seat->phone = NULL;
    free(p);
}

void park(struct phone *p)
{
    bool pauses = p->device.state == DEVICE_PAUSED;
    if (!is_idle(p) || (pauses ? !pauses_long(p) : !p->crypto.waits && !http_is_busy(p->session)))
        return;
    if (pauses)
        drop(p);
    put_away(p, pauses, pauses && is_plain(p));
}

struct phone *park_return(struct seat *seat)
{
    uint64_t plain[WORDS] = {0};
    struct err e = {0};
    const struct parked *parked = seat->parked;
    struct phone *p = parked == NULL ? NULL : malloc(sizeof *p);
    if (p == NULL)
        return seat->phone;
    unpack(parked, plain);
    memcpy(p, plain, sizeof *p);
    if (parked->disconnected && !http_session_new(p->engine->http, &p->session, &e)) {
        free(p);
        return NULL;
    }
    p->device.config.then = p->then; /* the only thing in a phone that is named by its address in between */
    seat->engine->asleep -= parked->sleeps;
    free(seat->parked);
    seat->parked = NULL;
    seat->phone = p;
    return p;
}

/* Thousands that went to sleep leave the memory of their requests behind, in pieces that malloc keeps. To give it back takes up
 * to a tenth of a second of the loop, so that is done while everybody sleeps. */
void park_tidy(struct engine *en, int64_t now_us)
{
    bool quiet = en->asleep == en->in_flight && timers_due_us(en) > now_us + SECOND_US &&
                 arrivals_next_us(en) > now_us + SECOND_US;
    if (!en->untidy || en->asleep < MANY || !quiet)
        return;
    malloc_trim(0);
    en->untidy = false;
}
