// room: scenario
/* Any text as a scenario, with a first line "--set path=value" also as an option. What is refused gets one line of
 * printable text; what is accepted means the same after it was written and read again. */
#include "scenario/scenario.h"
#include "load/demand.h"

#define PLAN_MAX 2000 /* devices: enough to go through every phase, few enough to go on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_error(const struct err *e)
{
    require(e->reason == REASON_SCENARIO && e->text[0] != '\0');
    for (const char *c = e->text; *c != '\0'; c++)
        require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void write_out(const struct scenario *s, struct buf *out)
{
    struct err e = {0};
    buf_init(out, (size_t)16 << 20);
    require(scenario_write(s, out, &e));
}

static void check_survival(const struct scenario *s)
{
    struct buf first, second;
    struct scenario *again = NULL;
    struct err e = {0};
    write_out(s, &first);
    require(scenario_parse("again.yaml", buf_span(&first), NULL, 0, &again, &e));
    write_out(again, &second);
    require(span_equal(buf_span(&first), buf_span(&second)));
    scenario_free(again);
    buf_clear(&first);
    buf_clear(&second);
}

static void check_subject(const struct scenario *s)
{
    struct buf subject;
    struct err e = {0};
    buf_init(&subject, (size_t)1 << 20);
    require(scenario_subject(s, 1, 0, "run", &subject, &e));
    for (size_t i = 0; i < s->devices.san_count; i++)
        require(scenario_san(s, UINT64_MAX, 0, "run", i, &subject, &e));
    if (s->devices.sid != NULL)
        require(scenario_sid(s, 1, 0, "run", &subject, &e));
    require(scenario_check_authorized(s, "fuzz", &e));
    buf_clear(&subject);
}

/* What load there is can be walked through, in order and to its end, and has as many devices as it says. */
static void check_plan(const struct scenario *s)
{
    struct load_plan *plan = NULL;
    struct load_demand total, *phases = calloc(s->phase_count, sizeof *phases);
    struct err e = {0};
    require(phases != NULL);
    if (!load_plan_new(s->phases, s->phase_count, s->devices.count, PLAN_MAX, s->seed, &plan, &e)) {
        check_error(&e);
        free(phases);
        return;
    }
    require(load_demand_of(plan, 1000000, 1000000, phases, s->phase_count, &total, &e));
    require(load_plan_over(plan) && total.count > 0 && total.count <= load_plan_count(plan));
    require(!load_plan_count_known(plan) || total.count == load_plan_count(plan));
    load_plan_free(plan);
    free(phases);
}

/* Cuts "--set path=value\n" off the front; `line` keeps the two texts. */
static size_t take_option(const uint8_t *data, size_t size, char line[256], struct scenario_override *out)
{
    static const char prefix[] = "--set ";
    size_t skip = sizeof prefix - 1;
    const uint8_t *end = size > skip && memcmp(data, prefix, skip) == 0 ? memchr(data, '\n', size) : NULL;
    if (end == NULL || (size_t)(end - data) - skip >= 256)
        return 0;
    size_t len = (size_t)(end - data) - skip;
    memcpy(line, data + skip, len);
    line[len] = '\0';
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return 0;
    *equals = '\0';
    *out = (struct scenario_override){.path = line, .value = equals + 1};
    return (size_t)(end - data) + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[256];
    struct scenario_override option;
    struct scenario *s = NULL;
    struct err e = {0};
    size_t skip = take_option(data, size, line, &option);
    if (scenario_parse("fuzz.yaml", span_of(data + skip, size - skip), &option, skip > 0, &s, &e)) {
        check_survival(s);
        check_subject(s);
        check_plan(s);
    } else {
        check_error(&e);
    }
    scenario_free(s);
    return 0;
}
