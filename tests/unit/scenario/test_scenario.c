/* Good scenarios: defaults, every key, overrides, written and read again. Bad ones stand in test_errors.c. */
#include "scenario/scenario.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINIMAL "target: {url: sim}\nload: [{rate: 5/s, for: 10s}]\n"

static struct scenario *read_with(const char *text, const struct scenario_override *overrides, size_t count)
{
    struct scenario *s = NULL;
    struct err e = {0};
    if (!scenario_parse("test.yaml", span_of_text(text), overrides, count, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static struct scenario *read_text(const char *text)
{
    return read_with(text, NULL, 0);
}

static char *written(const struct scenario *s)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, 1 << 20);
    if (!scenario_write(s, &out, &e))
        fail_msg("%s", e.text);
    char *text = strdup(buf_text(&out));
    buf_clear(&out);
    return text;
}

/* What it writes must mean the same: written again it is the same text. */
static void assert_survives(const struct scenario *s)
{
    char *first = written(s);
    struct scenario *again = read_text(first);
    char *second = written(again);
    assert_string_equal(first, second);
    free(first);
    free(second);
    scenario_free(again);
}

static void defaults(void **state)
{
    (void)state;
    struct scenario *s = read_text(MINIMAL);
    assert_string_equal(s->name, "test");
    assert_int_equal(s->seed, 1);
    assert_true(s->target.sim);
    assert_null(s->target.url);
    assert_int_equal(s->simulator.otp_cache, 5);
    assert_int_equal(s->simulator.otp_validity_us, 3600000000);
    assert_int_equal(s->challenge.source, CHALLENGE_MSCEP_ADMIN);
    assert_int_equal(s->challenge.auth, CHALLENGE_AUTH_ANY);
    assert_int_equal(s->challenge.outstanding, 3);
    assert_int_equal(s->devices.count, 0);
    assert_string_equal(s->devices.subject, "CN={profile}-{index}");
    assert_string_equal(s->devices.marker, "OU=scepstorm");
    assert_int_equal(s->devices.key_bits, 2048);
    assert_true(s->devices.key_reuse);
    assert_int_equal(s->devices.profile_count, 1);
    assert_string_equal(s->devices.profiles[0].name, "rfc8894");
    assert_int_equal(s->phase_count, 1);
    assert_string_equal(s->phases[0].name, "phase-1");
    assert_int_equal(s->limits.request_timeout_us, 30000000);
    assert_int_equal(s->limits.device_timeout_us, 300000000);
    assert_true(s->limits.error_budget > 0.199 && s->limits.error_budget < 0.201);
    assert_int_equal(s->limits.in_flight, 10000);
    assert_int_equal(s->limits.devices, 100000);
    assert_int_equal(s->slo_count, 0);
    assert_int_equal(strlen(s->sha256), 64);
    assert_survives(s);
    scenario_free(s);
}

static const char everything[] =
    "name: monday-morning\n"
    "seed: 42\n"
    "target:\n"
    "  url: https://ndes.example.com/certsrv/mscep/mscep.dll\n"
    "  authorized: \"change 1234: \\\"yes\\\"\"\n"
    "  tls: {ca_file: roots.pem}\n"
    "challenge:\n"
    "  source: mscep_admin\n"
    "  url: https://ndes.example.com/certsrv/mscep_admin/\n"
    "  auth: basic\n"
    "  user: 'CONTOSO\\svc-mdm'\n"
    "  password_env: NDES_PASSWORD\n"
    "  outstanding: 4\n"
    "devices:\n"
    "  count: 5000\n"
    "  subject: \"CN={profile}-{index},O=M\xc3\xbcller\"\n"
    "  marker: OU=drill\n"
    "  key: {type: rsa, bits: 3072, reuse: false, pool: keys.pool}\n"
    "  profiles: [{name: rfc8894, weight: 2.5}, {name: rfc8894, weight: 1}]\n"
    "load:\n"
    "  - {phase: warm-up, rate: 5/s, for: 10s, warm_up: true}\n"
    "  - {phase: push, rate: 300/h, for: 90s, arrivals: poisson}\n"
    "  - {phase: pause, rate: 0/s, for: 2m}\n"
    "  - {phase: ramp, from: 50/s, to: 200/s, for: 1500ms}\n"
    "limits: {request_timeout: 10s, device_timeout: 1h, error_budget: 12.5%, in_flight: 99, rate: 250/s, "
    "devices: 6000}\n"
    "slo:\n"
    "  - enrolled >= 99.5%\n"
    "  - latency.enrollment.p95 < 3s\n"
    "  - {expression: phases.push.steps.otp.p99 < 1s over 60s, abort: true}\n"
    "  - {expression: failed < 1%, abort: false}\n";

static void every_key(void **state)
{
    (void)state;
    struct scenario *s = read_text(everything);
    assert_string_equal(s->name, "monday-morning");
    assert_false(s->target.sim);
    assert_string_equal(s->target.url, "https://ndes.example.com/certsrv/mscep/mscep.dll");
    assert_string_equal(s->target.authorized, "change 1234: \"yes\"");
    assert_string_equal(s->target.ca_file, "roots.pem");
    assert_string_equal(s->challenge.user, "CONTOSO\\svc-mdm");
    assert_string_equal(s->challenge.password_env, "NDES_PASSWORD");
    assert_int_equal(s->devices.key_bits, 3072);
    assert_false(s->devices.key_reuse);
    assert_string_equal(s->devices.key_pool, "keys.pool");
    assert_int_equal(s->devices.profile_count, 2);
    assert_true(s->phases[0].warm_up);
    assert_int_equal(s->phases[1].arrivals, LOAD_POISSON);
    assert_int_equal(s->phases[1].duration_us, 90000000);
    assert_true(s->phases[1].to_per_s * 3600 > 299.99 && s->phases[1].to_per_s * 3600 < 300.01);
    assert_true(s->phases[3].to_per_s > s->phases[3].from_per_s);
    assert_int_equal(s->phases[3].duration_us, 1500000);
    assert_int_equal(s->slo_count, 4);
    assert_string_equal(s->slo[2], "phases.push.steps.otp.p99 < 1s over 60s or abort");
    assert_string_equal(s->slo[3], "failed < 1%");
    assert_survives(s);
    scenario_free(s);
}

static void writes_what_people_would_write(void **state)
{
    (void)state;
    struct scenario *s = read_text(everything);
    char *text = written(s);
    assert_non_null(strstr(text, "  user: \"CONTOSO\\\\svc-mdm\"\n"));
    assert_non_null(strstr(text, "  error_budget: 12.5%\n"));
    assert_non_null(strstr(text, "rate: 5/m, for: 90s"));
    assert_non_null(strstr(text, "from: 50/s, to: 200/s, for: 1500ms"));
    assert_non_null(strstr(text, "for: 2m"));
    assert_null(strstr(text, "simulator"));
    free(text);
    scenario_free(s);
}

static void sim_is_written_as_sim(void **state)
{
    (void)state;
    struct scenario *s = read_text("target: {url: sim}\nsimulator: {otp: {cache: 7}, faults: "
                                   "[\"app-pool-stopped:from=10s,for=5s\", otp-cache-full]}\n"
                                   "devices: {count: 3}\nload: [{rate: 5/s}]\n");
    char *text = written(s);
    assert_non_null(strstr(text, "  url: sim\n"));
    assert_non_null(strstr(text, "    cache: 7\n"));
    assert_int_equal(s->simulator.fault_count, 2);
    assert_null(strstr(text, "user"));
    free(text);
    assert_survives(s);
    scenario_free(s);
}

static void bare_host_is_ndes(void **state)
{
    (void)state;
    static const char *const hosts[] = {"https://ndes.example.com", "https://ndes.example.com/"};
    for (size_t i = 0; i < 2; i++) {
        struct scenario_override o = {.path = "target.url", .value = hosts[i]};
        struct scenario *s = read_with(MINIMAL, &o, 1);
        assert_string_equal(s->target.url, "https://ndes.example.com/certsrv/mscep/mscep.dll");
        assert_int_equal(s->challenge.source, CHALLENGE_NONE);
        scenario_free(s);
    }
}

static void overrides(void **state)
{
    (void)state;
    static const struct scenario_override changes[] = {
        {"devices.count", "50"},           /* makes the map */
        {"load.0.rate", "7/s"},            /* an element of a list */
        {"load.1.rate", "8/s"},            /* appends one */
        {"limits", "{in_flight: 9}"},      /* a map as value */
        {"slo", "[enrolled >= 99%]"},      /* a list as value */
        {"devices.key.bits", "4096"},      /* two levels at once */
        {"devices.count", "51"},           /* the last one wins */
        {"devices.subject", "CN={index}"}, /* braces in a plain text */
        {"simulator.otp.cache", "6"},
    };
    struct scenario *s = read_with(MINIMAL "simulator:\n", changes, sizeof changes / sizeof *changes);
    assert_int_equal(s->devices.count, 51);
    assert_int_equal(s->phase_count, 2);
    assert_true(s->phases[0].to_per_s > 6.99 && s->phases[0].to_per_s < 7.01);
    assert_int_equal(s->limits.in_flight, 9);
    assert_int_equal(s->slo_count, 1);
    assert_int_equal(s->devices.key_bits, 4096);
    assert_string_equal(s->devices.subject, "CN={index}");
    assert_int_equal(s->simulator.otp_cache, 6);
    scenario_free(s);
}

static struct scenario *read_corpus(const char *file)
{
    struct scenario *s = NULL;
    struct err e = {0};
    if (!scenario_load(file, NULL, 0, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void every_kind_of_phase(void **state)
{
    (void)state;
    static const enum load_kind kinds[] = {LOAD_LINEAR,      LOAD_LINEAR,        LOAD_STEPS,
                                           LOAD_SPIKE,       LOAD_LINEAR,        LOAD_POLICY_PUSH,
                                           LOAD_CHECK_IN,    LOAD_RENEWAL_CLIFF, LOAD_BACKLOG_FLUSH,
                                           LOAD_RETRY_STORM, LOAD_CLOSED,        LOAD_CLOSED};
    struct scenario *s = read_corpus("fuzz/corpus/scenario/load-kinds.yaml");
    for (size_t i = 0; i < s->phase_count; i++)
        assert_int_equal(s->phases[i].kind, kinds[i]);
    assert_int_equal(s->phases[2].steps, 3);
    assert_int_equal(s->phases[3].peak_us, 2000000);
    assert_int_equal(s->phases[4].duration_us, 5000000);
    assert_true(s->phases[9].success > 0.299 && s->phases[9].success < 0.301);
    assert_int_equal(s->phases[10].slots, 5);
    assert_int_equal(s->phases[10].pause_min_us, 1000000);
    assert_int_equal(s->phases[10].pause_max_us, 2000000);
    assert_int_equal(s->phases[11].pause_min_us, 1000000);
    assert_true(s->phases[11].peak_per_s > 199 &&
                s->phases[11].peak_per_s < 201); /* the ceiling of the rate */
    assert_survives(s);
    scenario_free(s);
}

/* What is inferred stands in the effective scenario; what only the plan can know does not. */
static void shapes_fill_in_what_is_not_said(void **state)
{
    (void)state;
    struct scenario *s = read_text("target: {url: sim}\n"
                                   "load:\n"
                                   "- {shape: policy_push, devices: 100, for: 100s}\n"
                                   "- {shape: renewal_cliff, devices: 100, for: 100s}\n"
                                   "- {shape: retry_storm, devices: 100, for: 100s}\n"
                                   "- {shape: backlog_flush, devices: 100, for: 100s}\n");
    assert_int_equal(s->phases[0].median_us, 10000000);
    assert_int_equal(s->phases[1].batch_us, 50000000);
    assert_int_equal(s->phases[2].every_us, 20000000);
    assert_int_equal(s->phases[2].jitter_us, 4000000);
    assert_true(s->phases[2].success > 0.49 && s->phases[2].success < 0.51);
    assert_true(s->phases[3].peak_per_s > 1.99 && s->phases[3].peak_per_s < 2.01);
    assert_survives(s);
    scenario_free(s);

    s = read_corpus("fuzz/corpus/scenario/load-rest.yaml");
    assert_int_equal(s->phases[1].devices, 0);
    assert_survives(s);
    scenario_free(s);
}

static const char whole_protocol[] =
    "name: mix\n"
    "target: {urls: [\"https://a.example\", \"https://b.example/scep\"], authorized: me}\n"
    "devices:\n"
    "  count: 9\n"
    "  subject: \"CN={profile}-{index}\"\n"
    "  san: [\"dns:{name}-{index}.example.test\", \"upn:u{index}@example.test\"]\n"
    "  sid: \"S-1-5-21-1-2-3-{index}\"\n"
    "  key: {type: ec, curve: p384, bits: 3072}\n"
    "  profiles:\n"
    "  - {name: ios, weight: 60, set: {user_agent: \"a \\\"b\\\"\", polls: 5, digests: [sha512, sha256], "
    "headers: ''}}\n"
    "  - {name: ios, weight: 1, set: {renewal_key: new}}\n"
    "  - {name: windows}\n"
    "  then: [get_crl, renew]\n"
    "  renewal: {how: re_enroll, key: same}\n"
    "  expect: {eku: [clientAuth, smartcardLogon], key_usage: [digitalSignature], min_validity: 300d,\n"
    "           max_validity: 400d, san: as_requested, subject: any}\n"
    "load: [{rate: 5/s}]\n";

static void personas_and_follow_ups(void **state)
{
    (void)state;
    struct scenario *s = read_text(whole_protocol);
    assert_int_equal(s->target.url_count, 2);
    assert_string_equal(s->target.url, "https://a.example/certsrv/mscep/mscep.dll");
    assert_string_equal(s->target.urls[0], s->target.url);
    assert_string_equal(s->target.urls[1], "https://b.example/scep");
    assert_int_equal(s->devices.san_count, 2);
    assert_int_equal(s->devices.key_type, SCENARIO_KEY_EC);
    assert_int_equal(s->devices.key_curve, 384);
    assert_int_equal(s->devices.key_bits, 3072);
    const struct scenario_profile *p = s->devices.profiles;
    assert_string_equal(p[0].label, "ios");
    assert_string_equal(p[1].label, "ios-2");
    assert_string_equal(p[2].label, "windows");
    assert_string_equal(p[0].persona.user_agent, "a \"b\"");
    assert_int_equal(p[0].persona.polls, 5);
    assert_int_equal(p[0].persona.digests.count, 2);
    assert_int_equal(p[0].persona.digests.items[0], PKI_SHA512);
    assert_string_equal(p[0].persona.headers, "");
    assert_int_equal(p[0].persona.renewal, PERSONA_RENEWAL_RE_ENROLL);
    assert_int_equal(p[0].persona.renewal_key, PERSONA_RENEWAL_KEY_SAME);
    assert_int_equal(p[1].persona.renewal_key, PERSONA_RENEWAL_KEY_NEW); /* the nearer word wins */
    assert_int_equal(s->devices.then_count, 2);
    assert_int_equal(s->devices.then[0], SCENARIO_THEN_GET_CRL);
    assert_int_equal(s->devices.then[1], SCENARIO_THEN_RENEW);
    const struct scenario_expect *x = &s->devices.expect;
    assert_false(x->refused);
    assert_int_equal(x->eku, 1 << PERSONA_EKU_CLIENT_AUTH | 1 << PERSONA_EKU_SMARTCARD_LOGON);
    assert_int_equal(x->key_usage, PKI_KU_DIGITAL_SIGNATURE);
    assert_true(x->min_validity_us == INT64_C(300) * 86400000000 && x->max_validity_us > x->min_validity_us);
    assert_true(x->san_as_requested && x->subject_any);
    assert_survives(s);
    scenario_free(s);
}

static void expect_refused(void **state)
{
    (void)state;
    struct scenario *s = read_text(MINIMAL "devices: {expect: refused}\n");
    assert_true(s->devices.expect.refused);
    char *text = written(s);
    assert_non_null(strstr(text, "  expect: refused\n"));
    assert_null(strstr(text, "as_requested"));
    free(text);
    assert_survives(s);
    scenario_free(s);
}

/* Words of the schema that stand for the persona's: they must not drift apart. */
static void words_are_the_personas(void **state)
{
    (void)state;
    const struct persona_word *usage = persona_knobs()[PERSONA_KNOB_csr_key_usage].words;
    const struct persona_word *eku = persona_knobs()[PERSONA_KNOB_csr_eku].words;
    for (; usage->name != NULL; usage++) {
        char text[160];
        snprintf(text, sizeof text, MINIMAL "devices: {expect: {key_usage: [%s]}}\n", usage->name);
        struct scenario *s = read_text(text);
        assert_int_equal(s->devices.expect.key_usage, usage->value);
        scenario_free(s);
    }
    for (; eku->name != NULL; eku++) {
        char text[160];
        snprintf(text, sizeof text, MINIMAL "devices: {expect: {eku: [%s]}}\n", eku->name);
        struct scenario *s = read_text(text);
        assert_int_equal(s->devices.expect.eku, 1U << eku->value);
        scenario_free(s);
    }
    for (size_t k = 0; k < 2; k++) {
        const struct persona_word *word =
            persona_knobs()[k == 0 ? PERSONA_KNOB_renewal : PERSONA_KNOB_renewal_key].words;
        for (; word->name != NULL; word++) {
            char text[160];
            snprintf(text, sizeof text, MINIMAL "devices: {then: [renew], renewal: {%s: %s}}\n",
                     k == 0 ? "how" : "key", word->name);
            struct scenario *s = read_text(text);
            const struct persona *p = &s->devices.profiles[0].persona;
            assert_int_equal(k == 0 ? (unsigned)p->renewal : (unsigned)p->renewal_key, word->value);
            scenario_free(s);
        }
    }
}

static void every_persona_is_a_profile(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        char text[160];
        snprintf(text, sizeof text, MINIMAL "devices: {profiles: [{name: %s}]}\n", *name);
        struct scenario *s = read_text(text);
        assert_string_equal(s->devices.profiles[0].persona.name, *name);
        scenario_free(s);
    }
}

static void every_url_needs_authorization(void **state)
{
    (void)state;
    struct err e = {0};
    struct scenario *s = read_text(
        "target: {urls: [\"http://127.0.0.1/a\", \"https://h/b\"]}\nload: [{rate: 5/s, for: 10s}]\n");
    assert_false(scenario_check_authorized(s, NULL, &e));
    assert_non_null(strstr(e.text, "https://h/b"));
    assert_true(scenario_check_authorized(s, "me, ticket 5", &e));
    scenario_free(s);
}

static void anchors_are_shared_until_an_option_changes_one(void **state)
{
    (void)state;
    static const struct scenario_override change = {"load.1.rate", "9/s"};
    static const char text[] = "target: {url: sim}\nload:\n- &p {rate: 5/s, for: 10s}\n- *p\n";
    struct scenario *s = read_with(text, &change, 1);
    assert_true(s->phases[0].to_per_s < 5.01);
    assert_true(s->phases[1].to_per_s > 8.99);
    scenario_free(s);
}

static void name_follows_the_file(void **state)
{
    (void)state;
    struct scenario *s = NULL;
    struct err e = {0};
    assert_true(scenario_parse("some/where/my storm.v2.yaml", span_of_text(MINIMAL), NULL, 0, &s, &e));
    assert_string_equal(s->name, "my-storm.v2");
    scenario_free(s);
    assert_true(scenario_parse("/dev/\xc3\xa4", span_of_text(MINIMAL), NULL, 0, &s, &e));
    assert_string_equal(s->name, "scenario");
    scenario_free(s);
}

static void utf16_from_windows(void **state)
{
    (void)state;
    uint8_t wide[2 + 2 * (sizeof MINIMAL - 1)] = {0xff, 0xfe};
    for (size_t i = 0; i < sizeof MINIMAL - 1; i++) {
        wide[2 + 2 * i] = (uint8_t)MINIMAL[i];
        wide[3 + 2 * i] = 0;
    }
    struct scenario *s = NULL;
    struct err e = {0};
    assert_true(scenario_parse("w.yaml", span_of(wide, sizeof wide), NULL, 0, &s, &e));
    scenario_free(s);
}

static void shipped_scenarios_load(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        unsigned devices;
    } files[] = {{"../scenarios/quickstart.yaml", 1000}, {"../scenarios/micromdm.yaml", 200},
                 {"../scenarios/personas.yaml", 300},    {"../scenarios/renewal.yaml", 200},
                 {"../scenarios/mdm-day.yaml", 580},     {"../scenarios/closed.yaml", 300}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        if (!scenario_load(files[i].file, NULL, 0, &s, &e))
            fail_msg("%s", e.text);
        struct load_plan *plan = NULL;
        assert_true(load_plan_new(s->phases, s->phase_count, s->devices.count, s->limits.devices, s->seed,
                                  &plan, &e));
        assert_int_equal(load_plan_count(plan), files[i].devices);
        load_plan_free(plan);
        assert_survives(s);
        scenario_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_key),
        cmocka_unit_test(writes_what_people_would_write),
        cmocka_unit_test(sim_is_written_as_sim),
        cmocka_unit_test(bare_host_is_ndes),
        cmocka_unit_test(overrides),
        cmocka_unit_test(every_kind_of_phase),
        cmocka_unit_test(shapes_fill_in_what_is_not_said),
        cmocka_unit_test(personas_and_follow_ups),
        cmocka_unit_test(expect_refused),
        cmocka_unit_test(words_are_the_personas),
        cmocka_unit_test(every_persona_is_a_profile),
        cmocka_unit_test(every_url_needs_authorization),
        cmocka_unit_test(anchors_are_shared_until_an_option_changes_one),
        cmocka_unit_test(name_follows_the_file),
        cmocka_unit_test(utf16_from_windows),
        cmocka_unit_test(shipped_scenarios_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
