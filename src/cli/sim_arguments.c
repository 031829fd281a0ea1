#include "cli/sim_arguments.h"

#include <stdarg.h>

#define ADDED_BYTES 1400 /* above the longest file name of a latency */

void sim_arguments_clear(struct sim_arguments *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->argv[i]);
    free(a->argv);
    *a = (struct sim_arguments){0};
}

static void append(struct sim_arguments *a, const char *text)
{
    if (!a->failed && a->count + 1 >= a->room) {
        char **argv = realloc(a->argv, (a->room + 64) * sizeof *argv);
        a->failed = argv == NULL;
        if (argv != NULL) {
            a->argv = argv;
            a->room += 64;
        }
    }
    char *copy = a->failed ? NULL : strdup(text);
    a->failed = copy == NULL;
    if (copy == NULL)
        return;
    a->argv[a->count++] = copy;
    a->argv[a->count] = NULL;
}

void sim_arguments_add(struct sim_arguments *a, const char *option, const char *value)
{
    append(a, option);
    if (value != NULL)
        append(a, value);
}

static void add_made(struct sim_arguments *a, const char *option, const char *format, ...) PRINTF_LIKE(3, 4);
static void add_made(struct sim_arguments *a, const char *option, const char *format, ...)
{
    char text[ADDED_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    sim_arguments_add(a, option, text);
}

static void add_given(struct sim_arguments *a, const char *option, const char *value)
{
    if (value != NULL)
        sim_arguments_add(a, option, value);
}

static void add_words(struct sim_arguments *a, const char *option, unsigned bits, const char *const *words,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((bits & 1u << i) != 0)
            sim_arguments_add(a, option, words[i]);
    }
}

static void add_behaviour(struct sim_arguments *a, const struct scenario *s)
{
    static const char *const operations[SCENARIO_SIM_OPERATION_COUNT] = {
        [SCENARIO_SIM_GET_CERT] = "get-cert",
        [SCENARIO_SIM_GET_CRL] = "get-crl",
        [SCENARIO_SIM_GET_NEXT_CA_CERT] = "get-next-ca-cert",
        [SCENARIO_SIM_UPDATE] = "update",
    };
    static const char *const quirks[SCENARIO_SIM_QUIRK_COUNT] = {
        [SCENARIO_SIM_SAME_KEY_RETURNS_OLD] = "same-key-returns-old",
    };
    const char *then = s->simulator.approval.deny ? "deny" : "issue";
    add_given(a, "--caps", s->simulator.caps);
    if (s->simulator.approval.after_polls > 0)
        add_made(a, "--approval", "after-polls=%u,then=%s", s->simulator.approval.after_polls, then);
    if (s->simulator.approval.after_us > 0)
        add_made(a, "--approval", "after=%lldms,then=%s", (long long)(s->simulator.approval.after_us / 1000),
                 then);
    add_words(a, "--operations", s->simulator.operations, operations, SCENARIO_SIM_OPERATION_COUNT);
    add_words(a, "--quirk", s->simulator.quirks, quirks, SCENARIO_SIM_QUIRK_COUNT);
    if (s->simulator.repeats_get_same)
        sim_arguments_add(a, "--repeats", "same");
    if (s->simulator.validity_us > 0)
        add_made(a, "--cert-validity", "%llds", (long long)(s->simulator.validity_us / 1000000));
    if (s->simulator.cache_request_us > 0)
        add_made(a, "--cache-request", "%lldms", (long long)(s->simulator.cache_request_us / 1000));
}

static void add_reply(struct sim_arguments *a, const struct scenario *s)
{
    add_given(a, "--reply-digest", s->simulator.reply.digest);
    add_given(a, "--reply-cipher", s->simulator.reply.cipher);
    add_given(a, "--reply-transport", s->simulator.reply.transport);
}

