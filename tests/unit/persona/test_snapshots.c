/* What each persona puts on the wire, byte for byte, against files in snapshots/. After a change that is meant, write them
 * anew with  SCEPSTORM_SNAPSHOTS=write  and read the difference. */
#include "der_dump.h"
#include "fixed_random.h"
#include "persona/persona.h"
#include "pki_fixture.h"

#include "base/text.h"
#include "scep/cms.h"

#define FOLDER "unit/persona/snapshots"
#define URL    "http://ndes.example.com/certsrv/mscep/mscep.dll"

static struct err e;
static struct fixture f;

static const struct {
    const char *name;
    const char *body;
} capabilities[] = {
    {"NDES", "POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n"},
    {"RFC 8894", "AES\nPOSTPKIOperation\nSHA-256\nSCEPStandard\n"},
    {"SCEPStandard alone", "SCEPStandard\n"},
    {"small letters", "aes\npostpkioperation\nsha-256\n"},
    {"empty", ""},
    {"no digest", "Renewal\n"},
};

static const char *const san[] = {"dns:phone-7.example.com", "email:anna@example.com", "upn:anna@example.com",
                                  "uri:urn:device:7"};

static void put_choices(const struct persona *p, struct buf *out)
{
    buf_append_text(out, "== choices ==\n");
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
        struct persona_choice c;
        buf_appendf(out, "%s: ", capabilities[i].name);
        if (persona_choose(p, span_of_text(capabilities[i].body), &c, &e))
            buf_appendf(out, "%s %s %s\n", c.post ? "POST" : "GET", pki_digest_name(c.digest),
                        pki_cipher_name(c.cipher));
        else
            buf_appendf(out, "%s\n", e.text);
        e = (struct err){0};
    }
}

static void put_requests(const struct persona *p, struct buf *out)
{
    static const uint8_t message[] = {
        0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0x30, 0x82, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
        0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a,
        0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a};
    struct span none = span_of(NULL, 0);
    buf_append_text(out, "\n== requests ==\n");
    for (size_t i = 0; i < p->order.count; i++) {
        buf_append_text(out, "GET ");
        CHECK_OK(persona_url(p, URL, p->order.items[i], false, none, out, &e), &e);
        buf_append_byte(out, '\n');
    }
    buf_append_text(out, "POST ");
    CHECK_OK(persona_url(p, URL, PERSONA_PKI_OPERATION, true, none, out, &e), &e);
    buf_append_text(out, "\nGET ");
    CHECK_OK(persona_url(p, URL, PERSONA_PKI_OPERATION, false, span_of(message, sizeof message), out, &e),
             &e);
    buf_append_text(out, "\nGET ");
    CHECK_OK(persona_url(p, URL, PERSONA_GET_NEXT_CA_CERT, false, none, out, &e), &e);
    buf_append_text(out, "\n\n== headers of a POST ==\n");
    CHECK_OK(persona_headers(p, true, out, &e), &e);
}

static void put_der(const char *title, struct span der, struct buf *out)
{
    uint8_t hash[32];
    char hex[65];
    assert_true(span_sha256(der, hash));
    text_hex(span_of(hash, sizeof hash), false, hex);
    buf_appendf(out, "\n== %s: %zu bytes, SHA-256 %s ==\n", title, der.len, hex);
    dump_der(der, 0, out);
}

/* What is inside the signature: recipient, algorithms, shape of the encrypted content. */
static void put_envelope(struct span message, struct buf *out)
{
    struct span type;
    struct der_item content;
    struct scep_signed s;
    CHECK_OK(scep_cms_content_info(message, &type, &content, &e), &e);
    CHECK_OK(scep_signed_read(&content, &s, &e), &e);
    put_der("envelope", s.content, out);
    scep_signed_clear(&s);
}

