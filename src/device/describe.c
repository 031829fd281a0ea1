#include "device/table.h"

static void put_arrows(struct buf *out, enum device_state from, const char *event,
                       const struct device_rule *rule)
{
    for (int to = 0; to < DEVICE_ENDED; to++) {
        if ((rule->to & 1u << to) != 0)
            buf_appendf(out, "    %s --> %s : %s / %s\n", device_state_name(from),
                        device_state_name((enum device_state)to), event, rule->does);
    }
}

static void put_diagram(struct buf *out)
{
    buf_append_text(out, "```mermaid\nstateDiagram-v2\n    [*] --> start\n");
    for (int s = 0; s < DEVICE_ENDED; s++) {
        for (int e = 0; e < DEVICE_EVENT_COUNT; e++) {
            bool drawn = e != DEVICE_FAILED && device_table[s][e].act != NULL;
            if (drawn)
                put_arrows(out, (enum device_state)s, device_event_name((enum device_event_kind)e),
                           &device_table[s][e]);
        }
    }
    put_arrows(out, DEVICE_OVER, "at once", &device_after_errand);
    buf_append_text(out, "    over --> ended : no errand left\n    ended --> [*]\n```\n");
}

static void put_cell(struct buf *out, const struct device_rule *rule)
{
    const char *between = ": ";
    if (rule->act != NULL)
        buf_append_text(out, rule->does);
    for (int to = 0; rule->act != NULL && to < DEVICE_STATE_COUNT; to++) {
        if ((rule->to & 1u << to) == 0)
            continue;
        buf_appendf(out, "%s%s", between, device_state_name((enum device_state)to));
        between = ", ";
    }
    buf_append_text(out, rule->act != NULL ? " |" : "|");
}

static void put_table(struct buf *out)
{
    buf_append_text(out, "\n| state |");
    for (int e = 0; e < DEVICE_EVENT_COUNT; e++)
        buf_appendf(out, " %s |", device_event_name((enum device_event_kind)e));
    buf_append_text(out, "\n|---|");
    for (int e = 0; e < DEVICE_EVENT_COUNT; e++)
        buf_append_text(out, "---|");
    for (int s = 0; s < DEVICE_STATE_COUNT; s++) {
        buf_appendf(out, "\n| %s |", device_state_name((enum device_state)s));
        for (int e = 0; e < DEVICE_EVENT_COUNT; e++) {
            buf_append_byte(out, ' ');
            put_cell(out, &device_table[s][e]);
        }
    }
    buf_append_text(out, "\n\nAfter *over*: ");
    put_cell(out, &device_after_errand);
    out->len -= out->failed ? 0 : 2; /* the cell's border */
    buf_append_text(out, ".\n");
}

bool device_describe(struct buf *out)
{
    buf_append_text(
        out,
        "# The device, state by state\n\n"
        "Made from `device_table.c`; a test compares the two. An arrow reads *event / rule*. Where a rule "
        "has "
        "several states\nafter it, the persona, the answer and what has been tried already decide. *failed*, "
        "*timeout* and *abort* are left out\nof the picture: from every state on the way they lead to "
        "another attempt where the persona makes one, else to *over* or\n*ended*.\n\n");
    put_diagram(out);
    buf_append_text(
        out,
        "\nEach cell: the rule, and the states that may follow. An empty cell is an unexpected event, which "
        "ends the device with\n`unexpected_event`. Replies of an earlier generation never reach the table: "
        "they are counted as late. *over* waits for\nnothing: an errand (the enrollment, a renewal, ...) has "
        "ended, and the next one begins at once, if there is one.\n");
    put_table(out);
    return !out->failed;
}
