// links: http PkgConfig::UV
/* One client of src/http against a foreign server: logs on, asks as often as told in one session, says what happened.
 *   logon SCHEME URL [user NAME] [password-env VAR] [keytab FILE] [ticket-cache NAME] [tickets] [times N] [post BYTES]
 * Negotiate prepares tickets when a keytab, a cache, a password or "tickets" (the default cache) is given. Prints a line for each
 * request; exits 1 when tickets cannot be had. */
#include "base/clock.h"
#include "http/http.h"
#include "http/kerberos.h"

#define SECOND INT64_C(1000000)

struct options {
    const char *scheme, *url, *user, *keytab, *ticket_cache, *password_env;
    bool tickets;
    unsigned long times, post;
};

static const char *const schemes[] = {
    [HTTP_AUTH_NONE] = "none",
    [HTTP_AUTH_BASIC] = "basic",
    [HTTP_AUTH_NTLM] = "ntlm",
    [HTTP_AUTH_NEGOTIATE] = "negotiate",
};

static bool take_option(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name, **to;
    } texts[] = {
        {"user", &o->user},
        {"password-env", &o->password_env},
        {"keytab", &o->keytab},
        {"ticket-cache", &o->ticket_cache},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].to = value;
            return true;
        }
    }
    unsigned long *number = strcmp(name, "times") == 0  ? &o->times
                            : strcmp(name, "post") == 0 ? &o->post
                                                        : NULL;
    if (number != NULL)
        *number = strtoul(value, NULL, 10);
    return number != NULL;
}

static bool take_options(struct options *o, int argc, char **argv)
{
    if (argc < 3)
        return false;
    *o = (struct options){.scheme = argv[1], .url = argv[2], .times = 1};
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "tickets") == 0)
            o->tickets = true;
        else if (i + 1 == argc || !take_option(o, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return true;
}

static void tell(void *user, struct http_response *r)
{
    bool *done = user;
    printf("status=%d legs=%u complete=%s new=%s reason=%s offers=[%s] body=%zu %s\n", r->status, r->legs,
           r->logon_complete ? "yes" : "no", r->new_connection ? "yes" : "no",
           base_reason_id(r->error.reason), r->authenticate, r->body.len, r->error.text);
    *done = true;
}

static bool ask(uv_loop_t *loop, struct http_session *session, const struct options *o,
                const struct secret *password, struct err *e)
{
    static uint8_t body[1 << 20];
    bool done = false;
    struct http_request request = {
        .url = o->url,
        .method = o->post > 0 ? HTTP_POST : HTTP_GET,
        .body = span_of(body, o->post < sizeof body ? o->post : sizeof body),
        .content_type = "application/octet-stream",
        .user_agent = "scepstorm-test",
        .user = o->user,
        .password = password,
        .timeout_us = 20 * SECOND,
        .max_body = BYTES_MAX_MESSAGE,
        .redirects = 3,
        .once = true,
        .stage = STAGE_OTP,
    };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strcmp(o->scheme, schemes[i]) == 0)
            request.auth = (enum http_auth)i;
    }
    if (!http_send(session, &request, tell, &done, e))
        return false;
    while (!done)
        uv_run(loop, UV_RUN_ONCE);
    return true;
}

static bool prepare(const struct options *o, const struct secret *password, struct err *e)
{
    bool negotiate = strcmp(o->scheme, "negotiate") == 0;
    if (!negotiate || (o->keytab == NULL && o->ticket_cache == NULL && password == NULL && !o->tickets))
        return true;
    int64_t end_s = 0;
    const struct http_kerberos k = {.url = o->url,
                                    .user = o->user,
                                    .password = password,
                                    .keytab = o->keytab,
                                    .ticket_cache = o->ticket_cache};
    if (!http_kerberos_prepare(&k, &end_s, e))
        return false;
    printf("tickets for %lld s\n", (long long)(end_s - clock_wall_us() / SECOND));
    return true;
}

static bool run(const struct options *o, const struct secret *password, struct err *e)
{
    uv_loop_t loop;
    struct http *http = NULL;
    struct http_session *session = NULL;
    if (uv_loop_init(&loop) != 0 || !http_new(&loop, NULL, &http, e))
        return false;
    bool ok = http_session_new(http, &session, e);
    for (unsigned long i = 0; ok && i < o->times; i++)
        ok = ask(&loop, session, o, password, e);
    http_session_free(session);
    http_free(http);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return ok;
}

int main(int argc, char **argv)
{
    struct options o;
    struct err e = {0};
    struct secret *password = NULL;
    if (!take_options(&o, argc, argv)) {
        fprintf(stderr, "logon: SCHEME URL [user NAME] [password-env VAR] ...\n");
        return 2;
    }
    bool ok = (o.password_env == NULL || secret_from_env(o.password_env, &password, &e)) &&
              prepare(&o, password, &e) && run(&o, password, &e);
    secret_free(password);
    if (!ok)
        printf("failed stage=%s reason=%s %s\n", base_stage_id(e.stage), base_reason_id(e.reason), e.text);
    return ok ? 0 : 1;
}
