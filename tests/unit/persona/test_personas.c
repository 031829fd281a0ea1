/* The tables are complete, and values go from text to knob and back. */
#include "check.h"
#include "persona/persona.h"

static struct err e;

static struct persona find(const char *name)
{
    struct persona p;
    CHECK_OK(persona_find(name, &p, &e), &e);
    return p;
}

static void every_persona_sets_every_knob_and_says_why(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *const *name = persona_names(); *name != NULL; name++, count++) {
        struct persona p = find(*name);
        assert_string_equal(p.name, *name);
        for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++) {
            if (p.basis[i].basis == PERSONA_UNSET || p.basis[i].source[0] == '\0')
                fail_msg("%s does not say %s, or not why", *name, persona_knobs()[i].name);
        }
    }
    assert_int_equal(count, 7);
}

static void values_survive_the_way_to_text_and_back(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        struct persona p = find(*name);
        for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++) {
            struct persona other = find(strcmp(*name, "windows") == 0 ? "ios" : "windows");
            struct buf a, b;
            buf_init(&a, 4096);
            buf_init(&b, 4096);
            persona_value(&p, (enum persona_knob_id)i, &a);
            CHECK_OK(persona_override(&other, persona_knobs()[i].name, a.len > 0 ? buf_text(&a) : "", &e),
                     &e);
            persona_value(&other, (enum persona_knob_id)i, &b);
            assert_true(span_equal(buf_span(&a), buf_span(&b)));
            assert_int_equal(other.basis[i].basis, PERSONA_OVERRIDDEN);
            buf_clear(&a);
            buf_clear(&b);
        }
    }
}

static void overrides_change_what_they_name(void **state)
{
    (void)state;
    struct persona p = find("ios");
    CHECK_OK(persona_override(&p, "user_agent", "", &e), &e);
    CHECK_OK(persona_override(&p, "polls", "0", &e), &e);
    CHECK_OK(persona_override(&p, "poll_interval", "90s", &e), &e);
    CHECK_OK(persona_override(&p, "poll_jitter", "25%", &e), &e);
    CHECK_OK(persona_override(&p, "encoding", "DER", &e), &e);
    CHECK_OK(persona_override(&p, "digests", "none", &e), &e);
    CHECK_OK(persona_override(&p, "ciphers", "aes256-cbc 3des-cbc", &e), &e);
    CHECK_OK(persona_override(&p, "checks", "nonce,key", &e), &e);
    CHECK_OK(persona_override(&p, "http_status", "yes", &e), &e);
    CHECK_OK(persona_override(&p, "message_get_ca_caps", "absent", &e), &e);
    CHECK_OK(persona_override(&p, "message_get_ca_cert", "", &e), &e);
    CHECK_OK(persona_override(&p, "signer_digest", "sha384", &e), &e);
    CHECK_OK(persona_override(&p, "signer_subject", "CN=x,O=y", &e), &e);
    assert_string_equal(p.user_agent, "");
    assert_int_equal(p.polls, 0);
    assert_int_equal(p.poll_interval, 90000000);
    assert_true(p.poll_jitter > 0.249 && p.poll_jitter < 0.251);
    assert_int_equal(p.encoding, SCEP_DER);
    assert_int_equal(p.digests.count, 0);
    assert_int_equal(p.ciphers.count, 2);
    assert_int_equal(p.ciphers.items[0], PKI_AES256_CBC);
    assert_int_equal(p.checks, SCEP_CHECK_NONCE | PERSONA_CHECK_KEY);
    assert_true(p.http_status);
    assert_false(p.message_get_ca_caps.present);
    assert_true(p.message_get_ca_cert.present);
    assert_string_equal(p.message_get_ca_cert.text, "");
    assert_int_equal(p.signer_digest, PERSONA_DIGEST_FIRST + PKI_SHA384);
}

