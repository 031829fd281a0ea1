/* The stock and the budget in virtual time, with a supply that does what the test says. */
#include "fake_supply.h"

#include "base/random.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static enum reservoir_room room(struct fake *f)
{
    struct err why = {0};
    enum reservoir_room is = reservoir_room(f->r, &why);
    assert_true(is == RESERVOIR_READY || why.reason != REASON_NONE);
    return is;
}

static void no_more_places_than_the_budget(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 3});
    for (unsigned i = 0; i < 5; i++)
        fake_ask(f, i);
    assert_int_equal(f->fetches, 3);
    assert_int_equal(f->held, 3);
    assert_int_equal(room(f), RESERVOIR_WAIT);
    for (unsigned i = 0; i < 3; i++)
        fake_bring(f, i, 1, true);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 3); /* their places are free only when their messages are answered */
    fake_spend(f, 1);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 4);
    assert_true(f->takers[3].fetching); /* first come, first served */
    assert_true(f->takers[4].waiting);
    fake_end(f);
}

static void password_expires_on_the_minute(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 1, .lifetime_us = 57 * MINUTE});
    fake_ask(f, 0);
    fake_bring(f, 0, 1, true);
    reservoir_put_back(f->r, f->passwords[0]);
    f->passwords[0] = NULL;
    assert_int_equal(reservoir_due_us(f->r), 57 * MINUTE);
    f->now_us = 57 * MINUTE - 1;
    reservoir_turn(f->r, 0);
    assert_int_equal(f->events[OUTCOME_OTP_EXPIRED], 0);
    assert_int_equal(room(f), RESERVOIR_READY);
    f->now_us = 57 * MINUTE;
    reservoir_turn(f->r, 0);
    assert_int_equal(f->events[OUTCOME_OTP_EXPIRED], 1);
    assert_int_equal(f->last.age_us, 57 * MINUTE);
    assert_int_equal(f->held, 0);
    assert_int_equal(reservoir_due_us(f->r), INT64_MAX);
    fake_ask(f, 1);
    assert_int_equal(f->fetches, 2);
    fake_end(f);
}

static void life_that_the_source_states_is_believed_when_shorter(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 1, .lifetime_us = 57 * MINUTE});
    struct secret *secret = fake_secret(7);
    struct supply_answer answer = {
        .secrets = &secret, .count = 1, .single_use = true, .lifetime_us = 10 * MINUTE};
    fake_ask(f, 0);
    fake_finish(f, 0, &answer);
    assert_null(secret);
    assert_int_equal(f->passwords[0]->expires_us, 10 * MINUTE);
    fake_end(f);
}

static void returned_password_serves_the_next_and_the_oldest_goes_first(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 3, .lifetime_us = 57 * MINUTE});
    for (unsigned i = 0; i < 3; i++) {
        f->now_us = i * SECOND;
        fake_ask(f, i);
        fake_bring(f, 0, 1, true);
    }
    const struct password *oldest = f->passwords[0];
    for (unsigned i = 3; i-- > 0;) {
        reservoir_put_back(f->r, f->passwords[i]);
        f->passwords[i] = NULL;
    }
    fake_ask(f, 4);
    assert_ptr_equal(f->passwords[4], oldest);
    assert_int_equal(f->fetches, 3);
    assert_int_equal(f->held, 3);
    fake_end(f);
}

static void rate_is_kept_by_waiting(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.rate_per_s = 2, .lines = 4});
    fake_ask(f, 0);
    fake_ask(f, 1);
    fake_ask(f, 2);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(room(f), RESERVOIR_WAIT);
    assert_int_equal(reservoir_due_us(f->r), SECOND / 2);
    f->now_us = SECOND / 2 - 1;
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(reservoir_due_us(f->r), SECOND / 2);
    f->now_us = SECOND / 2;
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 2);
    assert_int_equal(reservoir_due_us(f->r), SECOND);
    f->now_us = SECOND;
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 3);
    f->now_us = 10 * SECOND; /* time that passed unused gives no burst */
    reservoir_turn(f->r, 0);
    assert_int_equal(reservoir_due_us(f->r), INT64_MAX);
    fake_ask(f, 3);
    fake_ask(f, 4);
    assert_int_equal(f->fetches, 4);
    fake_end(f);
}

