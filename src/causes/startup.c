#include "causes/tables.h"

/* What NDES checks when it starts. Until the next start of the pool most of these do not show at all; from then
 * on they all look the same from outside: 500 on every URL. */

#define START_FAILS                                                                                          \
    "Nothing until the pool starts again (reboot, recycle, iisreset); then 500 from IIS on every URL of "    \
    "both virtual directories."
/* Two steps of a list. */
#define RENEW_RA                                                                                             \
    "Renew both RA certificates. CEP Encryption: certlm.msc > Personal > the certificate > All Tasks > "     \
    "Renew. Exchange Enrollment Agent (Offline request): `certreq -new ea.inf ea.req; certreq -submit "      \
    "ea.req ea.cer; certreq -accept ea.cer`",                                                                \
        "ea.inf, section [NewRequest]: the old Subject, KeySpec = 2, KeyUsage = 0x80, KeyLength = 2048, "    \
        "MachineKeySet = TRUE, ProviderName = \"Microsoft Strong Cryptographic Provider\", ProviderType = "  \
        "1; section [RequestAttributes]: CertificateTemplate = EnrollmentAgentOffline. (CEP Encryption the " \
        "same way: KeySpec = 1, KeyUsage = 0x20, CEPEncryption)"
#define GRANT_KEYS                                                                                           \
    "certlm.msc > each RA certificate > All Tasks > Manage Private Keys > Read for the pool's account (new " \
    "keys have new permissions)"
#define RESTART_IIS "`iisreset`, then look for NDES event 1 and the absence of 2 and 10"

