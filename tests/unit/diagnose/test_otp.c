#include "diagnose/parts.h"
#include "run_facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1780000000 /* 2026-05-28 */
#define IIS "Microsoft-IIS/10.0"

static struct measure *m;
static struct outcome_sink sink;
static struct outcome_target target;
static struct outcome_otp otp;
static struct diagnose_list list;

static int set_up(void **state)
{
    (void)state;
    target = (struct outcome_target){.bare_url_status = 200};
    otp = (struct outcome_otp){.source = "mscep_admin"};
    list = (struct diagnose_list){0};
    if (!measure_new(&m, NULL))
        return -1;
    sink = measure_sink(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    diagnose_clear(&list);
    measure_free(m);
    return 0;
}

static void diagnose(void)
{
    struct err e = {0};
    diagnose_clear(&list);
    assert_true(diagnose_run(m, &target, &otp, NOW, &list, &e));
}

static const struct diagnosis *entry(const char *id)
{
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.items[i].cause->id, id) == 0)
            return &list.items[i];
    }
    return NULL;
}

static bool says(const struct diagnosis *d, const char *words)
{
    for (size_t i = 0; d != NULL && i < d->evidence_count; i++) {
        if (strstr(d->evidence[i], words) != NULL)
            return true;
    }
    return false;
}

static bool resembles(const struct diagnosis *d, const char *id)
{
    for (size_t i = 0; i < d->look_alike_count; i++) {
        if (strcmp(d->look_alikes[i], id) == 0)
            return true;
    }
    return false;
}

/* ---- one refusal, one cause ---- */

struct row {
    const char *what;
    enum reason reason;
    int status;
    enum outcome_body body;
    const char *server, *text, *headers, *scheme;
    const char *first; /* NULL: no cause */
    double at_least;
    const char *look_alike; /* of the first; NULL: not asked */
};

#define OFFERS_WINDOWS "WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\n"

