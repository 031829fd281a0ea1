#include "cli/cli.h"

#include "base/text.h"
#include "sim/fault_kinds.h"
#include "sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NAME       "sim"
#define MAX_FAULTS 64

/* Where passwords come from; the first belongs to the first user, and so on. */
struct password_source {
    const char *from;
    bool (*read)(const char *from, struct secret **out, struct err *e);
};

/* What the command line said, before it is checked. */
struct arguments {
    struct sim_config config;
    struct sim_policy policy;
    const char *faults[MAX_FAULTS];
    struct sim_account accounts[SIM_ACCOUNTS_MAX];
    struct password_source passwords[SIM_ACCOUNTS_MAX];
    struct secret *secrets[SIM_ACCOUNTS_MAX];
    size_t password_count;
    const char *challenge_env;
    struct secret *challenge;
    bool supervised;
    bool help;
};

static bool set_listen(struct arguments *a, const char *value, struct err *e)
{
    (void)e;
    a->config.listen = value;
    return true;
}

static bool set_tls(struct arguments *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->config.tls = true;
    return true;
}

static bool set_mode(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_mode(value, &a->policy.mode, e);
}

static bool set_approval(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_approval(value, &a->policy.approval, e);
}

static bool set_cache_request(struct arguments *a, const char *value, struct err *e)
{
    return text_parse_duration(value, &a->policy.remembered_us, e);
}

/* Below that certificates would be over when they are issued. */
static bool set_cert_validity(struct arguments *a, const char *value, struct err *e)
{
    int64_t us;
    if (!text_parse_duration(value, &us, e))
        return false;
    a->policy.cert_validity_s = us / 1000000;
    return a->policy.cert_validity_s > 600 ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "more than 10m is needed");
}

static bool set_repeats(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_repeats(value, &a->policy.repeats, e);
}

static bool set_operations(struct arguments *a, const char *value, struct err *e)
{
    unsigned more = 0;
    bool ok = sim_policy_operations(value, &more, e);
    a->policy.operations |= more;
    return ok;
}

static bool set_quirk(struct arguments *a, const char *value, struct err *e)
{
    unsigned more = 0;
    bool ok = sim_policy_quirks(value, &more, e);
    a->policy.quirks |= more;
    return ok;
}

static bool set_reply_digest(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_digest(value, &a->policy, e);
}

static bool set_reply_cipher(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_cipher(value, &a->policy, e);
}

static bool set_reply_transport(struct arguments *a, const char *value, struct err *e)
{
    return sim_policy_transport(value, &a->policy, e);
}

static bool set_challenge_env(struct arguments *a, const char *value, struct err *e)
{
    (void)e;
    a->challenge_env = value;
    return true;
}

static bool set_auth(struct arguments *a, const char *value, struct err *e)
{
    static const struct {
        const char *word;
        unsigned schemes;
    } words[] = {
        {"any", SIM_SCHEME_NEGOTIATE | SIM_SCHEME_NTLM},
        {"negotiate", SIM_SCHEME_NEGOTIATE},
        {"ntlm", SIM_SCHEME_NTLM},
        {"basic", SIM_SCHEME_BASIC},
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

static bool add_user(struct arguments *a, const char *name, bool no_enroll, struct err *e)
{
    if (name[0] == '\0' || strchr(name, ':') != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "a user name has characters, and none of them is a colon");
    if (a->config.account_count == SIM_ACCOUNTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d users", SIM_ACCOUNTS_MAX);
    a->accounts[a->config.account_count++] = (struct sim_account){.name = name, .no_enroll = no_enroll};
    return true;
}

static bool set_user(struct arguments *a, const char *value, struct err *e)
{
    return add_user(a, value, false, e);
}

static bool set_no_enroll_user(struct arguments *a, const char *value, struct err *e)
{
    return add_user(a, value, true, e);
}

static bool add_password(struct arguments *a, struct password_source source, struct err *e)
{
    if (a->password_count == SIM_ACCOUNTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d passwords", SIM_ACCOUNTS_MAX);
    a->passwords[a->password_count++] = source;
    return true;
}

static bool set_password_env(struct arguments *a, const char *value, struct err *e)
{
    return add_password(a, (struct password_source){value, secret_from_env}, e);
}

static bool set_password_file(struct arguments *a, const char *value, struct err *e)
{
    return add_password(a, (struct password_source){value, secret_from_file}, e);
}

static bool set_lock_after(struct arguments *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 0, 1000, &number, e))
        return false;
    a->config.lock_after = (unsigned)number;
    return true;
}

static bool set_keytab(struct arguments *a, const char *value, struct err *e)
{
    (void)e;
    a->config.keytab = value;
    return true;
}

static bool set_service(struct arguments *a, const char *value, struct err *e)
{
    (void)e;
    a->config.service = value;
    return true;
}

static bool set_fault(struct arguments *a, const char *value, struct err *e)
{
    if (a->config.fault_count == MAX_FAULTS)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d faults", MAX_FAULTS);
    a->faults[a->config.fault_count++] = value;
    return true;
}

static bool set_otp_cache(struct arguments *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 1, 100000, &number, e))
        return false;
    a->config.otp_cache = (unsigned)number;
    return true;
}

