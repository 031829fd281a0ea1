/* scepstorm check: a look at one server, told as a monitoring plugin does. */
#include "base/text.h"
#include "cli/check.h"
#include "cli/cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>

#define COMMAND  "check"
#define MAX_DAYS 36500

static const char help[] =
    "usage: scepstorm check URL [options]\n\n"
    "Reads what an NDES or other SCEP server shows without a password: its URL, GetCACaps, GetCACert and how "
    "long the\n"
    "certificates last. Output and exit code are a monitoring plugin's.\n\n"
    "  --warn-days N           WARNING when a certificate lasts fewer days (60)\n"
    "  --crit-days N           CRITICAL likewise (14)\n"
    "  --conformance[=PROBES]  enrolls a device, then sends requests that are wrong in one place each, every "
    "one beside an\n"
    "                          enrollment that is right: are they refused, and for the right reason? PROBES: "
    "names or\n"
    "                          families with commas between them (scenarios/README.md); all by default\n"
    "  --admin-url URL --user NAME --password-env VAR\n"
    "                          the page of one-time passwords and its account; a set of probes costs about "
    "two passwords\n"
    "                          each, and one may stay unused in the server's cache\n"
    "  --challenge-env VAR     instead: one challenge for all\n"
    "  --authorized TEXT       who allowed this, and the ticket; needed unless the target is this machine\n"
    "  --ca-file FILE          roots for TLS (PEM)\n"
    "  --out DIR               keep the results of --conformance in a folder, as run does\n"
    "  --json                  print an object with conformance and diagnosis\n\n"
    "Exit codes: 0 OK; 1 WARNING: odd or skipped probes, certificates that expire; 2 CRITICAL: failed "
    "probes, nothing\n"
    "enrolled, expired certificates, no GetCACert, not reached; 3 UNKNOWN: wrong usage.\n";

/* How bad, as monitoring counts: an answer that is not known is less urgent than a bad one. */
static int weight(enum check_status status)
{
    static const int weights[] = {
        [CHECK_OK] = 0, [CHECK_UNKNOWN] = 1, [CHECK_WARNING] = 2, [CHECK_CRITICAL] = 3};
    return weights[status];
}

void check_tell(struct check *c, enum check_status status, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    for (char *w = words; *w != '\0'; w++) {
        if (*w == '|' || (unsigned char)*w < 0x20) /* what follows a | would be taken for perfdata */
            *w = ' ';
    }
    if (weight(status) < weight(c->status))
        return;
    size_t used = status == c->status ? strlen(c->words) : 0;
    snprintf(c->words + used, sizeof c->words - used, "%s%s", used > 0 ? "; " : "", words);
    c->status = status;
}

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
    OPT_JSON
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
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].option == option)
            *texts[i].place = value;
    }
    if (option == OPT_CONFORMANCE)
        o->probes = value != NULL ? value : "all";
    if (option == OPT_JSON)
        o->json = true;
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
    bool needs_probes = o->admin_url != NULL || o->user != NULL || o->password_env != NULL ||
                        o->challenge_env != NULL || o->out != NULL;
    if (o->probes == NULL && needs_probes)
        return unknown("", "passwords, challenges and --out say nothing without --conformance");
    if (o->challenge_env != NULL && (o->admin_url != NULL || o->user != NULL || o->password_env != NULL))
        return unknown("", "either --challenge-env, or --admin-url with --user and --password-env");
    return -1;
}

/* ---- the check as a scenario: its rules for URLs, challenges and permission hold here too ---- */

static json_t *challenge_json(const struct check_options *o)
{
    if (o->challenge_env != NULL)
        return json_pack("{s:s, s:s}", "source", "static", "password_env", o->challenge_env);
    if (o->admin_url == NULL && o->user == NULL && o->password_env == NULL)
        return json_pack("{s:s}", "source", "none");
    return json_pack("{s:s, s:s*, s:s*, s:s*, s:s}", "source", "mscep_admin", "url", o->admin_url, "user",
                     o->user, "password_env", o->password_env, "auth", o->user != NULL ? "any" : "none");
}

