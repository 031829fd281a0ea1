#include "live/live.h"

#include "base/clock.h"
#include "live/address.h"
#include "live/figures.h"
#include "live/listener.h"
#include "live/page.h"
#include "live/thread.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN_MS           50
#define METRICS_EVERY_US  INT64_C(100000)
#define SECTIONS_EVERY_US INT64_C(1000000)
#define PAGE_IS_OPEN_US   INT64_C(3000000) /* it asks every second */
#define PAGE_WAIT_US      INT64_C(2000000)
#define SCRAPE_WAIT_US    INT64_C(18000000) /* of a scraper with an interval of 15 s */
#define MAX_DOCUMENT      ((size_t)64 << 20)

/* A document made now and then. */
struct made {
    struct buf body;
    int64_t at_us;         /* monotonic; 0: never */
    unsigned long version; /* counts up */
};

/* When somebody came for something; monotonic, 0: never. */
struct visits {
    int64_t last_us, gap_us; /* gap: between the last two */
};

struct live {
    struct live_address address;
    char url[LIVE_URL_BYTES];
    int fd; /* listening; -1: the listener has it */
    struct live_queue *queue;
    struct live_plan plan;
    int fds[LIVE_MAX_SOURCES];
    size_t fd_count;
    pthread_t thread;
    bool running;
    int64_t ended_us; /* monotonic; of the thread that ends the run */

    /* the watching thread's own */
    struct live_figures *figures;
    struct live_listener *listener;
    struct buf records;
    struct made made[LIVE_ANSWERS];
    int64_t run_tag; /* tells this run's documents from an earlier one's at the same address */

    pthread_mutex_t lock; /* guards: */
    bool stopping;
    enum live_state state;
    bool final; /* documents are, and are no longer made anew */
    struct visits scrapes, looks;
    struct buf shown[LIVE_ANSWERS]; /* live_show: to be served from now on */
    bool has_shown;
    bool scraped_since; /* the end */
};

/* ---- documents: the watching thread ---- */

static enum live_state state_of(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->state == LIVE_PREPARING && l->figures != NULL && l->figures->begun)
        l->state = LIVE_RUNNING;
    enum live_state state = l->state;
    pthread_mutex_unlock(&l->lock);
    return state;
}

static void note_visit(struct live *l, enum live_answer answer, int64_t now_us)
{
    bool scrape = answer == LIVE_METRICS || answer == LIVE_OPEN_METRICS;
    struct visits *v = scrape ? &l->scrapes : &l->looks;
    if (!scrape && answer != LIVE_SECTIONS)
        return;
    pthread_mutex_lock(&l->lock);
    v->gap_us = v->last_us > 0 ? now_us - v->last_us : 0;
    v->last_us = now_us;
    if (scrape && l->state >= LIVE_ENDED)
        l->scraped_since = true;
    pthread_mutex_unlock(&l->lock);
}

static bool write_document(enum live_answer answer, const struct live_view *v, struct buf *out, struct err *e)
{
    switch (answer) {
    case LIVE_METRICS:
    case LIVE_OPEN_METRICS:
        return live_metrics_write(v, answer == LIVE_OPEN_METRICS, out, e);
    case LIVE_SECTIONS:
        return live_page_sections(v, out, e);
    case LIVE_PAGE:
        return live_page_write(v, out, e);
    case LIVE_HEALTH:
        return buf_append_text(out, live_state_id(v->state)) && buf_append_text(out, "\n");
    case LIVE_NOT_FOUND:
    case LIVE_BAD_METHOD:
    case LIVE_FOREIGN_HOST:
    case LIVE_ANSWERS:
        break;
    }
    return false;
}

static void replace(struct made *m, struct buf *body, int64_t now_us)
{
    buf_clear(&m->body);
    m->body = *body;
    m->at_us = now_us;
    m->version++;
}

/* What could not be made (no memory) is not there; the next to ask finds it tried again. */
static bool make(struct made *m, enum live_answer answer, const struct live_view *v, int64_t now_us)
{
    struct err ignored = {0};
    struct buf body;
    buf_init(&body, MAX_DOCUMENT);
    if (!write_document(answer, v, &body, &ignored)) {
        buf_clear(&body);
        return false;
    }
    replace(m, &body, now_us);
    return true;
}

static bool is_fresh(const struct live *l, enum live_answer answer, int64_t now_us)
{
    const struct made *m = &l->made[answer];
    int64_t keep_us = answer == LIVE_PAGE || answer == LIVE_SECTIONS ? SECTIONS_EVERY_US : METRICS_EVERY_US;
    return m->at_us != 0 && now_us - m->at_us < keep_us;
}

