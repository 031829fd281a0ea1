#include "scenario/schema.h"

#define SECOND 1e6
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* JSON readers keep whole numbers exactly up to here; results repeat the seed. */
#define EXACT_MAX 9007199254740991.0

#define TEXT_MAX   1024
#define AT(f)      offsetof(struct scenario, f)
#define PHASE(f)   offsetof(struct load_phase, f)
#define PERSONA(f) offsetof(struct scenario_profile, f)

static const struct scenario_choice modes[] = {{"standalone", SCENARIO_SIM_STANDALONE, false},
                                               {"intune", 0, true},
                                               {"proxy", 0, true},
                                               {NULL, 0, false}};
static const struct scenario_choice sources[] = {{"mscep_admin", CHALLENGE_MSCEP_ADMIN, false},
                                                 {"static", CHALLENGE_STATIC, false},
                                                 {"none", CHALLENGE_NONE, false},
                                                 {"http", 0, true},
                                                 {"file", 0, true},
                                                 {"command", 0, true},
                                                 {"intune", 0, true},
                                                 {NULL, 0, false}};
static const struct scenario_choice auths[] = {{"basic", CHALLENGE_AUTH_BASIC, false},
                                               {"none", CHALLENGE_AUTH_NONE, false},
                                               {"ntlm", 0, true},
                                               {"negotiate", 0, true},
                                               {"any", 0, true},
                                               {NULL, 0, false}};
static const struct scenario_choice key_types[] = {{"rsa", 0, false}, {"ec", 0, true}, {NULL, 0, false}};
static const struct scenario_choice key_bits[] = {
    {"2048", 2048, false}, {"3072", 3072, false}, {"4096", 4096, false}, {NULL, 0, false}};
static const struct scenario_choice profiles[] = {
    {"rfc8894", 0, false}, {"windows", 0, true}, {"ios", 0, true},   {"macos", 0, true},
    {"android", 0, true},  {"cisco", 0, true},   {"sscep", 0, true}, {NULL, 0, false}};
static const struct scenario_choice arrivals[] = {
    {"even", LOAD_EVEN, false}, {"poisson", LOAD_POISSON, false}, {NULL, 0, false}};

