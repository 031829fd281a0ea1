#include "challenge/challenge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const names[] = {"dns:a\"b.example", "upn:c@d.example"};

static const struct challenge_device device = {
    .index = 7,
    .name = "monday morning",
    .profile = "ios",
    .run = "20260101T000000Z",
    .subject = "CN=ios-7,O=\"A & B\\C\",OU=scepstorm",
    .san = names,
    .san_count = 2,
};

static struct secret *token(const char *text)
{
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(secret_new(span_of_text(text), &s, &e));
    return s;
}

/* The request in one text: what a snapshot of the wire would show. */
static void assert_request(const struct challenge_config *config, const char *url, const char *expected)
{
    struct challenge_request request;
    struct secret *secret = token("s3cr&t+\"\\/");
    struct buf shown;
    struct err e = {0};
    buf_init(&shown, 65536);
    if (!challenge_request_make(config, url, &device, secret, &request, &e))
        fail_msg("%s", e.text);
    buf_appendf(&shown, "%s ", request.post ? "POST" : "GET");
    buf_append_span(&shown, buf_span(&request.url));
    buf_append_byte(&shown, '\n');
    buf_append_span(&shown, buf_span(&request.headers));
    buf_append_byte(&shown, '\n');
    buf_append_span(&shown, buf_span(&request.body));
    assert_string_equal(buf_text(&shown), expected);
    challenge_request_clear(&request);
    buf_clear(&shown);
    secret_free(secret);
}

static void get_with_a_token(void **state)
{
    (void)state;
    char header[] = "Authorization: Bearer {secret}";
    char *headers[] = {header};
    struct challenge_config config = {.source = CHALLENGE_HTTP, .headers = headers, .header_count = 1};
    assert_request(&config, "https://api.example/v1/{name}/otp?device={index}&key={secret}",
                   "GET https://api.example/v1/monday%20morning/otp?device=7&key=s3cr%26t%2B%22%5C%2F\n"
                   "Authorization: Bearer s3cr&t+\"\\/\n"
                   "\n");
}

static void webhook_in_json(void **state)
{
    (void)state;
    char body[] = "{\"webhook\": {\"name\": \"{name}\", \"id\": {index}}, \"empty\": {}, "
                  "\"event\": {\"subject\": \"{subject}\", \"names\": {san}, \"key\": \"{secret}\"}}";
    struct challenge_config config = {.source = CHALLENGE_HTTP, .post = true, .body = body};
    assert_request(&config, "https://mdm.example/hook",
                   "POST https://mdm.example/hook\n"
                   "Content-Type: application/json\n"
                   "\n"
                   "{\"webhook\": {\"name\": \"monday morning\", \"id\": 7}, \"empty\": {}, "
                   "\"event\": {\"subject\": \"CN=ios-7,O=\\\"A & B\\\\C\\\",OU=scepstorm\", "
                   "\"names\": [\"dns:a\\\"b.example\",\"upn:c@d.example\"], "
                   "\"key\": \"s3cr&t+\\\"\\\\/\"}}");
}

