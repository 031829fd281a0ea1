#include "diagnose/marks.h"

#include <string.h>
#include <strings.h>

/* What Windows says around NDES: ndes.md D, G.5. WAS events name the pool; those of other pools are nobody's. */

#define AT_LOGON(x)                                                                                          \
    {"service-account-password-expired", x}, {"service-account-locked", x}, {"service-account-disabled", x}, \
        {"service-account-logon-right-missing", x},                                                          \
    {                                                                                                        \
        "app-pool-identity-mismatch", x                                                                      \
    }

static bool worker_died(const struct evidence_record *r)
{
    return marks_says(r, "w3wp.exe");
}

#define WAS(name, number, text)                                                                              \
    .id = (name), .kind = EVIDENCE_EVENTS, .provider = "WAS|=Microsoft-Windows-IIS-W3SVC-WP",                \
    .event = (number), .scoped = true, .says = (text)
#define SYSTEM(name, source, number, text)                                                                   \
    .id = (name), .kind = EVIDENCE_EVENTS, .provider = (source), .event = (number), .says = (text)
#define SCM "Service Control Manager"
#define WEB "World Wide Web|WWW-Publishing|W3SVC|Pubblicazione sul Web|веб-публикац"

static const struct mark windows[] = {
    {WAS("was-5002", 5002, "WAS 5002: the pool was disabled after repeated failures of its worker"),
     .problem = "pool-down", .weight = 3,
     .speaks =
         SPEAKS({"app-pool-crashing", 80}, {"app-pool-stopped", 0.05}, {"intermediate-in-root-store", 20},
                {"policy-client-cert-expired", 10}, AT_LOGON(0.05))},
    {WAS("was-5009", 5009, "WAS 5009: a worker of the pool terminated unexpectedly"), .problem = "pool-down",
     .speaks = SPEAKS({"app-pool-crashing", 30}, {"app-pool-stopped", 0.15},
                      {"intermediate-in-root-store", 8}, AT_LOGON(0.1))},
    {WAS("was-5011", 5011, "WAS 5011: fatal communication error with the pool's worker"),
     .problem = "pool-down",
     .speaks = SPEAKS({"app-pool-crashing", 30}, {"app-pool-stopped", 0.15},
                      {"intermediate-in-root-store", 8}, AT_LOGON(0.1))},
    {WAS("was-5021", 5021, "WAS 5021: the pool's identity is invalid"), .problem = "pool-down", .weight = 3,
     .speaks = SPEAKS(AT_LOGON(30), {"app-pool-stopped", 0.02}, {"app-pool-crashing", 0.03})},
    {WAS("was-5057", 5057, "WAS 5057: the pool was disabled, its identity is invalid"),
     .problem = "pool-down", .weight = 3,
     .speaks = SPEAKS(AT_LOGON(30), {"app-pool-stopped", 0.02}, {"app-pool-crashing", 0.03})},
    {WAS("was-5059", 5059, "WAS 5059: the pool was disabled"), .problem = "pool-down", .weight = 3,
     .speaks = SPEAKS({"app-pool-stopped", 1.5})},
    {WAS("was-1326", 0, "WAS: wrong user name or password (0x8007052E)"), .code = 0x8007052E,
     .speaks = SPEAKS({"service-account-password-expired", 12}, {"app-pool-identity-mismatch", 12},
                      {"service-account-locked", 0.1}, {"service-account-disabled", 0.1},
                      {"service-account-logon-right-missing", 0.1})},
    {WAS("was-1330", 0, "WAS: the password has expired (0x80070532)"), .code = 0x80070532,
     .speaks = SPEAKS({"service-account-password-expired", 300})},
    {WAS("was-1907", 0, "WAS: the password must be changed (0x80070773)"), .code = 0x80070773,
     .speaks = SPEAKS({"service-account-password-expired", 300})},
    {WAS("was-1909", 0, "WAS: the account is locked (0x80070775)"), .code = 0x80070775,
     .speaks = SPEAKS({"service-account-locked", 300})},
    {WAS("was-1331", 0, "WAS: the account is disabled (0x80070533)"), .code = 0x80070533,
     .speaks = SPEAKS({"service-account-disabled", 500})},
    {WAS("was-1793", 0, "WAS: the account has expired (0x80070701)"), .code = 0x80070701,
     .speaks = SPEAKS({"service-account-disabled", 500})},
    {WAS("was-1385", 0, "WAS: the account lacks this type of logon (0x80070569)"), .code = 0x80070569,
     .speaks = SPEAKS({"service-account-logon-right-missing", 500})},
    {WAS("was-recycled", 5074, "WAS 5074: the pool recycled its worker"),
     .speaks = SPEAKS({"app-pool-recycled", 4})},
    {WAS("was-recycled-admin", 5079, "WAS 5079: an administrator recycled the pool"),
     .speaks = SPEAKS({"app-pool-recycled", 4})},
    {WAS("was-recycled-config", 5080, "WAS 5080: the pool recycled after a change of its configuration"),
     .speaks = SPEAKS({"app-pool-recycled", 4})},
    {WAS("was-idle", 5186, "WAS 5186: the pool's worker was shut down while idle"),
     .speaks = SPEAKS({"app-pool-recycled", 4})},

    {SYSTEM("w3wp-died", "Application Error", 1000, "Application Error 1000: w3wp.exe crashed"),
     .when = worker_died, .speaks = SPEAKS({"app-pool-crashing", 8}, {"crp-temp-permission", 1.5})},
    {SYSTEM("aspnet-1310", "ASP.NET", 1310,
            "ASP.NET 1310: a configuration error, as without rights on Windows\\Temp"),
     .speaks = SPEAKS({"crp-temp-permission", 20})},

    {SYSTEM("w3svc-stopped", SCM, 7036, "Service Control Manager 7036: World Wide Web Publishing stopped"),
     .words = WEB, .when = marks_service_stopped},
    {SYSTEM("w3svc-running", SCM, 7036, "Service Control Manager 7036: World Wide Web Publishing runs"),
     .words = WEB, .when = marks_service_runs},
    {SYSTEM("w3svc-died", SCM, 7031, "Service Control Manager 7031: World Wide Web Publishing terminated"),
     .or_event = 7034, .words = WEB, .speaks = SPEAKS({"w3svc-stopped", 20})},
    {SYSTEM("booted", "Kernel-General|EventLog", 12, "the server was started"), .or_event = 6005},

    {SYSTEM("schannel-36871", "Schannel", 36871, "Schannel 36871: no TLS credential could be made"),
     .problem = "tls", .speaks = SPEAKS({"tls-version-mismatch", 4}, {"tls-binding-missing", 1.5})},
    {SYSTEM("schannel-36874-new", "Schannel", 36874,
            "Schannel 36874: clients of TLS 1.2 or 1.3 have no cipher suite in common with the server"),
     .words = "TLS 1.2|TLS 1.3", .problem = "tls", .speaks = SPEAKS({"tls-version-mismatch", 60})},
    {SYSTEM("schannel-36874", "Schannel", 36874,
            "Schannel 36874: clients have no version or cipher suite in common with the server"),
     .speaks = SPEAKS({"tls-version-mismatch", 3})},
    {SYSTEM("http-15021", "HttpEvent|=HTTP", 15021,
            "HttpEvent 15021: a TLS binding names a certificate that cannot be used"),
     .problem = "tls", .weight = 3, .speaks = SPEAKS({"tls-binding-missing", 200})},

    {SYSTEM("kerberos-4", "Security-Kerberos|=Kerberos", 4,
            "Kerberos 4: a ticket for HTTP/ was made for another account (KRB_AP_ERR_MODIFIED)"),
     .words = "HTTP/", .speaks = SPEAKS({"otp-kerberos-spn", 60})},
    {SYSTEM("kerberos-skew", "Security-Kerberos|=Kerberos", 5,
            "Kerberos: tickets are refused for the time in them"),
     .speaks = SPEAKS({"clock-skew", 40})},
    {SYSTEM("time-off", "Time-Service|W32Time", 50, "Time-Service: the server's clock is off"),
     .or_event = 36, .speaks = SPEAKS({"clock-skew", 20})},

    {SYSTEM("dcom-10036", "DistributedCOM|DCOM", 10036,
            "DistributedCOM 10036: the server refuses the caller's authentication level"),
     .anywhere = true, .speaks = SPEAKS({"dcom-denied", 200})},
    {SYSTEM("dcom-10028", "DistributedCOM|DCOM", 10028,
            "DistributedCOM 10028: the other computer cannot be reached by any protocol"),
     .anywhere = true,
     .speaks = SPEAKS({"dcom-denied", 12}, {"ca-unreachable-rpc", 8}, {"ca-service-stopped", 0.4},
                      {"ca-network-logon-denied", 0.4})},
    {SYSTEM("dcom-10027", "DistributedCOM|DCOM", 10027,
            "DistributedCOM 10027: launch or access permission refused"),
     .anywhere = true, .speaks = SPEAKS({"dcom-denied", 60})},

    {SYSTEM("firewall-5152", "Security-Auditing|Security", 5152, "Security 5152: the firewall drops packets"),
     .or_event = 5157, .speaks = SPEAKS({"network-path-blocked", 8}, {"ca-unreachable-rpc", 6})},

    {SYSTEM("autoenroll-64", "AutoEnrollment", 64,
            "AutoEnrollment 64: a certificate of the server is about to expire or has expired"),
     .problem = "expiring", .speaks = SPEAKS({"ra-cert-expired", 12}, {"ra-cert-expiring", 3})},
    {SYSTEM("capi2-revoked", "CAPI2", 0, "CAPI2: a certificate is revoked"), .code = 0x80092010,
     .speaks = SPEAKS({"ra-cert-revoked", 40})},
    {SYSTEM("capi2-offline", "CAPI2", 0, "CAPI2: the revocation server is offline"), .code = 0x80092013,
     .speaks = SPEAKS({"crl-unreachable", 40}, {"ca-crl-offline", 6})},
    {SYSTEM("capi2-nocheck", "CAPI2", 0, "CAPI2: revocation cannot be checked"), .code = 0x80092012,
     .speaks = SPEAKS({"crl-unreachable", 40}, {"ca-crl-offline", 4})},
    {SYSTEM("capi2-root", "CAPI2", 0, "CAPI2: a chain ends in a root that is not trusted"),
     .code = 0x800B0109,
     .speaks = SPEAKS({"ra-cert-wrong-ca", 6}, {"crp-client-cert-untrusted", 4}, {"ca-renewed-ra-stale", 6})},
    {SYSTEM("capi2-expired", "CAPI2", 0, "CAPI2: a certificate is not within its validity"),
     .code = 0x800B0101, .speaks = SPEAKS({"ra-cert-expired", 5}, {"policy-client-cert-expired", 4})},
    {SYSTEM("capi2-chain", "CAPI2", 11, "CAPI2: a certificate chain cannot be built"), .or_event = 30,
     .speaks = SPEAKS({"crl-unreachable", 3}, {"ra-cert-revoked", 3}, {"ra-cert-wrong-ca", 2.5})},
    {SYSTEM("capi2-fetch", "CAPI2", 53, "CAPI2: a CRL or certificate cannot be fetched from the network"),
     .or_event = 41, .speaks = SPEAKS({"crl-unreachable", 8}, {"ca-crl-offline", 3})},
};
const struct marks marks_windows = {windows, sizeof windows / sizeof windows[0]};
