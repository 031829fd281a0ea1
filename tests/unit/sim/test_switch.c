/* Faults that are switched on and off while the simulator serves. */
#include "sim/switch.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define LATER  (1000 * SECOND)

static struct faults *make(const char *fault)
{
    struct faults *faults = NULL;
    struct err e = {0};
    const char *texts[] = {fault};
    assert_true(faults_parse(texts, fault != NULL, &faults, &e));
    faults_start(faults, 0);
    return faults;
}

/* The status; the body's end of line is cut. */
static int ask(struct faults *faults, const char *method, const char *target, const char *body,
               int64_t now_us, char *out, size_t out_bytes)
{
    struct ndes_request request = {.method = method,
                                   .target = span_of_text(target),
                                   .body = span_of_text(body),
                                   .local = true,
                                   .now_us = now_us};
    struct ndes_reply reply;
    ndes_reply_init(&reply);
    bool changed = sim_switch_answer(faults, &request, &reply);
    assert_int_equal(changed, reply.status == 200 && strcmp(method, "GET") != 0);
    snprintf(out, out_bytes, "%.*s", (int)reply.body.len, (const char *)reply.body.data);
    out[strcspn(out, "\n")] = '\0';
    buf_clear(&reply.body);
    return reply.status;
}

static bool bites(struct faults *faults, int64_t now_us)
{
    struct ndes_effects effects = {0};
    faults_effects(faults, now_us, 1, &effects);
    return effects.bitten != 0;
}

static void faults_come_and_go(void **state)
{
    (void)state;
    char text[1024];
    struct faults *faults = make(NULL);
    assert_int_equal(ask(faults, "GET", SIM_SWITCH_PATH, "", SECOND, text, sizeof text), 200);
    assert_string_equal(text, "{\"faults\":[]}");
    assert_int_equal(ask(faults, "POST", SIM_SWITCH_PATH,
                         "otp-cache-full:from=5s,for=10s\r\n\nra-cert-expired\n", 100 * SECOND, text,
                         sizeof text),
                     200);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *first = json_array_get(json_object_get(root, "faults"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "otp-cache-full");
    assert_string_equal(json_string_value(json_object_get(first, "fault")), "otp-cache-full:from=5s,for=10s");
    assert_true(json_is_false(json_object_get(first, "holds")));
    assert_true(json_real_value(json_object_get(first, "since_s")) == -5.0);
    assert_true(json_real_value(json_object_get(first, "left_s")) == 15.0);
    assert_true(json_is_true(json_object_get(json_array_get(json_object_get(root, "faults"), 1), "holds")));
    json_decref(root);
    assert_int_equal(
        ask(faults, "DELETE", SIM_SWITCH_PATH "/ra-cert-expired", "", 101 * SECOND, text, sizeof text), 200);
    assert_false(bites(faults, 104 * SECOND));
    assert_true(bites(faults, 106 * SECOND));
    assert_false(bites(faults, 116 * SECOND));
    assert_int_equal(ask(faults, "GET", SIM_SWITCH_PATH, "", 120 * SECOND, text, sizeof text), 200);
    assert_string_equal(text, "{\"faults\":[]}");
    faults_free(faults);
}

/* Also one that was there from the start; and one that has not begun never does. */
static void minus_ends_what_holds_and_what_is_to_come(void **state)
{
    (void)state;
    char text[1024];
    struct faults *faults = make("app-pool-stopped");
    assert_true(bites(faults, SECOND));
    assert_int_equal(ask(faults, "POST", SIM_SWITCH_PATH, "-app-pool-stopped", 2 * SECOND, text, sizeof text),
                     200);
    assert_false(bites(faults, 3 * SECOND));
    assert_int_equal(faults_restarts(faults, 3 * SECOND), 1);
    assert_int_equal(
        ask(faults, "POST", SIM_SWITCH_PATH, "app-pool-stopped:from=1m", 4 * SECOND, text, sizeof text), 200);
    assert_int_equal(ask(faults, "POST", SIM_SWITCH_PATH, "-app-pool-stopped", 5 * SECOND, text, sizeof text),
                     200);
    assert_false(bites(faults, 100 * SECOND));
    assert_int_equal(faults_restarts(faults, 100 * SECOND), 1);
    faults_free(faults);
}

static void all_lines_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *body, *says;
    } cases[] = {
        {"POST", SIM_SWITCH_PATH, "", "no fault named: write ID[:KEY=VALUE,...] or -ID, a line for each"},
        {"POST", SIM_SWITCH_PATH, "ra-cert-expired\notp-cache-ful\n",
         "fault 'otp-cache-ful': there is no such fault; did you mean 'otp-cache-full'?"},
        {"POST", SIM_SWITCH_PATH, "ra-cert-expired:form=1s",
         "fault 'ra-cert-expired:form=1s': there is no key"},
        {"POST", SIM_SWITCH_PATH, "ra-cert-expired\n-otp-cache-full",
         "'otp-cache-full' does not hold, and is not to come"},
        {"POST", SIM_SWITCH_PATH, "ra-cert\x01-expired", "write ID[:KEY=VALUE,...] or -ID"},
        {"DELETE", SIM_SWITCH_PATH, "", "no fault named: DELETE /scepstorm/admin/faults/ID"},
        {"DELETE", SIM_SWITCH_PATH "/", "", "no fault named: DELETE /scepstorm/admin/faults/ID"},
        {"DELETE", SIM_SWITCH_PATH "/otp-cache-full", "", "'otp-cache-full' does not hold"},
    };
    struct faults *faults = make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        assert_int_equal(
            ask(faults, cases[i].method, cases[i].target, cases[i].body, SECOND, text, sizeof text), 400);
        if (strncmp(text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("%s\nis not: %s", text, cases[i].says);
        assert_int_equal(faults_count(faults), 0);
    }
    faults_free(faults);
}

