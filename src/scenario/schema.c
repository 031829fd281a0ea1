#include "scenario/schema.h"

#define SECOND 1e6
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* JSON readers keep whole numbers exactly up to here; results repeat the seed. */
#define EXACT_MAX 9007199254740991.0

#define TEXT_MAX   1024
#define AT(f)      offsetof(struct scenario, f)
#define PHASE(f)   offsetof(struct load_phase, f)
#define PERSONA(f) offsetof(struct scenario_profile, f)
#define ACCOUNT(f) offsetof(struct scenario_account, f)

static const struct scenario_choice modes[] = {{"standalone", SCENARIO_SIM_STANDALONE, false},
                                               {"intune", SCENARIO_SIM_INTUNE, false},
                                               {"proxy", SCENARIO_SIM_PROXY, false},
                                               {NULL, 0, false}};
static const struct scenario_choice approvals[] = {
    {"issue", false, false}, {"deny", true, false}, {NULL, 0, false}};
static const struct scenario_choice operations[] = {
    {"get-cert", 1 << SCENARIO_SIM_GET_CERT, false},
    {"get-crl", 1 << SCENARIO_SIM_GET_CRL, false},
    {"get-next-ca-cert", 1 << SCENARIO_SIM_GET_NEXT_CA_CERT, false},
    {"update", 1 << SCENARIO_SIM_UPDATE, false},
    {NULL, 0, false}};
static const struct scenario_choice quirks[] = {
    {"same-key-returns-old", 1 << SCENARIO_SIM_SAME_KEY_RETURNS_OLD, false}, {NULL, 0, false}};
static const struct scenario_choice repeats[] = {
    {"new", false, false}, {"same", true, false}, {NULL, 0, false}};
static const struct scenario_choice signers[] = {
    {"fresh", false, false}, {"pooled", true, false}, {NULL, 0, false}};
static const struct scenario_choice noises[] = {
    {"none", 0, false}, {"light", 0, false}, {"heavy", 0, false}, {NULL, 0, false}};
static const struct scenario_choice reply_digests[] = {{"md5", 0, false},    {"sha1", 0, false},
                                                       {"sha256", 0, false}, {"sha384", 0, false},
                                                       {"sha512", 0, false}, {NULL, 0, false}};
static const struct scenario_choice reply_ciphers[] = {
    {"mirror", 0, false},     {"des-cbc", 0, false},    {"3des-cbc", 0, false}, {"aes128-cbc", 0, false},
    {"aes192-cbc", 0, false}, {"aes256-cbc", 0, false}, {NULL, 0, false}};
static const struct scenario_choice reply_transports[] = {
    {"pkcs1", 0, false}, {"oaep", 0, false}, {NULL, 0, false}};
static const struct scenario_choice logons[] = {{"any", 0, false},  {"negotiate", 0, false},
                                                {"ntlm", 0, false}, {"basic", 0, false},
                                                {"none", 0, false}, {NULL, 0, false}};
static const struct scenario_choice sources[] = {{"mscep_admin", CHALLENGE_MSCEP_ADMIN, false},
                                                 {"static", CHALLENGE_STATIC, false},
                                                 {"http", CHALLENGE_HTTP, false},
                                                 {"file", CHALLENGE_FILE, false},
                                                 {"command", CHALLENGE_COMMAND, false},
                                                 {"intune", CHALLENGE_INTUNE, false},
                                                 {"none", CHALLENGE_NONE, false},
                                                 {NULL, 0, false}};
static const struct scenario_choice auths[] = {
    {"none", CHALLENGE_AUTH_NONE, false}, {"basic", CHALLENGE_AUTH_BASIC, false},
    {"ntlm", CHALLENGE_AUTH_NTLM, false}, {"negotiate", CHALLENGE_AUTH_NEGOTIATE, false},
    {"any", CHALLENGE_AUTH_ANY, false},   {NULL, 0, false}};
static const struct scenario_choice methods[] = {
    {"GET", false, false}, {"POST", true, false}, {NULL, 0, false}};
