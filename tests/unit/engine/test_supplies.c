// links: sim
/* Every way to get challenges, in whole runs: against the simulator, scripted servers, programs, files. */
#include "engine_bench.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bench *at_static_sim(double rate, uint64_t count)
{
    struct bench *b = new_bench(rate, count);
    at_sim_like(b, (struct sim_config){.listen = "127.0.0.1:0", .static_password = "correct horse"});
    b->scenario.challenge.outstanding = 3;
    return b;
}

/* ---- command ---- */

static void with_command(struct bench *b, const char *script)
{
    static char sh[] = "/bin/sh", c[] = "-c";
    static char text[512];
    static char *argv[3] = {sh, c, text};
    snprintf(text, sizeof text, "%s", script);
    b->scenario.challenge.source = CHALLENGE_COMMAND;
    b->scenario.challenge.command = argv;
    b->scenario.challenge.command_count = 3;
    b->scenario.challenge.batch = 1;
    b->scenario.challenge.timeout_us = 10 * SECOND;
}

static void nobody_is_left_behind(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* ECHILD: no child, not even a dead one */
}

/* The program says the same each time, which no source of one-time passwords may. */
static void command_that_repeats_itself_is_found_out(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 4);
    with_command(b, "echo correct horse");
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 1);
    assert_int_equal(b->heard.reasons[REASON_OTP_ANSWER], 3);
    assert_true(b->heard.outcomes[3].duplicate_otp);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], 1);
    free_bench(b);
    nobody_is_left_behind();
}

static void failing_command_tells_its_own_words(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 3);
    with_command(b, "cat >&2 <<X\nvault is sealed\nsecond line\nX\nexit 7");
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_COMMAND], 3);
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "exit code 7: vault is sealed"));
    assert_null(strstr(b->heard.outcomes[0].error.text, "second"));
    assert_int_equal(b->heard.failed_steps[STAGE_OTP], 3);
    free_bench(b);
    nobody_is_left_behind();
}

static void command_without_end_is_killed_with_its_children(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 2);
    with_command(b, "sleep 1000 & sleep 1000");
    b->scenario.challenge.timeout_us = SECOND / 5;
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_COMMAND], 2);
    assert_true(b->heard.outcomes[0].timed_out);
    free_bench(b);
    nobody_is_left_behind();
}

/* The output of a program whose child lives on is complete when the program is. */
static void child_left_behind_holds_nothing_up(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 1);
    with_command(b, "sleep 1000 & echo correct horse");
    run(b);
    assert_int_equal(b->heard.ends[OUTCOME_ENROLLED], 1);
    free_bench(b);
    nobody_is_left_behind();
}

static void remark_of_a_command_tells_no_password(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 1);
    with_command(b, "echo 'no use for F4FD9BA80A5F0042 of user Tr0ub4dor' >&2; exit 1");
    run(b);
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "no use for"));
    assert_null(strstr(b->heard.outcomes[0].error.text, "F4FD9BA80A5F0042"));
    assert_null(strstr(b->heard.outcomes[0].error.text, "Tr0ub4dor"));
    free_bench(b);
    nobody_is_left_behind();
}

static void command_that_never_stops_printing_is_killed(void **state)
{
    (void)state;
    struct bench *b = at_static_sim(50, 1);
    with_command(b, "exec yes");
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_COMMAND], 1);
    free_bench(b);
    nobody_is_left_behind();
}

static void silent_and_missing_commands_are_told(void **state)
{
    (void)state;
    static char missing[] = "/no/such/program";
    static char *argv[1] = {missing};
    struct bench *b = at_static_sim(50, 1);
    with_command(b, "exit 0");
    run(b);
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "printed nothing"));
    free_bench(b);
    b = at_static_sim(50, 2);
    with_command(b, "");
    b->scenario.challenge.command = argv;
    b->scenario.challenge.command_count = 1;
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_COMMAND], 2);
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "/no/such/program"));
    free_bench(b);
    nobody_is_left_behind();
}

