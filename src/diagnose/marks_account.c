#include "diagnose/marks.h"

#include "base/text.h"

#include <string.h>

/* Accounts that are refused: Security 4625 and 4740, 4776 of a domain controller, Service Control Manager 7038. The telling
 * code of 4625 is sometimes in Status, sometimes in SubStatus: both are read (ndes.md G.5). Batch and service logons are the
 * pool's, network logons those at the OTP page or at the CA. Each mark keeps the account's name as its scope. */

static int logon_type(const struct evidence_record *r)
{
    int64_t type = 0;
    struct err ignored = {0};
    if (!text_parse_int(marks_data(&r->event, "LogonType"), 0, 100, &type, &ignored))
        return marks_says(r, "Logon Type:\t\t\t4|Logon Type: 4|Logon Type:\t4")   ? 4
               : marks_says(r, "Logon Type:\t\t\t5|Logon Type: 5|Logon Type:\t5") ? 5
               : marks_says(r, "Logon Type:\t\t\t3|Logon Type: 3|Logon Type:\t3") ? 3
               : marks_says(r, "Logon Type:\t\t\t8|Logon Type: 8|Logon Type:\t8") ? 8
                                                                                  : 0;
    return (int)type;
}

static bool by_service(const struct evidence_record *r)
{
    int type = logon_type(r);
    return type == 0 || type == 4 || type == 5;
}

static bool by_network(const struct evidence_record *r)
{
    int type = logon_type(r);
    return type == 0 || type == 3 || type == 8;
}

#define SECURITY(name, number, status, text, type)                                                           \
    .id = (name), .kind = EVIDENCE_EVENTS, .scoped = true, .anywhere = true,                                 \
    .provider = "Security-Auditing|Security", .event = (number), .or_event = 4776, .code = (status),         \
    .says = (text), .when = (type)
#define SCM(name, words_of_it, text)                                                                         \
    .id = (name), .kind = EVIDENCE_EVENTS, .scoped = true, .anywhere = true,                                 \
    .provider = "Service Control Manager", .event = 7038, .or_event = 7041, .words = (words_of_it),          \
    .says = (text)

