#include "check.h"
#include "told.h"

#define TRACE(level, time, data)                                                                             \
    "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\"><System "                   \
    "xmlns=\"s\"><EventID>0</EventID>"                                                                       \
    "<Type>3</Type><SubType Name=\"" level "\">0</SubType><Level>8</Level><TimeCreated SystemTime=\"" time   \
    "\" />"                                                                                                  \
    "<Source Name=\"CertificateRegistrationPoint\" /><Execution ProcessName=\"w3wp\" ProcessID=\"1\" "       \
    "ThreadID=\"2\" />"                                                                                      \
    "<Computer>NDES01</Computer></System><ApplicationData>" data "</ApplicationData></E2ETraceEvent>"

static void reads_a_stream_without_root(void **state)
{
    (void)state;
    struct told t;
    told_text(
        &t,
        TRACE("Information", "2026-05-09T21:30:11.0047380Z", "Validation Phase 1 finished with status True.")
            TRACE("Error", "2026-05-09T23:30:11.5+02:00",
                  "<TraceData><DataItem>Validation "
                  "&lt;3&gt;</DataItem><DataItem><![CDATA[a<b]]></DataItem></TraceData>") "\r\n" TRACE("Warni"
                                                                                                       "ng",
                                                                                                       "yeste"
                                                                                                       "rday",
                                                                                                       ""));
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_SVCLOG);
    assert_string_equal(told_trace(&t),
                        "1 2026-05-09T21:30:11.004Z level 4 Validation Phase 1 finished with status True.\n"
                        "1 2026-05-09T21:30:11.500Z level 2 Validation <3> a<b\n"
                        "2 - level 3 \n");
    assert_string_equal(t.file.node, "NDES01");
    told_clear(&t);
}

static void counts_what_is_cut_off(void **state)
{
    (void)state;
    struct told t;
    told_text(&t, TRACE("Information", "2026-05-09T21:30:11Z", "x") "<E2ETraceEvent xmlns=\"h\"><System>");
    assert_int_equal(t.file.records, 1);
    assert_int_equal(t.file.damaged, 1);
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_stream_without_root),
        cmocka_unit_test(counts_what_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