static void put_messages(const struct persona *p, struct buf *out)
{
    const struct persona_device device = {
        .index = 7,
        .subject = "CN=phone-7,OU=scepstorm",
        .san = san,
        .san_count = sizeof san / sizeof san[0],
        .sid = "S-1-5-21-1004336348-1177238915-682003330-512",
        .challenge = span_of_text("8CE317021F690069"),
        .key = f.device_key,
    };
    struct persona_choice choice;
    struct scep_transaction transaction;
    struct buf subject, csr, signer, message, poll;
    struct buf *all[] = {&subject, &csr, &signer, &message, &poll};
    for (size_t i = 0; i < 5; i++)
        buf_init(all[i], BYTES_MAX_MESSAGE);
    CHECK_OK(persona_choose(p, span_of_text(capabilities[0].body), &choice, &e), &e);
    CHECK_OK(persona_subject(p, &device, &subject, &e), &e);
    CHECK_OK(persona_csr(p, &device, buf_span(&subject), &choice, &csr, &e), &e);
    CHECK_OK(persona_transaction(p, f.device_key, false, &transaction, &e), &e);
    CHECK_OK(persona_signer(p, buf_span(&subject), f.device_key, &transaction, &choice, FIXTURE_NOW_S,
                            &signer, &e),
             &e);
    struct persona_message_spec spec = {
        .type = SCEP_PKCS_REQ,
        .content = buf_span(&csr),
        .transaction = &transaction,
        .recipient = f.ra_encrypt,
        .signer_cert = buf_span(&signer),
        .signer_key = f.device_key,
        .now_s = FIXTURE_NOW_S,
    };
    CHECK_OK(persona_message(p, &choice, &spec, &message, &e), &e);
    spec.type = SCEP_CERT_POLL;
    spec.content = buf_span(&subject); /* any DER: only the envelope is looked at */
    CHECK_OK(persona_message(p, &choice, &spec, &poll, &e), &e);
    buf_appendf(out, "\n== transactionID ==\n%s\n", transaction.id);
    put_der("CSR", buf_span(&csr), out);
    put_der("signer certificate", buf_span(&signer), out);
    put_der("pkiMessage", buf_span(&message), out);
    put_envelope(buf_span(&message), out);
    put_der("CertPoll", buf_span(&poll), out);
    for (size_t i = 0; i < 5; i++)
        buf_clear(all[i]);
}

/* Shows the first line that differs. */
static void compare(const char *path, struct buf *seen, struct buf *wanted)
{
    if (span_equal(buf_span(seen), buf_span(wanted)))
        return;
    const char *a = buf_text(wanted);
    const char *b = buf_text(seen);
    size_t line = 1;
    while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n")) == 0 &&
           a[strcspn(a, "\n")] == '\n' && b[strcspn(b, "\n")] == '\n') {
        a += strcspn(a, "\n") + 1;
        b += strcspn(b, "\n") + 1;
        line++;
    }
    fail_msg("%s:%zu differs\n  pinned: %.*s\n  now:    %.*s", path, line, (int)strcspn(a, "\n"), a,
             (int)strcspn(b, "\n"), b);
}

static void check_snapshot(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, FOLDER "/%s.txt", name);
    struct persona p;
    struct buf seen, wanted;
    buf_init(&seen, BYTES_MAX_MESSAGE);
    buf_init(&wanted, BYTES_MAX_MESSAGE);
    CHECK_OK(persona_find(name, &p, &e), &e);
    if (strstr(p.user_agent, SCEPSTORM_VERSION) != NULL)
        CHECK_OK(persona_override(&p, "user_agent", "scepstorm/VERSION", &e), &e);
    put_choices(&p, &seen);
    put_requests(&p, &seen);
    fixed_random();
    put_messages(&p, &seen);
    const char *mode = getenv("SCEPSTORM_SNAPSHOTS");
    if (mode != NULL && strcmp(mode, "write") == 0)
        CHECK_OK(file_write(path, buf_span(&seen), 0644, &e), &e);
    CHECK_OK(file_read(path, &wanted, &e), &e);
    compare(path, &seen, &wanted);
    buf_clear(&seen);
    buf_clear(&wanted);
}

static void personas_write_what_is_pinned(void **state)
{
    (void)state;
    for (const char *const *name = persona_names(); *name != NULL; name++)
        check_snapshot(*name);
}

static int start(void **state)
{
    (void)state;
    fixed_random();
    fixture_open(&f);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personas_write_what_is_pinned),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
