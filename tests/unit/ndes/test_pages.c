#include "ndes/pages.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct ndes_otp_page_facts facts = {
    .thumbprint = "A656FA66 AB12B433 A2DA5CF7 CC153D9A",
    .password = "8CE317021F690069",
    .validity_min = 60,
    .cache_max = 5,
};

static void kernel_pages_have_the_lengths_of_the_real_ones(void **state)
{
    (void)state;
    static const struct {
        enum ndes_error_page page;
        int status;
        size_t bytes;
    } cases[] = {
        {NDES_ERROR_KERNEL_TOO_LONG, 400, 346},
        {NDES_ERROR_KERNEL_UNAVAILABLE, 503, 326},
        {NDES_ERROR_KERNEL_BAD_URL, 400, 324},
        {NDES_ERROR_KERNEL_BAD_HOST, 400, 334},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_reply reply;
        ndes_reply_init(&reply);
        ndes_page_error(cases[i].page, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_int_equal(reply.body.len, cases[i].bytes);
        assert_string_equal(reply.server, "Microsoft-HTTPAPI/2.0");
        assert_string_equal(reply.content_type, "text/html; charset=us-ascii");
        assert_true(reply.close);
        buf_clear(&reply.body);
    }
}

static void iis_pages_name_their_status_in_the_title(void **state)
{
    (void)state;
    static const struct {
        enum ndes_error_page page;
        int status;
        const char *title;
    } cases[] = {
        {NDES_ERROR_IIS_401, 401,
         "<title>401 - Unauthorized: Access is denied due to invalid credentials.</title>"},
        {NDES_ERROR_IIS_403, 403, "<title>403 - Forbidden: Access is denied.</title>"},
        {NDES_ERROR_IIS_404, 404, "<title>404 - File or directory not found.</title>"},
        {NDES_ERROR_IIS_500, 500, "<title>500 - Internal server error.</title>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndes_reply reply;
        ndes_reply_init(&reply);
        ndes_page_error(cases[i].page, &reply);
        assert_int_equal(reply.status, cases[i].status);
        assert_string_equal(reply.server, "Microsoft-IIS/10.0");
        const char *html = buf_text(&reply.body);
        assert_non_null(strstr(html, cases[i].title));
        assert_non_null(strstr(html, "XHTML 1.0 Strict"));
        assert_non_null(strstr(html, "charset=iso-8859-1"));
        buf_clear(&reply.body);
    }
}

static void every_error_page_is_filled(void **state)
{
    (void)state;
    for (enum ndes_error_page page = NDES_ERROR_NONE + 1; page < NDES_ERROR_COUNT; page++) {
        if (page == NDES_ERROR_RESET)
            continue; /* no page at all */
        struct ndes_reply reply;
        ndes_reply_init(&reply);
        ndes_page_error(page, &reply);
        bool fine = page == NDES_ERROR_PROXY_REDIRECT || page == NDES_ERROR_PROXY_LOGIN ||
                    page == NDES_ERROR_IIS_DOWNLOAD || page == NDES_ERROR_IIS_EMPTY; /* no errors to HTTP */
        assert_true(fine || (reply.status >= 400 && reply.status < 600));
        assert_int_equal(reply.body.len == 0, page == NDES_ERROR_IIS_EMPTY);
        assert_true(reply.body.len == 0 || strstr(buf_text(&reply.body), "(null)") == NULL);
        buf_clear(&reply.body);
    }
}

/* The page as UTF-8; fails unless the wire has UTF-16LE without a byte-order mark. */
static struct buf shown(enum ndes_otp_page page, const struct ndes_otp_page_facts *f)
{
    struct ndes_reply reply;
    ndes_reply_init(&reply);
    ndes_page_otp(page, f, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/html");
    assert_int_equal(reply.body.len % 2, 0);
    assert_memory_equal(reply.body.data, "<\0H\0T\0M\0L\0>\0", 12);
    struct buf text;
    buf_init(&text, 1 << 16);
    assert_true(text_to_utf8(buf_span(&reply.body), &text));
    assert_int_equal(text.len * 2, reply.body.len);
    assert_non_null(buf_text(&text));
    buf_clear(&reply.body);
    return text;
}

static void assert_shows(struct buf *page, const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        if (strstr(buf_text(page), *texts) == NULL)
            fail_msg("the page lacks: %s", *texts);
    }
}

static void password_page_reads_like_the_real_one(void **state)
{
    (void)state;
    struct buf page = shown(NDES_OTP_PAGE_PASSWORD, &facts);
    static const char *const texts[] = {
        "charset=UTF-8",
        "<Title>Network Device Enrollment Service</Title>",
        "The thumbprint (hash value) for the CA certificate is: <B> A656FA66 AB12B433 A2DA5CF7 CC153D9A </B>",
        "The enrollment challenge password is: <B> 8CE317021F690069 </B>",
        "This password can be used only once and will expire within 60 minutes.",
        "Each enrollment requires a new challenge password. You can refresh this web page to obtain a new "
        "challenge "
        "password.",
        NULL};
    assert_shows(&page, texts);
    buf_clear(&page);
}

static void static_password_page_does_not_say_once(void **state)
{
    (void)state;
    struct ndes_otp_page_facts fixed = facts;
    fixed.fixed = true;
    struct buf page = shown(NDES_OTP_PAGE_PASSWORD, &fixed);
    assert_non_null(strstr(buf_text(&page), "8CE317021F690069"));
    assert_null(strstr(buf_text(&page), "only once"));
    buf_clear(&page);
}

static void full_page_states_the_limits(void **state)
{
    (void)state;
    struct ndes_otp_page_facts other = facts;
    other.validity_min = 30;
    other.cache_max = 7;
    struct buf page = shown(NDES_OTP_PAGE_CACHE_FULL, &other);
    static const char *const texts[] = {"The password cache is full.",
                                        "By default, passwords are stored for 30 minutes.",
                                        "Restart Internet Information Services (IIS).",
                                        "Configure the service to cache more than 7 passwords.", NULL};
    assert_shows(&page, texts);
    assert_null(strstr(buf_text(&page), "8CE317021F690069"));
    buf_clear(&page);
}

static void refusal_page_has_two_blanks(void **state)
{
    (void)state;
    struct buf page = shown(NDES_OTP_PAGE_NO_PERMISSION, &facts);
    static const char *const texts[] = {
        "You do not have sufficient permission to enroll with SCEP.  Please contact "
        "your system administrator.",
        NULL};
    assert_shows(&page, texts);
    buf_clear(&page);
}

/* Other languages: nothing of the English page is left but its frame, the password and the hash. */
static void pages_are_translated(void **state)
{
    (void)state;
    static const char *const words[NDES_LANGUAGE_COUNT] = {"password", "Kennwort", "de passe",
                                                           "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf"};
    static const enum ndes_otp_page pages[] = {NDES_OTP_PAGE_PASSWORD, NDES_OTP_PAGE_CACHE_FULL,
                                               NDES_OTP_PAGE_NO_PERMISSION};
    for (unsigned l = NDES_GERMAN; l < NDES_LANGUAGE_COUNT; l++) {
        for (size_t p = 0; p < 3; p++) {
            struct ndes_otp_page_facts said = {.language = (enum ndes_language)l,
                                               .thumbprint = "A656FA66 AB12B433 A2DA5CF7 CC153D9A",
                                               .password = "8CE317021F690069",
                                               .validity_min = 60,
                                               .cache_max = 5};
            struct ndes_reply reply;
            ndes_reply_init(&reply);
            ndes_page_otp(pages[p], &said, &reply);
            struct buf text;
            buf_init(&text, 1 << 16);
            assert_true(text_to_utf8(buf_span(&reply.body), &text));
            const char *page = buf_text(&text);
            assert_non_null(page);
            assert_null(strstr(page, "challenge password is"));
            assert_null(strstr(page, "cache is full"));
            assert_null(strstr(page, "sufficient permission"));
            if (p < 2)
                assert_non_null(strstr(page, words[l]));
            if (p == 0)
                assert_non_null(strstr(page, "<B> 8CE317021F690069 </B>"));
            buf_clear(&text);
            buf_clear(&reply.body);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_pages_have_the_lengths_of_the_real_ones),
        cmocka_unit_test(iis_pages_name_their_status_in_the_title),
        cmocka_unit_test(every_error_page_is_filled),
        cmocka_unit_test(password_page_reads_like_the_real_one),
        cmocka_unit_test(static_password_page_does_not_say_once),
        cmocka_unit_test(full_page_states_the_limits),
        cmocka_unit_test(refusal_page_has_two_blanks),
        cmocka_unit_test(pages_are_translated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
