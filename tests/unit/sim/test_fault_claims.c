/* What each fault of way, TLS, IIS, lengths and pool makes of each operation: held against a table, and the table against the
 * cells of the catalogue. Before its onset the same server must answer all of them well. */
#include "causes/causes.h"
#include "faults/kinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_rig.h"

#define CELL_BYTES 64

enum cell_at { AT_BARE, AT_CAPS, AT_CERT, AT_OTP, AT_POST, AT_GET, STAGES };
static const char *const stages[] = {"bare", "caps", "cert", "otp", "post", "get"};

/* What is expected, in the notation of causes.h. */
static const struct claim {
    const char *fault;        /* with its keys but `from` */
    const char *cell[STAGES]; /* one alone: all are like that */
    const char *log; /* of the last stage that is not ok: layer, then sub-status and win32, or reason */
    bool beyond;     /* a variant that the catalogue's cells leave out */
} claims[] = {
    {"w3svc-stopped:face=404", {"404 @hs"}, "kernel NotFound", false},
    {"app-proxy-preauth-enabled", {"302 @px"}, "front", false},
    {"app-proxy-preauth-enabled:how=403", {"403 @px"}, "front", false},
    {"app-proxy-bad-gateway", {"502 @px"}, "front", false},
    {"app-proxy-bad-gateway:by=nginx", {"502 @px"}, "front", false},
    {"app-proxy-bad-gateway:by=squid", {"502 @px"}, "front", false},
    {"app-proxy-connector-down", {"504 @px"}, "front", false},
    {"app-proxy-connector-down:by=haproxy", {"504 @px"}, "front", false},
    {"app-proxy-wrong-url", {"404 @px"}, "front", false},
    {"clock-skew", {"ok", "ok", "ok", "ok", "ok", "ok"}, "", true},

    {"https-required", {"403 @iis"}, "iis 4 5", false},
    {"ssl-client-cert-required", {"403 @iis"}, "iis 7 5", false},

    {"wrong-scep-url", {"404 @iis", "404 @iis", "404 @iis", "ok", "404 @iis", "404 @iis"}, "iis 0 2", false},
    {"role-not-configured", {"404 @iis"}, "iis 0 2", false},
    {"isapi-not-allowed", {"404 @iis"}, "iis 2 1260", false},
    {"isapi-feature-missing", {"404 @iis"}, "iis 17 0", false},
    {"isapi-feature-missing:face=download",
     {"download", "download", "download", "download", "405 @iis", "download"},
     "iis 0 0",
     true},
    {"file-acl-denied", {"401 @iis"}, "iis 3 5", false},
    {"file-acl-denied:face=500", {"500 @iis"}, "iis 0 5", false},
    {"iis-config-invalid", {"500 @iis"}, "iis 19 2147942413", false},
    {"iis-config-invalid:win32=0x80070021", {"500 @iis"}, "iis 19 2147942433", false},
    {"handler-order-conflict", {"500 @iis"}, "iis 0 0", false},
    {"handler-order-conflict:face=500.21", {"500 @iis"}, "iis 21 0", false},
    {"execute-denied", {"403 @iis"}, "iis 1 5", false},
    {"ip-restricted", {"403 @iis"}, "iis 6 0", false},
    {"ip-restricted:by=rate", {"403 @iis"}, "iis 502 0", false},
    {"anonymous-disabled",
     {"401 @iis", "401 @iis", "401 @iis", "ok", "401 @iis", "401 @iis"},
     "iis 2 5",
     false},

    {"proxy-url-too-long", {"ok", "ok", "ok", "ok", "ok", "414 @px"}, "front", false},
    {"proxy-url-too-long:status=502,by=f5", {"ok", "ok", "ok", "ok", "ok", "502 @px"}, "front", false},
    {"httpsys-request-too-long:limit=3000",
     {"ok", "ok", "ok", "ok", "ok", "400 @hs"},
     "kernel RequestLength",
     false},
    {"httpsys-request-too-long", {"ok", "ok", "ok", "ok", "ok", "ok"}, "", true},
    {"iis-url-too-long:limit=3000", {"ok", "ok", "ok", "ok", "ok", "404 @iis"}, "iis 14 0", false},
    {"iis-query-too-long", {"ok", "ok", "ok", "ok", "ok", "404 @iis"}, "iis 15 0", false},
    {"iis-body-too-large", {"ok", "ok", "ok", "ok", "404 @iis", "ok"}, "iis 13 0", false},
    {"iis-body-too-large:face=413", {"ok", "ok", "ok", "ok", "413 @iis", "ok"}, "iis 1 0", false},
    {"double-escape-blocked", {"ok", "ok", "ok", "ok", "ok", "404 @iis"}, "iis 11 0", false},
    {"post-not-accepted", {"ok", "no POSTPKIOperation", "ok", "ok", "405 @iis", "ok"}, "iis 0 0", false},
    {"post-not-accepted:face=404,caps=empty",
     {"ok", "empty", "ok", "ok", "404 @iis", "ok"},
     "iis 6 0",
     false},
    {"post-not-accepted:face=500,caps=as-always",
     {"ok", "ok", "ok", "ok", "500 @iis", "ok"},
     "iis 0 0",
     true},
    {"payload-truncated:limit=1500", {"ok", "ok", "ok", "ok", "nonCMS", "nonCMS"}, "iis 0 0", false},
    {"payload-truncated:limit=1500,cuts=reply",
     {"ok", "ok", "ok", "ok", "nonCMS", "nonCMS"},
     "iis 0 0",
     false},
    {"proxy-strips-query-or-body",
     {"ok", "200 page", "200 page", "ok", "nonCMS", "200 page"},
     "iis 0 0",
     false},
    {"proxy-strips-query-or-body:strips=body", {"ok", "ok", "ok", "ok", "nonCMS", "ok"}, "iis 0 0", true},

    {"app-pool-stopped", {"503 @hs"}, "kernel AppOffline", false},
    {"app-pool-stopped:how=by-hand", {"503 @hs"}, "kernel Disabled", false},
    {"app-pool-crashing:crashes=100", {"reset"}, "kernel Connection_Abandoned_By_AppPool", false},
    {"app-pool-crashing:crashes=100,face=500", {"500 @iis"}, "kernel Connection_Abandoned_By_AppPool", true},
    {"app-pool-crashing:crashes=100,face=502", {"502 @px"}, "kernel Connection_Abandoned_By_AppPool", true},
    {"app-pool-identity-mismatch", {"503 @hs"}, "kernel AppOffline", false},
    {"app-pool-identity-mismatch:face=500", {"500 @iis"}, "iis 0 0", false},
    {"app-pool-identity-mismatch:face=enroll",
     {"ok", "ok", "ok", "ok", "F 2 0x80094012", "F 2 0x80094012"},
     "iis 0 0",
     true},
    {"service-account-password-expired", {"503 @hs"}, "kernel AppOffline", false},
    {"service-account-password-expired:face=500", {"500 @iis"}, "iis 0 0", true},
    {"service-account-password-expired:face=changed", {"503 @hs"}, "kernel AppOffline", false},
    {"service-account-password-expired:restarted=no", {"ok", "ok", "ok", "ok", "ok", "ok"}, "", false},
    {"service-account-locked", {"503 @hs"}, "kernel AppOffline", false},
    {"service-account-disabled", {"503 @hs"}, "kernel AppOffline", false},
    {"service-account-disabled:how=account-expired", {"503 @hs"}, "kernel AppOffline", false},
    {"service-account-logon-right-missing", {"503 @hs"}, "kernel AppOffline", false},
    {"impersonation-right-missing", {"500 @iis"}, "iis 0 1346", false},
    {"app-pool-recycled", {"ok", "ok", "ok", "ok", "F 1 0x80070490", "F 1 0x80070490"}, "iis 0 0", true},
    {"app-pool-stopped:via=nginx", {"503 @px"}, "kernel AppOffline", true},
};
#define CLAIMS (sizeof claims / sizeof claims[0])

