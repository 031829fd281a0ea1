/* The logon as a state machine: no socket, no GSS-API. */
#include "logon/logon.h"

#include "base/text.h"
#include "fake_acceptor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ANY (NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM)

struct bench {
    struct logon_accounts *accounts;
    struct logon *logon;
    struct secret *password;
    struct ndes_effects effects;
    struct ndes_reply reply; /* the last one */
};

static struct bench *make(unsigned schemes, unsigned lock_after)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err e = {0};
    assert_true(secret_new(span_of_text("secret"), &b->password, &e));
    const struct logon_account accounts[] = {{.name = "CONTOSO\\mdm", .password = b->password},
                                             {.name = "guest", .password = b->password, .no_enroll = true}};
    assert_true(logon_accounts_new(accounts, 2, lock_after, &b->accounts, &e));
    const struct logon_config config = {
        .schemes = schemes, .accounts = b->accounts, .acceptor = &fake_acceptor};
    assert_true(logon_new(&config, &b->logon, &e));
    fake_open = 0;
    return b;
}

static void drop(struct bench *b)
{
    assert_int_equal(fake_open, 0);
    logon_free(b->logon);
    logon_accounts_free(b->accounts);
    secret_free(b->password);
    free(b);
}

static enum logon_verdict ask(struct bench *b, void **session, const char *authorization)
{
    const struct ndes_request request = {.method = "GET", .authorization = authorization, .session = session};
    ndes_reply_init(&b->reply);
    return logon_check(b->logon, &request, &b->effects, &b->reply);
}

/* "NTLM " and a token that is written as text. */
static enum logon_verdict show(struct bench *b, void **session, const char *scheme, struct span token)
{
    struct buf header;
    buf_init(&header, 1 << 20);
    buf_appendf(&header, "%s ", scheme);
    text_base64(token, &header);
    enum logon_verdict verdict = ask(b, session, buf_text(&header));
    buf_clear(&header);
    return verdict;
}

static enum logon_verdict say(struct bench *b, void **session, const char *scheme, const char *token)
{
    return show(b, session, scheme, span_of_text(token));
}

static void legs_are_answered_as_iis_does(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    assert_int_equal(ask(b, &session, NULL), LOGON_REFUSED);
    assert_string_equal(b->reply.authenticate, "Negotiate\nNTLM");
    assert_int_equal(b->reply.substatus, 2);
    assert_int_equal(b->reply.win32, 5);
    assert_int_equal(say(b, &session, "NTLM", "more"), LOGON_CONTINUE);
    assert_string_equal(b->reply.authenticate, "NTLM bmV4dA==");
    assert_int_equal(b->reply.substatus, 1);
    assert_int_equal(b->reply.win32, UINT32_C(2148074254));
    assert_int_equal(say(b, &session, "ntlm", "who CONTOSO\\mdm"), LOGON_WELCOME);
    assert_string_equal(b->reply.authenticate, "");
    assert_int_equal(ask(b, &session, NULL), LOGON_WELCOME); /* the connection stays logged on */
    void *other = NULL;
    assert_int_equal(ask(b, &other, NULL), LOGON_REFUSED);
    logon_forget(b->logon, session);
    logon_forget(b->logon, other);
    drop(b);
}

