/* What the catalogue is written with; for this room only.
 *
 * One file per family of causes (where the fault sits), one entry per cause. To add a cause: append an entry to the
 * fitting table; nothing else is counted or listed anywhere. */
#ifndef CAUSES_TABLES_H
#define CAUSES_TABLES_H

#include "causes/causes.h"
#include "causes/runbook.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

extern const struct causes_group causes_path, causes_tls, causes_iis, causes_limits, causes_pool,
    causes_startup, causes_otp, causes_password, causes_messages, causes_authority, causes_intune,
    causes_registration;

#define TABLE(name, title, entries)                                                                          \
    const struct causes_group name = {title, entries, sizeof entries / sizeof entries[0]}

/* Stage by stage, in the notation of causes.h. */
#define AT(transport, bare, caps, ca_cert, otp, post, get, poll)                                             \
    .at = {transport, bare, caps, ca_cert, otp, post, get, poll}
#define AT_ALL(x)       AT("ok", x, x, x, x, x, x, x)
#define AT_PATH(x)      AT(x, "-", "-", "-", "-", "-", "-", "-")
#define AT_OTP(x)       AT("ok", "ok", "ok", "ok", x, "-", "-", "-")
#define AT_PKI(x, poll) AT("ok", "ok", "ok", "ok", "ok", x, x, poll)
#define AT_GET(x)       AT("ok", "ok", "ok", "ok", "ok", "ok", x, x)
#define AT_START                                                                                             \
    AT("ok", "500 @iis", "500 @iis", "500 @iis", "500 @iis after logon", "500 @iis", "500 @iis", "500 @iis")
#define AT_INTUNE(x) AT("ok", "403 (healthy)", "ok", "ok", "-", x, x, "-")

/* What the people with the phones see: five things a device can run into, whatever the cause behind them. */
#define SEEN_NETWORK                                                                                         \
    .symptom_ios = "Profile error 22005 (network error).",                                                   \
    .symptom_android =                                                                                       \
        "The SCEP library throws a connection exception; the profile stays pending or failed.",              \
    .symptom_windows =                                                                                       \
        "0x80072EE2 (time-out), 0x80072EE7 (name) or 0x80072EFD (cannot connect); event 307 in "             \
        "DeviceManagement-Enterprise-Diagnostics-Provider/Admin.",                                           \
    .symptom_macos = "\"Unable to obtain certificate from SCEP server\" <MDM-SCEP:15001>.",                  \
    .symptom_console = "Intune: Failed or Pending, 0x87D1FDE8 or no code at all. Jamf Pro, Workspace ONE: "  \
                       "a failed profile command with the device's text."

#define SEEN_TLS                                                                                             \
    .symptom_ios = "Profile error 22005 (network error).",                                                   \
    .symptom_android = "An SSL handshake exception in the agent's log.",                                     \
    .symptom_windows = "0x80072F8F (secure channel) or 0x80072F0D (unknown CA); event 86 or 307.",           \
    .symptom_macos = "\"Unable to obtain certificate from SCEP server\" <MDM-SCEP:15001>.",                  \
    .symptom_console = "Intune: Failed or Pending, 0x87D1FDE8 or no code at all. Jamf Pro, Workspace ONE: "  \
                       "a failed profile command with the device's text."

#define SEEN_HTTP_ERROR                                                                                      \
    .symptom_ios =                                                                                           \
        "Profile error 22004 (\"The SCEP server configuration is not supported\"); 22013 when only "         \
        "the last step fails.",                                                                              \
    .symptom_android = "TransportException with the HTTP status, for example \"503 Service Unavailable\".",  \
    .symptom_windows =                                                                                       \
        "0x80190000 + HTTP status (0x801901F4 for 500, 0x801901F7 for 503, 0x80190194 for 404); "            \
        "events 307 and 32.",                                                                                \
    .symptom_macos = "\"Unable to obtain certificate from SCEP server\" <MDM-SCEP:15001>.",                  \
    .symptom_console = "Intune: Failed, 0x87D1FDE8 (remediation failed: names no cause). Fleet: \"HTTP "     \
                       "500\" and the like. Workspace ONE: \"SCEP request failed\"."

#define SEEN_REFUSED                                                                                         \
    .symptom_ios = "Profile error 22013 (\"The SCEP server returned an invalid response\"), as for every "   \
                   "refusal.",                                                                               \
    .symptom_android = "CertRep with pkiStatus=2 and a failInfo in the OMADM log.",                          \
    .symptom_windows =                                                                                       \
        "Event 32 (\"SCEP: Certificate enroll failed\") and CertEnroll event 87, HRESULT inside.",           \
    .symptom_macos = "\"The SCEP server rejected the request\" or <MDM-SCEP:15002>.",                        \
    .symptom_console = "Intune: Failed, 0x87D1FDE8 (remediation failed: names no cause). Jamf Pro: the "     \
                       "Mac's text. Workspace ONE: \"SCEP request failed\", 22013."

