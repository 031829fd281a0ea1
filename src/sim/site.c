#include "sim/site.h"

#include "ndes/filter.h"
#include "ndes/front.h"
#include "ndes/notes.h"
#include "ndes/url.h"
#include "sim/mint.h"
#include "sim/switch.h"

#include <stdatomic.h>

#define CAPS_MAX     1024
#define SERVER_PROXY "scepstorm-mdm"
#define SERVER_IIS   "Microsoft-IIS/10.0"

struct sim_site {
    struct sim_site_config config;
    char server[32];         /* the Server header of another IIS; "": SERVER_IIS */
    struct buf caps;         /* the body of GetCACaps */
    _Atomic size_t restarts; /* of the application pool, seen so far */
    _Atomic bool started;    /* a new worker process has not answered yet */
    _Atomic unsigned crashes;
};

/* One word per line, CRLF after each, also after the last (A.3). */
static bool make_caps(const char *words, struct buf *out, struct err *e)
{
    for (const char *word = words; word != NULL;) {
        const char *comma = strchr(word, ',');
        size_t len = comma != NULL ? (size_t)(comma - word) : strlen(word);
        for (size_t i = 0; i < len; i++) {
            if (word[i] <= ' ' || word[i] > '~')
                return err_set(e, STAGE_SETUP, REASON_USAGE,
                               "capabilities are words like AES,SHA-256, without blanks");
        }
        if (len > 0) {
            buf_append(out, word, len);
            buf_append_text(out, "\r\n");
        }
        word = comma != NULL ? comma + 1 : NULL;
    }
    return buf_ok(out, STAGE_SETUP, e);
}

