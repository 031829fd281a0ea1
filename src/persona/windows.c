/* Windows 10 and 11: CertEnroll, behind the MDM client's ClientCertificateInstall/SCEP. */
#include "persona/table.h"

#define DOC(knob, value, source) PERSONA_DOC(knob, value, source)
#define OBS(knob, value, source) PERSONA_OBS(knob, value, source)
#define INF(knob, value, source) PERSONA_INF(knob, value, source)

#define IIS  "Microsoft, troubleshooting SCEP from device to NDES: IIS log"
#define CSP  "Microsoft, ClientCertificateInstall CSP"
#define STEP "smallstep, scep.go and its test of Windows' signer"
#define OAEP "bc-java PR 953, smallstep/certificates PR 1300"

static const struct persona_row rows[] = {
    DOC(order, "get_ca_caps, get_ca_cert", IIS),
    DOC(url_suffix, "/pkiclient.exe", IIS),
    DOC(url_order, "random", "Microsoft, SCEP profiles in Intune"),
    DOC(message_get_ca_caps, "default", IIS),
    DOC(message_get_ca_cert, "default", IIS),
    INF(message_get_next_ca_cert, "default", "as the others; Windows does not call it"),
    INF(message_post, "absent", "no capture published"),
    OBS(user_agent, "Mozilla/4.0 (compatible; Win32; NDES client 10.0.19041.1466/vb_release_svc_prod1)",
        "captures of the same client fetching AIK certificates; older builds end after 'NDES client'"),
    OBS(headers, "Cache-Control: no-cache | Connection: Keep-Alive | Pragma: no-cache",
        "captures of the same client fetching AIK certificates"),
    INF(http_version, "1.1", "WinHTTP's default"),
    INF(connection, "per_device", "its Connection: Keep-Alive"),
    INF(post, "announced", "no capture published"),
    INF(post_content_type, "application/x-pki-message", "RFC 8894 4.3; no capture published"),
    INF(get_escaping, "all", "no capture published"),
    INF(request_timeout, "30s", "WinHTTP's default for an answer"),
    INF(think_time, "0", "nothing published"),
    OBS(caps_http_error, "stop", "micromdm/scep issue 238: 0x80190194 at GetCACaps"),
    DOC(http_status, "yes", "winerror.h: 0x80190000 and the status"),
    INF(ca_content_type, "any", "nothing published"),
    INF(caps_exact_case, "no", "nothing published"),
    INF(caps_standard, "no", "CertEnroll is older than the word"),
    INF(digests, "sha256, sha512, sha1", "profiles usually say SHA-2; CertEnroll chooses by capabilities"),
    INF(digest_default, "sha1", "nothing published"),
    INF(digest_required, "no", "nothing published"),
    INF(ciphers, "aes128-cbc, 3des-cbc", "CertEnroll chooses by capabilities; which AES is not published"),
    INF(cipher_default, "3des-cbc", "nothing published"),
    OBS(key_transport, "rsa-oaep", OAEP),
    INF(encoding, "der", "nothing published"),
    INF(transaction_id, "spki_sha1_upper", "CertEnroll makes it by itself; the form is not published"),
    INF(signing_time, "no", "nothing published"),
    OBS(signer_subject, "CN=SCEP Protocol Certificate", STEP),
    OBS(signer_digest, "sha1", STEP),
    OBS(signer_serial, "one", STEP),
    INF(signer_backdate, "1h", STEP ", which chose it itself"),
    INF(signer_days, "365", STEP ", which chose it itself"),
    INF(signer_key_usage, "none", STEP ", which has none"),
    OBS(signer_subject_key_id, "yes", STEP),
    OBS(signer_authority_key_id, "critical", STEP),
    OBS(csr_digest, "sha256", "PacketFence's imitation of a Windows client"),
    INF(csr_extra_rdn, "", "the profile's subject as it is"),
    INF(csr_key_usage, "digitalSignature, keyEncipherment", CSP ": 0x80, 0x20 or 0xA0"),
    INF(csr_key_usage_critical, "yes", "CertEnroll's default for this extension"),
    INF(csr_eku, "clientAuth", CSP ": EKUMapping; clientAuth is what profiles are for"),
    DOC(challenge_type, "printable", "Fleet: a non-printable character is refused on the device"),
    INF(csr_sid, "uri", "Microsoft, strong mapping in Intune profiles"),
    INF(csr_validity_unit, "Years", CSP ": ValidPeriod is sent; as name-value pair is our conclusion"),
    INF(csr_validity_count, "1", CSP ": ValidPeriodUnits is sent; as name-value pair is our conclusion"),
    DOC(polls, "3", CSP ": RetryCount"),
    DOC(poll_interval, "5m", CSP ": RetryDelay"),
    INF(poll_first_at_once, "no", "nothing published"),
    INF(poll_jitter, "0%", "nothing published"),
    INF(poll_for, "0", "only by count"),
    INF(poll_digest, "same", "nothing published"),
    INF(poll_cipher, "same", "nothing published"),
    INF(poll_transaction_id, "request", "nothing published"),
    DOC(failure_retries, "0", CSP ": retries are for PENDING only"),
    INF(failure_delay, "0", "no retries before the next sync"),
    INF(http_retries, "0", "HRESULT 0x8019xxxx; next try at the next sync"),
    INF(http_delay, "0", "no retries before the next sync"),
    INF(retry_transaction_id, "new", "no retries before the next sync"),
    INF(renewal, "re_enroll", "the MDM sends the profile again"),
    DOC(renewal_key, "new", "Microsoft, SCEP profiles in Intune"),
    INF(checks, "signature, signer, message_type, status, content, key, chain",
        "what it does with a wrong nonce or transactionID is not published"),
};

const struct persona_table persona_windows = {
    "windows", "Windows 10 and 11 (CertEnroll behind the MDM client)", rows, sizeof rows / sizeof rows[0]};