static const struct scenario_choice key_types[] = {
    {"rsa", SCENARIO_KEY_RSA, false}, {"ec", SCENARIO_KEY_EC, false}, {NULL, 0, false}};
static const struct scenario_choice curves[] = {{"p256", 256, false}, {"p384", 384, false}, {NULL, 0, false}};
static const struct scenario_choice key_bits[] = {
    {"2048", 2048, false}, {"3072", 3072, false}, {"4096", 4096, false}, {NULL, 0, false}};
static const struct scenario_choice thens[] = {{"renew", SCENARIO_THEN_RENEW, false},
                                               {"get_cert", SCENARIO_THEN_GET_CERT, false},
                                               {"get_crl", SCENARIO_THEN_GET_CRL, false},
                                               {"get_next_ca_cert", SCENARIO_THEN_GET_NEXT_CA_CERT, false},
                                               {NULL, 0, false}};
static const struct scenario_choice renewals[] = {{"renewal_req", 0, false},
                                                  {"update_req", 0, false},
                                                  {"pkcs_req_signed", 0, false},
                                                  {"re_enroll", 0, false},
                                                  {NULL, 0, false}};
static const struct scenario_choice renewal_keys[] = {
    {"new", 0, false}, {"same", 0, false}, {NULL, 0, false}};
static const struct scenario_choice expects[] = {{"refused", true, false}, {NULL, 0, false}};
static const struct scenario_choice ekus[] = {{"clientAuth", 1 << PERSONA_EKU_CLIENT_AUTH, false},
                                              {"serverAuth", 1 << PERSONA_EKU_SERVER_AUTH, false},
                                              {"emailProtection", 1 << PERSONA_EKU_EMAIL_PROTECTION, false},
                                              {"smartcardLogon", 1 << PERSONA_EKU_SMARTCARD_LOGON, false},
                                              {"ipsecIKE", 1 << PERSONA_EKU_IPSEC_IKE, false},
                                              {"any", 1 << PERSONA_EKU_ANY, false},
                                              {NULL, 0, false}};
static const struct scenario_choice key_usages[] = {
    {"digitalSignature", 1 << 0, false}, {"nonRepudiation", 1 << 1, false},
    {"keyEncipherment", 1 << 2, false},  {"dataEncipherment", 1 << 3, false},
    {"keyAgreement", 1 << 4, false},     {NULL, 0, false}};
static const struct scenario_choice san_matches[] = {
    {"any", false, false}, {"as_requested", true, false}, {NULL, 0, false}};
static const struct scenario_choice subject_matches[] = {
    {"as_requested", false, false}, {"any", true, false}, {NULL, 0, false}};
static const struct scenario_choice arrivals[] = {
    {"even", LOAD_EVEN, false}, {"poisson", LOAD_POISSON, false}, {NULL, 0, false}};

static const struct scenario_choice shapes[] = {
    {"policy_push", LOAD_POLICY_PUSH, false},     {"check_in", LOAD_CHECK_IN, false},
    {"renewal_cliff", LOAD_RENEWAL_CLIFF, false}, {"backlog_flush", LOAD_BACKLOG_FLUSH, false},
    {"retry_storm", LOAD_RETRY_STORM, false},     {NULL, 0, false}};

/* clang-format off */
#define LATENCY(word, op) \
    {"simulator.latency." word, SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".fixed", SCENARIO_DURATION, AT(simulator.latency[op].fixed_us), 1, HOUR, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".median", SCENARIO_DURATION, AT(simulator.latency[op].median_us), 1, HOUR, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".p99", SCENARIO_DURATION, AT(simulator.latency[op].p99_us), 1, HOUR, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".file", SCENARIO_TEXT, AT(simulator.latency[op].file), 1, TEXT_MAX, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".servers", SCENARIO_UINT, AT(simulator.latency[op].servers), 1, 1000, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".queue", SCENARIO_UINT, AT(simulator.latency[op].queue), 1, 100000, NULL, NULL, 0, 0}, \
    {"simulator.latency." word ".seed", SCENARIO_UINT64, AT(simulator.latency[op].seed), 1, EXACT_MAX, NULL, NULL, 0, 0}

