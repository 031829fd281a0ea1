#include "cli/cli.h"

#include "http/http.h"
#include "pki/algorithm.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <uv.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cmd_run, "the load run: devices enroll as a scenario says"},
    {"check", cmd_check,
     "one server, as a monitoring plugin; with --conformance also what it refuses, and why"},
    {"diagnose", cmd_diagnose, "the causes behind a finished run, a server's logs, or both"},
    {"report", cmd_report, "a finished run told again: page, JUnit, CSV, JSON, Markdown"},
    {"compare", cmd_compare, "is the server worse than before? runs held against earlier ones"},
    {"merge", cmd_merge, "one result, and the verdict, out of the shards of a run"},
    {"sim", cmd_sim, "an NDES to enroll at, healthy or with faults"},
    {"validate", cmd_validate, "checks a scenario without sending anything"},
    {"keygen", cmd_keygen, "fills a key-pool file, so that a run never waits for keys"},
    {"causes", cmd_causes, "the catalogue of documented causes"},
    {"personas", cmd_personas, "how real devices speak SCEP, and what that rests on"},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(FILE *to)
{
    fprintf(to, "scepstorm: thousands of simulated devices enroll over SCEP at NDES; it measures, and names "
                "the cause.\n\n"
                "usage: scepstorm COMMAND [options]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fprintf(to, "\n  --help after a command explains it; --version shows the libraries in use.\n"
                "Start with: scepstorm run scenarios/quickstart.yaml\n");
}

const char *const *cli_versions(void)
{
    static const char *pairs[7];
    const char *openssl = OpenSSL_version(OPENSSL_FULL_VERSION_STRING);
    pairs[0] = "openssl";
    pairs[1] = openssl;
    pairs[2] = "libcurl";
    pairs[3] = curl_version_info(CURLVERSION_NOW)->version;
    pairs[4] = "libuv";
    pairs[5] = uv_version_string();
    return pairs;
}

static void print_version(void)
{
    printf("scepstorm %s\n", SCEPSTORM_VERSION);
    for (const char *const *pair = cli_versions(); *pair != NULL; pair += 2)
        printf("%s %s\n", pair[0], pair[1]);
}

int cli_fail(const char *command, const struct err *e)
{
    const char *text = e->text[0] != '\0' ? e->text : base_reason_sentence(e->reason);
    fprintf(stderr, "scepstorm %s: %s\n", command, text);
    /* Before the load, a logon that cannot be made is a wrong setting, like a password that is not there. */
    bool logon = e->reason == REASON_OTP_TICKET || e->reason == REASON_OTP_SCHEME ||
                 e->reason == REASON_OTP_AUTH_REFUSED;
    bool usage = e->reason == REASON_USAGE || e->reason == REASON_SCENARIO || logon;
    return usage ? CLI_BAD_USAGE : CLI_PROGRAM_FAILED;
}

int cli_usage(const char *command, const char *format, ...)
{
    fprintf(stderr, "scepstorm %s: ", command);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (scepstorm %s --help)\n", command);
    return CLI_BAD_USAGE;
}

bool cli_flush(const char *command)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "scepstorm %s: cannot write to standard output\n", command);
    return false;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "scepstorm: there is no command '%.40s' (scepstorm --help)\n", argv[1]);
    return CLI_BAD_USAGE;
}

/* A file that is opened while a standard stream is closed takes its number, and what is printed lands in it. Standard
 * output stays unwritable, so that the loss is told. */
static void keep_standard_streams(void)
{
    static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
            return;
    }
}

/* Passwords and private keys are in memory. The second call is for core dumps that are piped to a program, which ignore
 * the limit; it also keeps other processes of the same user from looking in. */
static void forbid_core_dumps(void)
{
    const struct rlimit none = {0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    forbid_core_dumps();
    if (argc < 2) {
        print_help(stderr);
        return CLI_BAD_USAGE;
    }
    bool version = strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0;
    bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
    if (version || help) {
        if (version)
            print_version();
        else
            print_help(stdout);
        return cli_flush("--help") ? CLI_OK : CLI_PROGRAM_FAILED;
    }
    struct err e = {0};
    if (!pki_init(&e))
        return cli_fail(argv[1], &e);
    if (!http_library_open(&e))
        return cli_fail(argv[1], &e);
    int code = run_command(argc, argv);
    http_library_close();
    pki_cleanup();
    return code;
}
