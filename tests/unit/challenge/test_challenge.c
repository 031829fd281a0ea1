#include "challenge/challenge.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define THUMBPRINT "A656FA66AB12B433A2DA5CF7CC153D9A"

static const struct {
    const char *file;
    enum challenge_page kind;
    const char *password;
    bool single_use;
    unsigned minutes;
    unsigned cache;
    const char *thumbprint;
} pages[] = {
    {"password-utf16.html", CHALLENGE_PAGE_PASSWORD, "8CE317021F690069", true, 60, 0, THUMBPRINT},
    {"password-utf16-bom.html", CHALLENGE_PAGE_PASSWORD, "8CE317021F690069", true, 60, 0, THUMBPRINT},
    {"password-utf8.html", CHALLENGE_PAGE_PASSWORD, "8CE317021F690069", true, 60, 0, THUMBPRINT},
    {"password-utf8-bom.html", CHALLENGE_PAGE_PASSWORD, "8CE317021F690069", true, 60, 0, THUMBPRINT},
    {"password-32.html", CHALLENGE_PAGE_PASSWORD, "8CE317021F6900698CE317021F69006A", true, 15, 0,
     THUMBPRINT},
    {"password-static.html", CHALLENGE_PAGE_PASSWORD, "5B9D4E0C77A1F3E2", false, 0, 0, THUMBPRINT},
    {"password-german-utf16.html", CHALLENGE_PAGE_PASSWORD, "91D0B3C277EE0A14", true, 60, 0, THUMBPRINT},
    {"password-german-utf8.html", CHALLENGE_PAGE_PASSWORD, "91D0B3C277EE0A14", true, 60, 0, THUMBPRINT},
    {"password-japanese-utf16.html", CHALLENGE_PAGE_PASSWORD, "91D0B3C277EE0A14", true, 60, 0, THUMBPRINT},
    {"password-lookalike-utf8.html", CHALLENGE_PAGE_PASSWORD, "z7Q_kd&1-Xy.fP0vR~mG2w", true, 10, 0, ""},
    {"cache-full-utf16.html", CHALLENGE_PAGE_CACHE_FULL, NULL, false, 60, 5, ""},
    {"cache-full-raised-utf8.html", CHALLENGE_PAGE_CACHE_FULL, NULL, false, 120, 500, ""},
    {"no-permission-utf16.html", CHALLENGE_PAGE_NO_PERMISSION, NULL, false, 0, 0, ""},
    {"no-permission-utf8.html", CHALLENGE_PAGE_NO_PERMISSION, NULL, false, 0, 0, ""},
    {"blank-empty.html", CHALLENGE_PAGE_BLANK, NULL, false, 0, 0, ""},
    {"blank-spaces-utf16.html", CHALLENGE_PAGE_BLANK, NULL, false, 0, 0, ""},
    {"blank-nul.html", CHALLENGE_PAGE_BLANK, NULL, false, 0, 0, ""},
    {"thumbprint-only-utf16.html", CHALLENGE_PAGE_UNKNOWN, NULL, false, 0, 0, THUMBPRINT},
    {"empty-password-utf16.html", CHALLENGE_PAGE_UNKNOWN, NULL, false, 0, 0, THUMBPRINT},
    {"proxy-login.html", CHALLENGE_PAGE_UNKNOWN, NULL, false, 0, 0, ""},
    {"iis-401.html", CHALLENGE_PAGE_UNKNOWN, NULL, false, 0, 0, ""},
};

static void assert_password(const struct challenge_page_facts *facts, const char *expected)
{
    if (expected == NULL) {
        assert_null(facts->password);
        return;
    }
    assert_non_null(facts->password);
    assert_true(span_equal_text(secret_value(facts->password), expected));
}

static void known_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        char path[128];
        struct buf body;
        struct err e = {0};
        struct challenge_page_facts facts;
        snprintf(path, sizeof path, "vectors/pages/%s", pages[i].file);
        buf_init(&body, BYTES_MAX_MESSAGE);
        assert_true(file_read(path, &body, &e));
        assert_true(challenge_page_read(buf_span(&body), &facts, &e));
        if (facts.kind != pages[i].kind)
            fail_msg("%s is read as %d", pages[i].file, (int)facts.kind);
        assert_password(&facts, pages[i].password);
        if (facts.single_use != pages[i].single_use || facts.validity_minutes != pages[i].minutes ||
            facts.cache_size != pages[i].cache)
            fail_msg("%s: single use %d, %u minutes, cache %u", pages[i].file, facts.single_use,
                     facts.validity_minutes, facts.cache_size);
        assert_string_equal(facts.ca_thumbprint, pages[i].thumbprint);
        challenge_page_clear(&facts);
        assert_null(facts.password);
        buf_clear(&body);
    }
}

