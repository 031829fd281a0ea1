#include "causes/tables.h"

/* The certification authority behind NDES. Apart from pending requests NDES logs event 31 for each of them; the
 * HRESULT in the answer tells them apart. */

#define EVENT_31     "Application log of the NDES server: event 31 with the CA's text. "
#define SHOW_CA_PING "`certutil -config \"<ca-host>\\<CA name>\" -ping` on the NDES server"

static const struct cause authority[] = {
    {
        .id = "template-permission-denied",
        .title = "An account lacks Enroll on the SCEP certificate template",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L9b",
        .runbook = LIST(RUN_CAUSE_TEMPLATE, RUN_STEP_TEMPLATE, RUN_FIX_TEMPLATE, RUN_FIX_TEST),
        .signature = "FAILURE badRequest with HRESULT 0x80094012 when the NDES service account lacks it; the "
                     "OTP page says \"You do not have sufficient permission to enroll with SCEP\" when the "
                     "caller of that page does.",
        AT("ok", "ok", "ok", "ok", "200 \"You do not have sufficient permission\" (the caller lacks it)",
           "F 2 0x80094012 (the service account lacks it)", "F 2 0x80094012", "-"),
        .decided_by =
            EVENT_31 "CA, Application log: event 53 (denied, 0x80094012) with the requester's name. For the "
                     "OTP page: NDES event 6. Then certtmpl.msc > the template > Security.",
        .codes = LIST("hresult 0x80094012", "event NDES 31", "event NDES 6", "event CA 53"),
        .steps = LIST("Which templates: `reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP` "
                      "(SignatureTemplate, EncryptionTemplate, GeneralPurposeTemplate)",
                      "Who asks: " SHOW_POOL_USER,
                      "certtmpl.msc > each template > Security: does that account have Read and Enroll, and "
                      "no Deny through a group?",
                      "On the CA: `certutil -view -restrict \"Disposition=31\" -out "
                      "\"RequestID,RequesterName,StatusCode\"` shows the denied requests"),
        .resolution =
            LIST("certtmpl.msc > the template > Security: Read and Enroll for the NDES service account, on "
                 "all three templates named in the registry; the same for the account that fetches passwords",
                 "Wait for directory replication (or gpupdate and restart certsvc), recycle the SCEP pool",
                 "Enroll one device before telling everybody to try again"),
        .prevention = LIST("Grant through a group that is named after NDES; document template and group",
                           "Compare permissions before and after each change of the template"),
        SEEN_REFUSED,
        .sources = LIST(SRC_RUNBOOK, SRC_ERROR_CODES, SRC_SCEP_CONFIGURE, SRC_NDES_EVENTS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ca-enroll-denied",
        .title = "The NDES service account may not request certificates from the CA",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80094011.",
        AT_PKI("F 2 0x80094011", "-"),
        .decided_by =
            EVENT_31 "certsrv.msc > CA > Properties > Security lacks Request Certificates for the account.",
        .codes = LIST("hresult 0x80094011", "event NDES 31"),
        .steps =
            LIST("certsrv.msc > CA > Properties > Security", "`certutil -getreg CA\\Security` on the CA"),
        .resolution =
            LIST("Grant Request Certificates to Authenticated Users or to the account, restart certsvc"),
        .prevention = LIST("Keep the default for Authenticated Users; restrict on templates"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "template-not-published",
        .title = "The CA does not offer the SCEP template",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L7/L9b",
        .runbook = LIST(RUN_STEP_TEMPLATE),
        .signature =
            "FAILURE badRequest with HRESULT 0x80094800; or the OTP page's permission text, with event 6.",
        AT("ok", "ok", "ok", "ok", "ok, or \"You do not have sufficient permission\"", "F 2 0x80094800",
           "F 2 0x80094800", "-"),
        .decided_by =
            "`certutil -CATemplates` on the CA does not list the template that the MSCEP registry names.",
        .codes = LIST("hresult 0x80094800", "event NDES 31", "event NDES 6"),
        .steps = LIST("`certutil -CATemplates` on the CA",
                      "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP`"),
        .resolution = LIST("certsrv.msc > Certificate Templates > New > Certificate Template to Issue",
                           "Restart certsvc, then the SCEP pool"),
        .prevention = LIST("Add NDES to the check list for CA migrations"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "template-name-mismatch",
        .title = "The NDES registry names a template that does not exist under that name",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L7",
        .signature = "FAILURE badRequest with HRESULT 0x80094800.",
        AT_PKI("F 2 0x80094800", "-"),
        .decided_by = "The MSCEP registry holds the display name or a typo; `certutil -CATemplates` lists "
                      "the internal name (left of the colon).",
        .codes = LIST("hresult 0x80094800", "event NDES 31"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP`",
                      "`certutil -CATemplates` on the CA"),
        .resolution = LIST("Write the internal name into SignatureTemplate, EncryptionTemplate and "
                           "GeneralPurposeTemplate, then iisreset"),
        .prevention = LIST("Template names without blanks, so that both names are the same"),
        SEEN_REFUSED,
        .sources = LIST(SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "key-too-short",
        .title = "The key is shorter than the template demands",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80094811 and the CA's text.",
        AT_PKI("F 2 0x80094811", "-"),
        .decided_by = "The HRESULT says it. " EVENT_31,
        .codes = LIST("hresult 0x80094811", "event NDES 31", "event CertEnroll 87"),
        .steps =
            LIST("certtmpl.msc > the template > Cryptography: minimum key size; compare with the profile"),
        .resolution = LIST("Align profile and template (2048 or more on both)"),
        .prevention = LIST("Change both together"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS, SRC_ERROR_CODES),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "subject-invalid",
        .title = "The CA refuses the subject name",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80094001.",
        AT_PKI("F 2 0x80094001", "-"),
        .decided_by = "The HRESULT says it. " EVENT_31,
        .codes = LIST("hresult 0x80094001", "event NDES 31"),
        .steps =
            LIST("Look at the requested subject: empty, over 64 characters in a part, wrong country code?",
                 "`certutil -getreg CA\\EnforceX500NameLengths` on the CA"),
        .resolution = LIST("Correct the subject in the profile; shorten variables that expand too far"),
        .prevention = LIST("Try the longest real names before the roll-out"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ENROLL_CLIENT, SRC_NDES_EVENTS),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "ca-crl-offline",
        .title = "The CA cannot check revocation: a CRL has run out or is out of reach",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80092013.",
        AT_PKI("F 2 0x80092013", "-"),
        .decided_by = EVENT_31 "CA, Application log: events 21 or 22. `certutil -verify -urlfetch` on the "
                               "CA's own certificate fails at a CDP.",
        .codes = LIST("hresult 0x80092013", "event NDES 31", "event CA 21", "event CA 22"),
        .steps = LIST("`certutil -verify -urlfetch ca.cer` on CA and NDES",
                      "NextUpdate of every CRL in the chain"),
        .resolution =
            LIST("Publish the CRL (`certutil -crl` on the issuing CA; the offline root's by hand) and copy "
                 "it to each CDP",
                 "`certutil -setreg chain\\ChainCacheResyncFiletime '@now'`, then `Restart-Service CertSvc`"),
        .prevention = LIST("Monitor NextUpdate, the root's first of all"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "ca-cert-expired",
        .title = "A certificate of the CA chain is not within its validity period",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature =
            "FAILURE badRequest with HRESULT 0x800B0101; or GetCACert serves a CA certificate past its date.",
        AT_PKI("F 2 0x800B0101", "-"),
        .decided_by = EVENT_31 "CA, Application log: events 10 or 100. Dates are visible in GetCACert.",
        .codes = LIST("hresult 0x800B0101", "event NDES 31", "event CA 10", "event CA 100"),
        .steps = LIST("`certutil -ca.cert ca.cer; certutil -dump ca.cer` on the CA: NotBefore and NotAfter",
                      "Check the clocks"),
        .resolution = LIST("Renew the CA certificate, then the RA certificates, then distribute the chain"),
        .prevention = LIST("Calendar entry at half of the CA certificate's life"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_NDES_EVENTS, SRC_ERROR_CODES),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "ca-unreachable-rpc",
        .title = "NDES cannot reach the CA: RPC is blocked",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L8",
        .signature =
            "FAILURE badRequest with HRESULT 0x800706BA after a long wait (RPC time-out, 20 to 60 seconds).",
        AT_PKI("F 2 0x800706BA after 20-60 s", "F 2 0x800706BA after 20-60 s"),
        .decided_by = EVENT_31 "Nothing in the CA's log for that time; " SHOW_CA_PING " hangs.",
        .codes = LIST("hresult 0x800706BA", "event NDES 31"),
        .steps = LIST(SHOW_CA_PING, "`Test-NetConnection <ca-host> -Port 135`",
                      "Firewall log between NDES and CA"),
        .resolution = LIST("Allow TCP 135 and the dynamic RPC ports (49152-65535) from NDES to the CA"),
        .prevention = LIST("Probe with `certutil -ping` from the NDES server"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS, SRC_ENROLL_CLIENT),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "ca-service-stopped",
        .title = "The certification authority service is stopped",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L8",
        .signature = "FAILURE badRequest with HRESULT 0x800706BA within a second or two.",
        AT_PKI("F 2 0x800706BA within 2 s", "F 2 0x800706BA within 2 s"),
        .decided_by =
            "On the CA: `Get-Service CertSvc`; Application log of the CA: event 100; System log: 7036.",
        .codes =
            LIST("hresult 0x800706BA", "event NDES 31", "event CA 100", "event Service Control Manager 7036"),
        .steps = LIST("`Get-Service CertSvc` on the CA", SHOW_CA_PING),
        .resolution =
            LIST("`Start-Service CertSvc`; if it refuses, event 100 says why (mostly a CRL or certificate)"),
        .prevention = LIST("Monitor the service"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS),
        .basis = CAUSES_INFERRED,
    },
    {
        .id = "ca-network-logon-denied",
        .title = "The NDES service account may not log on to the CA over the network",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L8",
        .signature = "FAILURE badRequest with HRESULT 0x800706BA or 0x80070005, fast.",
        AT_PKI("F 2 0x800706BA or 0x80070005", "F 2 0x800706BA or 0x80070005"),
        .decided_by = "CA, Security log: 4625 with logon type 3 for the account.",
        .codes = LIST("hresult 0x800706BA", "hresult 0x80070005", "event NDES 31", "event Security 4625"),
        .steps = LIST("secpol.msc on the CA > User Rights Assignment: Access this computer from the network, "
                      "and Deny access"),
        .resolution = LIST("Grant \"Access this computer from the network\" on the CA; remove the Deny"),
        .prevention = LIST("Check tiering policies against NDES"),
        SEEN_REFUSED,
        .sources = LIST("https://support.microsoft.com/help/2633200"),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "dcom-denied",
        .title = "DCOM to the CA is refused",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L8",
        .signature = "FAILURE badRequest with HRESULT 0x80070005 or 0x800706BA, fast.",
        AT_PKI("F 2 0x80070005 or 0x800706BA", "F 2 0x80070005 or 0x800706BA"),
        .decided_by = "System log of CA or NDES: DistributedCOM 10036 or 10028.",
        .codes = LIST("hresult 0x80070005", "hresult 0x800706BA", "event NDES 31",
                      "event DistributedCOM 10036", "event DistributedCOM 10028"),
        .steps = LIST("`Get-WinEvent -FilterHashtable "
                      "@{LogName='System';ProviderName='Microsoft-Windows-DistributedCOM'} -MaxEvents 20`",
                      "Members of Certificate Service DCOM Access on the CA"),
        .resolution = LIST("Add the account to Certificate Service DCOM Access; install the DCOM hardening "
                           "updates on both sides"),
        .prevention = LIST("Patch NDES and CA in the same month"),
        SEEN_REFUSED,
        .sources = LIST("https://support.microsoft.com/help/5004442"),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "ca-db-sessions-exhausted",
        .title = "The CA has no database sessions left",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x8009400F, under load only.",
        AT_PKI("F 2 0x8009400F under load", "same"),
        .decided_by = "The HRESULT says it; the CA's log shows the same error.",
        .codes = LIST("hresult 0x8009400F", "event NDES 31"),
        .steps = LIST("`certutil -getreg CA\\DBSessionCount`"),
        .resolution = LIST("Lower the rate; raise DBSessionCount and restart certsvc"),
        .prevention = LIST("Measure the capacity before the roll-out"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "ca-suspended",
        .title = "The CA is suspended for a database restore",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80094006.",
        AT_PKI("F 2 0x80094006", "F 2 0x80094006"),
        .decided_by = "The HRESULT says it; somebody is restoring the CA's database.",
        .codes = LIST("hresult 0x80094006", "event NDES 31"),
        .steps = LIST("Ask who works on the CA; backup software's log"),
        .resolution = LIST("Wait for the restore to end, restart certsvc, let devices try again"),
        .prevention = LIST("Announce CA maintenance to the MDM team"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES),
        .basis = CAUSES_DOCUMENTED,
    },
    {
        .id = "pending-approval",
        .title = "The CA waits for a certificate manager's decision",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "CertRep with pkiStatus PENDING, and again at every poll until somebody decides or the "
                     "client gives up. No event 31.",
        AT_PKI("P", "P until somebody decides"),
        .decided_by = "certsrv.msc > Pending Requests on the CA: the requests stand there.",
        .steps =
            LIST("`certutil -view -restrict \"Disposition=9\" -out "
                 "\"RequestID,RequesterName,SubmittedWhen\"` on the CA",
                 "certtmpl.msc > the template > Issuance Requirements: \"CA certificate manager approval\"",
                 "certsrv.msc > CA > Properties > Policy Module: \"Set the certificate request status to "
                 "pending\" (the default of a standalone CA)"),
        .resolution =
            LIST("Issue or deny them: `certutil -resubmit <RequestID>`, `certutil -deny <RequestID>`",
                 "Approval by hand does not go with devices that give up within minutes, nor with Intune, "
                 "which knows no PENDING: take it off the template that NDES uses"),
        .prevention = LIST("A template of its own for NDES, without manager approval",
                           "Where approval is wanted: raise the clients' retry count and delay, approve "
                           "within the 20 minutes for which NDES remembers a request"),
        .symptom_ios = "The profile waits while the device polls, then error 22013 or 22007.",
        .symptom_android = "CertRep with pkiStatus=3 in the log; the profile stays pending.",
        .symptom_windows = "Status 2 (pending), then 16 (failed) in the SCEP node; event 32 at the end.",
        .symptom_macos = "The profile waits, then <MDM-SCEP:15002>.",
        .symptom_console = "Intune and others: Pending, then Failed when the device gives up.",
        .sources = LIST(SRC_RFC),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "approval-denied",
        .title = "A certificate manager denied the request",
        .mode = "*",
        .stage = "cert_poll",
        .class_id = "",
        .signature = "PENDING first, then FAILURE badRequest with HRESULT 0x80094014 at a poll.",
        AT_PKI("P", "F 2 0x80094014"),
        .decided_by = "CA, Application log: event 53 (denied) with the request's number; certsrv.msc > "
                      "Failed Requests shows who denied it.",
        .codes = LIST("hresult 0x80094014", "event CA 53"),
        .steps = LIST("`certutil -view -restrict \"Disposition=31\" -out "
                      "\"RequestID,RequesterName,StatusCode,DispositionMessage\"` on the CA"),
        .resolution = LIST("Ask the certificate manager why; a denied request stays denied: the device has "
                           "to send a new one"),
        .prevention =
            LIST("Tell certificate managers which requests come from devices, and from which subjects"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES, SRC_RFC),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "pending-forgotten",
        .title = "NDES no longer knows the request that waits for approval",
        .mode = "*",
        .stage = "cert_poll",
        .class_id = "",
        .signature = "PENDING first, then FAILURE badRequest or badCertId at a poll, although nobody denied "
                     "the request: 20 minutes after it, or after the application pool was restarted.",
        AT_PKI("P", "F 2 or F 4"),
        .decided_by = "Application log: NDES events 3 (stopped) and 1 (started) between request and poll; "
                      "without them, the time between the two against CacheRequest in the registry.",
        .codes = LIST("hresult 0x80094003", "event NDES 3", "event NDES 1"),
        .steps = LIST(SHOW_NDES_EVENTS,
                      "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CacheRequest`: minutes; 20 "
                      "when absent",
                      "certsrv.msc: the request is pending or issued there, only NDES cannot find it"),
        .resolution = LIST("The device has to send a new request, with a new password",
                           "Raise CacheRequest above the time that approvals take, restart the pool"),
        .prevention =
            LIST("Approve within CacheRequest minutes; no recycling of the pool while requests wait"),
        SEEN_REFUSED,
        .sources = LIST(SRC_RFC, SRC_INSTALL),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "name-constraint-violation",
        .title = "The requested name lies outside the CA's name constraints",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x800B0114, for some names only.",
        AT_PKI("F 2 0x800B0114", "-"),
        .decided_by =
            "The HRESULT says it. " EVENT_31 "The CA certificate has the extension Name Constraints.",
        .codes = LIST("hresult 0x800B0114", "event NDES 31"),
        .steps = LIST(
            "`certutil -ca.cert ca.cer; certutil -dump ca.cer` on the CA: permitted and excluded subtrees",
            SHOW_DENIED, "Compare subject, DNS names, mail addresses and UPN of a refused request with them"),
        .resolution =
            LIST("Correct the names in the profile, often a UPN or DNS suffix that the CA may not certify",
                 "Or enroll from a CA without these constraints"),
        .prevention = LIST("Write the permitted suffixes next to the profile's settings"),
        SEEN_REFUSED,
        .sources = LIST(SRC_NDES_EVENTS, SRC_ERROR_CODES),
        .basis = CAUSES_OBSERVED,
    },
    {
        .id = "subject-info-required",
        .title = "The template builds the subject from Active Directory",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature =
            "FAILURE badRequest with HRESULT 0x8009480F or a neighbour (DNS, e-mail or UPN required); or "
            "certificates are issued with the service account's name instead of the device's.",
        AT_PKI("F 2 0x8009480F and neighbours", "-"),
        .decided_by = EVENT_31 "certtmpl.msc > the template > Subject Name: \"Build from this Active "
                               "Directory information\" instead of \"Supply in the request\".",
        .codes = LIST("hresult 0x8009480D", "hresult 0x8009480E", "hresult 0x8009480F", "hresult 0x80094810",
                      "event NDES 31"),
        .steps = LIST("Which templates: " SHOW_MSCEP_KEY, "certtmpl.msc > each of them > Subject Name",
                      "An issued certificate: whose name does it carry?"),
        .resolution =
            LIST("Subject Name > Supply in the request, on a template that only NDES may enroll",
                 "Wait for replication, then enroll one device; revoke what was issued under a wrong name"),
        .prevention = LIST("A template of its own for NDES; never share one with autoenrollment"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_INFERRED,
    },
    {
        .id = "ra-signature-rejected",
        .title = "The template wants another signature than that of NDES",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature =
            "FAILURE badRequest with HRESULT 0x80094809, 0x8009480A or 0x8009480B, for every device.",
        AT_PKI("F 2 0x80094809, 0x8009480A or 0x8009480B", "-"),
        .decided_by =
            EVENT_31 "certtmpl.msc > the template > Issuance Requirements: \"This number of authorized "
                     "signatures\" is set, with an application policy that the RA certificate lacks.",
        .codes = LIST("hresult 0x80094809", "hresult 0x8009480A", "hresult 0x8009480B", "event NDES 31"),
        .steps = LIST("certtmpl.msc > the template > Issuance Requirements", SHOW_RA_CERTS, SHOW_DENIED),
        .resolution =
            LIST("Clear \"This number of authorized signatures\" on the template",
                 "Or ask for Certificate Request Agent, which the Enrollment Agent RA certificate has",
                 "certsrv.msc > CA > Properties > Enrollment Agents: restricted agents must include the NDES "
                 "service account and this template"),
        .prevention = LIST("Duplicate a template that works instead of starting from another one"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ERROR_CODES),
        .basis = CAUSES_INFERRED,
    },
    {
        .id = "ca-slow",
        .title = "The CA is slow",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L13",
        .signature =
            "PKIOperation succeeds, but takes seconds, more with each request in flight; GetCACaps and the "
            "OTP page stay fast. In the end time-outs, or 503 when the pool's queue is full.",
        AT_PKI("S, seconds late", "S, seconds late"),
        .decided_by = "IIS log: time-taken is high for operation=PKIOperation only. On the CA: CPU, disk of "
                      "the database, or the HSM is busy at that time.",
        .codes = LIST("hresult 0x80072EE2", "text slow"),
        .steps = LIST(
            SHOW_IIS_LINES("operation=PKIOperation"),
            "On the CA: `Get-Counter '\\Processor(_Total)\\% Processor Time','\\PhysicalDisk(_Total)\\Avg. "
            "Disk sec/Write' -MaxSamples 10`; the HSM's own counters",
            "A CRL that times out during issuance delays every request: `certutil -verify -urlfetch ca.cer`",
            "`certutil -getreg CA\\DBSessionCount`, size and disk of the CA database"),
        .resolution = LIST("Relieve what is busy: faster disk, more or faster HSM (18 to 20 signatures per "
                           "second and CA were measured with a shared one), shorter chain of exit modules",
                           "Roll out more slowly; a second CA behind a second NDES"),
        .prevention =
            LIST("Measure with `scepstorm run` before the roll-out, and again after each change of HSM"),
        .symptom_ios = "The profile takes long; 22005 or 22013 when the device gives up.",
        .symptom_android = "A time-out exception, then a retry at the next sync.",
        .symptom_windows = "0x80072EE2 (time-out) or event 32 when the device gives up.",
        .symptom_macos =
            "\"Unable to obtain certificate from SCEP server\" <MDM-SCEP:15001> after a long wait.",
        .symptom_console = "Profiles stay pending and turn to Succeeded or Failed late.",
        .sources = LIST(SRC_CA_SCALE),
        .basis = CAUSES_DOCUMENTED,
    },
};

TABLE(causes_authority, "The certification authority", authority);
