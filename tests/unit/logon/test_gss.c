// links: sim
/* The logon with the real GSS-API: first as a function, then through sockets, many at once. */
#include "logon/gss.h"

#include "base/text.h"
#include "check.h"
#include "gss_client.h"
#include "logon/nthash.h"
#include "pki/algorithm.h"
#include "sim/sim.h"
#include "talk.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASSWORD "pa:ss w\xc3\xb6rd"
#define ANY      (NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM)
#define PAGE     "/certsrv/mscep_admin/"

/* MIT's library forgets a name when a keytab has no key for it (1.20). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libkrb5.so\n";
}

static struct secret *password;
static struct logon_account known[2];

static struct gss_client *client_of(bool spnego, const char *user, const char *secret)
{
    uint8_t hash[LOGON_NTHASH_BYTES];
    char hex[2 * LOGON_NTHASH_BYTES + 1];
    if (!logon_nthash(span_of_text(secret), hash))
        return NULL;
    text_hex(span_of(hash, sizeof hash), true, hex);
    return gss_client_new(spnego, user, hex);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = {0};
    known[0] = (struct logon_account){.name = "CONTOSO\\mdm"};
    known[1] = (struct logon_account){.name = "guest", .no_enroll = true};
    bool ok = pki_init(&e) && secret_new(span_of_text(PASSWORD), &password, &e);
    known[0].password = known[1].password = password;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    secret_free(password);
    pki_cleanup();
    return 0;
}

struct end {
    struct logon_accounts *accounts;
    struct logon_gss *gss;
};

static struct end open_end(void)
{
    struct end end = {0};
    struct err e = {0};
    assert_true(logon_accounts_new(known, 2, 0, &end.accounts, &e));
    const struct logon_gss_config config = {.schemes = ANY, .accounts = end.accounts};
    if (!logon_gss_new(&config, &end.gss, &e))
        fail_msg("%s", e.text);
    return end;
}

static void close_end(struct end *end)
{
    logon_gss_free(end->gss);
    logon_accounts_free(end->accounts);
}

/* Client and acceptor talk until one of them has enough. */
static enum logon_accept exchange(const struct end *end, enum ndes_scheme scheme, bool spnego,
                                  const char *user, const char *secret, char name[LOGON_ACCOUNT_BYTES])
{
    const struct logon_acceptor *acceptor = logon_gss_acceptor(end->gss);
    struct gss_client *client = client_of(spnego, user, secret);
    assert_non_null(client);
    struct logon_accepted accepted = {0};
    buf_init(&accepted.token, 1 << 16);
    void *context = NULL;
    enum logon_accept result = LOGON_ACCEPT_MORE;
    for (int leg = 0; leg < 8 && result == LOGON_ACCEPT_MORE; leg++) {
        struct buf token;
        buf_init(&token, 1 << 16);
        assert_true(gss_client_step(client, buf_span(&accepted.token), &token));
        buf_reset(&accepted.token);
        result = acceptor->step(acceptor->user, scheme, &context, buf_span(&token), &accepted);
        buf_clear(&token);
    }
    memcpy(name, accepted.name, sizeof accepted.name);
    acceptor->drop(acceptor->user, context);
    buf_clear(&accepted.token);
    gss_client_free(client);
    return result;
}