static const struct row rows[] = {
    {"NTLM refused", REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS, "", OFFERS_WINDOWS, "ntlm",
     "otp-auth-failed", 0.35, "otp-account-locked"},
    {"Basic refused", REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS, "",
     "WWW-Authenticate: Basic realm=\"h\"\n", "basic", "otp-auth-failed", 0.35, "otp-account-disabled"},
    {"Basic, not offered", REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS, "", OFFERS_WINDOWS, "basic",
     "otp-auth-scheme-mismatch", 0.7, "otp-auth-failed"},
    {"NTLM, not offered", REASON_HTTP_STATUS, 401, OUTCOME_BODY_IIS, IIS, "", "www-authenticate: Negotiate\n",
     "ntlm", "otp-auth-scheme-mismatch", 0.7, "otp-auth-failed"},
    {"no scheme in common", REASON_OTP_SCHEME, 401, OUTCOME_BODY_IIS, IIS, "", OFFERS_WINDOWS, NULL,
     "otp-auth-scheme-mismatch", 0.9, NULL},
    {"ticket refused", REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS, "", OFFERS_WINDOWS, "negotiate",
     "otp-kerberos-spn", 0.7, "otp-auth-failed"},
    {"no such SPN", REASON_OTP_TICKET, 401, OUTCOME_BODY_NONE, "",
     "no ticket for HTTP@h: Server not found in Kerberos database", "", "negotiate", "otp-kerberos-spn", 0.85,
     NULL},
    {"clocks apart", REASON_OTP_TICKET, 0, OUTCOME_BODY_NONE, "", "Clock skew too great", "", "negotiate",
     "clock-skew", 0.9, NULL},
    {"KDC refuses", REASON_OTP_TICKET, 0, OUTCOME_BODY_NONE, "", "Preauthentication failed", "", "negotiate",
     "otp-auth-failed", 0.85, NULL},
    {"KDC: expired", REASON_OTP_TICKET, 0, OUTCOME_BODY_NONE, "", "Password has expired", "", "negotiate",
     "otp-account-password-expired", 0.6, "otp-account-disabled"},
    {"KDC: revoked", REASON_OTP_TICKET, 0, OUTCOME_BODY_NONE, "", "Client's credentials have been revoked",
     "", "negotiate", "otp-account-disabled", 0.4, "otp-account-locked"},
    {"KDC refuses, told so", REASON_OTP_AUTH_REFUSED, 0, OUTCOME_BODY_NONE, "",
     "Kerberos, mdm@EXAMPLE.TEST: Preauthentication failed", "", NULL, "otp-auth-failed", 0.85, NULL},
    {"no KDC: our side", REASON_OTP_TICKET, 0, OUTCOME_BODY_NONE, "", "Cannot contact any KDC for realm", "",
     "negotiate", NULL, 0, NULL},
    {"command failed: our side", REASON_OTP_COMMAND, 0, OUTCOME_BODY_NONE, "", "exit status 1", "", NULL,
     NULL, 0, NULL},
    {"odd answer: our side", REASON_OTP_ANSWER, 200, OUTCOME_BODY_TEXT, "jamf", "", "", NULL, NULL, 0, NULL},
    {"file used up: our side", REASON_OTP_EXHAUSTED, 0, OUTCOME_BODY_NONE, "", "", "", NULL, NULL, 0, NULL},
    {"may not enroll", REASON_OTP_NO_PERMISSION, 200, OUTCOME_BODY_NDES_PAGE, IIS, "", "", "ntlm",
     "template-permission-denied", 0.4, "otp-insufficient-permission"},
    {"blank", REASON_OTP_PAGE_BLANK, 200, OUTCOME_BODY_EMPTY, IIS, "", "", "ntlm", "otp-page-blank", 0.6,
     NULL},
    {"unknown", REASON_OTP_PAGE_UNKNOWN, 200, OUTCOME_BODY_HTML, "nginx", "", "", "ntlm", "otp-page-blank",
     0.6, NULL},
    {"a form", REASON_OTP_LOGIN_PAGE, 200, OUTCOME_BODY_HTML, "", "a login page: \"Sign in\"", "", "ntlm",
     "app-proxy-preauth-enabled", 0.8, NULL},
    {"led to a form", REASON_REDIRECTED, 302, OUTCOME_BODY_HTML, "",
     "HTTP 302 to https://login.microsoftonline.com/x", "", "ntlm", "app-proxy-preauth-enabled", 0.8, NULL},
    {"led elsewhere", REASON_REDIRECTED, 302, OUTCOME_BODY_HTML, "", "HTTP 302 to https://other.test/", "",
     "ntlm", "app-proxy-preauth-enabled", 0.3, "wrong-scep-url"},
    {"kernel's page with 200", REASON_OTP_PAGE_UNKNOWN, 200, OUTCOME_BODY_HTTPSYS, "Microsoft-HTTPAPI/2.0",
     "", "", "ntlm", "otp-endpoint-503", 0.3, "app-pool-stopped"},
    {"IIS's page with 200", REASON_OTP_PAGE_UNKNOWN, 200, OUTCOME_BODY_IIS, IIS, "", "", "ntlm",
     "otp-page-blank", 0.3, "ra-cert-expired"},
    {"IIS fails", REASON_HTTP_STATUS, 500, OUTCOME_BODY_IIS, IIS, "", "", "ntlm", "ra-cert-expired", 0.1,
     NULL},
    {"kernel: 503", REASON_HTTP_STATUS, 503, OUTCOME_BODY_HTTPSYS, "Microsoft-HTTPAPI/2.0", "", "", "ntlm",
     "service-account-password-expired", 0.17, "otp-endpoint-503"},
};

static struct outcome outcome_of(const struct row *row)
{
    struct outcome o = fact_failure(0, 0, STAGE_OTP, row->reason);
    o.http_status = row->status;
    o.body = row->body;
    snprintf(o.server, sizeof o.server, "%s", row->server);
    snprintf(o.error.text, sizeof o.error.text, "%s", row->text);
    return o;
}

static void check_row(const struct row *row)
{
    struct outcome o = outcome_of(row);
    o.exemplar.headers = span_of_text(row->headers);
    otp.scheme = row->scheme;
    fact_repeat(&sink, o, 3);
    diagnose();
    if (row->first == NULL && list.count > 0)
        fail_msg("%s: %s", row->what, list.items[0].cause->id);
    if (row->first == NULL)
        return;
    if (list.count == 0 || strcmp(list.items[0].cause->id, row->first) != 0)
        fail_msg("%s: %s", row->what, list.count == 0 ? "nothing" : list.items[0].cause->id);
    if (list.items[0].confidence < row->at_least)
        fail_msg("%s: %.2f sure", row->what, list.items[0].confidence);
    if (row->look_alike != NULL && !resembles(&list.items[0], row->look_alike))
        fail_msg("%s: does not name %s", row->what, row->look_alike);
}

static void refusals_have_names(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(set_up(state), 0);
        check_row(&rows[i]);
        tear_down(state);
    }
}

/* A vendor's API that answers 404 says nothing about NDES. */
static void other_sources_blame_nobody_at_ndes(void **state)
{
    static const int statuses[] = {401, 403, 404, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const struct row row = {
            "", REASON_HTTP_STATUS, statuses[i], OUTCOME_BODY_IIS, IIS, "", "", NULL, NULL, 0, NULL};
        assert_int_equal(set_up(state), 0);
        otp.source = "http";
        struct outcome o = outcome_of(&row);
        fact_tell(&sink, &o);
        diagnose();
        assert_int_equal(list.count, 0);
        tear_down(state);
    }
}

