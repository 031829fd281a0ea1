#include "report/parts.h"

#include "base/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_EVERY_US INT64_C(5000000)
#define BAR_MAX       30

struct report_progress {
    FILE *to;
    const struct measure *measure;
    uint64_t planned; /* 0: unknown */
    bool terminal;
    bool drawn;
    const char *state; /* borrowed; NULL: nothing special */
    int64_t next_line_us;
};

bool report_progress_new(FILE *to, const struct measure *m, uint64_t planned, struct report_progress **out,
                         struct err *e)
{
    struct report_progress *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the progress");
    const char *term = getenv("TERM");
    *p = (struct report_progress){.to = to, .measure = m, .planned = planned, .next_line_us = LINE_EVERY_US};
    p->terminal = isatty(fileno(to)) == 1 && term != NULL && strcmp(term, "dumb") != 0;
    *out = p;
    return true;
}

static uint64_t done_of(const struct measure_devices *d)
{
    return d->enrolled + d->failed + d->unsent + d->abandoned;
}

/* "offered 400  started 398  done 391  in flight 7  ok 99.7%  p50 41.0 ms  p95 88.2 ms"; the short form leaves out what a
 * narrow terminal has no room for beside the bar. */
static void figures(const struct report_progress *p, bool brief, char *out, size_t out_bytes)
{
    struct measure_devices d = measure_devices(p->measure);
    uint64_t ended = d.enrolled + d.failed + d.abandoned;
    char head[64] = "", ok[16] = "-", p50[32], p95[32];
    if (!brief)
        snprintf(head, sizeof head, "offered %llu  started %llu  ",
                 (unsigned long long)measure_load(p->measure).offered, (unsigned long long)d.started);
    if (d.enrolled + d.failed > 0)
        snprintf(ok, sizeof ok, "%.1f%%", 100.0 * (double)d.enrolled / (double)(d.enrolled + d.failed));
    words_quantile(measure_enrollment(p->measure), 0.5, p50, sizeof p50);
    words_quantile(measure_enrollment(p->measure), 0.95, p95, sizeof p95);
    snprintf(out, out_bytes, "%sdone %llu  in flight %llu  ok %s  p50 %s  p95 %s", head,
             (unsigned long long)done_of(&d), (unsigned long long)(d.started - ended), ok, p50, p95);
}

static size_t terminal_width(const struct report_progress *p)
{
    struct winsize size = {0};
    return ioctl(fileno(p->to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* "[#########.....] 62%  " as far as there is room beside the figures. */
static void bar(const struct report_progress *p, size_t room, char *out, size_t out_bytes)
{
    struct measure_devices d = measure_devices(p->measure);
    out[0] = '\0';
    if (p->planned == 0 || room < 14)
        return;
    double share = (double)done_of(&d) / (double)p->planned;
    size_t cells = room - 9 < BAR_MAX ? room - 9 : BAR_MAX;
    size_t full = (size_t)((share > 1 ? 1 : share) * (double)cells);
    char drawing[BAR_MAX + 1];
    for (size_t i = 0; i < cells; i++)
        drawing[i] = i < full ? '#' : '.';
    drawing[cells] = '\0';
    snprintf(out, out_bytes, "[%s] %3.0f%%  ", drawing, (share > 1 ? 1 : share) * 100);
}

static void redraw(struct report_progress *p)
{
    char line[260], front[64], plain[200];
    size_t width = terminal_width(p) - 1; /* the last column would wrap */
    bool special = p->state != NULL && p->state[0] != '\0';
    figures(p, width < 110 || special, plain, sizeof plain);
    snprintf(line, sizeof line, "%s%.50s%s%s", special ? "[" : "", special ? p->state : "",
             special ? "] " : "", plain);
    size_t len = strlen(line);
    bar(p, width > len ? width - len : 0, front, sizeof front);
    size_t left = width - strlen(front);
    fprintf(p->to, "\r\033[K%s%.*s", front, (int)(left < len ? left : len), line);
    fflush(p->to);
    p->drawn = true;
}

static void print_line(struct report_progress *p, int64_t now_us)
{
    char line[200], at[32];
    figures(p, false, line, sizeof line);
    text_duration(now_us, at, sizeof at);
    fprintf(p->to, "%s  %s\n", at, line);
    fflush(p->to);
}

void report_progress_show(struct report_progress *p, int64_t now_us)
{
    if (p->terminal) {
        redraw(p);
    } else if (now_us >= p->next_line_us) {
        print_line(p, now_us);
        p->next_line_us = now_us + LINE_EVERY_US;
    }
}

void report_progress_say(struct report_progress *p, const char *text)
{
    fprintf(p->to, "%s%s\n", p->terminal && p->drawn ? "\r\033[K" : "", text);
    fflush(p->to);
    if (p->terminal && p->drawn)
        redraw(p);
}

void report_progress_state(struct report_progress *p, const char *state)
{
    p->state = state;
}

void report_progress_free(struct report_progress *p)
{
    if (p == NULL)
        return;
    if (p->terminal && p->drawn) {
        redraw(p);
        fputc('\n', p->to);
        fflush(p->to);
    }
    free(p);
}