static void passwords_decide(void **state)
{
    (void)state;
    static const struct {
        enum ndes_scheme scheme;
        bool spnego;
        const char *user, *secret, *name; /* NULL: refused */
    } cases[] = {
        {NDES_SCHEME_NTLM, false, "CONTOSO\\mdm", PASSWORD, "CONTOSO\\mdm"},
        {NDES_SCHEME_NEGOTIATE, true, "CONTOSO\\mdm", PASSWORD, "CONTOSO\\mdm"},
        {NDES_SCHEME_NEGOTIATE, false, "CONTOSO\\mdm", PASSWORD, "CONTOSO\\mdm"}, /* as Windows clients do */
        {NDES_SCHEME_NTLM, false, "contoso\\MDM", PASSWORD, "contoso\\MDM"},
        {NDES_SCHEME_NTLM, false, "LAB\\guest", PASSWORD, "LAB\\guest"}, /* an account without a domain */
        {NDES_SCHEME_NTLM, false, "CONTOSO\\mdm", "wrong", NULL},
        {NDES_SCHEME_NTLM, false, "CONTOSO\\mdm", "", NULL},
        {NDES_SCHEME_NTLM, false, "LAB\\mdm", PASSWORD, "LAB\\mdm"}, /* the logon looks at the domain */
        {NDES_SCHEME_NTLM, false, "CONTOSO\\nobody", PASSWORD, NULL},
        {NDES_SCHEME_NEGOTIATE, true, "CONTOSO\\mdm", "wrong", NULL},
        {NDES_SCHEME_NTLM, true, "CONTOSO\\mdm", PASSWORD, NULL}, /* SPNEGO does not belong there */
    };
    struct end end = open_end();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[LOGON_ACCOUNT_BYTES];
        enum logon_accept result =
            exchange(&end, cases[i].scheme, cases[i].spnego, cases[i].user, cases[i].secret, name);
        if ((result == LOGON_ACCEPT_DONE) != (cases[i].name != NULL))
            fail_msg("case %zu: %d", i, (int)result);
        if (cases[i].name != NULL)
            assert_string_equal(name, cases[i].name);
    }
    close_end(&end);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const tokens[] = {"x", "NTLMSSP", "\x60\x82", "NTLMSSP\1\3"};
    struct end end = open_end();
    const struct logon_acceptor *acceptor = logon_gss_acceptor(end.gss);
    for (size_t i = 0; i < 2 * sizeof tokens / sizeof *tokens; i++) {
        struct logon_accepted accepted = {0};
        buf_init(&accepted.token, 1 << 16);
        void *context = NULL;
        enum ndes_scheme scheme = i % 2 == 0 ? NDES_SCHEME_NTLM : NDES_SCHEME_NEGOTIATE;
        assert_int_equal(
            acceptor->step(acceptor->user, scheme, &context, span_of_text(tokens[i / 2]), &accepted),
            LOGON_ACCEPT_REFUSED);
        acceptor->drop(acceptor->user, context);
        buf_clear(&accepted.token);
    }
    close_end(&end);
}

static void unusable_keytabs_are_named(void **state)
{
    (void)state;
    static const char *const keytabs[] = {"/nonexistent/http.keytab", "/dev/null"};
    struct logon_accounts *accounts = NULL;
    struct err setup = {0};
    assert_true(logon_accounts_new(known, 1, 0, &accounts, &setup));
    for (size_t i = 0; i < 2; i++) {
        const struct logon_gss_config config = {
            .schemes = NDES_SCHEME_NEGOTIATE, .accounts = accounts, .keytab = keytabs[i]};
        struct logon_gss *gss = NULL;
        struct err e = {0};
        assert_false(logon_gss_new(&config, &gss, &e));
        assert_int_equal(e.reason, REASON_USAGE);
        assert_non_null(strstr(e.text, keytabs[i]));
    }
    logon_accounts_free(accounts);
}

/* One request on an open connection; the answer's head and body, read by its Content-Length. */
static bool ask(int fd, const char *authorization, struct buf *reply)
{
    char head[8192];
    int len = snprintf(head, sizeof head, "GET " PAGE " HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
                       authorization != NULL ? "Authorization: " : "",
                       authorization != NULL ? authorization : "", authorization != NULL ? "\r\n" : "");
    if (len < 0 || (size_t)len >= sizeof head || send(fd, head, (size_t)len, MSG_NOSIGNAL) != len)
        return false;
    buf_reset(reply);
    for (;;) {
        const char *text = buf_text(reply);
        const char *body = text != NULL ? strstr(text, "\r\n\r\n") : NULL;
        const char *length = text != NULL ? strstr(text, "Content-Length: ") : NULL;
        if (body != NULL && length != NULL &&
            reply->len >= (size_t)(body - text) + 4 + strtoull(length + 16, NULL, 10))
            return true;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint8_t *room = buf_reserve(reply, 4096);
        ssize_t got = room != NULL && poll(&wait, 1, 30000) == 1 ? recv(fd, room, 4096, 0) : 0;
        if (got <= 0)
            return false;
        reply->len += (size_t)got;
    }
}

