#include "check.h"
#include "persona/persona.h"

static struct err e;

static struct persona find(const char *name)
{
    struct persona p;
    CHECK_OK(persona_find(name, &p, &e), &e);
    return p;
}

static struct persona with(const char *knob, const char *value)
{
    struct persona p = find("rfc8894");
    CHECK_OK(persona_override(&p, knob, value, &e), &e);
    return p;
}

static struct persona_choice choose(const struct persona *p, const char *caps)
{
    struct persona_choice c;
    CHECK_OK(persona_choose(p, span_of_text(caps), &c, &e), &e);
    return c;
}

/* What the default did before there were personas: scep_caps_digest, scep_caps_cipher, POST where announced. */
static void the_default_chooses_as_rfc_8894_advises(void **state)
{
    (void)state;
    struct persona p = find(PERSONA_DEFAULT);
    static const char *const words[] = {"AES",     "DES3",    "POSTPKIOperation", "SHA-1",
                                        "SHA-256", "SHA-512", "SCEPStandard"};
    for (unsigned set = 0; set < 1u << 7; set++) {
        struct buf body;
        buf_init(&body, 4096);
        for (unsigned i = 0; i < 7; i++) {
            if ((set & 1u << i) != 0)
                buf_appendf(&body, "%s\n", words[i]);
        }
        unsigned caps = scep_caps_parse(buf_span(&body));
        struct persona_choice c;
        CHECK_OK(persona_choose(&p, buf_span(&body), &c, &e), &e);
        assert_int_equal(c.caps, caps);
        assert_int_equal(c.digest, scep_caps_digest(caps));
        assert_int_equal(c.cipher, scep_caps_cipher(caps));
        assert_int_equal(c.post, (caps & SCEP_CAP_POST) != 0);
        buf_clear(&body);
    }
}

static void lists_decide_and_may_force(void **state)
{
    (void)state;
    struct persona p = with("ciphers", "aes256-cbc");
    assert_int_equal(choose(&p, "AES").cipher, PKI_AES256_CBC);
    assert_int_equal(choose(&p, "").cipher, PKI_DES3_CBC);
    p = with("digests", "none");
    CHECK_OK(persona_override(&p, "digest_default", "sha384", &e), &e);
    assert_int_equal(choose(&p, "SHA-256").digest, PKI_SHA384);
    p = with("digests", "sha384, md5"); /* no word announces SHA-384; MD5 needs none */
    assert_int_equal(choose(&p, "SHA-256").digest, PKI_MD5);
    p = with("post", "always");
    assert_true(choose(&p, "").post);
    p = with("post", "never");
    assert_false(choose(&p, "POSTPKIOperation").post);
    p = find("ios");
    struct persona_choice c;
    CHECK_FAILS(persona_choose(&p, span_of_text("AES\n"), &c, &e), &e, REASON_UNSUPPORTED_ALGORITHM);
    assert_int_equal(choose(&p, "\r\n").digest, PKI_SHA1);
}

static void check_url(const struct persona *p, const char *url, enum persona_operation operation, bool post,
                      struct span message, const char *wanted)
{
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    CHECK_OK(persona_url(p, url, operation, post, message, &out, &e), &e);
    assert_string_equal(buf_text(&out), wanted);
    buf_clear(&out);
}

static void urls_keep_what_they_had(void **state)
{
    (void)state;
    struct span none = span_of(NULL, 0);
    struct persona p = find("rfc8894");
    check_url(&p, "http://a/scep", PERSONA_GET_CA_CERT, false, none, "http://a/scep?operation=GetCACert");
    check_url(&p, "http://a/scep?p=1", PERSONA_GET_CA_CERT, false, none,
              "http://a/scep?p=1&operation=GetCACert");
    p = find("windows");
    check_url(&p, "http://a/scep", PERSONA_GET_CA_CAPS, false, none,
              "http://a/scep?operation=GetCACaps&message=default");
    check_url(&p, "http://a/MSCEP.DLL/?x", PERSONA_PKI_OPERATION, true, none,
              "http://a/MSCEP.DLL/pkiclient.exe?x&operation=PKIOperation");
    check_url(&p, "http://a/mscep.dll/pkiclient.exe", PERSONA_PKI_OPERATION, true, none,
              "http://a/mscep.dll/pkiclient.exe?operation=PKIOperation");
    p = with("message_get_ca_cert", "A & B/\xc3\xa4");
    check_url(&p, "http://a/", PERSONA_GET_CA_CERT, false, none,
              "http://a/?operation=GetCACert&message=A%20%26%20B%2F%C3%A4");
    p = with("message_post", "x");
    check_url(&p, "http://a/", PERSONA_PKI_OPERATION, true, none,
              "http://a/?operation=PKIOperation&message=x");
}

