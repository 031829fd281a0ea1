#include "scep/describe.h"

#include "pki/general_name.h"
#include "scep_fixture.h"

static struct err e;
static struct exchange x;

/* "name: value" stands in the lines. */
static void has_line(struct buf *lines, const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    const char *text = buf_text(lines);
    if (strncmp(text, wanted + 1, strlen(wanted + 1)) != 0 && strstr(text, wanted) == NULL)
        fail_msg("no line \"%s\" in\n%s", line, text);
}

static void a_request_in_words(void **state)
{
    (void)state;
    struct buf lines;
    char id[200];
    buf_init(&lines, 65536);
    scep_describe_request(buf_span(&x.message), &lines);
    snprintf(id, sizeof id, "transaction_id: %s", x.transaction.id);
    has_line(&lines, "type: PKCSReq (19)");
    has_line(&lines, id);
    has_line(&lines, "digest: sha256");
    has_line(&lines, "cipher: aes128-cbc");
    has_line(&lines, "key_transport: rsa-pkcs1");
    has_line(&lines, "signer.subject: CN=phone-7, OU=scepstorm");
    has_line(&lines, "signer.self_signed: yes");
    has_line(&lines, "signer.key: RSA, 2048 bits");
    assert_non_null(strstr(buf_text(&lines), "\nrecipient.issuer: "));
    assert_non_null(strstr(buf_text(&lines), "messageType"));
    buf_clear(&lines);
}

static struct buf a_csr(void)
{
    static const char *const texts[] = {"dns:phone-7.example", "upn:anna@example.com"};
    struct buf san, csr;
    buf_init(&san, 4096);
    buf_init(&csr, 4096);
    CHECK_OK(pki_general_names_from_texts(texts, 2, &san, &e), &e);
    struct pki_csr_spec spec = {.subject = buf_span(&x.subject),
                                .challenge = span_of_text("8CE317021F690069"),
                                .key_usage = PKI_KU_DIGITAL_SIGNATURE,
                                .san = buf_span(&san)};
    CHECK_OK(pki_csr_make(&spec, x.f.device_key, PKI_SHA256, &csr, &e), &e);
    buf_clear(&san);
    return csr;
}

static void a_csr_in_words(void **state)
{
    (void)state;
    struct buf csr = a_csr(), lines;
    buf_init(&lines, 65536);
    scep_describe_csr(buf_span(&csr), &lines);
    has_line(&lines, "subject: CN=phone-7, OU=scepstorm");
    has_line(&lines, "key: RSA, 2048 bits");
    has_line(&lines, "signature: rsa with sha256");
    has_line(&lines, "challenge_password: [redacted], 16 bytes of PrintableString");
    has_line(&lines, "san: dns:phone-7.example, upn:anna@example.com");
    has_line(&lines, "key_usage: digitalSignature");
    assert_null(strstr(buf_text(&lines), "8CE3"));
    struct buf before;
    buf_init(&before, 65536);
    buf_append_span(&before, buf_span(&lines));
    pki_csr_blot(&csr); /* says the same, and has no secret any more */
    buf_reset(&lines);
    scep_describe_csr(buf_span(&csr), &lines);
    assert_true(span_equal(buf_span(&before), buf_span(&lines)));
    assert_null(memmem(csr.data, csr.len, "8CE317021F690069", 16));
    buf_clear(&before);
    buf_clear(&lines);
    buf_clear(&csr);
}

/* Whatever it is: a line says so, and nothing breaks. */
static void what_cannot_be_read(void **state)
{
    (void)state;
    struct buf lines, csr = a_csr();
    buf_init(&lines, 65536);
    scep_describe_request(span_of_text("GET / HTTP/1.1"), &lines);
    assert_non_null(strstr(buf_text(&lines), "unreadable: "));
    for (size_t len = 0; len < csr.len; len += 7) {
        buf_reset(&lines);
        scep_describe_csr(span_of(csr.data, len), &lines);
        assert_non_null(strstr(buf_text(&lines), "unreadable: "));
    }
    for (size_t len = 0; len < x.message.len; len += 7) {
        buf_reset(&lines);
        scep_describe_request(span_of(x.message.data, len), &lines);
        assert_true(lines.len > 0);
    }
    csr.len -= 3;
    pki_csr_blot(&csr);
    assert_int_equal(csr.len, 0);
    buf_clear(&lines);
}

static int open_exchange(void **state)
{
    (void)state;
    exchange_open(&x);
    return 0;
}

static int close_exchange(void **state)
{
    (void)state;
    exchange_close(&x);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_in_words),
        cmocka_unit_test(a_csr_in_words),
        cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, open_exchange, close_exchange);
}
