#include "recorder/recording.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_MS 50 /* how late a fault's beginning may be written down */

/* ---- the application pool ---- */

static struct recorder_scene scene_of(struct recorder *r, int64_t now_us)
{
    return (struct recorder_scene){.recorder = r, .now_us = now_us, .node = RECORDER_NODES};
}

static void service_stops(struct recorder *r, int64_t now_us)
{
    struct recorder_scene scene = scene_of(r, now_us);
    if (r->serving)
        recorder_event(&scene, "NDES 3", NULL);
    r->serving = false;
}

static void service_starts(struct recorder *r, int64_t now_us)
{
    struct recorder_scene scene = scene_of(r, now_us);
    if (!r->serving)
        recorder_event(&scene, "NDES 1", NULL);
    r->serving = true;
}

/* Whether mscep.dll would run with what holds now. Behind a proxy it is NDES that is meant as well. */
static bool would_serve(const struct recorder *r, const struct ndes_effects *effects)
{
    return !r->disabled && effects->kernel != NDES_ERROR_KERNEL_UNAVAILABLE &&
           effects->extension == NDES_ERROR_NONE;
}

/* What only begins when the pool starts does not do so at the onset. */
static bool waits_for_restart(const struct fault_setting *setting)
{
    for (size_t i = 0; i < FAULT_KEYS && setting->kind->keys[i].name != NULL; i++) {
        if (strcmp(setting->kind->keys[i].name, "restarted") == 0)
            return !setting->restarted;
    }
    return false;
}

/* ---- faults that begin, go on and end ---- */

/* A module that fails can take the pool with it: the message that it was asked about last left its traces. */
static void last_message(const struct recorder_scene *scene, size_t i)
{
    struct ndes_effects effects = {0};
    struct ndes_reply reply = {.bitten = UINT32_C(1) << i};
    const struct fault_kind *kind = scene->setting->kind;
    kind->apply(scene->setting, &effects);
    if (!scene->recorder->module || effects.kernel != NDES_ERROR_KERNEL_UNAVAILABLE ||
        !recorder_needs_module(kind))
        return;
    struct recorder_scene last = *scene;
    last.reply = &reply;
    last.node = 0;
    recorder_intune(&last);
}

static void fault_begins(struct recorder *r, size_t i, int64_t now_us)
{
    int64_t from_us, for_us;
    struct recorder_scene scene = scene_of(r, now_us);
    scene.setting = faults_at(r->config.faults, i, &from_us, &for_us);
    unsigned whens = 1u << FAULT_TRACE_ONSET;
    if (!waits_for_restart(scene.setting))
        whens |= 1u << FAULT_TRACE_START;
    memset(r->every_us[i], 0, sizeof r->every_us[i]);
    recorder_rows(&scene, i, whens);
    recorder_every(&scene, i);
    last_message(&scene, i);
}

static void fault_goes_on(struct recorder *r, size_t i, int64_t now_us, bool pool_started)
{
    int64_t from_us, for_us;
    struct recorder_scene scene = scene_of(r, now_us);
    scene.setting = faults_at(r->config.faults, i, &from_us, &for_us);
    if (pool_started)
        recorder_rows(&scene, i, 1u << FAULT_TRACE_START | 1u << FAULT_TRACE_RESTART);
    recorder_every(&scene, i);
}

static void fault_ends(struct recorder *r, size_t i, int64_t now_us)
{
    int64_t from_us, for_us;
    struct recorder_scene scene = scene_of(r, now_us);
    scene.setting = faults_at(r->config.faults, i, &from_us, &for_us);
    recorder_restore(r, i);
    recorder_rows(&scene, i, 1u << FAULT_TRACE_END);
}

