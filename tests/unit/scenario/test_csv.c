/* devices.csv: rows, and what becomes of them. */
#include "scenario/csv.h"

#include "base/file.h"
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct scenario_csv *read_csv(const char *text)
{
    struct scenario_csv *csv = NULL;
    struct err e = {0};
    if (!scenario_csv_parse("d.csv", span_of_text(text), &csv, &e))
        fail_msg("%s", e.text);
    return csv;
}

static void fields(void **state)
{
    (void)state;
    struct scenario_csv *csv =
        read_csv("\xef\xbb\xbfserial,user\r\nA1,ada\r\n\r\n\"B,2\",\"say \"\"hi\"\"\"\n,\nC3,M\xc3\xbcller");
    assert_string_equal(scenario_csv_columns(csv)[0], "serial");
    assert_string_equal(scenario_csv_columns(csv)[1], "user");
    assert_null(scenario_csv_columns(csv)[2]);
    assert_int_equal(scenario_csv_rows(csv), 4);
    assert_string_equal(scenario_csv_cell(csv, 0, 1), "ada");
    assert_string_equal(scenario_csv_cell(csv, 1, 0), "B,2");
    assert_string_equal(scenario_csv_cell(csv, 1, 1), "say \"hi\"");
    assert_string_equal(scenario_csv_cell(csv, 2, 0), "");
    assert_string_equal(scenario_csv_cell(csv, 3, 1), "M\xc3\xbcller");
    assert_int_equal(scenario_csv_line(csv, 1), 4);
    scenario_csv_free(csv);
    scenario_csv_free(NULL);
}

/* RFC 4180 2.6. */
static void line_breaks_in_quotes(void **state)
{
    (void)state;
    struct scenario_csv *csv = read_csv("a,b\n\"1\r\n\n2\",\"3\"\n4,\"\n\"\n5,6\n");
    assert_int_equal(scenario_csv_rows(csv), 3);
    assert_string_equal(scenario_csv_cell(csv, 0, 0), "1\r\n\n2");
    assert_string_equal(scenario_csv_cell(csv, 0, 1), "3");
    assert_string_equal(scenario_csv_cell(csv, 1, 1), "\n");
    assert_int_equal(scenario_csv_line(csv, 0), 2);
    assert_int_equal(scenario_csv_line(csv, 1), 5);
    assert_int_equal(scenario_csv_line(csv, 2), 7);
    scenario_csv_free(csv);
}

static void one_column(void **state)
{
    (void)state;
    struct scenario_csv *csv = read_csv("a\n1\n\n2\n");
    assert_int_equal(scenario_csv_rows(csv), 2);
    assert_string_equal(scenario_csv_cell(csv, 1, 0), "2");
    scenario_csv_free(csv);
}

static void many_rows(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_append_text(&text, "n,twice\n");
    for (unsigned i = 0; i < 1000; i++)
        buf_appendf(&text, "%u,%u\n", i, 2 * i);
    struct scenario_csv *csv = read_csv(buf_text(&text));
    buf_clear(&text);
    assert_int_equal(scenario_csv_rows(csv), 1000);
    assert_string_equal(scenario_csv_cell(csv, 999, 1), "1998");
    scenario_csv_free(csv);
}

static void bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "d.csv:1: there is nothing in it; the first line names the columns"},
        {"a,b\n", "d.csv:1: there are no rows below the names of the columns"},
        {"a,a\n1,2\n", "d.csv:1: two columns have the same name"},
        {"a,,b\n1,2,3\n", "d.csv:1: a column is named with 1 to 31 letters, digits, '_' and '-'"},
        {"a b\n1\n", "d.csv:1: a column is named with 1 to 31 letters, digits, '_' and '-'"},
        {"a,b\n1,2\n1\n", "d.csv:3: 1 fields, but 2 columns"},
        {"a,b\n1,2,3\n", "d.csv:2: 3 fields, but 2 columns"},
        {"a\n\"1\r2\"\n", "d.csv:2: a field has a control character"},
        {"a\n1\n\"2\n3\n4\n", "d.csv:3: the quote that begins here is not closed"},
        {"a,b\n\"1\n2\",3,4\n", "d.csv:2: 3 fields, but 2 columns"},
        {"a,b\n\"1\n2\",3\n4\n", "d.csv:4: 1 fields, but 2 columns"},
        {"a\n\"1\"2\n", "d.csv:2: after a closing quote a comma must follow"},
        {"a\n1\"2\n",
         "d.csv:2: a quote within a field: write the whole field in quotes, and \"\" for the quote"},
        {"a\n1\t2\n", "d.csv:2: a field has a control character"},
        {"index\n1\n",
         "d.csv:1: {index} {profile} {run} {name} are there already: name the column otherwise"},
        {"a\n\xff\n", "d.csv:2: it is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario_csv *csv = NULL;
        struct err e = {0};
        assert_false(scenario_csv_parse("d.csv", span_of_text(cases[i].text), &csv, &e));
        assert_null(csv);
        assert_int_equal(e.reason, REASON_SCENARIO);
        assert_string_equal(e.text, cases[i].expected);
    }
}

