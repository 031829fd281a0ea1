#include "scenario/url.h"

#include "base/text.h"
#include "scenario/scenario.h"

#include <arpa/inet.h>
#include <strings.h>

#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define IPV6_CHARS "abcdefABCDEF0123456789:."
#define PATH_CHARS HOST_CHARS "/~!$&'()*+,;=:@%"

static bool wrong(struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "%s", what);
}

/* Moves *at behind "http://" or "https://". */
static bool take_scheme(const char **at, struct scenario_url *out, struct err *e)
{
    static const char http[] = "http://", https[] = "https://";
    out->https = strncasecmp(*at, https, sizeof https - 1) == 0;
    if (!out->https && strncasecmp(*at, http, sizeof http - 1) != 0)
        return wrong(e, "a URL begins with http:// or https://");
    *at += out->https ? sizeof https - 1 : sizeof http - 1;
    return true;
}

static bool take_host(const char **at, struct scenario_url *out, struct err *e)
{
    bool bracket = **at == '[';
    const char *begin = *at + bracket;
    size_t len = strspn(begin, bracket ? IPV6_CHARS : HOST_CHARS);
    if (len == 0 || len >= sizeof out->host || (bracket && begin[len] != ']'))
        return wrong(e, "the host name is missing or malformed");
    memcpy(out->host, begin, len);
    out->host[len] = '\0';
    *at = begin + len + bracket;
    struct in6_addr ignored;
    return !bracket || inet_pton(AF_INET6, out->host, &ignored) == 1 ||
           wrong(e, "the address in brackets is not IPv6");
}

static bool take_port(const char **at, struct scenario_url *out, struct err *e)
{
    if (**at != ':')
        return true;
    char digits[8] = "";
    int64_t port = 0;
    size_t len = strspn(*at + 1, "0123456789");
    memcpy(digits, *at + 1, len < sizeof digits ? len : 0);
    if (!text_parse_int(digits, 1, 65535, &port, NULL))
        return wrong(e, "the port is not a number from 1 to 65535");
    out->port = (unsigned)port;
    *at += 1 + len;
    return true;
}

bool scenario_url_parse(const char *text, struct scenario_url *out, struct err *e)
{
    struct scenario_url u = {0};
    const char *at = text;
    if (!take_scheme(&at, &u, e))
        return false;
    if (memchr(at, '@', strcspn(at, "/?#")) != NULL)
        return wrong(e, "user names and passwords do not belong into URLs");
    if (!take_host(&at, &u, e) || !take_port(&at, &u, e))
        return false;
    if (*at == '?' || *at == '#' || strpbrk(at, "?#") != NULL)
        return wrong(e, "write it without '?' and '#': the SCEP query is added for each request");
    if ((*at != '/' && *at != '\0') || at[strspn(at, PATH_CHARS)] != '\0')
        return wrong(e, "it contains characters that a URL must not have");
    u.path = at;
    *out = u;
    return true;
}

bool scenario_url_parse_template(const char *text, struct scenario_url *out, struct err *e)
{
    const char *authority = strstr(text, "://");
    size_t len = authority == NULL ? strlen(text) : (size_t)(authority - text) + 3;
    len += strcspn(text + len, "/?#");
    char front[512];
    if (len >= sizeof front)
        return wrong(e, "the host name is missing or malformed");
    memcpy(front, text, len);
    front[len] = '\0';
    if (strchr(front, '{') != NULL)
        return wrong(e, "variables may stand behind the host only");
    if (!scenario_url_parse(front, out, e))
        return false;
    if (text[len + strspn(text + len, PATH_CHARS "?{}")] != '\0')
        return wrong(e, "it contains characters that a URL must not have");
    out->path = text + len;
    return true;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
    return strcasecmp(host, "localhost") == 0;
}

bool scenario_is_address(const char *text)
{
    struct in6_addr ignored;
    return inet_pton(AF_INET, text, &ignored) == 1 || inet_pton(AF_INET6, text, &ignored) == 1;
}

bool scenario_is_loopback(const char *url)
{
    struct scenario_url u;
    struct err ignored = {0};
    return url != NULL && scenario_url_parse(url, &u, &ignored) && is_loopback(u.host);
}

bool scenario_url_is_loopback(const char *text)
{
    struct scenario_url u;
    struct err ignored = {0};
    return scenario_url_parse_template(text, &u, &ignored) && is_loopback(u.host);
}

static bool is_said(const char *text)
{
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

const char *scenario_authorized(const struct scenario *scenario, const char *option)
{
    if (is_said(option))
        return option;
    return is_said(scenario->target.authorized) ? scenario->target.authorized : NULL;
}

static bool check_one(const char *what, const char *url, struct err *e)
{
    if (url == NULL || scenario_url_is_loopback(url))
        return true;
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "%s %.80s is not this machine: say who allowed the load with --authorized \"who, ticket\"",
                   what, url);
}

/* What is between this machine and the target, or in the place of its name. */
static bool check_way(const struct scenario *s, struct err *e)
{
    for (size_t i = 0; i < s->target.address_count; i++) {
        if (!is_loopback(s->target.addresses[i]))
            return err_set(
                e, STAGE_SETUP, REASON_USAGE,
                "the address %.60s is not this machine: say who allowed the load with --authorized "
                "\"who, ticket\"",
                s->target.addresses[i]);
    }
    return check_one("the proxy", s->target.proxy, e);
}

bool scenario_check_authorized(const struct scenario *scenario, const char *option, struct err *e)
{
    const struct challenge_config *c = &scenario->challenge;
    if (scenario_authorized(scenario, option) != NULL)
        return true;
    for (size_t i = 0; i < scenario->target.url_count; i++) {
        if (!check_one("the target", scenario->target.urls[i], e))
            return false;
    }
    return check_way(scenario, e) && check_one("the target", scenario->target.url, e) &&
           check_one(c->source == CHALLENGE_MSCEP_ADMIN ? "the OTP page" : "the source of challenges", c->url,
                     e);
}
