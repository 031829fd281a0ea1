/* A comparison for a ticket or a pull request. */
#include "compare/parts.h"

#include "base/markup.h"

static void put_list(struct buf *out, const char *title, const struct compare_words *words)
{
    if (words->count == 0)
        return;
    buf_appendf(out, "\n### %s\n\n", title);
    for (size_t i = 0; i < words->count; i++) {
        buf_append_text(out, "- ");
        markup_markdown(out, words->items[i]);
        buf_append_byte(out, '\n');
    }
}

static void put_row(struct buf *out, const struct compare_row *row)
{
    char base[32], now[32], change[32], interval[80];
    const char *mark = row->verdict == COMPARE_ROW_WORSE ? "**" : "";
    tell_value(row, row->base, base, sizeof base);
    tell_value(row, row->now, now, sizeof now);
    tell_change(row, row->change, change, sizeof change);
    tell_interval(row, interval, sizeof interval);
    buf_append_text(out, "| ");
    markup_markdown(out, row->title);
    buf_appendf(out, " | %s | %s | %s | %s | %s%s%s |\n", base, now, change, interval, mark,
                tell_verdict(row->verdict), mark);
}

static void put_side(struct buf *out, const char *title, const struct compare_runs *runs)
{
    buf_appendf(out, "- %s: ", title);
    for (size_t i = 0; i < runs->count; i++) {
        buf_append_text(out, i > 0 ? ", " : "");
        markup_markdown(out, runs->items[i]->name);
    }
    buf_append_byte(out, '\n');
}

bool markdown_tell(const struct compare *c, struct buf *out)
{
    buf_append_text(out, "## ");
    markup_markdown(out, c->base->items[0]->scenario);
    buf_append_text(out, ": before and after\n\n**");
    markup_markdown(out, c->headline);
    buf_append_text(out, "**\n\n");
    markup_markdown(out, c->sight);
    buf_append_text(out, "\n\n");
    put_side(out, "base", c->base);
    put_side(out, "now", c->now);
    put_list(out, "Why they cannot be compared", &c->problems);
    put_list(out, "New", &c->news);
    put_list(out, "The server presents itself differently", &c->drift);
    put_list(out, "To keep in mind", &c->warnings);
    buf_append_text(out, "\n### Figures\n\n| | base | now | change | 95 % interval | |\n"
                         "|---|---:|---:|---:|---|---|\n");
    for (size_t i = 0; i < c->row_count; i++) {
        if (!tell_is_dull(&c->rows[i]))
            put_row(out, &c->rows[i]);
    }
    return !out->failed;
}
