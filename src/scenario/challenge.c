/* Rules about `challenge`: which source takes which key, who may see the secret, and what follows from what is left out. */
#include "scenario/check.h"
#include "scenario/url.h"

#include <strings.h>

#define MINUTE_US        INT64_C(60000000)
#define DEFAULT_LIFETIME (57 * MINUTE_US) /* NDES forgets passwords after 60 minutes; as MDMs do */

bool scenario_check_applies(const struct scenario_reader *r, struct err *e)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        const char *idle = r->places[i] == 0 ? NULL : scenario_key_idle(&scenario_keys[i], r->scenario);
        if (idle != NULL)
            return scenario_document_fail(r->document, r->places[i], e, "%s says nothing %s; remove it",
                                          scenario_read_shown(r, scenario_keys[i].path), idle);
    }
    return true;
}

static bool is_written(const struct scenario_reader *r, const char *path)
{
    return scenario_read_place(r, path) != 0;
}

/* ---- what is left out ---- */

static bool has_account(const struct challenge_config *c)
{
    return c->user != NULL || c->keytab != NULL || c->ticket_cache != NULL;
}

static void fill_in_auth(const struct scenario_reader *r)
{
    const struct scenario *s = r->scenario;
    struct challenge_config *c = &r->scenario->challenge;
    bool own_page = s->target.sim && c->source == CHALLENGE_MSCEP_ADMIN;
    if (!is_written(r, "challenge.auth") && (has_account(c) || own_page))
        c->auth = CHALLENGE_AUTH_ANY;
}

/* The simulator's minting URLs answer {"challenge": ...}; the cloud's stand-in wants to know whose it shall be. */
static bool fill_in_minting(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    struct challenge_config *c = &r->scenario->challenge;
    bool intune = c->source == CHALLENGE_INTUNE;
    bool minted = intune || (s->target.sim && c->source == CHALLENGE_HTTP && c->url == NULL);
    if (!minted)
        return true;
    if (!is_written(r, "challenge.method"))
        c->post = true;
    if (c->json == NULL && c->regex == NULL && !scenario_check_set(&c->json, "$.challenge", e))
        return false;
    const char *body = s->devices.san_count > 0 ? "{\"subject\": \"{subject}\", \"san\": {san}}"
                                                : "{\"subject\": \"{subject}\"}";
    return !intune || c->body != NULL || scenario_check_set(&c->body, body, e);
}

static bool fill_in(const struct scenario_reader *r, struct err *e)
{
    struct challenge_config *c = &r->scenario->challenge;
    fill_in_auth(r);
    if (c->source == CHALLENGE_MSCEP_ADMIN && !is_written(r, "challenge.lifetime"))
        c->lifetime_us = DEFAULT_LIFETIME;
    if (!is_written(r, "challenge.connections"))
        c->connections = c->outstanding < 1000 ? c->outstanding : 1000;
    return fill_in_minting(r, e);
}

/* ---- secrets ---- */

static bool has_secret_place(const struct challenge_config *c)
{
    return c->password_env != NULL || c->password_file != NULL;
}

static bool check_one_place(const struct scenario_reader *r, struct err *e)
{
    const struct challenge_config *c = &r->scenario->challenge;
    return c->password_env == NULL || c->password_file == NULL ||
           scenario_check_fail(r, "challenge.password_file", e,
                               "either password_env or password_file, not both");
}

static bool check_static(const struct scenario_reader *r, struct err *e)
{
    if (!has_secret_place(&r->scenario->challenge))
        return scenario_check_fail(r, "challenge.source", e,
                                   "password_env or password_file must say where the challenge is");
    return check_one_place(r, e);
}

/* Who reads along on the way sees what goes in the clear. NTLM and Kerberos do not show it. */
static bool check_clear(const struct scenario_reader *r, const char *key, struct err *e)
{
    const struct challenge_config *c = &r->scenario->challenge;
    const char *url = c->url != NULL ? c->url : r->scenario->target.url;
    bool clear = url != NULL && strncasecmp(url, "http://", 7) == 0 && !scenario_url_is_loopback(url);
    return !clear || scenario_check_fail(r, key, e,
                                         "over http:// everybody on the way could read the secret: use "
                                         "https://, or auth: ntlm or negotiate");
}

static bool needs_account(const struct challenge_config *c)
{
    return c->auth == CHALLENGE_AUTH_BASIC || c->auth == CHALLENGE_AUTH_NTLM || c->auth == CHALLENGE_AUTH_ANY;
}

/* The account against the scheme. */
static bool check_account(const struct scenario_reader *r, struct err *e)
{
    const struct challenge_config *c = &r->scenario->challenge;
    bool kerberos = c->auth == CHALLENGE_AUTH_NEGOTIATE || c->auth == CHALLENGE_AUTH_ANY;
    if (c->auth == CHALLENGE_AUTH_NONE && has_account(c))
        return scenario_check_fail(r, "challenge.auth", e, "with none there is no user and no ticket");
    if (!kerberos && (c->keytab != NULL || c->ticket_cache != NULL))
        return scenario_check_fail(r, c->keytab != NULL ? "challenge.keytab" : "challenge.ticket_cache", e,
                                   "Kerberos is for auth: negotiate or any");
    if (c->keytab != NULL && c->ticket_cache != NULL)
        return scenario_check_fail(r, "challenge.ticket_cache", e, "either keytab or ticket_cache, not both");
    bool account = c->user != NULL || (c->auth == CHALLENGE_AUTH_ANY && has_account(c));
    if (needs_account(c) && !account)
        return scenario_check_fail(r, "challenge.user", e, "missing: whose logon is it?");
    if (c->auth == CHALLENGE_AUTH_BASIC && strchr(c->user, ':') != NULL)
        return scenario_check_fail(r, "challenge.user", e, "a user name for basic authentication has no ':'");
    if (has_secret_place(c) && c->auth != CHALLENGE_AUTH_NONE && c->user == NULL)
        return scenario_check_fail(r, "challenge.user", e, "missing: whose password is it?");
    return check_one_place(r, e) && (c->auth != CHALLENGE_AUTH_BASIC || check_clear(r, "challenge.auth", e));
}

