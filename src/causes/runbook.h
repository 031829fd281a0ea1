/* The lines of the user's runbook, "Windows NDES/SCEP Certificate Enrollment Failing for Mobile Devices", word for
 * word: an entry names those it covers. For this room only. */
#ifndef CAUSES_RUNBOOK_H
#define CAUSES_RUNBOOK_H

/* Indicators */
#define RUN_SEEN_FAILED "Intune: Device configuration profile shows 'Failed' for SCEP certificate deployment"
#define RUN_SEEN_STATUS "NDES server IIS logs show HTTP 403 or 500 on /certsrv/mscep/mscep.dll requests"
#define RUN_SEEN_EVENT                                                                                       \
    "Windows Event Log on NDES server: Event ID 26 (MSCEP) 'The password provided does not match'"
#define RUN_SEEN_PAGE  "NDES OTP challenge URL returns blank page or 503"
#define RUN_SEEN_STORE "Devices enrolled but certificate missing from device cert store"

/* Likely causes */
#define RUN_CAUSE_ACCOUNT "NDES service account password expired or account locked"
#define RUN_CAUSE_TEMPLATE                                                                                   \
    "SCEP certificate template permissions — NDES service account lacks Enroll permission on template"
#define RUN_CAUSE_POOL      "IIS Application Pool identity mismatch for NDES"
#define RUN_CAUSE_RA        "NDES registration authority (RA) certificates expired"
#define RUN_CAUSE_CONNECTOR "Connector (Intune Certificate Connector) outdated or service stopped"
#define RUN_CAUSE_PATH      "Network path from Intune infrastructure to NDES FQDN blocked"

/* Diagnostic steps */
#define RUN_STEP_PAGE                                                                                         \
    "Test NDES connectivity from a device or proxy: GET https://<ndes-fqdn>/certsrv/mscep_admin/ — expect " \
    "a challenge password page; error here means IIS/NDES not functional"
#define RUN_STEP_POOL                                                                                        \
    "Check NDES Application Pool in IIS Manager — verify it is started and using the correct service "     \
    "account identity; check Application Event Log for pool crashes"
#define RUN_STEP_ACCOUNT                                                                                     \
    "Verify NDES service account: not expired, not locked, has Log on as a service right; check NDES "       \
    "Application Pool uses this account"
#define RUN_STEP_RA                                                                                          \
    "Check RA certs: certlm.msc on NDES server > Local Computer > Personal — look for 'CEP Encryption' "   \
    "and 'Exchange Enrollment Agent' certs; verify not expired"
#define RUN_STEP_TEMPLATE                                                                                    \
    "In CA certificate templates: verify NDES service account has Read + Enroll permissions on the SCEP "    \
    "template; verify template is published on the CA"
#define RUN_STEP_CONNECTOR                                                                                   \
    "If using Intune Certificate Connector: open Services.msc, verify 'Microsoft Intune Connector' "         \
    "service is running; check connector logs at C:\\ProgramData\\Microsoft\\Intune Certificate "            \
    "Connector\\"

/* Resolution path */
#define RUN_FIX_PASSWORD "Reset NDES service account password and update IIS App Pool identity"
#define RUN_FIX_RA       "Renew expired RA certificates: remove and re-enroll NDES on the CA"
#define RUN_FIX_TEMPLATE                                                                                     \
    "Fix template permissions: grant NDES service account Read + Enroll on the SCEP template"
#define RUN_FIX_CONNECTOR "Restart Intune Certificate Connector service after any config changes"
#define RUN_FIX_TEST                                                                                         \
    "Test end-to-end with a new device enrollment after each fix before re-deploying to all devices"

/* Prevention */
#define RUN_PREVENT_GMSA                                                                                     \
    "Set service account password to never-expire or use a Group Managed Service Account (gMSA)"
#define RUN_PREVENT_RA "Monitor RA certificate expiry — set calendar alert at 60 days before expiry"
#define RUN_PREVENT_DOCUMENT                                                                                 \
    "Document NDES build: account name, template name, IIS pool name — NDES is fragile and poorly "        \
    "documented by default"

#endif
