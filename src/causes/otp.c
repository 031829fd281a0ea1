#include "causes/tables.h"

/* The page that hands out one-time passwords, /certsrv/mscep_admin/. */

#define SHOW_401                                                                                             \
    "Select-String 'mscep_admin.* 401 1 ' C:\\inetpub\\logs\\LogFiles\\W3SVC1\\u_ex*.log | Select-Object "   \
    "-Last 10: "                                                                                             \
    "the last number before the time is the win32 status"

static const struct cause otp[] = {
    {
        .id = "otp-cache-full",
        .title = "The password cache of NDES is full",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature =
            "The OTP page answers 200 with \"The password cache is full.\"; enrollment by itself works.",
        .decided_by =
            "The page says it; nothing else is needed. Count what fetches passwords without using them: "
            "lines with mscep_admin against PKIOperation in the IIS log. The limit: reg query "
            "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax (5 by default, each held for 60 "
            "minutes).",
        .steps = LIST(
            "Who fetches passwords? IIS log, cs-username and c-ip of the mscep_admin lines of the last hour",
            "reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax",
            "Monitoring that opens the OTP page takes one of the five passwords each time: stop it"),
        .resolution =
            LIST("Use up or wait out the passwords that were handed out (60 minutes at most)",
                 "Raise the limit: reg add HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax /v "
                 "PasswordMax /t REG_DWORD /d 50 /f, then recycle the SCEP pool",
                 "Recycling empties the cache at once, and voids every password that devices still hold",
                 "Roll profiles out in batches"),
        .prevention = LIST("Size PasswordMax for the largest batch: profiles pushed per hour",
                           "Keep health checks away from mscep_admin; GetCACaps costs nothing"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_FLEET, SRC_INSTALL),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "mdm-otp-bottleneck",
        .title = "More devices are enrolled at once than NDES has places for passwords",
        .mode = "J",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature =
            "Bursts of \"The password cache is full.\" whenever many profiles are pushed; between bursts all "
            "is well.",
        .decided_by =
            "IIS log: more mscep_admin lines with 200 than PKIOperation lines within PasswordValidity, by "
            "PasswordMax or more. An MDM that fetches when it sends the profile, not when the device asks, "
            "holds a place for as long as the device sleeps.",
        .steps =
            LIST("reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax",
                 "Count per hour: Select-String 'mscep_admin' C:\\inetpub\\logs\\LogFiles\\W3SVC1\\u_ex*.log",
                 "Little's law: passwords per hour = PasswordMax / hours that one is held on average"),
        .resolution = LIST(
            "Raise PasswordMax to the passwords that are out at once in the largest push, then recycle the "
            "SCEP pool",
            "Push in batches no larger than PasswordMax, or let the MDM fetch when the device asks",
            "Shorten PasswordValidity, so that passwords nobody uses free their places sooner"),
        .prevention = LIST("Size PasswordMax from a load test with the MDM's real batch size"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_FLEET, SRC_INSTALL),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "otp-static-mode",
        .title = "NDES hands out one and the same password to everybody",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature = "The OTP page shows the same password at each fetch, without the sentence about single "
                     "use. A configuration, not a fault: nothing fails.",
        .decided_by = "reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\UseSinglePassword: 1.",
        .steps = LIST("Fetch the page twice and compare",
                      "reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\UseSinglePassword"),
        .resolution =
            LIST("Leave it when the MDM can send one fixed challenge only; keep that challenge secret",
                 "Else set UseSinglePassword to 0 and recycle the SCEP pool"),
        .prevention = LIST("Whoever reads one profile can enroll under any name: prefer one-time passwords"),
        .symptom_ios = "Nothing: devices enroll.",
        .symptom_android = "Nothing: devices enroll.",
        .symptom_windows = "Nothing: devices enroll.",
        .symptom_macos = "Nothing: devices enroll.",
        .sources = LIST(SRC_STATIC),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "otp-page-encoding-mishandled",
        .title = "The client does not decode the OTP page",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature = "One client finds no password on a page that a browser shows correctly. The page is "
                     "UTF-16LE, whatever its meta tag says.",
        .decided_by = "Save the page and look at its first bytes: every second one is zero (FF FE in front, "
                      "or not).",
        .steps = LIST(
            "curl --ntlm -u : -o page.html https://<ndes-fqdn>/certsrv/mscep_admin/; xxd page.html | head "
            "(takes one password)",
            "Is the page in another language than the client looks for?"),
        .resolution = LIST("Let the client decode UTF-16LE and look for 16 hex digits that are not the CA's "
                           "thumbprint (32 of them)"),
        .prevention = LIST("Test the client against a page of the server's own language"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_ENROLL_CLIENT),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "otp-insufficient-permission",
        .title = "The account that fetches passwords may not enroll",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9b",
        .runbook = "",
        .signature =
            "The OTP page answers 200 with \"You do not have sufficient permission to enroll with SCEP.\"",
        .decided_by =
            "Application log: NDES event 6 at each fetch. The caller (cs-username in the IIS log) is missing "
            "from the Security tab of one of the three templates.",
        .steps = LIST("Which account: IIS log, cs-username of the mscep_admin lines",
                      "Which templates: reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP",
                      "certtmpl.msc > each of them > Security"),
        .resolution = LIST("Give the caller Read and Enroll on all three templates",
                           "Wait for directory replication or restart the SCEP pool"),
        .prevention = LIST("Use a group for OTP callers and grant it once"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_FLEET, SRC_NDES_EVENTS, SRC_POLICY_API),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "otp-auth-failed",
        .title = "The OTP page refuses the user name or password",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 after a complete logon (NTLM to its third message, Basic in the first); SCEP URLs "
                     "answer normally. By Kerberos the domain controller refuses before the page is asked: "
                     "\"Preauthentication failed\".",
        .decided_by =
            "IIS log: 401 with sub-status 1 and win32 1326. Security log: 4625 with sub-status 0xC000006A or "
            "0xC0000064.",
        .steps =
            LIST(SHOW_401, "Log on to the page in a browser with the same account, from the MDM's network"),
        .resolution =
            LIST("Enter the account's password again where it is stored (MDM, scenario); mind the form "
                 "DOMAIN\\user",
                 "Stop retries first: they lock the account"),
        .prevention = LIST("A service account of its own, with a documented place for its password"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_IIS_STATUS, SRC_LOGON_FAILURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "otp-account-locked",
        .title = "The account that fetches passwords is locked",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 after a complete logon attempt, as with a wrong password.",
        .decided_by = "IIS log: 401 with sub-status 1 and win32 1909. Domain controller: event 4740.",
        .steps = LIST(SHOW_401, "Get-ADUser <account> -Properties LockedOut"),
        .resolution = LIST("Correct the stored password first, then Unlock-ADAccount <account>"),
        .prevention = LIST("Alert on 4740 for service accounts"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "otp-account-password-expired",
        .title = "The password of the account that fetches one-time passwords has expired",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 after a complete logon attempt, as with a wrong password.",
        .decided_by = "IIS log: 401 with sub-status 1 and win32 1330 or 1907.",
        .steps = LIST(SHOW_401, "Get-ADUser <account> -Properties PasswordExpired,PasswordLastSet"),
        .resolution = LIST("Reset it and enter the new one in the MDM"),
        .prevention = LIST("Let it not expire, or put the change into the calendar"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "otp-account-disabled",
        .title = "The account that fetches passwords is disabled or expired",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 after a complete logon attempt, as with a wrong password.",
        .decided_by = "IIS log: 401 with sub-status 1 and win32 1331 or 1793.",
        .steps = LIST(SHOW_401, "Get-ADUser <account> -Properties Enabled,AccountExpirationDate"),
        .resolution = LIST("Enable-ADAccount, or Clear-ADAccountExpiration"),
        .prevention = LIST("Exempt it from clean-up jobs"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "otp-auth-scheme-mismatch",
        .title = "The OTP page does not offer the authentication that the client uses",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature = "401 whose WWW-Authenticate header lacks the client's scheme (as installed: Negotiate "
                     "and NTLM, no "
                     "Basic).",
        .decided_by = "IIS log: 401 with sub-status 2 and win32 5 again and again, never with a user name.",
        .steps = LIST("Compare the WWW-Authenticate headers with what the client is set to",
                      "IIS Manager > CertSrv/mscep_admin > Authentication"),
        .resolution =
            LIST("Set the client to NTLM or Negotiate, or enable Basic on mscep_admin over TLS only"),
        .prevention = LIST("Note the scheme in the build document"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_INSTALL, SRC_IIS_STATUS),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "otp-kerberos-spn",
        .title = "Kerberos to the OTP page fails: the SPN is on the wrong account",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 with Negotiate; the same account succeeds with NTLM.",
        .decided_by =
            "IIS log: 401 with sub-status 1 and win32 2148074252. setspn -Q HTTP/<ndes-fqdn> names another "
            "account than the pool's, or none (then clients are told \"Server not found in Kerberos "
            "database\").",
        .steps = LIST("setspn -Q HTTP/<ndes-fqdn>", "Which account: " SHOW_POOL_USER,
                      "setspn -X finds duplicates"),
        .resolution =
            LIST("setspn -D HTTP/<ndes-fqdn> <old account>, setspn -S HTTP/<ndes-fqdn> <pool account>",
                 "Or let kernel-mode authentication use the pool's credentials "
                 "(useAppPoolCredentials=true)"),
        .prevention = LIST("Move the SPN together with the account"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "mdm-otp-credential-invalid",
        .title = "The MDM's stored account for the OTP page no longer works",
        .mode = "J",
        .stage = "otp",
        .class_id = "L9",
        .runbook = "",
        .signature = "401 on mscep_admin from the MDM's address only.",
        .decided_by = "IIS log: c-ip is the MDM's, 401 with sub-status 1; the win32 status says why.",
        .steps = LIST(SHOW_401, "Compare with a logon by hand from another host"),
        .resolution = LIST("Update the account in the MDM's SCEP settings"),
        .prevention = LIST("Put the MDM into the list of places to update when this password changes"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_JAMF),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "otp-endpoint-removed",
        .title = "The OTP page does not exist on this server",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "",
        .runbook = "",
        .signature = "404 from IIS on /certsrv/mscep_admin/ while the SCEP URL answers.",
        .decided_by = "IIS log: 404 with sub-status 0 (removed) or 8 (hidden segment) for mscep_admin.",
        .steps = LIST("%windir%\\system32\\inetsrv\\appcmd list app | findstr mscep_admin",
                      "IIS Manager > Request Filtering > Hidden Segments"),
        .resolution =
            LIST("Restore the application, or lift the hidden segment for the MDM's address; use a static "
                 "challenge if it was removed on purpose"),
        .prevention = LIST("Restrict by address instead of removing it"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_HARDENING),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "otp-page-blank",
        .title = "The OTP page is blank or not the page of NDES",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L3/L10",
        .runbook = "NDES OTP challenge URL returns blank page or 503",
        .signature = "200 with an empty body, or without password and without any known text.",
        .decided_by =
            "Application log: NDES events 2 and 10 (start failed), or none (a proxy rewrites the page, or it "
            "is in another language).",
        .steps = LIST("Open https://localhost/certsrv/mscep_admin/ on the server itself, past any proxy",
                      SHOW_NDES_EVENTS),
        .resolution = LIST("With events 2 or 10: follow the RA certificate causes",
                           "Without: take the page out of the proxy's rewriting and caching"),
        .prevention = LIST("Do not publish mscep_admin through proxies"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "otp-with-policy-module",
        .title = "This NDES is attached to Intune: it hands out no one-time passwords",
        .mode = "I",
        .stage = "otp",
        .class_id = "L15",
        .runbook = "",
        .signature =
            "403 on /certsrv/mscep_admin/ and on the bare SCEP URL, while GetCACaps and GetCACert answer. "
            "Healthy for "
            "Intune; wrong for an MDM that reads passwords from the page.",
        .decided_by = "reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy finds "
                      "the policy module.",
        .steps = LIST("reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules /s",
                      "Open the bare SCEP URL in a browser: 403 with the module, a page without it"),
        .resolution =
            LIST("Point the MDM (and this test) at an NDES without the Intune policy module",
                 "Or let Intune mint the challenges: they come with the profile, not from this page"),
        .prevention = LIST("One NDES for Intune, another one for MDMs that read mscep_admin"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_POLICY_API, SRC_VALIDATE),
        .basis = CAUSES_INFERRED,
    },
    {
        .id = "otp-endpoint-503",
        .title = "The OTP page answers 503",
        .mode = "SJ",
        .stage = "otp",
        .class_id = "L2",
        .runbook = "NDES OTP challenge URL returns blank page or 503",
        .signature =
            "503 on /certsrv/mscep_admin/, before any logon. A symptom: the pool behind it does not run.",
        .decided_by =
            "System log, source WAS: 5059 or nothing (stopped), 5021/5057 (identity), 5002 (crashes).",
        .steps = LIST(SHOW_WAS_EVENTS, "Get-WebAppPoolState SCEP"),
        .resolution =
            LIST("Follow app-pool-stopped, service-account-* or app-pool-crashing, as the event says"),
        .prevention = LIST("Monitor the pool's state"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
    },
};

TABLE(causes_otp, otp);
