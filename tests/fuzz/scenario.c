// room: scenario
/* Any text as a scenario, with a first line "--set path=value" also as an option. What is refused gets one line of
 * printable text; what is accepted means the same after it was written and read again. */
#include "scenario/scenario.h"

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
    } else {
        check_error(&e);
    }
    scenario_free(s);
    return 0;
}
