#include "challenge/challenge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define JSON                                                                                                 \
    "{\"data\": [{\"challenge\": \"abc-123\", \"pin\": 4711, \"none\": \"\"}], \"odd key\": {\"a.b\": "      \
    "\"x\"}}"

static const struct {
    const char *json, *regex, *body;
    const char *challenge; /* NULL: refused */
    const char *says;
} rows[] = {
    {NULL, NULL, "abc-123", "abc-123", NULL},
    {NULL, NULL, "  abc-123\r\n", "abc-123", NULL},
    {NULL, NULL,
     "\xff\xfe"
     "a\0b\0c\0\n\0",
     "abc", NULL},
    {NULL, NULL, "", NULL, "empty"},
    {NULL, NULL, " \n", NULL, "empty"},
    {NULL, NULL, "one\ntwo", NULL, "control character"},
    {NULL, NULL, "<html>hidden</html>", NULL, "page"},
    {NULL, NULL, "{\"challenge\": \"hidden\"}", NULL, "challenge.json"},
    {"$.data[0].challenge", NULL, JSON, "abc-123", NULL},
    {"$['data'][0][\"challenge\"]", NULL, JSON, "abc-123", NULL},
    {"$.data[0].pin", NULL, JSON, "4711", NULL},
    {"$['odd key']['a.b']", NULL, JSON, "x", NULL},
    {"$", NULL, "\"abc\"", "abc", NULL},
    {"$.data[0].none", NULL, JSON, NULL, "is empty"},
    {"$.data[1].challenge", NULL, JSON, NULL, "has no $.data[1]"},
    {"$.data.challenge", NULL, JSON, NULL, "has no $.data.challenge"},
    {"$.date[0].challenge", NULL, JSON, NULL, "has no $.date"},
    {"$.data[0]", NULL, JSON, NULL, "is no text"},
    {"$.challenge", NULL, "hidden", NULL, "no JSON"},
    {"$.challenge", NULL, "{\"challenge\": \"hid\\u0000den\"}", NULL, "no JSON"},
    {"$.challenge", NULL, "{\"challenge\": \"hid\\nden\"}", NULL, "control character"},
    {NULL, "otp=([0-9]+)", "<p>otp=4711</p>", "4711", NULL},
    {NULL, "[0-9]+", "<p>otp=4711</p>", "4711", NULL},
    {NULL, "otp=([0-9]+)|none", "none", "none", NULL},
    {NULL, "otp=([0-9]*)", "otp=hidden", NULL, "is empty"},
    {NULL, "otp=([0-9]+)", "otp=hidden", NULL, "nothing in the answer matches"},
};

/* The length of a body that may hold NULs. */
static size_t length(const char *body)
{
    size_t len = 0;
    if (memcmp(body, "\xff\xfe", 2) == 0)
        while (body[len] != '\0' || body[len + 1] != '\0')
            len++;
    return len > 0 ? len + 1 : strlen(body);
}

static char *own(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct challenge_config config = {
            .source = CHALLENGE_HTTP, .json = own(rows[i].json), .regex = own(rows[i].regex)};
        struct secret *s = NULL;
        struct err e = {0};
        bool ok = challenge_answer_read(&config, span_of(rows[i].body, length(rows[i].body)), &s, &e);
        if (ok != (rows[i].challenge != NULL))
            fail_msg("row %zu: %s", i, e.text);
        if (ok)
            assert_true(span_equal_text(secret_value(s), rows[i].challenge));
        else if (e.stage != STAGE_OTP || e.reason != REASON_OTP_ANSWER ||
                 strstr(e.text, rows[i].says) == NULL || strstr(e.text, "hid") != NULL)
            fail_msg("row %zu: %s", i, e.text);
        secret_free(s);
        free(config.json);
        free(config.regex);
    }
}

static void large_answers(void **state)
{
    (void)state;
    size_t len = (size_t)300 << 10;
    char *body = calloc(1, len + 1), regex[] = "b+";
    memset(body, 'a', len);
    struct challenge_config plain = {.source = CHALLENGE_HTTP};
    struct challenge_config found = {.source = CHALLENGE_HTTP, .regex = regex};
    struct secret *s = NULL;
    struct err e = {0};
    assert_false(challenge_answer_read(&plain, span_of(body, len), &s, &e));
    assert_int_equal(e.reason, REASON_OTP_ANSWER);
    e = (struct err){0};
    assert_false(challenge_answer_read(&found, span_of(body, len), &s, &e));
    assert_non_null(strstr(e.text, "too large"));
    e = (struct err){0};
    assert_false(challenge_answer_read(&plain, span_of(body, 16385), &s, &e));
    assert_non_null(strstr(e.text, "16 KiB"));
    assert_true(challenge_answer_read(&plain, span_of(body, 5500), &s, &e)); /* as Intune's */
    assert_int_equal(secret_value(s).len, 5500);
    secret_free(s);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(large_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