/* The token of "WWW-Authenticate: NTLM ..."; empty when there is none. */
static void token_of(struct buf *reply, const char *scheme, struct buf *out)
{
    char start[64];
    struct err ignored = {0};
    snprintf(start, sizeof start, "WWW-Authenticate: %s ", scheme);
    const char *at = strstr(buf_text(reply), start);
    buf_reset(out);
    if (at != NULL)
        assert_true(
            text_unbase64(span_of(at + strlen(start), strcspn(at + strlen(start), "\r")), out, &ignored));
}

/* Logs on; returns the last status. 0: no connection. */
static int log_on(int fd, const char *scheme, const char *user, const char *secret, struct buf *reply)
{
    struct gss_client *client = client_of(strcmp(scheme, "NTLM") != 0, user, secret);
    struct buf token, header, answer;
    buf_init(&token, 1 << 16);
    buf_init(&answer, 1 << 16);
    int status = 0;
    for (int leg = 0; leg < 4 && client != NULL; leg++) {
        buf_reset(&token);
        if (!gss_client_step(client, buf_span(&answer), &token) || token.len == 0)
            break;
        buf_init(&header, 1 << 16);
        buf_appendf(&header, "%s ", scheme);
        text_base64(buf_span(&token), &header);
        bool answered = ask(fd, buf_text(&header), reply);
        buf_clear(&header);
        status = answered ? talk_status(reply) : 0;
        token_of(reply, scheme, &answer);
        if (status != 401 || answer.len == 0)
            break;
    }
    gss_client_free(client);
    buf_clear(&token);
    buf_clear(&answer);
    return status;
}

static bool page_says(struct buf *reply, const char *what)
{
    struct buf text = fresh_buf();
    bool found = text_to_utf8(talk_body(reply), &text) && strstr(buf_text(&text), what) != NULL;
    buf_clear(&text);
    return found;
}

static _Atomic int64_t now_us = INT64_C(1780000000) * 1000000; /* the simulator has threads of its own */

static int64_t virtual_now(void)
{
    return now_us;
}

static struct sim *start(unsigned cache, unsigned lock_after, bool fixed)
{
    const struct sim_config config = {.listen = "127.0.0.1:0",
                                      .schemes = ANY,
                                      .accounts = known,
                                      .account_count = 2,
                                      .lock_after = lock_after,
                                      .otp_cache = cache,
                                      .otp_static = fixed,
                                      .now_us = virtual_now,
                                      .threads = 4};
    struct sim *sim = NULL;
    struct err e = {0};
    if (!sim_start(&config, &sim, &e))
        fail_msg("%s", e.text);
    return sim;
}

static void connection_stays_logged_on_until_a_restart(void **state)
{
    (void)state;
    struct sim *sim = start(5, 0, false);
    unsigned port = talk_port(sim_url(sim));
    struct buf reply = fresh_buf(), restarted = fresh_buf();
    int fd = talk_connect(port);
    assert_true(ask(fd, NULL, &reply));
    assert_int_equal(talk_status(&reply), 401);
    assert_non_null(strstr(buf_text(&reply), "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n"));
    assert_int_equal(log_on(fd, "NTLM", "CONTOSO\\mdm", PASSWORD, &reply), 200);
    for (int i = 0; i < 4; i++) {
        assert_true(page_says(&reply, "challenge password is"));
        assert_true(ask(fd, NULL, &reply));
        assert_int_equal(talk_status(&reply), 200);
    }
    assert_true(ask(fd, NULL, &reply));
    assert_true(page_says(&reply, "cache is full"));
    now_us += INT64_C(3600) * 1000000; /* until the first ones have expired */
    assert_true(ask(fd, NULL, &reply));
    assert_true(page_says(&reply, "challenge password is"));
    assert_true(talk_post(port, "/scepstorm/admin/restart", span_of(NULL, 0), &restarted));
    assert_int_equal(talk_status(&restarted), 200);
    assert_true(ask(fd, NULL, &reply));
    assert_int_equal(talk_status(&reply), 401);
    close(fd);
    buf_clear(&reply);
    buf_clear(&restarted);
    sim_stop(sim);
}

