#include "causes/tables.h"

/* The application pool that hosts NDES, and the account it runs as. */

#define REENTER_PASSWORD                                                                                     \
    "IIS Manager > Application Pools > SCEP > Advanced Settings > Identity > Custom account: enter the "     \
    "account and its current password again (also if the name already looks right), then recycle the pool"
#define USE_GMSA                                                                                             \
    "Run the pool under a group Managed Service Account: its password changes by itself. The RA key ACLs, "  \
    "the SPN and the template permissions must then name the gMSA"
#define SHOW_LOGON_FAILURES                                                                                  \
    "`Get-WinEvent -FilterHashtable @{LogName='Security';Id=4625} -MaxEvents 200 | Where-Object Message "    \
    "-match '<account>' | Format-List TimeCreated,Message`"

static const struct cause pool[] = {
    {
        .id = "app-pool-stopped",
        .title = "The SCEP application pool is stopped",
        .mode = "*",
        .stage = "any",
        .class_id = "L2",
        .runbook = LIST(RUN_SEEN_PAGE, RUN_STEP_POOL),
        .signature = "503 with Server: Microsoft-HTTPAPI/2.0 on every NDES URL, OTP page included and before "
                     "any logon; answered within milliseconds, because HTTP.sys answers by itself.",
        AT("ok", "503 @hs", "503 @hs", "503 @hs", "503 @hs before logon", "503 @hs", "503 @hs", "503 @hs"),
        .decided_by = "On the NDES server: `Get-WebAppPoolState SCEP` says Stopped; HTTPERR log "
                      "(C:\\Windows\\System32\\LogFiles\\HTTPERR) has 503 lines with AppOffline or Disabled "
                      "and queue SCEP. The System log has no WAS 5021/5057 (identity) and no 5002 (crashes); "
                      "a stop by hand may leave no event at all.",
        .codes = LIST("http 503.0", "httperr AppOffline", "httperr Disabled", "event WAS 5059"),
        .steps = LIST("On the NDES server, elevated PowerShell: `Import-Module WebAdministration; "
                      "Get-WebAppPoolState SCEP`",
                      SHOW_WAS_EVENTS, SHOW_HTTPERR_LINES("AppOffline|Disabled"),
                      "Open https://<ndes-fqdn>/certsrv/mscep/mscep.dll in a browser: 503 means that IIS has "
                      "no pool to hand the request to"),
        .resolution = LIST(
            "`Start-WebAppPool SCEP` (or IIS Manager > Application Pools > SCEP > Start)",
            "If it stops again at the next request, it is not this: read WAS 5021/5057 (identity) or 5002 "
            "with Application Error 1000 (crash)",
            "One-time passwords issued before are void after the start: let the MDM send fresh profiles"),
        .prevention = LIST(
            "Monitor the pool state and https://<ndes-fqdn>/certsrv/mscep/mscep.dll?operation=GetCACaps, not "
            "just the server's ping",
            "Write pool, account and template names into the NDES build document"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_TS_DEVICE, SRC_HTTPERR, SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-pool-crashing",
        .title = "The worker process of the SCEP pool crashes until IIS disables the pool",
        .mode = "*",
        .stage = "any",
        .class_id = "L2",
        .runbook = LIST(RUN_STEP_POOL),
        .signature = "Broken connections, empty answers or 500/502 at first; after about five crashes within "
                     "five minutes 503 with Server: Microsoft-HTTPAPI/2.0 on every URL.",
        AT_ALL("reset or 500/502, after ~5 crashes 503 @hs"),
        .decided_by = "Application log: Application Error 1000 naming w3wp.exe. System log: WAS 5009 or 5011 "
                      "several times, then 5002 (pool disabled). HTTPERR: Connection_Abandoned_By_AppPool.",
        .codes = LIST("http 503.0", "httperr Connection_Abandoned_By_AppPool", "event WAS 5002",
                      "event WAS 5009", "event WAS 5011", "event Application Error 1000"),
        .steps = LIST(SHOW_WAS_EVENTS,
                      "`Get-WinEvent -FilterHashtable @{LogName='Application';ProviderName='Application "
                      "Error';Id=1000} -MaxEvents 10 | Format-List TimeCreated,Message`",
                      "Look for intermediate CA certificates in the Trusted Root store: `Get-ChildItem "
                      "Cert:\\LocalMachine\\Root | Where-Object {$_.Issuer -ne $_.Subject}`"),
        .resolution =
            LIST("Move intermediates out of Trusted Root into Intermediate Certification Authorities",
                 "Restore access to the CRLs, renew the policy module's client certificate, switch Windows "
                 "authentication off on the CRP virtual directory",
                 "`Start-WebAppPool SCEP`, and watch the System log for the next 5009"),
        .prevention = LIST("Alert on WAS 5009 and 5002", "Keep the policy module and connector current"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_TS_POLICY, SRC_TS_DEVICE, SRC_POOL_FAILURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-pool-identity-mismatch",
        .title = "The SCEP application pool runs as the wrong account",
        .mode = "*",
        .stage = "any",
        .class_id = "L2/L3/L7",
        .runbook = LIST(RUN_CAUSE_POOL, RUN_STEP_POOL, RUN_STEP_ACCOUNT, RUN_PREVENT_DOCUMENT),
        .signature = "503 from HTTP.sys on every URL when that account cannot log on; 500 from IIS when it "
                     "can but may not use the RA private keys; enrollments refused by the CA when only the "
                     "template permission is missing.",
        AT_ALL("503 @hs; or 500 @iis (no key access); or only PKIOperation: F 2"),
        .decided_by = "The pool's identity is not the documented account: " SHOW_POOL_USER
                      ". System log: WAS 5021 and 5057 (identity invalid), or Application log: NDES events 2 "
                      "and 10 right after a pool start.",
        .codes = LIST("http 503.0", "http 500.0", "event WAS 5021", "event WAS 5057", "event NDES 2",
                      "event NDES 10"),
        .steps = LIST("Compare with the build document: " SHOW_POOL_USER, SHOW_WAS_EVENTS, SHOW_NDES_EVENTS,
                      "certlm.msc > Personal > each RA certificate > All Tasks > Manage Private Keys: the "
                      "pool's account needs Read"),
        .resolution = LIST(
            REENTER_PASSWORD,
            "If the new account is intended: add it to IIS_IUSRS, give it Read on both RA private keys, Read "
            "and Enroll on all three templates of the MSCEP registry key, and the SPN HTTP/<ndes-fqdn>",
            "Then iisreset, open the OTP page, enroll one device"),
        .prevention = LIST("Document account, pool and template names; change them only together", USE_GMSA),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_RUNBOOK, SRC_VALIDATE, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "service-account-password-expired",
        .title = "The NDES service account's password has expired or was changed",
        .mode = "*",
        .stage = "any",
        .class_id = "L2/L3",
        .runbook = LIST(RUN_CAUSE_ACCOUNT, RUN_STEP_ACCOUNT, RUN_FIX_PASSWORD, RUN_PREVENT_GMSA),
        .signature = "Nothing until the pool starts again (reboot, recycle, iisreset); then 503 from "
                     "HTTP.sys on every URL, in some reports 500 from IIS.",
        AT_ALL("ok; after the next pool start 503 @hs"),
        .decided_by =
            "System log: WAS 5021 and 5057 (pool identity invalid). Security log: 4625 for the account with "
            "sub-status 0xC0000071 (expired) or 0xC000006A (wrong password stored in the pool). On a domain "
            "controller: `Get-ADUser <account> -Properties PasswordExpired,PasswordLastSet`.",
        .codes = LIST("http 503.0", "event WAS 5021", "event WAS 5057", "event Security 4625",
                      "logon 0xC0000071", "logon 0xC000006A", "hresult 0x8007052E"),
        .steps = LIST("Which account: " SHOW_POOL_USER,
                      "`Get-ADUser <account> -Properties PasswordExpired,PasswordLastSet,LockedOut,Enabled`",
                      SHOW_WAS_EVENTS, SHOW_LOGON_FAILURES),
        .resolution =
            LIST("Reset the password in Active Directory (`Set-ADAccountPassword <account> -Reset`)",
                 REENTER_PASSWORD,
                 "`Start-WebAppPool SCEP`, then open https://<ndes-fqdn>/certsrv/mscep_admin/: a password "
                 "page means that it works",
                 "Look for other services under the same account: they fail next"),
        .prevention =
            LIST(USE_GMSA, "Or set the password to never expire and put its change into the calendar"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_RUNBOOK, SRC_TS_DEVICE, SRC_LOGON_FAILURE, SRC_HARDENING),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "service-account-locked",
        .title = "The NDES service account is locked out",
        .mode = "*",
        .stage = "any",
        .class_id = "L2/L3",
        .runbook = LIST(RUN_CAUSE_ACCOUNT, RUN_STEP_ACCOUNT),
        .signature = "A running worker goes on; after the next pool start 503 from HTTP.sys on every URL, in "
                     "some reports 500 from IIS.",
        AT_ALL("ok; after the next pool start 503 @hs"),
        .decided_by = "Domain controller, Security log: 4740 for the account, naming the computer that "
                      "locked it. NDES server: 4625 with status 0xC0000234, WAS 5021/5057. `Get-ADUser "
                      "<account> -Properties LockedOut,BadLogonCount`.",
        .codes = LIST("http 503.0", "event WAS 5021", "event WAS 5057", "event Security 4740",
                      "event Security 4625", "logon 0xC0000234"),
        .steps = LIST("`Get-ADUser <account> -Properties LockedOut,LastBadPasswordAttempt,BadLogonCount`",
                      "On the PDC emulator: `Get-WinEvent -FilterHashtable @{LogName='Security';Id=4740} "
                      "-MaxEvents 20 | Format-List TimeCreated,Message` (Caller Computer Name)",
                      SHOW_WAS_EVENTS),
        .resolution =
            LIST("Find what keeps trying the old password first (Caller Computer Name), or it locks again",
                 "`Unlock-ADAccount <account>`", "`Start-WebAppPool SCEP`, then test the OTP page"),
        .prevention = LIST(USE_GMSA, "Use the account for NDES alone, never for interactive logons",
                           "Alert on event 4740 for service accounts"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_RUNBOOK, SRC_TS_DEVICE, SRC_LOGON_FAILURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "service-account-disabled",
        .title = "The NDES service account is disabled or has expired",
        .mode = "*",
        .stage = "any",
        .class_id = "L2/L3",
        .signature =
            "As for an expired password: nothing until the pool starts again, then 503 on every URL.",
        AT_ALL("ok; after the next pool start 503 @hs"),
        .decided_by =
            "Security log: 4625 with sub-status 0xC0000072 (disabled) or 0xC0000193 (account expired); WAS "
            "5021/5057. `Get-ADUser <account> -Properties Enabled,AccountExpirationDate`.",
        .codes = LIST("http 503.0", "event WAS 5021", "event WAS 5057", "event Security 4625",
                      "logon 0xC0000072", "logon 0xC0000193"),
        .steps = LIST("`Get-ADUser <account> -Properties Enabled,AccountExpirationDate`", SHOW_WAS_EVENTS),
        .resolution = LIST("`Enable-ADAccount <account>`, or `Clear-ADAccountExpiration <account>`",
                           "`Start-WebAppPool SCEP`, then test the OTP page"),
        .prevention = LIST("Exempt documented service accounts from clean-up jobs", USE_GMSA),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_VALIDATE, SRC_LOGON_FAILURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "service-account-logon-right-missing",
        .title = "The NDES service account lacks a logon right",
        .mode = "*",
        .stage = "any",
        .class_id = "L2/L3",
        .runbook = LIST(RUN_STEP_ACCOUNT),
        .signature = "503 from HTTP.sys on every URL after a pool start, often the morning after a group "
                     "policy change.",
        AT_ALL("503 @hs"),
        .decided_by = "System log: WAS 5021/5057 with error 1385. Security log: 4625 with status 0xC000015B "
                      "(logon type not granted).",
        .codes = LIST("http 503.0", "win32 1385", "event WAS 5021", "event WAS 5057", "event Security 4625",
                      "logon 0xC000015B"),
        .steps = LIST(SHOW_WAS_EVENTS, SHOW_LOGON_FAILURES,
                      "secpol.msc > Local Policies > User Rights Assignment: Log on as a service, Log on as "
                      "a batch job, Allow log on locally, and their Deny counterparts; `gpresult /scope "
                      "computer /h gp.html` shows which policy set them"),
        .resolution = LIST("Add the account to IIS_IUSRS and grant the rights in the policy that wins",
                           "`gpupdate /force`, then `Start-WebAppPool SCEP`"),
        .prevention =
            LIST("Put the rights into a group policy for the NDES server instead of the local policy"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_VALIDATE, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "impersonation-right-missing",
        .title = "The pool's account may not impersonate clients",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .runbook = LIST(RUN_SEEN_STATUS),
        .signature = "500 from IIS on every NDES URL.",
        AT_ALL("500 @iis"),
        .decided_by =
            "IIS log: 500 with sub-status 0 and win32 status 1346 (\"500 0 1346\"), and no NDES event 2.",
        .codes = LIST("http 500.0", "win32 1346"),
        .steps = LIST(SHOW_IIS_LINES(" 500 0 1346 "), "secpol.msc > User Rights Assignment > Impersonate a "
                                                      "client after authentication: IIS_IUSRS must be there"),
        .resolution = LIST("Grant IIS_IUSRS \"Impersonate a client after authentication\", check group "
                           "policy for overrides, recycle the SCEP pool"),
        .prevention =
            LIST("Keep the right in the server's own policy; review hardening baselines against it"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_TS_DEVICE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-pool-recycled",
        .title = "The application pool was recycled between password and use",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "One slow answer, then all is well again, except that every one-time password issued "
                     "before is refused with 0x80070490 and pending requests are forgotten.",
        AT("ok", "one slow answer", "ok", "ok", "ok", "F 1 0x80070490 for passwords from before",
           "F 1 0x80070490 for passwords from before", "pending ids lost"),
        .decided_by = "Application log: NDES events 3 (stopped) and 1 (started) between the issue of the "
                      "passwords and their use.",
        .codes = LIST("hresult 0x80070490", "event NDES 3", "event NDES 1", "event NDES 29"),
        .steps = LIST(SHOW_NDES_EVENTS, "IIS Manager > Application Pools > SCEP > Recycling: the installer "
                                        "sets no periodic recycle and no idle time-out"),
        .resolution = LIST("Send fresh profiles (new passwords) to the devices that were refused",
                           "Take the recycle out of schedules; set idle time-out and regular interval to 0"),
        .prevention = LIST("Recycle only when no profile roll-out is under way"),
        SEEN_REFUSED,
        .sources = LIST(SRC_FLEET, SRC_INSTALL),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
};

TABLE(causes_pool, "The application pool and its account", pool);
