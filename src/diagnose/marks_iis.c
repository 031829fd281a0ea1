#include "diagnose/marks.h"

#include <strings.h>

/* IIS and HTTP.sys: ndes.md E.1, G.1, G.2. Sub-status and win32 decide; without their columns only the status is left. */

#define SLOW_MS 15000 /* an RPC time-out takes 20 to 60 s */

static bool slow(const struct evidence_record *r)
{
    return r->iis.taken_ms >= SLOW_MS;
}

/* The client hung up before the answer: ERROR_NETNAME_DELETED, ERROR_OPERATION_ABORTED, ERROR_CONNECTION_ABORTED. */
static bool hung_up(const struct evidence_record *r)
{
    return slow(r) && (r->iis.win32 == 64 || r->iis.win32 == 995 || r->iis.win32 == 1236);
}

/* A logon that was refused for good; 0x8009030E is a leg of a handshake. */
static bool logon_refused(const struct evidence_record *r)
{
    return r->iis.win32 != 2148074254 && r->iis.win32 != 0 && r->iis.win32 != -1;
}

/* No client posts without an operation. */
static bool no_query(const struct evidence_record *r)
{
    return r->iis.query.len == 0;
}

/* Base64 comes in fours, with escapes for what URLs do not bear. */
static bool cut_query(const struct evidence_record *r)
{
    static const char word[] = "message=";
    struct span query = r->iis.query;
    size_t at = 0, count = 0;
    while (at + sizeof word - 1 <= query.len &&
           strncasecmp((const char *)query.data + at, word, sizeof word - 1) != 0)
        at++;
    at += sizeof word - 1;
    if (at >= query.len)
        return false;
    for (; at < query.len && query.data[at] != '&'; count++) {
        bool escape = query.data[at] == '%';
        if (escape && at + 3 > query.len)
            return true;
        at += escape ? 3 : 1;
    }
    return count > 100 && count % 4 != 0;
}

static bool page_file(const struct evidence_record *r)
{
    static const char file[] = "/mscep.dll";
    struct span stem = r->iis.stem;
    size_t len = sizeof file - 1;
    return (r->iis.status == 200 || r->iis.status == 401) && stem.len > len &&
           strncasecmp((const char *)stem.data + stem.len - len, file, len) == 0;
}

static bool named_user(const struct evidence_record *r)
{
    return r->iis.user.len > 0;
}

#define LINE(name, what, code, substatus, text)                                                              \
    .id = (name), .kind = EVIDENCE_IIS, .asks = (what), .status = (code), .sub = (substatus), .says = (text)
#define IS(cause) SPEAKS({(cause), 400})

