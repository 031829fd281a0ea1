#include "logon/ntlm.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What curl 7.88 sends: 32 bytes, no version, OEM names. */
static const char first_of_curl[] = "4e544c4d53535000010000000682080000000000000000000000000000000000";

/* An AUTHENTICATE message with one 2-byte response and the names behind it. */
struct names {
    const char *domain, *user; /* as they stand in the message */
    size_t domain_len, user_len;
    bool unicode, version;
};

static void put(struct buf *out, size_t at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out->data[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_field(struct buf *out, size_t at, const char *bytes, size_t len)
{
    put(out, at, (uint32_t)len, 2);
    put(out, at + 2, (uint32_t)len, 2);
    put(out, at + 4, (uint32_t)out->len, 4);
    assert_true(buf_append(out, bytes, len));
}

static struct buf authenticate(const struct names *n)
{
    static const uint8_t zeros[88];
    struct buf out;
    buf_init(&out, 4096);
    assert_true(buf_append(&out, "NTLMSSP\0\3\0\0\0", 12));
    assert_true(buf_append(&out, zeros, (n->version ? 88 : 64) - 12));
    put(&out, 60, (n->unicode ? 1u : 2u) | 0x02000000, 4);
    put_field(&out, 20, "NT", 2);
    put_field(&out, 28, n->domain, n->domain_len);
    put_field(&out, 36, n->user, n->user_len);
    return out;
}

static void names_are_read_in_both_encodings(void **state)
{
    (void)state;
    static const struct {
        struct names in;
        const char *out; /* NULL: nobody */
    } cases[] = {
        {{"CONTOSO", "mdm", 7, 3, false, false}, "CONTOSO\\mdm"},
        {{"L\0A\0B\0", "m\0\xfc\0", 6, 4, true, true}, "LAB\\m\xc3\xbc"},
        {{"", "\x1f\x04\x43\x04", 0, 4, true, true}, "\xd0\x9f\xd1\x83"}, /* no NUL betrays the encoding */
        {{"CONTOSO", "", 7, 0, false, false}, NULL},
        {{"", "m\0x\0", 0, 4, false, false}, NULL}, /* a NUL in an OEM name */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf message = authenticate(&cases[i].in);
        char who[64];
        assert_int_equal(logon_ntlm_find(buf_span(&message), NULL), LOGON_NTLM_AUTHENTICATE);
        assert_int_equal(logon_ntlm_who(buf_span(&message), who, sizeof who), cases[i].out != NULL);
        if (cases[i].out != NULL)
            assert_string_equal(who, cases[i].out);
        assert_false(logon_ntlm_who(buf_span(&message), who, 3));
        buf_clear(&message);
    }
}

static void cut_messages_name_nobody(void **state)
{
    (void)state;
    struct buf message = authenticate(&(struct names){"CONTOSO", "mdm", 7, 3, false, false});
    char who[64];
    for (size_t len = 0; len < message.len; len++)
        assert_false(logon_ntlm_who(span_of(message.data, len), who, sizeof who));
    put(&message, 36 + 4, UINT32_MAX, 4);
    assert_false(logon_ntlm_who(buf_span(&message), who, sizeof who));
    buf_clear(&message);
}

static void message_is_found_inside_a_frame(void **state)
{
    (void)state;
    struct span message;
    static const char framed[] = "\x60\x10 frame NTLMSSP\0\1\0\0\0rest";
    assert_int_equal(logon_ntlm_find(span_of(framed, sizeof framed - 1), &message), LOGON_NTLM_NEGOTIATE);
    assert_int_equal(message.len, 16);
    assert_memory_equal(message.data, "NTLMSSP", 8);
    assert_int_equal(logon_ntlm_find(span_of_text("\x60\x10 a ticket"), NULL), LOGON_NTLM_NONE);
    assert_int_equal(logon_ntlm_find(span_of("NTLMSSP\0\4\0\0\0", 12), NULL), LOGON_NTLM_NONE);
    assert_int_equal(logon_ntlm_find(span_of("NTLMSSP\0\1\0\0", 11), NULL), LOGON_NTLM_NONE);
    assert_int_equal(logon_ntlm_find(span_of(NULL, 0), NULL), LOGON_NTLM_NONE);
}

static void missing_versions_are_mended(void **state)
{
    (void)state;
    struct buf first, out;
    struct err e = {0};
    buf_init(&first, 64);
    buf_init(&out, 4096);
    assert_true(text_unhex(first_of_curl, &first, &e));
    assert_true(logon_ntlm_mend(buf_span(&first), &out));
    assert_int_equal(out.len, 40);
    assert_memory_equal(out.data, first.data, 32);
    buf_reset(&out);
    struct buf last = authenticate(&(struct names){"CONTOSO", "mdm", 7, 3, false, false});
    assert_true(logon_ntlm_mend(buf_span(&last), &out));
    assert_int_equal(out.len, last.len);
    assert_int_equal(out.data[63], 0);
    assert_memory_equal(out.data, last.data, 63);
    assert_memory_equal(out.data + 64, last.data + 64, last.len - 64);
    buf_clear(&first);
    buf_clear(&last);
    buf_clear(&out);
}

static void whole_messages_are_left_alone(void **state)
{
    (void)state;
    struct buf last = authenticate(&(struct names){"C\0", "m\0", 2, 2, true, true});
    struct span tokens[] = {buf_span(&last), span_of_text("a ticket"), span_of("x NTLMSSP\0\1\0\0\0", 14)};
    for (size_t i = 0; i < 3; i++) {
        struct buf out;
        buf_init(&out, 4096);
        assert_true(logon_ntlm_mend(tokens[i], &out));
        assert_true(span_equal(buf_span(&out), tokens[i]));
        buf_clear(&out);
    }
    buf_clear(&last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_in_both_encodings), cmocka_unit_test(cut_messages_name_nobody),
        cmocka_unit_test(message_is_found_inside_a_frame),  cmocka_unit_test(missing_versions_are_mended),
        cmocka_unit_test(whole_messages_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