static const char *server_of(const struct ndes_reply *reply)
{
    if (reply->server == NULL)
        return "@px";
    return strcmp(reply->server, KERNEL) == 0 ? "@hs" : strcmp(reply->server, IIS) == 0 ? "@iis" : "@px";
}

static bool body_has(const struct ndes_reply *reply, const char *text)
{
    return reply->body.len > 0 && memmem(reply->body.data, reply->body.len, text, strlen(text)) != NULL;
}

static bool is_type(const struct ndes_reply *reply, const char *type)
{
    return reply->content_type != NULL && strcmp(reply->content_type, type) == 0;
}

/* A reply with 200, by what is in it. */
static void name_content(enum cell_at stage, const struct ndes_reply *reply, char *out)
{
    static const char once[] = "o\0n\0l\0y\0 \0o\0n\0c\0e"; /* UTF-16 */
    bool page = body_has(reply, "This URL is used by network devices");
    bool ok = false;
    switch (stage) {
    case AT_BARE:
        ok = page;
        break;
    case AT_CAPS:
        ok = body_has(reply, "POSTPKIOperation\r\n");
        break;
    case AT_CERT:
        ok = is_type(reply, "application/x-x509-ca-ra-cert");
        break;
    case AT_OTP:
        ok = reply->body.len > 0 && memmem(reply->body.data, reply->body.len, once, sizeof once - 1) != NULL;
        break;
    case AT_POST:
    case AT_GET:
    case STAGES:
        break;
    }
    snprintf(out, CELL_BYTES, "%s",
             ok                                               ? "ok"
             : is_type(reply, "application/x-msdownload")     ? "download"
             : page && stage != AT_POST                       ? "200 page"
             : stage == AT_CAPS && reply->body.len == 0       ? "empty"
             : stage == AT_CAPS && body_has(reply, "SHA-256") ? "no POSTPKIOperation"
                                                              : "nonCMS");
}

