#include "cli/sim_options.h"

#include "base/text.h"
#include "cli/cli.h"

#include <getopt.h>

#define NAME "sim"

static bool set_listen(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->config.listen = value;
    return true;
}

static bool set_tls(struct sim_options *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->config.tls = true;
    return true;
}

static bool set_mode(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_mode(value, &a->policy.mode, e);
}

static bool set_approval(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_approval(value, &a->policy.approval, e);
}

static bool set_cache_request(struct sim_options *a, const char *value, struct err *e)
{
    return text_parse_duration(value, &a->policy.remembered_us, e);
}

/* Below that certificates would be over when they are issued. */
static bool set_cert_validity(struct sim_options *a, const char *value, struct err *e)
{
    int64_t us;
    if (!text_parse_duration(value, &us, e))
        return false;
    a->policy.cert_validity_s = us / 1000000;
    return a->policy.cert_validity_s > 600 ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "more than 10m is needed");
}

static bool set_repeats(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_repeats(value, &a->policy.repeats, e);
}

static bool set_operations(struct sim_options *a, const char *value, struct err *e)
{
    unsigned more = 0;
    bool ok = ndes_policy_operations(value, &more, e);
    a->policy.operations |= more;
    return ok;
}

static bool set_quirk(struct sim_options *a, const char *value, struct err *e)
{
    unsigned more = 0;
    bool ok = ndes_policy_quirks(value, &more, e);
    a->policy.quirks |= more;
    return ok;
}

static bool set_reply_digest(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_digest(value, &a->policy, e);
}

static bool set_reply_cipher(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_cipher(value, &a->policy, e);
}

static bool set_reply_transport(struct sim_options *a, const char *value, struct err *e)
{
    return ndes_policy_transport(value, &a->policy, e);
}

static bool set_challenge_env(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->challenge_env = value;
    return true;
}

static bool set_auth(struct sim_options *a, const char *value, struct err *e)
{
    static const struct {
        const char *word;
        unsigned schemes;
    } words[] = {
        {"any", NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM},
        {"negotiate", NDES_SCHEME_NEGOTIATE},
        {"ntlm", NDES_SCHEME_NTLM},
        {"basic", NDES_SCHEME_BASIC},
        {"none", 0},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i].word) == 0) {
            a->config.schemes = words[i].schemes;
            return true;
        }
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is none of any, negotiate, ntlm, basic, none",
                   value);
}

static bool add_user(struct sim_options *a, const char *name, bool no_enroll, struct err *e)
{
    if (name[0] == '\0' || strchr(name, ':') != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a user name has characters, and none of them is a colon");
    if (a->config.account_count == LOGON_ACCOUNTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d users", LOGON_ACCOUNTS_MAX);
    a->accounts[a->config.account_count++] = (struct logon_account){.name = name, .no_enroll = no_enroll};
    return true;
}

static bool set_user(struct sim_options *a, const char *value, struct err *e)
{
    return add_user(a, value, false, e);
}

static bool set_no_enroll_user(struct sim_options *a, const char *value, struct err *e)
{
    return add_user(a, value, true, e);
}

static bool add_password(struct sim_options *a, struct password_source source, struct err *e)
{
    if (a->password_count == LOGON_ACCOUNTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d passwords", LOGON_ACCOUNTS_MAX);
    a->passwords[a->password_count++] = source;
    return true;
}

static bool set_password_env(struct sim_options *a, const char *value, struct err *e)
{
    return add_password(a, (struct password_source){value, secret_from_env}, e);
}

static bool set_password_file(struct sim_options *a, const char *value, struct err *e)
{
    return add_password(a, (struct password_source){value, secret_from_file}, e);
}

static bool set_lock_after(struct sim_options *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 0, 1000, &number, e))
        return false;
    a->config.lock_after = (unsigned)number;
    return true;
}

static bool set_keytab(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->config.keytab = value;
    return true;
}

static bool set_service(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->config.service = value;
    return true;
}

static bool set_fault(struct sim_options *a, const char *value, struct err *e)
{
    if (a->config.fault_count == SIM_OPTIONS_FAULTS)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d faults", SIM_OPTIONS_FAULTS);
    a->faults[a->config.fault_count++] = value;
    return true;
}

static bool set_latency(struct sim_options *a, const char *value, struct err *e)
{
    if (a->config.latency_count == SIM_OPTIONS_LATENCIES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d latencies", SIM_OPTIONS_LATENCIES);
    a->latencies[a->config.latency_count++] = value;
    return true;
}

/* Read before all other options. */
static bool set_config(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->config_file = value;
    return true;
}

static bool set_bits(const char *value, unsigned *out, struct err *e)
{
    int64_t bits = 0;
    if (!text_parse_int(value, 2048, 4096, &bits, e))
        return false;
    *out = (unsigned)bits;
    return bits % 1024 == 0 || err_set(e, STAGE_SETUP, REASON_USAGE, "2048, 3072 or 4096");
}

static bool set_ca_bits(struct sim_options *a, const char *value, struct err *e)
{
    return set_bits(value, &a->config.ca_bits, e);
}

static bool set_ra_bits(struct sim_options *a, const char *value, struct err *e)
{
    return set_bits(value, &a->config.ra_bits, e);
}

static bool set_otp_cache(struct sim_options *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 1, 100000, &number, e))
        return false;
    a->config.otp_cache = (unsigned)number;
    return true;
}

