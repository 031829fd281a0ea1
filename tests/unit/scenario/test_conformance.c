/* Which probes a scenario wants. */
#include "check.h"
#include "scenario/scenario.h"

#include "base/file.h"

static struct scenario *parse(const char *more, struct err *e)
{
    char text[1024];
    struct scenario *s = NULL;
    snprintf(text, sizeof text, "target: {url: sim}\nload: [{rate: 5/s, for: 10s}]\n%s", more);
    return scenario_parse("test.yaml", span_of_text(text), NULL, 0, &s, e) ? s : NULL;
}

static size_t count_chosen(const struct scenario *s)
{
    size_t count = 0;
    for (size_t i = 0; i < CONFORMANCE_MAX; i++)
        count += s->conformance.chosen[i];
    return count;
}

static void probes_are_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t words, chosen;
        uint64_t every;
    } rows[] = {
        {"", 0, 0, 50},
        {"conformance: {probes: [replay]}", 1, 1, 50},
        {"conformance: {probes: [replay, string], every: 7}", 2, 5, 7},
        {"conformance: {probes: [algorithms]}", 1, 32, 50},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        struct scenario *s = parse(rows[i].text, &e);
        if (s == NULL)
            fail_msg("%s", e.text);
        assert_int_equal(s->conformance.word_count, rows[i].words);
        assert_int_equal(count_chosen(s), rows[i].chosen);
        assert_int_equal(s->conformance.every, rows[i].every);
        scenario_free(s);
    }
    struct err e = {0};
    struct scenario *s = parse("conformance: {probes: [all]}", &e);
    assert_non_null(s);
    assert_int_equal(count_chosen(s), conformance_count());
    scenario_free(s);
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"conformance: {probes: [replay, corupted-signature]}",
         "test.yaml:3:32: conformance.probes[1]: there is no probe 'corupted-signature'; did you mean "
         "'corrupted-signature'?"},
        {"conformance: {every: 5}",
         "test.yaml:3:22: conformance.every says nothing without conformance.probes; remove it"},
        {"conformance: {}", "test.yaml:3:14: conformance.probes: missing; for example  probes: [all]"},
        {"conformance: {probes: [all], every: 0}", "test.yaml:3:37: conformance.every"},
        {"conformance: {probes: []}", "test.yaml:3:23: conformance.probes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        assert_null(parse(rows[i].text, &e));
        if (strncmp(e.text, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("%s\nis told as: %s", rows[i].text, e.text);
    }
}

static void what_was_wanted_is_written_down(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf text;
    struct scenario *again = NULL;
    buf_init(&text, BYTES_MAX_MESSAGE);
    struct scenario *s = parse("conformance: {probes: [replay, string], every: 7}", &e);
    assert_non_null(s);
    CHECK_OK(scenario_write(s, &text, &e), &e);
    CHECK_OK(scenario_parse("again.yaml", buf_span(&text), NULL, 0, &again, &e), &e);
    assert_int_equal(count_chosen(again), 5);
    assert_int_equal(again->conformance.every, 7);
    scenario_free(again);
    scenario_free(s);
    buf_reset(&text);
    s = parse("", &e);
    CHECK_OK(scenario_write(s, &text, &e), &e);
    assert_null(strstr(buf_text(&text), "conformance"));
    scenario_free(s);
    buf_clear(&text);
}

/* The reference for people names every probe. */
static void the_reference_knows_every_probe(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf readme;
    buf_init(&readme, BYTES_MAX_MESSAGE);
    CHECK_OK(file_read("../scenarios/README.md", &readme, &e), &e);
    for (size_t i = 0; i < conformance_count(); i++) {
        const char *id = conformance_probe(i)->id;
        char name[80];
        if (strncmp(id, "algorithms-", 11) == 0)
            continue; /* by their parts */
        bool length = strncmp(id, "oversized-get-", 14) == 0;
        snprintf(name, sizeof name, "%s`", length ? id + 13 : id);
        if (strstr(buf_text(&readme), name) == NULL)
            fail_msg("scenarios/README.md does not name the probe %s", id);
    }
    buf_clear(&readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_are_chosen),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(what_was_wanted_is_written_down),
        cmocka_unit_test(the_reference_knows_every_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