bool sim_site_new(const struct sim_site_config *config, struct sim_site **out, struct err *e)
{
    struct sim_site *site = calloc(1, sizeof *site);
    if (site == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated site");
    site->config = *config;
    if (config->iis != NULL)
        snprintf(site->server, sizeof site->server, "Microsoft-IIS/%s", config->iis);
    atomic_init(&site->restarts, 0);
    atomic_init(&site->started, true);
    atomic_init(&site->crashes, 0);
    buf_init(&site->caps, CAPS_MAX);
    if (!make_caps(config->caps, &site->caps, e)) {
        sim_site_free(site);
        return false;
    }
    *out = site;
    return true;
}

void sim_site_free(struct sim_site *site)
{
    if (site == NULL)
        return;
    buf_clear(&site->caps);
    free(site);
}

static bool ok_reply(const char *content_type, struct span body, struct ndes_reply *reply)
{
    reply->status = 200;
    reply->server = SERVER_IIS;
    reply->content_type = content_type;
    return buf_append_span(&reply->body, body);
}

static bool answer_ca_certs(const struct sim_site *site, const struct ndes_effects *effects,
                            struct ndes_reply *reply)
{
    struct err e = {0};
    const struct ndes_identity *id = ndes_ca_identity(site->config.ca, effects, &e);
    return id != NULL && ok_reply("application/x-x509-ca-ra-cert", buf_span(&id->ca_certs), reply);
}

/* What the page says about itself: as configured, unless a fault changes that. */
static struct ndes_otp_page_facts otp_facts(const struct sim_site *site, const struct ndes_effects *effects)
{
    struct err e = {0};
    const struct ndes_identity *id = ndes_ca_identity(site->config.ca, effects, &e);
    const struct ndes_otp_twist *twist = &effects->otp;
    int64_t validity_us = twist->validity_set ? twist->validity_us : site->config.otp_validity_us;
    return (struct ndes_otp_page_facts){
        .language = effects->language,
        .thumbprint = id != NULL ? id->ca_thumbprint : "",
        .fixed = site->config.otp_fixed || twist->fixed,
        .validity_min = (validity_us + 59999999) / 60000000,
        .cache_max = twist->max > 0 ? twist->max : site->config.otp_max,
    };
}

static bool answer_otp(struct sim_site *site, const struct ndes_effects *effects, int64_t now_us,
                       struct ndes_reply *reply)
{
    char password[NDES_OTP_TEXT_BYTES] = "";
    struct ndes_otp_page_facts facts = otp_facts(site, effects);
    enum ndes_otp_page page = effects->otp_page;
    struct err e = {0};
    facts.password = password;
    if (!effects->otp_page_replaced) {
        if (!ndes_otp_issue_twisted(site->config.otp, &effects->otp, now_us, password, &e))
            return false;
        page = password[0] != '\0' ? NDES_OTP_PAGE_PASSWORD : NDES_OTP_PAGE_CACHE_FULL;
    }
    if (page == NDES_OTP_PAGE_NO_PERMISSION)
        ndes_note_no_permission(reply);
    ndes_page_otp(page, &facts, reply);
    explicit_bzero(password, sizeof password);
    return !reply->body.failed;
}

/* The message is the body of a POST, or message= of a GET. What is no base64 is as good as garbage. */
static bool answer_pki(struct sim_site *site, const struct ndes_request *request, const struct ndes_url *url,
                       const struct ndes_effects *effects, struct ndes_reply *reply)
{
    struct err e = {0};
    if (strcmp(request->method, "POST") == 0)
        return ndes_ca_answer(site->config.ca, request->body, effects, request->now_us, reply, &e);
    struct buf message;
    buf_init(&message, BYTES_MAX_MESSAGE);
    bool ok = true;
    if (ndes_url_message(url->message, &message, &e))
        ok = ndes_ca_answer(site->config.ca, buf_span(&message), effects, request->now_us, reply, &e);
    else
        ok = ndes_ca_refuse_unread(NDES_UNREAD_HTTP, effects, reply, &e);
    buf_clear(&message);
    return ok;
}

static bool answer_operation(struct sim_site *site, const struct ndes_request *request,
                             const struct ndes_url *url, const struct ndes_effects *effects,
                             struct ndes_reply *reply)
{
    switch (url->operation) {
    case NDES_OP_GET_CA_CAPS: /* no Content-Type (A.3) */
        return ok_reply(NULL, effects->caps != NULL ? span_of_text(effects->caps) : buf_span(&site->caps),
                        reply);
    case NDES_OP_GET_CA_CERT:
        return answer_ca_certs(site, effects, reply);
    case NDES_OP_PKI_OPERATION:
        return answer_pki(site, request, url, effects, reply);
    case NDES_OP_OTP:
        return answer_otp(site, effects, request->now_us, reply);
    case NDES_OP_GET_NEXT_CA_CERT:
        return ok_reply("application/x-x509-next-ca-cert", buf_span(&site->config.identity->next_ca), reply);
    case NDES_OP_BARE:
    case NDES_OP_COUNT:
        break;
    }
    ndes_page_info(reply);
    return !reply->body.failed;
}

static bool is_admin(const struct ndes_url *url)
{
    return url->place == NDES_PLACE_ADMIN || url->place == NDES_PLACE_ADMIN_NO_SLASH;
}

/* The Host header goes into an absolute URL when it looks like one; else the URL stays relative. */
static void answer_moved(const struct ndes_request *request, const char *path, struct ndes_reply *reply)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    char location[NDES_LOCATION_BYTES];
    const char *host = request->host != NULL ? request->host : "";
    bool plain = host[0] != '\0' && strlen(host) <= 255 && strspn(host, allowed) == strlen(host);
    snprintf(location, sizeof location, "%s%s%s",
             !plain         ? ""
             : request->tls ? "https://"
                            : "http://",
             plain ? host : "", path);
    ndes_page_moved(location, reply);
}

/* The worker process ends: passwords, logons and requests are forgotten (C, F.2.3). */
static void forget(struct sim_site *site, int64_t now_us)
{
    ndes_otp_restart(site->config.otp);
    if (site->config.logon != NULL)
        logon_restart(site->config.logon);
    ndes_ca_restart(site->config.ca, now_us);
    atomic_store(&site->started, true);
}

/* The application pool starts anew, whoever or whatever did it. */
static void restart(struct sim_site *site, int64_t now_us)
{
    forget(site, now_us);
    atomic_store(&site->crashes, 0);
    faults_note_restart(site->config.faults, now_us);
}

static bool is_beside(enum ndes_place place)
{
    return place == NDES_PLACE_INTUNE_MINT || place == NDES_PLACE_PROXY_CHALLENGE ||
           place == NDES_PLACE_RESTART || place == NDES_PLACE_FLUSH;
}

