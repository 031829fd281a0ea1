/* The simulator's keys against each other, and against the challenge. */
#include "scenario/check.h"

enum challenge_source scenario_check_simulated_source(const struct scenario *scenario)
{
    switch (scenario->simulator.mode) {
    case SCENARIO_SIM_STANDALONE:
        return CHALLENGE_MSCEP_ADMIN;
    case SCENARIO_SIM_INTUNE:
        return CHALLENGE_NONE;
    case SCENARIO_SIM_PROXY:
        return CHALLENGE_STATIC;
    }
    return CHALLENGE_NONE;
}

static bool check_approval(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    bool both = s->simulator.approval.after_polls > 0 && s->simulator.approval.after_us > 0;
    return !both ||
           scenario_check_fail(r, "simulator.approval.after", e, "either after_polls or after, not both");
}

/* As the simulator will have them: words without blanks, commas between. */
static bool check_caps(const struct scenario_reader *r, struct err *e)
{
    const char *at = r->scenario->simulator.caps;
    for (; at != NULL && *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~')
            return scenario_check_fail(r, "simulator.caps", e, "words like AES,SHA-256, without blanks");
    }
    return true;
}

static bool fail_latency(const struct scenario_reader *r, const char *word, const char *key, struct err *e,
                         const char *what)
{
    char path[96];
    snprintf(path, sizeof path, "simulator.latency.%s%s%s", word, key[0] != '\0' ? "." : "", key);
    return scenario_check_fail(r, path, e, what);
}

/* One kind of time, and all that it needs. */
static bool check_latency(const struct scenario_reader *r, const struct scenario_latency *l, const char *word,
                          struct err *e)
{
    bool fixed = l->fixed_us > 0, drawn = l->median_us > 0 || l->p99_us > 0, file = l->file != NULL;
    if (fixed + drawn + file > 1)
        return fail_latency(r, word, "", e, "one of fixed, median with p99, and file");
    if (drawn && (l->median_us == 0 || l->p99_us == 0))
        return fail_latency(r, word, l->p99_us == 0 ? "p99" : "median", e,
                            "missing; median and p99 go together");
    if (drawn && l->p99_us < l->median_us)
        return fail_latency(r, word, "p99", e, "below the median");
    if (file && strpbrk(l->file, ",") != NULL)
        return fail_latency(r, word, "file", e, "a comma in the name is not possible here");
    return l->queue == 0 || l->servers > 0 ||
           fail_latency(r, word, "queue", e, "without servers nobody waits; add servers, or remove it");
}

static bool check_latencies(const struct scenario_reader *r, struct err *e)
{
    for (enum scenario_latency_op op = 0; op < SCENARIO_LATENCY_COUNT; op++) {
        const struct scenario_latency *l = &r->scenario->simulator.latency[op];
        if (!check_latency(r, l, scenario_latency_word(op), e))
            return false;
    }
    return true;
}

bool scenario_check_account(const struct scenario_reader *r, int node, const struct scenario_account *account,
                            struct err *e)
{
    const char *wrong = NULL;
    if (account->user == NULL)
        wrong = "user is missing";
    else if (strchr(account->user, ':') != NULL)
        wrong = "user: a colon is not possible in it";
    else if ((account->password_env == NULL) == (account->password_file == NULL))
        wrong = "one of password_env and password_file is needed";
    return wrong == NULL ||
           scenario_document_fail(r->document, node, e, "accounts[%zu]: %s", r->element, wrong);
}

static bool check_logons(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    const char *auth = s->simulator.auth;
    bool accounts = s->simulator.account_count > 0, proxy = s->simulator.mode == SCENARIO_SIM_PROXY;
    const char *at = accounts ? "simulator.accounts" : "simulator.keytab";
    if ((accounts || s->simulator.keytab != NULL) && strcmp(auth, "none") == 0)
        return scenario_check_fail(r, at, e, "no use with auth: none, which leaves the OTP page open");
    if ((accounts || s->simulator.keytab != NULL) && proxy)
        return scenario_check_fail(r, at, e, "no use with mode: proxy: an MDM shows no OTP page");
    if (s->simulator.keytab != NULL && strcmp(auth, "any") != 0 && strcmp(auth, "negotiate") != 0)
        return scenario_check_fail(r, "simulator.keytab", e, "no use without auth: any or negotiate");
    if (s->simulator.service != NULL && s->simulator.keytab == NULL)
        return scenario_check_fail(r, "simulator.service", e, "no use without keytab");
    return s->simulator.challenge_env == NULL || proxy ||
           scenario_check_fail(r, "simulator.challenge_env", e, "no use without mode: proxy");
}

