#include "challenge/challenge.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *html, *redacted;
} rows[] = {
    {"", ""},
    {"We are back at 18:00.", "We are back at 18:00."},
    {"Code 8CE317", "Code [redacted, 6 characters]"},
    {"Code 8CE31", "Code 8CE31"},
    {"a-8ce317-b", "[redacted, 10 characters]"},
    {"x\xff\x01y\xc3\xa4\x7f", "x??y\xc3\xa4?"},
    {"<B> hunter </B>", "<B>[redacted, 6 characters]</B>"},
    {"<b class=x>hunter</b>", "<b class=x>[redacted, 6 characters]</b>"},
    {"<b>two words</b>", "<b>two words</b>"},
    {"<br>plain<body>plain", "<br>plain<body>plain"},
    {"<code>pw</code> <pre>pw</pre><tt>pw",
     "<code>[redacted, 2 characters]</code> <pre>[redacted, 2 characters]</pre>"
     "<tt>[redacted, 2 characters]"},
    {"<input name=a value=\"open words\" id=b>", "<input name=a value=\"[redacted, 10 characters]\" id=b>"},
    {"<input value='x'>", "<input value='[redacted, 1 characters]'>"},
    {"<input VALUE = x>", "<input VALUE = [redacted, 1 characters]>"},
    {"<a href='/x?t=0123456789'>", "<a href='/x?t=[redacted, 10 characters]'>"},
    {"<script>var t = '00abCDefGHij12';</script>", "<script>var t = '[redacted, 14 characters]';</script>"},
    {"<!-- t0ken9 -->", "<!-- [redacted, 6 characters] -->"},
    {"1 < 2", "1 < 2"},
};

static void snippets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        struct err e = {0};
        buf_init(&out, 4096);
        assert_true(challenge_page_redact(span_of_text(rows[i].html), &out, &e));
        assert_string_equal(buf_text(&out), rows[i].redacted);
        buf_clear(&out);
    }
}

/* Whatever the class, the password of a fixture is gone and the words around it are there. */
static void fixtures(void **state)
{
    (void)state;
    static const struct {
        const char *file, *gone, *there;
    } pages[] = {
        {"password-utf16.html", "8CE317021F690069", "password is: <B>[redacted, 16 characters]</B>"},
        {"password-utf16-bom.html", "8CE317021F690069", "will expire within"},
        {"password-static.html", "5B9D4E0C77A1F3E2", "thumbprint"},
        {"password-lookalike-utf8.html", "z7Q_kd", "[redacted, "},
        {"password-japanese-utf16.html", "91D0B3C277EE0A14", "[redacted, 16 characters]"},
        {"cache-full-utf16.html", "\xff", "password cache is full"},
        {"proxy-login.html", "8CE317021F690069", "Your session has expired."},
        {"login-saml.html", "PHNhbWxw", "SAMLRequest"},
        {"login-entra.html", "AQABIQEAAADnfolhJpSnRYB1", "Sign in to your account"},
        {"login-okta.html", "00abCDefGHij12", "Sign In"},
        {"unknown-maintenance.html", "hunter", "We are back at 18:00."},
        {"unknown-maintenance.html", "kd&amp;1-Xy", "Your one time code"},
        {"unknown-maintenance.html", "secret words", "[redacted, 12 characters]"},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        char path[128];
        struct buf body, out;
        struct err e = {0};
        snprintf(path, sizeof path, "vectors/pages/%s", pages[i].file);
        buf_init(&body, BYTES_MAX_MESSAGE);
        buf_init(&out, BYTES_MAX_MESSAGE);
        assert_true(file_read(path, &body, &e));
        assert_true(challenge_page_redact(buf_span(&body), &out, &e));
        const char *text = buf_text(&out);
        if (strstr(text, pages[i].gone) != NULL || strstr(text, pages[i].there) == NULL)
            fail_msg("%s: %s", pages[i].file, text);
        buf_clear(&body);
        buf_clear(&out);
    }
}

/* Six digits become 24 characters: the caller's ceiling holds. */
static void ceilings(void **state)
{
    (void)state;
    static char page[100000];
    memset(page, 'x', sizeof page);
    struct buf out;
    struct err e = {0};
    buf_init(&out, BYTES_MAX_MESSAGE);
    assert_true(challenge_page_redact(span_of(page, sizeof page), &out, &e));
    assert_int_equal(out.len, 65536);
    buf_clear(&out);
    buf_init(&out, 1000);
    assert_false(challenge_page_redact(span_of(page, sizeof page), &out, &e));
    assert_int_equal(e.reason, REASON_LIMIT);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snippets),
        cmocka_unit_test(fixtures),
        cmocka_unit_test(ceilings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