static bool serves(const struct sim_site_config *c, enum ndes_place place)
{
    return place == NDES_PLACE_RESTART || (place == NDES_PLACE_FLUSH && c->flush != NULL) ||
           (place == NDES_PLACE_INTUNE_MINT && c->mode == NDES_INTUNE) ||
           (place == NDES_PLACE_PROXY_CHALLENGE && c->mode == NDES_PROXY && !c->challenges_fixed);
}

static void flush(const struct sim_site_config *c, struct ndes_reply *reply)
{
    if (c->flush(c->user))
        ok_reply("text/plain", span_of_text("flushed\r\n"), reply);
    else
        ndes_page_error(NDES_ERROR_IIS_500, reply);
}

/* What is done beside the server is for this machine only; what changes the server, for nobody's web page. */
static bool may(const struct ndes_request *request, enum ndes_place place)
{
    bool changes = place == NDES_PLACE_RESTART || place == NDES_PLACE_FLUSH;
    return request->local && !(changes && request->of_page);
}

static bool answer_beside(struct sim_site *site, const struct ndes_request *request, enum ndes_place place,
                          struct ndes_reply *reply)
{
    const struct sim_site_config *c = &site->config;
    if (!serves(c, place))
        ndes_page_error(NDES_ERROR_IIS_404, reply);
    else if (!may(request, place))
        ndes_page_error(NDES_ERROR_IIS_403, reply);
    else if (strcmp(request->method, "POST") != 0)
        ndes_page_error(NDES_ERROR_IIS_405, reply);
    else if (request->body_too_large)
        ndes_page_error(NDES_ERROR_IIS_413, reply);
    else if (place == NDES_PLACE_INTUNE_MINT)
        sim_mint_intune(c->identity, request->body, request->now_us, reply);
    else if (place == NDES_PLACE_PROXY_CHALLENGE)
        sim_mint_proxy(c->challenges, c->challenge_validity_us, request->now_us, reply);
    else if (place == NDES_PLACE_FLUSH)
        flush(c, reply);
    else {
        restart(site, request->now_us);
        if (c->restarted != NULL)
            c->restarted(request->now_us, c->user);
        ok_reply("text/plain", span_of_text("restarted\r\n"), reply);
    }
    return !reply->body.failed;
}

/* The Intune module closes the information page and the OTP page (A.2, A.6); the latter is inferred. */
static void close_pages(struct ndes_effects *effects)
{
    if (effects->module_missing)
        return;
    effects->at[NDES_OP_BARE] = NDES_ERROR_IIS_403;
    effects->at[NDES_OP_OTP] = NDES_ERROR_IIS_403;
}

/* Certificates that a proxy does not enroll with. Of new ones it has not heard: it uses its copy of the old ones. */
static bool is_unfit(enum ndes_guise guise)
{
    return guise == NDES_GUISE_RA_AGED || guise == NDES_GUISE_RA_OF_OTHER_CA ||
           guise == NDES_GUISE_RA_OF_OLD_CA || guise == NDES_GUISE_CA_AGED;
}

/* The proxy fetches the passwords: what keeps it from the page keeps everybody from a certificate. */
static bool is_broken_behind(const struct ndes_effects *effects)
{
    const enum ndes_error_page pages[] = {
        effects->kernel,
        effects->iis,
        effects->post,
        effects->extension,
        effects->at[NDES_OP_PKI_OPERATION],
        effects->before_logon[NDES_OP_PKI_OPERATION],
        effects->kernel_at[NDES_OP_PKI_OPERATION],
        effects->at[NDES_OP_OTP],
        effects->before_logon[NDES_OP_OTP],
        effects->kernel_at[NDES_OP_OTP],
        effects->otp_folder,
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (pages[i] != NDES_ERROR_NONE)
            return true;
    }
    return effects->crashes > 0 || effects->transport.mdm_only || effects->logon_everywhere ||
           effects->logon_status != 0 || is_unfit(effects->guise);
}

/* Behind a proxy NDES is seen through the proxy only: whatever page it answers with, and expired RA certificates, become
 * a failed PKIOperation. The proxy shows its own certificates, and no OTP page. Inferred. */
