#include "sim/sim.h"

#include "base/clock.h"
#include "logon/gss.h"
#include "recorder/recorder.h"
#include "sim/listener.h"
#include "sim/site.h"
#include "sim/web_cert.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#define WATCH_MS 20 /* how late a port may open or close */

struct sim {
    struct sim_port port;
    struct sim_listener *listener;
    struct ndes_identity *identity;
    struct ndes_otp *otp;
    struct ndes_otp *challenges; /* of the proxy mode; else NULL */
    struct faults *faults;
    struct sim_latencies latencies;
    struct sim_stations *stations;
    struct logon_accounts *accounts;
    struct logon_gss *gss; /* NULL: Basic alone */
    struct logon *logon;
    struct ndes_ca *ca;
    struct sim_site *site;
    struct recorder *recorder; /* NULL: nobody keeps logs */
    struct pki_cert *web_cert; /* with logs and TLS */
    void (*logs_failed)(const struct err *e);
    enum ndes_mode mode;
    struct sim_web_certs web; /* of a server with TLS; else empty */
    int64_t (*now_us)(void);
    char url[128];
    pthread_t watcher; /* opens and closes the port as the faults say; sleeps without such faults */
    bool watching;
    bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static void answer(const struct ndes_request *request, struct ndes_reply *reply, void *user)
{
    struct sim *sim = user;
    sim_site_answer(sim->site, request, reply);
}

static void on_faults_changed(void *user)
{
    struct sim *sim = user;
    pthread_mutex_lock(&sim->lock);
    pthread_cond_signal(&sim->wake);
    pthread_mutex_unlock(&sim->lock);
}

static void forget(void *session, void *user)
{
    const struct sim *sim = user;
    logon_forget(sim->logon, session);
}

static struct timespec next_look(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    return until;
}

/* Sleeps until there is something to watch, and then for one turn: who switched the port off gets the answer. True: time to
 * end. */
static bool pause_watching(struct sim *sim)
{
    pthread_mutex_lock(&sim->lock);
    while (!sim->stopping && !faults_have_transport(sim->faults))
        pthread_cond_wait(&sim->wake, &sim->lock);
    struct timespec until = next_look();
    int rc = 0;
    while (!sim->stopping && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&sim->wake, &sim->lock, &until);
    bool stopping = sim->stopping;
    pthread_mutex_unlock(&sim->lock);
    return stopping;
}

/* What fails here (somebody took the port while it was closed) is tried again at the next turn. */
static void set_transport(struct sim *sim)
{
    struct err ignored = {0};
    struct ndes_transport transport = faults_transport(sim->faults, sim->now_us());
    if (sim->mode == NDES_PROXY && transport.mdm_only)
        transport.network = NDES_NETWORK_OPEN; /* devices reach the MDM; what is behind it the site knows */
    sim_listener_set_transport(sim->listener, &transport, &ignored);
}

static void *watch(void *user)
{
    struct sim *sim = user;
    while (!pause_watching(sim))
        set_transport(sim);
    return NULL;
}

/* Who is told where it listens finds the port as the faults want it, however late the thread comes to its turn. */
static bool start_watching(struct sim *sim, struct err *e)
{
    set_transport(sim);
    int rc = pthread_create(&sim->watcher, NULL, watch, sim);
    if (rc != 0)
        return err_set_errno(e, REASON_IO, rc, "cannot start a thread");
    sim->watching = true;
    return true;
}

static void stop_watching(struct sim *sim)
{
    if (!sim->watching)
        return;
    pthread_mutex_lock(&sim->lock);
    sim->stopping = true;
    pthread_cond_signal(&sim->wake);
    pthread_mutex_unlock(&sim->lock);
    pthread_join(sim->watcher, NULL);
    sim->watching = false;
}

static bool make_otp(struct sim *sim, const struct sim_config *config, struct err *e)
{
    struct ndes_otp_config otp = {
        .max = config->otp_cache,
        .validity_us = config->otp_validity_us,
        .bytes = config->otp_bytes,
        .fixed = config->static_password,
        .single = config->otp_static,
    };
    return ndes_otp_new(&otp, &sim->otp, e);
}

#define CHALLENGES_MAX 100000 /* of an MDM, outstanding */

/* The proxy keeps its challenges as NDES keeps its passwords: one for all, or one-time. */
static bool make_challenges(struct sim *sim, const struct sim_config *config, struct err *e)
{
    struct ndes_otp_config challenges = {
        .max = CHALLENGES_MAX,
        .validity_us = config->otp_validity_us,
        .bytes = 16,
        .fixed = config->challenge != NULL ? (const char *)secret_value(config->challenge).data : NULL,
    };
    return config->policy->mode != NDES_PROXY || ndes_otp_new(&challenges, &sim->challenges, e);
}

static bool make_stations(struct sim *sim, const struct sim_config *config, struct err *e)
{
    for (size_t i = 0; i < config->latency_count; i++) {
        struct err why = {0};
        if (!sim_latency_parse(config->latencies[i], &sim->latencies, &why))
            return err_set(e, STAGE_SETUP, why.reason, "latency '%.60s': %s", config->latencies[i], why.text);
    }
    return sim_stations_new(&sim->latencies, &sim->stations, e);
}

static bool make_gss(struct sim *sim, const struct sim_config *config, struct err *e)
{
    const struct logon_gss_config gss = {
        .schemes = config->schemes,
        .accounts = sim->accounts,
        .keytab = config->keytab,
        .service = config->service,
    };
    bool tokens = (config->schemes & (NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM)) != 0;
    return !tokens || config->policy->mode == NDES_PROXY || logon_gss_new(&gss, &sim->gss, e);
}

static bool make_logon(struct sim *sim, const struct sim_config *config, struct err *e)
{
    if (!logon_accounts_new(config->accounts, config->account_count, config->lock_after, &sim->accounts, e) ||
        !make_gss(sim, config, e))
        return false;
    const struct logon_config logon = {
        .schemes = config->schemes,
        .accounts = sim->accounts,
        .acceptor = sim->gss != NULL ? logon_gss_acceptor(sim->gss) : NULL,
    };
    return logon_new(&logon, &sim->logon, e);
}

static bool make_ca(struct sim *sim, const struct sim_config *config, struct err *e)
{
    struct ndes_ca_spec ca = {
        .policy = *config->policy,
        .identity = sim->identity,
        .otp = sim->otp,
        .challenges = sim->challenges,
    };
    return ndes_ca_new(&ca, &sim->ca, e);
}

static void record(const struct ndes_request *request, const struct ndes_reply *reply, void *user)
{
    const struct sim *sim = user;
    recorder_answer(sim->recorder, request, reply);
}

static void note_restart(int64_t now_us, void *user)
{
    const struct sim *sim = user;
    recorder_restarted(sim->recorder, now_us);
}

static bool flush_logs(void *user)
{
    const struct sim *sim = user;
    struct err ignored = {0}; /* told before */
    return recorder_flush(sim->recorder, &ignored);
}

static void tell_failure(const struct err *e, void *user)
{
    const struct sim *sim = user;
    if (sim->logs_failed != NULL)
        sim->logs_failed(e);
}

/* Before anybody is served, and after everything that logs speak of is there. */
static bool make_recorder(struct sim *sim, const struct sim_config *config, struct err *e)
{
    if (config->logs == NULL)
        return true;
    sim->logs_failed = config->logs_failed;
    if (config->tls &&
        !pki_cert_from_pem(buf_span(&sim->web.chain_pem[NDES_WEB_CERT_SOUND]), &sim->web_cert, e))
        return false;
    const struct recorder_config recorder = {
        .folder = config->logs,
        .state = config->state,
        .noise = config->noise,
        .seed = config->noise_seed,
        .mode = config->policy->mode,
        .identity = sim->identity,
        .faults = sim->faults,
        .web = sim->web_cert,
        .address = sim->port.host,
        .port = sim_port_number(&sim->port),
        .otp_user = config->account_count > 0 ? config->accounts[0].name : NULL,
        .otp_max = config->otp_cache,
        .otp_validity_us = config->otp_validity_us,
        .otp_static = config->otp_static || config->static_password != NULL,
        .now_us = sim->now_us,
        .failed = tell_failure,
        .user = sim,
    };
    return recorder_start(&recorder, &sim->recorder, e);
}

static bool make_site(struct sim *sim, const struct sim_config *config, struct err *e)
{
    struct sim_site_config site = {
        .identity = sim->identity,
        .ca = sim->ca,
        .otp = sim->otp,
        .faults = sim->faults,
        .logon = sim->logon,
        .stations = sim->stations,
        .otp_max = config->otp_cache,
        .otp_validity_us = config->otp_validity_us,
        .otp_fixed = config->otp_static || config->static_password != NULL,
        .caps = config->caps != NULL ? config->caps : ndes_policy_caps(config->policy),
        .iis = config->iis,
        .mode = config->policy->mode,
        .challenges = sim->challenges,
        .challenges_fixed = config->challenge != NULL,
        .challenge_validity_us = config->otp_validity_us,
        .faults_changed = on_faults_changed,
        .record = config->logs != NULL ? record : NULL,
        .restarted = config->logs != NULL ? note_restart : NULL,
        .flush = config->logs != NULL ? flush_logs : NULL,
        .user = sim,
    };
    return sim_site_new(&site, &sim->site, e);
}

static bool make_rooms(struct sim *sim, const struct sim_config *config, struct err *e)
{
    int64_t now_s = sim->now_us() / 1000000;
    struct ndes_identity_spec identity = {
        .ca_bits = config->ca_bits,
        .ra_bits = config->ra_bits,
        .now_s = now_s,
        .next_ca = (config->policy->operations & NDES_OPERATION_GET_NEXT_CA_CERT) != 0,
    };
    return ndes_identity_new(&identity, &sim->identity, e) && make_ca(sim, config, e) &&
           make_site(sim, config, e) &&
           (!config->tls || sim_web_certs_make(sim->identity, sim->port.host, now_s, &sim->web, e));
}

static bool open_listener(struct sim *sim, const struct sim_config *config, int fd, struct err *e)
{
    struct sim_listener_config listener = {
        .web = config->tls ? &sim->web : NULL,
        .client_ca_pem = buf_text(&sim->identity->ca_pem),
        .threads = config->threads,
        .answer = answer,
        .forget = forget,
        .now_us = sim->now_us,
        .user = sim,
    };
    return sim_listener_start(&listener, &sim->port, fd, &sim->listener, e);
}

static bool check_ciphers(const struct ndes_policy *policy, struct err *e)
{
    if (!policy->reply_cipher_fixed || pki_evp_cipher(policy->reply_cipher) != NULL)
        return true;
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "replies in %s need OpenSSL's legacy provider, which does not load here",
                   pki_cipher_name(policy->reply_cipher));
}

