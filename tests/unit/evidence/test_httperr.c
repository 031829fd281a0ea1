#include "check.h"
#include "told.h"

static void expect(const char *text, const char *trace, uint64_t damaged)
{
    struct told t;
    told_text(&t, text);
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_HTTPERR);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    told_clear(&t);
}

static void reads_old_and_new_columns(void **state)
{
    (void)state;
    expect(
        "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-06-18 00:04:06\r\n"
        "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason "
        "s-queuename\r\n"
        "2026-06-18 00:04:06 192.0.2.2 59619 10.0.0.5 443 HTTP/1.1 GET /certsrv/mscep/?x=1 503 1 AppOffline "
        "SCEP\r\n"
        "2026-06-18 00:04:07 192.0.2.2 59619 10.0.0.5 443 - - - - - Timer_ConnectionIdle -\r\n"
        "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex "
        "sc-status "
        "s-siteid s-reason s-queuename transport\r\n"
        "2026-06-18 00:04:08 192.0.2.2 1 10.0.0.5 443 HTTP/2.0 POST /a 0 - 503 1 QueueFull SCEP TCP\r\n"
        "2026-06-18 00:04:09 192.0.2.2 1 10.0.0.5 443\r\n",
        "5 2026-06-18T00:04:06.000Z 192.0.2.2 GET /certsrv/mscep/?x=1 503 AppOffline SCEP\n"
        "6 2026-06-18T00:04:07.000Z 192.0.2.2 - - 0 Timer_ConnectionIdle -\n"
        "8 2026-06-18T00:04:08.000Z 192.0.2.2 POST /a 503 QueueFull SCEP\n",
        1);
}

static void guesses_the_columns_of_a_log_without_beginning(void **state)
{
    (void)state;
    expect("2026-06-18 00:04:06 192.0.2.2 59619 10.0.0.5 443 HTTP/1.1 GET /x 0 503 1 Disabled SCEP\n",
           "1 2026-06-18T00:04:06.000Z 192.0.2.2 GET /x 503 Disabled SCEP\n", 0);
}

static void reads_cut_incidents(void **state)
{
    (void)state;
    static const char *const paths[] = {"vectors/evidence/httperr9.log", "vectors/evidence/httperr14.log"};
    for (size_t i = 0; i < 2; i++) {
        struct told t;
        told_path(&t, paths[i]);
        assert_true(t.ok);
        assert_int_equal(t.file.kind, EVIDENCE_HTTPERR);
        assert_int_equal(t.file.records, 20);
        assert_int_equal(t.file.damaged, 0);
        told_clear(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_old_and_new_columns),
        cmocka_unit_test(guesses_the_columns_of_a_log_without_beginning),
        cmocka_unit_test(reads_cut_incidents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