static void who_lacks_enroll_is_told_so(void **state)
{
    (void)state;
    struct sim *sim = start(5, 0, false);
    struct buf reply = fresh_buf();
    int fd = talk_connect(talk_port(sim_url(sim)));
    assert_int_equal(log_on(fd, "Negotiate", "guest", PASSWORD, &reply), 200);
    assert_true(page_says(&reply, "sufficient permission"));
    close(fd);
    buf_clear(&reply);
    sim_stop(sim);
}

static void static_password_is_the_same_after_a_restart(void **state)
{
    (void)state;
    struct sim *sim = start(5, 0, true);
    unsigned port = talk_port(sim_url(sim));
    struct buf first = fresh_buf(), second = fresh_buf(), restarted = fresh_buf();
    for (int i = 0; i < 2; i++) {
        int fd = talk_connect(port);
        assert_int_equal(log_on(fd, "NTLM", "CONTOSO\\mdm", PASSWORD, i == 0 ? &first : &second), 200);
        close(fd);
        assert_true(talk_post(port, "/scepstorm/admin/restart", span_of(NULL, 0), &restarted));
        buf_reset(&restarted);
    }
    assert_true(page_says(&first, "challenge password is"));
    assert_false(page_says(&first, "only once"));
    assert_true(span_equal(talk_body(&first), talk_body(&second)));
    buf_clear(&first);
    buf_clear(&second);
    buf_clear(&restarted);
    sim_stop(sim);
}

static void locked_account_stays_out_with_the_right_password(void **state)
{
    (void)state;
    struct sim *sim = start(5, 3, false);
    struct buf reply = fresh_buf();
    for (int i = 0; i < 4; i++) {
        int fd = talk_connect(talk_port(sim_url(sim)));
        assert_int_equal(
            log_on(fd, i % 2 == 0 ? "NTLM" : "Negotiate", "CONTOSO\\mdm", i < 3 ? "wrong" : PASSWORD, &reply),
            401);
        close(fd);
    }
    buf_clear(&reply);
    sim_stop(sim);
}

#define CROWD 50

struct member {
    unsigned port;
    int index;
    int status; /* of the last logon; -1: a wrong one was let in */
};

static void *take_part(void *user)
{
    struct member *m = user;
    struct buf reply = fresh_buf();
    const char *scheme = m->index % 2 == 0 ? "NTLM" : "Negotiate";
    int fd = talk_connect(m->port);
    int wrong = log_on(fd, scheme, "CONTOSO\\mdm", "wrong", &reply);
    m->status = wrong == 401 ? log_on(fd, scheme, "CONTOSO\\mdm", PASSWORD, &reply) : -1;
    if (m->status == 200 && (!ask(fd, NULL, &reply) || !page_says(&reply, "challenge password is")))
        m->status = -2;
    if (m->index % 3 == 0) { /* some leave in the middle */
        struct buf half = fresh_buf();
        ask(fd, "NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=", &half);
        buf_clear(&half);
    }
    close(fd);
    buf_clear(&reply);
    return NULL;
}

static void many_log_on_at_once(void **state)
{
    (void)state;
    struct sim *sim = start(1000, 0, false);
    struct member members[CROWD];
    pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++) {
        members[i] = (struct member){.port = talk_port(sim_url(sim)), .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, take_part, &members[i]), 0);
    }
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(members[i].status, 200);
    sim_stop(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_decide),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(unusable_keytabs_are_named),
        cmocka_unit_test(connection_stays_logged_on_until_a_restart),
        cmocka_unit_test(who_lacks_enroll_is_told_so),
        cmocka_unit_test(static_password_is_the_same_after_a_restart),
        cmocka_unit_test(locked_account_stays_out_with_the_right_password),
        cmocka_unit_test(many_log_on_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
