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

/* Every mode has its own way to a challenge; none at all is for seeing refusals. */
static bool check_source(const struct scenario_reader *r, struct err *e)
{
    static const char *const wanted[] = {
        [SCENARIO_SIM_STANDALONE] = "the simulator wants one-time passwords: mscep_admin",
        [SCENARIO_SIM_INTUNE] = "with mode: intune there is no OTP page and no challenge for all: none",
        [SCENARIO_SIM_PROXY] = "with mode: proxy there is no OTP page: static",
    };
    const struct scenario *s = r->scenario;
    if (s->challenge.source == CHALLENGE_NONE || s->challenge.source == scenario_check_simulated_source(s))
        return true;
    return scenario_check_fail(r, "challenge.source", e, wanted[s->simulator.mode]);
}

/* It is started for the run, with a page, an account and a secret of its own. */
static bool check_access(const struct scenario_reader *r, struct err *e)
{
    static const char *const known[] = {"challenge.url", "challenge.user", "challenge.password_env",
                                        "challenge.password_file"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (scenario_read_place(r, known[i]) != 0)
            return scenario_check_fail(r, known[i], e,
                                       "not with target.url: sim, which makes up its own; remove it");
    }
    return r->scenario->challenge.source != CHALLENGE_MSCEP_ADMIN ||
           r->scenario->challenge.auth == CHALLENGE_AUTH_BASIC ||
           scenario_check_fail(r, "challenge.auth", e, "the simulator's page asks for basic");
}

bool scenario_check_simulator(const struct scenario_reader *r, struct err *e)
{
    return check_approval(r, e) && check_caps(r, e) && check_source(r, e) && check_access(r, e);
}