bool scenario_check_alone(const struct scenario_reader *r, struct err *e)
{
    return scenario_check_applies(r, e) && check_approval(r, e) && check_caps(r, e) &&
           check_latencies(r, e) && check_logons(r, e);
}

/* Every mode has its own way to a challenge, beside those that scepstorm cannot judge; none at all is for seeing refusals. */
static bool check_source(const struct scenario_reader *r, struct err *e)
{
    enum {
        ANYWHERE = 1 << CHALLENGE_NONE | 1 << CHALLENGE_FILE | 1 << CHALLENGE_COMMAND | 1 << CHALLENGE_HTTP
    };
    static const struct {
        int sources;
        const char *wanted;
    } modes[] = {
        [SCENARIO_SIM_STANDALONE] = {ANYWHERE | 1 << CHALLENGE_MSCEP_ADMIN,
                                     "the simulator wants one-time passwords: mscep_admin"},
        [SCENARIO_SIM_INTUNE] =
            {ANYWHERE | 1 << CHALLENGE_INTUNE,
             "with mode: intune there is no OTP page and no challenge for all: intune, or none"},
        [SCENARIO_SIM_PROXY] = {ANYWHERE | 1 << CHALLENGE_STATIC,
                                "with mode: proxy there is no OTP page: static, or http"},
    };
    const struct scenario *s = r->scenario;
    if ((modes[s->simulator.mode].sources & 1 << s->challenge.source) == 0)
        return scenario_check_fail(r, "challenge.source", e, modes[s->simulator.mode].wanted);
    return s->challenge.source != CHALLENGE_HTTP || s->challenge.url != NULL ||
           s->simulator.mode == SCENARIO_SIM_PROXY ||
           scenario_check_fail(r, "challenge.url", e,
                               "missing; the simulator has such a URL only with mode: proxy");
}

/* It is started for the run, with an account and a secret of its own. */
static bool check_access(const struct scenario_reader *r, struct err *e)
{
    static const char *const known[] = {"challenge.url",          "challenge.user",
                                        "challenge.password_env", "challenge.password_file",
                                        "challenge.keytab",       "challenge.ticket_cache"};
    const struct challenge_config *c = &r->scenario->challenge;
    bool elsewhere = c->url != NULL && c->source != CHALLENGE_MSCEP_ADMIN;
    for (size_t i = 0; !elsewhere && i < sizeof known / sizeof *known; i++) {
        if (scenario_read_place(r, known[i]) != 0)
            return scenario_check_fail(r, known[i], e,
                                       "not with target.url: sim, which makes up its own; remove it");
    }
    return elsewhere || c->auth != CHALLENGE_AUTH_NEGOTIATE ||
           scenario_check_fail(
               r, "challenge.auth", e,
               "the run's own simulator knows no Kerberos; start scepstorm sim with a keytab");
}

const char *scenario_sim_challenge_path(const struct scenario *scenario)
{
    switch (scenario->challenge.source) {
    case CHALLENGE_MSCEP_ADMIN:
        return "/certsrv/mscep_admin/";
    case CHALLENGE_HTTP:
        return scenario->simulator.mode == SCENARIO_SIM_PROXY ? "/scepstorm/proxy/challenge" : NULL;
    case CHALLENGE_INTUNE:
        return "/scepstorm/intune/mint";
    case CHALLENGE_NONE:
    case CHALLENGE_STATIC:
    case CHALLENGE_FILE:
    case CHALLENGE_COMMAND:
        break;
    }
    return NULL;
}

/* A simulator that stands alone may have --logs on the command line. */
static bool check_noise(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    bool noisy = s->simulator.noise != NULL && strcmp(s->simulator.noise, "none") != 0;
    return s->alone || !noisy || s->simulator.logs != NULL ||
           scenario_check_fail(r, "simulator.noise", e,
                               "no use without simulator.logs; add that, or remove it");
}

bool scenario_check_simulator(const struct scenario_reader *r, struct err *e)
{
    return check_approval(r, e) && check_caps(r, e) && check_latencies(r, e) && check_source(r, e) &&
           check_access(r, e) && check_noise(r, e);
}
