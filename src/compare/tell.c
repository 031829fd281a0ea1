/* The words of a comparison, the same in every form, and the form for terminals. */
#include "compare/parts.h"

#include "base/text.h"

#include <math.h>

const char *compare_row_verdict_id(enum compare_row_verdict verdict)
{
    switch (verdict) {
    case COMPARE_ROW_SAME:
        return "same";
    case COMPARE_ROW_SMALL:
        return "small";
    case COMPARE_ROW_WORSE:
        return "worse";
    case COMPARE_ROW_BETTER:
        return "better";
    case COMPARE_ROW_TOO_FEW:
        return "too_few";
    case COMPARE_ROW_LOCAL:
        return "local";
    }
    return "unknown";
}

const char *tell_verdict(enum compare_row_verdict verdict)
{
    switch (verdict) {
    case COMPARE_ROW_SAME:
        return "no change";
    case COMPARE_ROW_SMALL:
        return "too small";
    case COMPARE_ROW_WORSE:
        return "WORSE";
    case COMPARE_ROW_BETTER:
        return "better";
    case COMPARE_ROW_TOO_FEW:
        return "not judged";
    case COMPARE_ROW_LOCAL:
        return "this machine";
    }
    return "";
}

void tell_value(const struct compare_row *row, double value, char *out, size_t out_bytes)
{
    switch (row->unit) {
    case COMPARE_MS:
        text_duration((int64_t)llround(value * 1000), out, out_bytes);
        break;
    case COMPARE_SHARE:
        snprintf(out, out_bytes, "%.2f%%", value * 100);
        break;
    case COMPARE_PER_S:
        snprintf(out, out_bytes, "%.1f/s", value);
        break;
    case COMPARE_COUNT:
        snprintf(out, out_bytes, "%.0f", value);
        break;
    }
}

void tell_change(const struct compare_row *row, double change, char *out, size_t out_bytes)
{
    switch (row->unit) {
    case COMPARE_MS:
    case COMPARE_PER_S:
        if (change < 9.995)
            snprintf(out, out_bytes, "%+.1f%%", change * 100);
        else
            snprintf(out, out_bytes, "x %.3g", change + 1);
        break;
    case COMPARE_SHARE:
        snprintf(out, out_bytes, "%+.2f points", change * 100);
        break;
    case COMPARE_COUNT:
        snprintf(out, out_bytes, "%+.0f", change);
        break;
    }
}

void tell_interval(const struct compare_row *row, char *out, size_t out_bytes)
{
    char low[32], high[32];
    out[0] = '\0';
    if (row->unit == COMPARE_COUNT || row->verdict == COMPARE_ROW_TOO_FEW)
        return;
    tell_change(row, row->low, low, sizeof low);
    tell_change(row, row->high, high, sizeof high);
    char *points = strstr(low, " points");
    if (points != NULL)
        *points = '\0';
    snprintf(out, out_bytes, "%s to %s", low, high);
}

bool tell_is_dull(const struct compare_row *row)
{
    return row->verdict == COMPARE_ROW_LOCAL ||
           (row->unit == COMPARE_COUNT && row->base <= 0 && row->now <= 0);
}

/* ---- the verdict in words ---- */

static size_t count_verdicts(const struct compare *c, enum compare_row_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        count += c->rows[i].verdict == verdict;
    return count;
}

static int rank_of(const struct compare_row *row)
{
    if (row->unit == COMPARE_COUNT)
        return 0;
    if (strcmp(row->figure, "enrolled") == 0)
        return 1;
    if (strcmp(row->figure, "latency.enrollment.p95") == 0)
        return 2;
    return strncmp(row->figure, "latency.enrollment.", strlen("latency.enrollment.")) == 0 ? 3 : 4;
}

/* What weighs most: a wrong certificate, then who enrolls, then how long it takes. */
static const struct compare_row *worst(const struct compare *c)
{
    const struct compare_row *worst = NULL;
    for (size_t i = 0; i < c->row_count; i++) {
        const struct compare_row *row = &c->rows[i];
        if (row->verdict != COMPARE_ROW_WORSE)
            continue;
        if (worst == NULL || rank_of(row) < rank_of(worst) ||
            (rank_of(row) == rank_of(worst) && row->unit == COMPARE_MS && row->adjusted < worst->adjusted))
            worst = row;
    }
    return worst;
}

static void say_worst(const struct compare *c, const struct compare_row *row, char *out, size_t out_bytes)
{
    char base[32], now[32], change[32], interval[80], others[64] = "";
    size_t more = count_verdicts(c, COMPARE_ROW_WORSE) - 1;
    tell_value(row, row->base, base, sizeof base);
    tell_value(row, row->now, now, sizeof now);
    tell_change(row, row->change, change, sizeof change);
    tell_interval(row, interval, sizeof interval);
    if (more > 0)
        snprintf(others, sizeof others, "; %zu other figure%s worse, too", more, more == 1 ? " is" : "s are");
    if (row->unit == COMPARE_COUNT)
        snprintf(out, out_bytes, "REGRESSION, CORRECTNESS: %s %s, %s before%s", now, row->title, base,
                 others);
    else
        snprintf(out, out_bytes, "REGRESSION: %s was %s, is %s: %s (95%% interval %s)%s", row->title, base,
                 now, change, interval, others);
}

