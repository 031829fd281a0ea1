#include "check.h"
#include "told.h"

static void expect(const char *text, const char *trace, uint64_t damaged)
{
    struct told t;
    told_text(&t, text);
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_STATE);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    told_clear(&t);
}

static void keep_table(const struct evidence_record *r, void *user)
{
    *(const char **)user = r->state.table;
    assert_string_equal(evidence_state_cell(&r->state, "VALUE"), "x");
    assert_string_equal(evidence_state_cell(&r->state, "Nothing"), "");
}

static void knows_tables_by_their_columns(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF\"Name\",\"State\",\"IdentityType\",\"UserName\"\r\n\"SCEP\",\"Stopped\","
           "\"SpecificUser\",\"A\\b\"\r\n",
           "2 - Name=SCEP; State=Stopped; IdentityType=SpecificUser; UserName=A\\b\n", 0);
    expect("#TYPE X\nStore;Thumbprint;NotAfter\nMy;AB;2026-05-09T21:30:11Z\nMy;AB\n",
           "3 - Store=My; Thumbprint=AB; NotAfter=2026-05-09T21:30:11Z\n", 1);
}

static void tells_iis_from_collector(void **state)
{
    (void)state;
    static const struct {
        const char *text, *table;
    } cases[] = {
        {"\"Name\",\"Value\"\r\n\"Version\",\"x\"\r\n\"Computer\",\"x\"\r\n", "collector"},
        {"\"Name\",\"Value\"\r\n\"Feature:ISAPI-Ext\",\"x\"\r\n", "iis"},
        {"Name,Value\nOther,x\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *table = NULL;
        struct err e = {0};
        struct evidence_sink sink = {.record = keep_table, .user = &table};
        CHECK_OK(evidence_read_bytes(span_of_text(cases[i].text), "x", EVIDENCE_UNKNOWN, NULL, &sink, &e),
                 &e);
        if (cases[i].table == NULL)
            assert_null(table);
        else
            assert_string_equal(table, cases[i].table);
    }
}

static void takes_the_node_from_the_collector(void **state)
{
    (void)state;
    struct told t;
    told_text(&t, "\"Name\",\"Value\"\n\"Computer\",\"NDES01\"\n\"UtcOffsetMinutes\",\"120\"\n");
    assert_string_equal(t.file.node, "NDES01");
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_tables_by_their_columns),
        cmocka_unit_test(tells_iis_from_collector),
        cmocka_unit_test(takes_the_node_from_the_collector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