static void name_reply(enum cell_at stage, const struct ndes_reply *reply, char *out)
{
    if (reply->cut == NDES_CUT_RESET)
        snprintf(out, CELL_BYTES, "reset");
    else if (reply->status != 200)
        snprintf(out, CELL_BYTES, "%d %s", reply->status, server_of(reply));
    else
        name_content(stage, reply, out);
}

/* A message by POST or by GET, and what the device makes of the answer. */
static void try_message(struct rig *r, enum cell_at stage, const char *password, char *out,
                        struct ndes_reply *reply)
{
    struct sim_device d = {.subject = "CN=phone-7,OU=scepstorm",
                           .password = password,
                           .key = device_key,
                           .digest = PKI_SHA256,
                           .cipher = PKI_AES128_CBC,
                           .now_s = r->now_us / 1000000};
    struct err e = {0};
    struct buf target, base64;
    buf_init(&target, 1 << 20);
    buf_init(&base64, 1 << 20);
    assert_true(sim_device_make(&d, r->served, &e));
    buf_append_text(&target, PKI);
    if (stage == AT_GET) {
        buf_append_text(&target, "&message=");
        assert_true(text_base64(buf_span(&d.message), &base64));
        assert_true(text_percent_encode(buf_span(&base64), &target));
    }
    bool post = stage == AT_POST;
    *reply = ask(r, post ? "POST" : "GET", buf_text(&target), post ? buf_span(&d.message) : span_of(NULL, 0));
    struct scep_certrep rep = {0};
    name_reply(stage, reply, out);
    if (reply->status == 200 && is_type(reply, "application/x-pki-message")) {
        bool ok = sim_device_read(&d, r->served, buf_span(&reply->body), &rep, &e);
        if (ok)
            snprintf(out, CELL_BYTES, "ok");
        else if (e.reason == REASON_SCEP_FAILURE)
            snprintf(out, CELL_BYTES, "F %d 0x%08x", rep.fail_info, (unsigned)rep.hresult);
        scep_certrep_clear(&rep);
    }
    sim_device_clear(&d);
    buf_clear(&target);
    buf_clear(&base64);
}