static const struct mark account[] = {
    {SECURITY("pool-logon-expired", 4625, 0xC0000071,
              "Security 4625: the password of the account has expired (0xC0000071)", by_service),
     .speaks = SPEAKS({"service-account-password-expired", 150})},
    {SECURITY("pool-logon-must-change", 4625, 0xC0000224,
              "Security 4625: the account must change its password (0xC0000224)", by_service),
     .speaks = SPEAKS({"service-account-password-expired", 80})},
    {SECURITY("pool-logon-wrong", 4625, 0xC000006A,
              "Security 4625: wrong password for the account (0xC000006A)", by_service),
     .speaks = SPEAKS({"service-account-password-expired", 14}, {"app-pool-identity-mismatch", 14},
                      {"service-account-locked", 0.5}, {"service-account-disabled", 0.1},
                      {"service-account-logon-right-missing", 0.05})},
    {SECURITY("pool-logon-unknown", 4625, 0xC0000064, "Security 4625: there is no such account (0xC0000064)",
              by_service),
     .speaks = SPEAKS({"app-pool-identity-mismatch", 60})},
    {SECURITY("pool-logon-locked", 4625, 0xC0000234, "Security 4625: the account is locked (0xC0000234)",
              by_service),
     .speaks = SPEAKS({"service-account-locked", 150})},
    {SECURITY("pool-logon-disabled", 4625, 0xC0000072, "Security 4625: the account is disabled (0xC0000072)",
              by_service),
     .speaks = SPEAKS({"service-account-disabled", 300})},
    {SECURITY("pool-logon-account-expired", 4625, 0xC0000193,
              "Security 4625: the account has expired (0xC0000193)", by_service),
     .speaks = SPEAKS({"service-account-disabled", 300})},
    {SECURITY("pool-logon-right", 4625, 0xC000015B,
              "Security 4625: the account lacks this type of logon (0xC000015B)", by_service),
     .speaks = SPEAKS({"service-account-logon-right-missing", 300})},

    {SECURITY("net-logon-expired", 4625, 0xC0000071,
              "Security 4625: network logon with an expired password (0xC0000071)", by_network),
     .speaks = SPEAKS({"otp-account-password-expired", 60}, {"service-account-password-expired", 4})},
    {SECURITY("net-logon-must-change", 4625, 0xC0000224,
              "Security 4625: network logon, the password must be changed (0xC0000224)", by_network),
     .speaks = SPEAKS({"otp-account-password-expired", 60})},
    {SECURITY("net-logon-wrong", 4625, 0xC000006A,
              "Security 4625: network logon with a wrong password (0xC000006A)", by_network),
     .speaks = SPEAKS({"otp-auth-failed", 20})},
    {SECURITY("net-logon-unknown", 4625, 0xC0000064,
              "Security 4625: network logon of an unknown account (0xC0000064)", by_network),
     .speaks = SPEAKS({"otp-auth-failed", 20})},
    {SECURITY("net-logon-locked", 4625, 0xC0000234,
              "Security 4625: network logon of a locked account (0xC0000234)", by_network),
     .speaks = SPEAKS({"otp-account-locked", 60}, {"service-account-locked", 4})},
    {SECURITY("net-logon-disabled", 4625, 0xC0000072,
              "Security 4625: network logon of a disabled account (0xC0000072)", by_network),
     .speaks = SPEAKS({"otp-account-disabled", 60}, {"service-account-disabled", 4})},
    {SECURITY("net-logon-account-expired", 4625, 0xC0000193,
              "Security 4625: network logon of an expired account (0xC0000193)", by_network),
     .speaks = SPEAKS({"otp-account-disabled", 60})},
    {SECURITY("net-logon-right", 4625, 0xC000015B,
              "Security 4625: network logon without the right to it (0xC000015B)", by_network),
     .speaks = SPEAKS({"ca-network-logon-denied", 200}, {"otp-account-disabled", 2})},
    {SECURITY("net-logon-spn", 4625, 0xC000006D, "Security 4625: a network logon failed", by_network)},

    {.id = "locked-out",
     .kind = EVIDENCE_EVENTS,
     .scoped = true,
     .anywhere = true,
     .provider = "Security-Auditing|Security",
     .event = 4740,
     .says = "Security 4740: the account was locked out",
     .speaks = SPEAKS({"service-account-locked", 100}, {"otp-account-locked", 40})},

    {SCM("scm-expired",
         "%%1330|password for this account has expired|Kennwort dieses Kontos ist abgelaufen|mot de passe de "
         "ce compte a expir",
         "Service Control Manager 7038: the password of the account has expired"),
     .speaks = SPEAKS({"service-account-password-expired", 60})},
    {SCM("scm-locked", "%%1909|account is currently locked out|Konto ist gesperrt|currently locked",
         "Service Control Manager 7038: the account is locked"),
     .speaks = SPEAKS({"service-account-locked", 60})},
    {SCM("scm-disabled",
         "%%1331|account is currently disabled|Konto ist deaktiviert|account has been disabled",
         "Service Control Manager 7038: the account is disabled"),
     .speaks = SPEAKS({"service-account-disabled", 80})},
    {SCM("scm-account-expired", "%%1793|user's account has expired|user account has expired",
         "Service Control Manager 7038: the account has expired"),
     .speaks = SPEAKS({"service-account-disabled", 80})},
    {SCM("scm-wrong", "%%1326|user name or password is incorrect|Benutzername oder das Kennwort|bad password",
         "Service Control Manager 7038: user name or password is wrong"),
     .speaks = SPEAKS({"service-account-password-expired", 8}, {"app-pool-identity-mismatch", 4})},
    {SCM("scm-right", "%%1385|has not been granted the requested logon type|service logon right",
         "Service Control Manager 7041: the account lacks this type of logon"),
     .speaks = SPEAKS({"service-account-logon-right-missing", 60})},
};
const struct marks marks_account = {account, sizeof account / sizeof account[0]};
