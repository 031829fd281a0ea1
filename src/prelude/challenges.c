#include "prelude/challenges.h"

#include "base/clock.h"
#include "base/text.h"
#include "http/http.h"
#include "http/kerberos.h"

#include <curl/curl.h>
#include <stdarg.h>

#define MAX_URL 8192

static bool is_fetched(enum challenge_source source)
{
    return source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_HTTP || source == CHALLENGE_INTUNE;
}

/* ---- where ---- */

static bool find_url(struct prelude_challenges *c, const struct scenario *s, const char *scep_url,
                     const struct prelude_sim *sim, struct err *e)
{
    const char *path = scenario_sim_challenge_path(s);
    if (!is_fetched(s->challenge.source))
        return true;
    if (s->challenge.url != NULL)
        buf_append_text(&c->url, s->challenge.url);
    else if (sim != NULL && path != NULL)
        buf_appendf(&c->url, "%s%s", sim->url, path);
    else if (!challenge_admin_url(scep_url, &c->url, e))
        return false;
    if (buf_text(&c->url) == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "challenge.url is too long");
    return true;
}

/* ---- as whom ---- */

/* The simulator made up its own account; whatever is fetched elsewhere has the scenario's. */
static bool find_secret(struct prelude_challenges *c, const struct scenario *s, const struct prelude_sim *sim,
                        struct err *e)
{
    enum challenge_source source = s->challenge.source;
    bool of_sim = sim != NULL && s->challenge.url == NULL &&
                  (source == CHALLENGE_MSCEP_ADMIN || source == CHALLENGE_STATIC);
    if (of_sim) {
        c->user =
            source == CHALLENGE_MSCEP_ADMIN && s->challenge.auth != CHALLENGE_AUTH_NONE ? sim->user : NULL;
        c->secret = sim->password;
        return true;
    }
    c->user = s->challenge.auth != CHALLENGE_AUTH_NONE ? s->challenge.user : NULL;
    if (!challenge_secret(&s->challenge, &c->own, e))
        return false;
    c->secret = c->own;
    return true;
}

/* A libcurl without the scheme would send no logon at all, and every device would fail for a reason that is none. */
static bool check_scheme(enum challenge_auth auth, struct err *e)
{
    static const struct {
        enum http_auth http;
        const char *name, *without;
    } schemes[] = {
        [CHALLENGE_AUTH_NONE] = {HTTP_AUTH_NONE, "", ""},
        [CHALLENGE_AUTH_BASIC] = {HTTP_AUTH_BASIC, "Basic", ""},
        [CHALLENGE_AUTH_NTLM] = {HTTP_AUTH_NTLM, "NTLM", "install Debian's libcurl4, or use auth: negotiate"},
        [CHALLENGE_AUTH_NEGOTIATE] = {HTTP_AUTH_NEGOTIATE, "Negotiate (Kerberos)",
                                      "install Debian's libcurl4, or use auth: ntlm"},
        [CHALLENGE_AUTH_ANY] = {HTTP_AUTH_NONE, "", ""},
    };
    const char *version = curl_version_info(CURLVERSION_NOW)->version;
    if (auth == CHALLENGE_AUTH_ANY)
        return http_can(HTTP_AUTH_NTLM) || http_can(HTTP_AUTH_NEGOTIATE) ||
               err_set(e, STAGE_SETUP, REASON_USAGE,
                       "this libcurl (%s) was built without NTLM and Negotiate, which the OTP page asks for: "
                       "install Debian's libcurl4",
                       version);
    return http_can(schemes[auth].http) ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "this libcurl (%s) was built without %s: %s", version,
                   schemes[auth].name, schemes[auth].without);
}

/* ---- tickets ---- */

/* With `any` Kerberos is tried where it has a chance: "svc@EXAMPLE.COM" names a realm, 'EXAMPLE\svc' does not. */
static bool wants_tickets(const struct prelude_challenges *c, const struct challenge_config *config)
{
    if (config->auth == CHALLENGE_AUTH_NEGOTIATE)
        return true;
    if (config->auth != CHALLENGE_AUTH_ANY || !http_can(HTTP_AUTH_NEGOTIATE))
        return false;
    return config->keytab != NULL || config->ticket_cache != NULL ||
           (c->user != NULL && strchr(c->user, '@') != NULL);
}

