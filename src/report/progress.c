#include "report/parts.h"
#include "report/recent.h"
#include "report/screen.h"
#include "report/suspects.h"

#include "base/text.h"

#define LINE_EVERY_US    INT64_C(5000000)
#define PICTURE_EVERY_US INT64_C(500000)
#define STATE_BYTES      96

struct report_progress {
    FILE *to;
    const struct report_run *run; /* either of these two */
    const struct report_totals *totals;
    uint64_t planned;         /* 0: unknown */
    const char *keys, *state; /* borrowed */
    bool in_place;            /* a view that is drawn again and again; else lines */
    bool drawn, over;
    int64_t now_us, end_us, next_us;
    struct report_totals now;
    struct suspects suspects;
    struct recent recent;

    struct screen screen;
    struct view view;
    struct view_lines lines;
    char words[STATE_BYTES];                              /* of the view's state */
    char told[sizeof((struct view *)0)->causes[0].words]; /* the cause that a line has named */
};

static bool make(const struct report_progress *like, struct report_progress **out, struct err *e)
{
    struct report_progress *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the progress");
    *p = *like;
    if (!recent_init(&p->recent, e)) {
        free(p);
        return false;
    }
    p->end_us = INT64_MAX;
    p->in_place = screen_possible(fileno(p->to));
    p->next_us = p->in_place ? 0 : LINE_EVERY_US;
    screen_init(&p->screen, fileno(p->to));
    *out = p;
    return true;
}

bool report_progress_new(FILE *to, const struct report_run *run, uint64_t planned,
                         struct report_progress **out, struct err *e)
{
    return make(&(struct report_progress){.to = to, .run = run, .planned = planned}, out, e);
}

bool report_progress_new_totals(FILE *to, const struct report_totals *totals, uint64_t planned,
                                struct report_progress **out, struct err *e)
{
    return make(&(struct report_progress){.to = to, .totals = totals, .planned = planned}, out, e);
}

/* NULL: it is in other processes. */
static const struct histogram *latency_of(const struct report_progress *p)
{
    return p->run != NULL ? measure_enrollment(p->run->measure) : NULL;
}

static uint64_t done_of(const struct measure_devices *d)
{
    return d->enrolled + d->failed + d->unsent + d->abandoned;
}

static struct recent_counts counts_of(const struct report_totals *t)
{
    return (struct recent_counts){t->offered, t->devices.started, done_of(&t->devices) - t->devices.unsent,
                                  t->devices.failed};
}

static void look(struct report_progress *p)
{
    const struct measure *m = p->run != NULL ? p->run->measure : NULL;
    p->now = m == NULL
                 ? *p->totals
                 : (struct report_totals){measure_devices(m), measure_load(m).offered, *measure_in_flight(m)};
    struct recent_counts counts = counts_of(&p->now);
    recent_keep(&p->recent, &counts, latency_of(p), p->now_us);
}

/* ---- what there is to say ---- */

/* "STOPPING, PAUSED, rate x1.25" */
static void describe_state(struct report_progress *p)
{
    const char *ends = "", *held = p->state != NULL ? p->state : "";
    if (p->run != NULL && p->run->stopped_early != NULL)
        ends = "STOPPED EARLY";
    if (p->run != NULL && p->run->interrupted)
        ends = p->over ? "INTERRUPTED" : "STOPPING";
    snprintf(p->words, sizeof p->words, "%s%s%.60s", ends, ends[0] != '\0' && held[0] != '\0' ? ", " : "",
             held);
}

static void judge_so_far(const struct report_progress *p, struct view *v)
{
    struct judgement j;
    size_t used = 0;
    judge_validity(p->run, &j);
    v->judged = true;
    v->valid = j.verdict.validity != REPORT_INVALID;
    v->broken[0] = '\0';
    for (size_t i = 0; i < j.rule_count && used < sizeof v->broken; i++) {
        if (j.rules[i].broken)
            used += (size_t)snprintf(v->broken + used, sizeof v->broken - used, "%s%s", used > 0 ? ", " : "",
                                     j.rules[i].name);
    }
    v->lag_us = histogram_quantile(measure_start_lag(p->run->measure), 0.99);
    v->stall_us = histogram_max(measure_loop_stall(p->run->measure));
}

static void gather(struct report_progress *p)
{
    struct recent_counts counts = counts_of(&p->now);
    struct recent_rates rates = {0};
    struct view *v = &p->view;
    bool known = recent_rates(&p->recent, &counts, p->now_us, &rates);
    describe_state(p);
    *v = (struct view){.now_us = p->now_us,
                       .end_us = p->end_us,
                       .planned = p->planned,
                       .state = p->words,
                       .keys = p->keys,
                       .devices = p->now.devices,
                       .offered = p->now.offered,
                       .per_s = {known, rates.offered, rates.started, rates.done, rates.failed},
                       .total = latency_of(p),
                       .in_flight = &p->now.in_flight};
    if (p->run == NULL)
        return;
    v->recent = recent_latency(&p->recent, v->total, p->now_us);
    suspects_tell(&p->suspects, p->run->measure, v);
    judge_so_far(p, v);
}

