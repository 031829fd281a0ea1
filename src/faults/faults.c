#include "faults/faults.h"

#include "base/pairs.h"
#include "base/random.h"
#include "base/text.h"
#include "causes/causes.h"
#include "ndes/proxies.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define TEXT_BYTES       256
#define MAX_KINDS        200
#define NOT_STARTED      INT64_MAX
#define REPLACEMENTS_MAX 10000 /* they are kept until the end */

/* Does not change once others see it, but for its end. */
struct fault {
    char text[TEXT_BYTES];
    struct fault_setting setting;
    int64_t from_us;
    _Atomic int64_t for_us; /* INT64_MAX: until the end; 0: never */
    double fraction;
    bool of_devices;
    uint64_t seed;
    int via; /* of enum ndes_proxy: that product shows its own page in place of any 5xx; -1: nothing does */
    bool ends_with_restart;
    int64_t restart_every_us; /* 0: it does not recycle the pool */
    struct fault *next;       /* of those that were replaced */
};

struct faults {
    _Atomic int64_t started_us;
    _Atomic uint64_t requests;     /* numbers the draws of of=requests */
    _Atomic int64_t pool_start_us; /* when the application pool was last started, by the clock */
    _Atomic bool have_transport;
    pthread_mutex_t change; /* one change at a time; nobody needs it for reading */
    struct fault *replaced; /* somebody may still read them */
    unsigned replacements;
    _Atomic size_t replaced_restarts; /* that those have caused */
    _Atomic size_t count;             /* only rises */
    _Atomic(struct fault *) faults[FAULTS_MAX];
};

static struct fault *at(const struct faults *faults, size_t index)
{
    return atomic_load(&faults->faults[index]);
}

/* The keys of every fault. */
static bool set_from(struct fault *fault, const char *value, struct err *e)
{
    return text_parse_duration(value, &fault->from_us, e);
}

static bool set_for(struct fault *fault, const char *value, struct err *e)
{
    int64_t us = 0;
    if (!text_parse_duration(value, &us, e))
        return false;
    fault->for_us = us;
    return true;
}

static bool set_fraction(struct fault *fault, const char *value, struct err *e)
{
    return text_parse_share(value, &fault->fraction, e);
}

