/* A device that waits for minutes (for its next poll, for a retry) needs little of what a phone holds: most of it is room for
 * texts, and empty. Its phone is packed: words that are zero are left out.
 *
 * It also gives up its connection, when that is plain HTTP: libcurl takes none up again that was idle for more than two minutes,
 * and servers do not wait that long. Over TLS it keeps its sessions, which go on, and so the rest, too. */
#include "engine/internal.h"

#define WORTH_US (120 * SECOND_US)
#define WORDS    (sizeof(struct phone) / sizeof(uint64_t))

_Static_assert(sizeof(struct phone) % sizeof(uint64_t) == 0 && WORDS < UINT16_MAX,
               "a phone is made of words");

/* Runs: how many words are zero, how many follow that are not, and these. A run's head is a word of its own. */
struct parked {
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

static bool is_worth(const struct phone *p)
{
    bool waits = p->device.state == DEVICE_PAUSED && p->wake_us - engine_now(p->engine) > WORTH_US &&
                 p->deadline_us - engine_now(p->engine) > WORTH_US;
    return waits && !p->ended && !p->crypto.busy && p->trial == NULL && p->password == NULL &&
           !p->taker.waiting && !p->taker.fetching && p->held_count == 0 && !p->has_event;
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

void park(struct phone *p)
{
    uint64_t plain[WORDS], packed[2 * WORDS];
    if (!is_worth(p))
        return;
    drop(p);
    struct http_session *session = p->session;
    if (is_plain(p))
        p->session = NULL;
    memcpy(plain, p, sizeof plain);
    size_t count = pack(plain, packed);
    struct parked *parked = malloc(sizeof *parked + count * sizeof *packed);
    if (parked == NULL) { /* it waits as it is */
        p->session = session;
        return;
    }
    parked->disconnected = p->session == NULL && session != NULL;
    parked->count = count;
    memcpy(parked->words, packed, count * sizeof *packed);
    if (parked->disconnected)
        http_session_free(session);
    timers_park(p->engine, p, parked);
    free(p);
}

struct phone *park_return(struct parked *parked)
{
    uint64_t plain[WORDS] = {0};
    struct phone *p = malloc(sizeof *p);
    if (p == NULL)
        return NULL;
    unpack(parked, plain);
    memcpy(p, plain, sizeof *p);
    struct err e = {0};
    if (parked->disconnected && !http_session_new(p->engine->http, &p->session, &e)) {
        free(p);
        return NULL;
    }
    p->device.config.then = p->then; /* the only thing in a phone that is named by its address in between */
    free(parked);
    return p;
}
