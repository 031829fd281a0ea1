/* `challenge` in a scenario: what is refused, what follows, what is written back. */
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LOAD  "load: [{rate: 1/s, for: 10s}]\n"
#define NDES  "target: {url: \"https://ndes.example.com\"}\n"
#define SIM   "target: {url: sim}\n"
#define PROXY "target: {url: sim}\nsimulator: {mode: proxy}\n"
#define CLOUD "target: {url: sim}\nsimulator: {mode: intune}\n"
#define C     "challenge: "
#define HTTP  "{source: http, url: \"https://h/otp\""
#define X     "s.yaml:"

static const struct {
    const char *text;
    const char *error; /* NULL: fine */
} rows[] = {
    /* secrets */
    {NDES LOAD C "{password: secret}\n",
     X "3:13: secrets do not belong into scenarios: use password_env or password_file"},
    {NDES LOAD C "{source: static}\n",
     X "3:21: challenge.source: password_env or password_file must say where the challenge is"},
    {NDES LOAD C "{source: static, password_env: A, password_file: b}\n",
     X "3:61: challenge.password_file: either password_env or password_file, not both"},
    {NDES LOAD C HTTP ", headers: [\"Authorization: Bearer abc\"]}\n",
     X "3:59: challenge.headers[0]: secrets do not belong into scenarios: write 'Authorization: {secret}', "
       "and password_env"},
    {NDES LOAD C HTTP ", headers: [\"A: b\", \"X-Api-Key: abc\"]}\n",
     X "3:67: challenge.headers[1]: secrets do not belong into scenarios: write 'X-Api-Key: {secret}', and "
       "password_env"},
    {NDES LOAD C "{source: http, url: \"https://h/otp?a=1&token=abc\"}\n",
     X "3:32: challenge.url: secrets do not belong into scenarios: write {secret}, and password_env"},
    {NDES LOAD C HTTP ", headers: [\"X-Api-Key: {secret}\"]}\n",
     X "3:21: challenge.source: {secret} is used: password_env or password_file must say where it is"},
    {NDES LOAD C HTTP ", password_env: A}\n", X
     "3:63: challenge.password_env: nothing uses it: write {secret} in headers, body or url, or name a user"},
    {NDES LOAD C HTTP ", password_env: A, headers: [\"X-Api-Key: {secret}\"]}\n", NULL},
    {NDES LOAD C
     "{source: http, url: \"http://h/otp\", password_env: A, headers: [\"X-Api-Key: {secret}\"]}\n",
     X "3:32: challenge.url: over http:// everybody on the way could read the secret: use https://, or auth: "
       "ntlm or "
       "negotiate"},
    {NDES LOAD C
     "{source: http, url: \"http://localhost/otp\", password_env: A, headers: [\"X-Api-Key: {secret}\"]}\n",
     NULL},

    /* which key for which source */
    {NDES LOAD C "{source: static, password_env: A, user: b}\n",
     X "3:52: challenge.user says nothing for this challenge.source; remove it"},
    {NDES LOAD C "{user: b}\n", X "3:19: challenge.user says nothing for this challenge.source; remove it"},
    {NDES LOAD C "{source: mscep_admin, user: b, json: $.a}\n",
     X "3:49: challenge.json says nothing for this challenge.source; remove it"},
    {NDES LOAD C "{source: file, file: f, outstanding: 3}\n",
     X "3:49: challenge.outstanding says nothing for this challenge.source; remove it"},
    {NDES LOAD C HTTP ", content_type: text/plain}\n",
     X "3:63: challenge.content_type says nothing without challenge.body; remove it"},
    {CLOUD LOAD C "{source: intune, prefetch: 1}\n",
     X "4:39: challenge.prefetch says nothing for this challenge.source; remove it"},
    {NDES LOAD C "{source: htp}\n", X "3:21: challenge.source: 'htp' is not one of mscep_admin, static, "
                                      "http, file, command, intune, none; did you mean "
                                      "'http'?"},

    /* the OTP page */
    {NDES LOAD C "{source: mscep_admin}\n",
     X "3:12: challenge.user: missing: the account that may see the page (or say auth: none)"},
    {NDES LOAD C "{source: mscep_admin, user: b}\n", NULL},
    {NDES LOAD C "{source: mscep_admin, auth: none}\n", NULL},
    {NDES LOAD C "{source: mscep_admin, auth: any}\n", X "3:12: challenge.user: missing: whose logon is it?"},
    {NDES LOAD C "{source: mscep_admin, auth: ntlm}\n",
     X "3:12: challenge.user: missing: whose logon is it?"},
    {NDES LOAD C "{source: mscep_admin, auth: negotiate}\n", NULL},
    {NDES LOAD C "{source: mscep_admin, auth: negotiate, password_env: A}\n",
     X "3:12: challenge.user: missing: whose password is it?"},
    {NDES LOAD C "{source: mscep_admin, keytab: k}\n", NULL},
    {NDES LOAD C "{source: mscep_admin, keytab: k, ticket_cache: c}\n",
     X "3:59: challenge.ticket_cache: either keytab or ticket_cache, not both"},
    {NDES LOAD C "{source: mscep_admin, auth: ntlm, user: a, keytab: k}\n",
     X "3:63: challenge.keytab: Kerberos is for auth: negotiate or any"},
    {NDES LOAD C "{source: mscep_admin, auth: basic, user: 'a:b', password_env: A}\n",
     X "3:53: challenge.user: a user name for basic authentication has no ':'"},
    {NDES LOAD C "{source: mscep_admin, auth: none, user: b}\n",
     X "3:40: challenge.auth: with none there is no user and no ticket"},
    {NDES LOAD C "{source: mscep_admin, auth: none, password_env: B}\n",
     X "3:40: challenge.auth: with none there is no user and no password"},
    {"target: {url: \"http://ndes\"}\n" LOAD C "{source: mscep_admin, auth: basic, user: b}\n",
     X "3:40: challenge.auth: over http:// everybody on the way could read the secret: use https://, or "
       "auth: ntlm or "
       "negotiate"},
    {"target: {url: \"http://ndes\"}\n" LOAD C "{source: mscep_admin, auth: ntlm, user: b}\n", NULL},
    {"target: {url: \"http://127.0.0.1\"}\n" LOAD C "{source: mscep_admin, auth: basic, user: b}\n", NULL},
    {"target: {url: \"https://h/scep\"}\n" LOAD C "{source: mscep_admin, auth: none}\n",
     X "3:12: challenge.url: cannot tell the OTP page from 'https://h/scep': it has no /mscep/ in it; set "
       "challenge.url"},

    /* supply */
    {NDES LOAD C "{source: mscep_admin, auth: none, prefetch: 4}\n",
     X "3:56: challenge.prefetch: it is above outstanding"},
    {NDES LOAD C "{source: mscep_admin, auth: none, connections: 4}\n",
     X "3:59: challenge.connections: it is above outstanding: there is nothing to fetch on the others"},
    {NDES LOAD C "{source: mscep_admin, auth: none, rate: 0/s}\n",
     X "3:52: challenge.rate: '0/s' is outside 1e-05 to 1e+06/s"},
    {NDES LOAD C HTTP ", prefetch: 1, headers: [\"X-Device: {index}\"]}\n",
     X "3:59: challenge.prefetch: nothing can be fetched ahead: each challenge is made for one device"},
    {NDES LOAD C "{source: command, command: [otp], prefetch: 100, batch: 50, connections: 8}\n", NULL},

    /* an API */
    {NDES LOAD C "{source: http}\n", X "3:12: challenge.url: missing; where are challenges to be asked for?"},
    {NDES LOAD C "{source: http, url: \"https://{name}/otp\"}\n",
     X "3:32: challenge.url: variables may stand behind the host only"},
    {NDES LOAD C "{source: http, url: \"https://h/{indx}\"}\n",
     X "3:32: challenge.url: there is no variable {indx} here; did you mean {index}?"},
    {NDES LOAD C "{source: http, url: \"https://h/ a\"}\n",
     X "3:32: challenge.url: it contains characters that a URL must not have"},
    {NDES LOAD C "{source: http, url: \"https://a@h/\"}\n",
     X "3:32: challenge.url: user names and passwords do not belong into URLs"},
    {NDES LOAD C "{source: http, url: \"https://h/a?b={index}&c={{x}\"}\n", NULL},
    {NDES LOAD C HTTP ", body: \"{}\"}\n", X "3:55: challenge.body: a GET has no body: say method: POST"},
    {NDES LOAD C HTTP ", method: PUT}\n", X "3:57: challenge.method: 'PUT' is not one of GET, POST"},
    {NDES LOAD C HTTP ", json: a}\n", X "3:55: challenge.json: 'a' does not begin with $; a path looks like "
                                        "$.data[0].challenge or $['odd key']"},
    {NDES LOAD C HTTP ", regex: \"a(\"}\n", X "3:56: challenge.regex: 'a(' is no regular expression"},
    {NDES LOAD C HTTP ", json: $.a, regex: b}\n",
     X "3:67: challenge.regex: either json or regex says where the challenge is, not both"},
    {NDES LOAD C HTTP ", headers: [a, \"b c\"]}\n",
     X "3:59: challenge.headers[0]: a header has the form 'Name: value'"},
    {NDES LOAD C HTTP ", auth: ntlm, user: a}\n", NULL},
    {NDES LOAD C "{source: intune}\n",
     X "3:12: challenge.url: missing; where are challenges to be asked for?"},
    {NDES LOAD C "{source: intune, url: \"http://127.0.0.1:8080/scepstorm/intune/mint\"}\n", NULL},

    /* lists and commands */
    {NDES LOAD C "{source: file}\n", X "3:12: challenge.file: missing; which file is it?"},
    {NDES LOAD C "{source: file, file: otp.csv, column: otp, journal: j}\n", NULL},
    {NDES LOAD C "{source: command}\n",
     X "3:12: challenge.command: a program is missing: [/usr/local/bin/otp, --count, \"{count}\"]"},
    {NDES LOAD C "{source: command, command: [otp, \"{cont}\"]}\n",
     X "3:45: challenge.command[1]: there is no variable {cont} here; did you mean {count}?"},
    {NDES LOAD C "{source: command, command: [otp, \"{secret}\"]}\n",
     X "3:45: challenge.command[1]: everybody on the machine sees arguments: no {secret} there"},
    {NDES LOAD C "{source: command, command: [otp, \"{index}\"], batch: 2}\n",
     X "3:64: challenge.batch: the command is told about one device: a batch is for several"},

    /* the simulator */
    {SIM LOAD C "{user: b}\n",
     X "3:19: challenge.user: not with target.url: sim, which makes up its own; remove it"},
    {SIM LOAD C "{auth: none}\n", NULL},
    {SIM LOAD C "{auth: ntlm}\n", NULL},
    {SIM LOAD C "{auth: negotiate}\n",
     X "3:19: challenge.auth: the run's own simulator knows no Kerberos; start scepstorm sim with a keytab"},
    {SIM LOAD C "{source: static, password_env: A}\n",
     X "3:21: challenge.source: the simulator wants one-time passwords: mscep_admin"},
    {SIM LOAD C "{source: intune}\n",
     X "3:21: challenge.source: the simulator wants one-time passwords: mscep_admin"},
    {SIM LOAD C "{source: http}\n",
     X "3:12: challenge.url: missing; the simulator has such a URL only with mode: proxy"},
    {SIM LOAD C "{source: file, file: f}\n", NULL},
    {CLOUD LOAD C "{source: mscep_admin}\n", X "4:21: challenge.source: with mode: intune there is no OTP "
                                               "page and no challenge for all: intune, or none"},
    {CLOUD LOAD C "{source: intune}\n", NULL},
    {PROXY LOAD C "{password_env: A}\n",
     X "4:27: challenge.password_env: not with target.url: sim, which makes up its own; remove it"},
    {PROXY LOAD C "{source: http}\n", NULL},
    {PROXY LOAD C "{source: http, password_env: A}\n",
     X "4:41: challenge.password_env: not with target.url: sim, which makes up its own; remove it"},
    {PROXY LOAD C "{source: command, command: [otp]}\n", NULL},
    {PROXY LOAD C "{source: mscep_admin}\n",
     X "4:21: challenge.source: with mode: proxy there is no OTP page: static, or http"},
};

