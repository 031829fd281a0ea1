/* scepstorm check: a look at one server, told as a monitoring plugin does. */
#include "base/text.h"
#include "check/check.h"
#include "cli/cli.h"
#include "cli/serve.h"

#include <ctype.h>
#include <getopt.h>

#define COMMAND  "check"
#define MAX_DAYS 36500

static const volatile sig_atomic_t never; /* Ctrl-C ends a check as it is */

static const char help[] =
    "usage: scepstorm check URL [options]\n\n"
    "One device's look at an NDES or other SCEP server: names, connections, TLS, the URL, GetCACaps, "
    "GetCACert,\n"
    "revocation lists, clocks, every server behind the name. Output and exit code are a monitoring "
    "plugin's.\n\n"
    "It takes nothing from the server and asks only what every device asks, unless you say:\n"
    "  --otp                   fetch the page of one-time passwords, by each scheme that the server offers "
    "and we\n"
    "                          can: every page is one of the server's few passwords, for an hour\n"
    "  --enroll                enroll a device: one password, one certificate (OU=scepstorm)\n"
    "  --probe                 send garbage and a password that nobody gave out: where do long GETs break "
    "and who\n"
    "                          says so, is POST taken, is the password checked at all (if not: one "
    "certificate)\n"
    "  --conformance[=PROBES]  enroll a device, then send requests that are wrong in one place each, every "
    "one\n"
    "                          beside an enrollment that is right: are they refused, and for the right "
    "reason?\n"
    "                          PROBES: names or families with commas between (scenarios/README.md); default "
    "all\n\n"
    "  --admin-url URL --user NAME --password-env VAR --auth SCHEME\n"
    "                          the page of one-time passwords, its account, and how to log on (any, "
    "negotiate,\n"
    "                          ntlm, basic, none); a conformance probe costs about two passwords, and one "
    "may\n"
    "                          stay unused in the server's cache\n"
    "  --challenge-env VAR     instead: one challenge for all\n"
    "  --warn-days N           WARNING when an RA, CA or TLS certificate lasts fewer days (60)\n"
    "  --crit-days N           CRITICAL likewise (14)\n"
    "  --baseline FILE         save what the server looks like, if there is no such file; else tell each "
    "difference\n"
    "                          (WARNING). A file is never overwritten: delete it to save anew\n"
    "  --addresses A,B         the servers to ask, instead of those that the name has\n"
    "  --authorized TEXT       who allowed this, and the ticket; needed unless the target is this machine\n"
    "  --ca-file FILE          roots for TLS (PEM)\n"
    "  --textfile FILE         write the result for node_exporter's textfile collector, too: status, times, "
    "when\n"
    "                          certificates expire. FILE is replaced at once, never half of it\n"
    "  --metrics-listen ADDR:PORT\n"
    "                          serve the same at /metrics while the check goes on; a port alone is for this "
    "machine "
    "only\n"
    "  --out DIR               keep the results of --enroll and --conformance in a folder, as run does\n"
    "  --json                  print an object: stages, certificates, limits, drift, not_tried, conformance, "
    "diagnosis\n\n"
    "Exit codes: 0 OK; 1 WARNING: certificates that expire, servers that differ, limits, odd or skipped "
    "probes,\n"
    "drift; 2 CRITICAL: not reached, no GetCACert, expired certificates, nothing enrolled, failed probes, a "
    "password\n"
    "that is not checked; 3 UNKNOWN: wrong usage, damaged baseline.\n";

enum {
    OPT_CONFORMANCE = 256,
    OPT_ADMIN_URL,
    OPT_USER,
    OPT_PASSWORD_ENV,
    OPT_CHALLENGE_ENV,
    OPT_AUTHORIZED,
    OPT_CA_FILE,
    OPT_OUT,
    OPT_WARN_DAYS,
    OPT_CRIT_DAYS,
    OPT_JSON,
    OPT_OTP,
    OPT_ENROLL,
    OPT_PROBE,
    OPT_AUTH,
    OPT_BASELINE,
    OPT_ADDRESSES,
    OPT_TEXTFILE,
    OPT_METRICS_LISTEN
};

static bool take_option(struct check_options *o, int option, const char *value, struct err *e)
{
    const struct {
        int option;
        const char **place;
    } texts[] = {
        {OPT_ADMIN_URL, &o->admin_url},
        {OPT_USER, &o->user},
        {OPT_PASSWORD_ENV, &o->password_env},
        {OPT_CHALLENGE_ENV, &o->challenge_env},
        {OPT_AUTHORIZED, &o->authorized},
        {OPT_CA_FILE, &o->ca_file},
        {OPT_OUT, &o->out},
        {OPT_AUTH, &o->auth},
        {OPT_BASELINE, &o->baseline},
        {OPT_ADDRESSES, &o->addresses},
        {OPT_TEXTFILE, &o->textfile},
        {OPT_METRICS_LISTEN, &o->metrics_listen},
    };
    const struct {
        int option;
        bool *place;
    } flags[] = {{OPT_JSON, &o->json}, {OPT_OTP, &o->otp}, {OPT_ENROLL, &o->enroll}, {OPT_PROBE, &o->probe}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        *flags[i].place |= flags[i].option == option;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].option == option)
            *texts[i].place = value;
    }
    if (option == OPT_CONFORMANCE)
        o->probes = value != NULL ? value : "all";
    if (option == OPT_WARN_DAYS)
        return text_parse_int(value, 0, MAX_DAYS, &o->warn_days, e);
    return option != OPT_CRIT_DAYS || text_parse_int(value, 0, MAX_DAYS, &o->crit_days, e);
}