/* clang-format off */
const struct scenario_key scenario_keys[] = {
    {"name", SCENARIO_TEXT, AT(name), 1, 64, NULL, NULL, 0, 0},
    {"seed", SCENARIO_UINT64, AT(seed), 0, EXACT_MAX, "1", NULL, 0, 0},

    {"target", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"target.url", SCENARIO_TEXT, AT(target.url), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.authorized", SCENARIO_TEXT, AT(target.authorized), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.tls", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"target.tls.ca_file", SCENARIO_TEXT, AT(target.ca_file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"target.addresses", SCENARIO_LATER, 0, 0, 0, NULL, NULL, 0, 0},
    {"target.proxy", SCENARIO_LATER, 0, 0, 0, NULL, NULL, 0, 0},

    {"simulator", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.mode", SCENARIO_CHOICE, AT(simulator.mode), 0, 0, "standalone", modes, 0, 0},
    {"simulator.otp", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"simulator.otp.cache", SCENARIO_UINT, AT(simulator.otp_cache), 1, 1000000, "5", NULL, 0, 0},
    {"simulator.otp.validity", SCENARIO_DURATION, AT(simulator.otp_validity_us), SECOND, 7 * DAY, "60m", NULL, 0, 0},
    {"simulator.faults", SCENARIO_TEXTS, AT(simulator.faults), 0, 50, NULL, NULL, AT(simulator.fault_count), 0},
    {"simulator.latency", SCENARIO_LATER, 0, 0, 0, NULL, NULL, 0, 0},

    {"challenge", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"challenge.source", SCENARIO_CHOICE, AT(challenge.source), 0, 0, NULL, sources, 0, 0},
    {"challenge.url", SCENARIO_TEXT, AT(challenge.url), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.auth", SCENARIO_CHOICE, AT(challenge.auth), 0, 0, "basic", auths, 0, 0},
    {"challenge.user", SCENARIO_TEXT, AT(challenge.user), 1, 256, NULL, NULL, 0, 0},
    {"challenge.password_env", SCENARIO_TEXT, AT(challenge.password_env), 1, 256, NULL, NULL, 0, 0},
    {"challenge.password_file", SCENARIO_TEXT, AT(challenge.password_file), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"challenge.password", SCENARIO_SECRET, 0, 0, 0, NULL, NULL, 0, 0},
    {"challenge.outstanding", SCENARIO_UINT, AT(challenge.outstanding), 1, 100000, "3", NULL, 0, 0},

    {"devices", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"devices.count", SCENARIO_UINT64, AT(devices.count), 1, 1e7, NULL, NULL, 0, 0},
    {"devices.subject", SCENARIO_TEXT, AT(devices.subject), 1, 512, "CN={profile}-{index}", NULL, 0, 0},
    {"devices.marker", SCENARIO_TEXT, AT(devices.marker), 3, 64, "OU=scepstorm", NULL, 0, 0},
    {"devices.key", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"devices.key.type", SCENARIO_CHOICE, SCENARIO_NOWHERE, 0, 0, "rsa", key_types, 0, 0},
    {"devices.key.bits", SCENARIO_CHOICE, AT(devices.key_bits), 0, 0, "2048", key_bits, 0, 0},
    {"devices.key.reuse", SCENARIO_BOOL, AT(devices.key_reuse), 0, 0, "true", NULL, 0, 0},
    {"devices.key.pool", SCENARIO_TEXT, AT(devices.key_pool), 1, TEXT_MAX, NULL, NULL, 0, 0},
    {"devices.profiles", SCENARIO_LIST, AT(devices.profiles), 1, 20, NULL, NULL, AT(devices.profile_count), sizeof(struct scenario_profile)},
    {"devices.profiles[].name", SCENARIO_TEXT, PERSONA(name), 1, 64, "rfc8894", profiles, 0, 0},
    {"devices.profiles[].weight", SCENARIO_NUMBER, PERSONA(weight), 0.001, 1e6, "1", NULL, 0, 0},
    {"devices.expect", SCENARIO_LATER, 0, 0, 0, NULL, NULL, 0, 0},

    {"load", SCENARIO_LIST, AT(phases), 1, 200, NULL, NULL, AT(phase_count), sizeof(struct load_phase)},
    {"load[].phase", SCENARIO_LABEL, PHASE(name), 1, sizeof(((struct load_phase *)0)->name) - 1, NULL, NULL, 0, 0},
    {"load[].rate", SCENARIO_RATE, PHASE(from_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].from", SCENARIO_RATE, PHASE(from_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].to", SCENARIO_RATE, PHASE(to_per_s), 0, 1e6, NULL, NULL, 0, 0},
    {"load[].for", SCENARIO_DURATION, PHASE(duration_us), 1e3, 31 * DAY, NULL, NULL, 0, 0},
    {"load[].arrivals", SCENARIO_CHOICE, PHASE(arrivals), 0, 0, "even", arrivals, 0, 0},
    {"load[].warm_up", SCENARIO_BOOL, PHASE(warm_up), 0, 0, "false", NULL, 0, 0},

    {"limits", SCENARIO_MAP, 0, 0, 0, NULL, NULL, 0, 0},
    {"limits.request_timeout", SCENARIO_DURATION, AT(limits.request_timeout_us), 1e3, HOUR, "30s", NULL, 0, 0},
    {"limits.device_timeout", SCENARIO_DURATION, AT(limits.device_timeout_us), 1e3, DAY, "5m", NULL, 0, 0},
    {"limits.error_budget", SCENARIO_SHARE, AT(limits.error_budget), 0, 1, "20%", NULL, 0, 0},
    {"limits.in_flight", SCENARIO_UINT64, AT(limits.in_flight), 1, 1e6, "10000", NULL, 0, 0},
    {"limits.rate", SCENARIO_RATE, AT(limits.rate_per_s), 0, 1e6, "200/s", NULL, 0, 0},
    {"limits.devices", SCENARIO_UINT64, AT(limits.devices), 1, 1e7, "100000", NULL, 0, 0},

    {"slo", SCENARIO_TEXTS, AT(slo), 0, 100, NULL, NULL, AT(slo_count), 0},
};
/* clang-format on */
const size_t scenario_key_count = sizeof scenario_keys / sizeof *scenario_keys;
_Static_assert(sizeof scenario_keys / sizeof *scenario_keys <= SCENARIO_KEYS_MAX, "raise SCENARIO_KEYS_MAX");
_Static_assert(sizeof(enum challenge_source) == sizeof(int) && sizeof(unsigned) == sizeof(int),
               "a choice is stored as an int");

int scenario_key_find(const char *path)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        if (strcmp(scenario_keys[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

bool scenario_key_is_child(const char *path, const char *parent)
{
    size_t len = strlen(parent);
    if (len > 0 && (strncmp(path, parent, len) != 0 || path[len] != '.'))
        return false;
    const char *rest = len > 0 ? path + len + 1 : path;
    return strchr(rest, '.') == NULL;
}

bool scenario_key_applies(const struct scenario_key *key, const struct scenario *scenario)
{
    enum { ADMIN = 1 << CHALLENGE_MSCEP_ADMIN, STATIC = 1 << CHALLENGE_STATIC };
    static const struct {
        const char *path;
        int sources;
    } rows[] = {
        {"challenge.url", ADMIN},
        {"challenge.auth", ADMIN},
        {"challenge.user", ADMIN},
        {"challenge.password_env", ADMIN | STATIC},
        {"challenge.password_file", ADMIN | STATIC},
        {"challenge.outstanding", ADMIN},
    };
    if (strncmp(key->path, "simulator", 9) == 0)
        return scenario->target.sim;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(key->path, rows[i].path) == 0)
            return (rows[i].sources & 1 << scenario->challenge.source) != 0;
    }
    return true;
}

const char *scenario_key_word(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}