/* With `any`, NTLM is left when there are no tickets. A password that the KDC refused would only be refused again, and count once more. */
static bool get_tickets(struct prelude_challenges *c, const struct challenge_config *config, struct err *e)
{
    const char *url = buf_text(&c->url);
    const struct http_kerberos want = {
        .url = url,
        .user = c->user,
        .password = config->keytab == NULL && config->ticket_cache == NULL ? c->secret : NULL,
        .keytab = config->keytab,
        .ticket_cache = config->ticket_cache,
    };
    struct err why = {0};
    if (!wants_tickets(c, config))
        return true;
    c->tickets = http_kerberos_prepare(&want, &c->tickets_end_s, &why);
    bool may_go_on = config->auth == CHALLENGE_AUTH_ANY && why.reason == REASON_OTP_TICKET &&
                     c->user != NULL && c->secret != NULL;
    if (c->tickets || may_go_on)
        return true;
    *e = why;
    return false;
}

/* ---- all of it ---- */

bool prelude_challenges_open(struct prelude_challenges *c, const struct scenario *scenario,
                             const char *scep_url, const struct prelude_sim *sim, struct err *e)
{
    const struct challenge_config *config = &scenario->challenge;
    *c = (struct prelude_challenges){0};
    buf_init(&c->url, MAX_URL);
    if (!find_url(c, scenario, scep_url, sim, e) || !find_secret(c, scenario, sim, e))
        return false;
    if (is_fetched(config->source) && (!check_scheme(config->auth, e) || !get_tickets(c, config, e)))
        return false;
    return config->source != CHALLENGE_FILE || challenge_list_open(config, &c->list, e);
}

void prelude_challenges_close(struct prelude_challenges *c)
{
    challenge_list_close(c->list);
    secret_free(c->own);
    buf_clear(&c->url);
    *c = (struct prelude_challenges){0};
}

static void say(struct prelude_challenges *c, const char *command, const char *format, ...) PRINTF_LIKE(3, 4);
static void say(struct prelude_challenges *c, const char *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(c->note, sizeof c->note, format, values);
    va_end(values);
    fprintf(stderr, "scepstorm %s: %s\n", command, c->note);
}

static void warn_of_passwords(struct prelude_challenges *c, const char *command, uint64_t devices)
{
    uint64_t left = c->list != NULL ? challenge_list_left(c->list) : UINT64_MAX;
    if (left < devices)
        say(c, command,
            "challenge.file has %llu unused passwords for %llu devices: the others will stay unsent "
            "(otp_exhausted)",
            (unsigned long long)left, (unsigned long long)devices);
}

static void warn_of_tickets(struct prelude_challenges *c, const char *command, int64_t load_us)
{
    char end[32];
    if (!c->tickets || c->tickets_end_s >= (clock_wall_us() + load_us) / 1000000)
        return;
    text_utc(c->tickets_end_s * 1000000, end, sizeof end);
    say(c, command, "the Kerberos tickets end at %s, before the load does: logons will fail from then on",
        end);
}

void prelude_challenges_warn(struct prelude_challenges *c, const char *command, uint64_t devices,
                             int64_t load_us)
{
    warn_of_passwords(c, command, devices);
    warn_of_tickets(c, command, load_us);
}

bool prelude_challenges_count(const struct scenario *scenario)
{
    return scenario->challenge.source != CHALLENGE_NONE && scenario->challenge.source != CHALLENGE_STATIC;
}

void prelude_challenges_configure(const struct prelude_challenges *c, struct engine_config *config)
{
    config->admin_url = c->url.len > 0 ? (const char *)c->url.data : NULL;
    config->user = c->user;
    config->secret = c->secret;
    config->tickets = c->tickets;
    config->passwords = c->list;
}