/* ---- in a scenario ---- */

static char path[64];

static int write_rows(void **state)
{
    (void)state;
    struct err e = {0};
    snprintf(path, sizeof path, "/tmp/scepstorm-test-%ld.csv", (long)getpid());
    return file_write(path,
                      span_of_text("serial,user,spare,note\nA1,ada,,\"two\nlines\"\nB2,\"bob,O=x\",,\n"),
                      0600, &e)
               ? 0
               : -1;
}

static int remove_rows(void **state)
{
    (void)state;
    return unlink(path);
}

static bool parse(const char *devices, struct scenario **out, struct err *e)
{
    char text[512];
    snprintf(text, sizeof text, "target: {url: sim}\nload: [{rate: 5/s, for: 10s}]\ndevices: {csv: %s, %s}\n",
             path, devices);
    return scenario_parse("t.yaml", span_of_text(text), NULL, 0, out, e);
}

static void names_from_rows(void **state)
{
    (void)state;
    struct scenario *s = NULL;
    struct err e = {0};
    if (!parse("count: 2, subject: \"CN={serial},O={user}\", san: [\"dns:{serial}.example\", "
               "\"upn:{user}@{name}\"], "
               "sid: \"S-1-5-21-{index}\"",
               &s, &e))
        fail_msg("%s", e.text);
    struct buf out;
    buf_init(&out, 4096);
    assert_true(scenario_subject(s, 1, 0, "r", &out, &e));
    assert_string_equal(buf_text(&out), "CN=B2,O=bob\\,O\\=x,OU=scepstorm");
    buf_reset(&out);
    assert_true(scenario_san(s, 0, 0, "r", 0, &out, &e));
    assert_string_equal(buf_text(&out), "dns:A1.example");
    buf_reset(&out);
    assert_true(scenario_san(s, 1, 0, "r", 1, &out, &e));
    assert_string_equal(buf_text(&out), "upn:bob,O=x@t");
    buf_reset(&out);
    assert_true(scenario_sid(s, 7, 0, "r", &out, &e));
    assert_string_equal(buf_text(&out), "S-1-5-21-7");
    buf_clear(&out);
    scenario_free(s);
}

static void rows_begin_again_when_they_may(void **state)
{
    (void)state;
    struct scenario *s = NULL;
    struct err e = {0};
    assert_true(parse("csv_reuse: true, subject: \"CN={serial}\"", &s, &e));
    struct buf out;
    buf_init(&out, 4096);
    assert_true(scenario_subject(s, 5, 0, "r", &out, &e));
    assert_string_equal(buf_text(&out), "CN=B2,OU=scepstorm");
    buf_clear(&out);
    scenario_free(s);
}

static void bad_rows(void **state)
{
    (void)state;
    static const struct {
        const char *devices, *expected;
    } cases[] = {
        {"subject: \"CN={serial}\"", "it has 2 rows: say devices.count (2 or fewer), or csv_reuse: true"},
        {"count: 3, subject: \"CN={serial}\"", "it has 2 rows for 3 devices: add rows, or csv_reuse: true"},
        {"count: 2", "no template uses a column of it: write {column} in devices.subject"},
        {"count: 2, subject: \"CN={spare}\"", ".csv:2: spare is empty"},
        {"count: 2, subject: \"CN={note}\"", ".csv:2: note has a line break"},
        {"count: 2, subject: \"CN={serial}\", san: [\"upn:{user}\", \"email:{user}@example.com\", "
         "\"dns:{user}\"]",
         "devices.san[2] of device 1: alternative name \"dns:bob,O=x\": a DNS name has letters"},
        {"count: 2, subject: \"CN={seriel}\"", "there is no variable {seriel}; did you mean {serial}?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        assert_false(parse(cases[i].devices, &s, &e));
        assert_int_equal(e.reason, REASON_SCENARIO);
        if (strstr(e.text, cases[i].expected) == NULL || strncmp(e.text, "t.yaml:3:", 9) != 0)
            fail_msg("got      %s\nexpected %s", e.text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(line_breaks_in_quotes),
        cmocka_unit_test(one_column),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(bad_files),
        cmocka_unit_test(names_from_rows),
        cmocka_unit_test(rows_begin_again_when_they_may),
        cmocka_unit_test(bad_rows),
    };
    return cmocka_run_group_tests(tests, write_rows, remove_rows);
}