static void step_behind(struct ndes_effects *effects)
{
    bool broken = is_broken_behind(effects);
    effects->kernel = effects->iis = effects->post = effects->extension = NDES_ERROR_NONE;
    effects->otp_folder = NDES_ERROR_NONE;
    effects->crashes = 0;
    effects->logon_everywhere = false;
    effects->guise = NDES_GUISE_OWN;
    memset(effects->at, 0, sizeof effects->at);
    memset(effects->before_logon, 0, sizeof effects->before_logon);
    memset(effects->kernel_at, 0, sizeof effects->kernel_at);
    effects->at[NDES_OP_OTP] = NDES_ERROR_IIS_404;
    effects->at[NDES_OP_PKI_OPERATION] = broken ? NDES_ERROR_BAD_GATEWAY : NDES_ERROR_NONE;
}

static void apply_mode(enum ndes_mode mode, struct ndes_effects *effects)
{
    switch (mode) {
    case NDES_STANDALONE:
        break;
    case NDES_INTUNE:
        close_pages(effects);
        break;
    case NDES_PROXY:
        step_behind(effects);
        break;
    }
}

/* Who may not enroll is told so by the page; whatever else was to be on it. */
static enum ndes_error_page refused_by_logon(const struct sim_site *site, const struct ndes_request *request,
                                             struct ndes_effects *effects, struct ndes_reply *reply)
{
    if (site->config.logon == NULL)
        return NDES_ERROR_NONE;
    switch (logon_check(site->config.logon, request, effects, reply)) {
    case LOGON_WELCOME:
        return NDES_ERROR_NONE;
    case LOGON_NO_ENROLL:
        effects->otp_page_replaced = true;
        effects->otp_page = NDES_OTP_PAGE_NO_PERMISSION;
        return NDES_ERROR_NONE;
    case LOGON_CONTINUE:
        return NDES_ERROR_KERNEL_401;
    case LOGON_REFUSED:
        break;
    }
    return NDES_ERROR_IIS_401;
}

/* Devices have nothing to log on with. What the folder of devices offers is Windows authentication. */
static enum ndes_error_page refused_without_logon(const struct sim_site *site,
                                                  const struct ndes_request *request,
                                                  const struct ndes_effects *effects,
                                                  struct ndes_reply *reply)
{
    struct ndes_effects as_installed = *effects;
    as_installed.schemes = NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM;
    return refused_by_logon(site, request, &as_installed, reply);
}

static enum ndes_error_page refused_by_site(const struct sim_site *site, const struct ndes_request *request,
                                            const struct ndes_url *url, struct ndes_effects *effects,
                                            struct ndes_reply *reply)
{
    enum ndes_error_page error = ndes_filter_iis(request, url, effects);
    if (error == NDES_ERROR_NONE)
        error = effects->iis != NDES_ERROR_NONE ? effects->iis : effects->before_logon[url->operation];
    if (error != NDES_ERROR_NONE || site->config.mode == NDES_PROXY)
        return error;
    if (is_admin(url))
        return refused_by_logon(site, request, effects, reply);
    return effects->logon_everywhere ? refused_without_logon(site, request, effects, reply) : NDES_ERROR_NONE;
}

/* The worker process dies of each request, until WAS starts no other (rapid-fail protection, D). */
static enum ndes_error_page refused_by_crash(struct sim_site *site, const struct ndes_request *request,
                                             const struct ndes_effects *effects, struct ndes_reply *reply)
{
    if (effects->crashes == 0) {
        atomic_store(&site->crashes, 0);
        return NDES_ERROR_NONE;
    }
    unsigned before = atomic_load(&site->crashes);
    do {
        if (before >= effects->crashes)
            return NDES_ERROR_KERNEL_UNAVAILABLE;
    } while (!atomic_compare_exchange_weak(&site->crashes, &before, before + 1));
    forget(site, request->now_us);
    reply->crashed = true;
    reply->pool_disabled = before + 1 == effects->crashes;
    return effects->crash_page;
}