#define SEEN_NO_PASSWORD                                                                                     \
    .symptom_ios =                                                                                           \
        "Nothing on the device: the MDM gets no password, so the profile is never sent or fails in "         \
        "the console.",                                                                                      \
    .symptom_android = "Nothing on the device; the console shows the profile as pending or failed.",         \
    .symptom_windows = "Nothing in the device's SCEP events: the profile does not arrive.",                  \
    .symptom_macos = "Nothing on the Mac; Jamf Pro shows a failed or pending command.",                      \
    .symptom_console = "Intune does not use the page. Other MDMs: the profile stays pending or fails "       \
                       "before it is sent; no text is common to them."

#define SEEN_CA_REPLY                                                                                        \
    .symptom_ios = "Profile error 22003 (\"The Registration Authority's response is invalid\").",            \
    .symptom_android = "No recipient certificate found, or a certificate exception naming the date.",        \
    .symptom_windows = "Event 307 after GetCACert with a chain error such as 0x800B0101 or 0x800B0109.",     \
    .symptom_macos = "\"GetCACert: Validating response failed\" in the log, then <MDM-SCEP:15001>.",         \
    .symptom_console =                                                                                       \
        "Intune: Failed, 0x87D1FDE8 (remediation failed: names no cause). Jamf Pro: the Mac's text."

/* Commands that many entries send the reader to. */
#define APPCMD "& $env:windir\\System32\\inetsrv\\appcmd.exe "
#define SHOW_NDES_EVENTS                                                                                     \
    "`Get-WinEvent -FilterHashtable "                                                                        \
    "@{LogName='Application';ProviderName='Microsoft-Windows-NetworkDeviceEnrollmentService'} -MaxEvents "   \
    "20 | Format-List TimeCreated,Id,Message`"
#define SHOW_WAS_EVENTS                                                                                      \
    "`Get-WinEvent -FilterHashtable @{LogName='System';ProviderName='Microsoft-Windows-WAS'} -MaxEvents 20 " \
    "| Format-List TimeCreated,Id,Message`"
#define SHOW_POOL_USER                                                                                       \
    "`Import-Module WebAdministration; Get-ItemProperty IIS:\\AppPools\\SCEP processModel | Format-List "    \
    "identityType,userName`"
#define SHOW_RA_CERTS                                                                                        \
    "`Get-ChildItem Cert:\\LocalMachine\\My | Where-Object {$_.EnhancedKeyUsageList.ObjectId -contains "     \
    "'1.3.6.1.4.1.311.20.2.1'} | Format-List Subject,Issuer,NotAfter,HasPrivateKey`"
#define SHOW_CONNECTOR_EVENTS                                                                                \
    "`Get-WinEvent -LogName 'Microsoft-Intune-CertificateConnectors/Admin' -MaxEvents 30 | Format-List "     \
    "TimeCreated,Id,Message`"
#define SHOW_MSCEP_KEY "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP /s`"
#define SHOW_TEMPLATES "`certutil -CATemplates` on the CA"
#define SHOW_DENIED                                                                                          \
    "On the CA: `certutil -view -restrict \"Disposition=31\" -out "                                          \
    "\"RequestID,RequesterName,StatusCode,DispositionMessage\"` lists refused requests"
/* The last lines of the IIS log with these words. IIS writes late: flush first. */
#define SHOW_IIS_LINES(words)                                                                                \
    "`netsh http flush logbuffer; Select-String '" words                                                     \
    "' C:\\inetpub\\logs\\LogFiles\\W3SVC1\\u_ex*.log | Select-Object -Last 10`"
#define SHOW_HTTPERR_LINES(words)                                                                            \
    "`netsh http flush logbuffer; Select-String '" words                                                     \
    "' $env:windir\\System32\\LogFiles\\HTTPERR\\httperr*.log | Select-Object -Last 10`"

#define SRC_RUNBOOK                                                                                          \
    "https://www.engineerdirect.co.uk/guides/library/d/pki-certificates/ndes-scep-enrollment-failing/"
#define SRC_TS_DEVICE                                                                                        \
    "https://learn.microsoft.com/troubleshoot/mem/intune/certificates/"                                      \
    "troubleshoot-scep-certificate-device-to-ndes"
#define SRC_TS_POLICY                                                                                        \
    "https://learn.microsoft.com/troubleshoot/mem/intune/certificates/"                                      \
    "troubleshoot-scep-certificate-ndes-policy-module"
#define SRC_TS_OVERVIEW                                                                                      \
    "https://learn.microsoft.com/troubleshoot/mem/intune/certificates/"                                      \
    "troubleshoot-scep-certificate-profiles"