static json_t *target_json(const struct check_options *o)
{
    json_t *target = json_pack("{s:s}", "url", o->url);
    if (o->ca_file != NULL)
        json_object_set_new(target, "tls", json_pack("{s:s}", "ca_file", o->ca_file));
    return target;
}

static json_t *probes_json(const char *words)
{
    json_t *list = json_array();
    for (const char *at = words; at != NULL;) {
        size_t len = strcspn(at, ",");
        json_array_append_new(list, json_stringn(at, len));
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return list;
}

/* "check:1:17: words" says nothing about options. */
static void drop_place(struct err *e)
{
    const char *at = e->text;
    if (strncmp(at, "check:", 6) != 0)
        return;
    at += 6;
    at += strspn(at, "0123456789:");
    at += *at == ' ';
    memmove(e->text, at, strlen(at) + 1);
}

/* JSON is YAML, and quotes what needs it. */
static bool make_scenario(struct check *c, struct err *e)
{
    const struct check_options *o = &c->options;
    json_t *root = json_pack("{s:s, s:o, s:o, s:{s:i}, s:[{s:s}], s:{s:s, s:s, s:s}}", "name", "check",
                             "target", target_json(o), "challenge", challenge_json(o), "devices", "count", 1,
                             "load", "rate", "10/s", "limits", "request_timeout", "30s", "device_timeout",
                             "60s", "error_budget", "100%");
    if (root == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the options hold bytes that are no UTF-8");
    if (o->probes != NULL)
        json_object_set_new(root, "conformance", json_pack("{s:o}", "probes", probes_json(o->probes)));
    char *text = json_dumps(root, 0);
    json_decref(root);
    bool ok = text != NULL && scenario_parse("check", span_of_text(text), NULL, 0, &c->scenario, e);
    free(text);
    if (ok && c->scenario->target.sim)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE,
                     "check wants the URL of a server; start one with scepstorm sim");
    if (!ok)
        drop_place(e);
    if (ok)
        c->scenario->conformance.every = 0; /* each once, after the device */
    return ok && scenario_check_authorized(c->scenario, o->authorized, e);
}

/* ---- the answer ---- */

static const char *status_name(enum check_status status)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[status];
}

static void print_json(const struct check *c)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O}", "status", status_name(c->status), "message",
                             c->words, "url", c->scenario->target.url, "certificates", c->certificates,
                             "conformance", c->conformance, "diagnosis", c->diagnosis);
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

static void look(struct check *c)
{
    bool reached = check_read(c);
    if (!reached || c->options.probes == NULL)
        check_diagnose(c); /* else the enrollment knows more */
    if (!reached)
        return;
    if (c->options.probes != NULL)
        check_conformance(c);
    else if (c->status == CHECK_OK)
        check_tell(c, CHECK_OK, "GetCACaps and GetCACert answer, the certificates last");
}

int cmd_check(int argc, char **argv)
{
    struct check c = {.options = {.warn_days = 60, .crit_days = 14}};
    struct err e = {0};
    int code = parse_options(&c.options, argc, argv);
    if (code >= 0)
        return code;
    if (!make_scenario(&c, &e)) {
        code = unknown("", e.text);
    } else {
        buf_init(&c.perfdata, 4096);
        buf_init(&c.lines, BYTES_MAX_MESSAGE);
        c.certificates = json_array();
        c.conformance = json_array();
        c.diagnosis = json_array();
        look(&c);
        if (c.options.json)
            print_json(&c);
        else
            print_text(&c);
        code = cli_flush(COMMAND) ? (int)c.status : CHECK_UNKNOWN;
    }
    json_decref(c.certificates);
    json_decref(c.conformance);
    json_decref(c.diagnosis);
    buf_clear(&c.perfdata);
    buf_clear(&c.lines);
    scenario_free(c.scenario);
    return code;
}