static void name_log(const struct ndes_reply *reply, char *out)
{
    switch (reply->layer) {
    case NDES_LAYER_FRONT:
        snprintf(out, CELL_BYTES, "front");
        break;
    case NDES_LAYER_KERNEL:
        snprintf(out, CELL_BYTES, "kernel %s", reply->httperr);
        break;
    case NDES_LAYER_IIS:
        snprintf(out, CELL_BYTES, "iis %u %u", reply->substatus, (unsigned)reply->win32);
        break;
    }
}

/* All stages, in order; `log` is that of the last one that is not ok. */
static void look(struct rig *r, char passwords[2][NDES_OTP_TEXT_BYTES], char cells[STAGES][CELL_BYTES],
                 char *log)
{
    static const char *const targets[STAGES] = {BARE, CAPS, CERT, OTP, NULL, NULL};
    log[0] = '\0';
    for (enum cell_at s = AT_BARE; s < STAGES; s++) {
        struct ndes_reply reply;
        if (targets[s] == NULL) {
            try_message(r, s, passwords[s - AT_POST], cells[s], &reply);
        } else {
            reply = get(r, targets[s]);
            name_reply(s, &reply, cells[s]);
        }
        if (strcmp(cells[s], "ok") != 0)
            name_log(&reply, log);
        buf_wipe(&reply.body);
    }
}

static const char *expected_at(const struct claim *c, enum cell_at stage)
{
    return c->cell[1] == NULL ? c->cell[0] : c->cell[stage];
}

static void assert_cells(const struct claim *c, char cells[STAGES][CELL_BYTES])
{
    for (enum cell_at s = AT_BARE; s < STAGES; s++) {
        if (strcmp(cells[s], expected_at(c, s)) != 0)
            print_error("%s, %s: %s, not %s\n", c->fault, stages[s], cells[s], expected_at(c, s));
    }
    for (enum cell_at s = AT_BARE; s < STAGES; s++)
        assert_string_equal(cells[s], expected_at(c, s));
}

static void each_operation_gets_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLAIMS; i++) {
        const struct claim *c = &claims[i];
        char text[128], cells[STAGES][CELL_BYTES], log[CELL_BYTES];
        char early[2][NDES_OTP_TEXT_BYTES], late[2][NDES_OTP_TEXT_BYTES];
        snprintf(text, sizeof text, "%s%sfrom=10s", c->fault, strchr(c->fault, ':') != NULL ? "," : ":");
        struct rig *r = make_rig(text);
        fetch_password(r, early[0]);
        fetch_password(r, early[1]);
        look(r, early, cells, log);
        for (enum cell_at s = AT_BARE; s < STAGES; s++) {
            if (strcmp(cells[s], "ok") != 0)
                fail_msg("%s, before its time, %s: %s", c->fault, stages[s], cells[s]);
        }
        fetch_password(r, late[0]);
        fetch_password(r, late[1]);
        r->now_us += 10000000;
        look(r, late, cells, log);
        assert_cells(c, cells);
        if (strcmp(log, c->log) != 0)
            fail_msg("%s is logged as '%s', not '%s'", c->fault, log, c->log);
        free_rig(r);
    }
}

/* Every word of what is expected stands in the catalogue's cell; "-" there: not looked at. */
static bool claims_it(const char *cell, const char *expected)
{
    char words[CELL_BYTES];
    if (strcmp(cell, "-") == 0)
        return true;
    snprintf(words, sizeof words, "%s", expected);
    char *rest = NULL;
    for (const char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strstr(cell, word) == NULL)
            return false;
    }
    return true;
}