static struct live_view view_of(const struct live *l, enum live_state state)
{
    const struct live_figures *f = l->figures;
    return (struct live_view){.run = &f->run,
                              .verdict = f->judged ? &f->verdict : NULL,
                              .state = state,
                              .planned = f->planned,
                              .requests = f->requests,
                              .dropped = live_queue_dropped(l->queue),
                              .results = l->plan.results};
}

static void take_shown(struct live *l, int64_t now_us)
{
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; l->has_shown && i < LIVE_ANSWERS; i++) {
        replace(&l->made[i], &l->shown[i], now_us);
        buf_init(&l->shown[i], MAX_DOCUMENT);
    }
    l->has_shown = false;
    pthread_mutex_unlock(&l->lock);
}

static bool find(void *user, enum live_answer answer, struct live_document *out)
{
    struct live *l = user;
    struct made *m = &l->made[answer];
    int64_t now_us = clock_monotonic_us();
    note_visit(l, answer, now_us);
    take_shown(l, now_us);
    pthread_mutex_lock(&l->lock);
    bool final = l->final;
    pthread_mutex_unlock(&l->lock);
    enum live_state state = state_of(l);
    if (!final && !is_fresh(l, answer, now_us)) {
        live_figures_look(l->figures, now_us);
        struct live_view v = view_of(l, state);
        if (!make(m, answer, &v, now_us))
            return false;
    }
    *out = (struct live_document){.body = buf_span(&m->body), .state = live_state_id(state)};
    out->policy = answer == LIVE_PAGE || answer == LIVE_SECTIONS ? live_page_policy() : NULL;
    snprintf(out->tag, sizeof out->tag, "%llx-%lu", (unsigned long long)l->run_tag, m->version);
    return true;
}

/* ---- the thread ---- */

static bool is_stopping(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    bool stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return stopping;
}

static void listen_to_all(struct live *l)
{
    struct live_figures *f = l->figures;
    if (f == NULL)
        return;
    if (live_queue_take(l->queue, &l->records))
        live_figures_hear(&f->sources[0], buf_span(&l->records));
    for (size_t i = 1; i < f->source_count; i++)
        live_figures_read(&f->sources[i]);
}

static void *watch(void *user)
{
    struct live *l = user;
    live_thread_give_way();
    while (!is_stopping(l)) {
        listen_to_all(l);
        live_listener_turn(l->listener, TURN_MS);
    }
    return NULL;
}

/* ---- beginning ---- */

bool live_open(const char *listen, struct live **out, struct err *e)
{
    struct live *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to watch the run");
    pthread_mutex_init(&l->lock, NULL);
    l->fd = -1;
    buf_init(&l->records, LIVE_MAX_QUEUE_BYTES);
    l->run_tag = clock_wall_us();
    if (!live_address_parse(listen, &l->address, e) || !live_address_listen(&l->address, &l->fd, e) ||
        !live_queue_new(LIVE_MAX_QUEUE_BYTES, false, &l->queue, e)) {
        live_close(l);
        return false;
    }
    live_address_url(&l->address, l->url);
    *out = l;
    return true;
}

const char *live_url(const struct live *l)
{
    return l->url;
}

bool live_is_public(const struct live *l)
{
    return !live_address_is_loopback(&l->address);
}