static bool set_of(struct fault *fault, const char *value, struct err *e)
{
    fault->of_devices = strcmp(value, "devices") == 0;
    if (!fault->of_devices && strcmp(value, "requests") != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is neither requests nor devices", value);
    return true;
}

static bool set_seed(struct fault *fault, const char *value, struct err *e)
{
    int64_t seed = 0;
    if (!text_parse_int(value, 0, INT64_MAX, &seed, e))
        return false;
    fault->seed = (uint64_t)seed;
    return true;
}

static bool set_choice(const struct fault_key *key, const char *value, int64_t *out, struct err *e)
{
    char known[TEXT_BYTES] = "";
    for (unsigned i = 0; key->choices[i] != NULL; i++) {
        if (strcmp(key->choices[i], value) == 0) {
            *out = i;
            return true;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", key->choices[i]);
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is none of %s", value, known);
}

static bool set_via(struct fault *fault, const char *value, struct err *e)
{
    int64_t proxy = 0;
    const struct fault_key key = {.name = "via", .choices = ndes_proxy_choices};
    if (!set_choice(&key, value, &proxy, e))
        return false;
    fault->via = (int)proxy;
    return true;
}

typedef bool key_setter(struct fault *fault, const char *value, struct err *e);

static const struct common_key {
    const char *name;
    key_setter *set;
} common_keys[] = {
    {"from", set_from}, {"for", set_for},   {"fraction", set_fraction},
    {"of", set_of},     {"seed", set_seed}, {"via", set_via},
};
#define COMMON_COUNT (sizeof common_keys / sizeof *common_keys)

static bool set_code(const char *value, int64_t *out, struct err *e)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 16);
    bool hex = strncmp(value, "0x", 2) == 0 && strlen(value) <= 10 && strlen(value) > 2;
    if (!hex || errno != 0 || *end != '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is no HRESULT like 0x80004005", value);
    *out = (int64_t)number;
    return true;
}

/* A key that only this fault has. */
static bool set_own(const struct fault_key *key, const char *value, int64_t *out, struct err *e)
{
    switch (key->kind) {
    case FAULT_KEY_CHOICE:
        return set_choice(key, value, out, e);
    case FAULT_KEY_CODE:
        return set_code(value, out, e);
    case FAULT_KEY_NUMBER:
        return text_parse_int(value, key->min, key->max, out, e);
    case FAULT_KEY_DURATION:
        return text_parse_duration(value, out, e);
    }
    return false;
}

static bool set_key(void *user, size_t key, const char *value, struct err *e)
{
    struct fault *fault = user;
    if (key < COMMON_COUNT)
        return common_keys[key].set(fault, value, e);
    size_t own = key - COMMON_COUNT;
    return set_own(&fault->setting.kind->keys[own], value, &fault->setting.value[own], e);
}

/* "key=value,key=value" */
static bool set_keys(struct fault *fault, const char *list, struct err *e)
{
    const struct fault_key *own = fault->setting.kind->keys;
    const char *names[COMMON_COUNT + FAULT_KEYS + 1] = {0};
    for (size_t i = 0; i < COMMON_COUNT; i++)
        names[i] = common_keys[i].name;
    for (size_t i = 0; i < FAULT_KEYS && own[i].name != NULL; i++)
        names[COMMON_COUNT + i] = own[i].name;
    return pairs_read(list, names, set_key, fault, NULL, e);
}

static bool unknown_id(const char *id, struct err *e)
{
    const struct cause *cause = causes_find(id);
    if (cause != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a documented cause, but none that can be simulated: %s",
                       cause->not_simulated);
    const char *words[MAX_KINDS + 1] = {0};
    for (size_t i = 0; i < MAX_KINDS && fault_id(i) != NULL; i++)
        words[i] = fault_id(i);
    const char *nearest = text_nearest(id, words);
    if (nearest != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no such fault; did you mean '%s'?", nearest);
    return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no such fault (scepstorm sim --help lists them)");
}

static bool below_http(const struct ndes_transport *t)
{
    return t->network != NDES_NETWORK_OPEN || t->certificate != NDES_WEB_CERT_SOUND ||
           t->offer != NDES_TLS_USUAL || t->client_certificate;
}

/* The kind's key "restarted"; FAULT_KEYS: it has none. */
static size_t restarted_key(const struct fault_kind *kind)
{
    for (size_t i = 0; i < FAULT_KEYS && kind->keys[i].name != NULL; i++) {
        if (strcmp(kind->keys[i].name, "restarted") == 0)
            return i;
    }
    return FAULT_KEYS;
}

static bool restarted_from_the_start(const struct fault_setting *setting)
{
    size_t key = restarted_key(setting->kind);
    return key < FAULT_KEYS && strcmp(setting->kind->keys[key].choices[setting->value[key]], "yes") == 0;
}

/* A port is open or closed for everybody, so a share of it cannot be blocked. */
static bool finish(struct fault *fault, struct ndes_effects *probe, struct err *e)
{
    struct fault_setting in_full = fault->setting;
    in_full.restarted = true;
    in_full.kind->apply(&in_full, probe);
    fault->setting.restarted = restarted_from_the_start(&fault->setting);
    if (below_http(&probe->transport) && fault->fraction < 1)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "fraction: port and certificate are the same for everybody, not for a share");
    bool down = probe->kernel != NDES_ERROR_NONE || probe->extension != NDES_ERROR_NONE;
    fault->ends_with_restart = down && fault->fraction >= 1;
    fault->restart_every_us = probe->restart_every_us;
    return true;
}

static bool parse_one(const char *text, struct fault *fault, struct ndes_effects *probe, struct err *e)
{
    char copy[TEXT_BYTES];
    if (strlen(text) >= sizeof copy)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "longer than %d characters", TEXT_BYTES - 1);
    memcpy(copy, text, strlen(text) + 1);
    char *keys = strchr(copy, ':');
    if (keys != NULL)
        *keys++ = '\0';
    const struct fault_kind *kind = fault_kind_find(copy);
    if (kind == NULL)
        return unknown_id(copy, e);
    *fault = (struct fault){.for_us = INT64_MAX, .fraction = 1, .via = -1, .setting = {.kind = kind}};
    memcpy(fault->text, text, strlen(text) + 1);
    for (size_t i = 0; i < FAULT_KEYS; i++)
        fault->setting.value[i] = kind->keys[i].value;
    return (keys == NULL || set_keys(fault, keys, e)) && finish(fault, probe, e);
}

static bool make_fault(const char *text, struct fault **out, bool *transport, struct err *e)
{
    struct fault *fault = calloc(1, sizeof *fault);
    struct ndes_effects probe = {0};
    struct err inner = {0};
    if (fault == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the faults");
    if (!parse_one(text, fault, &probe, &inner)) {
        free(fault);
        return err_set(e, STAGE_SETUP, inner.reason, "fault '%.60s': %s", text, inner.text);
    }
    *transport = below_http(&probe.transport);
    *out = fault;
    return true;
}

bool faults_parse(const char *const *texts, size_t count, struct faults **out, struct err *e)
{
    if (count > FAULTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "at most %d faults at once, not %zu", FAULTS_MAX, count);
    struct faults *faults = calloc(1, sizeof *faults);
    if (faults == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the faults");
    pthread_mutex_init(&faults->change, NULL);
    atomic_init(&faults->started_us, NOT_STARTED);
    atomic_init(&faults->pool_start_us, INT64_MIN);
    for (size_t i = 0; i < count; i++) {
        if (!faults_add(faults, texts[i], 0, e)) {
            faults_free(faults);
            return false;
        }
    }
    *out = faults;
    return true;
}

void faults_free(struct faults *faults)
{
    if (faults == NULL)
        return;
    for (size_t i = 0; i < faults->count; i++)
        free(at(faults, i));
    for (struct fault *f = faults->replaced, *next; f != NULL; f = next) {
        next = f->next;
        free(f);
    }
    pthread_mutex_destroy(&faults->change);
    free(faults);
}

void faults_start(struct faults *faults, int64_t now_us)
{
    atomic_store(&faults->started_us, now_us);
}

/* Microseconds since the start; 0 before it. */
static int64_t elapsed(const struct faults *faults, int64_t now_us)
{
    int64_t started = atomic_load(&faults->started_us);
    return started == NOT_STARTED || now_us < started ? 0 : now_us - started;
}

static bool within(const struct fault *fault, int64_t elapsed_us)
{
    return elapsed_us >= fault->from_us && elapsed_us - fault->from_us < fault->for_us;
}

/* Each fault draws from a stream of its own, so that two faults of one seed do not hit the same requests. */
static bool drawn(const struct faults *faults, size_t index, uint64_t request, uint64_t connection)
{
    const struct fault *fault = at(faults, index);
    if (fault->fraction >= 1)
        return true;
    struct random_seeded lot;
    random_seed(&lot, fault->seed + index, fault->of_devices ? connection : request);
    return random_unit(&lot) < fault->fraction;
}

/* It waits for a start of the pool: a server that has it does nothing unusual yet. */
static bool is_dormant(const struct fault_setting *setting)
{
    if (setting->restarted || restarted_key(setting->kind) == FAULT_KEYS)
        return false;
    struct ndes_effects probe;
    memset(&probe, 0, sizeof probe);
    setting->kind->apply(setting, &probe);
    const uint8_t *bytes = (const uint8_t *)&probe;
    for (size_t i = 0; i < sizeof probe; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void apply(const struct faults *faults, size_t index, int64_t now_us, struct ndes_effects *out)
{
    const struct fault *fault = at(faults, index);
    struct fault_setting setting = fault->setting;
    int64_t started = atomic_load(&faults->pool_start_us);
    setting.restarted = setting.restarted || (started != INT64_MIN && started >= fault->from_us);
    setting.since_start_us = started != INT64_MIN ? elapsed(faults, now_us) - started : INT64_MAX;
    if (is_dormant(&setting))
        return;
    out->now_us = now_us;
    out->held_us = elapsed(faults, now_us) - fault->from_us;
    setting.kind->apply(&setting, out);
    if (fault->via >= 0) {
        out->proxy = (enum ndes_proxy)fault->via;
        out->proxy_rewrites = true;
    }
    out->bitten |= UINT32_C(1) << index;
}

void faults_effects(struct faults *faults, int64_t now_us, uint64_t connection, struct ndes_effects *out)
{
    int64_t elapsed_us = elapsed(faults, now_us);
    if (faults->count == 0)
        return;
    uint64_t request = atomic_fetch_add(&faults->requests, 1);
    for (size_t i = 0; i < faults->count; i++) {
        if (within(at(faults, i), elapsed_us) && drawn(faults, i, request, connection))
            apply(faults, i, now_us, out);
    }
}

bool faults_have_transport(const struct faults *faults)
{
    return faults->have_transport;
}

struct ndes_transport faults_transport(const struct faults *faults, int64_t now_us)
{
    int64_t elapsed_us = elapsed(faults, now_us);
    struct ndes_effects effects = {0};
    for (size_t i = 0; i < faults->count; i++) {
        if (within(at(faults, i), elapsed_us))
            apply(faults, i, now_us, &effects);
    }
    return effects.transport;
}

bool faults_check(const struct faults *faults, bool tls, struct err *e)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault_kind *kind = at(faults, i)->setting.kind;
        if (kind->needs == FAULT_NEEDS_TLS && !tls)
            return err_set(e, STAGE_SETUP, REASON_USAGE,
                           "fault '%s': a server without TLS cannot have it; add --tls", kind->id);
        if (kind->needs == FAULT_NEEDS_PLAIN_HTTP && tls)
            return err_set(e, STAGE_SETUP, REASON_USAGE,
                           "fault '%s': it shows on plain HTTP only; leave --tls out", kind->id);
    }
    return true;
}

size_t faults_count(const struct faults *faults)
{
    return faults->count;
}

const struct fault_setting *faults_at(const struct faults *faults, size_t index, int64_t *from_us,
                                      int64_t *for_us)
{
    const struct fault *fault = at(faults, index);
    *from_us = fault->from_us;
    *for_us = fault->for_us;
    return &fault->setting;
}

uint32_t faults_holding(const struct faults *faults, int64_t now_us, struct ndes_effects *out)
{
    int64_t elapsed_us = elapsed(faults, now_us);
    uint32_t holding = 0;
    for (size_t i = 0; i < faults->count; i++) {
        if (!within(at(faults, i), elapsed_us))
            continue;
        holding |= UINT32_C(1) << i;
        if (at(faults, i)->fraction >= 1)
            apply(faults, i, now_us, out);
    }
    return holding;
}

/* How often a fault that recycles the pool has done so. */
static size_t recycles(const struct fault *fault, int64_t elapsed_us)
{
    if (fault->restart_every_us == 0 || elapsed_us < fault->from_us || fault->for_us == 0)
        return 0;
    int64_t held = elapsed_us - fault->from_us;
    if (held >= fault->for_us)
        held = fault->for_us - 1;
    return 1 + (size_t)(held / fault->restart_every_us);
}

static bool is_over(const struct fault *fault, int64_t elapsed_us)
{
    return fault->for_us == 0 ||
           (elapsed_us >= fault->from_us && elapsed_us - fault->from_us >= fault->for_us);
}

static size_t restarts_of(const struct fault *fault, int64_t elapsed_us)
{
    bool ended = fault->for_us > 0 && is_over(fault, elapsed_us);
    return (ended && fault->ends_with_restart) + recycles(fault, elapsed_us);
}

size_t faults_restarts(const struct faults *faults, int64_t now_us)
{
    int64_t elapsed_us = elapsed(faults, now_us);
    size_t restarts = atomic_load(&faults->replaced_restarts);
    for (size_t i = 0; i < faults->count; i++)
        restarts += restarts_of(at(faults, i), elapsed_us);
    return restarts;
}

void faults_note_restart(struct faults *faults, int64_t now_us)
{
    atomic_store(&faults->pool_start_us, elapsed(faults, now_us));
}

/* ---- changes while others read ---- */

/* A place for one more: a new one, or that of a fault which is over. FAULTS_MAX: none. */
static size_t find_place(const struct faults *faults, int64_t elapsed_us)
{
    size_t count = faults->count;
    if (count < FAULTS_MAX)
        return count;
    size_t place = 0;
    while (place < FAULTS_MAX && !is_over(at(faults, place), elapsed_us))
        place++;
    return faults->replacements < REPLACEMENTS_MAX ? place : FAULTS_MAX;
}

/* Its restarts are counted a moment late rather than twice: who counts only looks for more. */
static void replace(struct faults *faults, size_t place, struct fault *by, int64_t elapsed_us)
{
    struct fault *old = at(faults, place);
    atomic_store(&faults->faults[place], by);
    atomic_fetch_add(&faults->replaced_restarts, restarts_of(old, elapsed_us));
    old->next = faults->replaced;
    faults->replaced = old;
    faults->replacements++;
}

bool faults_add(struct faults *faults, const char *text, int64_t now_us, struct err *e)
{
    struct fault *fault = NULL;
    bool transport = false;
    if (!make_fault(text, &fault, &transport, e))
        return false;
    pthread_mutex_lock(&faults->change);
    int64_t elapsed_us = elapsed(faults, now_us);
    size_t place = find_place(faults, elapsed_us);
    fault->from_us += elapsed_us;
    if (place == faults->count && place < FAULTS_MAX) {
        atomic_store(&faults->faults[place], fault);
        atomic_fetch_add(&faults->count, 1);
    } else if (place < FAULTS_MAX) {
        replace(faults, place, fault, elapsed_us);
    }
    faults->have_transport = faults->have_transport || (transport && place < FAULTS_MAX);
    pthread_mutex_unlock(&faults->change);
    if (place < FAULTS_MAX)
        return true;
    free(fault);
    return err_set(e, STAGE_SETUP, REASON_USAGE, "at most %d faults at once", FAULTS_MAX);
}

size_t faults_end(struct faults *faults, const char *id, int64_t now_us)
{
    size_t ended = 0;
    pthread_mutex_lock(&faults->change);
    int64_t elapsed_us = elapsed(faults, now_us);
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = at(faults, i);
        if (strcmp(fault->setting.kind->id, id) != 0 || is_over(fault, elapsed_us))
            continue;
        fault->for_us = elapsed_us > fault->from_us ? elapsed_us - fault->from_us : 0;
        ended++;
    }
    pthread_mutex_unlock(&faults->change);
    return ended;
}

struct fault_view faults_view(const struct faults *faults, size_t index, int64_t now_us)
{
    int64_t elapsed_us = elapsed(faults, now_us);
    const struct fault *fault = at(faults, index);
    int64_t for_us = fault->for_us;
    return (struct fault_view){
        .id = fault->setting.kind->id,
        .text = fault->text,
        .holds = within(fault, elapsed_us),
        .over = is_over(fault, elapsed_us),
        .since_us = elapsed_us - fault->from_us,
        .left_us = for_us == INT64_MAX ? INT64_MAX : for_us - (elapsed_us - fault->from_us),
    };
}
