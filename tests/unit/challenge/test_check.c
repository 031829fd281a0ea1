#include "challenge/challenge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A configuration in words: what differs from a good one, and what is said about it. */
static const struct {
    enum challenge_source source;
    const char *url, *header, *body, *json, *regex, *program, *argument;
    unsigned batch;
    const char *says; /* NULL: fine */
} rows[] = {
    {.source = CHALLENGE_HTTP,
     .url = "http://h/{index}",
     .header = "A: {secret}",
     .body = "{}",
     .json = "$.a"},
    {.source = CHALLENGE_HTTP,
     .url = "http://h/{indx}",
     .says = "challenge.url: there is no variable {indx} here; "
             "did you mean {index}?"},
    {.source = CHALLENGE_HTTP,
     .url = "http://h/{count}",
     .says = "challenge.url: there is no variable {count} here; "},
    {.source = CHALLENGE_HTTP,
     .url = "http://h/{xyzzy}",
     .says = "there are {index} {name} {profile} {run} "
             "{subject} {san} {secret}, and {{ is a brace"},
    {.source = CHALLENGE_HTTP,
     .url = "http://h/{index",
     .says = "challenge.url: a variable that begins with '{'"},
    {.source = CHALLENGE_HTTP, .body = "{\"a\": {\"b\": \"{name}\"}}"},
    {.source = CHALLENGE_HTTP, .body = "{\"a\": {\"b\": \"{nam}\"}}", .says = "challenge.body: "},
    {.source = CHALLENGE_HTTP, .body = "{{nam}"},
    {.source = CHALLENGE_HTTP,
     .header = "Authorization {secret}",
     .says = "challenge.headers[0]: a header has the form"},
    {.source = CHALLENGE_HTTP, .header = "A:", .says = "challenge.headers[0]: a header has the form"},
    {.source = CHALLENGE_HTTP, .header = "A b: c", .says = "challenge.headers[0]: a header has the form"},
    {.source = CHALLENGE_HTTP, .header = "content-type: text/plain", .says = "set challenge.content_type"},
    {.source = CHALLENGE_HTTP, .header = "Host: elsewhere", .says = "Host is not for scenarios"},
    {.source = CHALLENGE_HTTP, .header = "A: {secrt}", .says = "did you mean {secret}?"},
    {.source = CHALLENGE_HTTP, .json = "$.a", .regex = "b", .says = "challenge.regex: either json or regex"},
    {.source = CHALLENGE_HTTP, .json = "a.b", .says = "challenge.json: 'a.b' does not begin with $"},
    {.source = CHALLENGE_HTTP, .json = "$.a[", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.a[x]", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.a[-1]", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.a[99999999]", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.a['b", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$..a", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.*", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$a", .says = "is no path"},
    {.source = CHALLENGE_HTTP, .json = "$.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.g.h", .says = "too many steps"},
    {.source = CHALLENGE_HTTP, .regex = "a(b", .says = "challenge.regex: 'a(b' is no regular expression"},
    {.source = CHALLENGE_HTTP, .regex = "(a)(b)", .says = "several groups"},
    {.source = CHALLENGE_HTTP, .regex = "([0-9A-F]{8,64})"},
    {.source = CHALLENGE_HTTP, .regex = "(a{255}){255}", .says = "repeats more than 4096 times"},
    {.source = CHALLENGE_HTTP, .regex = "~++++++++++++++++++++++++++", .says = "repeats a repetition"},
    {.source = CHALLENGE_HTTP, .regex = "a*{2}", .says = "repeats a repetition"},
    {.source = CHALLENGE_HTTP, .regex = "(a)\\1", .says = "back reference"},
    {.source = CHALLENGE_HTTP, .regex = "[]+*]+(\\+[[:digit:]]+)\\++"},
    {.source = CHALLENGE_HTTP, .regex = "[+*]+([[:digit:]]+)\\+"},
    {.source = CHALLENGE_HTTP,
     .header = "Authorization: Bearer x",
     .says = "write 'Authorization: {secret}'"},
    {.source = CHALLENGE_HTTP, .url = "http://h/?api_key=x", .says = "challenge.url: secrets do not"},
    {.source = CHALLENGE_HTTP, .url = "http://h/?api_key={secret}&a=b"},
    {.source = CHALLENGE_INTUNE, .url = "http://h/{indx}", .says = "challenge.url: "},
    {.source = CHALLENGE_COMMAND, .program = "otp", .argument = "{count} {index}"},
    {.source = CHALLENGE_COMMAND, .says = "challenge.command: a program is missing"},
    {.source = CHALLENGE_COMMAND, .program = "", .says = "challenge.command: a program is missing"},
    {.source = CHALLENGE_COMMAND, .program = "{name}", .says = "the program itself takes no variables"},
    {.source = CHALLENGE_COMMAND,
     .program = "otp",
     .argument = "{secret}",
     .says = "challenge.command[1]: everybody"},
    {.source = CHALLENGE_COMMAND, .program = "otp", .argument = "{cont}", .says = "did you mean {count}?"},
    {.source = CHALLENGE_COMMAND, .program = "otp", .argument = "{count}", .batch = 50},
    {.source = CHALLENGE_COMMAND,
     .program = "otp",
     .argument = "{index}",
     .batch = 50,
     .says = "challenge.batch: "},
    {.source = CHALLENGE_FILE},
    {.source = CHALLENGE_MSCEP_ADMIN},
    {.source = CHALLENGE_STATIC},
    {.source = CHALLENGE_NONE},
};

static char *own(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void configurations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *headers[1] = {own(rows[i].header)}, *command[2] = {own(rows[i].program), own(rows[i].argument)};
        struct challenge_config c = {
            .source = rows[i].source,
            .url = own(rows[i].url),
            .headers = headers,
            .header_count = headers[0] != NULL,
            .body = own(rows[i].body),
            .json = own(rows[i].json),
            .regex = own(rows[i].regex),
            .command = command,
            .command_count = (command[0] != NULL) + (size_t)(command[1] != NULL),
            .batch = rows[i].batch,
        };
        struct err e = {0};
        bool ok = challenge_config_check(&c, &e);
        if (ok != (rows[i].says == NULL) || (!ok && strstr(e.text, rows[i].says) == NULL))
            fail_msg("row %zu: %s", i, e.text);
        if (!ok)
            assert_int_equal(e.reason, REASON_SCENARIO);
        free(headers[0]);
        free(command[0]);
        free(command[1]);
        free(c.url);
        free(c.body);
        free(c.json);
        free(c.regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(configurations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
