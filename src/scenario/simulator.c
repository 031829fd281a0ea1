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

bool scenario_check_simulator(const struct scenario_reader *r, struct err *e)
{
    return check_approval(r, e) && check_caps(r, e) && check_source(r, e) && check_access(r, e);
}