static bool set_otp_validity(struct sim_options *a, const char *value, struct err *e)
{
    return text_parse_duration(value, &a->config.otp_validity_us, e);
}

static bool set_otp_length(struct sim_options *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 4, 32, &number, e))
        return false;
    a->config.otp_bytes = (unsigned)number;
    return true;
}

static bool set_otp_static(struct sim_options *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->config.otp_static = true;
    return true;
}

static bool set_iis(struct sim_options *a, const char *value, struct err *e)
{
    static const char *const versions[] = {"7.5", "8.0", "8.5", "10.0"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        if (strcmp(value, versions[i]) == 0) {
            a->config.iis = versions[i];
            return true;
        }
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is none of 7.5, 8.0, 8.5, 10.0", value);
}

static bool set_caps(struct sim_options *a, const char *value, struct err *e)
{
    (void)e;
    a->config.caps = value;
    return true;
}

static bool set_logs(struct sim_options *a, const char *value, struct err *e)
{
    a->config.logs = value;
    return value[0] != '\0' || err_set(e, STAGE_SETUP, REASON_USAGE, "the name of a folder is missing");
}

static bool set_state(struct sim_options *a, const char *value, struct err *e)
{
    a->config.state = value;
    return value[0] != '\0' || err_set(e, STAGE_SETUP, REASON_USAGE, "the name of a folder is missing");
}

static bool set_noise(struct sim_options *a, const char *value, struct err *e)
{
    return recorder_noise_parse(value, &a->config.noise, e);
}

static bool set_noise_seed(struct sim_options *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 0, INT64_MAX, &number, e))
        return false;
    a->config.noise_seed = (uint64_t)number;
    return true;
}

static bool set_supervised(struct sim_options *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->supervised = true;
    a->config.faults_wait = true;
    return true;
}

static bool set_help(struct sim_options *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->help = true;
    return true;
}

