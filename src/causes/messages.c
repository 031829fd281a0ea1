#include "causes/tables.h"

/* What client and server make of each other's messages, and renewals, of which NDES says little more than no. */

#define EVENT_28                                                                                             \
    "Application log: NDES event 28 (the renewal request was refused) for each of them, while the same "     \
    "device enrolls afresh"
#define SRC_MICRO "https://github.com/micromdm/scep/issues/"
#define SRC_WCCE                                                                                             \
    "https://learn.microsoft.com/openspecs/windows_protocols/ms-wcce/bb1e8705-05a9-4f76-9168-2a965abf2624"

#define SEEN_RENEWAL                                                                                         \
    .symptom_ios = "iOS sends no RenewalReq: the MDM sends the profile again instead.",                      \
    .symptom_android = "The agent sends no RenewalReq; apps built on jscep report the failInfo.",            \
    .symptom_windows = "Event 32 at the renewal; the old certificate stays until it expires.",               \
    .symptom_macos = "macOS sends no RenewalReq: the MDM sends the profile again instead.",                  \
    .symptom_console = "The certificate runs towards its end; the profile may still be shown as succeeded."
#define SEEN_NOTHING                                                                                         \
    .symptom_ios = "None: iOS never sends this message.",                                                    \
    .symptom_android = "None in MDM agents; apps built on jscep report badRequest.",                         \
    .symptom_windows = "None: Windows never sends this message.",                                            \
    .symptom_macos = "None: macOS never sends this message.", .symptom_console = "None: no MDM asks for it."