static const struct cause startup[] = {
    {
        .id = "ra-cert-expired",
        .title = "The registration authority (RA) certificates of NDES have expired",
        .mode = "*",
        .stage = "get_ca_cert",
        .class_id = "L3",
        .runbook = LIST(RUN_CAUSE_RA, RUN_STEP_RA, RUN_FIX_RA, RUN_PREVENT_RA, RUN_SEEN_STATUS),
        .signature = "Before a restart GetCACert still serves the RA certificates and their notAfter lies in "
                     "the past, so careful clients stop there; after a restart 500 from IIS on every URL.",
        AT("ok", "ok; after a start 500 @iis", "ok; after a start 500 @iis",
           "served, past notAfter; after a start 500 @iis", "ok; after a start 500 @iis",
           "ok; after a start 500 @iis", "ok; after a start 500 @iis", "ok; after a start 500 @iis"),
        .decided_by =
            "The dates in GetCACert, visible from outside while it is served. On the server: certlm.msc > "
            "Personal, certificates \"CEP Encryption\" and \"Exchange Enrollment Agent (Offline request)\"; "
            "Application log: NDES events 2 and 10 with 0x80070057 after a start.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80070057",
                      "hresult 0x800B0101", "event AutoEnrollment 64"),
        .steps = LIST(SHOW_RA_CERTS, SHOW_NDES_EVENTS,
                      "Check the issuing CA's own certificate and the clock while you are there"),
        .resolution = LIST(RENEW_RA, GRANT_KEYS, RESTART_IIS,
                           "Removing and re-installing NDES also works, but is more than is needed",
                           "MDMs that cache the RA certificates (Jamf and others) must fetch them again"),
        .prevention =
            LIST("Calendar entry 60 days before notAfter; they last two years and do not renew themselves",
                 "Monitor the dates in GetCACert from outside",
                 "AutoEnrollment event 64 on the server warns too: alert on it"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_RUNBOOK, SRC_TS_DEVICE, SRC_RA_RENEWAL, SRC_MANAGING),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-cert-missing",
        .title = "An RA certificate of NDES is missing",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .runbook = LIST(RUN_STEP_RA),
        .signature = START_FAILS,
        AT_START,
        .decided_by = "NDES events 2 and 10; fewer than two certificates with the Certificate Request Agent "
                      "usage in the machine's Personal store.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80070057"),
        .steps = LIST(SHOW_RA_CERTS, SHOW_NDES_EVENTS),
        .resolution = LIST(RENEW_RA, GRANT_KEYS, RESTART_IIS),
        .prevention = LIST("Keep certificate clean-up scripts away from the NDES server"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_VALIDATE, SRC_RA_RENEWAL),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-key-access-denied",
        .title = "The pool's account cannot read the RA private keys",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS " Typical right after RA renewal or a change of account.",
        AT_START,
        .decided_by = "NDES events 2 and 10 with 0x80070057, certificates valid; Manage Private Keys lacks "
                      "the pool's account.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80070057",
                      "hresult 0x80090010", "hresult 0x80090016"),
        .steps = LIST(SHOW_NDES_EVENTS, "Which account: " SHOW_POOL_USER,
                      "certlm.msc > each RA certificate > All Tasks > Manage Private Keys"),
        .resolution = LIST(GRANT_KEYS, RESTART_IIS),
        .prevention = LIST("Make the key permission part of the renewal check list"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_EVENTS_2_10, SRC_MANAGING),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-cert-wrong-ca",
        .title = "The RA certificates come from another CA than the configured one",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS " An earlier GetCACert shows RA issuers that are not the CA beside them.",
        AT_START,
        .decided_by =
            "NDES events 2 and 10 with 0x80070057; MSCEP\\CAInfo names a CA that did not issue them.",
        .codes =
            LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80070057", "hresult 0x800B0109"),
        .steps = LIST(SHOW_RA_CERTS, "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CAInfo`"),
        .resolution =
            LIST("Enroll both RA certificates from the configured CA, or correct CAInfo\\Configuration",
                 GRANT_KEYS, RESTART_IIS),
        .prevention = LIST("Plan NDES into every CA migration"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_EVENTS_2_10),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ca-renewed-ra-stale",
        .title = "The CA was renewed, the RA certificates still belong to the old CA certificate",
        .mode = "*",
        .stage = "get_ca_cert",
        .class_id = "L3",
        .signature =
            "GetCACert answers, but the RA certificates do not chain to the CA certificate beside them.",
        AT("ok", "ok", "ok", "ok, but RA chains to the old CA", "ok", "ok", "ok", "ok"),
        .decided_by = "Visible from outside in GetCACert. Windows devices: events 32 and 307, CAPI2 event "
                      "30, 0x800B0109.",
        .codes = LIST("hresult 0x800B0109", "event CAPI2 30"),
        .steps =
            LIST("Compare issuer and authority key identifier of the RA certificates with the CA certificate",
                 SHOW_RA_CERTS),
        .resolution =
            LIST(RENEW_RA, GRANT_KEYS, RESTART_IIS, "Assign the new root or intermediate to the devices"),
        .prevention = LIST("Renew the RA certificates with every CA renewal"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_TS_DEVICE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-cert-revoked",
        .title = "An RA certificate has been revoked",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS,
        AT_START,
        .decided_by = "NDES events 2 and 10; `certutil -verify -urlfetch ra.cer` says revoked.",
        .codes =
            LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80092010", "hresult 0x800B010C"),
        .steps = LIST(SHOW_NDES_EVENTS, "`certutil -verify -urlfetch ra.cer` for both RA certificates"),
        .resolution = LIST(RENEW_RA, GRANT_KEYS, RESTART_IIS),
        .prevention = LIST("Mark the RA serial numbers as not to be revoked in clean-ups"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_EVENTS_2_10, SRC_HTTP_ERRORS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "crl-unreachable",
        .title = "NDES cannot check revocation: a CRL is expired or out of reach",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS,
        AT_START,
        .decided_by = "NDES events 2 and 10 with 0x80070057; CAPI2 operational log (enable it) with "
                      "revocation errors; `certutil -verify -urlfetch` as the pool's account fails.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "event CAPI2 11", "event CAPI2 70",
                      "hresult 0x80070057", "hresult 0x80092012", "hresult 0x80092013"),
        .steps = LIST("`certutil -verify -urlfetch ra.cer` on the NDES server",
                      "`certutil -url ra.cer`: fetch each CDP; NextUpdate in the future?"),
        .resolution = LIST(
            "Publish a fresh CRL (`certutil -crl` on the CA, an offline root\'s by hand), open the CDP path",
            "`certutil -setreg chain\\ChainCacheResyncFiletime '@now'`, then `iisreset`"),
        .prevention = LIST("Monitor NextUpdate of every CRL, the root's first of all"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_EVENTS_2_10, SRC_HTTP_ERRORS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-key-cng-provider",
        .title = "The RA keys are in a CNG provider, which NDES cannot use",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS,
        AT_START,
        .decided_by = "`certutil -store my <serial>` names a Key Storage Provider instead of Microsoft "
                      "Strong Cryptographic Provider.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80090014"),
        .steps = LIST("`certutil -store my | Select-String 'Provider|Serial|Subject'`: the RA certificates "
                      "must say Microsoft Strong Cryptographic Provider"),
        .resolution = LIST("Enroll again from templates with a CryptoAPI provider", GRANT_KEYS, RESTART_IIS),
        .prevention = LIST("Do not duplicate the RA templates to a newer schema"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "registry-inconsistent",
        .title = "Values are missing from the MSCEP registry key",
        .mode = "*",
        .stage = "any",
        .class_id = "L3",
        .runbook = LIST(RUN_SEEN_STATUS),
        .signature = START_FAILS,
        AT_START,
        .decided_by = "NDES event 2 (and 10) with 0x80070002.",
        .codes = LIST("http 500.0", "event NDES 2", "event NDES 10", "hresult 0x80070002"),
        .steps = LIST(SHOW_NDES_EVENTS, SHOW_MSCEP_KEY),
        .resolution =
            LIST("Restore the missing values, for example EnforcePassword\\EnforcePassword = 1 (DWORD)",
                 RESTART_IIS),
        .prevention = LIST("Export the key after set-up and after each change"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_NDES_EVENTS, SRC_INSTALL),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "static-password-undecryptable",
        .title = "The static password cannot be decrypted",
        .mode = "S",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS " Typical after a change of the pool's account in single-password mode.",
        AT_START,
        .decided_by = "NDES event 49, and event 2 with 0x8009000B.",
        .codes = LIST("http 500.0", "event NDES 49", "event NDES 2", "hresult 0x8009000B"),
        .steps = LIST(SHOW_NDES_EVENTS),
        .resolution = LIST("Delete the value EncryptedPassword under the MSCEP key, iisreset; a new static "
                           "password is made: put it into the MDM"),
        .prevention = LIST("Plan for a new password with each change of account"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_STATIC),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "static-password-key-unwritable",
        .title = "NDES may not store its static password",
        .mode = "S",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS,
        AT_START,
        .decided_by = "UseSinglePassword = 1, NDES event 2 with 0x80070002, and no write permission for the "
                      "pool's account on the MSCEP key.",
        .codes = LIST("http 500.0", "event NDES 2", "hresult 0x80070002"),
        .steps =
            LIST(SHOW_NDES_EVENTS, "regedit > HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP > Permissions"),
        .resolution = LIST("Give the pool's account Full Control on the MSCEP key, iisreset"),
        .prevention = LIST("Note the permission in the build document"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_NDES_EVENTS),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "policy-module-load-failed",
        .title = "The Intune policy module does not start",
        .mode = "I",
        .stage = "any",
        .class_id = "L3",
        .signature = START_FAILS,
        AT_START,
        .decided_by = "NDES event 53, then event 2.",
        .codes = LIST("http 500.0", "event NDES 53", "event NDES 2", "hresult 0x80070002"),
        .steps =
            LIST(SHOW_NDES_EVENTS, "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules /s`"),
        .resolution = LIST("Repair or reinstall the connector with the NDES policy module, then iisreset"),
        .prevention = LIST("Update the connector while the pool is drained"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_NDES_EVENTS, SRC_VALIDATE),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "policy-module-missing",
        .title = "The Intune policy module is not registered",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "The bare SCEP URL shows a page (200) instead of 403; Intune's challenges are refused "
                     "like unknown passwords (0x80070490).",
        AT("ok", "200 page instead of 403", "ok", "ok", "ok", "F 1 0x80070490", "F 1 0x80070490", "-"),
        .decided_by = "No key MSCEP\\Modules\\NDESPolicy; NDES event 29 for each device.",
        .codes = LIST("event NDES 29", "hresult 0x80070490"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy`",
                      "Open https://<ndes-fqdn>/certsrv/mscep/mscep.dll: 403 is healthy with the module"),
        .resolution = LIST("Install the connector's NDES policy module again; the bare URL must become 403"),
        .prevention = LIST("Check the bare URL after each update"),
        SEEN_REFUSED,
        .sources = LIST(SRC_VALIDATE, SRC_POLICY_API),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ra-cert-expiring",
        .title = "The RA certificates of NDES expire soon",
        .mode = "*",
        .stage = "get_ca_cert",
        .class_id = "",
        .runbook = LIST(RUN_PREVENT_RA, RUN_STEP_RA),
        .signature =
            "Nothing fails yet: notAfter of an RA certificate in GetCACert is less than 60 days away.",
        AT("ok", "ok", "ok", "ok, notAfter near", "ok", "ok", "ok", "ok"),
        .decided_by =
            "Visible from outside: `scepstorm check https://<ndes-fqdn>/certsrv/mscep/mscep.dll --warn-days "
            "60`. On the server: " SHOW_RA_CERTS ", and AutoEnrollment event 64 in the Application log.",
        .codes = LIST("event AutoEnrollment 64"),
        .steps = LIST(SHOW_RA_CERTS, "Both of them: \"CEP Encryption\" and \"Exchange Enrollment Agent "
                                     "(Offline request)\" (subject ends in -MSCEP-RA)"),
        .resolution =
            LIST("Renew both in a maintenance window, before the date: see ra-cert-expired for the steps",
                 "Then fetch them again wherever a copy is kept (Jamf Pro and other MDMs)"),
        .prevention =
            LIST("Calendar alert 60 days before notAfter: they last two years and do not renew themselves",
                 "Run `scepstorm check --warn-days 60` from monitoring"),
        .symptom_ios = "Nothing yet.",
        .symptom_android = "Nothing yet.",
        .symptom_windows = "Nothing yet.",
        .symptom_macos = "Nothing yet.",
        .symptom_console = "Nothing yet: no console watches these certificates.",
        .sources = LIST(SRC_RUNBOOK, SRC_RA_RENEWAL),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ca-config-wrong",
        .title = "NDES is configured for a CA that it cannot ask, or for another one",
        .mode = "*",
        .stage = "get_ca_cert",
        .class_id = "L3",
        .signature = "GetCACert fails alone, or serves another CA's certificate than the one expected; "
                     "GetCACaps answers.",
        AT("ok", "ok", "ok", "500 @iis, or another CA", "ok", "ok", "ok", "ok"),
        .decided_by =
            "Application log: NDES event 7, 8 or 9 (CA certificates or information not available). "
            "CAInfo\\Configuration in the MSCEP key names another host or CA than `certutil -dump` lists.",
        .codes = LIST("http 500.0", "event NDES 7", "event NDES 8", "event NDES 9"),
        .steps = LIST(SHOW_NDES_EVENTS,
                      "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CAInfo`: Configuration is "
                      "<ca-host>\\<CA name>",
                      "`certutil -dump` lists the CAs of the forest; `certutil -config \"<ca-host>\\<CA "
                      "name>\" -ping` asks that one"),
        .resolution =
            LIST("Correct CAInfo\\Configuration, iisreset",
                 "After a move to another CA: new RA certificates from it, too (see ra-cert-wrong-ca)"),
        .prevention =
            LIST("Plan NDES into every CA migration", "Watch the CA certificate in GetCACert for changes"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_NDES_EVENTS, SRC_INSTALL),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
};

TABLE(causes_startup, "What NDES checks when it starts", startup);