static bool set_otp_validity(struct arguments *a, const char *value, struct err *e)
{
    return text_parse_duration(value, &a->config.otp_validity_us, e);
}

static bool set_otp_length(struct arguments *a, const char *value, struct err *e)
{
    int64_t number = 0;
    if (!text_parse_int(value, 4, 32, &number, e))
        return false;
    a->config.otp_bytes = (unsigned)number;
    return true;
}

static bool set_otp_static(struct arguments *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->config.otp_static = true;
    return true;
}

static bool set_caps(struct arguments *a, const char *value, struct err *e)
{
    (void)e;
    a->config.caps = value;
    return true;
}

static bool set_supervised(struct arguments *a, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    a->supervised = true;
    a->config.faults_wait = true;
    return true;
}

static bool set_help(struct arguments *a, const char *value, struct err *e)
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
    bool (*set)(struct arguments *a, const char *value, struct err *e);
} options[] = {
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
    {"supervised", NULL, "faults start at the line 'start' on standard input; its end ends all",
     set_supervised},
    {"help", NULL, "this text", set_help},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

static void print_key(const struct sim_fault_key *key)
{
    switch (key->kind) {
    case SIM_KEY_CHOICE:
        printf(" %s=%s", key->name, key->choices[0]);
        for (size_t n = 1; key->choices[n] != NULL; n++)
            printf("|%s", key->choices[n]);
        break;
    case SIM_KEY_CODE:
        printf(" %s=0x%08" PRIX32, key->name, (uint32_t)key->value);
        break;
    case SIM_KEY_NUMBER:
        printf(" %s=%" PRId64, key->name, key->value);
        break;
    case SIM_KEY_DURATION:
        printf(" %s=%" PRId64 "ms", key->name, key->value / 1000);
        break;
    }
}

static void print_faults(void)
{
    printf("\nFaults (their own keys behind them, the default value first):\n");
    for (size_t i = 0; sim_fault_id(i) != NULL; i++) {
        const struct sim_fault_key *key = sim_fault_key(i, 0);
        printf(key != NULL ? "  %-33s" : "  %s", sim_fault_id(i));
        for (size_t k = 0; (key = sim_fault_key(i, k)) != NULL; k++)
            print_key(key);
        printf("\n");
    }
    printf("\nKeys of every fault: from=10s (after the start), for=5s, fraction=30%%, of=requests|devices,\n"
           "seed=N. With of=devices all requests of one connection share their fate.\n");
}

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

static void print_modes(void)
{
    printf(
        "\nModes:\n"
        "  standalone  NDES with one-time passwords at /certsrv/mscep_admin/\n"
        "  intune      NDES with a stand-in for Intune's policy module: 403 for the bare URL and for the\n"
        "              OTP page. A challenge states what may be asked for with it, and requests are held\n"
        "              against it. Challenges are handed out on this machine only:\n"
        "                POST /scepstorm/intune/mint   {\"subject\": \"CN=phone-7,OU=scepstorm\",\n"
        "                  \"san\": [\"dns:phone-7.example\"], \"eku\": [\"clientAuth\"],\n"
        "                  \"key_usage\": [\"digitalSignature\"], \"key_length\": 2048, \"expires_in\": "
        "\"60m\"}\n"
        "              (subject is needed, the rest is checked where it is given; 60m is the default).\n"
        "              No such challenge is one of Intune's: those are made and read by the cloud alone,\n"
        "              and no server but this one takes ours.\n"
        "  proxy       an MDM that takes the device's request, fetches a one-time password and enrolls at\n"
        "              NDES in its place. Devices show one challenge for all (--challenge-env), or one\n"
        "              each:  POST /scepstorm/proxy/challenge  on this machine\n");
}

static void print_admin(void)
{
    printf("\nOn this machine only:  POST /scepstorm/admin/restart  restarts the application pool, which "
           "forgets\n"
           "passwords, logons and requests.\n");
}

static int print_help(void)
{
    printf("usage: scepstorm sim --listen ADDR:PORT [options]\n\n"
           "A simulated NDES (Windows SCEP server) with its CA, healthy or with faults. Prints\n"
           "'listening URL' once it serves; Ctrl-C ends it. SCEP is at /certsrv/mscep/mscep.dll, one-time\n"
           "passwords at /certsrv/mscep_admin/.\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        print_option(&options[i]);
    print_modes();
    print_admin();
    print_faults();
    return cli_flush(NAME) ? CLI_OK : CLI_PROGRAM_FAILED;
}

/* False after a line on stderr. */
static bool read_options(int argc, char **argv, struct arguments *a)
{
    struct option table[OPTION_COUNT + 1] = {0};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        table[i].name = options[i].name;
        table[i].has_arg = options[i].value != NULL ? required_argument : no_argument;
    }
    optind = 1;
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

/* NULL: the options about logons go together. */
static const char *wrong_logon(const struct arguments *a)
{
    const struct sim_config *c = &a->config;
    bool logons = c->account_count > 0 || c->keytab != NULL;
    if (c->account_count != a->password_count)
        return "each --user (and --no-enroll-user) needs one --password-env or --password-file, in the same "
               "order";
    if (c->schemes == 0 && logons)
        return "--auth none leaves the OTP page open: --user and --keytab have no use";
    if (c->keytab != NULL && (c->schemes & SIM_SCHEME_NEGOTIATE) == 0)
        return "--keytab has no use without --auth any or negotiate";
    if (c->service != NULL && c->keytab == NULL)
        return "--service has no use without --keytab";
    if (logons && a->policy.mode == SIM_PROXY)
        return "--user and --keytab have no use with --mode proxy: an MDM shows no OTP page";
    return NULL;
}

static bool check(const struct arguments *a)
{
    const char *wrong = wrong_logon(a);
    if (a->config.listen == NULL)
        cli_usage(NAME, "--listen ADDR:PORT is missing; 127.0.0.1:0 picks a free port");
    else if (wrong != NULL)
        cli_usage(NAME, "%s", wrong);
    else if (a->challenge_env != NULL && a->policy.mode != SIM_PROXY)
        cli_usage(NAME, "--challenge-env has no use without --mode proxy");
    else
        return true;
    return false;
}

/* Thousands of devices hold connections at the same time. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The supervisor's side: "start" starts the fault clocks. False when it is gone. */
static bool read_supervisor(struct sim *sim)
{
    char text[64];
    ssize_t got = read(STDIN_FILENO, text, sizeof text);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    if (memmem(text, (size_t)got, "start\n", 6) != NULL)
        sim_start_faults(sim);
    return got > 0;
}

/* Until a signal, or the end of a supervisor. */
static void wait_for_end(struct sim *sim, int signals, bool supervised)
{
    struct pollfd wait[] = {{.fd = signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(wait, supervised ? 2 : 1, -1) < 0) {
            if (errno != EINTR)
                return;
            continue;
        }
        if (wait[0].revents != 0)
            return;
        if (supervised && wait[1].revents != 0 && !read_supervisor(sim))
            return;
    }
}

static void print_notices(const struct arguments *a, const struct sim *sim)
{
    if (a->config.schemes != 0 && a->config.account_count == 0 && a->config.keytab == NULL &&
        a->policy.mode == SIM_STANDALONE)
        fprintf(
            stderr,
            "scepstorm sim: the OTP page refuses everyone: give --user NAME --password-env VAR, or --auth "
            "none\n");
    if (!sim_is_loopback(sim))
        fprintf(stderr,
                "scepstorm sim: %s can be reached from other machines; everybody there gets certificates of "
                "this CA\n",
                sim_url(sim));
}

/* Signals stay blocked in the listener's threads: they inherit the mask and this thread reads them. */
static int serve(const struct arguments *a)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    int signals = signalfd(-1, &mask, SFD_CLOEXEC);
    struct sim *sim = NULL;
    struct err e = {0};
    if (signals < 0)
        err_set_errno(&e, REASON_IO, errno, "cannot receive signals");
    if (signals < 0 || !sim_start(&a->config, &sim, &e)) {
        close(signals);
        return cli_fail(NAME, &e);
    }
    print_notices(a, sim);
    printf("listening %s\n", sim_url(sim));
    bool printed = cli_flush(NAME);
    if (printed)
        wait_for_end(sim, signals, a->supervised);
    sim_stop(sim);
    close(signals);
    return printed ? CLI_OK : CLI_PROGRAM_FAILED;
}

static bool read_secrets(struct arguments *a, struct err *e)
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

static void forget_secrets(struct arguments *a)
{
    for (size_t i = 0; i < a->password_count; i++)
        secret_free(a->secrets[i]);
    secret_free(a->challenge);
}

int cmd_sim(int argc, char **argv)
{
    struct arguments a = {.config = {.schemes = SIM_SCHEME_NEGOTIATE | SIM_SCHEME_NTLM},
                          .policy = SIM_POLICY_DEFAULTS};
    if (!read_options(argc, argv, &a))
        return CLI_BAD_USAGE;
    if (a.help)
        return print_help();
    if (!check(&a))
        return CLI_BAD_USAGE;
    a.config.faults = a.faults;
    a.config.policy = &a.policy;
    a.config.accounts = a.accounts;
    struct err e = {0};
    int code = read_secrets(&a, &e) ? serve(&a) : cli_fail(NAME, &e);
    forget_secrets(&a);
    return code;
}
