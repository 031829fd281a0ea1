/* What was asked of the server, out of a scenario.yaml as scenario_write makes it: two blanks for each level, a key on
 * every line. */
#include "compare/run.h"

/* The server itself is what is compared; names, seeds and objectives change nothing of the load; files and accounts are found
 * elsewhere on another machine. A key ends with ':', a whole section with all below it. */
static const char *const left_out[] = {
    "name:",
    "seed:",
    "target:",
    "simulator:",
    "slo:",
    "challenge.url:",
    "challenge.user:",
    "challenge.password_env:",
    "challenge.password_file:",
    "challenge.file:",
    "challenge.command:",
    "challenge.token_env:",
    "challenge.token_file:",
    "devices.key.pool:",
};

#define MAX_DEPTH 8

struct path {
    struct span keys[MAX_DEPTH];
    size_t depth;
};

/* Is the path, or a part of it from the top, this one? */
static bool is_below(const struct path *p, const char *dotted)
{
    for (size_t i = 0; i < p->depth; i++) {
        size_t len = strcspn(dotted, ".:");
        if (!span_equal(p->keys[i], span_of(dotted, len)))
            return false;
        if (dotted[len] == ':')
            return true;
        dotted += len + 1;
    }
    return false;
}

/* The key of a line, and how deep it stands; an element of a list belongs to the key above it. */
static void follow(struct path *p, struct span line)
{
    size_t blanks = 0, len = 0;
    while (blanks < line.len && line.data[blanks] == ' ')
        blanks++;
    if (blanks == line.len || line.data[blanks] == '-' || blanks / 2 >= MAX_DEPTH)
        return;
    while (blanks + len < line.len && line.data[blanks + len] != ':')
        len++;
    if (blanks / 2 > p->depth)
        return;
    p->keys[blanks / 2] = span_of(line.data + blanks, len);
    p->depth = blanks / 2 + 1;
}

bool compare_plan(struct span scenario, struct buf *out)
{
    struct path path = {0};
    for (size_t at = 0; at < scenario.len;) {
        const uint8_t *end = memchr(scenario.data + at, '\n', scenario.len - at);
        size_t len = end == NULL ? scenario.len - at : (size_t)(end - scenario.data) - at;
        struct span line = span_of(scenario.data + at, len);
        bool drop = false;
        follow(&path, line);
        for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
            drop |= is_below(&path, left_out[i]);
        if (!drop && len > 0) {
            buf_append_span(out, line);
            buf_append_byte(out, '\n');
        }
        at += len + 1;
    }
    return !out->failed;
}
