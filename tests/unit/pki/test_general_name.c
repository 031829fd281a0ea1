#include "pki/general_name.h"
#include "pki_fixture.h"

#include <openssl/x509v3.h>

static struct err e;

static struct buf make(const char *const *texts, size_t count)
{
    struct buf der;
    buf_init(&der, 4096);
    CHECK_OK(pki_general_names_from_texts(texts, count, &der, &e), &e);
    return der;
}

/* OpenSSL reads what we wrote, and prints it the way people know. */
static void writes_every_kind(void **state)
{
    (void)state;
    static const char *const texts[] = {"dns:phone-7.example", "email:anna@example.com",
                                        "uri:urn:uuid:0123",   "IP:192.0.2.7",
                                        "ip:2001:db8::7",      "upn:anna@example.com"};
    struct buf der = make(texts, 6);
    const unsigned char *at = der.data;
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &at, (long)der.len);
    assert_non_null(names);
    assert_ptr_equal(at, der.data + der.len);
    assert_int_equal(sk_GENERAL_NAME_num(names), 6);
    static const int types[] = {GEN_DNS, GEN_EMAIL, GEN_URI, GEN_IPADD, GEN_IPADD, GEN_OTHERNAME};
    for (int i = 0; i < 6; i++)
        assert_int_equal(sk_GENERAL_NAME_value(names, i)->type, types[i]);
    const OTHERNAME *upn = sk_GENERAL_NAME_value(names, 5)->d.otherName;
    assert_int_equal(OBJ_obj2nid(upn->type_id), NID_ms_upn);
    assert_int_equal(upn->value->type, V_ASN1_UTF8STRING);
    assert_int_equal(ASN1_STRING_length(sk_GENERAL_NAME_value(names, 4)->d.iPAddress), 16);
    GENERAL_NAMES_free(names);
    buf_clear(&der);
}

static void writes_nothing_for_none(void **state)
{
    (void)state;
    struct buf der = make(NULL, 0);
    assert_int_equal(der.len, 0);
}

static void refuses(const char *text, const char *says)
{
    struct buf der;
    buf_init(&der, 4096);
    assert_false(pki_general_names_from_texts(&text, 1, &der, &e));
    assert_int_equal(e.reason, REASON_USAGE);
    assert_non_null(strstr(e.text, says));
    assert_int_equal(der.len, 0);
    e = (struct err){0};
    buf_clear(&der);
}

static void refuses_what_is_no_name(void **state)
{
    (void)state;
    refuses("phone-7.example", "write dns:");
    refuses("dns:", "nothing follows the colon");
    refuses("dns:two words", "letters, digits");
    refuses("dns:b\xc3\xbc"
            "cher.example",
            "punycode");
    refuses("dns:.example", "1 to 63");
    refuses("dns:phone..example", "1 to 63");
    refuses("dns:phone.", "1 to 63");
    refuses("dns:a123456789b123456789c123456789d123456789e123456789f123456789g123.example", "1 to 63");
    refuses("email:anna", "somebody@example.com");
    refuses("email:@example.com", "somebody@example.com");
    refuses("email:anna@", "somebody@example.com");
    refuses("email:anna@b\xc3\xbc"
            "cher.example",
            "punycode");
    refuses("uri:nowhere", "a scheme");
    refuses("uri:7:x", "a scheme");
    refuses("uri:urn:", "a scheme");
    refuses("uri:https://b\xc3\xbc"
            "cher.example",
            "percent-encode");
    refuses("ip:192.0.2.300", "192.0.2.1 or");
    refuses("upn:", "nothing follows the colon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind),
        cmocka_unit_test(writes_nothing_for_none),
        cmocka_unit_test(refuses_what_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