#define THUMB_HTML "<B> A656FA66 AB12B433 A2DA5CF7 CC153D9A </B>"
#define SENTENCE   "The enrollment challenge password is:"

static const struct {
    const char *html;
    enum challenge_page kind;
    const char *password;
} snippets[] = {
    /* the sentence wins, whatever the alphabet and the markup */
    {SENTENCE " <B> abc </B>", CHALLENGE_PAGE_PASSWORD, "abc"},
    {SENTENCE "<b>abc</b>", CHALLENGE_PAGE_PASSWORD, "abc"},
    {SENTENCE " abc\n", CHALLENGE_PAGE_PASSWORD, "abc"},
    {"THE ENROLLMENT CHALLENGE PASSWORD IS: <strong>abc</strong>", CHALLENGE_PAGE_PASSWORD, "abc"},
    {SENTENCE "<B> a&lt;b&gt;&quot;&#39;&amp;&x; </B>", CHALLENGE_PAGE_PASSWORD, "a<b>\"'&&x;"},
    {SENTENCE, CHALLENGE_PAGE_UNKNOWN, NULL},
    {SENTENCE " <B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {SENTENCE " <B", CHALLENGE_PAGE_UNKNOWN, NULL},
    /* by pattern: beside a thumbprint any lone even run, a bold one first, the last one */
    {THUMB_HTML "<p>Mot de passe : 1a2b3c4d5e6f7788</p>", CHALLENGE_PAGE_PASSWORD, "1a2b3c4d5e6f7788"},
    {THUMB_HTML "<B> 1A2B3C4D </B> 60", CHALLENGE_PAGE_PASSWORD, "1A2B3C4D"},
    {THUMB_HTML "<B> 1A2B3C4D5 </B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {THUMB_HTML "<B> 1A2B3C4D </B> DEADBEEF", CHALLENGE_PAGE_PASSWORD, "1A2B3C4D"},
    {"<B> 8CE317021F690069 </B>", CHALLENGE_PAGE_PASSWORD, "8CE317021F690069"},
    {"<B> 8ce317021f690069 </B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<B> 8CE31702 </B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"8CE317021F690069", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<B> ID 8CE317021F690069 </B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<B title='8CE317021F690069'></B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    /* three groups are no thumbprint */
    {"<B> A656FA66 AB12B433 A2DA5CF7 </B>", CHALLENGE_PAGE_UNKNOWN, NULL},
    /* a page cannot forge the marks that stand for bold */
    {"\x02 8CE317021F690069 \x03", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<!-- <B> 8CE317021F690069 </B> -->", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<script>'<B> 8CE317021F690069 </B>'</script>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"1 < 2 & 3 > 2", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"\xef\xbb\xbf", CHALLENGE_PAGE_BLANK, NULL},
    {"\xff\xfe", CHALLENGE_PAGE_BLANK, NULL},
};

static void snippets_of_html(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof snippets / sizeof *snippets; i++) {
        struct challenge_page_facts facts;
        struct err e = {0};
        assert_true(challenge_page_read(span_of_text(snippets[i].html), &facts, &e));
        if (facts.kind != snippets[i].kind)
            fail_msg("'%s' is read as %d", snippets[i].html, (int)facts.kind);
        assert_password(&facts, snippets[i].password);
        challenge_page_clear(&facts);
    }
}

static void endless_passwords_are_none(void **state)
{
    (void)state;
    static char html[4096];
    size_t at = (size_t)snprintf(html, sizeof html, "%s <B> ", SENTENCE);
    memset(html + at, 'A', sizeof html - at);
    struct challenge_page_facts facts;
    struct err e = {0};
    assert_true(challenge_page_read(span_of(html, sizeof html), &facts, &e));
    assert_int_equal(facts.kind, CHALLENGE_PAGE_UNKNOWN);
    challenge_page_clear(&facts);
}

/* Pages that would cost a careless reader its square: a megabyte of openings that never close. */
static void hostile_pages_end(void **state)
{
    (void)state;
    static const char *const parts[] = {"<script",   "<!--",   "<b",    "<", "&",
                                        "A656FA66 ", SENTENCE, "<B> A", "9"};
    size_t len = (size_t)1 << 20;
    char *html = malloc(len);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t part = strlen(parts[i]);
        for (size_t at = 0; at < len; at++)
            html[at] = parts[i][at % part];
        struct challenge_page_facts facts;
        struct err e = {0};
        assert_true(challenge_page_read(span_of(html, len), &facts, &e));
        challenge_page_clear(&facts);
    }
    free(html);
}

static void admin_urls(void **state)
{
    (void)state;
    static const struct {
        const char *scep;
        const char *admin;
    } urls[] = {
        {"https://h/certsrv/mscep/mscep.dll", "https://h/certsrv/mscep_admin/"},
        {"https://h/CertSrv/MSCEP/mscep.dll/pkiclient.exe", "https://h/CertSrv/mscep_admin/"},
        {"http://127.0.0.1:8080/certsrv/mscep/", "http://127.0.0.1:8080/certsrv/mscep_admin/"},
        {"http://h/certsrv/mscep", "http://h/certsrv/mscep_admin/"},
        {"http://h/certsrv/mscep_admin/mscep.dll", "http://h/certsrv/mscep_admin/"},
        {"http://mscep/certsrv/mscep/mscep.dll", "http://mscep/certsrv/mscep_admin/"},
        {"http://h/mscep/x/mscep/mscep.dll", "http://h/mscep/x/mscep_admin/"},
        {"http://mscep/", NULL},
        {"http://mscep", NULL},
        {"http://h/scep", NULL},
        {"http://h/mscepx/", NULL},
        {"nonsense", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct buf out;
        struct err e = {0};
        buf_init(&out, 4096);
        bool ok = challenge_admin_url(urls[i].scep, &out, &e);
        assert_int_equal(ok, urls[i].admin != NULL);
        if (ok)
            assert_string_equal(buf_text(&out), urls[i].admin);
        else
            assert_int_equal(e.reason, REASON_USAGE);
        buf_clear(&out);
    }
}

static void secret_from_environment(void **state)
{
    (void)state;
    char name[] = "SCEPSTORM_TEST_SECRET";
    struct challenge_config config = {.source = CHALLENGE_STATIC, .password_env = name};
    struct secret *s = NULL;
    struct err e = {0};
    unsetenv(name);
    assert_false(challenge_secret(&config, &s, &e));
    assert_null(s);
    assert_int_equal(e.reason, REASON_USAGE);
    assert_non_null(strstr(e.text, name));
    e = (struct err){0};
    setenv(name, "", 1);
    assert_false(challenge_secret(&config, &s, &e));
    assert_non_null(strstr(e.text, name));
    e = (struct err){0};
    setenv(name, "p w", 1);
    assert_true(challenge_secret(&config, &s, &e));
    assert_true(span_equal_text(secret_value(s), "p w"));
    secret_free(s);
    unsetenv(name);
}

static void secret_from_private_file(void **state)
{
    (void)state;
    char path[] = "/tmp/scepstorm-secret-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "hunter2\n", 8) == 8 && close(fd) == 0);
    struct challenge_config config = {.source = CHALLENGE_MSCEP_ADMIN, .password_file = path};
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(challenge_secret(&config, &s, &e));
    assert_true(span_equal_text(secret_value(s), "hunter2"));
    secret_free(s);
    s = NULL;
    assert_int_equal(chmod(path, 0640), 0);
    assert_false(challenge_secret(&config, &s, &e));
    assert_non_null(strstr(e.text, "chmod 600"));
    assert_null(strstr(e.text, "hunter2"));
    assert_null(s);
    unlink(path);
}

static void no_secret_needed(void **state)
{
    (void)state;
    struct challenge_config none = {.source = CHALLENGE_NONE}, open = {.source = CHALLENGE_MSCEP_ADMIN};
    struct secret *s = NULL;
    struct err e = {0};
    assert_true(challenge_secret(&none, &s, &e));
    assert_null(s);
    assert_true(challenge_secret(&open, &s, &e));
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_pages),
        cmocka_unit_test(snippets_of_html),
        cmocka_unit_test(endless_passwords_are_none),
        cmocka_unit_test(hostile_pages_end),
        cmocka_unit_test(admin_urls),
        cmocka_unit_test(secret_from_environment),
        cmocka_unit_test(secret_from_private_file),
        cmocka_unit_test(no_secret_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
