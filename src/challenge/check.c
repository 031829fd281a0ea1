/* What can be said about a configuration without asking anybody. */
#include "challenge/parts.h"

#include <strings.h>

#define VARIABLES_OF_DEVICE                                                                                  \
    (CHALLENGE_PER_DEVICE | CHALLENGE_BIT(CHALLENGE_VAR_NAME) | CHALLENGE_BIT(CHALLENGE_VAR_RUN))
#define VARIABLES_OF_REQUEST (VARIABLES_OF_DEVICE | CHALLENGE_BIT(CHALLENGE_VAR_SECRET))
#define VARIABLES_OF_COMMAND (VARIABLES_OF_DEVICE | CHALLENGE_BIT(CHALLENGE_VAR_COUNT))

#define TOKEN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

static bool fail(struct err *e, const char *key, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "challenge.%s: %s", key, what);
}

static bool fail_item(struct err *e, const char *key, size_t i, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "challenge.%s[%zu]: %s", key, i, what);
}

static bool check_template(const char *key, const char *text, unsigned allowed, struct err *e)
{
    struct err why = {0};
    return text == NULL || challenge_template_check(text, allowed, &why) || fail(e, key, why.text);
}

static bool holds(const char *text, size_t len, const char *word)
{
    size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++) {
        if (strncasecmp(text + i, word, word_len) == 0)
            return true;
    }
    return false;
}

/* By its name. What a scenario says stands in results, so a secret must not stand in it. */
static bool is_for_secrets(const char *name, size_t len)
{
    static const char *const words[] = {"authorization", "cookie", "key", "token", "secret", "password"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (holds(name, len, words[i]))
            return true;
    }
    return false;
}

/* "?code=1&key=abc": a parameter that is made for secrets and has something else than {secret}. */
static bool check_query(const char *url, struct err *e)
{
    const char *at = url != NULL ? strchr(url, '?') : NULL;
    while (at != NULL && *at != '\0') {
        const char *name = at + 1;
        size_t len = strcspn(name, "=&"), all = strcspn(name, "&");
        if (len < all && is_for_secrets(name, len) && strncmp(name + len, "={", 2) != 0)
            return fail(e, "url", "secrets do not belong into scenarios: write {secret}, and password_env");
        at = name + all;
    }
    return true;
}

static bool check_header(const char *header, struct err *e)
{
    /* Written by us, or by the logon. */
    static const char *const ours[] = {"Host", "Content-Length", "Content-Type", "Transfer-Encoding",
                                       "Connection"};
    const size_t name = strspn(header, TOKEN_CHARS);
    if (name == 0 || header[name] != ':' || header[name + 1] != ' ' || header[name + 2] == '\0')
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "a header has the form 'Name: value'");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strlen(ours[i]) == name && strncasecmp(ours[i], header, name) == 0)
            return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s is not for scenarios%s", ours[i],
                           i == 2 ? ": set challenge.content_type" : "");
    }
    bool secret = (challenge_template_uses(header) & CHALLENGE_BIT(CHALLENGE_VAR_SECRET)) != 0;
    if (is_for_secrets(header, name) && !secret)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                       "secrets do not belong into scenarios: write '%.*s: {secret}', and password_env",
                       (int)(name < 60 ? name : 60), header);
    return challenge_template_check(header, VARIABLES_OF_REQUEST, e);
}

static bool check_request(const struct challenge_config *c, struct err *e)
{
    for (size_t i = 0; i < c->header_count; i++) {
        struct err why = {0};
        if (!check_header(c->headers[i], &why))
            return fail_item(e, "headers", i, why.text);
    }
    return check_query(c->url, e) && check_template("url", c->url, VARIABLES_OF_REQUEST, e) &&
           check_template("body", c->body, VARIABLES_OF_REQUEST, e);
}

static bool check_answer(const struct challenge_config *c, struct err *e)
{
    struct err why = {0};
    if (c->json != NULL && c->regex != NULL)
        return fail(e, "regex", "either json or regex says where the challenge is, not both");
    if (c->json != NULL && !challenge_json_path_check(c->json, &why))
        return fail(e, "json", why.text);
    return c->regex == NULL || challenge_regex_check(c->regex, &why) || fail(e, "regex", why.text);
}

static bool check_command(const struct challenge_config *c, struct err *e)
{
    if (c->command_count == 0 || c->command[0][0] == '\0')
        return fail(e, "command", "a program is missing: [/usr/local/bin/otp, --count, \"{count}\"]");
    if (challenge_template_uses(c->command[0]) != 0)
        return fail(e, "command", "the program itself takes no variables");
    for (size_t i = 1; i < c->command_count; i++) {
        struct err why = {0};
        if ((challenge_template_uses(c->command[i]) & CHALLENGE_BIT(CHALLENGE_VAR_SECRET)) != 0)
            return fail_item(e, "command", i, "everybody on the machine sees arguments: no {secret} there");
        if (!challenge_template_check(c->command[i], VARIABLES_OF_COMMAND, &why))
            return fail_item(e, "command", i, why.text);
    }
    return c->batch <= 1 || !challenge_is_per_device(c) ||
           fail(e, "batch", "the command is told about one device: a batch is for several");
}

bool challenge_config_check(const struct challenge_config *config, struct err *e)
{
    switch (config->source) {
    case CHALLENGE_NONE:
    case CHALLENGE_STATIC:
    case CHALLENGE_MSCEP_ADMIN:
    case CHALLENGE_FILE:
        return true;
    case CHALLENGE_HTTP:
    case CHALLENGE_INTUNE:
        return check_request(config, e) && check_answer(config, e);
    case CHALLENGE_COMMAND:
        return check_command(config, e);
    }
    return false;
}