static void catalogue_claims_the_same(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < CLAIMS; i++) {
        const struct claim *c = &claims[i];
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(c->fault, ":"), c->fault);
        const struct cause *cause = causes_find(id);
        assert_non_null(cause);
        const struct cause_stages *at = &cause->at;
        const char *cells[STAGES] = {at->bare, at->caps, at->ca_cert, at->otp, at->post, at->get};
        for (enum cell_at s = AT_BARE; s < STAGES && !c->beyond; s++) {
            if (claims_it(cells[s], expected_at(c, s)))
                continue;
            print_error("%s, %s: the catalogue has '%s', the table '%s'\n", c->fault, stages[s], cells[s],
                        expected_at(c, s));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Five worker processes die, each of one request; then WAS gives up. */
static void crashing_pool_is_disabled_after_five(void **state)
{
    (void)state;
    struct rig *r = make_rig("app-pool-crashing");
    for (int i = 1; i <= 7; i++) {
        struct ndes_reply reply = get(r, CAPS);
        assert_int_equal(reply.crashed, i <= 5);
        assert_int_equal(reply.pool_disabled, i == 5);
        assert_int_equal(reply.cut, i <= 5 ? NDES_CUT_RESET : NDES_CUT_NOTHING);
        if (i > 5)
            assert_string_equal(reply.httperr, "AppOffline");
        buf_clear(&reply.body);
    }
    free_rig(r);
}

static void restart_pool(struct rig *r)
{
    struct ndes_reply reply = ask(r, "POST", "/scepstorm/admin/restart", span_of(NULL, 0));
    assert_int_equal(reply.status, 200);
    buf_clear(&reply.body);
}

static void accounts_bite_when_the_pool_starts(void **state)
{
    (void)state;
    static const char *const faults[] = {"service-account-locked", "service-account-password-expired",
                                         "service-account-disabled", "service-account-logon-right-missing",
                                         "app-pool-identity-mismatch"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s:restarted=no,from=10s,for=30s", faults[i]);
        struct rig *r = make_rig(text);
        restart_pool(r); /* before its time */
        r->now_us += 15000000;
        assert_page(r, CAPS, 200, IIS);
        restart_pool(r);
        assert_page(r, CAPS, 503, KERNEL);
        restart_pool(r); /* does not help */
        assert_page(r, CAPS, 503, KERNEL);
        r->now_us += 30000000;
        assert_page(r, CAPS, 200, IIS);
        free_rig(r);
    }
}

static void recycled_pool_answers_slowly_once(void **state)
{
    (void)state;
    struct rig *r = make_rig("app-pool-recycled:from=10s,every=20s,slow=3s");
    static const int64_t at_s[] = {0, 10, 11, 29, 30, 31};
    static const int64_t slow_us[] = {0, 3000000, 0, 0, 3000000, 0};
    for (size_t i = 0; i < sizeof at_s / sizeof *at_s; i++) {
        r->now_us = NOW + at_s[i] * 1000000;
        struct ndes_reply reply = get(r, CAPS);
        assert_int_equal(reply.status, 200);
        assert_true(reply.delay_us == slow_us[i]);
        buf_clear(&reply.body);
    }
    free_rig(r);
}

/* Clients on many connections: half of the passwords are spent at the server that did not issue them. */
static void other_node_knows_no_password(void **state)
{
    (void)state;
    struct rig *r = make_rig("lb-node-affinity-missing");
    unsigned seen[2] = {0};
    for (uint64_t c = 1; c <= 64; c++) {
        struct ndes_request request = {.method = "GET",
                                       .target = span_of_text(CAPS),
                                       .host = "ndes.example",
                                       .connection = c * UINT64_C(0x9e3779b97f4a7c15),
                                       .now_us = NOW};
        struct ndes_reply reply;
        sim_site_answer(r->site, &request, &reply);
        assert_in_range(reply.node, 0, 1);
        seen[reply.node]++;
        buf_clear(&reply.body);
    }
    assert_in_range(seen[0], 16, 48);
    char password[NDES_OTP_TEXT_BYTES];
    struct err e = {0};
    const struct ndes_otp_twist first = {.node = 0}, second = {.node = 1};
    assert_true(ndes_otp_issue_twisted(r->otp, &first, NOW, password, &e));
    assert_int_equal(ndes_otp_use_twisted(r->otp, &second, span_of_text(password), NOW), NDES_OTP_UNKNOWN);
    assert_int_equal(ndes_otp_use_twisted(r->otp, &first, span_of_text(password), NOW), NDES_OTP_ACCEPTED);
    assert_int_equal(ndes_otp_use_twisted(r->otp, &first, span_of_text(password), NOW), NDES_OTP_USED);
    assert_int_equal(ndes_otp_use_twisted(r->otp, &second, span_of_text(password), NOW), NDES_OTP_UNKNOWN);
    for (int i = 0; i < 5; i++) {
        assert_true(ndes_otp_issue_twisted(r->otp, &first, NOW, password, &e));
        assert_true(password[0] != '\0');
    }
    assert_true(ndes_otp_issue_twisted(r->otp, &first, NOW, password, &e));
    assert_true(password[0] == '\0');
    assert_true(ndes_otp_issue_twisted(r->otp, &second, NOW, password, &e));
    assert_true(password[0] != '\0');
    explicit_bzero(password, sizeof password);
    free_rig(r);
}

/* Kerberos tickets with many groups make the longest headers there are. */
static void long_header_is_refused_by_the_kernel(void **state)
{
    (void)state;
    struct rig *r = make_rig("httpsys-request-too-long");
    struct ndes_request request = {.method = "GET",
                                   .target = span_of_text(OTP),
                                   .host = "ndes.example",
                                   .head_bytes = 20000,
                                   .field_bytes = 19000,
                                   .now_us = NOW};
    struct ndes_reply reply;
    sim_site_answer(r->site, &request, &reply);
    assert_int_equal(reply.status, 400);
    assert_string_equal(reply.httperr, "FieldLength");
    assert_int_equal(reply.body.len, 346);
    buf_clear(&reply.body);
    free_rig(r);
}

static void clock_of_the_server_dates_certificates(void **state)
{
    (void)state;
    struct rig *r = make_rig("clock-skew:by=2h");
    struct ndes_reply reply = get(r, CAPS);
    assert_true(reply.clock_us == INT64_C(7200) * 1000000);
    buf_clear(&reply.body);
    char password[NDES_OTP_TEXT_BYTES];
    fetch_password(r, password);
    struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC};
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, &d, &rep, &e));
    assert_int_equal(e.reason, REASON_CERT_EXPIRED);
    scep_certrep_clear(&rep);
    free_rig(r);
}

