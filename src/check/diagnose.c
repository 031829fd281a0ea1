/* What may be behind a failure that `check` met while it only read: the same rules as for a run of one device. */
#include "base/clock.h"
#include "check/check.h"
#include "report/report.h"

#define MOST_TOLD 3

static bool diagnose(struct check *c, struct diagnose_list *out, struct err *e)
{
    struct measure *m = NULL;
    if (!measure_new(&m, e))
        return false;
    struct outcome_sink sink = measure_sink(m);
    sink.arrival(sink.user, 0, false);
    sink.start(sink.user, 0, 0, false);
    struct outcome failure = c->failure;
    failure.exemplar.url = buf_span(&c->failed_url);
    sink.device(sink.user, &failure);
    bool ok = diagnose_run(m, &c->target, NULL, clock_wall_us() / 1000000, out, e);
    measure_free(m);
    return ok;
}

static void tell_lines(struct check *c, const struct diagnose_list *list)
{
    for (size_t i = 0; i < list->count && i < MOST_TOLD; i++) {
        const struct cause *cause = list->items[i].cause;
        buf_appendf(&c->lines, "  likely cause %s, %.0f%% sure (scepstorm causes %s)\n", cause->title,
                    list->items[i].confidence * 100, cause->id);
    }
    if (list->count > MOST_TOLD)
        buf_appendf(&c->lines, "               and %zu more that look the same: --json\n",
                    list->count - MOST_TOLD);
}

static void keep_json(struct check *c, const struct diagnose_list *list)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    json_t *found = NULL;
    if (report_diagnosis_json(list, &text, &ignored))
        found = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (found != NULL) {
        json_decref(c->diagnosis);
        c->diagnosis = found;
    }
    buf_clear(&text);
}

void check_diagnose(struct check *c)
{
    struct diagnose_list list = {0};
    struct err e = {0};
    if (!err_is_set(&c->failure.error))
        return;
    if (diagnose(c, &list, &e)) {
        tell_lines(c, &list);
        keep_json(c, &list);
    }
    diagnose_clear(&list);
}