static const struct mark iis[] = {
    /* what works: against which failures are counted */
    {LINE("ok-caps", ASK_CAPS, 200, 0, "GetCACaps is answered")},
    {LINE("ok-cert", ASK_CERT, 200, 0, "GetCACert is answered")},
    {LINE("ok-post", ASK_POST, 200, 0, "PKIOperation by POST is answered")},
    {LINE("ok-get", ASK_GET, 200, 0, "PKIOperation by GET is answered")},
    {LINE("ok-long", ASK_LONG, 200, 0, "long PKIOperations by GET are answered")},
    {LINE("ok-otp", ASK_OTP, 200, 0, "the OTP page is answered")},
    {LINE("bare-200", ASK_BARE, 200, 0,
          "the bare SCEP URL answers 200, as it does without the policy module")},
    {LINE("bare-403", ASK_BARE, 403, 0, "the bare SCEP URL answers 403, as it does with the policy module")},
    {LINE("ok-verify", ASK_VERIFY, 201, 0, "the registration point answers VerifyRequest with 201")},
    {LINE("ok-notify", ASK_NOTIFY, 204, 0, "the registration point answers Notify with 204")},
    /* nobody's business at first */
    {LINE("pki-slow", ASK_PKI, 0, 0, "PKIOperation takes 15 s and more"), .when = slow},
    {LINE("pki-hung-up", ASK_PKI, 0, 0, "clients hang up on PKIOperation before it is answered"),
     .when = hung_up, .problem = "slow"},
    {LINE("site-slow", ASK_CAPS | ASK_CERT | ASK_OTP | ASK_BARE, 0, 0,
          "requests that need no CA take 15 s and more, too"),
     .when = slow, .speaks = SPEAKS({"ca-slow", 0.1}, {"server-busy", 6})},

    /* 500 */
    {LINE("iis-500", ASK_NDES, 500, 0, "IIS answers 500 on NDES's URLs"), .problem = "start-failed"},
    {LINE("iis-500-1346", ASK_NDES, 500, 0, "IIS log: 500 with win32 1346, the pool may not impersonate"),
     .win32 = SUB(1346), .speaks = IS("impersonation-right-missing")},
    {LINE("iis-500-19", ASK_NDES, 500, SUB(19), "IIS log: 500.19, the configuration is invalid"),
     .speaks = IS("iis-config-invalid")},
    {LINE("iis-500-21", ASK_NDES, 500, SUB(21),
          "IIS log: 500.21, a handler names a module that is not there"),
     .speaks = SPEAKS({"handler-order-conflict", 40}, {"iis-config-invalid", 20})},
    {LINE("iis-500-0", ASK_NDES, 500, SUB(0), "IIS log: 500.0, the extension itself failed"),
     .speaks = SPEAKS({"iis-config-invalid", 0.02}, {"file-acl-denied", 0.3}, {"server-busy", 0.1})},
    {LINE("iis-500-0-0", ASK_NDES, 500, SUB(0), "IIS log: 500.0 with win32 0"), .win32 = SUB(0),
     .speaks = SPEAKS({"impersonation-right-missing", 0.02}, {"file-acl-denied", 0.1})},
    {LINE("iis-500-0-5", ASK_NDES, 500, 0, "IIS log: 500 with win32 5, access denied"), .win32 = SUB(5),
     .speaks = SPEAKS({"file-acl-denied", 30}, {"ra-key-access-denied", 2})},
    {LINE("iis-500-cert", ASK_CERT, 500, 0, "GetCACert answers 500")},
    {LINE("iis-500-pki", ASK_PKI, 500, 0, "PKIOperation answers 500")},

    /* load */
    {LINE("iis-500-13", ASK_NDES, 500, SUB(13), "IIS log: 500.13, the server is too busy"), .problem = "load",
     .speaks = SPEAKS({"server-busy", 300}, {"ra-cert-expired", 0.1})},
    {LINE("iis-500-12", ASK_NDES, 500, SUB(12), "IIS log: 500.12, the application restarts"),
     .speaks = SPEAKS({"server-busy", 2}, {"app-pool-crashing", 2})},
    {LINE("iis-503-2", ASK_NDES, 503, SUB(2), "IIS log: 503.2, the limit of concurrent requests is reached"),
     .problem = "load", .speaks = IS("server-busy")},
    {LINE("iis-503-3", ASK_NDES | ASK_CRP, 503, SUB(3), "IIS log: 503.3, the queue of ASP.NET is full"),
     .problem = "load", .speaks = IS("server-busy")},

    /* 404 */
    {LINE("iis-404-0", ASK_DLL, 404, SUB(0), "IIS log: 404.0 on the SCEP URL, there is nothing at that path"),
     .problem = "not-found",
     .speaks = SPEAKS({"role-not-configured", 30}, {"wrong-scep-url", 3}, {"otp-endpoint-removed", 0.03},
                      {"isapi-not-allowed", 0.02}, {"isapi-feature-missing", 0.03}, {"w3svc-stopped", 0.05},
                      {"app-proxy-wrong-url", 0.05})},
    {LINE("iis-404-absent", ASK_DLL, 404, SUB_ABSENT, "IIS answers 404 on the SCEP URL"),
     .problem = "not-found"},
    {LINE("iis-404-2", ASK_DLL | ASK_OTP, 404, SUB(2),
          "IIS log: 404.2, mscep.dll is not an allowed ISAPI extension"),
     .problem = "not-found", .speaks = IS("isapi-not-allowed")},
    {LINE("iis-404-17", ASK_DLL | ASK_OTP, 404, SUB(17),
          "IIS log: 404.17, the static file handler got a request for mscep.dll"),
     .problem = "not-found", .speaks = IS("isapi-feature-missing")},
    {LINE("iis-404-astray", ASK_ASTRAY, 404, 0, "SCEP operations arrive at a path that is none of NDES's"),
     .problem = "astray", .speaks = IS("wrong-scep-url")},

    /* lengths and methods */
    {LINE("iis-404-14", ASK_NDES | ASK_FOLDER, 404, SUB(14),
          "IIS log: 404.14, the URL is longer than maxUrl"),
     .problem = "length", .speaks = IS("iis-url-too-long")},
    {LINE("iis-404-15", ASK_NDES | ASK_FOLDER, 404, SUB(15),
          "IIS log: 404.15, the query is longer than maxQueryString"),
     .problem = "length", .speaks = IS("iis-query-too-long")},
    {LINE("iis-404-13", ASK_NDES, 404, SUB(13),
          "IIS log: 404.13, the body is longer than maxAllowedContentLength"),
     .problem = "length", .speaks = IS("iis-body-too-large")},
    {LINE("iis-413", ASK_NDES, 413, 0, "IIS log: 413, the body is too long"), .problem = "length",
     .speaks = IS("iis-body-too-large")},
    {LINE("iis-404-11", ASK_NDES | ASK_FOLDER, 404, SUB(11),
          "IIS log: 404.11, a doubly escaped URL is refused"),
     .problem = "length", .speaks = IS("double-escape-blocked")},
    {LINE("iis-404-long-absent", ASK_LONG, 404, SUB_ABSENT, "IIS answers 404 on long GETs"),
     .problem = "length",
     .speaks = SPEAKS({"iis-query-too-long", 4}, {"iis-url-too-long", 2}, {"proxy-url-too-long", 0.02},
                      {"httpsys-request-too-long", 0.02})},
    {LINE("iis-405", ASK_POST, 405, 0, "IIS log: 405, POST is not accepted"), .problem = "post-refused",
     .speaks = IS("post-not-accepted")},
    {LINE("iis-404-6", ASK_POST, 404, SUB(6), "IIS log: 404.6, the verb POST is denied"),
     .problem = "post-refused", .speaks = IS("post-not-accepted")},
    {LINE("iis-501", ASK_POST, 501, 0, "IIS log: 501 on POST"), .problem = "post-refused",
     .speaks = SPEAKS({"post-not-accepted", 40})},

    {LINE("post-bare", ASK_POST, 0, 0, "PKIOperation by POST arrives without its query"), .when = no_query,
     .problem = "stripped", .speaks = SPEAKS({"proxy-strips-query-or-body", 100})},

    {LINE("get-cut", ASK_GET, 200, 0, "IIS log, cs-uri-query: messages end early, in the midst of base64"),
     .when = cut_query,
     .speaks = SPEAKS({"payload-truncated", 60}, {"malformed-pkimessage", 0.5},
                      {"message-encrypted-to-wrong-cert", 0.1}, {"mdm-stale-ra-certs", 0.1})},

    /* 403 */
    {LINE("iis-403-1", ASK_DLL, 403, SUB(1), "IIS log: 403.1, the handler may not execute"),
     .problem = "forbidden", .speaks = IS("execute-denied")},
    {LINE("iis-403-4", ASK_DLL | ASK_OTP, 403, SUB(4), "IIS log: 403.4, the site wants https"),
     .problem = "forbidden", .speaks = IS("https-required")},
    {LINE("iis-403-6", ASK_DLL | ASK_OTP, 403, SUB(6), "IIS log: 403.6, the address is refused"),
     .problem = "forbidden", .speaks = IS("ip-restricted")},
    {LINE("iis-403-501", ASK_NDES, 403, SUB(501), "IIS log: 403.501, too many requests from one address"),
     .problem = "forbidden", .speaks = IS("ip-restricted")},
    {LINE("iis-403-502", ASK_NDES, 403, SUB(502),
          "IIS log: 403.502, requests from one address come too fast"),
     .problem = "forbidden", .speaks = IS("ip-restricted")},
    {LINE("iis-403-503", ASK_NDES, 403, SUB(503), "IIS log: 403.503, the address is refused"),
     .problem = "forbidden", .speaks = IS("ip-restricted")},
    {LINE("iis-403-7", ASK_DLL | ASK_OTP, 403, SUB(7), "IIS log: 403.7, a client certificate is required"),
     .problem = "forbidden", .speaks = IS("ssl-client-cert-required")},
    {LINE("iis-403-0", ASK_SCEP, 403, SUB(0),
          "SCEP operations answer 403.0, as requests without an operation do"),
     .problem = "forbidden", .speaks = SPEAKS({"proxy-strips-query-or-body", 8})},
    {LINE("iis-403-absent", ASK_SCEP, 403, SUB_ABSENT, "IIS answers 403 on SCEP operations"),
     .problem = "forbidden"},

    /* 401 on SCEP */
    {LINE("iis-401-2-scep", ASK_SCEP, 401, SUB(2),
          "IIS log: 401.2 on SCEP operations, which devices make without an account"),
     .problem = "anonymous", .speaks = IS("anonymous-disabled")},
    {LINE("iis-401-1-scep", ASK_SCEP, 401, SUB(1), "IIS log: 401.1 on SCEP operations"),
     .problem = "anonymous", .speaks = SPEAKS({"anonymous-disabled", 20})},
    {LINE("iis-401-3", ASK_NDES, 401, SUB(3), "IIS log: 401.3, the files' permissions refuse"),
     .problem = "anonymous", .speaks = IS("file-acl-denied")},
    {LINE("iis-401-scep-absent", ASK_SCEP, 401, SUB_ABSENT, "IIS answers 401 on SCEP operations"),
     .problem = "anonymous"},

    /* the OTP page */
    {LINE("otp-refused", ASK_OTP, 401, SUB(1), "the OTP page refuses a logon"), .when = logon_refused,
     .problem = "otp-logon"},
    {LINE("otp-1326", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 1326, unknown user or wrong password"),
     .win32 = SUB(1326), .speaks = SPEAKS({"otp-auth-failed", 200}, {"otp-kerberos-spn", 0.05})},
    {LINE("otp-1909", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 1909, the account is locked"),
     .win32 = SUB(1909), .speaks = SPEAKS({"otp-account-locked", 3000})},
    {LINE("otp-1330", ASK_OTP, 401, SUB(1),
          "IIS log: 401.1 with win32 1330, the account's password has expired"),
     .win32 = SUB(1330), .speaks = SPEAKS({"otp-account-password-expired", 3000})},
    {LINE("otp-1907", ASK_OTP, 401, SUB(1),
          "IIS log: 401.1 with win32 1907, the account must change its password"),
     .win32 = SUB(1907), .speaks = SPEAKS({"otp-account-password-expired", 3000})},
    {LINE("otp-1331", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 1331, the account is disabled"),
     .win32 = SUB(1331), .speaks = SPEAKS({"otp-account-disabled", 3000})},
    {LINE("otp-1793", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 1793, the account has expired"),
     .win32 = SUB(1793), .speaks = SPEAKS({"otp-account-disabled", 3000})},
    {LINE("otp-1327", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 1327, an account restriction"),
     .win32 = SUB(1327), .speaks = SPEAKS({"otp-account-disabled", 10}, {"otp-auth-failed", 4})},
    {LINE("otp-1385", ASK_OTP, 401, SUB(1),
          "IIS log: 401.1 with win32 1385, this type of logon is not granted"),
     .win32 = SUB(1385), .speaks = SPEAKS({"otp-account-disabled", 6}, {"otp-auth-failed", 6})},
    {LINE("otp-spn", ASK_OTP, 401, SUB(1), "IIS log: 401.1 with win32 2148074252 after a handshake"),
     .win32 = SUB(2148074252),
     .speaks = SPEAKS({"otp-kerberos-spn", 100}, {"otp-auth-failed", 0.7}, {"otp-account-locked", 0.1},
                      {"otp-account-password-expired", 0.1}, {"otp-account-disabled", 0.1})},
    {LINE("otp-named", ASK_OTP, 200, 0, "logons at the OTP page succeed"), .when = named_user},
    {LINE("otp-404-8", ASK_OTP, 404, SUB(8), "IIS log: 404.8, the OTP page is hidden"), .problem = "otp-gone",
     .speaks = IS("otp-endpoint-removed")},
    {LINE("otp-404-0", ASK_OTP, 404, SUB(0), "IIS log: 404.0 on the OTP page"), .problem = "otp-gone",
     .speaks = SPEAKS({"otp-endpoint-removed", 20})},
    {LINE("otp-404-absent", ASK_OTP, 404, SUB_ABSENT, "IIS answers 404 on the OTP page"),
     .problem = "otp-gone"},
    {LINE("otp-file", ASK_OTP, 0, 0, "mscep.dll in the folder of the OTP page answers"), .when = page_file},
    {LINE("otp-403-14", ASK_OTP, 403, SUB(14), "IIS log: 403.14 on the OTP page, no default document"),
     .problem = "otp-gone", .speaks = IS("mscep-admin-default-doc-missing")},
    {LINE("otp-403-0", ASK_OTP, 403, SUB(0), "IIS log: 403.0 on the OTP page"), .problem = "otp-gone",
     .speaks = SPEAKS({"otp-with-policy-module", 100})},
    {LINE("otp-401-3", ASK_OTP, 401, SUB(3), "IIS log: 401.3 on the OTP page"),
     .speaks = SPEAKS({"file-acl-denied", 10})},

    /* the registration point of the Intune connector */
    {LINE("crp-403-16", ASK_CRP, 403, SUB(16),
          "IIS log: 403.16 at the registration point, the module's certificate is not trusted"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-client-cert-untrusted", 600}, {"intermediate-in-root-store", 250})},
    {LINE("crp-403-17", ASK_CRP, 403, SUB(17),
          "IIS log: 403.17 at the registration point, the module's certificate has expired"),
     .problem = "intune", .speaks = SPEAKS({"policy-client-cert-expired", 1000})},
    {LINE("crp-403-13", ASK_CRP, 403, SUB(13),
          "IIS log: 403.13 at the registration point, revoked or not to be checked"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-client-cert-untrusted", 60}, {"policy-client-cert-expired", 10})},
    {LINE("crp-403-7", ASK_CRP, 403, SUB(7),
          "IIS log: 403.7 at the registration point, the module sent no certificate"),
     .problem = "intune",
     .speaks = SPEAKS({"policy-client-cert-expired", 60}, {"crp-client-cert-untrusted", 20})},
    {LINE("crp-403-absent", ASK_CRP, 403, SUB_ABSENT, "IIS answers 403 at the registration point"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-client-cert-untrusted", 30}, {"intermediate-in-root-store", 15},
                      {"policy-client-cert-expired", 8})},
    {LINE("crp-401", ASK_CRP, 401, 0, "IIS log: 401 at the registration point, Windows authentication is on"),
     .problem = "intune", .speaks = SPEAKS({"crp-windows-auth", 5000})},
    {LINE("crp-500", ASK_VERIFY, 500, 0, "IIS log: 500 for VerifyRequest at the registration point"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-temp-permission", 300}, {"connector-signing-cert-missing", 3})},
    {LINE("crp-404", ASK_CRP, 404, 0, "IIS log: 404 at the registration point, it is not installed"),
     .problem = "intune", .speaks = SPEAKS({"connector-stopped", 8})},
    {LINE("crp-503", ASK_CRP, 503, 0, "IIS log: 503 at the registration point"), .problem = "intune",
     .speaks = SPEAKS({"connector-stopped", 8}, {"crp-temp-permission", 3})},
};
const struct marks marks_iis = {iis, sizeof iis / sizeof iis[0]};

#define REASON(name, code, text, what)                                                                       \
    .id = (name), .kind = EVIDENCE_HTTPERR, .status = (code), .reason = (text), .says = (what)

static const struct mark httperr[] = {
    {REASON("httperr-appoffline", 503, "AppOffline", "HTTPERR: 503 AppOffline, the pool SCEP does not run"),
     .problem = "pool-down", .speaks = SPEAKS({"app-pool-queue-full", 0.003})},
    {REASON("httperr-disabled", 503, "Disabled", "HTTPERR: 503 Disabled, the pool SCEP is switched off"),
     .problem = "pool-down", .speaks = SPEAKS({"app-pool-queue-full", 0.003}, {"app-pool-stopped", 1.5})},
    {REASON("httperr-503-none", 503, "N/A", "HTTPERR: 503 without a reason"), .problem = "pool-down"},
    {REASON("httperr-queuefull", 503, "QueueFull",
            "HTTPERR: 503 QueueFull, requests come faster than they are served"),
     .problem = "load",
     .speaks = SPEAKS({"app-pool-queue-full", 1000}, {"app-pool-stopped", 0.05}, {"app-pool-crashing", 0.3})},
    {REASON("httperr-connlimit", 503, "ConnLimit",
            "HTTPERR: 503 ConnLimit, the site's limit of connections is reached"),
     .problem = "load", .speaks = SPEAKS({"server-busy", 300})},
    {REASON("httperr-abandoned", 0, "Connection_Abandoned_By_AppPool",
            "HTTPERR: the worker of the pool SCEP died with requests in its hands"),
     .problem = "pool-down", .weight = 2,
     .speaks = SPEAKS({"app-pool-crashing", 25}, {"app-pool-stopped", 0.2})},
    {REASON("httperr-abandoned-queue", 0, "Connection_Abandoned_By_ReqQueue",
            "HTTPERR: the worker of the pool SCEP died with requests in its hands"),
     .problem = "pool-down", .weight = 2,
     .speaks = SPEAKS({"app-pool-crashing", 25}, {"app-pool-stopped", 0.2})},
    {REASON("httperr-timer", 0, "Timer_AppPool", "HTTPERR: requests waited too long for a worker"),
     .problem = "load", .speaks = SPEAKS({"server-busy", 5}, {"app-pool-queue-full", 5}, {"ca-slow", 3})},
    {REASON("httperr-shutdown", 503, "AppShutdown", "HTTPERR: 503 AppShutdown, the pool is being stopped"),
     .problem = "pool-down", .speaks = SPEAKS({"app-pool-stopped", 3}, {"app-pool-queue-full", 0.01})},
    {REASON("httperr-field", 400, "FieldLength",
            "HTTPERR: 400 FieldLength, a header or the URL is longer than MaxFieldLength"),
     .asks = ASK_SITE, .problem = "length", .speaks = IS("httpsys-request-too-long")},
    {REASON("httperr-request", 400, "RequestLength",
            "HTTPERR: 400 RequestLength, the request is longer than MaxRequestBytes"),
     .asks = ASK_SITE, .problem = "length", .speaks = IS("httpsys-request-too-long")},
    {REASON("httperr-url", 414, "URL_Length", "HTTPERR: the URL is longer than HTTP.sys takes"),
     .asks = ASK_SITE, .problem = "length", .speaks = IS("httpsys-request-too-long")},
    {REASON("httperr-url-length", 400, "URL_Length", "HTTPERR: the URL is longer than HTTP.sys takes"),
     .asks = ASK_SITE, .problem = "length", .speaks = IS("httpsys-request-too-long")},
    {REASON("httperr-notfound", 404, "NotFound", "HTTPERR: 404 for the SCEP URL, no site listens for it"),
     .problem = "not-found-httpsys",
     .speaks = SPEAKS({"w3svc-stopped", 30}, {"isapi-not-allowed", 0.05}, {"isapi-feature-missing", 0.05},
                      {"role-not-configured", 0.2})},
};
const struct marks marks_httperr = {httperr, sizeof httperr / sizeof httperr[0]};