/* An MDM in front of NDES answers by itself, but for messages: what is wrong behind it makes these fail. */
static void proxy_shows_a_gateway_error(void **state)
{
    (void)state;
    static const char *const faults[] = {"mdm-cannot-reach-ndes", "wrong-scep-url",     "role-not-configured",
                                         "app-pool-crashing",     "anonymous-disabled", "app-pool-stopped",
                                         "post-not-accepted",     "isapi-not-allowed"};
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.mode = NDES_PROXY;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct rig *r = make_rig_with(faults[i], &policy, "C0FFEE");
        assert_page(r, CAPS, 200, "scepstorm-mdm");
        assert_page(r, CERT, 200, "scepstorm-mdm");
        struct ndes_reply reply = ask(r, "POST", PKI, span_of_text("message"));
        if (reply.status != 502)
            fail_msg("%s: %d", faults[i], reply.status);
        buf_clear(&reply.body);
        free_rig(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_gets_what_the_table_says),
        cmocka_unit_test(catalogue_claims_the_same),
        cmocka_unit_test(crashing_pool_is_disabled_after_five),
        cmocka_unit_test(accounts_bite_when_the_pool_starts),
        cmocka_unit_test(recycled_pool_answers_slowly_once),
        cmocka_unit_test(other_node_knows_no_password),
        cmocka_unit_test(long_header_is_refused_by_the_kernel),
        cmocka_unit_test(clock_of_the_server_dates_certificates),
        cmocka_unit_test(proxy_shows_a_gateway_error),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
