#include "causes/tables.h"

/* NDES with the Intune policy module: somebody else checks the challenge. From outside they all look the same:
 * GetCACaps and GetCACert are fine, the bare URL answers 403 as it should, and PKIOperation is refused. */

#define REFUSED_AT_PKI                                                                                       \
    "GetCACaps and GetCACert answer, the bare SCEP URL answers 403 (healthy with the policy module), but "   \
    "every "                                                                                                 \
    "PKIOperation is refused."

static const struct cause intune[] = {
    {
        .id = "connector-stopped",
        .title = "The Intune certificate connector is stopped",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "Connector (Intune Certificate Connector) outdated or service stopped",
        .signature = REFUSED_AT_PKI,
        .decided_by =
            "On the connector's host: Get-Service | Where-Object DisplayName -match 'Intune' shows Stopped. "
            "Event log Microsoft-Intune-CertificateConnectors/Admin has no 4003 for the time of the "
            "requests; legacy connector: event 10020.",
        .steps = LIST(
            "Get-Service | Where-Object DisplayName -match 'Intune' | Format-Table "
            "Status,StartType,DisplayName",
            SHOW_CONNECTOR_EVENTS,
            "Intune admin centre > Tenant administration > Connectors and tokens > Certificate connectors: "
            "status, last check-in",
            "Legacy set-up: NDESPlugin.log under %ProgramFiles%\\Microsoft Intune\\NDESPolicyModule\\Logs"),
        .resolution =
            LIST("Start the connector services and set them to Automatic (Delayed Start)",
                 "If they stop again: the connector's event log names the reason (proxy, certificate, "
                 "account)",
                 "iisreset on the NDES server after connector changes, then enroll one device",
                 "Challenges last 60 minutes: let devices sync again for new ones"),
        .prevention = LIST("Monitor the services and the last check-in in the Intune admin centre",
                           "Install a second connector for redundancy"),
        SEEN_REFUSED,
        .sources = LIST(SRC_RUNBOOK, SRC_TS_POLICY, SRC_CONNECTOR),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "connector-outdated",
        .title = "The Intune certificate connector is too old",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "Connector (Intune Certificate Connector) outdated or service stopped",
        .signature = REFUSED_AT_PKI,
        .decided_by =
            "Version in Intune admin centre > Certificate connectors (or Apps and features on the host) is "
            "more than six months behind the current release; services run and event 4005 reports failed "
            "verifications.",
        .steps =
            LIST("Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\* | "
                 "Where-Object "
                 "DisplayName -match 'Certificate Connector' | Select-Object DisplayName,DisplayVersion",
                 SHOW_CONNECTOR_EVENTS, "Compare with the release list in the connector's documentation"),
        .resolution =
            LIST("Download the current connector in the Intune admin centre, install it over the old one, "
                 "sign in again",
                 "iisreset on the NDES server, then enroll one device"),
        .prevention = LIST("Allow automatic updates (outbound to the update service)",
                           "Check the version every quarter: six months are supported"),
        SEEN_REFUSED,
        .sources = LIST(SRC_RUNBOOK, SRC_CONNECTOR),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "connector-signing-cert-missing",
        .title = "The connector's signing certificate is missing",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by = "CRP svclog: \"Signing certificate could not be retrieved\"; the value "
                      "SigningCertificate is absent "
                      "under HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector.",
        .steps = LIST("reg query HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector"),
        .resolution = LIST("Reinstall the connector and sign in again, so that it enrolls anew"),
        .prevention = LIST("Do not clone connector hosts"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "connector-outbound-blocked",
        .title = "The connector cannot reach Intune",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L12",
        .runbook = "",
        .signature = REFUSED_AT_PKI " Or certificates are issued, but Intune never hears of them.",
        .decided_by = "Connector event log: 4002 (upload failed), connection errors; legacy: 10102.",
        .steps = LIST(SHOW_CONNECTOR_EVENTS,
                      "Test-NetConnection on the documented endpoints, as the service's account",
                      "Proxy settings of the service's account"),
        .resolution = LIST("Allow outbound 443 to the Intune endpoints; no TLS inspection for them"),
        .prevention = LIST("Keep the endpoint list of the documentation in the proxy's rules"),
        SEEN_REFUSED,
        .sources = LIST(SRC_CONNECTOR, SRC_CONNECTOR_NEEDS),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "intune-challenge-missing",
        .title = "The request carries no challenge that Intune made",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature =
            REFUSED_AT_PKI " The client sent no challenge, or one too short to be Intune's (some 5,500 "
                           "characters of base64).",
        .decided_by =
            "The request: its challengePassword (in evidence/ of the run: type and length). On the server: "
            "connector event 4005 or NDESPlugin.log says that the challenge is missing or cannot be decoded.",
        .steps = LIST(
            "Is this NDES meant for Intune only? Its policy module takes no other passwords",
            "Devices: does the challenge of the SCEP profile arrive whole (no proxy or MDM in between that "
            "sets its own)?",
            SHOW_CONNECTOR_EVENTS),
        .resolution =
            LIST("Tests: real challenges are minted in the cloud; load an NDES without the module, or say "
                 "devices.expect: refused and measure up to the refusal",
                 "Other clients than Intune's: give them an NDES of their own, without the policy module"),
        .prevention = LIST("One NDES for each kind of client"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API, SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "intune-challenge-expired",
        .title = "The Intune challenge had expired",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI " Devices that slept after they got the profile are hit first.",
        .decided_by = "Connector event 4005 with reason challenge expired; legacy CRP code 0x411.",
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Clock of NDES and connector host: w32tm /query /status"),
        .resolution = LIST("Let the device sync again: the profile comes with a new challenge (60 minutes)"),
        .prevention = LIST("Roll out when devices are awake"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "intune-challenge-mismatch",
        .title = "The request differs from what Intune expects",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by =
            "Connector event 4005 with the reason: subject, SAN, EKU, key usage or key length mismatch.",
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Special characters in the CN? They lead to subject mismatches"),
        .resolution = LIST("Correct the profile or the template named by the reason, assign again"),
        .prevention = LIST("Pilot group after each profile change"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "intune-profile-not-targeted",
        .title = "The SCEP profile is no longer assigned to the device",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by = "Connector event 4005 with reason ScepProfileNoLongerTargetedToTheClient.",
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Assignment and group membership in the Intune admin centre"),
        .resolution = LIST("Assign the profile again, or let the device sync to drop it"),
        .prevention = LIST("Change groups before profiles"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "policy-challenge-verify-false",
        .title = "The policy module rejects the challenge",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by =
            "NDESPlugin.log: \"Verify challenge returns false\"; the CRP svclog of the same minute says why.",
        .steps = LIST("Read NDESPlugin.log, then CertificateRegistrationPoint_xx_xx.svclog"),
        .resolution = LIST("Repair what the svclog names: connector certificate, expired challenge, profile"),
        .prevention = LIST("Move to the current connector, which logs events instead"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "policy-client-cert-expired",
        .title = "The policy module's client certificate has expired",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .runbook = "",
        .signature = REFUSED_AT_PKI " In some reports 500 or 503.",
        .decided_by =
            "NDESPlugin.log stops at \"Sending request to certificate registration point.\"; the certificate "
            "named by NDESCertThumbprint is expired or gone.",
        .steps = LIST("reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy",
                      "Find that thumbprint in certlm.msc > Personal"),
        .resolution = LIST("Renew it (client authentication), update NDESCertThumbprint, iisreset"),
        .prevention = LIST("Calendar entry before notAfter"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "crp-client-cert-untrusted",
        .title = "The registration point does not trust the policy module's certificate",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by = "IIS log of the CRP: 403 with sub-status 16 and win32 2148204809.",
        .steps = LIST("Select-String ' 403 16 ' C:\\inetpub\\logs\\LogFiles\\W3SVC1\\u_ex*.log | "
                      "Select-Object -Last 5"),
        .resolution =
            LIST("Use a certificate with client authentication from a trusted CA; clean the Root store of "
                 "intermediates"),
        .prevention = LIST("Roots in Root, intermediates in Intermediate"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "intermediate-in-root-store",
        .title = "Intermediate certificates sit in the Trusted Root store",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .runbook = "",
        .signature = REFUSED_AT_PKI " In some reports 503 on everything.",
        .decided_by = "Get-ChildItem Cert:\\LocalMachine\\Root | Where-Object {$_.Issuer -ne $_.Subject} "
                      "lists any; IIS log "
                      "of the CRP: 403 16.",
        .steps = LIST(
            "Get-ChildItem Cert:\\LocalMachine\\Root | Where-Object {$_.Issuer -ne $_.Subject} | Format-List "
            "Subject,Issuer,Thumbprint"),
        .resolution = LIST(
            "Move them to Intermediate Certification Authorities (and fix the group policy that puts them "
            "there), iisreset"),
        .prevention = LIST("Check the Root store after CA renewals"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_TS_DEVICE),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "crp-tls-name-mismatch",
        .title = "The registration point's TLS certificate lacks the internal name",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by = "NDESPlugin.log: WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID and Error 12175.",
        .steps = LIST("Read NDESPlugin.log around the request"),
        .resolution = LIST("Bind a certificate with internal and external name as SANs"),
        .prevention = LIST("Keep the list of names in the build document"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "crp-temp-permission",
        .title = "The registration point may not write to its temporary folder",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI,
        .decided_by = "IIS log of the CRP: 500 for POST .../VerifyRequest; events 5009 (exit 0xC0000374) and "
                      "ASP.NET 1310.",
        .steps = LIST("icacls %windir%\\Temp",
                      "Get-WinEvent -FilterHashtable @{LogName='Application';Id=1310} -MaxEvents 5"),
        .resolution = LIST("Give the pool's account Modify on %windir%\\Temp, iisreset"),
        .prevention = LIST("Keep hardening scripts away from %windir%\\Temp"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "crp-windows-auth",
        .title = "Windows authentication is on at the registration point",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = "",
        .signature = REFUSED_AT_PKI " Or 500/503.",
        .decided_by = "IIS log of the CRP: 401 with sub-status 2 for CertificateRegistrationSvc.",
        .steps = LIST("IIS Manager > CertificateRegistrationSvc > Authentication"),
        .resolution =
            LIST("Switch Windows authentication off there; anonymous on, client certificates required"),
        .prevention = LIST("Do not set authentication at site level"),
        SEEN_REFUSED,
        .sources = LIST(SRC_HTTP_ERRORS),
        .basis = CAUSES_DOCUMENTED,
    },
};

TABLE(causes_intune, intune);
