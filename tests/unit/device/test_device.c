#include "base/file.h"
#include "device_lab.h"

static void enrolls(void **state)
{
    (void)state;
    struct lab lab;
    struct scep_certrep reply = {.message_type = 3, .fail_info = -1};
    snprintf(reply.server_text, sizeof reply.server_text, "Issued");
    open_lab(&lab);
    to_pki_operation(&lab, "POSTPKIOperation\nSHA-256\n");
    answers(&lab, 200, "Microsoft-IIS/10.0", CMS);
    step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply});
    assert_int_equal(lab.d.outcome.end, OUTCOME_ENROLLED);
    assert_int_equal(lab.d.outcome.error.reason, REASON_NONE);
    assert_int_equal(lab.d.outcome.device, 7);
    assert_int_equal(lab.d.outcome.started_us, SECOND);
    assert_int_equal(lab.d.outcome.finished_us, 9 * SECOND);
    assert_int_equal(lab.d.outcome.fail_info, -1);
    assert_string_equal(lab.d.outcome.text, "Issued");
    close_lab(&lab, " 1 start + start -> challenge: deadline 61 s, fetch_challenge\n"
                    " 2 challenge + done -> get_ca_caps: send GetCACaps\n"
                    " 3 get_ca_caps + answer -> get_ca_cert: send GetCACert\n"
                    " 4 get_ca_cert + answer -> read_ca: parse_ca\n"
                    " 5 read_ca + done -> csr: make_csr\n"
                    " 6 csr + done -> build: make_message\n"
                    " 7 build + done -> pki_operation: send PKIOperation POST\n"
                    " 8 pki_operation + answer -> verify: read_reply\n"
                    " 9 verify + reply -> ended: end\n");
}

static void no_capabilities_means_get(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    to_pki_operation(&lab, "");
    assert_non_null(strstr(buf_text(&lab.trace), "send PKIOperation\n"));
    happens(&lab, DEVICE_ABORT);
    assert_int_equal(lab.d.outcome.end, OUTCOME_ABANDONED);
    assert_int_equal(lab.d.outcome.error.stage, STAGE_PKI_OPERATION);
    assert_int_equal(lab.d.outcome.error.reason, REASON_ABORTED);
    close_lab(&lab, NULL);
}

static void http_error_ends_at_its_stage(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    happens(&lab, DEVICE_STARTS);
    happens(&lab, DEVICE_DONE);
    answers(&lab, 503, "Microsoft-HTTPAPI/2.0", "<html>Service Unavailable</html>");
    assert_int_equal(lab.d.outcome.error.stage, STAGE_GET_CA_CAPS);
    assert_int_equal(lab.d.outcome.error.reason, REASON_HTTP_STATUS);
    assert_int_equal(lab.d.outcome.error.detail, 503);
    assert_int_equal(lab.d.outcome.http_status, 503);
    assert_int_equal(lab.d.outcome.body, OUTCOME_BODY_HTTPSYS);
    assert_string_equal(lab.d.outcome.server, "Microsoft-HTTPAPI/2.0");
    close_lab(&lab, NULL);

    open_lab(&lab);
    happens(&lab, DEVICE_STARTS);
    happens(&lab, DEVICE_DONE);
    answers(&lab, 200, "", "");
    answers(&lab, 302, "", "");
    assert_int_equal(lab.d.outcome.error.stage, STAGE_GET_CA_CERT);
    assert_int_equal(lab.d.outcome.error.reason, REASON_REDIRECTED);
    assert_non_null(strstr(lab.d.outcome.error.text, "https://elsewhere/"));
    close_lab(&lab, NULL);
}

static void body_counts_before_status(void **state)
{
    (void)state;
    struct lab lab;
    struct scep_certrep reply = {.fail_info = 1, .has_hresult = true, .hresult = 0x80070490};
    struct err refused = {.stage = STAGE_PKI_OPERATION, .reason = REASON_SCEP_FAILURE};
    open_lab(&lab);
    to_pki_operation(&lab, "");
    answers(&lab, 400, "", CMS);
    assert_int_equal(lab.d.state, DEVICE_VERIFY);
    step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &refused});
    assert_int_equal(lab.d.outcome.end, OUTCOME_FAILED);
    assert_int_equal(lab.d.outcome.http_status, 400);
    assert_int_equal(lab.d.outcome.body, OUTCOME_BODY_CERTREP);
    assert_int_equal(lab.d.outcome.fail_info, 1);
    assert_true(lab.d.outcome.has_hresult);
    assert_int_equal(lab.d.outcome.hresult, 0x80070490);
    close_lab(&lab, NULL);

    open_lab(&lab);
    to_pki_operation(&lab, "");
    answers(&lab, 500, "Microsoft-IIS/10.0", "<html>Internal server error</html>");
    assert_int_equal(lab.d.outcome.error.reason, REASON_HTTP_STATUS);
    assert_int_equal(lab.d.outcome.body, OUTCOME_BODY_IIS);
    close_lab(&lab, NULL);

    open_lab(&lab);
    to_pki_operation(&lab, "");
    answers(&lab, 200, "", "<html>please log in</html>");
    assert_int_equal(lab.d.outcome.error.reason, REASON_NOT_SCEP);
    assert_int_equal(lab.d.outcome.body, OUTCOME_BODY_HTML);
    close_lab(&lab, NULL);
}