/* A page behind a program: the real thing, as somebody with curl would do it. */
static void batches_feed_many_devices(void **state)
{
    (void)state;
    struct bench *b = new_bench(100, 12);
    char script[400];
    at_sim_like(b, (struct sim_config){.listen = "127.0.0.1:0", .otp_cache = 40, .otp_bytes = 8});
    snprintf(script, sizeof script,
             "for i in 1 2 3 4; do curl -s %s | tr -d '\\000' | grep -oE '[0-9A-F]{16}' | tail -1; done",
             b->admin_url);
    with_command(b, script);
    b->scenario.challenge.batch = 4;
    b->scenario.challenge.connections = 1;
    run(b);
    if (b->heard.ends[OUTCOME_ENROLLED] != 12)
        fail_msg("%s", b->heard.outcomes[0].error.text);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_ASKED], 3);
    assert_int_equal(b->heard.otp[OUTCOME_OTP_FETCHED], 12);
    assert_int_equal(b->heard.steps[STAGE_OTP], 12);
    free_bench(b);
    nobody_is_left_behind();
}

/* ---- http ---- */

struct api {
    atomic_uint requests, wrong, number;
    int status;
    bool same; /* the same challenge each time */
};

static void api_answers(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct api *api = user;
    char body[200];
    if (strncmp(request->target, "/admin", 6) != 0) {
        web_answer_text(reply, 404, "");
        return;
    }
    atomic_fetch_add(&api->requests, 1);
    if (strstr(request->head, "Authorization: Bearer t0ken-of-the-api") == NULL ||
        strstr(request->head, "User-Agent: scepstorm/") == NULL || strcmp(request->method, "POST") != 0)
        atomic_fetch_add(&api->wrong, 1);
    unsigned number = api->same ? 7 : atomic_fetch_add(&api->number, 1);
    snprintf(body, sizeof body, "{\"data\": [{\"challenge\": \"Secret-%u\"}], \"said\": \"%.60s\"}", number,
             request->target);
    web_answer_text(reply, api->status, body);
}

/* Where challenges come from; devices enroll elsewhere, and are refused there. */
static struct bench *at_api_like(web_handler handler, struct api *api, double rate, uint64_t count,
                                 struct secret *token)
{
    static char header[] = "Authorization: Bearer {secret}", json[] = "$.data[0].challenge", body[] = "{}";
    static char *headers[] = {header};
    struct bench *b = new_bench(rate, count);
    at_web(b, handler, api);
    snprintf(b->scep_url, sizeof b->scep_url, "http://127.0.0.1:%u/scep", web_port(b->web));
    struct challenge_config *c = &b->scenario.challenge;
    c->source = CHALLENGE_HTTP;
    c->post = true;
    c->headers = headers;
    c->header_count = 1;
    c->body = body;
    c->json = json;
    c->outstanding = 3;
    b->config.secret = token;
    api->status = 200;
    return b;
}

static struct bench *at_api(struct api *api, double rate, uint64_t count, struct secret *token)
{
    return at_api_like(api_answers, api, rate, count, token);
}

static struct secret *api_token(void)
{
    struct secret *token = NULL;
    struct err e = {0};
    CHECK_OK(secret_new(span_of_text("t0ken-of-the-api"), &token, &e), &e);
    return token;
}

static void challenge_of_an_api_is_got_with_its_token(void **state)
{
    (void)state;
    struct api api = {0};
    struct secret *token = api_token();
    struct bench *b = at_api(&api, 100, 5, token);
    run(b);
    assert_int_equal(b->heard.steps[STAGE_OTP], 5);
    assert_int_equal(b->heard.failed_steps[STAGE_OTP], 0);
    assert_true(b->heard.otp[OUTCOME_OTP_FETCHED] > 0);
    assert_string_equal(b->result.otp.source, "http");
    free_bench(b);
    secret_free(token);
}

static void answer_of_an_api_is_no_evidence(void **state)
{
    (void)state;
    struct api api = {0};
    struct secret *token = api_token();
    struct bench *b = at_api(&api, 100, 3, token);
    static char json[] = "$.elsewhere";
    b->scenario.challenge.json = json;
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_ANSWER], 3);
    assert_int_equal(b->heard.evidence_bytes, 0);
    assert_int_equal(atomic_load(&api.wrong), 0);
    free_bench(b);
    api.status = 500;
    b = at_api(&api, 100, 3, token);
    api.status = 503;
    run(b);
    assert_int_equal(b->heard.reasons[REASON_HTTP_STATUS], 3);
    assert_true(b->heard.evidence_bytes > 0);
    assert_null(strstr(b->heard.evidence, "Secret-"));
    free_bench(b);
    secret_free(token);
}