/* What HTTP.sys and IIS say when too many wait; substatus as IIS logs it (500.13). */
static enum ndes_error_page refuse_full(bool by_iis, struct ndes_effects *effects)
{
    effects->httperr = by_iis ? effects->httperr : "QueueFull";
    effects->substatus = by_iis ? 13 : effects->substatus;
    return by_iis ? NDES_ERROR_IIS_500 : NDES_ERROR_KERNEL_UNAVAILABLE;
}

/* The queue of the application pool, in front of everything that IIS does. */
static enum ndes_error_page refused_by_queue(const struct sim_site *site, const struct ndes_request *request,
                                             struct ndes_effects *effects, struct ndes_reply *reply)
{
    if (site->config.stations == NULL)
        return NDES_ERROR_NONE;
    struct sim_visit visit = sim_stations_queue(site->config.stations, request->monotonic_us, effects);
    reply->delay_us += visit.wait_us + visit.service_us;
    if (!visit.queue_full)
        return NDES_ERROR_NONE;
    enum ndes_error_page page = refuse_full(effects->queue.by_iis, effects);
    if (!effects->queue.by_503)
        return page;
    effects->substatus = 2;
    return NDES_ERROR_IIS_503;
}

/* The answer is made now and leaves when its turn would have come. */
static enum ndes_error_page refused_by_station(const struct sim_site *site,
                                               const struct ndes_request *request, const struct ndes_url *url,
                                               struct ndes_effects *effects, struct ndes_reply *reply)
{
    if (site->config.stations == NULL)
        return NDES_ERROR_NONE;
    struct sim_visit visit =
        sim_stations_enter(site->config.stations, url->operation, request->monotonic_us, effects);
    reply->delay_us += visit.wait_us + visit.service_us;
    if (visit.queue_full)
        return refuse_full(false, effects);
    if (visit.answer != NULL && visit.answer->page == NDES_ERROR_NONE)
        effects->ca = *visit.answer;
    return visit.answer != NULL ? visit.answer->page : NDES_ERROR_NONE;
}

/* mscep.dll, or what stands where it should be. */
static enum ndes_error_page refused_by_extension(const struct ndes_url *url,
                                                 const struct ndes_effects *effects)
{
    if (is_admin(url) && url->folder && effects->otp_folder != NDES_ERROR_NONE)
        return effects->otp_folder;
    return effects->extension != NDES_ERROR_NONE ? effects->extension : effects->at[url->operation];
}

/* Everything that can keep a request from its operation, in the order of the layers: kernel, worker process, IIS,
 * authentication, the extension. */
static enum ndes_error_page refused(struct sim_site *site, const struct ndes_request *request,
                                    const struct ndes_url *url, struct ndes_effects *effects,
                                    struct ndes_reply *reply)
{
    enum ndes_error_page error = ndes_filter_kernel(request, url, effects);
    if (error == NDES_ERROR_NONE)
        error = refused_by_queue(site, request, effects, reply);
    if (error == NDES_ERROR_NONE)
        error = refused_by_crash(site, request, effects, reply);
    return error == NDES_ERROR_NONE ? refused_by_site(site, request, url, effects, reply) : error;
}

/* The page, and what the server's logs say about it. */
static bool answer_error(enum ndes_error_page error, const struct ndes_effects *effects,
                         struct ndes_reply *reply)
{
    ndes_page_error(error, reply);
    if (reply->crashed) {
        reply->layer = NDES_LAYER_KERNEL;
        reply->httperr = "Connection_Abandoned_By_AppPool";
    } else if (reply->layer == NDES_LAYER_KERNEL && effects->httperr != NULL) {
        reply->httperr = effects->httperr;
    } else if (reply->layer == NDES_LAYER_IIS && reply->substatus == 0 && reply->win32 == 0) {
        reply->substatus = effects->substatus;
        reply->win32 = effects->win32;
    }
    return !reply->body.failed;
}

