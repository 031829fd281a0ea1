#include "ndes/pending.h"

#include "check.h"

#define MINUTE INT64_C(60000000)
#define NOW    (1000 * MINUTE)

static const uint8_t name_a[] = {0x30, 0};

static struct ndes_pending *make(int64_t remembered_us)
{
    struct ndes_pending *p = NULL;
    struct err e = {0};
    CHECK_OK(ndes_pending_new(remembered_us, &p, &e), &e);
    return p;
}

static void add(struct ndes_pending *p, const char *id, const char *key, struct ndes_approval approval,
                int64_t now_us)
{
    struct ndes_pending_request request = {.transaction_id = id,
                                           .subject = span_of(name_a, sizeof name_a),
                                           .spki = span_of_text(key),
                                           .content = span_of_text("the request"),
                                           .renewal = true,
                                           .approval = approval};
    struct err e = {0};
    CHECK_OK(ndes_pending_add(p, &request, now_us, &e), &e);
}

/* With the content checked and released. */
static struct ndes_poll_answer ask(struct ndes_pending *p, const char *id, const char *key, int64_t now_us)
{
    struct buf content;
    buf_init(&content, 1024);
    struct ndes_poll_answer a =
        ndes_pending_poll(p, id, span_of(NULL, 0), span_of_text(key), true, now_us, &content);
    if (a.verdict == NDES_POLL_APPROVED)
        CHECK_SPAN(buf_span(&content), "the request");
    else
        assert_int_equal(content.len, 0);
    buf_clear(&content);
    return a;
}

static const struct ndes_approval first_poll = {.when = NDES_APPROVAL_POLLS, .polls = 1},
                                  in_an_hour = {.when = NDES_APPROVAL_TIME, .after_us = 60 * MINUTE};

static void requests_with_one_id_are_told_apart_by_key(void **state)
{
    (void)state;
    struct ndes_pending *p = make(20 * MINUTE);
    add(p, "T", "key 1", in_an_hour, NOW);
    add(p, "T", "key 2", first_poll, NOW);
    assert_int_equal(ask(p, "T", "key 1", NOW).verdict, NDES_POLL_WAITS);
    struct ndes_poll_answer a = ask(p, "T", "key 2", NOW);
    assert_int_equal(a.verdict, NDES_POLL_APPROVED);
    assert_true(a.renewal);
    assert_int_equal(ask(p, "T", "key 3", NOW).verdict, NDES_POLL_UNKNOWN);
    assert_int_equal(ask(p, "U", "key 1", NOW).verdict, NDES_POLL_UNKNOWN);
    ndes_pending_done(p, "T", a.number, true);
    assert_int_equal(ndes_pending_count(p), 1);
    assert_int_equal(ask(p, "T", "key 2", NOW).verdict, NDES_POLL_UNKNOWN);
    assert_int_equal(ask(p, "T", "key 1", NOW).verdict, NDES_POLL_WAITS);
    ndes_pending_free(p);
}

static void one_poll_at_a_time_issues(void **state)
{
    (void)state;
    struct ndes_pending *p = make(20 * MINUTE);
    add(p, "T", "key", first_poll, NOW);
    struct ndes_poll_answer a = ask(p, "T", "key", NOW);
    assert_int_equal(a.verdict, NDES_POLL_APPROVED);
    assert_int_equal(ask(p, "T", "key", NOW).verdict, NDES_POLL_WAITS);
    ndes_pending_done(p, "T", a.number, false); /* could not be issued */
    assert_int_equal(ask(p, "T", "key", NOW).verdict, NDES_POLL_APPROVED);
    ndes_pending_restart(p);
    ndes_pending_done(p, "T", a.number, true); /* forgotten meanwhile */
    assert_int_equal(ndes_pending_count(p), 0);
    ndes_pending_free(p);
}

static void the_oldest_are_forgotten_by_time_and_by_number(void **state)
{
    (void)state;
    struct ndes_pending *p = make(20 * MINUTE);
    char id[32];
    for (int i = 0; i <= NDES_PENDING_MAX; i++) {
        snprintf(id, sizeof id, "%d", i);
        add(p, id, "key", in_an_hour, NOW + i);
    }
    assert_int_equal(ndes_pending_count(p), NDES_PENDING_MAX);
    assert_int_equal(ask(p, "0", "key", NOW + MINUTE).verdict, NDES_POLL_UNKNOWN);
    assert_int_equal(ask(p, "1", "key", NOW + MINUTE).verdict, NDES_POLL_WAITS);
    assert_int_equal(ask(p, "1", "key", NOW + 20 * MINUTE + 1).verdict, NDES_POLL_UNKNOWN);
    assert_int_equal(ask(p, "2", "key", NOW + 20 * MINUTE + 1).verdict, NDES_POLL_WAITS);
    assert_int_equal(ndes_pending_count(p), NDES_PENDING_MAX - 1);
    ndes_pending_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_with_one_id_are_told_apart_by_key),
        cmocka_unit_test(one_poll_at_a_time_issues),
        cmocka_unit_test(the_oldest_are_forgotten_by_time_and_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
