#include "cli/cli.h"

#include "cli/sim_options.h"
#include "faults/kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NAME "sim"

static void print_key(const struct fault_key *key)
{
    switch (key->kind) {
    case FAULT_KEY_CHOICE:
        printf(" %s=%s", key->name, key->choices[0]);
        for (size_t n = 1; key->choices[n] != NULL; n++)
            printf("|%s", key->choices[n]);
        break;
    case FAULT_KEY_CODE:
        printf(" %s=0x%08" PRIX32, key->name, (uint32_t)key->value);
        break;
    case FAULT_KEY_NUMBER:
        printf(" %s=%" PRId64, key->name, key->value);
        break;
    case FAULT_KEY_DURATION:
        printf(" %s=%" PRId64 "ms", key->name, key->value / 1000);
        break;
    }
}

static void print_faults(void)
{
    printf("\nFaults (their own keys behind them, the default value first):\n");
    for (size_t i = 0; fault_id(i) != NULL; i++) {
        const struct fault_key *key = fault_key(i, 0);
        printf(key != NULL ? "  %-33s" : "  %s", fault_id(i));
        for (size_t k = 0; (key = fault_key(i, k)) != NULL; k++)
            print_key(key);
        printf("\n");
    }
    printf("\nKeys of every fault: from=10s (after the start), for=5s, fraction=30%%, of=requests|devices,\n"
           "seed=N. With of=devices all requests of one connection share their fate. via=nginx (azure,\n"
           "app-gateway, apache, haproxy, f5, squid): a proxy in front shows its own page for any 5xx.\n");
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
    printf(
        "\nOn this machine only:\n"
        "  POST /scepstorm/admin/restart    restarts the application pool, which forgets passwords, logons\n"
        "                                   and requests\n"
        "  POST /scepstorm/admin/flush      brings the logs up to date\n"
        "  POST /scepstorm/admin/faults     switches faults: a line for each, ID[:KEY=VALUE,...] to begin\n"
        "                                   one now, -ID to end it; all lines or, with 400, none\n"
        "  DELETE /scepstorm/admin/faults/ID    ends it;  GET /scepstorm/admin/faults  lists them\n");
}

static int print_help(void)
{
    printf("usage: scepstorm sim --listen ADDR:PORT [options]\n\n"
           "A simulated NDES (Windows SCEP server) with its CA, healthy or with faults. Prints\n"
           "'listening URL' once it serves; Ctrl-C ends it. SCEP is at /certsrv/mscep/mscep.dll, one-time\n"
           "passwords at /certsrv/mscep_admin/.\n\n");
    sim_options_print();
    print_modes();
    print_admin();
    print_faults();
    return cli_flush(NAME) ? CLI_OK : CLI_PROGRAM_FAILED;
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

static void print_notices(const struct sim_options *a, const struct sim *sim)
{
    if (a->config.schemes != 0 && a->config.account_count == 0 && a->config.keytab == NULL &&
        a->policy.mode == NDES_STANDALONE)
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

static void tell_logs_failed(const struct err *e)
{
    fprintf(stderr, "scepstorm sim: %s; serving goes on, the logs are incomplete\n", e->text);
}

/* Signals stay blocked in the listener's threads: they inherit the mask and this thread reads them. */
static int serve(struct sim_options *a)
{
    a->config.logs_failed = tell_logs_failed;
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
    bool finished = sim_finish(sim, &e); /* what failed was told when it did */
    sim_stop(sim);
    close(signals);
    return printed && finished ? CLI_OK : CLI_PROGRAM_FAILED;
}

static int run(struct sim_options *o)
{
    struct err e = {0};
    if (o->help)
        return print_help();
    if (!sim_options_check(o))
        return CLI_BAD_USAGE;
    return sim_options_read_secrets(o, &e) ? serve(o) : cli_fail(NAME, &e);
}

int cmd_sim(int argc, char **argv)
{
    struct sim_options o;
    int code = sim_options_read(argc, argv, &o) ? run(&o) : CLI_BAD_USAGE;
    sim_options_clear(&o);
    return code;
}