static const struct cause messages[] = {
    {
        .id = "message-encrypted-to-wrong-cert",
        .title = "Requests are encrypted to a certificate whose key NDES does not decrypt with",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L10",
        .signature = "HTTP 200 with a body that is no CertRep. GetCACaps and GetCACert are fine.",
        AT_PKI("nonCMS", "-"),
        .decided_by = "Application log: NDES event 18 (cannot decrypt the client's message, 0x80090005).",
        .codes = LIST("event NDES 18", "hresult 0x80090005"),
        .steps = LIST(SHOW_NDES_EVENTS,
                      "Compare the serial number in the request's envelope with the certificates of a fresh "
                      "GetCACert: it must be the RA certificate with key usage keyEncipherment",
                      "Does the MDM keep a copy of the RA certificates? It is stale after they were renewed"),
        .resolution = LIST("Fetch GetCACert again; encrypt to the RA certificate with keyEncipherment",
                           "Upload the renewed RA certificates to the MDM that hands them to its devices"),
        .prevention =
            LIST("Put the MDM's copy of the RA certificates on the list of what to do when they are renewed"),
        SEEN_REFUSED,
        .sources = LIST(SRC_SSCEP "60"),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "malformed-pkimessage",
        .title = "NDES cannot read the requests",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "L10",
        .signature = "HTTP 200 with a body that is no CertRep. GetCACaps and GetCACert are fine.",
        AT_PKI("nonCMS", "-"),
        .decided_by = "Application log: NDES event 16 (cannot decode the HTTP message) or 17 (no transaction "
                      "ID, message type or signing certificate; 0x8009310B).",
        .codes = LIST("event NDES 16", "event NDES 17", "hresult 0x8009310B"),
        .steps =
            LIST(SHOW_NDES_EVENTS,
                 "W3C log of IIS, field cs-bytes: is it smaller than what the client sent? Then something on "
                 "the way cut it",
                 "Send the same request straight to the server, past proxies; then by POST instead of GET"),
        .resolution =
            LIST("Take the proxy or WAF that changes the message out of the way, or let it pass binary POSTs",
                 "GET: escape +, / and = of the base64, and keep the URL below the limits of IIS"),
        .prevention = LIST("After each change of proxy or WAF: one enrollment through it"),
        SEEN_REFUSED,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "unsupported-algorithm",
        .title = "The server does not support the digest or cipher of the requests",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE with failInfo 0 (badAlg), at every request of clients with these algorithms.",
        AT_PKI("F 0 (badAlg)", "-"),
        .decided_by = "The failInfo says it; GetCACaps lists what the server does support.",
        .steps = LIST(
            "Compare digest and cipher of the request with GetCACaps (AES, SHA-256, SHA-512, SHA-1, DES3)",
            "Is the server in FIPS mode? Policy \"System cryptography: Use FIPS compliant algorithms\""),
        .resolution = LIST("Use what GetCACaps lists, in the profile or in the client",
                           "Update the server where it lists neither AES nor SHA-256"),
        .prevention = LIST("One enrollment per kind of device after each change of cryptographic policy"),
        SEEN_REFUSED,
        .sources = LIST(SRC_RFC),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "unsupported-message-type",
        .title = "The server does not know this kind of request",
        .mode = "*",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badRequest with HRESULT 0x80070057, for GetCert, GetCRL or UpdateReq only.",
        AT_PKI("F 2 0x80070057", "-"),
        .decided_by = "The HRESULT in the answer says it; enrollments go on.",
        .codes = LIST("hresult 0x80070057"),
        .steps = LIST("Which messageType was it? Enrollments (19) and polls (20) are not meant",
                      "GetCACaps: Renewal, GetNextCACert; nothing announces GetCert and GetCRL"),
        .resolution =
            LIST("Take CRLs from the distribution point in the certificates (LDAP or HTTP), not over SCEP",
                 "Renew with RenewalReq (17), or enroll again; UpdateReq (18) is from an old draft"),
        .prevention = LIST("Ask a server only for what RFC 8894 says it must know, or for what it announces"),
        SEEN_NOTHING,
        .sources = LIST(SRC_SSCEP "59", SRC_RFC),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "client-crypto-incompatible",
        .title = "The client cannot read the server's answers",
        .mode = "*",
        .stage = "verify",
        .class_id = "L12",
        .runbook = LIST(RUN_SEEN_STORE),
        .signature = "CertRep SUCCESS that the client cannot verify (its signer's certificate is not in it) "
                     "or not open (cipher or key transport unknown to it).",
        AT_PKI("S, but the client cannot read it", "-"),
        .decided_by =
            "certsrv.msc > Issued Certificates: the certificates are there, only the devices have none.",
        .steps = LIST(
            "On the CA, what was issued since yesterday: `certutil -view -restrict "
            "\"Disposition=20,NotBefore>=now-1:00\" -out \"RequestID,RequesterName,CommonName,NotBefore\"`",
            "Decode the answer (evidence/ of a run): signer, digest, cipher, key transport",
            "Compare with what this client says it supports"),
        .resolution = LIST("Configure the client for the cipher that the server answers with, or update it",
                           "Let the server offer less in GetCACaps, so that both meet at AES and SHA-256"),
        .prevention = LIST("Try each kind of client against a new server before its roll-out"),
        .symptom_ios = "Profile error 22013 (\"The SCEP server returned an invalid response\").",
        .symptom_android = "A MessageDecodingException, or a CMS exception that names the algorithm.",
        .symptom_windows = "Events 36 or 39: the answer could not be installed; event 32.",
        .symptom_macos = "<MDM-SCEP:15002>.",
        .symptom_console =
            "Intune: Failed, 0x87D1FDE8 (remediation failed: names no cause), although the CA has issued.",
        .sources = LIST("https://github.com/seize-the-dave/jscep/issues/49", SRC_MICRO "158"),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "renewal-subject-mismatch",
        .title = "The renewal asks for another subject than the certificate that signs it",
        .mode = "*",
        .stage = "renewal",
        .class_id = "L6c",
        .signature = "FAILURE for renewals only, HRESULT 0x80094806 where one is sent.",
        AT_PKI("F 2 0x80094806 for renewals only", "-"),
        .decided_by =
            EVENT_28 ". Then the subjects: that of the old certificate and that in the new request.",
        .codes = LIST("event NDES 28", "hresult 0x80094806"),
        .steps =
            LIST("Compare subject and alternative names of the old certificate with the request, RDN by RDN",
                 "Does the template build the subject from Active Directory? Then certificates never have "
                 "the subject that was asked for, and a renewal that asks for it again does not match"),
        .resolution = LIST("Ask for exactly the subject and names of the old certificate",
                           "Or enroll again with a new challenge instead of renewing"),
        .prevention = LIST("Templates for NDES take the subject from the request"),
        SEEN_RENEWAL,
        .sources = LIST(SRC_ENROLL_CLIENT),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "renewal-signer-expired",
        .title = "Renewals are signed with a certificate that has expired",
        .mode = "*",
        .stage = "renewal",
        .class_id = "L6c",
        .signature = "FAILURE for renewals only; fresh enrollments work.",
        AT_PKI("F for renewals only", "-"),
        .decided_by =
            EVENT_28 ". Then notAfter of the certificate that signed, against the time of the request.",
        .codes = LIST("event NDES 28"),
        .steps = LIST("`certutil -dump` of the old certificate: NotAfter",
                      "When was the device switched off, and for how long?"),
        .resolution =
            LIST("Enroll again with a new challenge: an expired certificate proves nothing any more"),
        .prevention = LIST("Renew when 20 % of the lifetime is left, so that a holiday does not matter",
                           "Watch the dates of issued certificates: scepstorm check --warn-days"),
        SEEN_RENEWAL,
        .sources = LIST(SRC_RFC),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "renewal-unsupported-ca",
        .title = "The certification authority behind NDES does not take renewals",
        .mode = "*",
        .stage = "renewal",
        .class_id = "L6c",
        .signature = "FAILURE for renewals only, for all of them; fresh enrollments work.",
        AT_PKI("F for renewals only", "-"),
        .decided_by = EVENT_28 ". Registry MSCEP\\CAType: 0 is a standalone CA.",
        .codes = LIST("event NDES 28"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CAType`",
                      "GetCACaps: is Renewal among the capabilities?"),
        .resolution = LIST("Enroll again with a new challenge instead of renewing",
                           "Where renewals are needed: NDES in front of an enterprise CA"),
        .prevention = LIST("One renewal in the acceptance test of the server"),
        SEEN_RENEWAL,
        .sources = LIST(SRC_SSCEP "123", SRC_MICRO "108"),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "renewal-needs-challenge",
        .title = "The server wants a challenge with renewals, too",
        .mode = "*",
        .stage = "renewal",
        .class_id = "L6c",
        .signature = "FAILURE for renewals that are signed by the old certificate and carry no challenge, "
                     "for all of them; the same devices enroll with one.",
        AT_PKI("F for renewals without a challenge", "-"),
        .decided_by = "The server's settings: does its challenge hold for renewals? (micromdm's scepserver: "
                      "with -challenge set, it does.) One renewal that carries a challenge, "
                      "devices.renewal.how: re_enroll, goes through.",
        .steps = LIST("The server's own log at the time of the request",
                      "Run it again with devices.renewal.how: re_enroll: does it renew then?"),
        .resolution = LIST("Send the profile again with a new challenge instead of renewing",
                           "Or let the server take the old certificate as the proof (RFC 8894 2.4)"),
        .prevention = LIST("One renewal in the acceptance test of the server"),
        SEEN_RENEWAL,
        .sources = LIST(SRC_MICRO "108", "https://github.com/scepman/scepclient/issues/12", SRC_RFC),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "renewal-wrong-template",
        .title = "The renewal meets another template than the certificate was issued from",
        .mode = "*",
        .stage = "renewal",
        .class_id = "L6c",
        .signature = "FAILURE badRequest for renewals only, with one of the CA's HRESULTs (0x800948xx).",
        AT_PKI("F 2 0x800948xx for renewals only", "-"),
        .decided_by = "CA, Application log: event 53 (denied) with the HRESULT. Then the template in the old "
                      "certificate against the registry's SignatureTemplate, EncryptionTemplate, "
                      "GeneralPurposeTemplate.",
        .codes = LIST("event CA 53", "event NDES 28"),
        .steps =
            LIST("`certutil -dump` of the old certificate: Certificate Template Name or Information",
                 SHOW_MSCEP_KEY,
                 "Key usage of the request: signature only, encipherment only or both chooses the template"),
        .resolution =
            LIST("Ask for the same key usage as the first time, so that NDES chooses the same template",
                 "After a change of template: enroll again with a new challenge"),
        .prevention = LIST("Change a template's settings, not its name, while certificates of it are in use"),
        SEEN_RENEWAL,
        .sources = LIST(SRC_WCCE, SRC_SCEP_CONFIGURE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "mdm-stale-ra-certs",
        .title = "The MDM uses RA certificates that NDES no longer has",
        .mode = "J",
        .stage = "pki_operation",
        .class_id = "L10",
        .signature =
            "HTTP 200 with a body that is no CertRep, from the day on which the RA certificates were "
            "renewed, and only through the MDM; devices that fetch GetCACert themselves enroll.",
        AT_PKI("nonCMS through the MDM", "-"),
        .decided_by =
            "Application log: NDES event 18 (cannot decrypt, 0x80090005) for requests from the MDM's "
            "address; the MDM's stored certificates have other serial numbers than a fresh GetCACert.",
        .codes = LIST("event NDES 18", "hresult 0x80090005"),
        .steps = LIST(SHOW_NDES_EVENTS, SHOW_RA_CERTS,
                      "MDM, SCEP or PKI settings: serial and date of the uploaded CA and RA certificates"),
        .resolution =
            LIST("Upload the renewed certificates to the MDM (Jamf Pro: Settings > PKI certificates > "
                 "external CA > upload signing and CA certificates), or let it fetch GetCACert again",
                 "Then send the failed profiles again"),
        .prevention = LIST("\"Update the MDM\" is a step of RA renewal, not an afterthought"),
        SEEN_REFUSED,
        .sources = LIST(SRC_JAMF, SRC_SSCEP "60"),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "ca-fingerprint-mismatch",
        .title = "The CA fingerprint in the profile is another CA's",
        .mode = "*",
        .stage = "get_ca_cert",
        .class_id = "",
        .signature = "GetCACert answers 200, and then the device stops: no PKIOperation follows.",
        AT("ok", "ok", "ok", "ok, the client stops here", "ok", "-", "-", "-"),
        .decided_by = "Visible from outside: the fingerprint in the profile (CAFingerprint, CAThumbprint, "
                      "trusted root) against the CA certificate in GetCACert. IIS log: GetCACert with 200 "
                      "and no PKIOperation from that address.",
        .codes =
            LIST("hresult 0x80091007", "text The hash value is not correct", "text -67843", "text -67815"),
        .steps = LIST(
            "`certutil -dump cacert.p7b` of a fetched GetCACert: hashes of the CA certificate",
            "MD5, SHA-1 or SHA-256? The profile must hold the one that the platform expects (Windows: SHA-1)",
            "Windows profiles name the issuing CA, Android's the root: which one is in this profile?",
            "Was the CA renewed since the profile was written?"),
        .resolution = LIST(
            "Put the current CA's fingerprint or root profile into the SCEP profile and assign it again"),
        .prevention = LIST("List all profiles that hold a fingerprint; change them with the CA renewal"),
        .symptom_ios = "Profile error 22003 (\"The Registration Authority's response is invalid\").",
        .symptom_android = "The agent stops after GetCACert; the text depends on it.",
        .symptom_windows = "\"The hash value is not correct.\" (0x80091007) in event 307 or 32.",
        .symptom_macos = "-67843 (not trusted) or -67815 (length of the fingerprint), then <MDM-SCEP:15001>.",
        .symptom_console =
            "Intune: Failed, 0x87D1FDE8 (remediation failed: names no cause). Jamf Pro: the Mac's text.",
        .sources = LIST(SRC_SCEPMAN, SRC_IOS_CAPS, SRC_CSP),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
};

TABLE(causes_messages, "Messages and renewals", messages);