static void prefetched_password_is_there_before_anybody_asks(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .prefetch = 2});
    reservoir_turn(f->r, 1000);
    assert_int_equal(f->fetches, 2);
    fake_bring(f, 0, 1, true);
    reservoir_turn(f->r, 1000);
    assert_int_equal(f->fetches, 2);
    f->now_us = SECOND;
    fake_ask(f, 0);
    assert_non_null(f->passwords[0]);
    reservoir_turn(f->r, 999);
    assert_int_equal(f->fetches, 3);
    fake_ask(f, 1); /* takes over what is under way for nobody */
    assert_int_equal(f->fetches, 3);
    assert_true(f->takers[1].fetching);
    fake_bring(f, f->takers[1].line, 1, true);
    assert_non_null(f->passwords[1]);
    fake_end(f);
}

/* Time in stock, where nobody wanted it yet, limits no rate: a place is held for 2 of these 32 seconds. */
static void stock_is_not_held_against_the_rate(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .prefetch = 1});
    reservoir_turn(f->r, 1);
    f->now_us = SECOND;
    fake_bring(f, 0, 1, true);
    f->now_us = 31 * SECOND;
    fake_ask(f, 0);
    f->now_us = 32 * SECOND;
    fake_spend(f, 0);
    assert_int_equal(f->last.kind, OUTCOME_OTP_SPENT);
    assert_int_equal(f->last.took_us + f->last.age_us, 2 * SECOND);
    fake_end(f);
}

static void prefetch_stops_where_devices_end(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .prefetch = 4});
    reservoir_turn(f->r, 3);
    assert_int_equal(f->fetches, 3);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 3);
    fake_end(f);
}

static void failed_prefetch_is_not_repeated_before_somebody_succeeds(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .prefetch = 1});
    reservoir_turn(f->r, 100);
    fake_fail(f, 0, REASON_OTP_CACHE_FULL, false);
    assert_int_equal(f->events[OUTCOME_OTP_CACHE_FULL], 1);
    for (int i = 0; i < 10; i++)
        reservoir_turn(f->r, 100);
    assert_int_equal(f->fetches, 1);
    fake_ask(f, 0);
    fake_bring(f, 0, 1, true);
    reservoir_turn(f->r, 99);
    assert_int_equal(f->fetches, 3);
    fake_end(f);
}

static void two_refused_logons_are_the_last(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .guarded = true});
    for (unsigned i = 0; i < 4; i++)
        fake_ask(f, i);
    assert_int_equal(f->fetches,
                     1); /* one at a time, as long as nobody knows whether the password is right */
    fake_fail(f, 0, REASON_OTP_AUTH_REFUSED, true);
    assert_int_equal(f->halted, 0);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 2);
    fake_fail(f, 0, REASON_OTP_AUTH_REFUSED, true);
    assert_int_equal(f->halted, 1);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 2);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(f->refused[i], REASON_OTP_AUTH_REFUSED);
    fake_ask(f, 5);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->refused[5], REASON_OTP_AUTH_REFUSED);
    assert_int_equal(f->fetches, 2);
    assert_int_equal(room(f), RESERVOIR_WAIT);
    fake_end(f);
}

static void proven_logon_opens_all_lines(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .guarded = true});
    f->stays_logged_on = true;
    for (unsigned i = 0; i < 5; i++)
        fake_ask(f, i);
    fake_bring(f, 0, 1, true);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 5);
    fake_fail(f, 0, REASON_OTP_AUTH_REFUSED, true); /* somebody changed the password */
    fake_spend(f, 0);
    fake_ask(f, 6);
    assert_true(f->takers[6].waiting);
    fake_end(f);
}

static void no_more_logons_at_once_than_may_be_refused(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5, .guarded = true});
    for (unsigned i = 0; i < 5; i++)
        fake_ask(f, i);
    fake_bring(f, 0, 1, true);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 3);
    assert_int_equal(room(f), RESERVOIR_WAIT);
    fake_fail(f, 0, REASON_OTP_AUTH_REFUSED, true); /* somebody changed the password in the meantime */
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 3);
    fake_fail(f, 1, REASON_OTP_AUTH_REFUSED, true);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->halted, 1);
    assert_int_equal(f->fetches, 3);
    fake_end(f);
}

static void fetch_of_a_device_that_gave_up_serves_the_next(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 1});
    fake_ask(f, 0);
    fake_ask(f, 1);
    reservoir_cancel(f->r, &f->takers[0]);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->fetches, 1);
    fake_bring(f, 0, 1, true);
    assert_null(f->passwords[0]);
    assert_int_equal(f->served[0], 0);
    assert_non_null(f->passwords[1]);
    fake_end(f);
}