static void a_refused_ticket_with_clocks_apart_is_the_clocks(void **state)
{
    (void)state;
    const struct row row = {"",  REASON_OTP_AUTH_REFUSED, 401, OUTCOME_BODY_IIS, IIS, "", "", NULL, NULL, 0,
                            NULL};
    struct outcome o = outcome_of(&row);
    otp.scheme = "negotiate";
    target.has_date_skew = true;
    target.date_skew_s = 900;
    fact_tell(&sink, &o);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "clock-skew");
    assert_true(says(entry("otp-kerberos-spn"), "a ticket was granted"));
}

/* ---- who filled the cache ---- */

static void event(enum outcome_otp_kind kind, int64_t at_us, unsigned held)
{
    const struct outcome_otp_event one = {.kind = kind, .at_us = at_us, .took_us = 1000, .held = held};
    sink.otp(sink.user, &one);
}

static void full_with(unsigned held)
{
    struct outcome o = fact_failure(100, 0, STAGE_OTP, REASON_OTP_CACHE_FULL);
    for (unsigned i = 1; i <= held; i++)
        event(OUTCOME_OTP_ASKED, i, i);
    for (unsigned i = 1; i <= held; i++)
        event(OUTCOME_OTP_FETCHED, 10, held);
    event(OUTCOME_OTP_ASKED, 20, held + 1);
    event(OUTCOME_OTP_CACHE_FULL, 30, held);
    fact_tell(&sink, &o);
    diagnose();
    assert_string_equal(list.items[0].cause->id, "otp-cache-full");
}

static void our_own_budget_filled_it(void **state)
{
    (void)state;
    otp.limit = 10;
    otp.page_cache = 5;
    full_with(5);
    assert_true(says(&list.items[0], "the cache has 5 places (so the page); this run held 5"));
    assert_true(says(&list.items[0], "challenge.outstanding is 10, set it to 5 at most"));
    assert_non_null(entry("mdm-otp-bottleneck"));
}

static void somebody_else_filled_it(void **state)
{
    (void)state;
    otp.limit = 3;
    full_with(2);
    for (unsigned i = 0; i < 2; i++)
        event(OUTCOME_OTP_SENT, 40, 2);
    diagnose();
    assert_true(says(&list.items[0], "the default, the page does not say"));
    assert_true(says(&list.items[0], "hold at least 3 places"));
    assert_null(entry("mdm-otp-bottleneck"));
}

/* Three devices failed with their passwords unsent: what they held is still held, by the server. */
static void lost_passwords_filled_it(void **state)
{
    (void)state;
    otp.limit = 3;
    for (unsigned i = 0; i < 3; i++) {
        event(OUTCOME_OTP_ASKED, 1, 1);
        event(OUTCOME_OTP_FETCHED, 2, 1);
        event(OUTCOME_OTP_BURNT, 3, 0);
    }
    full_with(2);
    for (unsigned i = 0; i < 2; i++)
        event(OUTCOME_OTP_SENT, 40, 2);
    diagnose();
    assert_true(says(&list.items[0], "3 passwords of this run never came back"));
}

static void a_healthy_run_has_no_cause(void **state)
{
    (void)state;
    otp.limit = 3;
    otp.held_back = true;
    for (unsigned i = 0; i < 50; i++) {
        event(OUTCOME_OTP_ASKED, i * 1000, 1);
        event(OUTCOME_OTP_FETCHED, i * 1000 + 1, 1);
        event(OUTCOME_OTP_SENT, i * 1000 + 2, 1);
        event(OUTCOME_OTP_SPENT, i * 1000 + 3, 0);
    }
    fact_enrolled(&sink, 0, 50, 0);
    diagnose();
    assert_int_equal(list.count, 0);
}

static void every_rule_names_causes_of_the_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < diagnose_otp_rule_count; i++) {
        for (const struct candidate *c = diagnose_otp_rules[i].candidates; c->id != NULL; c++) {
            if (causes_find(c->id) == NULL)
                fail_msg("rule %zu names %s, which the catalogue does not know", i, c->id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_have_names),
        cmocka_unit_test(other_sources_blame_nobody_at_ndes),
        cmocka_unit_test_setup_teardown(a_refused_ticket_with_clocks_apart_is_the_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(our_own_budget_filled_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_else_filled_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_passwords_filled_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_healthy_run_has_no_cause, set_up, tear_down),
        cmocka_unit_test(every_rule_names_causes_of_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
