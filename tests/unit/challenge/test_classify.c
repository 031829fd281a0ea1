#include "challenge/challenge.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

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
    {"password-8-utf16-bom.html", CHALLENGE_PAGE_PASSWORD, "8CE31702", true, 5, 0, THUMBPRINT},
    {"password-64-utf16.html", CHALLENGE_PAGE_PASSWORD,
     "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", true, 60, 0, THUMBPRINT},
    {"password-french-8-utf8.html", CHALLENGE_PAGE_PASSWORD, "89ABCDEF", true, 60, 0, THUMBPRINT},
    {"password-french-64-utf16.html", CHALLENGE_PAGE_PASSWORD,
     "89ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF01234567", true, 60, 0, THUMBPRINT},
    {"proxy-login.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"login-saml.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"login-adfs.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"login-entra.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"login-okta.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"login-tmg.html", CHALLENGE_PAGE_LOGIN, NULL, false, 0, 0, ""},
    {"iis-401.html", CHALLENGE_PAGE_IIS_ERROR, NULL, false, 0, 0, ""},
    {"iis-500.html", CHALLENGE_PAGE_IIS_ERROR, NULL, false, 0, 0, ""},
    {"iis-detailed-401.html", CHALLENGE_PAGE_IIS_ERROR, NULL, false, 0, 0, ""},
    {"httpsys-503.html", CHALLENGE_PAGE_HTTPSYS_ERROR, NULL, false, 0, 0, ""},
    {"httpsys-400.html", CHALLENGE_PAGE_HTTPSYS_ERROR, NULL, false, 0, 0, ""},
    {"unknown-maintenance.html", CHALLENGE_PAGE_UNKNOWN, NULL, false, 0, 0, ""},
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
    {"<P>Der Kennwortcache ist voll.</P><P>Kennw\xc3\xb6rter bleiben 60 Minuten.</P>",
     CHALLENGE_PAGE_CACHE_FULL, NULL},
    {"<P>Le cache de mots de passe est plein : 60 minutes.</P>", CHALLENGE_PAGE_CACHE_FULL, NULL},
    {"<P>Vous ne disposez pas des autorisations pour vous inscrire avec SCEP.</P>",
     CHALLENGE_PAGE_NO_PERMISSION, NULL},
    {"<P>Ihnen fehlen Berechtigungen f\xc3\xbcr SCEP.</P>", CHALLENGE_PAGE_NO_PERMISSION, NULL},
    {"<P>Der Cache ist voll: 60 Dateien.</P>", CHALLENGE_PAGE_UNKNOWN, NULL},
    {"<P>Ihnen fehlen Berechtigungen.</P>", CHALLENGE_PAGE_UNKNOWN, NULL},
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

/* Titles tell people whose page it is; they are redacted too. */
static void titles(void **state)
{
    (void)state;
    static const struct {
        const char *html, *title;
    } rows[] = {
        {"<title>Sign in</title><input type=password>", "Sign in"},
        {"<TITLE lang=de> Wartung &amp; mehr </TITLE>", " Wartung & mehr "},
        {"<title>Ticket 4F00BA12</title>", "Ticket [redacted, 8 characters]"},
        {"<title>a\nb", "a b"},
        {"<title", ""},
        {"<p>none</p>", ""},
        {"<title>Network Device Enrollment Service</title>" SENTENCE " <B> abc </B>", ""},
        {"<title>\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4",
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct challenge_page_facts facts;
        struct err e = {0};
        assert_true(challenge_page_read(span_of_text(rows[i].html), &facts, &e));
        assert_string_equal(facts.title, rows[i].title);
        challenge_page_clear(&facts);
    }
}

/* PasswordLength 4 to 32, in the page's own sentence and in a language that nobody told us; never the thumbprint. */
static void every_password_length(void **state)
{
    (void)state;
    static const char digits[] = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF";
    static const char *const forms[] = {
        "<P>" THUMB_HTML "<P>" SENTENCE " <B> %.*s </B>",
        "<P>" SENTENCE " <B> %.*s </B><P>" THUMB_HTML,
        "<P>Fingerabdruck " THUMB_HTML "<P>Kennwort: <B> %.*s </B>",
    };
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        for (int len = 8; len <= 64; len += 2) {
            char html[512], expected[65];
            struct challenge_page_facts facts;
            struct err e = {0};
            const char *thumb = "A656FA66 AB12B433 A2DA5CF7 CC153D9A", *sentence = forms[form];
            snprintf(expected, sizeof expected, "%.*s", len, digits);
            const char *gap = strstr(sentence, "%.*s");
            snprintf(html, sizeof html, "%.*s%s%s", (int)(gap - sentence), sentence, expected, gap + 4);
            assert_non_null(strstr(html, thumb));
            assert_true(challenge_page_read(span_of_text(html), &facts, &e));
            if (facts.kind != CHALLENGE_PAGE_PASSWORD)
                fail_msg("%s", html);
            assert_password(&facts, expected);
            assert_string_equal(facts.ca_thumbprint, THUMBPRINT);
            challenge_page_clear(&facts);
        }
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
    static const char *const parts[] = {"<script", "<!--",         "<b",     "<",      "&",
                                        "<input",  "<input type=", "<title", " value", "A656FA66 ",
                                        SENTENCE,  "<B> A",        "9"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_pages),
        cmocka_unit_test(titles),
        cmocka_unit_test(every_password_length),
        cmocka_unit_test(snippets_of_html),
        cmocka_unit_test(endless_passwords_are_none),
        cmocka_unit_test(hostile_pages_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