static void challenge_of_one_device_is_for_no_other(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 2, .per_device = true, .prefetch = 2});
    reservoir_turn(f->r, 10);
    assert_int_equal(f->fetches, 0);
    fake_ask(f, 0);
    fake_ask(f, 1);
    reservoir_cancel(f->r, &f->takers[0]);
    assert_int_equal(f->cancelled, 1);
    assert_int_equal(f->held, 1);
    fake_bring(f, 1, 1, true);
    reservoir_put_back(f->r, f->passwords[1]);
    f->passwords[1] = NULL;
    assert_int_equal(f->events[OUTCOME_OTP_BURNT], 1);
    assert_int_equal(f->held, 0);
    fake_ask(f, 2);
    assert_int_equal(f->fetches, 3);
    fake_end(f);
}

static void password_that_comes_twice_is_used_once(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.limit = 5});
    fake_ask(f, 0);
    fake_bring(f, 0, 1, true);
    fake_spend(f, 0);
    f->next_value = 1;
    fake_ask(f, 1);
    fake_bring(f, 0, 1, true);
    assert_null(f->passwords[1]);
    assert_int_equal(f->refused[1], REASON_OTP_ANSWER);
    assert_int_equal(f->events[OUTCOME_OTP_FAILED], 1);
    f->next_value = 1; /* a page that shows everybody the same */
    fake_ask(f, 2);
    fake_bring(f, 0, 1, false);
    assert_non_null(f->passwords[2]);
    assert_int_equal(f->passwords[2]->fingerprint, 0);
    fake_end(f);
}

static void batch_feeds_those_who_come_later(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.lines = 1});
    for (unsigned i = 0; i < 4; i++)
        fake_ask(f, i);
    assert_int_equal(f->fetches, 1);
    fake_bring(f, 0, 3, true);
    reservoir_turn(f->r, 0);
    assert_int_equal(f->served_count, 3);
    assert_int_equal(f->events[OUTCOME_OTP_FETCHED], 3);
    assert_int_equal(f->fetches, 2);
    assert_int_equal(f->held, 4);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(f->served_in_order[i], i);
    fake_end(f);
}

static void list_runs_dry(void **state)
{
    (void)state;
    struct fake *f = fake_new((struct reservoir_config){.lines = 1});
    f->at_once = true;
    f->left = 1;
    fake_ask(f, 0);
    assert_non_null(f->passwords[0]);
    assert_int_equal(room(f), RESERVOIR_DRY);
    fake_ask(f, 1);
    reservoir_turn(f->r, 10);
    assert_int_equal(f->refused[1], REASON_OTP_EXHAUSTED);
    reservoir_put_back(f->r, f->passwords[0]);
    f->passwords[0] = NULL;
    assert_int_equal(room(f), RESERVOIR_READY);
    fake_end(f);
}

/* ---- any interleaving ---- */

struct chance {
    struct fake *f;
    struct random_seeded dice;
    unsigned asked[FAKE_TAKERS]; /* times, cancelled ones not counted */
    unsigned limit;
    uint64_t sent[4096];
    size_t sent_count;
};

static bool is_idle(const struct fake *f, unsigned i)
{
    return !f->takers[i].waiting && !f->takers[i].fetching && f->passwords[i] == NULL;
}

static void end_a_fetch(struct chance *c)
{
    struct fake *f = c->f;
    unsigned line = (unsigned)random_below(&c->dice, FAKE_LINES);
    if (!f->under_way[line])
        return;
    switch (random_below(&c->dice, 8)) {
    case 0:
        fake_fail(f, line, REASON_OTP_CACHE_FULL, false);
        break;
    case 1:
        fake_fail(f, line, REASON_REQUEST_TIMEOUT, false);
        break;
    case 2:
        f->next_value -= f->next_value > 1; /* one that was handed out before */
        fake_bring(f, line, 1, true);
        break;
    case 3:
        fake_bring(f, line, c->limit == 0 ? 3 : 1, true);
        break;
    default:
        fake_bring(f, line, 1, true);
        break;
    }
}

static void send_or_return(struct chance *c, unsigned i)
{
    struct fake *f = c->f;
    if (f->passwords[i] == NULL)
        return;
    if (random_below(&c->dice, 4) == 0) {
        reservoir_put_back(f->r, f->passwords[i]);
        f->passwords[i] = NULL;
        return;
    }
    uint64_t print = f->passwords[i]->fingerprint;
    for (size_t k = 0; k < c->sent_count; k++)
        assert_true(c->sent[k] != print); /* never twice */
    if (c->sent_count < sizeof c->sent / sizeof *c->sent)
        c->sent[c->sent_count++] = print;
    fake_spend(f, i);
    if (random_below(&c->dice, 3) == 0)
        reservoir_burnt(f->r, SECOND);
}