static void others_may_not(void **state)
{
    (void)state;
    struct faults *faults = make(NULL);
    static const struct {
        const char *method;
        bool local;
        int status;
    } cases[] = {{"GET", false, 403}, {"POST", false, 403}, {"DELETE", false, 403}, {"PUT", true, 405}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_request request = {.method = cases[i].method,
                                       .target = span_of_text(SIM_SWITCH_PATH),
                                       .body = span_of_text("ra-cert-expired"),
                                       .local = cases[i].local};
        struct ndes_reply reply;
        ndes_reply_init(&reply);
        assert_false(sim_switch_answer(faults, &request, &reply));
        assert_int_equal(reply.status, cases[i].status);
        buf_clear(&reply.body);
    }
    assert_int_equal(faults_count(faults), 0);
    faults_free(faults);
}

/* Places of faults that are over are taken; their restarts stay counted. */
static void many_changes_fit(void **state)
{
    (void)state;
    char text[8192];
    struct faults *faults = make(NULL);
    for (int i = 0; i < 200; i++) {
        int64_t now_us = i * SECOND;
        assert_int_equal(ask(faults, "POST", SIM_SWITCH_PATH, "app-pool-stopped", now_us, text, sizeof text),
                         200);
        assert_true(bites(faults, now_us));
        assert_int_equal(
            ask(faults, "POST", SIM_SWITCH_PATH, "-app-pool-stopped", now_us + SECOND / 2, text, sizeof text),
            200);
        assert_false(bites(faults, now_us + SECOND / 2));
        assert_int_equal(faults_restarts(faults, now_us + SECOND / 2), i + 1);
    }
    assert_int_equal(faults_count(faults), FAULTS_MAX);
    for (int i = 0; i < FAULTS_MAX; i++)
        assert_int_equal(
            ask(faults, "POST", SIM_SWITCH_PATH, "ra-cert-expired", 300 * SECOND, text, sizeof text), 200);
    assert_int_equal(ask(faults, "POST", SIM_SWITCH_PATH, "ra-cert-expired", 300 * SECOND, text, sizeof text),
                     400);
    assert_string_equal(text, "at most 32 faults at once");
    faults_free(faults);
}

static struct {
    struct faults *faults;
    atomic_bool stop;
} shared;

static void *read_all_the_time(void *user)
{
    (void)user;
    size_t restarts = 0;
    while (!atomic_load(&shared.stop)) {
        struct ndes_effects effects = {0};
        faults_effects(shared.faults, LATER, 1, &effects);
        size_t now = faults_restarts(shared.faults, LATER);
        restarts = now > restarts ? now : restarts;
        for (size_t i = 0; i < faults_count(shared.faults); i++)
            (void)faults_view(shared.faults, i, LATER);
    }
    return (void *)(uintptr_t)restarts;
}

static void readers_are_not_disturbed(void **state)
{
    (void)state;
    enum { READERS = 3, TURNS = 300 };
    pthread_t readers[READERS];
    char text[8192];
    shared.faults = make(NULL);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, NULL), 0);
    for (int i = 0; i < TURNS; i++) {
        assert_int_equal(
            ask(shared.faults, "POST", SIM_SWITCH_PATH, "app-pool-stopped", i * SECOND, text, sizeof text),
            200);
        assert_int_equal(ask(shared.faults, "POST", SIM_SWITCH_PATH, "-app-pool-stopped",
                             i * SECOND + SECOND / 2, text, sizeof text),
                         200);
    }
    atomic_store(&shared.stop, true);
    for (size_t i = 0; i < READERS; i++) {
        void *restarts = NULL;
        pthread_join(readers[i], &restarts);
        assert_true((uintptr_t)restarts <= TURNS);
    }
    assert_int_equal(faults_restarts(shared.faults, LATER), TURNS);
    faults_free(shared.faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_come_and_go), cmocka_unit_test(minus_ends_what_holds_and_what_is_to_come),
        cmocka_unit_test(all_lines_or_none),  cmocka_unit_test(others_may_not),
        cmocka_unit_test(many_changes_fit),   cmocka_unit_test(readers_are_not_disturbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