/* A plugin's reader looks at standard output only. */
static int unknown(const char *before, const char *what)
{
    printf("SCEP UNKNOWN - %s%s (scepstorm check --help)\n", before, what);
    (void)cli_flush(COMMAND);
    return CHECK_UNKNOWN;
}

/* What says nothing without, or against, something else. Returns -1, or the exit code. */
static int check_together(const struct check_options *o)
{
    bool account = o->admin_url != NULL || o->user != NULL || o->password_env != NULL || o->auth != NULL;
    bool enrolls = o->probes != NULL || o->enroll;
    if (o->out != NULL && !enrolls)
        return unknown("", "--out says nothing without --enroll or --conformance");
    if ((account || o->challenge_env != NULL) && !enrolls && !o->otp)
        return unknown("", "passwords and challenges say nothing without --otp, --enroll or --conformance");
    if (o->challenge_env != NULL && (account || o->otp))
        return unknown("", o->otp ? "--otp wants the page of NDES, not --challenge-env"
                                  : "either --challenge-env, or --admin-url with --user and --password-env");
    return -1;
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct check_options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"conformance", optional_argument, NULL, OPT_CONFORMANCE},
        {"admin-url", required_argument, NULL, OPT_ADMIN_URL},
        {"user", required_argument, NULL, OPT_USER},
        {"password-env", required_argument, NULL, OPT_PASSWORD_ENV},
        {"challenge-env", required_argument, NULL, OPT_CHALLENGE_ENV},
        {"authorized", required_argument, NULL, OPT_AUTHORIZED},
        {"ca-file", required_argument, NULL, OPT_CA_FILE},
        {"out", required_argument, NULL, OPT_OUT},
        {"warn-days", required_argument, NULL, OPT_WARN_DAYS},
        {"crit-days", required_argument, NULL, OPT_CRIT_DAYS},
        {"json", no_argument, NULL, OPT_JSON},
        {"otp", no_argument, NULL, OPT_OTP},
        {"enroll", no_argument, NULL, OPT_ENROLL},
        {"probe", no_argument, NULL, OPT_PROBE},
        {"auth", required_argument, NULL, OPT_AUTH},
        {"baseline", required_argument, NULL, OPT_BASELINE},
        {"addresses", required_argument, NULL, OPT_ADDRESSES},
        {"textfile", required_argument, NULL, OPT_TEXTFILE},
        {"metrics-listen", required_argument, NULL, OPT_METRICS_LISTEN},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        struct err e = {0};
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CHECK_OK : CHECK_UNKNOWN;
        }
        if (option == '?' || option == ':')
            return unknown(option == ':' ? "a value is missing after " : "there is no option ",
                           argv[optind - 1]);
        if (!take_option(o, option, optarg, &e))
            return unknown("", e.text);
    }
    if (optind + 1 != argc)
        return unknown("", optind == argc ? "which URL?" : "one URL at a time");
    o->url = argv[optind];
    return check_together(o);
}

/* ---- the answer ---- */

static const char *status_name(enum check_status status)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[status];
}

static void print_json(const struct check *c)
{
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "status", status_name(c->status),
                  "message", c->words, "url", c->scenario->target.url, "stages", c->stages, "certificates",
                  c->certificates, "limits", c->limits, "timings_ms", c->timings, "drift", c->drift,
                  "not_tried", c->not_tried, "conformance", c->conformance, "diagnosis", c->diagnosis);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    printf("%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(root);
}

static void print_text(struct check *c)
{
    const char *perfdata = buf_text(&c->perfdata), *lines = buf_text(&c->lines);
    bool measured = perfdata != NULL && perfdata[0] != '\0';
    printf("SCEP %s - %s%s%s\n", status_name(c->status), c->words, measured ? " |" : "",
           measured ? perfdata : "");
    for (const char *at = lines != NULL ? lines : ""; *at != '\0'; at++)
        putchar(((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f ? '?' : *at == '|' ? '/' : *at);
}

int cmd_check(int argc, char **argv)
{
    struct check c = {.options = {.warn_days = 60, .crit_days = 14}, .versions = cli_versions()};
    struct err e = {0};
    int code = parse_options(&c.options, argc, argv);
    if (code >= 0)
        return code;
    if (!check_open(&c, &e) || !serve_open(c.options.metrics_listen, COMMAND, false, &c.live, &e)) {
        code = unknown("", e.text);
    } else {
        check_look(&c);
        if (c.options.json)
            print_json(&c);
        else
            print_text(&c);
        code = cli_flush(COMMAND) ? (int)c.status : CHECK_UNKNOWN;
        serve_linger(c.live, COMMAND, false, &never);
    }
    check_close(&c);
    return code;
}