static void messages_are_escaped_in_four_ways(void **state)
{
    (void)state;
    static const struct {
        const char *style;
        const char *message;
    } cases[] = {
        {"all", "%2B%2F%2B%2FAA%3D%3D"},
        {"padding", "+/+/AA%3D%3D"},
        {"lines", "%2B/%2B/AA%3D%3D%0A"},
        {"url_safe", "-_-_AA%3D%3D"},
    };
    static const uint8_t message[] = {0xfb, 0xff, 0xbf, 0x00};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char wanted[128];
        struct persona p = with("get_escaping", cases[i].style);
        snprintf(wanted, sizeof wanted, "http://a/?operation=PKIOperation&message=%s", cases[i].message);
        check_url(&p, "http://a/", PERSONA_PKI_OPERATION, false, span_of(message, sizeof message), wanted);
    }
    static const uint8_t line[48] = {0}; /* exactly one line: one line end, not two */
    struct persona p = with("get_escaping", "lines");
    check_url(&p, "http://a/", PERSONA_PKI_OPERATION, false, span_of(line, sizeof line),
              "http://a/?operation=PKIOperation&message="
              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%0A");
}

static void says_so_when_there_is_no_room(void **state)
{
    (void)state;
    struct persona p = find("rfc8894");
    struct buf out;
    buf_init(&out, 20);
    CHECK_FAILS(persona_url(&p, "http://a/", PERSONA_GET_CA_CAPS, false, span_of(NULL, 0), &out, &e), &e,
                REASON_LIMIT);
    buf_clear(&out);
}

static void headers_are_only_those_named(void **state)
{
    (void)state;
    struct persona p = find("sscep");
    struct buf out;
    buf_init(&out, 4096);
    CHECK_OK(persona_headers(&p, true, &out, &e), &e);
    CHECK_SPAN(buf_span(&out), "Connection: close\n");
    buf_reset(&out);
    CHECK_OK(persona_override(&p, "headers", "", &e), &e);
    CHECK_OK(persona_headers(&p, true, &out, &e), &e);
    assert_int_equal(out.len, 0);
    p = find("android");
    CHECK_OK(persona_override(&p, "user_agent", "x", &e), &e);
    CHECK_OK(persona_headers(&p, false, &out, &e), &e);
    CHECK_SPAN(buf_span(&out), "User-Agent: x\nConnection: Keep-Alive\nAccept-Encoding: gzip\n");
    buf_clear(&out);
}

static void content_types_of_get_ca_cert(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool any, bare, exact;
    } cases[] = {
        {"application/x-x509-ca-cert", true, true, true},
        {"application/x-x509-ca-ra-cert", true, true, true},
        {"application/x-x509-ca-ra-cert; charset=binary", true, true, false},
        {"Application/X-x509-CA-cert", true, true, true},
        {"application/octet-stream", true, false, false},
        {"text/html", true, false, false},
        {"", true, false, false},
    };
    struct persona any = with("ca_content_type", "any");
    struct persona bare = with("ca_content_type", "bare");
    struct persona exact = with("ca_content_type", "exact");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(persona_takes_ca_type(&any, cases[i].type), cases[i].any);
        assert_int_equal(persona_takes_ca_type(&bare, cases[i].type), cases[i].bare);
        assert_int_equal(persona_takes_ca_type(&exact, cases[i].type), cases[i].exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_chooses_as_rfc_8894_advises),
        cmocka_unit_test(lists_decide_and_may_force),
        cmocka_unit_test(urls_keep_what_they_had),
        cmocka_unit_test(messages_are_escaped_in_four_ways),
        cmocka_unit_test(says_so_when_there_is_no_room),
        cmocka_unit_test(headers_are_only_those_named),
        cmocka_unit_test(content_types_of_get_ca_cert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