static void api_that_refuses_is_asked_twice(void **state)
{
    (void)state;
    struct api api = {0};
    struct secret *token = api_token();
    static char user[] = "svc";
    struct bench *b = at_api(&api, 300, 20, token);
    b->scenario.challenge.auth = CHALLENGE_AUTH_BASIC;
    b->scenario.challenge.user = user;
    b->config.user = user;
    b->scenario.challenge.header_count = 0;
    api.status = 401;
    run(b);
    assert_int_equal(atomic_load(&api.requests), 2);
    assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 18);
    assert_true(b->result.stopped_early[0] != '\0');
    free_bench(b);
    secret_free(token);
}

static void api_quotes_what_it_was_sent(void *user, const struct web_request *request,
                                        struct web_reply *reply)
{
    struct api *api = user;
    if (strncmp(request->target, "/admin", 6) != 0) {
        web_answer_text(reply, 404, "");
        return;
    }
    atomic_fetch_add(&api->requests, 1);
    web_answer(reply, api->status, "WWW-Authenticate: Bearer error=\"OnlyLetters\"\r\n",
               span_of_text("<p>OnlyLetters and T25seUxldHRlcnM= and onlyletters are wrong</p>"));
}

/* A token without digits looks like a word; it is not told all the same. Nor is it tried three times at once. */
static void token_that_an_api_quotes_is_hidden(void **state)
{
    (void)state;
    static const int codes[] = {401, 403};
    struct secret *token = NULL;
    struct err e = {0};
    CHECK_OK(secret_new(span_of_text("OnlyLetters"), &token, &e), &e);
    for (size_t i = 0; i < 2; i++) {
        struct api api = {0};
        struct bench *b = at_api_like(api_quotes_what_it_was_sent, &api, 300, 8, token);
        api.status = codes[i];
        run(b);
        assert_true(b->heard.evidence_bytes > 0);
        assert_null(strcasestr(b->heard.evidence, "OnlyLetters"));
        assert_null(strcasestr(b->heard.evidence, "T25seUxldHRlcnM="));
        assert_null(strcasestr(b->heard.outcomes[0].error.text, "OnlyLetters"));
        assert_null(strstr(b->heard.asked, "OnlyLetters"));
        assert_non_null(strstr(b->heard.asked, "method: POST\n"));
        assert_non_null(strstr(b->heard.asked, "header: Authorization: Bearer {secret}\n"));
        assert_true(i == 1 || atomic_load(&api.requests) == 2);
        free_bench(b);
    }
    secret_free(token);
}

static void api_that_repeats_itself_is_found_out(void **state)
{
    (void)state;
    struct api api = {.same = true};
    struct secret *token = api_token();
    struct bench *b = at_api(&api, 20, 3, token);
    run(b);
    assert_true(b->heard.otp[OUTCOME_OTP_SENT] <= 1);
    free_bench(b);
    secret_free(token);
}

/* ---- mscep_admin: which scheme ---- */

struct page {
    const char *offers;
    atomic_uint anonymous, basic, ntlm;
};

static void page_wants_a_logon(void *user, const struct web_request *request, struct web_reply *reply)
{
    struct page *page = user;
    char headers[200];
    if (strncmp(request->target, "/admin", 6) != 0) {
        web_answer_text(reply, 404, "");
        return;
    }
    atomic_uint *which = strstr(request->head, "Authorization: Basic") != NULL  ? &page->basic
                         : strstr(request->head, "Authorization: NTLM") != NULL ? &page->ntlm
                                                                                : &page->anonymous;
    atomic_fetch_add(which, 1);
    snprintf(headers, sizeof headers, "WWW-Authenticate: %s\r\n", page->offers);
    web_answer(reply, 401, headers, span_of_text(""));
}

static struct bench *at_page(struct page *page, enum challenge_auth auth, struct secret *password)
{
    struct bench *b = new_bench(300, 10);
    at_web(b, page_wants_a_logon, page);
    b->scenario.challenge.source = CHALLENGE_MSCEP_ADMIN;
    b->scenario.challenge.auth = auth;
    b->config.user = "mdm";
    b->config.secret = password;
    return b;
}

