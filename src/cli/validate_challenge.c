#include "cli/validate.h"

#include "base/text.h"
#include "http/http.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *plural(unsigned count)
{
    return count == 1 ? "" : "s";
}

static void print_secret_place(const struct challenge_config *c)
{
    if (c->password_env != NULL)
        printf("the variable %s", c->password_env);
    else
        printf("the file %s", c->password_file);
}

static void print_logon(const struct challenge_config *c)
{
    static const char *const schemes[] = {[CHALLENGE_AUTH_NONE] = "",
                                          [CHALLENGE_AUTH_BASIC] = "by Basic",
                                          [CHALLENGE_AUTH_NTLM] = "by NTLM",
                                          [CHALLENGE_AUTH_NEGOTIATE] = "by Kerberos",
                                          [CHALLENGE_AUTH_ANY] = "by the best scheme that the server offers"};
    if (c->auth == CHALLENGE_AUTH_NONE)
        return;
    printf("           logs on %s", schemes[c->auth]);
    if (c->user != NULL)
        printf(" as %s", c->user);
    if (c->keytab != NULL)
        printf(", with the keytab %s", c->keytab);
    else if (c->ticket_cache != NULL)
        printf(", with the tickets in %s", c->ticket_cache);
    else if (c->user == NULL)
        fputs(", with the tickets in the default cache", stdout);
    if (c->password_env != NULL || c->password_file != NULL) {
        fputs(", password from ", stdout);
        print_secret_place(c);
    } else if (c->user != NULL && c->keytab == NULL && c->ticket_cache == NULL) {
        fputs(", password asked for at the terminal", stdout);
    }
    putchar('\n');
}

/* "at most 3 held at once, 2 of them fetched ahead, 10/s at most, dropped after 57 min 00 s" */
static void print_supply(const struct challenge_config *c)
{
    printf("           at most %u held at once", c->outstanding);
    if (challenge_is_per_device(c))
        fputs(", each made for one device", stdout);
    if (c->prefetch > 0)
        printf(", %u of them fetched ahead", c->prefetch);
    if (c->rate_per_s > 0)
        printf(", %g/s at most", c->rate_per_s);
    if (c->lifetime_us > 0) {
        char life[32];
        text_duration(c->lifetime_us, life, sizeof life);
        printf(", dropped after %s", life);
    }
    putchar('\n');
}

static void print_static(const struct scenario *s)
{
    if (s->target.sim) {
        puts("challenge  the same for all, made for the run");
        return;
    }
    fputs("challenge  the same for all, from ", stdout);
    print_secret_place(&s->challenge);
    putchar('\n');
}

static void print_page(const struct scenario *s)
{
    const struct challenge_config *c = &s->challenge;
    puts("challenge  one-time passwords, one page each");
    if (c->url != NULL)
        printf("           from %s\n", c->url);
    if (!s->target.sim)
        print_logon(c);
    print_supply(c);
}

static void print_api(const struct scenario *s)
{
    const struct challenge_config *c = &s->challenge;
    bool intune = c->source == CHALLENGE_INTUNE;
    puts(intune
             ? "challenge  minted by the simulator's stand-in for Intune's cloud; no other server takes them"
             : "challenge  fetched from an API");
    if (c->url == NULL)
        puts("           of the simulator");
    else
        printf("           %s %s\n", c->post ? "POST" : "GET", c->url);
    print_logon(c);
    if (c->auth == CHALLENGE_AUTH_NONE && (c->password_env != NULL || c->password_file != NULL)) {
        fputs("           {secret} from ", stdout);
        print_secret_place(c);
        putchar('\n');
    }
    if (!intune && c->json != NULL)
        printf("           in JSON at %s\n", c->json);
    else if (!intune && c->regex != NULL)
        printf("           what matches %s\n", c->regex);
    print_supply(c);
}

static void print_list(const struct challenge_config *c)
{
    printf("challenge  from the list %s", c->file);
    if (c->column != NULL)
        printf(", column %s", c->column);
    printf(", each once; %s%s remembers which are used\n", c->journal != NULL ? c->journal : c->file,
           c->journal != NULL ? "" : ".used");
}

static void print_command(const struct challenge_config *c)
{
    printf("challenge  printed by %s, %u line%s a call, %u process%s at once%s\n", c->command[0], c->batch,
           plural(c->batch), c->connections, c->connections == 1 ? "" : "es",
           challenge_is_per_device(c) ? ", each for one device" : "");
    if (c->prefetch > 0)
        printf("           %u kept in stock\n", c->prefetch);
}

void validate_print_challenge(const struct scenario *scenario)
{
    switch (scenario->challenge.source) {
    case CHALLENGE_NONE:
        puts("challenge  none");
        return;
    case CHALLENGE_STATIC:
        print_static(scenario);
        return;
    case CHALLENGE_MSCEP_ADMIN:
        print_page(scenario);
        return;
    case CHALLENGE_HTTP:
    case CHALLENGE_INTUNE:
        print_api(scenario);
        return;
    case CHALLENGE_FILE:
        print_list(&scenario->challenge);
        return;
    case CHALLENGE_COMMAND:
        print_command(&scenario->challenge);
        return;
    }
}

static void note_unreadable(const char *path)
{
    if (path != NULL && access(path, R_OK) != 0)
        printf("note: %s cannot be read from here\n", path);
}

static void note_open_to_others(const char *path)
{
    struct stat st;
    if (path != NULL && stat(path, &st) == 0 && (st.st_mode & 077) != 0)
        printf("note: %s can be read by others: chmod 600 it\n", path);
}

static void note_scheme(const struct challenge_config *c)
{
    static const struct {
        enum http_auth needed;
        const char *name;
    } schemes[] = {[CHALLENGE_AUTH_NONE] = {HTTP_AUTH_NONE, ""},
                   [CHALLENGE_AUTH_BASIC] = {HTTP_AUTH_BASIC, "Basic"},
                   [CHALLENGE_AUTH_NTLM] = {HTTP_AUTH_NTLM, "NTLM"},
                   [CHALLENGE_AUTH_NEGOTIATE] = {HTTP_AUTH_NEGOTIATE, "Negotiate"},
                   [CHALLENGE_AUTH_ANY] = {HTTP_AUTH_NONE, ""}};
    if (schemes[c->auth].needed != HTTP_AUTH_NONE && !http_can(schemes[c->auth].needed))
        printf("note: the libcurl here cannot log on by %s\n", schemes[c->auth].name);
}

void validate_print_challenge_notes(const struct scenario *scenario)
{
    const struct challenge_config *c = &scenario->challenge;
    if (c->password_env != NULL && getenv(c->password_env) == NULL)
        printf("note: the environment variable %s is not set here\n", c->password_env);
    note_unreadable(c->password_file);
    note_unreadable(c->keytab);
    note_unreadable(c->file);
    note_open_to_others(c->password_file);
    note_open_to_others(c->file);
    note_scheme(c);
}
