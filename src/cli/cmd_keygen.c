/* scepstorm keygen: key pairs made ahead, so that a run never waits for them. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/text.h"
#include "pki/pool.h"
#include "prelude/keys.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#define COMMAND       "keygen"
#define MAX_COUNT     1000000
#define BAR_WIDTH     30
#define BAR_EVERY_US  100000
#define LINE_EVERY_US 5000000

struct keygen {
    const char *file;
    size_t count;
    unsigned bits;
    size_t before; /* keys that the file held */
    size_t made;
    bool terminal;
    int64_t started_us;
    int64_t shown_us;
};

static const char help[] =
    "usage: scepstorm keygen FILE [--count N] [--bits B]\n\n"
    "Adds RSA key pairs to FILE, which is made (mode 0600) when it does not exist. A scenario takes them "
    "with\n"
    "devices.key.pool. Interrupted with Ctrl-C, the file keeps every finished key.\n\n"
    "  --count N   how many keys to add (default 100)\n"
    "  --bits B    2048 (default), 3072 or 4096; all keys of a file have the same size\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static bool take_number(const char *text, int64_t max, int64_t *out, const char *option, struct err *e)
{
    struct err why = {0};
    return text_parse_int(text, 1, max, out, &why) ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "%s: %s", option, why.text);
}

static bool take_option(struct keygen *k, int option, const char *value, struct err *e)
{
    int64_t number = 0;
    if (option == 'n') {
        bool ok = take_number(value, MAX_COUNT, &number, "--count", e);
        k->count = (size_t)number;
        return ok;
    }
    if (!take_number(value, 4096, &number, "--bits", e))
        return false;
    k->bits = (unsigned)number;
    return number == 2048 || number == 3072 || number == 4096 ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "--bits: 2048, 3072 or 4096, not '%.20s'", value);
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(struct keygen *k, int argc, char **argv)
{
    static const struct option options[] = {{"count", required_argument, NULL, 'n'},
                                            {"bits", required_argument, NULL, 'b'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        struct err e = {0};
        if (option == 'h') {
            fputs(help, stdout);
            return cli_flush(COMMAND) ? CLI_OK : CLI_PROGRAM_FAILED;
        }
        if (option == '?' || option == ':')
            return cli_usage(COMMAND, option == ':' ? "%s needs a value" : "there is no option %s",
                             argv[optind - 1]);
        if (!take_option(k, option, optarg, &e))
            return cli_fail(COMMAND, &e);
    }
    if (optind == argc)
        return cli_usage(COMMAND, "which file?");
    if (optind + 1 != argc)
        return cli_usage(COMMAND, "one file at a time, not also '%.60s'", argv[optind + 1]);
    k->file = argv[optind];
    return -1;
}

/* What the file holds already; keys of another size would end up in the same run. */
static bool look_into_file(struct keygen *k, struct err *e)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): it was refused when it was missing */
    if (access(k->file, F_OK) != 0 && errno == ENOENT)
        return true;
    struct pki_pool *pool = NULL;
    if (!pki_pool_load(k->file, 0, &pool, e))
        return false;
    k->before = pki_pool_count(pool);
    unsigned bits = k->before > 0 ? pki_key_bits(pki_pool_key(pool, 0)) : k->bits;
    if (pki_pool_was_torn(pool))
        fprintf(stderr, "%s: the last key was cut short by an interruption; it is dropped\n", k->file);
    pki_pool_free(pool);
    return bits == k->bits ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "%s holds keys of %u bits: use --bits %u or another file",
                   k->file, bits, bits);
}

static void show_bar(const struct keygen *k, int64_t now_us)
{
    char left[32] = "";
    size_t full = k->made * BAR_WIDTH / k->count;
    if (k->made > 0 && k->made < k->count) {
        double per_key = (double)(now_us - k->started_us) / (double)k->made;
        text_duration((int64_t)(per_key * (double)(k->count - k->made)), left, sizeof left);
    }
    fprintf(stderr, "\r\033[K[%.*s%*s] %zu of %zu keys%s%s", (int)full, "##############################",
            (int)(BAR_WIDTH - full), "", k->made, k->count, left[0] != '\0' ? ", " : "", left);
    fflush(stderr);
}

static void show(struct keygen *k, bool last)
{
    int64_t now = clock_monotonic_us();
    if (!last && now - k->shown_us < (k->terminal ? BAR_EVERY_US : LINE_EVERY_US))
        return;
    k->shown_us = now;
    if (k->terminal)
        show_bar(k, now);
    else if (!last)
        fprintf(stderr, "%zu of %zu keys\n", k->made, k->count);
    if (k->terminal && last)
        fputc('\n', stderr);
}

static bool keep(struct pki_key *key, void *user, struct err *e)
{
    struct keygen *k = user;
    if (!pki_pool_append(k->file, key, e))
        return false;
    k->made++;
    show(k, false);
    return !interrupted;
}

static int make(struct keygen *k)
{
    struct err e = {0};
    if (!look_into_file(k, &e))
        return cli_fail(COMMAND, &e);
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND}; /* a second one ends at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    k->terminal = isatty(STDERR_FILENO) == 1;
    k->started_us = k->shown_us = clock_monotonic_us();
    bool ok = prelude_keys_make(k->bits, k->count, keep, k, &e);
    show(k, true);
    if (ok || k->made > 0)
        printf("%zu keys of %u bits in %s\n", k->before + k->made, k->bits, k->file);
    if (!ok)
        return cli_fail(COMMAND, &e);
    if (!cli_flush(COMMAND))
        return CLI_PROGRAM_FAILED;
    return interrupted ? CLI_INTERRUPTED : CLI_OK;
}

int cmd_keygen(int argc, char **argv)
{
    struct keygen k = {.count = 100, .bits = 2048};
    int code = parse_options(&k, argc, argv);
    return code >= 0 ? code : make(&k);
}
