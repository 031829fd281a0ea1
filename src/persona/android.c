/* Android has no SCEP client; MDM agents bring one. Intune's logs show jscep, so this is jscep as Intune drives it. */
#include "persona/table.h"

#define DOC(knob, value, source) PERSONA_DOC(knob, value, source)
#define OBS(knob, value, source) PERSONA_OBS(knob, value, source)
#define INF(knob, value, source) PERSONA_INF(knob, value, source)

#define JSCEP   "jscep"
#define LOG     "Microsoft, troubleshooting SCEP from device to NDES: Android log"
#define PROFILE "Microsoft, support article 4457481: profile values"
#define NONE    "nothing published"

static const struct persona_row rows[] = {
    DOC(order, "get_ca_caps, get_ca_cert, get_ca_caps, get_ca_cert, get_ca_caps", JSCEP ": Client.java"),
    INF(url_suffix, "", LOG ": the profile's URL as it is"),
    DOC(url_order, "random", "Microsoft, SCEP profiles in Intune"),
    DOC(message_get_ca_caps, "ca", LOG),
    DOC(message_get_ca_cert, "ca", LOG),
    INF(message_get_next_ca_cert, "ca", "as the others"),
    INF(message_post, "absent", JSCEP),
    INF(user_agent, "Dalvik/2.1.0 (Linux; U; Android 5.0; Nexus 5 Build/LRX21O)",
        LOG " up to 'Android 5.0;', the model is ours"),
    INF(headers, "Connection: Keep-Alive | Accept-Encoding: gzip", "Android's HttpURLConnection"),
    INF(http_version, "1.1", "Android's HttpURLConnection"),
    INF(connection, "per_device", "HttpURLConnection keeps connections"),
    DOC(post, "announced", JSCEP),
    DOC(post_content_type, "application/octet-stream", JSCEP),
    DOC(get_escaping, "all", JSCEP ": URLEncoder"),
    DOC(request_timeout, "0", JSCEP " sets none: only the scenario's limit ends it"),
    INF(think_time, "0", NONE),
    DOC(caps_http_error, "go_on", JSCEP ": empty capabilities"),
    DOC(http_status, "yes", JSCEP ": TransportException"),
    DOC(ca_content_type, "bare", JSCEP ": the type must begin with one of the two"),
    DOC(caps_exact_case, "yes", JSCEP),
    DOC(caps_standard, "yes", JSCEP),
    DOC(digests, "sha512, sha256, sha1", JSCEP ": Capabilities.java"),
    DOC(digest_default, "md5", JSCEP ": Capabilities.java"),
    DOC(digest_required, "no", JSCEP),
    DOC(ciphers, "aes128-cbc, 3des-cbc", JSCEP),
    DOC(cipher_default, "des-cbc", JSCEP ": Capabilities.java"),
    DOC(key_transport, "rsa-pkcs1", JSCEP ": Bouncy Castle's default"),
    OBS(encoding, "ber", JSCEP ": indefinite lengths, pieces of 1000 bytes"),
    DOC(transaction_id, "spki_sha1_upper", LOG ": 40 capital hex digits; jscep alone writes small ones"),
    INF(signing_time, "yes", "Bouncy Castle's default attributes"),
    DOC(signer_subject, "cn", LOG ": CN=<user>"),
    INF(signer_digest, "same", NONE),
    DOC(signer_serial, "one", LOG),
    INF(signer_backdate, "1d", "as jscep's examples do"),
    INF(signer_days, "365", NONE),
    INF(signer_key_usage, "digitalSignature, keyEncipherment", "RFC 8894 2.3"),
    INF(signer_subject_key_id, "no", NONE),
    INF(signer_authority_key_id, "none", NONE),
    INF(csr_digest, "same", NONE),
    INF(csr_extra_rdn, "", "the profile's subject as it is"),
    DOC(csr_key_usage, "keyEncipherment", PROFILE ": KeyUsage 32"),
    INF(csr_key_usage_critical, "yes", "RFC 5280 4.2.1.3"),
    INF(csr_eku, "clientAuth", "what profiles are for"),
    INF(challenge_type, "auto", "jscep leaves it to the agent; its tests use PrintableString"),
    INF(csr_sid, "uri", "Microsoft, strong mapping in Intune profiles"),
    INF(csr_validity_unit, "none", "Intune-Resource-Access issue 162 shows the fields, not the encoding"),
    INF(csr_validity_count, "1", "not sent"),
    DOC(polls, "3", PROFILE ": RetryCount"),
    INF(poll_interval, "1m", PROFILE ": RetryDelay 1, taken as minutes"),
    INF(poll_first_at_once, "no", NONE),
    INF(poll_jitter, "0%", NONE),
    INF(poll_for, "0", "only by count"),
    INF(poll_digest, "same", JSCEP),
    INF(poll_cipher, "same", JSCEP),
    DOC(poll_transaction_id, "request", JSCEP),
    INF(failure_retries, "0", "next policy cycle"),
    INF(failure_delay, "0", "next policy cycle"),
    DOC(http_retries, "0", JSCEP),
    INF(http_delay, "0", JSCEP),
    INF(retry_transaction_id, "same", "derived from the key"),
    INF(renewal, "re_enroll", NONE),
    DOC(renewal_key, "new", "Microsoft, SCEP profiles in Intune"),
    DOC(checks, "signature, signer, message_type, transaction, nonce, status, content, key", JSCEP),
};

const struct persona_table persona_android = {"android", "an Android MDM agent (jscep, as Intune drives it)",
                                              rows, sizeof rows / sizeof rows[0]};