static void defects_are_counted(void **state)
{
    (void)state;
    static const struct {
        unsigned violated;
        enum reason reason;
        size_t flag;
    } cases[] = {
        {SCEP_CHECK_NONCE, REASON_SCEP_FAILURE, offsetof(struct outcome, nonce_mismatch)},
        {SCEP_CHECK_TRANSACTION, REASON_TRANSACTION_MISMATCH, offsetof(struct outcome, transaction_mismatch)},
        {0, REASON_KEY_MISMATCH, offsetof(struct outcome, key_mismatch)},
        {0, REASON_SUBJECT_MISMATCH, offsetof(struct outcome, subject_mismatch)},
        {0, REASON_CHAIN, offsetof(struct outcome, chain_failure)},
        {0, REASON_NO_CERTIFICATE, offsetof(struct outcome, certificate_missing)},
        {SCEP_CHECK_CONTENT, REASON_STATUS_CONTENT, offsetof(struct outcome, certificate_missing)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab lab;
        struct scep_certrep reply = {.fail_info = -1, .violated = cases[i].violated};
        struct err e = {.stage = STAGE_VERIFY, .reason = cases[i].reason};
        open_lab(&lab);
        to_pki_operation(&lab, "");
        answers(&lab, 200, "", CMS);
        step(&lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e});
        const struct outcome *o = &lab.d.outcome;
        int flags = o->nonce_mismatch + o->transaction_mismatch + o->key_mismatch + o->subject_mismatch +
                    o->chain_failure + o->certificate_missing;
        assert_int_equal(flags, 1);
        assert_true(*((const bool *)o + cases[i].flag));
        close_lab(&lab, NULL);
    }
}

static void network_failure_keeps_its_stage(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    happens(&lab, DEVICE_STARTS);
    happens(&lab, DEVICE_DONE);
    answers(&lab, 200, "Server/1", "AES");
    fails(&lab, STAGE_TCP, REASON_CONNECTION_REFUSED);
    assert_int_equal(lab.d.outcome.error.stage, STAGE_TCP);
    assert_int_equal(lab.d.outcome.http_status, 0); /* the answer to GetCACaps decided nothing */
    assert_int_equal(lab.d.outcome.body, OUTCOME_BODY_NONE);
    assert_string_equal(lab.d.outcome.server, "");
    close_lab(&lab, NULL);
}

static void deadline_cancels_and_later_replies_are_late(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    to_pki_operation(&lab, "SCEPStandard");
    uint32_t generation = lab.d.generation;
    happens(&lab, DEVICE_TIMEOUT);
    assert_int_equal(lab.d.outcome.end, OUTCOME_FAILED);
    assert_true(lab.d.outcome.timed_out);
    assert_int_equal(lab.d.outcome.error.stage, STAGE_PKI_OPERATION);
    assert_int_equal(lab.d.outcome.error.reason, REASON_DEVICE_TIMEOUT);
    step(&lab, (struct device_event){.kind = DEVICE_DONE, .generation = generation});
    happens(&lab, DEVICE_TIMEOUT);
    assert_int_equal(lab.d.late, 2);
    assert_int_equal(lab.d.outcome.error.reason, REASON_DEVICE_TIMEOUT);
    assert_non_null(strstr(buf_text(&lab.trace), "pki_operation + timeout -> ended: cancel, end\n"));
    close_lab(&lab, NULL);
}

static void stale_reply_changes_nothing(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    happens(&lab, DEVICE_STARTS);
    uint32_t first = lab.d.generation;
    happens(&lab, DEVICE_DONE);
    step(&lab, (struct device_event){.kind = DEVICE_DONE, .generation = first});
    assert_int_equal(lab.d.state, DEVICE_GET_CA_CAPS);
    assert_int_equal(lab.d.late, 1);
    happens(&lab, DEVICE_ABORT);
    close_lab(&lab, NULL);
}