/* Brings the logs up to now: what ended, the pool, what begins or goes on. Holds the lock. */
static void look(struct recorder *r, int64_t now_us, bool by_hand)
{
    struct ndes_effects effects = {0};
    uint32_t held = faults_holding(r->config.faults, now_us, &effects);
    size_t restarts = faults_restarts(r->config.faults, now_us);
    r->clock_us = effects.clock_us;
    now_us += r->clock_us; /* as the server sees it */
    bool restarted = by_hand || restarts > r->restarts;
    r->restarts = restarts;
    r->disabled = r->disabled && !restarted;
    for (size_t i = 0; i < faults_count(r->config.faults); i++) {
        if ((r->held & ~held & UINT32_C(1) << i) != 0)
            fault_ends(r, i, now_us);
    }
    if (restarted || !would_serve(r, &effects))
        service_stops(r, now_us);
    for (size_t i = 0; i < faults_count(r->config.faults); i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((held & ~r->held & bit) != 0)
            fault_begins(r, i, now_us);
        else if ((held & bit) != 0)
            fault_goes_on(r, i, now_us, restarted);
    }
    r->held = held;
    if (would_serve(r, &effects))
        service_starts(r, now_us);
}

/* Before the simulator began the server was well. */
static void make_noise(struct recorder *r, int64_t now_us)
{
    const struct recorder_noise_server server = {
        .address = r->address,
        .clock_us = r->clock_us,
        .module = r->module,
        .serving = !r->noise[0].begun || (r->serving && r->held == 0),
    };
    for (size_t n = 0; n < r->node_count; n++)
        recorder_noise_until(&r->noise[n], &server, now_us, r->nodes[n]);
}

static void tick(struct recorder *r, bool by_hand)
{
    int64_t now_us = r->config.now_us();
    make_noise(r, now_us);
    look(r, now_us, by_hand);
    recorder_late_lines(r, now_us);
}

static void *watch(void *user)
{
    struct recorder *r = user;
    pthread_mutex_lock(&r->lock);
    while (!r->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WATCH_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&r->wake, &r->lock, &until);
        if (!r->stopping)
            tick(r, false);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

void recorder_restarted(struct recorder *r, int64_t now_us)
{
    pthread_mutex_lock(&r->lock);
    look(r, now_us, true);
    pthread_mutex_unlock(&r->lock);
}

/* A worker process that died writes nothing more; the next request starts another one. */
void recorder_crash(struct recorder *r, bool disabled)
{
    pthread_mutex_lock(&r->lock);
    r->serving = false;
    r->disabled = r->disabled || disabled;
    pthread_mutex_unlock(&r->lock);
}

/* ---- start and stop ---- */

static bool wants_nodes(const struct faults *faults)
{
    for (size_t i = 0; i < faults_count(faults); i++) {
        int64_t from_us, for_us;
        const struct fault_setting *setting = faults_at(faults, i, &from_us, &for_us);
        if (strcmp(setting->kind->id, "lb-node-affinity-missing") == 0)
            return true;
    }
    return false;
}

/* When the noise of the time before begins, if there is any. */
static int64_t begins_us(const struct recorder *r)
{
    return r->config.now_us() - (r->config.noise != RECORDER_NOISE_NONE ? RECORDER_NOISE_BEFORE_US : 0);
}

static bool open_node(struct recorder *r, size_t n, struct err *e)
{
    const struct recorder_config *c = &r->config;
    char node[16], folder[1024];
    snprintf(node, sizeof node, "NDES%02zu", n + 1);
    int len = snprintf(folder, sizeof folder, "%s%s%s", c->folder, r->node_count > 1 ? "/" : "",
                       r->node_count > 1 ? node : "");
    if (len < 0 || (size_t)len >= sizeof folder)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the name of the logs' folder is too long");
    const struct traces_config config = {
        .folder = folder,
        .state = r->node_count > 1 ? NULL : c->state,
        .node = node,
        .domain = "contoso.example",
        .ca_node = "CA01",
        .ca_name = r->ca_name,
        .account = "CONTOSO\\svc-ndes",
        .address = r->address,
        .port = c->port,
        .now_us = begins_us(r),
        .tls = c->web != NULL,
        .connector = r->module,
        .failed = c->failed,
        .user = c->user,
    };
    recorder_noise_init(&r->noise[n], c->noise, c->seed + n);
    return traces_open(&config, &r->nodes[n], e);
}

static void name_ca(struct recorder *r)
{
    struct buf name;
    buf_init(&name, sizeof r->ca_name - 1);
    pki_name_common_name(pki_cert_subject(r->config.identity->ca), &name);
    snprintf(r->ca_name, sizeof r->ca_name, "%s", name.len > 0 ? buf_text(&name) : "CA");
    buf_clear(&name);
}

static void init_locks(struct recorder *r)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->late_lock, NULL);
}

