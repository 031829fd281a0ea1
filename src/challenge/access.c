/* Where the OTP page is, and with which secret its door opens. */
#include "challenge/challenge.h"

#include <strings.h>

/* Asking is for people: with a user and nothing that could stand for his password. */
static bool is_asked(const struct challenge_config *config)
{
    return config->user != NULL && config->auth != CHALLENGE_AUTH_NONE && config->keytab == NULL &&
           config->ticket_cache == NULL;
}

static bool ask(const struct challenge_config *config, struct secret **out, struct err *e)
{
    char prompt[400];
    if (!secret_has_terminal())
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "no password for %.60s: name a variable with challenge.password_env, or a file with "
                       "password_file, or run it at a terminal",
                       config->user);
    snprintf(prompt, sizeof prompt, "password of %s: ", config->user);
    return secret_from_terminal(prompt, out, e);
}

bool challenge_secret(const struct challenge_config *config, struct secret **out, struct err *e)
{
    *out = NULL;
    if (config->source == CHALLENGE_NONE)
        return true;
    if (config->password_env != NULL)
        return secret_from_env(config->password_env, out, e);
    if (config->password_file != NULL)
        return secret_from_file(config->password_file, out, e);
    return !is_asked(config) || ask(config, out, e);
}

bool challenge_admin_url(const char *scep_url, struct buf *out, struct err *e)
{
    static const char segment[] = "/mscep";
    const char *host = strstr(scep_url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');
    const char *found = NULL;
    for (const char *at = path; at != NULL; at = strchr(at + 1, '/')) {
        bool same = strncasecmp(at, segment, sizeof segment - 1) == 0;
        const char *rest = same ? at + sizeof segment - 1 : NULL;
        if (rest != NULL && strncasecmp(rest, "_admin", 6) == 0)
            rest += 6;
        if (rest != NULL && (*rest == '\0' || *rest == '/'))
            found = at;
    }
    if (found == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "cannot tell the OTP page from '%.80s': it has no /mscep/ in it; set challenge.url",
                       scep_url);
    buf_append(out, scep_url, (size_t)(found - scep_url));
    buf_append_text(out, "/mscep_admin/");
    return buf_ok(out, STAGE_SETUP, e);
}
