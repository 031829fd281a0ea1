// links: traces
/* What faults leave in the logs, as far as it can be told from their rows alone. */
#include "check.h"

#include "faults/kinds.h"
#include "traces/traces.h"

#include <stdio.h>
#include <string.h>

static void check_state(const char *id, const struct fault_trace *row)
{
    char table[64];
    size_t len = strcspn(row->what, ".");
    snprintf(table, sizeof table, "%.*s", (int)len, row->what);
    if (row->what[len] != '.' || !traces_state_exists(table, row->what + len + 1))
        fail_msg("%s: there is no cell %s", id, row->what);
    if (row->values[0] == NULL)
        fail_msg("%s: %s names no row", id, row->what);
}

static void check_event(const char *id, const char *prefix, const char *what)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", prefix, what);
    if (!traces_event_exists(name))
        fail_msg("%s: there is no event '%s' in traces/kinds_*.c", id, name);
}

static void check_row(const char *id, const struct fault_trace *row)
{
    int status = 0;
    unsigned substatus = 0, win32 = 0;
    switch (row->kind) {
    case FAULT_TRACE_EVENT:
        check_event(id, "", row->what);
        break;
    case FAULT_TRACE_CONNECTOR:
        if (row->what[0] != '\0')
            check_event(id, strchr(row->what, ' ') != NULL ? "" : "Connector ", row->what);
        break;
    case FAULT_TRACE_STATE:
        check_state(id, row);
        break;
    case FAULT_TRACE_CRP:
        if (row->what[0] != '\0' && sscanf(row->what, "%d %u %u", &status, &substatus, &win32) != 3)
            fail_msg("%s: '%s' is not of the form '201 0 0'", id, row->what);
        break;
    case FAULT_TRACE_PLUGIN:
    case FAULT_TRACE_SVCLOG:
        break;
    }
    if (row->when == FAULT_TRACE_EVERY && row->period_s <= 0)
        fail_msg("%s: %s has no period", id, row->what);
}

static void every_row_can_be_carried_out(void **state)
{
    (void)state;
    for (size_t i = 0; fault_id(i) != NULL; i++) {
        const struct fault_kind *kind = fault_kind_find(fault_id(i));
        for (const struct fault_trace *row = kind->traces; row != NULL && row->what != NULL; row++)
            check_row(kind->id, row);
    }
}

/* A row for a choice that the fault has not would never be seen. */
static void rows_are_for_choices_that_there_are(void **state)
{
    (void)state;
    for (size_t i = 0; fault_id(i) != NULL; i++) {
        const struct fault_kind *kind = fault_kind_find(fault_id(i));
        int choices = 0;
        bool chooses = kind->keys[0].name != NULL && kind->keys[0].kind == FAULT_KEY_CHOICE;
        while (chooses && kind->keys[0].choices[choices] != NULL)
            choices++;
        for (const struct fault_trace *row = kind->traces; row != NULL && row->what != NULL; row++) {
            if (row->choice > choices)
                fail_msg("%s: %s is for choice %d of %d", kind->id, row->what, row->choice, choices);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_can_be_carried_out),
        cmocka_unit_test(rows_are_for_choices_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