static void schemes_are_announced_as_configured(void **state)
{
    (void)state;
    static const struct {
        unsigned schemes;
        const char *lines;
    } cases[] = {{NDES_SCHEME_NTLM, "NTLM"},
                 {NDES_SCHEME_NEGOTIATE, "Negotiate"},
                 {NDES_SCHEME_BASIC, "Basic realm=\"NDES\""},
                 {ANY | NDES_SCHEME_BASIC, "Negotiate\nNTLM\nBasic realm=\"NDES\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *b = make(cases[i].schemes, 0);
        assert_int_equal(ask(b, NULL, NULL), LOGON_REFUSED);
        assert_string_equal(b->reply.authenticate, cases[i].lines);
        drop(b);
    }
    struct bench *b = make(0, 0);
    assert_int_equal(ask(b, NULL, NULL), LOGON_WELCOME);
    drop(b);
}

static void basic_is_off_by_default(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    assert_int_equal(say(b, &session, "Basic", "CONTOSO\\mdm:secret"), LOGON_REFUSED);
    assert_string_equal(b->reply.authenticate, "Negotiate\nNTLM");
    assert_int_equal(b->reply.substatus, 2);
    logon_forget(b->logon, session);
    drop(b);
}

static void basic_wants_the_exact_password(void **state)
{
    (void)state;
    static const struct {
        const char *pair;
        enum logon_verdict verdict;
    } cases[] = {
        {"CONTOSO\\mdm:secret", LOGON_WELCOME}, {"contoso\\MDM:secret", LOGON_WELCOME},
        {"mdm:secret", LOGON_WELCOME},          {"guest:secret", LOGON_NO_ENROLL},
        {"mdm:Secret", LOGON_REFUSED},          {"mdm:", LOGON_REFUSED},
        {"LAB\\mdm:secret", LOGON_REFUSED},     {"nobody:secret", LOGON_REFUSED},
    };
    struct bench *b = make(NDES_SCHEME_BASIC, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *session = NULL;
        assert_int_equal(say(b, &session, "Basic", cases[i].pair), cases[i].verdict);
        assert_int_equal(b->reply.win32, cases[i].verdict == LOGON_REFUSED ? 1326 : 0);
        assert_int_equal(ask(b, &session, NULL), LOGON_REFUSED); /* each request shows it */
        logon_forget(b->logon, session);
    }
    drop(b);
}

static void malformed_headers_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",         " ",           "NTLM",        "NTLM ",        "NTLM !!!!",
        "NTLM bW9", "Negotiate =", "Bearer bW9y", "NTLMbW9yZQ==", "Negotiate"};
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        assert_int_equal(ask(b, &session, headers[i]), LOGON_REFUSED);
        assert_string_equal(b->reply.authenticate, "Negotiate\nNTLM");
    }
    uint8_t big[70000] = "more";
    assert_int_equal(show(b, &session, "NTLM", span_of(big, sizeof big)), LOGON_REFUSED);
    assert_int_equal(show(b, &session, "NTLM", span_of(big, 65536)), LOGON_CONTINUE);
    assert_int_equal(say(b, NULL, "NTLM", "more"), LOGON_REFUSED); /* nothing to remember it by */
    logon_forget(b->logon, session);
    drop(b);
}

static void half_done_exchanges_are_dropped(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    assert_int_equal(say(b, &session, "NTLM", "more"), LOGON_CONTINUE);
    assert_int_equal(fake_open, 1);
    assert_int_equal(ask(b, &session, NULL), LOGON_REFUSED);
    assert_int_equal(fake_open, 0);
    assert_int_equal(say(b, &session, "NTLM", "more"), LOGON_CONTINUE);
    assert_int_equal(say(b, &session, "Negotiate", "more"), LOGON_CONTINUE);
    assert_int_equal(fake_open, 1);
    assert_int_equal(say(b, &session, "Negotiate", "wrong"), LOGON_REFUSED);
    assert_int_equal(fake_open, 0);
    assert_int_equal(say(b, &session, "NTLM", "more"), LOGON_CONTINUE);
    logon_forget(b->logon, session); /* the connection closes in the middle */
    drop(b);
}

static void endless_exchanges_end(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    int legs = 0;
    while (say(b, &session, "NTLM", "more") == LOGON_CONTINUE)
        assert_true(++legs < 20);
    assert_int_equal(fake_open, 0);
    logon_forget(b->logon, session);
    drop(b);
}

static void new_logon_replaces_the_old_one(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    assert_int_equal(say(b, &session, "NTLM", "who mdm"), LOGON_WELCOME);
    assert_int_equal(say(b, &session, "NTLM", "who guest"), LOGON_NO_ENROLL);
    assert_int_equal(ask(b, &session, NULL), LOGON_NO_ENROLL);
    assert_int_equal(say(b, &session, "NTLM", "wrong"), LOGON_REFUSED);
    assert_int_equal(ask(b, &session, NULL), LOGON_REFUSED);
    assert_int_equal(say(b, &session, "NTLM", "who LAB\\mdm"), LOGON_REFUSED); /* not his domain */
    assert_int_equal(say(b, &session, "Negotiate", "who stranger@CONTOSO.EXAMPLE"), LOGON_WELCOME);
    logon_forget(b->logon, session);
    drop(b);
}