/* ---- supply ---- */

static bool check_supply(const struct scenario_reader *r, struct err *e)
{
    const struct challenge_config *c = &r->scenario->challenge;
    bool places = c->source != CHALLENGE_COMMAND;
    if (places && c->prefetch > c->outstanding)
        return scenario_check_fail(r, "challenge.prefetch", e, "it is above outstanding");
    if (places && c->connections > c->outstanding)
        return scenario_check_fail(r, "challenge.connections", e,
                                   "it is above outstanding: there is nothing to fetch on the others");
    return c->prefetch == 0 || !challenge_is_per_device(c) ||
           scenario_check_fail(r, "challenge.prefetch", e,
                               "nothing can be fetched ahead: each challenge is made for one device");
}

/* ---- sources ---- */

/* "challenge.headers[1]: what": points to the key, or to its item. */
static bool check_config(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    struct err why = {0};
    if (challenge_config_check(&s->challenge, &why))
        return true;
    char key[40], *index = NULL;
    snprintf(key, sizeof key, "%.*s", (int)strcspn(why.text, ":["), why.text);
    size_t len = strlen(key);
    bool item = why.text[len] == '[' && is_written(r, key);
    unsigned long i = item ? strtoul(why.text + len + 1, &index, 10) : 0;
    const char *what = strstr(why.text, ": ");
    if (item)
        return scenario_document_fail(r->document, scenario_check_item(r, key, i), e, "%s", why.text);
    return scenario_check_fail(r, key, e, what != NULL ? what + 2 : why.text);
}

/* The page of a real server; the simulator's own is known. */
static bool check_page(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct challenge_config *c = &s->challenge;
    struct scenario_url u;
    struct err why = {0};
    struct buf derived;
    buf_init(&derived, 4096);
    bool ok = c->url != NULL ? scenario_url_parse(c->url, &u, &why)
                             : challenge_admin_url(s->target.url, &derived, &why);
    buf_clear(&derived);
    if (!ok)
        return scenario_check_fail(r, "challenge.url", e, why.text);
    if (!is_written(r, "challenge.auth") && !has_account(c))
        return scenario_check_fail(r, "challenge.user", e,
                                   "missing: the account that may see the page (or say auth: none)");
    if (c->auth == CHALLENGE_AUTH_NONE && has_secret_place(c))
        return scenario_check_fail(r, "challenge.auth", e, "with none there is no user and no password");
    return check_account(r, e);
}

static unsigned long uses_secret(const struct challenge_config *c)
{
    const char *const variable = "{secret}";
    unsigned long uses =
        strstr(c->url, variable) != NULL || (c->body != NULL && strstr(c->body, variable) != NULL);
    for (size_t i = 0; i < c->header_count; i++)
        uses += strstr(c->headers[i], variable) != NULL;
    return uses;
}

/* {secret} against the place where it is. */
static bool check_token(const struct scenario_reader *r, struct err *e)
{
    const struct challenge_config *c = &r->scenario->challenge;
    bool used = uses_secret(c) > 0, there = has_secret_place(c);
    if (used && !there)
        return scenario_check_fail(r, "challenge.source", e,
                                   "{secret} is used: password_env or password_file must say where it is");
    if (there && !used && c->auth == CHALLENGE_AUTH_NONE)
        return scenario_check_fail(
            r, c->password_env != NULL ? "challenge.password_env" : "challenge.password_file", e,
            "nothing uses it: write {secret} in headers, body or url, or name a user");
    return !used || check_clear(r, "challenge.url", e);
}

static bool check_api(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct challenge_config *c = &s->challenge;
    struct scenario_url u;
    struct err why = {0};
    if (!check_config(r, e))
        return false;
    if (c->body != NULL && !c->post)
        return scenario_check_fail(r, "challenge.body", e, "a GET has no body: say method: POST");
    if (c->url == NULL)
        return s->target.sim ||
               scenario_check_fail(r, "challenge.url", e, "missing; where are challenges to be asked for?");
    if (!scenario_url_parse_template(c->url, &u, &why))
        return scenario_check_fail(r, "challenge.url", e, why.text);
    return check_account(r, e) && check_token(r, e);
}

static bool check_source(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct challenge_config *c = &s->challenge;
    switch (c->source) {
    case CHALLENGE_NONE:
        return true;
    case CHALLENGE_STATIC:
        return s->target.sim || check_static(r, e);
    case CHALLENGE_MSCEP_ADMIN:
        return s->target.sim || check_page(r, e);
    case CHALLENGE_HTTP:
    case CHALLENGE_INTUNE:
        return check_api(r, e);
    case CHALLENGE_FILE:
        return c->file != NULL || scenario_check_fail(r, "challenge.file", e, "missing; which file is it?");
    case CHALLENGE_COMMAND:
        return check_config(r, e);
    }
    return false;
}

bool scenario_check_challenge(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    if (!is_written(r, "challenge.source"))
        s->challenge.source = s->target.sim ? scenario_check_simulated_source(s) : CHALLENGE_NONE;
    return scenario_check_applies(r, e) && fill_in(r, e) &&
           (!s->target.sim || scenario_check_simulator(r, e)) && check_source(r, e) && check_supply(r, e);
}