static void surprise_is_an_outcome(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab);
    happens(&lab, DEVICE_STARTS);
    happens(&lab, DEVICE_STARTS);
    assert_int_equal(lab.d.outcome.end, OUTCOME_FAILED);
    assert_int_equal(lab.d.outcome.error.reason, REASON_UNEXPECTED_EVENT);
    close_lab(&lab, NULL);
}

static void classify(const char *server, const void *body, size_t len, enum outcome_body expected)
{
    enum outcome_body kind = device_classify_body(server, span_of(body, len));
    if (kind != expected)
        fail_msg("%s instead of %s", outcome_body_id(kind), outcome_body_id(expected));
}

static void bodies_are_told_apart(void **state)
{
    (void)state;
#define IS(server, body, kind) classify(server, body, sizeof body - 1, kind)
    IS("", "", OUTCOME_BODY_EMPTY);
    IS("Microsoft-IIS/10.0", CMS, OUTCOME_BODY_CERTREP);
    IS("Microsoft-HTTPAPI/2.0", "<HTML><h2>Service Unavailable</h2>", OUTCOME_BODY_HTTPSYS);
    IS("Microsoft-IIS/10.0", "<!DOCTYPE html><title>500 - Internal server error.</title>", OUTCOME_BODY_IIS);
    IS("Microsoft-IIS/10.0", "The page cannot be displayed because of an error.", OUTCOME_BODY_IIS);
    IS("Microsoft-IIS/10.0", "<Title>Network Device Enrollment Service</Title>", OUTCOME_BODY_NDES_PAGE);
    IS("",
       "<\0T\0i\0t\0l\0e\0>\0N\0e\0t\0w\0o\0r\0k\0 \0D\0e\0v\0i\0c\0e\0 \0E\0n\0r\0o\0l\0l\0m\0e\0n\0t\0 \0"
       "S\0e\0r\0v\0i\0c\0e\0",
       OUTCOME_BODY_NDES_PAGE);
    IS("nginx", "<html>502 Bad Gateway</html>", OUTCOME_BODY_HTML);
    IS("", "bad challenge\n", OUTCOME_BODY_TEXT);
    IS("", "\x30\x82\x01\x02\x00\x00\x01", OUTCOME_BODY_BINARY);
    IS("Microsoft-IIS/10.0", "\x01\x02\x03\xff", OUTCOME_BODY_BINARY);
#undef IS
}

static void serial_is_hex_without_sign_octet(void **state)
{
    (void)state;
    char text[9];
    device_serial_text(span_of("\x00\x8f\x01", 3), text, sizeof text);
    assert_string_equal(text, "8f01");
    device_serial_text(span_of("\x00", 1), text, sizeof text);
    assert_string_equal(text, "00");
    device_serial_text(span_of("\x01\x02\x03\x04\x05\x06", 6), text, sizeof text);
    assert_string_equal(text, "01020304");
}

/* SCEPSTORM_UPDATE=1 writes the file anew. */
static void drawing_matches_the_table(void **state)
{
    (void)state;
    static const char path[] = "../src/device/STATES.md";
    struct buf drawn, kept;
    struct err e = {0};
    buf_init(&drawn, 65536);
    buf_init(&kept, 65536);
    assert_true(device_describe(&drawn));
    if (getenv("SCEPSTORM_UPDATE") != NULL)
        assert_true(file_write(path, buf_span(&drawn), 0644, &e));
    if (!file_read(path, &kept, &e) || !span_equal(buf_span(&drawn), buf_span(&kept)))
        fail_msg("src/device/STATES.md is not what the table says: run this test with SCEPSTORM_UPDATE=1");
    buf_clear(&drawn);
    buf_clear(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enrolls),
        cmocka_unit_test(no_capabilities_means_get),
        cmocka_unit_test(http_error_ends_at_its_stage),
        cmocka_unit_test(body_counts_before_status),
        cmocka_unit_test(defects_are_counted),
        cmocka_unit_test(network_failure_keeps_its_stage),
        cmocka_unit_test(deadline_cancels_and_later_replies_are_late),
        cmocka_unit_test(stale_reply_changes_nothing),
        cmocka_unit_test(surprise_is_an_outcome),
        cmocka_unit_test(bodies_are_told_apart),
        cmocka_unit_test(serial_is_hex_without_sign_octet),
        cmocka_unit_test(drawing_matches_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
