#include "challenge/page.h"

#include <strings.h>

struct cursor {
    struct span page;
    size_t at;
    struct buf *out;
};

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v' || c == '\0';
}

static void put_blank(struct buf *out)
{
    if (out->len == 0 || out->data[out->len - 1] != ' ')
        buf_append_byte(out, ' ');
}

/* The bold marks are ours alone: a page cannot write them. */
static void put(struct buf *out, uint8_t c)
{
    if (is_blank(c) || c == CHALLENGE_BOLD_BEGIN || c == CHALLENGE_BOLD_END)
        put_blank(out);
    else
        buf_append_byte(out, c);
}

static bool starts_with(const struct cursor *c, const char *word)
{
    size_t len = strlen(word);
    return c->page.len - c->at >= len && strncasecmp((const char *)c->page.data + c->at, word, len) == 0;
}

/* Moves behind the next occurrence of `word`, to the end of the page when there is none. */
static void skip_past(struct cursor *c, const char *word)
{
    for (; c->at < c->page.len; c->at++) {
        if (starts_with(c, word)) {
            c->at += strlen(word);
            return;
        }
    }
}

/* At '<': a tag begins only if a letter, '/', '!' or '?' follows, as browsers see it. */
static bool is_tag(const struct cursor *c)
{
    if (c->page.len - c->at < 2)
        return false;
    int next = c->page.data[c->at + 1];
    return (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '/' || next == '!' ||
           next == '?';
}

static bool tag_named(const struct cursor *c, const char *opening)
{
    size_t len = strlen(opening);
    if (!starts_with(c, opening) || c->page.len - c->at <= len)
        return false;
    int next = c->page.data[c->at + len];
    return is_blank(next) || next == '>' || next == '/';
}

static void take_tag(struct cursor *c)
{
    /* What stands between these is not for the eye. */
    static const char *const hidden[][2] = {
        {"<script", "</script"},
        {"<style", "</style"},
    };
    if (starts_with(c, "<!--")) {
        skip_past(c, "-->");
        put_blank(c->out);
        return;
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (tag_named(c, hidden[i][0]))
            skip_past(c, hidden[i][1]);
    }
    if (tag_named(c, "<b"))
        buf_append_byte(c->out, CHALLENGE_BOLD_BEGIN);
    else if (tag_named(c, "</b"))
        buf_append_byte(c->out, CHALLENGE_BOLD_END);
    else
        put_blank(c->out);
    skip_past(c, ">");
}

static void take_entity(struct cursor *c)
{
    static const struct {
        const char *name;
        uint8_t meaning;
    } entities[] = {{"&nbsp;", ' '}, {"&amp;", '&'},  {"&lt;", '<'},
                    {"&gt;", '>'},   {"&quot;", '"'}, {"&#39;", '\''}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (starts_with(c, entities[i].name)) {
            put(c->out, entities[i].meaning);
            c->at += strlen(entities[i].name);
            return;
        }
    }
    put(c->out, '&');
    c->at++;
}

bool challenge_page_text(struct span utf8, struct buf *out)
{
    static const uint8_t no_break_space[2] = {0xc2, 0xa0};
    struct cursor c = {.page = utf8, .out = out};
    while (c.at < utf8.len && !out->failed) {
        uint8_t byte = utf8.data[c.at];
        if (byte == '<' && is_tag(&c)) {
            take_tag(&c);
        } else if (byte == '&') {
            take_entity(&c);
        } else if (utf8.len - c.at >= 2 && memcmp(utf8.data + c.at, no_break_space, 2) == 0) {
            put_blank(out);
            c.at += 2;
        } else {
            put(out, byte);
            c.at++;
        }
    }
    return !out->failed;
}