static bool answer(struct sim_site *site, const struct ndes_request *request, const struct ndes_url *url,
                   struct ndes_effects *effects, struct ndes_reply *reply)
{
    if (is_beside(url->place))
        return answer_beside(site, request, url->place, reply);
    enum ndes_error_page error = refused(site, request, url, effects, reply);
    bool moved = url->place == NDES_PLACE_MSCEP_NO_SLASH || url->place == NDES_PLACE_ADMIN_NO_SLASH;
    if (error == NDES_ERROR_NONE && moved) {
        answer_moved(request, is_admin(url) ? "/certsrv/mscep_admin/" : "/certsrv/mscep/", reply);
        return !reply->body.failed;
    }
    if (error == NDES_ERROR_NONE)
        error = refused_by_extension(url, effects);
    if (error == NDES_ERROR_NONE)
        error = refused_by_station(site, request, url, effects, reply);
    if (error != NDES_ERROR_NONE)
        return answer_error(error, effects, reply);
    if (atomic_exchange(&site->started, false))
        reply->delay_us += effects->slow_start_us;
    return answer_operation(site, request, url, effects, reply);
}

/* A fault whose end took a restart of the application pool has emptied the password cache and forgotten requests.
 * Threads arrive here in any order: the count only rises, and who raises it does the forgetting. */
static void notice_restarts(struct sim_site *site, int64_t now_us)
{
    size_t restarts = faults_restarts(site->config.faults, now_us);
    size_t seen = atomic_load(&site->restarts);
    while (seen < restarts) {
        if (!atomic_compare_exchange_weak(&site->restarts, &seen, restarts))
            continue;
        restart(site, now_us);
        return;
    }
}

/* The request as it gets to the server, and the server's answer. */
static void answer_passed(struct sim_site *site, const struct ndes_request *request,
                          struct ndes_effects *effects, struct ndes_reply *reply)
{
    struct ndes_url url = ndes_url_parse(request->target);
    apply_mode(site->config.mode, effects);
    if (url.operation == NDES_OP_GET_NEXT_CA_CERT && site->config.identity->next_ca.len == 0)
        url.operation = NDES_OP_BARE; /* a word that it does not know */
    if (!answer(site, request, &url, effects, reply)) {
        buf_wipe(&reply->body);
        ndes_reply_init(reply);
        ndes_page_error(NDES_ERROR_IIS_500, reply);
    }
    if (reply->status != 401) /* a logon is no operation yet */
        reply->delay_us += effects->delay_us[url.operation];
    reply->bitten = effects->bitten;
    reply->node = effects->node;
    if (site->config.record != NULL)
        site->config.record(request, reply, site->config.user);
    if (site->config.mode == NDES_PROXY)
        reply->server = SERVER_PROXY;
    else if (site->server[0] != '\0' && reply->server != NULL && strcmp(reply->server, SERVER_IIS) == 0)
        reply->server = site->server;
    ndes_front_returns(url.operation, effects, reply);
}

/* True: that was all; no fault has a say in it. */
static bool answer_switch(const struct sim_site *site, const struct ndes_request *request,
                          struct ndes_reply *reply)
{
    const struct sim_site_config *c = &site->config;
    if (ndes_url_parse(request->target).place != NDES_PLACE_FAULTS)
        return false;
    if (sim_switch_answer(c->faults, request, reply) && c->faults_changed != NULL)
        c->faults_changed(c->user);
    return true;
}

/* Which of the servers behind the address: all requests of a connection reach the same. */
static unsigned node_of(const struct ndes_request *request, const struct ndes_effects *effects)
{
    return effects->nodes > 1 ? (unsigned)((request->connection ^ request->connection >> 32) % effects->nodes)
                              : 0;
}

void sim_site_answer(struct sim_site *site, const struct ndes_request *request, struct ndes_reply *reply)
{
    ndes_reply_init(reply);
    if (answer_switch(site, request, reply))
        return;
    notice_restarts(site, request->now_us);
    struct ndes_effects effects = {0};
    faults_effects(site->config.faults, request->now_us, request->connection, &effects);
    effects.node = effects.otp.node = node_of(request, &effects);
    bool beside = is_beside(ndes_url_parse(request->target).place);
    struct ndes_request passed = beside ? *request : ndes_front_passes(request, &effects);
    passed.now_us += effects.clock_us;
    if (beside || !ndes_front_answers(request, &effects, reply))
        answer_passed(site, &passed, &effects, reply);
    reply->node = effects.node;
    reply->clock_us = effects.clock_us;
}
