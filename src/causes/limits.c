#include "causes/tables.h"

/* Length and form of requests. A short GET and every POST pass, a real PKIOperation by GET does not: try both, and
 * several lengths, before you blame NDES. */

#define RAISE_IIS                                                                                            \
    "`Set-WebConfigurationProperty -PSPath MACHINE/WEBROOT/APPHOST -Location 'Default Web Site' -Filter "    \
    "system.webServer/security/requestFiltering/requestLimits -Name "
#define SHOW_LIMITS "`" APPCMD "list config \"Default Web Site/CertSrv/mscep\" /section:requestFiltering`"
#define PREFER_POST "Let clients use POST: GetCACaps must list POSTPKIOperation"
#define TEST_LONG   "After each change in front of NDES: one enrollment by GET, through it"

static const struct cause limits[] = {
    {
        .id = "proxy-url-too-long",
        .title = "A proxy or firewall in front refuses long URLs",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "GET PKIOperation: 414, in some products 400, 403, 404 or 502, from something that is "
                     "neither HTTP.sys nor IIS. POST and short GETs pass.",
        AT_GET("414 (400, 403, 404, 502) @px"),
        .decided_by = "No line for the failing request in IIS log or HTTPERR; the log of the proxy or WAF "
                      "has it. The same GET straight to the server passes.",
        .codes = LIST("http 414"),
        .steps =
            LIST("Send the same long GET straight to NDES, past the proxy",
                 "Microsoft's Validate-NDESUrl.ps1 tries URLs of growing length: at which does it change?",
                 "The proxy's limits on URL, request line and header: 2 to 8 kB are usual"),
        .resolution =
            LIST("Raise the limit on URL and query to 64 kB on every hop for /certsrv/mscep/", PREFER_POST),
        .prevention = LIST(TEST_LONG, "List all hops in the build document: WAF, proxy, load balancer"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_TS_DEVICE, SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "httpsys-request-too-long",
        .title = "HTTP.sys refuses long requests",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature =
            "GET PKIOperation: 400 \"Bad Request - Request Too Long\" with Server: Microsoft-HTTPAPI/2.0, "
            "above about 16 kB. POST passes. The OTP page, too, when the Kerberos ticket is huge.",
        AT("ok", "ok", "ok", "ok", "ok; 400 @hs with a huge Kerberos ticket", "ok", "400 @hs", "400 @hs"),
        .decided_by = "HTTPERR log: 400 with reason FieldLength or RequestLength. The IIS log has no line.",
        .codes = LIST("http 400", "httperr FieldLength", "httperr RequestLength", "httperr URL_Length",
                      "text Request Too Long"),
        .steps = LIST(SHOW_HTTPERR_LINES("FieldLength|RequestLength|URL_Length"),
                      "`reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters`: "
                      "MaxFieldLength and MaxRequestBytes; absent means 16384"),
        .resolution = LIST("`reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters /v "
                           "MaxFieldLength /t REG_DWORD /d 65534 /f`",
                           "`reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters /v "
                           "MaxRequestBytes /t REG_DWORD /d 65534 /f`",
                           "Restart the computer: iisreset is not enough", PREFER_POST),
        .prevention = LIST("Put both values into the server's build script"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_HTTPSYS, SRC_SCEP_CONFIGURE, SRC_TS_DEVICE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "iis-url-too-long",
        .title = "IIS refuses URLs above maxUrl",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "GET PKIOperation: 404 from IIS once the URL is longer than maxUrl (4096 by default). "
                     "POST passes.",
        AT_GET("404 @iis"),
        .decided_by = "IIS log: 404 with sub-status 14.",
        .codes = LIST("http 404.14", "hresult 0x80190194"),
        .steps = LIST(SHOW_IIS_LINES(" 404 14 "), SHOW_LIMITS),
        .resolution = LIST(RAISE_IIS "maxUrl -Value 65534`",
                           "Raise maxQueryString and the limits of HTTP.sys with it", PREFER_POST),
        .prevention = LIST("Keep request filtering of the NDES site out of hardening scripts", TEST_LONG),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_REQUEST_LIMITS, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "iis-query-too-long",
        .title = "IIS refuses query strings above maxQueryString",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "GET PKIOperation: 404 from IIS once the query is longer than maxQueryString (2048 by "
                     "default). POST passes. sscep reports \"illegal size of payload\".",
        AT_GET("404 @iis"),
        .decided_by = "IIS log: 404 with sub-status 15.",
        .codes = LIST("http 404.15", "hresult 0x80190194", "text illegal size of payload"),
        .steps = LIST(SHOW_IIS_LINES(" 404 15 "), SHOW_LIMITS),
        .resolution = LIST(RAISE_IIS "maxQueryString -Value 65534`",
                           "Raise maxUrl and the limits of HTTP.sys with it", PREFER_POST),
        .prevention = LIST("Keep request filtering of the NDES site out of hardening scripts", TEST_LONG),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_REQUEST_LIMITS, SRC_SCEP_CONFIGURE, SRC_SSCEP "83"),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "iis-body-too-large",
        .title = "IIS refuses the body of POSTs as too large",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "POST PKIOperation: 404 or 413 from IIS; GET passes. The limit is far below the default "
                     "of 30 MB.",
        AT("ok", "ok", "ok", "ok", "ok", "404 or 413 @iis", "ok", "404 or 413 @iis"),
        .decided_by = "IIS log: 404 with sub-status 13, or 413 with sub-status 1.",
        .codes = LIST("http 404.13", "http 413.1"),
        .steps = LIST(SHOW_IIS_LINES(" 404 13 | 413 1 "), SHOW_LIMITS),
        .resolution = LIST(RAISE_IIS "maxAllowedContentLength -Value 30000000`",
                           "Requests with an Intune challenge have 6 to 10 kB: anything above 64 kB will do"),
        .prevention = LIST("One enrollment by POST after each hardening of request filtering"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_REQUEST_LIMITS, SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "double-escape-blocked",
        .title = "Request filtering refuses escaped characters of the message",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "GET PKIOperation: 404 from IIS for some requests, as chance puts %2B into their "
                     "base64; a retry may pass. POST passes always.",
        AT_GET("404 @iis for some"),
        .decided_by = "IIS log: 404 with sub-status 11.",
        .codes = LIST("http 404.11"),
        .steps = LIST(SHOW_IIS_LINES(" 404 11 "), SHOW_LIMITS),
        .resolution = LIST("`Set-WebConfigurationProperty -PSPath MACHINE/WEBROOT/APPHOST -Location 'Default "
                           "Web Site/CertSrv/mscep' -Filter system.webServer/security/requestFiltering -Name "
                           "allowDoubleEscaping -Value True` (the installer's value)",
                           "The same on a WAF in front", PREFER_POST),
        .prevention = LIST("Compare request filtering of CertSrv/mscep before and after a hardening"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_IIS_STATUS, SRC_INSTALL),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "post-not-accepted",
        .title = "PKIOperation by POST is refused, by GET it works",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L5",
        .signature = "POST PKIOperation: 405, 404 or 500; the same message by GET is answered. GetCACaps "
                     "lacks POSTPKIOperation (old servers), or something denies the verb.",
        AT("ok", "ok", "no POSTPKIOperation, or empty", "ok", "ok", "405, 404 or 500 @iis or @px", "ok",
           "405, 404 or 500 @iis or @px"),
        .decided_by = "Visible from outside: POST and GET of one message. IIS log: 405 with sub-status 0, or "
                      "404 with sub-status 6 (verb denied).",
        .codes = LIST("http 405", "http 404.6"),
        .steps = LIST(SHOW_IIS_LINES("POST .* (405|404|500) "),
                      "`curl.exe https://<ndes-fqdn>/certsrv/mscep/mscep.dll?operation=GetCACaps`: is "
                      "POSTPKIOperation there?",
                      "IIS Manager > CertSrv/mscep > Request Filtering > HTTP Verbs, and Handler Mappings: "
                      "all verbs for mscep.dll",
                      "Straight to the server, past proxies: does POST pass there?"),
        .resolution = LIST("Allow POST for /certsrv/mscep/ in request filtering, WAF and proxy",
                           "Server 2008 and 2008 R2: hotfix KB2483564 adds POST; newer ones have it",
                           "Until then: clients that honour GetCACaps use GET"),
        .prevention = LIST("One enrollment by POST after each change of verbs or rules"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_SCEP_CONFIGURE, SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "payload-truncated",
        .title = "Something on the way cuts long messages",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L10/L5",
        .signature = "HTTP 200 with a body that is no CertRep, but only above a certain size: small keys and "
                     "short challenges enroll, long ones do not.",
        AT_PKI("nonCMS above a size", "-"),
        .decided_by = "Application log: NDES event 16 or 17; IIS log: cs-bytes (switch the field on) smaller "
                      "than what the client sent, or a cs-uri-query that ends early.",
        .codes = LIST("event NDES 16", "event NDES 17", "hresult 0x8009310B"),
        .steps = LIST(
            SHOW_NDES_EVENTS,
            "IIS Manager > site > Logging > Select Fields: Bytes Received; compare with the size sent",
            "Double the size of the request until it fails: is it a power of two? Then look for a buffer",
            "Straight to the server, past proxies: does it pass there?"),
        .resolution = LIST(
            "Take the device that cuts out of the way, or raise its buffer for /certsrv/mscep/", PREFER_POST),
        .prevention = LIST("Test with the longest real request: RSA 4096 and an Intune challenge"),
        SEEN_REFUSED,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "proxy-strips-query-or-body",
        .title = "A proxy drops the query string or the body",
        .mode = "*",
        .stage = "get_ca_caps",
        .class_id = "L10",
        .signature =
            "GetCACaps answers with the page of the bare URL (200, with the Intune module 403) instead of a "
            "list of words; a stripped body makes PKIOperation answer 200 without a CertRep.",
        AT("ok", "ok", "200 page, or 403", "200 page, or 403", "ok", "nonCMS", "200 page, or 403", "nonCMS"),
        .decided_by = "IIS log: cs-uri-query is - although the client sent operation=...; for bodies "
                      "cs-bytes is too small (switch the field on).",
        .codes = LIST("http 403.0", "event NDES 16", "event NDES 17"),
        .steps = LIST(SHOW_IIS_LINES("/certsrv/mscep/mscep.dll"),
                      "The same requests straight to the server: right answers there?",
                      "Rewrite rules of the proxy for /certsrv/: do they keep the query and binary bodies?"),
        .resolution = LIST(
            "Pass query and body on untouched: no URL rewriting, no content inspection for /certsrv/mscep/"),
        .prevention = LIST("Monitor the text of GetCACaps through the proxy, not only the status"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
};

TABLE(causes_limits, "Length and form of requests", limits);