void tell_headline(struct compare *c)
{
    const struct compare_row *row = worst(c);
    size_t judged = 0;
    for (size_t i = 0; i < c->row_count; i++)
        judged += c->rows[i].verdict != COMPARE_ROW_TOO_FEW && c->rows[i].verdict != COMPARE_ROW_LOCAL;
    char *out = c->headline;
    size_t room = sizeof c->headline;
    switch (c->verdict) {
    case COMPARE_REGRESSION:
        if (row != NULL)
            say_worst(c, row, out, room);
        else
            snprintf(out, room, "REGRESSION, CORRECTNESS: defects that the base did not have");
        break;
    case COMPARE_NO_REGRESSION:
        snprintf(out, room, "No regression: none of %zu figures is worse beyond chance and floor", judged);
        break;
    case COMPARE_INCONCLUSIVE:
        snprintf(
            out, room,
            "INCONCLUSIVE: nothing is worse as far as can be told, but a change of %.0f%% could have been "
            "missed: take more runs, longer runs or a quieter server",
            c->options.detect * 100);
        break;
    case COMPARE_NOT_ENOUGH_RUNS:
        snprintf(
            out, room,
            "NO VERDICT, not enough runs: %d on each side are needed, there are %zu and %zu; figures only",
            COMPARE_LEAST_RUNS, c->base->count, c->now->count);
        break;
    case COMPARE_FORCED:
        snprintf(out, room, "NO VERDICT: these runs cannot be compared; figures only, because of --force");
        break;
    }
}

/* ---- the terminal ---- */

static const char *colour_of(enum compare_verdict verdict)
{
    switch (verdict) {
    case COMPARE_NO_REGRESSION:
        return "\033[1;32m";
    case COMPARE_REGRESSION:
        return "\033[1;31m";
    case COMPARE_INCONCLUSIVE:
    case COMPARE_NOT_ENOUGH_RUNS:
    case COMPARE_FORCED:
        return "\033[1;33m";
    }
    return "";
}

static const char *row_colour(enum compare_row_verdict verdict)
{
    switch (verdict) {
    case COMPARE_ROW_WORSE:
        return "\033[31m";
    case COMPARE_ROW_BETTER:
        return "\033[32m";
    case COMPARE_ROW_SAME:
    case COMPARE_ROW_SMALL:
    case COMPARE_ROW_TOO_FEW:
    case COMPARE_ROW_LOCAL:
        return "\033[2m";
    }
    return "";
}

/* A server's words may hold what moves a cursor. */
static void plain(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, to);
}

static void print_words(FILE *to, const char *title, const struct compare_words *words)
{
    if (words->count == 0)
        return;
    fprintf(to, "\n%s\n", title);
    for (size_t i = 0; i < words->count; i++) {
        fputs("  - ", to);
        plain(to, words->items[i]);
        fputc('\n', to);
    }
}

static void print_row(FILE *to, const struct compare_row *row, bool colour, unsigned width)
{
    char base[32], now[32], change[32], interval[80];
    tell_value(row, row->base, base, sizeof base);
    tell_value(row, row->now, now, sizeof now);
    tell_change(row, row->change, change, sizeof change);
    tell_interval(row, interval, sizeof interval);
    fputs("  ", to);
    int room = width >= 110 || width == 0 ? 34 : 24;
    char title[64];
    snprintf(title, sizeof title, "%-*.*s", room, room, row->title);
    plain(to, title);
    fprintf(to, " %10s %10s  %13s", base, now, change);
    if (width == 0 || width >= 100)
        fprintf(to, "  %-26s", interval);
    fprintf(to, "  %s%s%s\n", colour ? row_colour(row->verdict) : "", tell_verdict(row->verdict),
            colour ? "\033[0m" : "");
}

static void print_table(FILE *to, const struct compare *c, bool colour, unsigned width)
{
    int room = width >= 110 || width == 0 ? 34 : 24;
    fprintf(to, "\n  %-*s %10s %10s  %13s", room, "", "base", "now", "change");
    fprintf(to, "  %s\n", width == 0 || width >= 100 ? "95% interval" : "");
    for (size_t i = 0; i < c->row_count; i++) {
        if (!tell_is_dull(&c->rows[i]))
            print_row(to, &c->rows[i], colour, width);
    }
}

static void print_side(FILE *to, const char *title, const struct compare_runs *runs)
{
    fprintf(to, "%s, %zu run%s:", title, runs->count, runs->count == 1 ? "" : "s");
    for (size_t i = 0; i < runs->count; i++)
        fprintf(to, "%s %s", i > 0 ? "," : "", runs->items[i]->name);
    fputc('\n', to);
}

void compare_print(FILE *to, const struct compare *c, bool colour, unsigned width)
{
    fprintf(to, "\n%s", colour ? colour_of(c->verdict) : "");
    plain(to, c->headline);
    fprintf(to, "%s\n", colour ? "\033[0m" : "");
    if (c->sight[0] != '\0')
        fprintf(to, "%s\n", c->sight);
    print_words(to, "Why they cannot be compared", &c->problems);
    print_words(to, "New", &c->news);
    print_words(to, "The server presents itself differently (no regression by itself)", &c->drift);
    print_words(to, "To keep in mind", &c->warnings);
    print_table(to, c, colour, width);
    fputc('\n', to);
    print_side(to, "base", c->base);
    print_side(to, "now", c->now);
}