/* The cheap things that can be wrong come before the keys are made. */
static bool start(struct sim *sim, const struct sim_config *config, struct err *e)
{
    int fd = -1;
    if (!check_ciphers(config->policy, e) ||
        !faults_parse(config->faults, config->fault_count, &sim->faults, e) ||
        !faults_check(sim->faults, config->tls, e) || !make_stations(sim, config, e) ||
        !make_logon(sim, config, e) || !make_otp(sim, config, e) || !make_challenges(sim, config, e) ||
        !sim_port_parse(config->listen, &sim->port, e) || !sim_port_bind(&sim->port, &fd, e))
        return false;
    if (!make_rooms(sim, config, e) || !make_recorder(sim, config, e)) {
        close(fd);
        return false;
    }
    sim_port_url(&sim->port, config->tls, sim->url, sizeof sim->url);
    return open_listener(sim, config, fd, e);
}

static struct sim_config with_defaults(const struct sim_config *given)
{
    struct sim_config c = *given;
    c.otp_cache = c.otp_cache != 0 ? c.otp_cache : 5;
    c.otp_validity_us = c.otp_validity_us != 0 ? c.otp_validity_us : INT64_C(3600) * 1000000;
    c.otp_bytes = c.otp_bytes != 0 ? c.otp_bytes : 8;
    c.ca_bits = c.ca_bits != 0 ? c.ca_bits : 2048;
    c.ra_bits = c.ra_bits != 0 ? c.ra_bits : 2048;
    c.policy = c.policy != NULL ? c.policy : &NDES_POLICY_DEFAULTS;
    c.now_us = c.now_us != NULL ? c.now_us : clock_wall_us;
    return c;
}

