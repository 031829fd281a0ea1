#include "check.h"
#include "told.h"

#define ENVELOPE(text, zone)                                                                                 \
    "<![LOG[" text "]LOG]!><time=\"12:30:13.123" zone                                                        \
    "\" date=\"08-05-2025\" component=\"NDESPlugin\" context=\"\" "                                          \
    "type=\"3\" thread=\"2632\" file=\"plugin.cpp:1\">\r\n"

static void expect(const char *text, const char *trace, uint64_t damaged, bool local)
{
    struct told t;
    told_text(&t, text);
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_PLUGIN);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    assert_int_equal(t.file.local_time, local);
    told_clear(&t);
}

static void reads_the_envelope(void **state)
{
    (void)state;
    expect(ENVELOPE("Verify challenge returns <html>\r\n</html>", "+000")
               ENVELOPE("Exiting VerifyRequest with 0x80004005", "-120") ENVELOPE("late", ""),
           "1 2025-08-05T12:30:13.123Z level 2 Verify challenge returns <html>\r\n</html>\n"
           "3 2025-08-05T10:30:13.123Z level 2 Exiting VerifyRequest with 0x80004005\n"
           "4 2025-08-05T12:30:13.123Z level 2 late\n",
           0, true);
}

static void reads_bare_text(void **state)
{
    (void)state;
    expect("\r\nCalling VerifyRequest ...\r\nVerify challenge returns false\r\n",
           "2 - level 0 Calling VerifyRequest ...\n3 - level 0 Verify challenge returns false\n", 0, false);
}

static void reads_what_cmtrace_copies(void **state)
{
    (void)state;
    expect("Calling VerifyRequest ...\tNDESPlugin\t8/5/2025 12:30:13 AM\t2632 (0x0A48)\n"
           "Exiting VerifyRequest with 0x0\tNDESPlugin\t8/15/2025 1:30:13 PM\t2632 (0x0A48)\n",
           "1 2025-08-05T00:30:13.000Z level 0 Calling VerifyRequest ...\n"
           "2 2025-08-15T13:30:13.000Z level 0 Exiting VerifyRequest with 0x0\n",
           0, true);
}

static void counts_envelopes_without_end(void **state)
{
    (void)state;
    expect("<![LOG[Calling VerifyRequest ...\n" ENVELOPE("Calling Notify", "+000") "<![LOG[Calling",
           "2 2025-08-05T12:30:13.123Z level 2 Calling Notify\n", 2, false);
}

static void takes_any_text_when_told_to(void **state)
{
    (void)state;
    struct told t;
    told_bytes(&t, span_of_text("Module loaded\n"), EVIDENCE_PLUGIN, NULL);
    assert_true(t.ok);
    assert_int_equal(t.records, 1);
    told_clear(&t);
    told_text(&t, "Module loaded\nsome other product's log\n");
    assert_int_equal(t.file.kind, EVIDENCE_UNKNOWN);
    told_clear(&t);
}

static void reads_cut_incidents(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/plugin-bare.log");
    assert_int_equal(t.file.records, 24);
    told_clear(&t);
    told_path(&t, "vectors/evidence/plugin-copied.log");
    assert_int_equal(t.file.records, 20);
    assert_int_equal(t.file.damaged, 0);
    assert_non_null(
        strstr(told_trace(&t), "/CertificateRegistrationSvc/Certificate/VerifyRequest. Error 12029\n"));
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_envelope),          cmocka_unit_test(reads_bare_text),
        cmocka_unit_test(reads_what_cmtrace_copies),   cmocka_unit_test(counts_envelopes_without_end),
        cmocka_unit_test(takes_any_text_when_told_to), cmocka_unit_test(reads_cut_incidents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