bool live_take_from(struct live *l, int fd)
{
    if (l->fd_count == LIVE_MAX_SOURCES) {
        close(fd);
        return false;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    l->fds[l->fd_count++] = fd;
    return true;
}

static bool serve(struct live *l, struct err *e)
{
    int fd = l->fd;
    l->fd = -1;
    if (!live_listener_new(fd, live_address_is_loopback(&l->address), find, l, &l->listener, e))
        return false;
    int rc = live_thread(&l->thread, watch, l);
    l->running = rc == 0;
    return l->running || err_set_errno(e, REASON_GENERATOR_LIMIT, rc, "cannot start a thread");
}

bool live_begin(struct live *l, const struct live_plan *plan, struct err *e)
{
    l->plan = *plan;
    if (!live_figures_new(plan, 1 + l->fd_count, &l->figures, e))
        return false;
    for (size_t i = 0; i < l->fd_count; i++)
        l->figures->sources[1 + i].fd = l->fds[i];
    l->fd_count = 0; /* they are the figures' now */
    return serve(l, e);
}

bool live_show(struct live *l, const struct live_texts *texts, struct err *e)
{
    struct buf bodies[LIVE_ANSWERS];
    enum live_state state = texts->over ? LIVE_ENDED : LIVE_RUNNING;
    for (size_t i = 0; i < LIVE_ANSWERS; i++)
        buf_init(&bodies[i], MAX_DOCUMENT);
    live_page_words(texts, &bodies[LIVE_SECTIONS]);
    bool ok = live_page_around(texts->title, buf_span(&bodies[LIVE_SECTIONS]), &bodies[LIVE_PAGE], e);
    buf_append_span(&bodies[LIVE_METRICS], texts->metrics);
    buf_append_span(&bodies[LIVE_OPEN_METRICS], texts->open_metrics);
    buf_appendf(&bodies[LIVE_HEALTH], "%s\n", live_state_id(state));
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < LIVE_ANSWERS; i++) {
        buf_clear(&l->shown[i]);
        l->shown[i] = bodies[i];
    }
    l->has_shown = l->final = true;
    l->state = state;
    l->ended_us = texts->over ? clock_monotonic_us() : 0;
    pthread_mutex_unlock(&l->lock);
    return ok && (l->running || serve(l, e));
}

struct outcome_sink live_sink(struct live *l)
{
    return live_queue_sink(l->queue);
}

void live_tick(struct live *l, const struct live_clock *clock, const struct outcome_target *target)
{
    live_queue_tick(l->queue, clock, target);
}

/* ---- the end ---- */

static void stop_thread(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_mutex_unlock(&l->lock);
    if (l->running)
        pthread_join(l->thread, NULL);
    l->running = false;
}

/* All documents once more, from the run as it was told. */
static void make_final(struct live *l, const struct report_run *run, enum live_state state)
{
    static const enum live_answer answers[] = {LIVE_PAGE, LIVE_SECTIONS, LIVE_METRICS, LIVE_OPEN_METRICS,
                                               LIVE_HEALTH};
    struct err ignored = {0};
    struct report_verdict verdict;
    int64_t now_us = clock_monotonic_us();
    listen_to_all(l);
    l->figures->looked_us = 0;
    live_figures_look(l->figures, now_us);
    struct live_view v = view_of(l, state);
    if (run != NULL && report_judge(run, &verdict, &ignored)) {
        v.run = run;
        v.verdict = &verdict;
        if (run->generator->requests > v.requests)
            v.requests = run->generator->requests;
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        (void)!make(&l->made[answers[i]], answers[i], &v, now_us);
}

/* The thread rests while its documents are made: the load is over, nobody is disturbed by that, and clients wait. */
void live_end(struct live *l, const struct report_run *run, bool interrupted)
{
    enum live_state state = interrupted ? LIVE_INTERRUPTED : LIVE_ENDED;
    if (!l->running)
        return;
    stop_thread(l);
    make_final(l, run, state);
    l->ended_us = clock_monotonic_us();
    l->state = state;
    l->final = true;
    l->stopping = false;
    l->running = live_thread(&l->thread, watch, l) == 0;
}

bool live_linger(struct live *l)
{
    int64_t waited_us = clock_monotonic_us() - l->ended_us;
    if (!l->running)
        return false;
    pthread_mutex_lock(&l->lock);
    int64_t gap_us = l->scrapes.gap_us;
    bool scraper = gap_us > 0 && gap_us <= SCRAPE_WAIT_US && l->state != LIVE_INTERRUPTED &&
                   !l->scraped_since && waited_us < gap_us + gap_us / 5;
    bool page =
        l->looks.last_us > 0 && l->ended_us - l->looks.last_us < PAGE_IS_OPEN_US && waited_us < PAGE_WAIT_US;
    pthread_mutex_unlock(&l->lock);
    if (scraper || page)
        poll(NULL, 0, TURN_MS);
    return scraper || page;
}

void live_close(struct live *l)
{
    if (l == NULL)
        return;
    stop_thread(l);
    live_listener_free(l->listener);
    live_figures_free(l->figures);
    live_queue_free(l->queue);
    for (size_t i = 0; i < l->fd_count; i++)
        close(l->fds[i]);
    if (l->fd >= 0)
        close(l->fd);
    for (size_t i = 0; i < LIVE_ANSWERS; i++) {
        buf_clear(&l->made[i].body);
        buf_clear(&l->shown[i]);
    }
    buf_clear(&l->records);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
