#include "causes/tables.h"

/* NDES with the Intune policy module: somebody else checks the challenge. From outside they all look the same:
 * GetCACaps and GetCACert are fine, the bare URL answers 403 as it should, and PKIOperation is refused. */

#define REFUSED_AT_PKI                                                                                       \
    "GetCACaps and GetCACert answer, the bare SCEP URL answers 403 (healthy with the policy module), but "   \
    "every PKIOperation is refused."

static const struct cause intune[] = {
    {
        .id = "connector-stopped",
        .title = "The Intune certificate connector is stopped",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .runbook = LIST(RUN_CAUSE_CONNECTOR, RUN_STEP_CONNECTOR, RUN_FIX_CONNECTOR, RUN_FIX_TEST),
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "On the connector's host: `Get-Service | Where-Object DisplayName -match 'Intune'` "
                      "shows Stopped. Event log Microsoft-Intune-CertificateConnectors/Admin has no 4003 for "
                      "the time of the requests; legacy connector: event 10020.",
        .codes = LIST("event connector 10020", "event connector 10010"),
        .steps = LIST("`Get-Service | Where-Object DisplayName -match 'Intune' | Format-Table "
                      "Status,StartType,DisplayName`",
                      SHOW_CONNECTOR_EVENTS,
                      "Intune admin centre > Tenant administration > Connectors and tokens > Certificate "
                      "connectors: status, last check-in",
                      "Connector older than 2021 (service \"Intune Connector Service\", in guides also "
                      "\"Microsoft Intune Connector\"): `Get-Content \"$env:ProgramFiles\\Microsoft "
                      "Intune\\NDESPolicyModule\\Logs\\NDESPlugin.log\" -Tail 200`; the folder "
                      "C:\\ProgramData\\Microsoft\\Intune Certificate Connector\\ of some guides is in no "
                      "Microsoft document"),
        .resolution = LIST(
            "Start the connector services and set them to Automatic (Delayed Start)",
            "If they stop again: the connector's event log names the reason (proxy, certificate, account)",
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
        .runbook = LIST(RUN_CAUSE_CONNECTOR, RUN_FIX_TEST),
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "Version in Intune admin centre > Certificate connectors (or Apps and features on the "
                      "host) is more than six months behind the current release; services run and event 4005 "
                      "reports failed verifications.",
        .codes = LIST("event connector 4005"),
        .steps =
            LIST("`Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\* | "
                 "Where-Object DisplayName -match 'Certificate Connector' | Select-Object "
                 "DisplayName,DisplayVersion`",
                 SHOW_CONNECTOR_EVENTS, "Compare with the release list in the connector's documentation"),
        .resolution = LIST("Download the current connector in the Intune admin centre, install it over the "
                           "old one, sign in again",
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
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by =
            "CRP svclog: \"Signing certificate could not be retrieved\"; the value SigningCertificate is "
            "absent under HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector.",
        .codes = LIST("text Signing certificate could not be retrieved", "crp 0x408", "crp 0x409"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector`"),
        .resolution = LIST("Reinstall the connector and sign in again, so that it enrolls anew"),
        .prevention = LIST("Do not clone connector hosts"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "connector-outbound-blocked",
        .title = "The connector cannot reach Intune",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L12",
        .signature = REFUSED_AT_PKI " Or certificates are issued, but Intune never hears of them.",
        AT_INTUNE("F, or S that Intune never hears of"),
        .decided_by = "Connector event log: 4002 (upload failed), connection errors; legacy: 10102.",
        .codes = LIST("event connector 4002", "event connector 10102"),
        .steps = LIST(SHOW_CONNECTOR_EVENTS,
                      "`Test-NetConnection manage.microsoft.com -Port 443`, and the other documented "
                      "endpoints, from this host",
                      "`netsh winhttp show proxy`, and the proxy settings of the service's account"),
        .resolution = LIST("Allow outbound 443 to the Intune endpoints; no TLS inspection for them"),
        .prevention = LIST("Keep the endpoint list of the documentation in the proxy's rules"),
        SEEN_REFUSED,
        .sources = LIST(SRC_CONNECTOR, SRC_CONNECTOR_NEEDS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "intune-challenge-missing",
        .title = "The request carries no challenge that Intune made",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .signature = REFUSED_AT_PKI
        " The client sent no challenge, or one too short to be Intune's (some 5,500 characters of base64).",
        AT_INTUNE("F"),
        .decided_by =
            "The request: its challengePassword (in evidence/ of the run: type and length). On the server: "
            "connector event 4005 or NDESPlugin.log says that the challenge is missing or cannot be decoded.",
        .codes = LIST("event connector 4005", "text ChallengePasswordMissing", "text ChallengeDecodingError"),
        .steps = LIST("Is this NDES meant for Intune only? Its policy module takes no other passwords",
                      "Devices: does the challenge of the SCEP profile arrive whole (no proxy or MDM in "
                      "between that sets its own)?",
                      SHOW_CONNECTOR_EVENTS),
        .resolution =
            LIST("Tests: real challenges are minted in the cloud; load an NDES without the module, or say "
                 "devices.expect: refused and measure up to the refusal",
                 "Other clients than Intune's: give them an NDES of their own, without the policy module"),
        .prevention = LIST("One NDES for each kind of client"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API, SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "intune-challenge-expired",
        .title = "The Intune challenge had expired",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .signature = REFUSED_AT_PKI " Devices that slept after they got the profile are hit first.",
        AT_INTUNE("F"),
        .decided_by = "Connector event 4005 with reason challenge expired; legacy CRP code 0x411.",
        .codes = LIST("event connector 4005", "crp 0x411", "text ChallengeExpired"),
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Clock of NDES and connector host: `w32tm /query /status`"),
        .resolution = LIST("Let the device sync again: the profile comes with a new challenge (60 minutes)"),
        .prevention = LIST("Roll out when devices are awake"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "intune-challenge-mismatch",
        .title = "The request differs from what Intune expects",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by =
            "Connector event 4005 with the reason: subject, SAN, EKU, key usage or key length mismatch.",
        .codes = LIST("event connector 4005", "text SubjectNameMismatch", "text SubjectAltNameMismatch",
                      "text KeyUsageMismatch", "text KeyLengthMismatch", "text EnhancedKeyUsageMismatch"),
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Special characters in the CN? They lead to subject mismatches"),
        .resolution = LIST("Correct the profile or the template named by the reason, assign again"),
        .prevention = LIST("Pilot group after each profile change"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "intune-profile-not-targeted",
        .title = "The SCEP profile is no longer assigned to the device",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "Connector event 4005 with reason ScepProfileNoLongerTargetedToTheClient.",
        .codes = LIST("event connector 4005", "text ScepProfileNoLongerTargetedToTheClient"),
        .steps = LIST(SHOW_CONNECTOR_EVENTS, "Assignment and group membership in the Intune admin centre"),
        .resolution = LIST("Assign the profile again, or let the device sync to drop it"),
        .prevention = LIST("Change groups before profiles"),
        SEEN_REFUSED,
        .sources = LIST(SRC_INTUNE_API),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "profile-not-delivered",
        .title = "The SCEP profile never reaches the device",
        .mode = "I",
        .stage = "any",
        .class_id = "L12",
        .runbook = LIST(RUN_SEEN_FAILED, RUN_SEEN_STORE),
        .signature =
            "A test client enrolls; the device does not even ask: no request of its own arrives at NDES.",
        AT("ok", "403 (healthy)", "ok", "ok", "-", "ok", "ok", "-"),
        .decided_by = "The IIS log has no line from the device (or from the proxy at its check-in). Intune "
                      "admin centre: the trusted-root profile that the SCEP profile names is not assigned to "
                      "the same group, or itself Failed or Pending.",
        .codes = LIST("text -2016341112"),
        .steps =
            LIST("Intune admin centre > Devices > the device > Device configuration: SCEP and trusted-root "
                 "profile Succeeded, Failed or Pending? Last check-in?",
                 "Assignments of both profiles: the same groups, users with users and devices with devices",
                 "Windows: event 306 and 36 in DeviceManagement-Enterprise-Diagnostics-Provider/Admin mean "
                 "that it did arrive",
                 "iOS: GetCACaps and GetCACert in the IIS log without PKIOperation mean that the device "
                 "refused the CA chain: see ca-fingerprint-mismatch"),
        .resolution =
            LIST("Assign trusted root, intermediates and SCEP profile to the same group, sync the device",
                 "-2016341112: the device was busy; it tries again at its next check-in"),
        .prevention = LIST("One group per certificate chain, with all of its profiles",
                           "Pilot device before a roll-out"),
        .symptom_ios = "No certificate, and no SCEP lines in the device's log.",
        .symptom_android =
            "No SCEP lines in the OMADM log; or CERT_INSTALL_REQUESTED: the user has to agree.",
        .symptom_windows = "No event 306 or 36 in DeviceManagement-Enterprise-Diagnostics-Provider/Admin.",
        .symptom_macos = "No profile in System Settings > Profiles.",
        .symptom_console = "Intune: SCEP profile Pending, Failed (0x87D1FDE8) or without any status; "
                           "trusted-root profile Failed or not assigned.",
        .sources = LIST(SRC_TS_DELIVERY, SRC_IOS_CAPS, SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
        .not_simulated =
            "the device never contacts the server: nothing is answered, and no log of the server differs",
    },
    {
        .id = "device-cert-not-installed",
        .title = "The certificate was issued, but is not in the device's store",
        .mode = "I",
        .stage = "verify",
        .class_id = "L12",
        .runbook = LIST(RUN_SEEN_STORE, RUN_SEEN_FAILED),
        .signature = "SUCCESS on the wire and an issued certificate at the CA; the device has none.",
        AT("ok", "403 (healthy)", "ok", "ok", "-", "S", "S", "S"),
        .decided_by = "CA: the request stands under Issued. Device: event 39 (installed) is missing in "
                      "DeviceManagement-Enterprise-Diagnostics-Provider/Admin, 32 or 307 with 0x800B0109 or "
                      "0x800B010A stands there instead.",
        .codes = LIST("hresult 0x800B0109", "hresult 0x800B010A", "hresult 0x8010002C"),
        .steps = LIST("On the Windows device: `Get-WinEvent -LogName "
                      "'Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin' -MaxEvents "
                      "100 | Where-Object {$_.Id -in 32,36,39,306,307} | Format-List TimeCreated,Id,Message`",
                      "`Get-ChildItem Cert:\\LocalMachine\\My,Cert:\\CurrentUser\\My | Format-List "
                      "Subject,Issuer,NotAfter` (computer or user store, as the profile says)",
                      "Root and every intermediate of the issuing CA on the device?",
                      "Android: did the user accept the installation (CERT_INSTALL_REQUESTED)?"),
        .resolution =
            LIST("Assign trusted-root and intermediate profiles to the same group as the SCEP profile, sync",
                 "Wrong store: correct the profile's certificate type (user or device)"),
        .prevention =
            LIST("Deploy the whole chain before the SCEP profile", "Test with a device that was just reset"),
        .symptom_ios = "22008, 22012 or 22013, as the step that failed.",
        .symptom_android = "CERT_INSTALL_REQUESTED or CERT_ACCESS_REQUESTED until the user agrees.",
        .symptom_windows = "Event 36 without 39; then 32 or 307 with 0x800B0109, or 0x8010002C.",
        .symptom_macos = "<MDM-SCEP:15002>, or -25299 when the item is in the keychain already.",
        .symptom_console = "Intune: Failed, 0x87D1FDE8, although the CA has issued.",
        .sources = LIST(SRC_TS_DEVICE, SRC_TS_DELIVERY, SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "issued-not-reported",
        .title = "The device has its certificate, but Intune was never told",
        .mode = "I",
        .stage = "any",
        .class_id = "L12",
        .runbook = LIST(RUN_SEEN_FAILED),
        .signature = "SUCCESS on the wire and the certificate in the device's store; Intune shows the "
                     "profile as Failed or the certificate not at all.",
        AT("ok", "403 (healthy)", "ok", "ok", "-", "S", "S", "S"),
        .decided_by = "Connector events 4002 (upload failed) or 4010 (notification failed) at that time; old "
                      "connector: 20602.",
        .codes = LIST("event connector 4001", "event connector 4002", "event connector 4010",
                      "event connector 20602"),
        .steps = LIST(
            SHOW_CONNECTOR_EVENTS, "Connector status and last check-in in the Intune admin centre",
            "Outbound path and proxy of the connector's service account: see connector-outbound-blocked"),
        .resolution = LIST("Open the outbound path, restart the connector's services: it uploads what waits",
                           "Sync the device: its own report corrects the status"),
        .prevention = LIST("Alert on connector events 4002 and 4010", "A second connector"),
        .symptom_ios = "None: the certificate is there.",
        .symptom_android = "None: the certificate is there.",
        .symptom_windows = "None: event 39 (installed).",
        .symptom_macos = "None: the certificate is there.",
        .symptom_console =
            "Intune: Failed or Pending, and no entry under Monitor > Certificates; the device disagrees.",
        .sources = LIST(SRC_CONNECTOR, SRC_RUNBOOK),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
};

TABLE(causes_intune, "Intune: profile, challenge, connector", intune);