/* ---- line by line ---- */

/* "offered 400  started 398  done 391  in flight 7  ok 99.7%  p50 41 ms  p95 88 ms" */
static void figures(const struct report_progress *p, char *out, size_t out_bytes)
{
    const struct measure_devices *d = &p->now.devices;
    uint64_t ended = d->enrolled + d->failed + d->abandoned;
    char ok[16] = "-", p50[32], p95[32];
    if (d->enrolled + d->failed > 0)
        snprintf(ok, sizeof ok, "%.1f%%", 100.0 * (double)d->enrolled / (double)(d->enrolled + d->failed));
    int used = snprintf(out, out_bytes, "offered %llu  started %llu  done %llu  in flight %llu  ok %s",
                        (unsigned long long)p->now.offered, (unsigned long long)d->started,
                        (unsigned long long)done_of(d), (unsigned long long)(d->started - ended), ok);
    if (p->run == NULL)
        return;
    words_quantile(latency_of(p), 0.5, p50, sizeof p50);
    words_quantile(latency_of(p), 0.95, p95, sizeof p95);
    snprintf(out + used, out_bytes - (size_t)used, "  p50 %s  p95 %s", p50, p95);
}

/* What fails is said when it is first known, and again when it turns out to be something else. */
static void print_cause(struct report_progress *p, const char *at)
{
    suspects_tell(&p->suspects, p->run->measure, &p->view);
    const char *words = p->view.cause_count > 0 ? p->view.causes[0].words : "";
    const char *id_ends = strchr(words, ',');
    size_t id = id_ends != NULL ? (size_t)(id_ends - words) : strlen(words);
    if (words[0] == '\0' || strncmp(words, p->told, id) == 0)
        return;
    memcpy(p->told, words, sizeof p->told);
    fprintf(p->to, "%s  failing, %.0f%% of it: %s\n", at, p->view.causes[0].share * 100, words);
}

static void print_line(struct report_progress *p)
{
    char line[200], at[32];
    figures(p, line, sizeof line);
    describe_state(p);
    text_duration(p->now_us, at, sizeof at);
    fprintf(p->to, "%s  %s%s%s\n", at, line, p->words[0] != '\0' ? "  " : "", p->words);
    if (p->run != NULL)
        print_cause(p, at);
    fflush(p->to);
    p->next_us = p->now_us + LINE_EVERY_US;
}

/* ---- in place ---- */

/* In the background it says less, as where there is no terminal. */
static void draw(struct report_progress *p)
{
    if (!screen_ready(&p->screen))
        return;
    if (!screen_in_front(&p->screen)) {
        print_line(p);
        return;
    }
    struct screen_size size = screen_size(&p->screen);
    gather(p);
    /* The last column would fold the line, the last row scroll what stands above. */
    view_draw(&p->view, size.columns - 1, size.rows > 1 ? size.rows - 1 : 1, true, &p->lines);
    screen_draw(&p->screen, &p->lines);
    p->drawn = true;
    p->next_us = p->now_us + PICTURE_EVERY_US;
}

/* ---- either way ---- */

void report_progress_show(struct report_progress *p, int64_t now_us, int64_t end_us)
{
    p->now_us = now_us;
    p->end_us = end_us;
    look(p);
    if (now_us < p->next_us)
        return;
    if (p->run != NULL)
        suspects_look(&p->suspects, p->run, now_us);
    if (p->in_place)
        draw(p);
    else
        print_line(p);
}

void report_progress_say(struct report_progress *p, const char *text)
{
    if (p->in_place && screen_in_front(&p->screen)) {
        screen_say(&p->screen, text);
        draw(p);
    } else {
        fprintf(p->to, "%s\n", text);
        fflush(p->to);
    }
}

void report_progress_keys(struct report_progress *p, const char *keys)
{
    p->keys = keys;
    if (!p->in_place && keys != NULL)
        fprintf(p->to, "keys: %s\n", keys);
}

void report_progress_state(struct report_progress *p, const char *state)
{
    p->state = state;
}

void report_progress_step_aside(void)
{
    screen_step_aside();
}

/* What the view said is said better by the words that follow: of it stays how far the load came. */
void report_progress_free(struct report_progress *p)
{
    if (p == NULL)
        return;
    if (p->drawn && screen_ready(&p->screen) && screen_in_front(&p->screen)) {
        p->over = true;
        look(p);
        gather(p);
        p->view.end_us = INT64_MAX; /* nothing is waited for any more */
        view_draw(&p->view, screen_size(&p->screen).columns - 1, 1, true, &p->lines);
        screen_draw(&p->screen, &p->lines);
    }
    report_progress_step_aside();
    screen_clear(&p->screen);
    recent_clear(&p->recent);
    suspects_clear(&p->suspects);
    free(p);
}