#define SRC_SCEP_CONFIGURE "https://learn.microsoft.com/mem/intune/protect/certificates-scep-configure"
#define SRC_CONNECTOR      "https://learn.microsoft.com/mem/intune/protect/certificate-connector-overview"
#define SRC_CONNECTOR_NEEDS                                                                                  \
    "https://learn.microsoft.com/mem/intune/protect/certificate-connector-prerequisites"
#define SRC_APP_PROXY  "https://learn.microsoft.com/entra/identity/app-proxy/app-proxy-protect-ndes"
#define SRC_RA_RENEWAL "https://support.microsoft.com/help/2712186"
#define SRC_MANAGING                                                                                         \
    "https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2008-R2-and-2008/"          \
    "ff955642(v=ws.10)"
#define SRC_EVENTS_2_10                                                                                      \
    "https://argonsys.com/microsoft-cloud/library/"                                                          \
    "ndes-and-the-dreaded-2-10-event-ids-stating-the-parameter-is-incorrect/"
#define SRC_NDES_EVENTS                                                                                      \
    "https://www.gradenegger.eu/en/"                                                                         \
    "overview-of-windows-events-generated-by-the-network-device-registration-service-ndes/"
#define SRC_VALIDATE                                                                                         \
    "https://github.com/microsoftgraph/powershell-intune-samples/tree/master/CertificationAuthority"
#define SRC_POOL_FAILURE                                                                                     \
    "https://learn.microsoft.com/iis/configuration/system.applicationhost/applicationpools/add/failure"
#define SRC_IIS_STATUS                                                                                       \
    "https://learn.microsoft.com/troubleshoot/developer/webapps/iis/www-administration-management/"          \
    "http-status-code"
#define SRC_HTTPERR       "https://support.microsoft.com/help/820729"
#define SRC_LOGON_FAILURE "https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4625"
#define SRC_ERROR_CODES   "https://learn.microsoft.com/windows/win32/com/com-error-codes-4"
#define SRC_ENROLL_CLIENT "https://github.com/Sleepw4lker/PSCertificateEnrollment"
#define SRC_INSTALL       "https://github.com/Sleepw4lker/NDESmanualInstallation"
#define SRC_HARDENING     "https://github.com/richardhicks/ndes"
#define SRC_FLEET         "https://victoronsoftware.com/posts/test-ndes-scep-server/"
#define SRC_STATIC        "https://learn.microsoft.com/archive/blogs/jeffbutte/236"
#define SRC_HTTP_ERRORS   "https://www.anoopcnair.com/intune-scep-http-errors-ts-made-easy-with-joy-5/"
#define SRC_JAMF                                                                                             \
    "https://travellingtechguy.blog/"                                                                        \
    "communication-flows-for-jamf-pro-with-direct-scep-ndes-and-jamf-pro-as-scep-proxy/"
#define SRC_JAMF_PROXY                                                                                       \
    "https://macnotes.wordpress.com/2020/11/11/"                                                             \
    "configuring-azure-web-application-proxy-for-jamf-pro-scep-certificates/"
#define SRC_INTUNE_API "https://github.com/microsoft/Intune-Resource-Access"
#define SRC_POLICY_API "https://learn.microsoft.com/windows/win32/api/certpol/nn-certpol-indespolicy"
#define SRC_SCEPMAN    "https://github.com/scepman/scepman-docs"
#define SRC_TS_DELIVERY                                                                                      \
    "https://learn.microsoft.com/troubleshoot/mem/intune/certificates/"                                      \
    "troubleshoot-scep-certificate-delivery"
#define SRC_IOS_CAPS                                                                                         \
    "https://learn.microsoft.com/troubleshoot/mem/intune/certificates/ios-scep-failure-no-getcacaps"
#define SRC_HTTPSYS                                                                                          \
    "https://learn.microsoft.com/troubleshoot/developer/webapps/iis/iisadmin-service-inetinfo/"              \
    "httpsys-registry-windows"
#define SRC_REQUEST_LIMITS                                                                                   \
    "https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/"              \
    "requestlimits/"
#define SRC_CA_SCALE                                                                                         \
    "https://learn.microsoft.com/archive/blogs/wincat/"                                                      \
    "scale-testing-the-worlds-largest-pki-all-running-on-ws08r2-and-hyper-v"
#define SRC_CSP          "https://learn.microsoft.com/windows/client-management/mdm/clientcertificateinstall-csp"
#define SRC_SCEP_PROFILE "https://learn.microsoft.com/mem/intune/protect/certificates-profile-scep"
#define SRC_SSCEP        "https://github.com/certnanny/sscep/issues/"
#define SRC_RFC          "https://www.rfc-editor.org/rfc/rfc8894"

#endif