static void add_otp(struct sim_arguments *a, const struct scenario *s)
{
    add_made(a, "--otp-cache", "%u", s->simulator.otp_cache);
    add_made(a, "--otp-validity", "%lldms", (long long)(s->simulator.otp_validity_us / 1000));
    if (s->simulator.otp_length > 0)
        add_made(a, "--otp-length", "%u", s->simulator.otp_length);
    if (s->simulator.otp_static)
        sim_arguments_add(a, "--otp-static", NULL);
}

static void add_latency(struct sim_arguments *a, const char *word, const struct scenario_latency *l,
                        uint64_t seed)
{
    char time[ADDED_BYTES - 200], places[64] = "";
    if (l->file != NULL)
        snprintf(time, sizeof time, "file=%s", l->file);
    else if (l->fixed_us > 0)
        snprintf(time, sizeof time, "fixed=%lldus", (long long)l->fixed_us);
    else
        snprintf(time, sizeof time, "median=%lldus,p99=%lldus", (long long)l->median_us,
                 (long long)l->p99_us);
    if (l->servers > 0 && l->queue > 0)
        snprintf(places, sizeof places, ",servers=%u,queue=%u", l->servers, l->queue);
    else if (l->servers > 0)
        snprintf(places, sizeof places, ",servers=%u", l->servers);
    add_made(a, "--latency", "%s:%s%s,seed=%llu", word, time, places,
             (unsigned long long)(l->seed > 0 ? l->seed : seed));
}

bool sim_arguments_simulator(struct sim_arguments *a, const struct scenario *s, struct err *e)
{
    static const char *const modes[] = {[SCENARIO_SIM_STANDALONE] = "standalone",
                                        [SCENARIO_SIM_INTUNE] = "intune",
                                        [SCENARIO_SIM_PROXY] = "proxy"};
    sim_arguments_add(a, "--mode", modes[s->simulator.mode]);
    add_otp(a, s);
    add_behaviour(a, s);
    add_reply(a, s);
    add_made(a, "--ca-bits", "%u", s->simulator.ca_bits);
    add_made(a, "--ra-bits", "%u", s->simulator.ra_bits);
    for (enum scenario_latency_op op = 0; op < SCENARIO_LATENCY_COUNT; op++) {
        if (scenario_latency_is_set(&s->simulator.latency[op]))
            add_latency(a, scenario_latency_word(op), &s->simulator.latency[op], s->seed);
    }
    for (size_t i = 0; i < s->simulator.fault_count; i++)
        sim_arguments_add(a, "--fault", s->simulator.faults[i]);
    add_given(a, "--noise", s->simulator.noise); /* of a file; --logs may stand on the command line */
    add_made(a, "--noise-seed", "%llu", (unsigned long long)(s->seed & INT64_MAX));
    return !a->failed || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulator");
}

static void add_accounts(struct sim_arguments *a, const struct scenario *s)
{
    for (size_t i = 0; i < s->simulator.account_count; i++) {
        const struct scenario_account *account = &s->simulator.accounts[i];
        sim_arguments_add(a, account->no_enroll ? "--no-enroll-user" : "--user", account->user);
        add_given(a, "--password-env", account->password_env);
        add_given(a, "--password-file", account->password_file);
    }
}

bool sim_arguments_server(struct sim_arguments *a, const struct scenario *s, struct err *e)
{
    sim_arguments_add(a, "scepstorm", NULL);
    add_given(a, "--listen", s->simulator.listen);
    if (s->simulator.tls)
        sim_arguments_add(a, "--tls", NULL);
    add_given(a, "--auth", s->simulator.auth);
    add_accounts(a, s);
    if (s->simulator.lock_after > 0)
        add_made(a, "--lock-after", "%u", s->simulator.lock_after);
    add_given(a, "--keytab", s->simulator.keytab);
    add_given(a, "--service", s->simulator.service);
    add_given(a, "--challenge-env", s->simulator.challenge_env);
    add_given(a, "--logs", s->simulator.logs);
    return sim_arguments_simulator(a, s, e);
}