static const struct sim_option {
    const char *name;
    const char *value; /* its name in the help; NULL: takes none */
    const char *help;
    bool (*set)(struct sim_options *a, const char *value, struct err *e);
} options[] = {
    {"config", "FILE",
     "a whole server as YAML: the keys of a scenario's simulator: and more, see\n"
     "scenarios/README.md; options win",
     set_config},
    {"listen", "ADDR:PORT", "where to listen; port 0 picks a free one", set_listen},
    {"tls", NULL, "HTTPS, with a certificate of the simulated CA", set_tls},
    {"mode", "standalone|intune|proxy", "what kind of server; see below", set_mode},
    {"auth", "any|negotiate|ntlm|basic|none",
     "how one logs on to the OTP page; any, the default, is Negotiate and\n"
     "NTLM, as on a real NDES; none leaves it open",
     set_auth},
    {"user", "NAME", "user of the OTP page, also DOMAIN\\NAME; may be given several times", set_user},
    {"no-enroll-user", "NAME", "a user who may log on, but lacks Enroll: the page says so",
     set_no_enroll_user},
    {"password-env", "VAR", "environment variable with the password; the first belongs to the first user",
     set_password_env},
    {"password-file", "FILE", "file with it instead, for its owner only (0600)", set_password_file},
    {"lock-after", "N", "an account is locked for good after N wrong passwords; 0 (never) is the default",
     set_lock_after},
    {"keytab", "FILE", "Kerberos: the keys of HTTP/host", set_keytab},
    {"service", "HTTP@HOST", "which of them; all of HTTP by default", set_service},
    {"otp-cache", "N", "passwords outstanding at most; 5", set_otp_cache},
    {"otp-validity", "DURATION", "life of a password; 60m", set_otp_validity},
    {"otp-length", "BYTES", "of a password (PasswordLength), 4 to 32; 8, which the page shows as 16 digits",
     set_otp_length},
    {"otp-static", NULL, "one password for everybody, which never expires (UseSinglePassword)",
     set_otp_static},
    {"iis", "7.5|8.0|8.5|10.0", "the Server header of another Windows: 2008 R2, 2012, 2012 R2", set_iis},
    {"caps", "WORD,...", "what GetCACaps answers; the words of Windows Server 2012 to 2022", set_caps},
    {"challenge-env", "VAR", "with --mode proxy: variable with one challenge for all devices",
     set_challenge_env},
    {"approval", "WHEN[,then=WHAT]",
     "requests wait for a decision: after-polls=2 (the second poll is told)\n"
     "or after=30s; then=issue|deny",
     set_approval},
    {"cache-request", "DURATION", "how long a request is known by its transactionID; 20m", set_cache_request},
    {"cert-validity", "DURATION", "of certificates, which begin ten minutes ago as AD CS dates them; 365d",
     set_cert_validity},
    {"repeats", "same|new",
     "a request that comes again within that time gets the same certificate,\n"
     "or is judged anew (its password is used up by then); new is the default",
     set_repeats},
    {"operations", "WORD,...",
     "what NDES does not answer: get-cert, get-crl, get-next-ca-cert,\n"
     "update (UpdateReq of the drafts)",
     set_operations},
    {"quirk", "WORD,...",
     "same-key-returns-old: a key and subject that have a certificate\n"
     "already get that one, with SUCCESS",
     set_quirk},
    {"reply-digest", "NAME", "of replies: md5, sha1, sha256, sha384, sha512; sha256", set_reply_digest},
    {"reply-cipher", "NAME",
     "of replies: mirror (as the request), des-cbc, 3des-cbc, aes128-cbc,\n"
     "aes192-cbc, aes256-cbc; mirror",
     set_reply_cipher},
    {"reply-transport", "pkcs1|oaep", "how the content key of replies is encrypted; pkcs1",
     set_reply_transport},
    {"fault", "ID[:KEY=VALUE,...]", "something that is wrong; may be given several times", set_fault},
    {"latency", "OPERATION:KEY=VALUE,...",
     "how long an operation takes: otp:fixed=200ms,servers=1\n"
     "pki_operation:median=120ms,p99=900ms,servers=4,queue=1000\n"
     "get_ca_caps:file=samples.txt,seed=7   also get_ca_cert, get_next_ca_cert.\n"
     "So many servers work at a time, the others wait; a full queue is a 503.\n"
     "May be given several times",
     set_latency},
    {"ca-bits", "N", "RSA key of the CA: 2048, 3072, 4096; 2048", set_ca_bits},
    {"ra-bits", "N", "RSA keys of NDES; 2048", set_ra_bits},
    {"logs", "DIR",
     "writes what the real server would, into a new folder: logs of IIS and\n"
     "HTTP.sys, event exports, logs of Intune's module, state/",
     set_logs},
    {"state", "DIR", "for the tables that a collector would find on it; state/ among the logs", set_state},
    {"noise", "none|light|heavy",
     "what else such a server logs: probes, scanners, other sites, chatter of\n"
     "the system; none",
     set_noise},
    {"noise-seed", "N", "the same noise again; 0", set_noise_seed},
    {"supervised", NULL, "faults start at the line 'start' on standard input; its end ends all",
     set_supervised},
    {"help", NULL, "this text", set_help},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

#define HELP_COLUMN 27

/* Help texts of several lines are indented; a long option has the first line to itself. */
static void print_option(const struct sim_option *option)
{
    int used = printf("  --%s%s%s", option->name, option->value != NULL ? " " : "",
                      option->value != NULL ? option->value : "");
    if (used + 1 >= HELP_COLUMN) {
        printf("\n");
        used = 0;
    }
    for (const char *line = option->help; *line != '\0'; used = 0) {
        size_t len = strcspn(line, "\n");
        printf("%*s%.*s\n", HELP_COLUMN - used, "", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

void sim_options_print(void)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        print_option(&options[i]);
}

static bool read_options(int argc, char **argv, struct sim_options *a)
{
    struct option table[OPTION_COUNT + 1] = {0};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        table[i].name = options[i].name;
        table[i].has_arg = options[i].value != NULL ? required_argument : no_argument;
    }
    optind = 0; /* from the start, also a second time */
    opterr = 0;
    int index = 0;
    for (int c; (c = getopt_long(argc, argv, "+:", table, &index)) != -1;) {
        struct err e = {0};
        if (c == ':' || c == '?') {
            cli_usage(NAME, c == ':' ? "%.60s needs a value" : "there is no option %.60s", argv[optind - 1]);
            return false;
        }
        if (!options[index].set(a, optarg, &e)) {
            cli_usage(NAME, "--%s: %s", options[index].name, e.text);
            return false;
        }
    }
    if (optind < argc) {
        cli_usage(NAME, "'%.60s' is out of place: there are options only", argv[optind]);
        return false;
    }
    return true;
}

/* A file says the same as options do, so it becomes options. */
static bool read_config(struct sim_options *a)
{
    struct scenario *s = NULL;
    struct err e = {0};
    bool ok = scenario_load_simulator(a->config_file, &s, &e);
    if (ok)
        ok = sim_arguments_server(&a->from_file, s, &e);
    scenario_free(s);
    if (!ok) {
        fprintf(stderr, "scepstorm " NAME ": %s\n", e.text);
        return false;
    }
    return read_options((int)a->from_file.count, a->from_file.argv, a);
}

static void begin(struct sim_options *o)
{
    *o = (struct sim_options){.config = {.schemes = NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM},
                              .policy = NDES_POLICY_DEFAULTS};
    o->config.faults = o->faults;
    o->config.latencies = o->latencies;
    o->config.policy = &o->policy;
    o->config.accounts = o->accounts;
}

bool sim_options_read(int argc, char **argv, struct sim_options *out)
{
    begin(out);
    if (!read_options(argc, argv, out))
        return false;
    const char *file = out->config_file;
    if (file == NULL || out->help)
        return true;
    begin(out);
    out->config_file = file;
    return read_config(out) && read_options(argc, argv, out);
}

/* NULL: the options about logons go together. */
static const char *wrong_logon(const struct sim_options *a)
{
    const struct sim_config *c = &a->config;
    bool logons = c->account_count > 0 || c->keytab != NULL;
    if (c->account_count != a->password_count)
        return "each --user (and --no-enroll-user) needs one --password-env or --password-file, in the same "
               "order";
    if (c->schemes == 0 && logons)
        return "--auth none leaves the OTP page open: --user and --keytab have no use";
    if (c->keytab != NULL && (c->schemes & NDES_SCHEME_NEGOTIATE) == 0)
        return "--keytab has no use without --auth any or negotiate";
    if (c->service != NULL && c->keytab == NULL)
        return "--service has no use without --keytab";
    if (logons && a->policy.mode == NDES_PROXY)
        return "--user and --keytab have no use with --mode proxy: an MDM shows no OTP page";
    return NULL;
}

bool sim_options_check(const struct sim_options *a)
{
    const char *wrong = wrong_logon(a);
    if (a->config.listen == NULL)
        cli_usage(NAME, "--listen ADDR:PORT is missing; 127.0.0.1:0 picks a free port");
    else if (wrong != NULL)
        cli_usage(NAME, "%s", wrong);
    else if (a->challenge_env != NULL && a->policy.mode != NDES_PROXY)
        cli_usage(NAME, "--challenge-env has no use without --mode proxy");
    else if (a->config.logs == NULL && (a->config.state != NULL || a->config.noise != RECORDER_NOISE_NONE))
        cli_usage(NAME, "--state and --noise have no use without --logs");
    else
        return true;
    return false;
}

bool sim_options_read_secrets(struct sim_options *a, struct err *e)
{
    for (size_t i = 0; i < a->password_count; i++) {
        if (!a->passwords[i].read(a->passwords[i].from, &a->secrets[i], e))
            return false;
        a->accounts[i].password = a->secrets[i];
    }
    if (a->challenge_env != NULL && !secret_from_env(a->challenge_env, &a->challenge, e))
        return false;
    a->config.challenge = a->challenge;
    return true;
}

void sim_options_clear(struct sim_options *a)
{
    for (size_t i = 0; i < a->password_count; i++)
        secret_free(a->secrets[i]);
    secret_free(a->challenge);
    sim_arguments_clear(&a->from_file);
}