static bool start_watching(struct recorder *r, struct err *e)
{
    pthread_mutex_lock(&r->lock);
    tick(r, false);
    pthread_mutex_unlock(&r->lock);
    int rc = pthread_create(&r->watcher, NULL, watch, r);
    r->watching = rc == 0;
    return rc == 0 || err_set_errno(e, REASON_IO, rc, "cannot start a thread");
}

static bool has_module(const struct recorder_config *config)
{
    bool module = config->mode == NDES_INTUNE;
    for (size_t i = 0; i < faults_count(config->faults); i++) {
        int64_t from_us, for_us;
        module = module || recorder_needs_module(faults_at(config->faults, i, &from_us, &for_us)->kind);
    }
    return module;
}

bool recorder_start(const struct recorder_config *config, struct recorder **out, struct err *e)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated server's logs");
    r->config = *config;
    snprintf(r->address, sizeof r->address, "%s", config->address);
    bool whole = config->otp_user != NULL && strchr(config->otp_user, '\\') != NULL;
    snprintf(r->otp_user, sizeof r->otp_user, "%s%s", whole ? "" : "CONTOSO\\",
             config->otp_user != NULL ? config->otp_user : "svc-mdm");
    name_ca(r);
    init_locks(r);
    r->node_count = wants_nodes(config->faults) ? RECORDER_NODES : 1;
    r->module = has_module(config);
    bool ok = true;
    for (size_t n = 0; ok && n < r->node_count; n++)
        ok = open_node(r, n, e);
    if (!ok || !recorder_tables(r, e) || !start_watching(r, e)) {
        recorder_stop(r, NULL);
        return false;
    }
    *out = r;
    return true;
}

/* When the tables were gathered: now. */
static void date_tables(struct recorder *r)
{
    char when[32];
    text_utc(r->config.now_us(), when, sizeof when);
    char *point = strchr(when, '.');
    if (point != NULL)
        memcpy(point, "Z", 2);
    for (size_t n = 0; n < r->node_count; n++)
        traces_state(r->nodes[n], "collector", "CollectedAt", "Value", when);
}

bool recorder_flush(struct recorder *r, struct err *e)
{
    bool ok = true;
    pthread_mutex_lock(&r->lock);
    tick(r, false);
    pthread_mutex_unlock(&r->lock);
    date_tables(r);
    for (size_t n = 0; n < r->node_count; n++)
        ok = traces_flush(r->nodes[n], e) && ok;
    return ok;
}

static void stop_watching(struct recorder *r)
{
    if (!r->watching)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->watcher, NULL);
    tick(r, false);
    date_tables(r); /* gathered while the server still ran */
    service_stops(r, r->config.now_us());
}

/* Replies that were on their way are cut: nothing is written of them. */
static void drop_late(struct recorder *r)
{
    for (size_t i = 0; i < r->late_count; i++)
        free(r->late[i].text);
}

bool recorder_stop(struct recorder *r, struct err *e)
{
    if (r == NULL)
        return true;
    bool ok = true;
    stop_watching(r);
    for (size_t n = 0; n < r->node_count; n++)
        ok = traces_close(r->nodes[n], e) && ok;
    drop_late(r);
    for (size_t i = 0; i < r->saved_count; i++)
        free(r->saved[i].before);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->late_lock);
    free(r);
    return ok;
}