static void refusals(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        bool ok = scenario_parse("s.yaml", span_of_text(rows[i].text), NULL, 0, &s, &e);
        if (ok != (rows[i].error == NULL) ||
            (!ok && strncmp(e.text, rows[i].error, strlen(rows[i].error)) != 0)) {
            print_error("%s is  %s\nnot %s\n", rows[i].text, ok ? "fine" : e.text, rows[i].error);
            wrong++;
        }
        scenario_free(s);
    }
    assert_int_equal(wrong, 0);
}

static struct scenario *read_text(const char *text)
{
    struct scenario *s = NULL;
    struct err e = {0};
    if (!scenario_parse("s.yaml", span_of_text(text), NULL, 0, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

/* The effective scenario is a scenario, and says the same. */
static void assert_written(const char *text, const char *expected)
{
    struct scenario *s = read_text(text);
    struct buf first, second;
    struct err e = {0};
    buf_init(&first, BYTES_MAX_MESSAGE);
    buf_init(&second, BYTES_MAX_MESSAGE);
    assert_true(scenario_write(s, &first, &e));
    scenario_free(s);
    s = read_text(buf_text(&first));
    assert_true(scenario_write(s, &second, &e));
    assert_string_equal(buf_text(&first), buf_text(&second));
    scenario_free(s);
    char *begin = strstr(buf_text(&first), "challenge:\n"), *end = strstr(begin, "devices:");
    *end = '\0';
    assert_string_equal(begin, expected);
    buf_clear(&first);
    buf_clear(&second);
}

static void written_back(void **state)
{
    (void)state;
    assert_written(
        NDES LOAD C "{source: mscep_admin, user: 'A\\b', password_env: P, rate: 10/s, timeout: 5s}\n",
        "challenge:\n  source: mscep_admin\n  auth: any\n  user: \"A\\\\b\"\n  password_env: P\n"
        "  anonymous_first: false\n  outstanding: 3\n  prefetch: 0\n  connections: 3\n  rate: 10/s\n"
        "  lifetime: 57m\n  timeout: 5s\n");
    assert_written(
        NDES LOAD C "\n  source: http\n  url: https://h/otp?d={index}\n  method: POST\n"
                    "  headers: [\"X-Api-Key: {secret}\"]\n  password_file: p\n  json: $.otp\n"
                    "  outstanding: 50\n  body: |\n    {\"a\": \"{name}\",\n     \"b\\\\\": 1}\n",
        "challenge:\n  source: http\n  url: \"https://h/otp?d={index}\"\n  method: POST\n  headers:\n"
        "    - \"X-Api-Key: {secret}\"\n"
        "  body: \"{\\\"a\\\": \\\"{name}\\\",\\n \\\"b\\\\\\\\\\\": 1}\\n\"\n"
        "  json: \"$.otp\"\n  auth: none\n  password_file: p\n  anonymous_first: false\n  outstanding: 50\n"
        "  prefetch: 0\n  connections: 50\n");
    assert_written(NDES LOAD C "{source: file, file: otp.csv, column: otp}\n",
                   "challenge:\n  source: file\n  file: otp.csv\n  column: otp\n");
    assert_written(NDES LOAD C "{source: command, command: [otp, \"-n {count}\"], batch: 20, lifetime: 5m}\n",
                   "challenge:\n  source: command\n  command:\n    - otp\n    - \"-n {count}\"\n  batch: 20\n"
                   "  prefetch: 0\n  connections: 3\n  lifetime: 5m\n");
    assert_written(PROXY LOAD C "{source: http}\n",
                   "challenge:\n  source: http\n  method: POST\n  json: \"$.challenge\"\n  auth: none\n"
                   "  anonymous_first: false\n  outstanding: 3\n  prefetch: 0\n  connections: 3\n");
    assert_written(
        CLOUD LOAD C "{source: intune}\n",
        "challenge:\n  source: intune\n  method: POST\n  body: \"{\\\"subject\\\": \\\"{subject}\\\"}\"\n"
        "  json: \"$.challenge\"\n  auth: none\n  anonymous_first: false\n  outstanding: 3\n  connections: "
        "3\n");
    assert_written(SIM LOAD, "challenge:\n  source: mscep_admin\n  auth: any\n  anonymous_first: false\n"
                             "  outstanding: 3\n  prefetch: 0\n  connections: 3\n  lifetime: 57m\n");
}

static void where_the_simulator_mints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path;
    } places[] = {
        {SIM LOAD, "/certsrv/mscep_admin/"},
        {PROXY LOAD C "{source: http}\n", "/scepstorm/proxy/challenge"},
        {PROXY LOAD, NULL},
        {CLOUD LOAD C "{source: intune}\n", "/scepstorm/intune/mint"},
        {CLOUD LOAD, NULL},
        {SIM LOAD C "{source: file, file: f}\n", NULL},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct scenario *s = read_text(places[i].text);
        const char *path = scenario_sim_challenge_path(s);
        assert_true((path == NULL) == (places[i].path == NULL));
        if (path != NULL)
            assert_string_equal(path, places[i].path);
        scenario_free(s);
    }
}

/* With names in the request the stand-in is told about them, as the simulator reads it. */
static void names_are_minted_too(void **state)
{
    (void)state;
    struct scenario *s = read_text(CLOUD LOAD C "{source: intune}\ndevices: {san: [\"dns:a\"]}\n");
    assert_string_equal(s->challenge.body, "{\"subject\": \"{subject}\", \"san\": {san}}");
    assert_true(challenge_is_per_device(&s->challenge));
    scenario_free(s);
}

/* Load on somebody's API needs his permission as load on his NDES does, also when the target is the simulator. */
static void authorization_of_sources(void **state)
{
    (void)state;
    struct scenario *s =
        read_text(PROXY LOAD C "{source: http, url: \"https://mdm.example/otp?d={index}\"}\n");
    struct err e = {0};
    assert_false(scenario_check_authorized(s, NULL, &e));
    assert_non_null(strstr(e.text, "the source of challenges https://mdm.example/otp"));
    assert_true(scenario_check_authorized(s, "me", &e));
    scenario_free(s);
    s = read_text(PROXY LOAD C "{source: http, url: \"http://127.0.0.1:1/otp?d={index}\"}\n");
    e = (struct err){0};
    assert_true(scenario_check_authorized(s, NULL, &e));
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(written_back),
        cmocka_unit_test(where_the_simulator_mints),
        cmocka_unit_test(names_are_minted_too),
        cmocka_unit_test(authorization_of_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
