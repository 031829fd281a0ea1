#include "device/table.h"

static void put_diagram(struct buf *out)
{
    buf_append_text(out, "```mermaid\nstateDiagram-v2\n    [*] --> start\n");
    for (int s = 0; s < DEVICE_ENDED; s++) {
        for (int e = 0; e < DEVICE_EVENT_COUNT; e++) {
            const struct device_rule *r = &device_table[s][e];
            if (r->act != NULL && r->next != DEVICE_ENDED)
                buf_appendf(out, "    %s --> %s : %s / %s\n", device_state_name((enum device_state)s),
                            device_state_name(r->next), device_event_name((enum device_event_kind)e),
                            r->does);
        }
    }
    buf_appendf(out, "    %s --> ended : reply / judge\n    ended --> [*]\n```\n",
                device_state_name(DEVICE_VERIFY));
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
            const struct device_rule *r = &device_table[s][e];
            if (r->act == NULL)
                buf_append_text(out, " |");
            else
                buf_appendf(out, " %s, %s |", r->does, device_state_name(r->next));
        }
    }
    buf_append_text(out, "\n");
}

bool device_describe(struct buf *out)
{
    buf_append_text(
        out,
        "# The device, state by state\n\n"
        "Made from `device_table.c`; a test compares the two. An arrow reads *event / rule*. Every rule "
        "may end the device\ninstead of going on; *failed*, *timeout* and *abort* do so from every state "
        "on the way and are left out of the picture.\n\n");
    put_diagram(out);
    buf_append_text(
        out,
        "\nEach cell: the rule, and the state after it. An empty cell is an unexpected event, which ends "
        "the device with\n`unexpected_event`. Replies of an earlier generation never reach the table: "
        "they are counted as late.\n");
    put_table(out);
    return !out->failed;
}