static void page_is_asked_first_which_scheme_it_wants(void **state)
{
    (void)state;
    struct page page = {.offers = "Basic realm=\"ndes\""};
    struct secret *password = api_token();
    struct bench *b = at_page(&page, CHALLENGE_AUTH_ANY, password);
    run(b);
    assert_int_equal(atomic_load(&page.anonymous), 1); /* once for the whole run */
    assert_int_equal(atomic_load(&page.basic), 2);
    assert_int_equal(b->heard.reasons[REASON_OTP_AUTH_REFUSED], 10);
    free_bench(b);
    secret_free(password);
}

static void scheme_that_is_not_offered_is_named(void **state)
{
    (void)state;
    struct page page = {.offers = "Negotiate"};
    struct secret *password = api_token();
    struct bench *b = at_page(&page, CHALLENGE_AUTH_NTLM, password);
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_SCHEME], 10);
    assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 8);
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "NTLM is not offered"));
    assert_non_null(strstr(b->heard.outcomes[0].error.text, "Negotiate"));
    free_bench(b);
    page.offers = "Digest realm=\"x\"";
    b = at_page(&page, CHALLENGE_AUTH_ANY, password);
    run(b);
    assert_int_equal(b->heard.reasons[REASON_OTP_SCHEME], 10);
    assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 8);
    free_bench(b);
    secret_free(password);
}

/* ---- file ---- */

static void file_is_used_up_and_the_rest_is_unsent(void **state)
{
    (void)state;
    char folder[] = "/tmp/scepstorm-test-list-XXXXXX";
    char path[64], journal[64];
    struct err e = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/passwords", folder);
    snprintf(journal, sizeof journal, "%s/journal", folder);
    CHECK_OK(
        file_write(path, span_of_text("AAAAAAAA00000001\nAAAAAAAA00000002\nAAAAAAAA00000003\n"), 0600, &e),
        &e);
    for (unsigned round = 0; round < 2; round++) {
        struct bench *b = at_static_sim(100, 6);
        struct challenge_list *list = NULL;
        b->scenario.challenge.source = CHALLENGE_FILE;
        b->scenario.challenge.file = path;
        b->scenario.challenge.journal = journal;
        CHECK_OK(challenge_list_open(&b->scenario.challenge, &list, &e), &e);
        b->config.passwords = list;
        run(b);
        unsigned sent = round == 0 ? 3 : 0;
        assert_int_equal(b->heard.otp[OUTCOME_OTP_SENT], sent);
        assert_int_equal(b->heard.ends[OUTCOME_FAILED], sent); /* the simulator knows another one */
        assert_int_equal(b->heard.ends[OUTCOME_UNSENT], 6 - sent);
        assert_int_equal(b->heard.reasons[REASON_OTP_EXHAUSTED], 6 - sent);
        challenge_list_close(list);
        free_bench(b);
    }
    unlink(path);
    unlink(journal);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_that_repeats_itself_is_found_out),
        cmocka_unit_test(failing_command_tells_its_own_words),
        cmocka_unit_test(command_without_end_is_killed_with_its_children),
        cmocka_unit_test(child_left_behind_holds_nothing_up),
        cmocka_unit_test(remark_of_a_command_tells_no_password),
        cmocka_unit_test(command_that_never_stops_printing_is_killed),
        cmocka_unit_test(silent_and_missing_commands_are_told),
        cmocka_unit_test(batches_feed_many_devices),
        cmocka_unit_test(challenge_of_an_api_is_got_with_its_token),
        cmocka_unit_test(answer_of_an_api_is_no_evidence),
        cmocka_unit_test(api_that_refuses_is_asked_twice),
        cmocka_unit_test(token_that_an_api_quotes_is_hidden),
        cmocka_unit_test(api_that_repeats_itself_is_found_out),
        cmocka_unit_test(page_is_asked_first_which_scheme_it_wants),
        cmocka_unit_test(scheme_that_is_not_offered_is_named),
        cmocka_unit_test(file_is_used_up_and_the_rest_is_unsent),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
