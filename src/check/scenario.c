/* The options of `check` as a scenario of one device: its rules hold here too. */
#include "check/check.h"

#define MADE_UP_VARIABLE "SCEPSTORM_MADE_UP" /* is named, never read */

static bool has_account(const struct check_options *o)
{
    return o->admin_url != NULL || o->user != NULL || o->password_env != NULL || o->auth != NULL;
}

static json_t *challenge_json(const struct check_options *o)
{
    if (o->challenge_env != NULL)
        return json_pack("{s:s, s:s}", "source", "static", "password_env", o->challenge_env);
    if (!has_account(o) && !o->otp)
        return json_pack("{s:s}", "source", "none");
    const char *auth = o->auth != NULL ? o->auth : o->user != NULL ? "any" : "none";
    return json_pack("{s:s, s:s*, s:s*, s:s*, s:s}", "source", "mscep_admin", "url", o->admin_url, "user",
                     o->user, "password_env", o->password_env, "auth", auth);
}

static json_t *words_json(const char *words)
{
    json_t *list = json_array();
    for (const char *at = words; at != NULL;) {
        size_t len = strcspn(at, ",");
        json_array_append_new(list, json_stringn(at, len));
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return list;
}

static json_t *target_json(const struct check_options *o)
{
    json_t *target = json_pack("{s:s}", "url", o->url);
    if (o->ca_file != NULL)
        json_object_set_new(target, "tls", json_pack("{s:s}", "ca_file", o->ca_file));
    if (o->addresses != NULL)
        json_object_set_new(target, "addresses", words_json(o->addresses));
    return target;
}

/* "check:1:17: words" says nothing about options. */
static void drop_place(struct err *e)
{
    const char *at = e->text;
    if (strncmp(at, "check:", 6) != 0)
        return;
    at += 6;
    at += strspn(at, "0123456789:");
    at += *at == ' ';
    memmove(e->text, at, strlen(at) + 1);
}

/* JSON is YAML, and quotes what needs it. */
static bool parse(const struct check_options *o, json_t *challenge, const char *probes, struct scenario **out,
                  struct err *e)
{
    json_t *root =
        json_pack("{s:s, s:o, s:o, s:{s:i}, s:[{s:s}], s:{s:s, s:s, s:s}}", "name", "check", "target",
                  target_json(o), "challenge", challenge, "devices", "count", 1, "load", "rate", "10/s",
                  "limits", "request_timeout", "30s", "device_timeout", "60s", "error_budget", "100%");
    if (root == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the options hold bytes that are no UTF-8");
    if (probes != NULL)
        json_object_set_new(root, "conformance", json_pack("{s:o}", "probes", words_json(probes)));
    char *text = json_dumps(root, 0);
    json_decref(root);
    bool ok = text != NULL && scenario_parse("check", span_of_text(text), NULL, 0, out, e);
    free(text);
    if (!ok)
        drop_place(e);
    return ok;
}

bool check_scenario(struct check *c, struct err *e)
{
    const struct check_options *o = &c->options;
    if (!parse(o, challenge_json(o), o->probes, &c->scenario, e))
        return false;
    if (c->scenario->target.sim)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "check wants the URL of a server; start one with scepstorm sim");
    c->scenario->conformance.every = 0; /* each once, after the device */
    return scenario_check_authorized(c->scenario, o->authorized, e);
}

bool check_scenario_made_up(const struct check *c, struct scenario **out, struct err *e)
{
    return parse(&c->options, json_pack("{s:s, s:s}", "source", "static", "password_env", MADE_UP_VARIABLE),
                 NULL, out, e);
}

bool check_challenges(struct check *c, struct err *e)
{
    if (c->challenges_open)
        return true;
    c->challenges_open = true; /* closed in any case */
    return prelude_challenges_open(&c->challenges, c->scenario, c->scenario->target.url, NULL, e);
}