bool sim_start(const struct sim_config *config, struct sim **out, struct err *e)
{
    struct sim_config complete = with_defaults(config);
    struct sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulator");
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sim->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&sim->lock, NULL);
    sim_web_certs_init(&sim->web);
    sim->now_us = complete.now_us;
    sim->mode = complete.policy->mode;
    bool ok = start(sim, &complete, e);
    if (ok && !config->faults_wait)
        sim_start_faults(sim);
    if (!ok || !start_watching(sim, e)) {
        sim_stop(sim);
        return false;
    }
    *out = sim;
    return true;
}

bool sim_finish(struct sim *sim, struct err *e)
{
    stop_watching(sim);
    sim_listener_stop(sim->listener);
    sim->listener = NULL;
    bool ok = recorder_stop(sim->recorder, e);
    sim->recorder = NULL;
    return ok;
}

void sim_stop(struct sim *sim)
{
    struct err ignored = {0};
    if (sim == NULL)
        return;
    (void)!sim_finish(sim, &ignored);
    pki_cert_free(sim->web_cert);
    sim_site_free(sim->site);
    logon_free(sim->logon);
    logon_gss_free(sim->gss);
    logon_accounts_free(sim->accounts);
    sim_stations_free(sim->stations);
    sim_latencies_clear(&sim->latencies);
    ndes_ca_free(sim->ca);
    ndes_otp_free(sim->otp);
    ndes_otp_free(sim->challenges);
    faults_free(sim->faults);
    ndes_identity_free(sim->identity);
    sim_web_certs_clear(&sim->web);
    pthread_cond_destroy(&sim->wake);
    pthread_mutex_destroy(&sim->lock);
    free(sim);
}

const char *sim_url(const struct sim *sim)
{
    return sim->url;
}

void sim_start_faults(struct sim *sim)
{
    faults_start(sim->faults, sim->now_us());
}

bool sim_is_loopback(const struct sim *sim)
{
    return sim_port_is_loopback(&sim->port);
}

bool sim_ca_pem(const struct sim *sim, struct buf *out, struct err *e)
{
    buf_append_span(out, buf_span(&sim->identity->ca_pem));
    return buf_ok(out, STAGE_SETUP, e);
}