const struct scenario_key scenario_keys[] = {
    {"name", SCENARIO_TEXT, AT(name), 1, 64, NULL, NULL, 0, 0},
    {"seed", SCENARIO_UINT64, AT(seed), 0, EXACT_MAX, "1", NULL, 0, 0},

    {"target", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"target.url", SCENARIO_TEXT, AT(target.url), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.urls", SCENARIO_TEXTS, AT(target.urls), 1, 16, NULL, NULL, AT(target.url_count), 0},
    {"target.authorized", SCENARIO_TEXT, AT(target.authorized), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.source_addresses", SCENARIO_TEXTS, AT(target.sources), 1, 64, NULL, NULL, AT(target.source_count), 0},
    {"target.tls", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"target.tls.ca_file", SCENARIO_TEXT, AT(target.ca_file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.addresses", SCENARIO_TEXTS, AT(target.addresses), 1, 64, NULL, NULL, AT(target.address_count), 0},
    {"target.proxy", SCENARIO_TEXT, AT(target.proxy), 1, TEXT_MAX, NULL, NULL, 0, 0},

    {"simulator", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.mode", SCENARIO_CHOICE, AT(simulator.mode), 0, 0, "standalone", modes, 0, 0},
    {"simulator.otp", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.otp.cache", SCENARIO_UINT, AT(simulator.otp_cache), 1, 1000000, "5", NULL, 0, 0},
    {"simulator.otp.validity", SCENARIO_DURATION, AT(simulator.otp_validity_us), SECOND, 7 * DAY, "60m", NULL, 0, 0},
    {"simulator.otp.length", SCENARIO_UINT, AT(simulator.otp_length), 4, 32, "8", NULL, 0, 0},
    {"simulator.otp.static", SCENARIO_BOOL, AT(simulator.otp_static), 0, 0, "false", NULL, 0, 0},
    {"simulator.caps", SCENARIO_TEXT, AT(simulator.caps), 1, 1000, NULL, NULL, 0, 0},
    {"simulator.approval", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.approval.after_polls", SCENARIO_UINT, AT(simulator.approval.after_polls), 1, 1000000, NULL, NULL, 0, 0},
    {"simulator.approval.after", SCENARIO_DURATION, AT(simulator.approval.after_us), 1e3, 7 * DAY, NULL, NULL, 0, 0},
    {"simulator.approval.then", SCENARIO_BOOL, AT(simulator.approval.deny), 0, 0, "issue", approvals, 0, 0},
    {"simulator.operations", SCENARIO_FLAGS, AT(simulator.operations), 1, SCENARIO_SIM_OPERATION_COUNT, NULL, operations, 0, 0},
    {"simulator.quirks", SCENARIO_FLAGS, AT(simulator.quirks), 1, SCENARIO_SIM_QUIRK_COUNT, NULL, quirks, 0, 0},
    {"simulator.repeats", SCENARIO_BOOL, AT(simulator.repeats_get_same), 0, 0, "new", repeats, 0, 0},
    {"simulator.validity", SCENARIO_DURATION, AT(simulator.validity_us), 601 * SECOND, 3650 * DAY, "365d", NULL, 0, 0},
    {"simulator.cache_request", SCENARIO_DURATION, AT(simulator.cache_request_us), SECOND, 7 * DAY, "20m", NULL, 0, 0},
    {"simulator.reply", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.reply.digest", SCENARIO_TEXT, AT(simulator.reply.digest), 1, 16, "sha256", reply_digests, 0, 0},
    {"simulator.reply.cipher", SCENARIO_TEXT, AT(simulator.reply.cipher), 1, 16, "mirror", reply_ciphers, 0, 0},
    {"simulator.reply.transport", SCENARIO_TEXT, AT(simulator.reply.transport), 1, 16, "pkcs1", reply_transports, 0, 0},
    {"simulator.faults", SCENARIO_TEXTS, AT(simulator.faults), 0, 50, NULL, NULL, AT(simulator.fault_count), 0},
    {"simulator.logs", SCENARIO_TEXT, AT(simulator.logs), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"simulator.noise", SCENARIO_TEXT, AT(simulator.noise), 1, 16, "none", noises, 0, 0},
    {"simulator.latency", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    LATENCY("get_ca_caps", SCENARIO_LATENCY_GET_CA_CAPS),
    LATENCY("get_ca_cert", SCENARIO_LATENCY_GET_CA_CERT),
    LATENCY("get_next_ca_cert", SCENARIO_LATENCY_GET_NEXT_CA_CERT),
    LATENCY("pki_operation", SCENARIO_LATENCY_PKI_OPERATION),
    LATENCY("otp", SCENARIO_LATENCY_OTP),
    {"simulator.ca", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.ca.bits", SCENARIO_CHOICE, AT(simulator.ca_bits), 0, 0, "2048", key_bits, 0, 0},
    {"simulator.ca.ra_bits", SCENARIO_CHOICE, AT(simulator.ra_bits), 0, 0, "2048", key_bits, 0, 0},
    {"simulator.listen", SCENARIO_TEXT, AT(simulator.listen), 3, 256, NULL, NULL, 0, 0},
    {"simulator.tls", SCENARIO_BOOL, AT(simulator.tls), 0, 0, "false", NULL, 0, 0},
    {"simulator.auth", SCENARIO_TEXT, AT(simulator.auth), 1, 16, "any", logons, 0, 0},
    {"simulator.accounts", SCENARIO_LIST, AT(simulator.accounts), 1, 64, NULL, NULL, AT(simulator.account_count), sizeof(struct scenario_account)},
    {"simulator.accounts[].user", SCENARIO_TEXT, ACCOUNT(user), 1, 256, NULL, NULL, 0, 0},
    {"simulator.accounts[].password_env", SCENARIO_TEXT, ACCOUNT(password_env), 1, 256, NULL, NULL, 0, 0},
    {"simulator.accounts[].password_file", SCENARIO_TEXT, ACCOUNT(password_file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"simulator.accounts[].password", SCENARIO_SECRET, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.accounts[].no_enroll", SCENARIO_BOOL, ACCOUNT(no_enroll), 0, 0, "false", NULL, 0, 0},
    {"simulator.lock_after", SCENARIO_UINT, AT(simulator.lock_after), 1, 1000, NULL, NULL, 0, 0},
    {"simulator.keytab", SCENARIO_TEXT, AT(simulator.keytab), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"simulator.service", SCENARIO_TEXT, AT(simulator.service), 1, 256, NULL, NULL, 0, 0},
    {"simulator.challenge_env", SCENARIO_TEXT, AT(simulator.challenge_env), 1, 256, NULL, NULL, 0, 0},

    {"challenge", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"challenge.source", SCENARIO_CHOICE, AT(challenge.source), 0, 0, NULL, sources, 0, 0},
    {"challenge.url", SCENARIO_TEXT, AT(challenge.url), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.method", SCENARIO_BOOL, AT(challenge.post), 0, 0, "GET", methods, 0, 0},
    {"challenge.headers", SCENARIO_TEXTS, AT(challenge.headers), 1, 32, NULL, NULL, AT(challenge.header_count), 0},
    {"challenge.body", SCENARIO_BLOCK, AT(challenge.body), 1, 16384, NULL, NULL, 0, 0},
    {"challenge.content_type", SCENARIO_TEXT, AT(challenge.content_type), 3, 100, NULL, NULL, 0, 0},
    {"challenge.json", SCENARIO_TEXT, AT(challenge.json), 1, 256, NULL, NULL, 0, 0},
    {"challenge.regex", SCENARIO_TEXT, AT(challenge.regex), 1, 512, NULL, NULL, 0, 0},
    {"challenge.auth", SCENARIO_CHOICE, AT(challenge.auth), 0, 0, NULL, auths, 0, 0},
    {"challenge.user", SCENARIO_TEXT, AT(challenge.user), 1, 256, NULL, NULL, 0, 0},
    {"challenge.password_env", SCENARIO_TEXT, AT(challenge.password_env), 1, 256, NULL, NULL, 0, 0},
    {"challenge.password_file", SCENARIO_TEXT, AT(challenge.password_file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.password", SCENARIO_SECRET, 0, 0, 0, NULL, NULL, 0, 0},
    {"challenge.keytab", SCENARIO_TEXT, AT(challenge.keytab), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.ticket_cache", SCENARIO_TEXT, AT(challenge.ticket_cache), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.anonymous_first", SCENARIO_BOOL, AT(challenge.anonymous_first), 0, 0, "false", NULL, 0, 0},
    {"challenge.file", SCENARIO_TEXT, AT(challenge.file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.column", SCENARIO_TEXT, AT(challenge.column), 1, 256, NULL, NULL, 0, 0},
    {"challenge.journal", SCENARIO_TEXT, AT(challenge.journal), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.command", SCENARIO_TEXTS, AT(challenge.command), 1, 64, NULL, NULL, AT(challenge.command_count), 0},
    {"challenge.batch", SCENARIO_UINT, AT(challenge.batch), 1, 10000, "1", NULL, 0, 0},
    {"challenge.outstanding", SCENARIO_UINT, AT(challenge.outstanding), 1, 100000, "3", NULL, 0, 0},
    {"challenge.prefetch", SCENARIO_UINT, AT(challenge.prefetch), 0, 100000, "0", NULL, 0, 0},
    {"challenge.connections", SCENARIO_UINT, AT(challenge.connections), 1, 1000, NULL, NULL, 0, 0},
    {"challenge.rate", SCENARIO_RATE, AT(challenge.rate_per_s), 1e-5, 1e6, NULL, NULL, 0, 0},
    {"challenge.lifetime", SCENARIO_DURATION, AT(challenge.lifetime_us), 1e3, 366 * DAY, NULL, NULL, 0, 0},
    {"challenge.timeout", SCENARIO_DURATION, AT(challenge.timeout_us), 1e3, HOUR, NULL, NULL, 0, 0},

    {"devices", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"devices.count", SCENARIO_UINT64, AT(devices.count), 1, 1e7, NULL, NULL, 0, 0},
    {"devices.subject", SCENARIO_TEXT, AT(devices.subject), 1, 512, "CN={profile}-{index}", NULL, 0, 0},
    {"devices.marker", SCENARIO_TEXT, AT(devices.marker), 3, 64, "OU=scepstorm", NULL, 0, 0},
    {"devices.san", SCENARIO_TEXTS, AT(devices.san), 1, 16, NULL, NULL, AT(devices.san_count), 0},
    {"devices.sid", SCENARIO_TEXT, AT(devices.sid), 1, 256, NULL, NULL, 0, 0},
    {"devices.csv", SCENARIO_TEXT, AT(devices.csv), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"devices.csv_reuse", SCENARIO_BOOL, AT(devices.csv_reuse), 0, 0, "false", NULL, 0, 0},
    {"devices.key", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"devices.key.type", SCENARIO_CHOICE, AT(devices.key_type), 0, 0, "rsa", key_types, 0, 0},
    {"devices.key.curve", SCENARIO_CHOICE, AT(devices.key_curve), 0, 0, "p256", curves, 0, 0},
    {"devices.key.bits", SCENARIO_CHOICE, AT(devices.key_bits), 0, 0, "2048", key_bits, 0, 0},
    {"devices.key.reuse", SCENARIO_BOOL, AT(devices.key_reuse), 0, 0, "true", NULL, 0, 0},
    {"devices.key.signer", SCENARIO_BOOL, AT(devices.signer_pooled), 0, 0, "fresh", signers, 0, 0},
    {"devices.key.pool", SCENARIO_TEXT, AT(devices.key_pool), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"devices.profiles", SCENARIO_LIST, AT(devices.profiles), 1, 20, NULL, NULL, AT(devices.profile_count), sizeof(struct scenario_profile)},
    {"devices.profiles[].name", SCENARIO_TEXT, PERSONA(name), 1, 64, PERSONA_DEFAULT, NULL, 0, 0},
    {"devices.profiles[].weight", SCENARIO_NUMBER, PERSONA(weight), 0.001, 1e6, "1", NULL, 0, 0},
    {"devices.profiles[].set", SCENARIO_SETTINGS, PERSONA(settings), 1, PERSONA_KNOB_COUNT, NULL, NULL, PERSONA(setting_count), 0},
    {"devices.then", SCENARIO_WORDS, AT(devices.then), 1, SCENARIO_THEN_COUNT, NULL, thens, AT(devices.then_count), 0},
    {"devices.renewal", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"devices.renewal.how", SCENARIO_TEXT, AT(devices.renewal_how), 1, 64, NULL, renewals, 0, 0},
    {"devices.renewal.after", SCENARIO_DURATION, AT(devices.renewal_after_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"devices.renewal.key", SCENARIO_TEXT, AT(devices.renewal_key), 1, 64, NULL, renewal_keys, 0, 0},
    {"devices.expect", SCENARIO_MAP, AT(devices.expect.refused), 0, 0, NULL, expects, 0, 0},
    {"devices.expect.eku", SCENARIO_FLAGS, AT(devices.expect.eku), 1, PERSONA_EKU_COUNT, NULL, ekus, 0, 0},
    {"devices.expect.key_usage", SCENARIO_FLAGS, AT(devices.expect.key_usage), 1, 5, NULL, key_usages, 0, 0},
    {"devices.expect.min_validity", SCENARIO_DURATION, AT(devices.expect.min_validity_us), SECOND, 36525 * DAY, NULL, NULL, 0, 0},
    {"devices.expect.max_validity", SCENARIO_DURATION, AT(devices.expect.max_validity_us), SECOND, 36525 * DAY, NULL, NULL, 0, 0},
    {"devices.expect.san", SCENARIO_BOOL, AT(devices.expect.san_as_requested), 0, 0, "any", san_matches, 0, 0},
    {"devices.expect.subject", SCENARIO_BOOL, AT(devices.expect.subject_any), 0, 0, "as_requested", subject_matches, 0, 0},

    {"load", SCENARIO_LIST, AT(phases), 1, 200, NULL, NULL, AT(phase_count), sizeof(struct load_phase)},
    {"load[].phase", SCENARIO_LABEL, PHASE(name), 1, sizeof(((struct load_phase *)0)->name) - 1, NULL, NULL, 0, 0},
    {"load[].rate", SCENARIO_RATE, PHASE(from_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].from", SCENARIO_RATE, PHASE(from_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].to", SCENARIO_RATE, PHASE(to_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].steps", SCENARIO_UINT, PHASE(steps), 2, LOAD_MAX_STAIRS, NULL, NULL, 0, 0},
    {"load[].base", SCENARIO_RATE, PHASE(base_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].peak", SCENARIO_RATE, PHASE(peak_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].peak_for", SCENARIO_DURATION, PHASE(peak_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].closed", SCENARIO_UINT, PHASE(slots), 1, 1e6, NULL, NULL, 0, 0},
    {"load[].pause", SCENARIO_RANGE, PHASE(pause_min_us), 0, 31 * DAY, NULL, NULL, PHASE(pause_max_us), 0},
    {"load[].shape", SCENARIO_CHOICE, PHASE(kind), 0, 0, NULL, shapes, 0, 0},
    {"load[].devices", SCENARIO_UINT64, PHASE(devices), 1, 1e7, NULL, NULL, 0, 0},
    {"load[].median", SCENARIO_DURATION, PHASE(median_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].batch", SCENARIO_DURATION, PHASE(batch_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].every", SCENARIO_DURATION, PHASE(every_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].jitter", SCENARIO_DURATION, PHASE(jitter_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].success", SCENARIO_SHARE, PHASE(success), 0, 1, "50%", NULL, 0, 0},
    {"load[].for", SCENARIO_DURATION, PHASE(duration_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].arrivals", SCENARIO_CHOICE, PHASE(arrivals), 0, 0, "even", arrivals, 0, 0},
    {"load[].warm_up", SCENARIO_BOOL, PHASE(warm_up), 0, 0, "false", NULL, 0, 0},

    {"conformance", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"conformance.probes", SCENARIO_TEXTS, AT(conformance.words), 1, CONFORMANCE_MAX, NULL, NULL, AT(conformance.word_count), 0},
    {"conformance.every", SCENARIO_UINT64, AT(conformance.every), 1, 1e6, "50", NULL, 0, 0},

    {"limits", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"limits.request_timeout", SCENARIO_DURATION, AT(limits.request_timeout_us), 1e3, HOUR, "30s", NULL, 0, 0},
    {"limits.device_timeout", SCENARIO_DURATION, AT(limits.device_timeout_us), 1e3, DAY, "5m", NULL, 0, 0},
    {"limits.error_budget", SCENARIO_SHARE, AT(limits.error_budget), 0, 1, "20%", NULL, 0, 0},
    {"limits.in_flight", SCENARIO_UINT64, AT(limits.in_flight), 1, 1e6, "10000", NULL, 0, 0},
    {"limits.rate", SCENARIO_RATE, AT(limits.rate_per_s), 0, 1e6, "200/s", NULL, 0, 0},
    {"limits.devices", SCENARIO_UINT64, AT(limits.devices), 1, 1e7, "100000", NULL, 0, 0},

    {"slo", SCENARIO_TEXTS, AT(slo), 0, 100, NULL, NULL, AT(slo_count), 0},
};
/* clang-format on */
const size_t scenario_key_count = sizeof scenario_keys / sizeof *scenario_keys;
_Static_assert(sizeof scenario_keys / sizeof *scenario_keys <= SCENARIO_KEYS_MAX, "raise SCENARIO_KEYS_MAX");
_Static_assert(sizeof(enum challenge_source) == sizeof(int) && sizeof(unsigned) == sizeof(int),
               "a choice is stored as an int");

int scenario_key_find(const char *path)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        if (strcmp(scenario_keys[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

bool scenario_key_is_child(const char *path, const char *parent)
{
    size_t len = strlen(parent);
    if (len > 0 && (strncmp(path, parent, len) != 0 || path[len] != '.'))
        return false;
    const char *rest = len > 0 ? path + len + 1 : path;
    return strchr(rest, '.') == NULL;
}

/* Keys of which only some challenge sources know something. */
static bool is_for_source(const char *path, enum challenge_source source)
{
    enum {
        ADMIN = 1 << CHALLENGE_MSCEP_ADMIN,
        STATIC = 1 << CHALLENGE_STATIC,
        LIST = 1 << CHALLENGE_FILE,
        PROGRAM = 1 << CHALLENGE_COMMAND,
        INTUNE = 1 << CHALLENGE_INTUNE,
        API = 1 << CHALLENGE_HTTP | INTUNE,
        WEB = ADMIN | API,
        STOCK = (WEB | PROGRAM) & ~INTUNE, /* an Intune challenge is for one device, from the beginning */
    };
    static const struct {
        const char *path;
        int sources;
    } rows[] = {
        {"challenge.url", WEB},
        {"challenge.method", API},
        {"challenge.headers", API},
        {"challenge.body", API},
        {"challenge.content_type", API},
        {"challenge.json", API},
        {"challenge.regex", API},
        {"challenge.auth", WEB},
        {"challenge.user", WEB},
        {"challenge.password_env", WEB | STATIC},
        {"challenge.password_file", WEB | STATIC},
        {"challenge.keytab", WEB},
        {"challenge.ticket_cache", WEB},
        {"challenge.anonymous_first", WEB},
        {"challenge.file", LIST},
        {"challenge.column", LIST},
        {"challenge.journal", LIST},
        {"challenge.command", PROGRAM},
        {"challenge.batch", PROGRAM},
        {"challenge.outstanding", WEB},
        {"challenge.prefetch", STOCK},
        {"challenge.connections", WEB | PROGRAM},
        {"challenge.rate", WEB | PROGRAM},
        {"challenge.lifetime", STOCK},
        {"challenge.timeout", WEB | PROGRAM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(path, rows[i].path) == 0)
            return (rows[i].sources & 1 << source) != 0;
    }
    return true;
}

/* Keys of a simulator that somebody starts by hand; a run's own has made-up accounts on a free port. */
static bool is_for_alone(const char *path)
{
    static const char *const paths[] = {"simulator.listen",       "simulator.tls",    "simulator.auth",
                                        "simulator.lock_after",   "simulator.keytab", "simulator.service",
                                        "simulator.challenge_env"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (strcmp(path, paths[i]) == 0)
            return true;
    }
    return strncmp(path, "simulator.accounts", 18) == 0;
}

/* Below simulator.latency: of an operation that takes no time. */
static bool takes_no_time(const char *path, const struct scenario *s)
{
    bool any = false, own = false;
    if (strncmp(path, "simulator.latency", 17) != 0)
        return false;
    for (enum scenario_latency_op op = 0; op < SCENARIO_LATENCY_COUNT; op++) {
        const char *word = scenario_latency_word(op);
        size_t len = strlen(word);
        bool set = scenario_latency_is_set(&s->simulator.latency[op]);
        bool below = path[17] == '.' && strncmp(path + 18, word, len) == 0 &&
                     (path[18 + len] == '.' || path[18 + len] == '\0');
        any = any || set;
        own = own || (below && set);
    }
    return path[17] == '.' ? !own : !any;
}

static bool renews(const struct scenario *s)
{
    for (size_t i = 0; i < s->devices.then_count; i++) {
        if (s->devices.then[i] == SCENARIO_THEN_RENEW)
            return true;
    }
    return false;
}

const char *scenario_key_idle(const struct scenario_key *key, const struct scenario *scenario)
{
    const char *path = key->path;
    if (strncmp(path, "simulator", 9) == 0 && !scenario->target.sim)
        return "without target.url: sim";
    bool way = strcmp(path, "target.addresses") == 0 || strcmp(path, "target.proxy") == 0;
    if (way && scenario->target.sim)
        return "with target.url: sim";
    if (is_for_alone(path) && !scenario->alone)
        return "outside of a file for scepstorm sim --config";
    if (takes_no_time(path, scenario))
        return "without fixed, median and p99, or file";
    if (!is_for_source(path, scenario->challenge.source))
        return "for this challenge.source";
    if (strcmp(path, "challenge.content_type") == 0 && scenario->challenge.body == NULL)
        return "without challenge.body";
    if (strncmp(path, "simulator.approval", 18) == 0 && scenario->simulator.approval.after_polls == 0 &&
        scenario->simulator.approval.after_us == 0)
        return "without after_polls or after";
    if (strcmp(path, "devices.csv_reuse") == 0 && scenario->devices.csv == NULL)
        return "without devices.csv";
    if (strcmp(path, "devices.key.curve") == 0 && scenario->devices.key_type != SCENARIO_KEY_EC)
        return "without type: ec";
    if (strcmp(path, "devices.key.signer") == 0 && !scenario->devices.key_reuse)
        return "without devices.key.reuse";
    if (strncmp(path, "devices.renewal", 15) == 0 && !renews(scenario))
        return "without renew in devices.then";
    if (strcmp(path, "conformance.every") == 0 && scenario->conformance.word_count == 0)
        return "without conformance.probes";
    if (strncmp(path, "devices.expect.", 15) == 0 && scenario->devices.expect.refused)
        return "beside refused";
    return NULL;
}

const char *scenario_key_word(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}