static void restart_logs_everybody_off(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *known = NULL, *halfway = NULL;
    assert_int_equal(say(b, &known, "NTLM", "who mdm"), LOGON_WELCOME);
    assert_int_equal(say(b, &halfway, "NTLM", "more"), LOGON_CONTINUE);
    logon_restart(b->logon);
    assert_int_equal(ask(b, &known, NULL), LOGON_REFUSED);
    assert_int_equal(say(b, &halfway, "NTLM", "wrong"), LOGON_REFUSED);
    assert_int_equal(fake_open, 0);
    logon_forget(b->logon, known);
    logon_forget(b->logon, halfway);
    drop(b);
}

/* The fields of an AUTHENTICATE message that a refusal is counted by: it names mdm. */
static struct span wrong_password(void)
{
    static uint8_t message[67] = "NTLMSSP\0\3";
    message[36] = message[38] = 3;
    message[40] = 64;
    memcpy(message + 64, "mdm", 3);
    return span_of(message, sizeof message);
}

static void wrong_passwords_lock_the_account(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 2);
    void *session = NULL;
    assert_int_equal(show(b, &session, "NTLM", wrong_password()), LOGON_REFUSED);
    assert_int_equal(b->reply.win32, 1326);
    assert_int_equal(show(b, &session, "NTLM", wrong_password()), LOGON_REFUSED);
    assert_int_equal(say(b, &session, "NTLM", "who mdm"), LOGON_REFUSED);
    assert_int_equal(b->reply.win32, 1909);
    assert_int_equal(say(b, &session, "NTLM", "who guest"), LOGON_NO_ENROLL);
    logon_forget(b->logon, session);
    drop(b);
}

static void a_bad_ticket_blames_no_account(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 1);
    void *session = NULL;
    assert_int_equal(say(b, &session, "Negotiate", "a ticket"), LOGON_REFUSED);
    assert_int_equal(b->reply.win32, UINT32_C(2148074252));
    assert_int_equal(say(b, &session, "Negotiate", "who mdm"), LOGON_WELCOME);
    logon_forget(b->logon, session);
    drop(b);
}

static void faults_change_the_logon(void **state)
{
    (void)state;
    struct bench *b = make(ANY, 0);
    void *session = NULL;
    b->effects.logon_status = NDES_LOGON_PASSWORD_EXPIRED;
    assert_int_equal(say(b, &session, "NTLM", "more"), LOGON_CONTINUE); /* after a complete exchange only */
    assert_int_equal(say(b, &session, "NTLM", "who mdm"), LOGON_REFUSED);
    assert_int_equal(b->reply.win32, 1330);
    assert_int_equal(ask(b, &session, NULL), LOGON_REFUSED);
    b->effects = (struct ndes_effects){.schemes = NDES_SCHEME_BASIC};
    assert_int_equal(say(b, &session, "NTLM", "who mdm"), LOGON_REFUSED);
    assert_string_equal(b->reply.authenticate, "Basic realm=\"NDES\"");
    assert_int_equal(b->reply.win32, 5);
    b->effects = (struct ndes_effects){.kerberos_broken = true};
    assert_int_equal(say(b, &session, "Negotiate", "who mdm"), LOGON_REFUSED);
    assert_int_equal(b->reply.win32, UINT32_C(2148074252));
    assert_int_equal(say(b, &session, "NTLM", "who mdm"), LOGON_WELCOME);
    logon_forget(b->logon, session);
    drop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legs_are_answered_as_iis_does),
        cmocka_unit_test(schemes_are_announced_as_configured),
        cmocka_unit_test(basic_is_off_by_default),
        cmocka_unit_test(basic_wants_the_exact_password),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(half_done_exchanges_are_dropped),
        cmocka_unit_test(endless_exchanges_end),
        cmocka_unit_test(new_logon_replaces_the_old_one),
        cmocka_unit_test(restart_logs_everybody_off),
        cmocka_unit_test(wrong_passwords_lock_the_account),
        cmocka_unit_test(a_bad_ticket_blames_no_account),
        cmocka_unit_test(faults_change_the_logon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