static void do_something(struct chance *c)
{
    struct fake *f = c->f;
    unsigned i = (unsigned)random_below(&c->dice, FAKE_TAKERS);
    switch (random_below(&c->dice, 7)) {
    case 0:
    case 1:
        if (is_idle(f, i)) {
            c->asked[i]++;
            fake_ask(f, i);
        }
        break;
    case 2:
    case 3:
        end_a_fetch(c);
        break;
    case 4:
        send_or_return(c, i);
        break;
    case 5:
        if (f->takers[i].waiting || f->takers[i].fetching) {
            reservoir_cancel(f->r, &f->takers[i]);
            c->asked[i]--;
        }
        break;
    default:
        f->now_us += (int64_t)random_below(&c->dice, 20 * SECOND);
        break;
    }
    reservoir_turn(f->r, random_below(&c->dice, 10));
    assert_int_equal(f->held, reservoir_held(f->r));
    assert_true(c->limit == 0 || f->held <= c->limit);
    assert_true(reservoir_due_us(f->r) >= f->now_us);
}

/* Everything that is under way ends well now; afterwards everybody who asked was told, once. */
static void let_it_finish(struct chance *c)
{
    struct fake *f = c->f;
    for (int round = 0; round < 10000; round++) {
        bool busy = false;
        for (unsigned i = 0; i < FAKE_LINES; i++) {
            if (f->under_way[i])
                fake_bring(f, i, 1, true);
        }
        for (unsigned i = 0; i < FAKE_TAKERS; i++) {
            if (f->passwords[i] != NULL)
                fake_spend(f, i);
            busy |= f->takers[i].waiting || f->takers[i].fetching;
        }
        if (!busy)
            break;
        f->now_us += SECOND;
        f->next_value += 1000000;
        reservoir_turn(f->r, 0);
    }
    for (unsigned i = 0; i < FAKE_TAKERS; i++) {
        assert_false(f->takers[i].waiting || f->takers[i].fetching);
        assert_int_equal(f->served[i], c->asked[i]);
    }
}

static void any_interleaving_keeps_the_promises(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct chance c = {0};
        random_seed(&c.dice, seed, 4);
        c.limit = (unsigned)random_below(&c.dice, 7);
        bool per_device = random_below(&c.dice, 4) == 0;
        c.f = fake_new((struct reservoir_config){
            .limit = c.limit,
            .lines = 1 + (unsigned)random_below(&c.dice, FAKE_LINES),
            .prefetch = (unsigned)random_below(&c.dice, 4),
            .rate_per_s = random_below(&c.dice, 2) == 0 ? 0 : 5,
            .lifetime_us = random_below(&c.dice, 2) == 0 ? 0 : 57 * SECOND,
            .per_device = per_device,
            .guarded = random_below(&c.dice, 2) == 0,
        });
        for (int i = 0; i < 600; i++)
            do_something(&c);
        let_it_finish(&c);
        const unsigned *n = c.f->events;
        assert_int_equal(n[OUTCOME_OTP_ASKED], c.f->fetches);
        fake_end(c.f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_places_than_the_budget),
        cmocka_unit_test(password_expires_on_the_minute),
        cmocka_unit_test(life_that_the_source_states_is_believed_when_shorter),
        cmocka_unit_test(returned_password_serves_the_next_and_the_oldest_goes_first),
        cmocka_unit_test(rate_is_kept_by_waiting),
        cmocka_unit_test(prefetched_password_is_there_before_anybody_asks),
        cmocka_unit_test(stock_is_not_held_against_the_rate),
        cmocka_unit_test(prefetch_stops_where_devices_end),
        cmocka_unit_test(failed_prefetch_is_not_repeated_before_somebody_succeeds),
        cmocka_unit_test(two_refused_logons_are_the_last),
        cmocka_unit_test(proven_logon_opens_all_lines),
        cmocka_unit_test(no_more_logons_at_once_than_may_be_refused),
        cmocka_unit_test(fetch_of_a_device_that_gave_up_serves_the_next),
        cmocka_unit_test(challenge_of_one_device_is_for_no_other),
        cmocka_unit_test(password_that_comes_twice_is_used_once),
        cmocka_unit_test(batch_feeds_those_who_come_later),
        cmocka_unit_test(list_runs_dry),
        cmocka_unit_test(any_interleaving_keeps_the_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