static void wrong_values_say_what_is_possible(void **state)
{
    (void)state;
    static const struct {
        const char *knob;
        const char *value;
        const char *says;
    } cases[] = {
        {"user_agnt", "x", "is user_agent meant?"},
        {"colour", "x", "no persona has 'colour' (scepstorm personas"},
        {"post", "anounced",
         "post: 'anounced' is not possible; is announced meant? (announced always never)"},
        {"encoding", "xml", "one of: der ber"},
        {"digests", "sha256, sha3", "'sha3' is not possible; is sha1 meant?"},
        {"order", "none", "at least 1 word"},
        {"polls", "-1", "no whole number from 0 to 100000"},
        {"polls", "many", "no whole number"},
        {"signer_days", "0", "from 1 to 36500"},
        {"request_timeout", "2h", "between 0s and 3600s"},
        {"think_time", "5", "is not a duration"},
        {"poll_jitter", "130%", "is not a share"},
        {"http_status", "maybe", "neither yes nor no"},
        {"user_agent", "a\nHost: b", "control characters"},
        {"headers", "no colon", "write Name: value"},
        {"headers", "A: b | : c", "write Name: value"},
        {"signer_subject", "me", "neither csr, cn, uuid nor a name"},
        {"csr_extra_rdn", "OU={model}", "'{model}' is none of {cn} {serial} {address}"},
        {"csr_extra_rdn", "nonsense", "no '='"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct persona p = find("rfc8894");
        struct persona before = p;
        assert_false(persona_override(&p, cases[i].knob, cases[i].value, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        if (strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s=%s: \"%s\" lacks \"%s\"", cases[i].knob, cases[i].value, e.text, cases[i].says);
        assert_memory_equal(&p, &before, sizeof p);
        e = (struct err){0};
    }
}

static void long_texts_and_lists_are_refused(void **state)
{
    (void)state;
    struct persona p = find("rfc8894");
    char text[PERSONA_TEXT_BYTES + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK_FAILS(persona_override(&p, "user_agent", text, &e), &e, REASON_USAGE);
    text[PERSONA_TEXT_BYTES - 1] = '\0';
    CHECK_OK(persona_override(&p, "user_agent", text, &e), &e);
    CHECK_FAILS(persona_override(&p, "message_post", text, &e), &e, REASON_USAGE);
    CHECK_FAILS(persona_override(&p, "order",
                                 "get_ca_caps get_ca_caps get_ca_caps get_ca_caps get_ca_caps get_ca_caps "
                                 "get_ca_caps get_ca_caps get_ca_caps",
                                 &e),
                &e, REASON_USAGE);
}

static void unknown_names_get_a_suggestion(void **state)
{
    (void)state;
    struct persona p;
    assert_false(persona_find("window", &p, &e));
    assert_non_null(strstr(e.text, "is windows meant?"));
    e = (struct err){0};
    CHECK_FAILS(persona_find("blackberry", &p, &e), &e, REASON_USAGE);
}

static void descriptions_name_every_knob(void **state)
{
    (void)state;
    struct persona p = find("cisco");
    CHECK_OK(persona_override(&p, "polls", "2", &e), &e);
    struct buf text;
    buf_init(&text, BYTES_MAX_MESSAGE);
    CHECK_OK(persona_describe(&p, &text, &e), &e);
    for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++)
        assert_non_null(strstr(buf_text(&text), persona_knobs()[i].name));
    assert_non_null(strstr(buf_text(&text), "overridden"));
    assert_non_null(strstr(buf_text(&text), "observed"));
    buf_clear(&text);
}

static void polls_come_when_the_persona_says(void **state)
{
    (void)state;
    struct persona p = find("ios");
    assert_int_equal(persona_poll_delay(&p, 1, 0.9), 0);
    assert_int_equal(persona_poll_delay(&p, 2, 0.9), 10000000);
    assert_true(persona_polls_on(&p, 2, 0));
    assert_false(persona_polls_on(&p, 3, 0));
    CHECK_OK(persona_override(&p, "poll_first_at_once", "no", &e), &e);
    CHECK_OK(persona_override(&p, "poll_jitter", "50%", &e), &e);
    assert_int_equal(persona_poll_delay(&p, 1, 0), 5000000);
    assert_int_equal(persona_poll_delay(&p, 1, 0.5), 10000000);
    p = find("sscep");
    assert_true(persona_polls_on(&p, 95, INT64_C(28799000000)));
    assert_false(persona_polls_on(&p, 95, INT64_C(28800000000)));
}

/* The verdict of an iPhone differs from RFC 8894's where it looks at less. */
static void verdicts_differ_by_what_is_checked(void **state)
{
    (void)state;
    struct persona rfc = find("rfc8894"), ios = find("ios"), sscep = find("sscep");
    unsigned nonce = persona_check_of(REASON_NONCE_MISMATCH);
    assert_false(persona_accepts(&rfc, nonce));
    assert_true(persona_accepts(&ios, nonce));
    assert_true(persona_accepts(&sscep, nonce));
    assert_false(persona_accepts(&sscep, persona_check_of(REASON_TRANSACTION_MISMATCH)));
    assert_true(persona_accepts(&ios, persona_check_of(REASON_TRANSACTION_MISMATCH)));
    assert_false(persona_accepts(&ios, persona_check_of(REASON_KEY_MISMATCH)));
    assert_false(persona_accepts(&ios, persona_check_of(REASON_BAD_DIGEST)));
    assert_true(persona_accepts(&rfc, 0));
    assert_int_equal(persona_check_of(REASON_SCEP_FAILURE), 0);
    static const enum reason reasons[] = {
        REASON_SIGNER_UNKNOWN,       REASON_BAD_SIGNATURE,    REASON_BAD_DIGEST,     REASON_MESSAGE_TYPE,
        REASON_TRANSACTION_MISMATCH, REASON_NONCE_MISMATCH,   REASON_STATUS_UNKNOWN, REASON_STATUS_CONTENT,
        REASON_KEY_MISMATCH,         REASON_SUBJECT_MISMATCH, REASON_CHAIN,          REASON_CERT_EXPIRED,
        REASON_SIGNED_CONTENT_TYPE};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        assert_false(persona_accepts(&rfc, persona_check_of(reasons[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_persona_sets_every_knob_and_says_why),
        cmocka_unit_test(values_survive_the_way_to_text_and_back),
        cmocka_unit_test(overrides_change_what_they_name),
        cmocka_unit_test(wrong_values_say_what_is_possible),
        cmocka_unit_test(long_texts_and_lists_are_refused),
        cmocka_unit_test(unknown_names_get_a_suggestion),
        cmocka_unit_test(descriptions_name_every_knob),
        cmocka_unit_test(polls_come_when_the_persona_says),
        cmocka_unit_test(verdicts_differ_by_what_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