static void bodies_of_other_types(void **state)
{
    (void)state;
    static const struct {
        char type[40], body[40];
        const char *expected;
    } rows[] = {
        {"application/x-www-form-urlencoded", "s={secret}&n={san}",
         "s=s3cr%26t%2B%22%5C%2F&n=dns%3Aa%22b.example,upn%3Ac%40d.example"},
        {"text/xml; charset=utf-8", "<a s='{secret}'>{{name}</a>", "<a s='s3cr&amp;t+&quot;\\/'>{name}</a>"},
        {"application/problem+JSON", "\"{subject}\"", "\"CN=ios-7,O=\\\"A & B\\\\C\\\",OU=scepstorm\""},
        {"text/plain", "{run} {profile} {{ } {1}", "20260101T000000Z ios { } {1}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char type[40], body[40], expected[512];
        memcpy(type, rows[i].type, sizeof type);
        memcpy(body, rows[i].body, sizeof body);
        struct challenge_config config = {
            .source = CHALLENGE_HTTP, .post = true, .body = body, .content_type = type};
        snprintf(expected, sizeof expected, "POST http://h/\nContent-Type: %s\n\n%s", type, rows[i].expected);
        assert_request(&config, "http://h/", expected);
    }
}

/* A value may not end its header, whoever made it up. */
static void headers_stay_apart(void **state)
{
    (void)state;
    char header[] = "X-Key: {secret}";
    char *headers[] = {header};
    struct challenge_config config = {.source = CHALLENGE_HTTP, .headers = headers, .header_count = 1};
    struct secret *secret = token("a\r\nX-Evil: 1");
    struct challenge_request request;
    struct err e = {0};
    assert_false(challenge_request_make(&config, "http://h/", &device, secret, &request, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    assert_null(strstr(e.text, "Evil"));
    challenge_request_clear(&request);
    secret_free(secret);
}

static void large_values_are_refused(void **state)
{
    (void)state;
    static char name[9000];
    memset(name, 'n', sizeof name - 1);
    struct challenge_device big = {.name = name};
    struct challenge_config config = {.source = CHALLENGE_HTTP};
    struct challenge_request request;
    struct err e = {0};
    assert_false(challenge_request_make(&config, "http://h/{name}", &big, NULL, &request, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    challenge_request_clear(&request);
}

/* A password fetched ahead belongs to nobody. */
static void nobodys_request(void **state)
{
    (void)state;
    struct challenge_config config = {.source = CHALLENGE_HTTP};
    struct challenge_request request;
    struct err e = {0};
    assert_true(challenge_request_make(&config, "http://h/{run}{index}x", NULL, NULL, &request, &e));
    assert_true(span_equal_text(buf_span(&request.url), "http://h/x"));
    challenge_request_clear(&request);
}

static void who_a_challenge_is_for(void **state)
{
    (void)state;
    static const struct {
        enum challenge_source source;
        char url[24], header[24], body[24], argument[24];
        bool per_device;
    } rows[] = {
        {CHALLENGE_HTTP, "http://h/{name}/{run}", "A: {secret}", "x", "", false},
        {CHALLENGE_HTTP, "http://h/{index}", "A: b", "x", "", true},
        {CHALLENGE_HTTP, "http://h/", "A: {profile}", "x", "", true},
        {CHALLENGE_HTTP, "http://h/", "A: b", "{subject}", "", true},
        {CHALLENGE_HTTP, "http://h/", "A: b", "{san}", "", true},
        {CHALLENGE_HTTP, "http://h/", "A: b", "{{index}", "", false},
        {CHALLENGE_INTUNE, "http://h/", "A: b", "x", "", true},
        {CHALLENGE_COMMAND, "", "", "", "{count}", false},
        {CHALLENGE_COMMAND, "", "", "", "{index}", true},
        {CHALLENGE_FILE, "", "", "", "", false},
        {CHALLENGE_STATIC, "", "", "", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char url[24], header[24], body[24], program[] = "otp", argument[24];
        memcpy(url, rows[i].url, sizeof url);
        memcpy(header, rows[i].header, sizeof header);
        memcpy(body, rows[i].body, sizeof body);
        memcpy(argument, rows[i].argument, sizeof argument);
        char *headers[] = {header}, *command[] = {program, argument};
        struct challenge_config config = {.source = rows[i].source,
                                          .url = url,
                                          .headers = headers,
                                          .header_count = 1,
                                          .body = body,
                                          .command = command,
                                          .command_count = 2};
        if (challenge_is_per_device(&config) != rows[i].per_device)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_with_a_token),         cmocka_unit_test(webhook_in_json),
        cmocka_unit_test(bodies_of_other_types),    cmocka_unit_test(headers_stay_apart),
        cmocka_unit_test(large_values_are_refused), cmocka_unit_test(nobodys_request),
        cmocka_unit_test(who_a_challenge_is_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
