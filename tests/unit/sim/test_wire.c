/* The whole simulator behind a real socket: what leaves it has the shape of what real NDES servers sent. */
#include "sim/sim.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "pki/der.h"
#include "pki/oid.h"
#include "sim_device.h"
#include "talk.h"

#define SCEP  "/certsrv/mscep/mscep.dll"
#define ADMIN "/certsrv/mscep_admin/"

static struct pki_key *device_key;

static struct sim *start(const char *const *faults, size_t fault_count)
{
    struct sim_config config = {.listen = "127.0.0.1:0",
                                .threads = 2,
                                .static_password = "C0FFEE",
                                .faults = faults,
                                .fault_count = fault_count};
    struct sim *sim = NULL;
    struct err e = {0};
    if (!sim_start(&config, &sim, &e))
        fail_msg("%s", e.text);
    return sim;
}

static void append_tag(struct buf *out, const struct der_item *item)
{
    buf_appendf(out, "%02x ", item->tag);
    if (item->tag == DER_OID)
        pki_oid_to_text(item->content, out);
    buf_append_byte(out, '\n');
}

static struct der_item next(struct der_reader *r)
{
    struct der_item item;
    struct err e = {0};
    if (!der_next(r, &item, &e))
        fail_msg("%s", e.text);
    return item;
}

/* An AlgorithmIdentifier; which digest it is depends on the server's age. */
static void append_algorithm(struct buf *out, struct span content, bool digest)
{
    struct der_reader r = der_reader_of(content);
    struct der_item oid = next(&r);
    if (digest)
        buf_append_text(out, "digest\n");
    else
        append_tag(out, &oid);
    while (!der_at_end(&r)) {
        struct der_item parameters = next(&r);
        append_tag(out, &parameters);
    }
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* OID and string type of each attribute. Their order is that of DER, which the lengths of digest and transactionID
 * decide: so DER's order is asserted, and the list is sorted for comparison. */
static void append_attributes(struct buf *out, struct span content)
{
    char *lines[32];
    size_t count = 0;
    struct span before = span_of(NULL, 0);
    for (struct der_reader r = der_reader_of(content); !der_at_end(&r); count++) {
        assert_true(count < 32);
        struct der_item attribute = next(&r);
        size_t common = before.len < attribute.whole.len ? before.len : attribute.whole.len;
        assert_true(common == 0 || memcmp(before.data, attribute.whole.data, common) <= 0);
        before = attribute.whole;
        struct der_reader inside = der_reader_of(attribute.content);
        struct buf line = fresh_buf();
        struct der_item oid = next(&inside);
        struct der_item values = next(&inside);
        inside = der_reader_of(values.content);
        struct der_item value = next(&inside);
        assert_true(der_at_end(&inside));
        pki_oid_to_text(oid.content, &line);
        buf_appendf(&line, " %02x\n", value.tag);
        lines[count] = strdup(buf_text(&line));
        buf_clear(&line);
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        buf_append_text(out, lines[i]);
        free(lines[i]);
    }
}

static void append_signer_info(struct buf *out, struct span content)
{
    struct der_reader r = der_reader_of(content);
    struct der_item version = next(&r);
    buf_appendf(out, "signer v%d, sid ", version.content.data[0]);
    struct der_item sid = next(&r);
    append_tag(out, &sid);
    append_algorithm(out, next(&r).content, true);
    struct der_item attributes = next(&r);
    append_tag(out, &attributes);
    append_attributes(out, attributes.content);
    append_algorithm(out, next(&r).content, false);
    struct der_item signature = next(&r);
    append_tag(out, &signature);
    if (!der_at_end(&r))
        buf_append_text(out, "and more\n");
}

/* The outer SignedData in words; two servers of one kind have the same. */
static struct buf shape(struct span certrep)
{
    struct buf out = fresh_buf();
    struct der_reader r = der_reader_of(certrep);
    r = der_reader_of(next(&r).content);
    struct der_item type = next(&r);
    append_tag(&out, &type);
    r = der_reader_of(next(&r).content);
    r = der_reader_of(next(&r).content); /* SignedData */
    struct der_item version = next(&r);
    buf_appendf(&out, "version %d\n", version.content.data[0]);
    struct der_reader digests = der_reader_of(next(&r).content);
    append_algorithm(&out, next(&digests).content, true);
    struct der_reader encapsulated = der_reader_of(next(&r).content);
    struct der_item content_type = next(&encapsulated);
    append_tag(&out, &content_type);
    struct der_reader tagged = der_reader_of(next(&encapsulated).content);
    struct der_item octets = next(&tagged);
    append_tag(&out, &octets);
    if (octets.content.len == 1)
        buf_appendf(&out, "one byte %02x\n", octets.content.data[0]);
    while (!der_at_end(&r)) {
        struct der_item field = next(&r);
        append_tag(&out, &field);
        if (field.tag == DER_SET) {
            struct der_reader signers = der_reader_of(field.content);
            append_signer_info(&out, next(&signers).content);
        }
    }
    assert_non_null(buf_text(&out));
    return out;
}

static void assert_shape_of(const char *capture, struct span certrep)
{
    struct buf file = fresh_buf();
    struct err e = {0};
    assert_true(file_read(capture, &file, &e));
    struct buf expected = shape(buf_span(&file)), got = shape(certrep);
    assert_string_equal(buf_text(&got), buf_text(&expected));
    buf_clear(&expected);
    buf_clear(&got);
    buf_clear(&file);
}

static struct scep_ca *fetch_ca(unsigned port)
{
    struct buf reply = fresh_buf();
    struct scep_ca *ca = NULL;
    struct err e = {0};
    assert_true(talk_get(port, SCEP "?operation=GetCACert&message=ca", "", &reply));
    assert_int_equal(talk_status(&reply), 200);
    assert_true(span_equal_text(talk_header(&reply, "Content-Type"), "application/x-x509-ca-ra-cert"));
    if (!scep_ca_parse(talk_body(&reply), &ca, &e))
        fail_msg("%s", e.text);
    buf_clear(&reply);
    return ca;
}

/* The HTTP reply to one PKIOperation. */
static struct buf operate(unsigned port, struct sim_device *d, const struct scep_ca *ca)
{
    struct buf reply = fresh_buf();
    struct err e = {0};
    d->subject = "CN=phone-7,OU=scepstorm";
    d->key = device_key;
    d->digest = PKI_SHA256;
    d->cipher = PKI_AES128_CBC;
    d->now_s = clock_wall_us() / 1000000;
    assert_true(sim_device_make(d, ca, &e));
    assert_true(talk_post(port, SCEP "?operation=PKIOperation", buf_span(&d->message), &reply));
    assert_int_equal(talk_status(&reply), 200);
    assert_true(span_equal_text(talk_header(&reply, "Content-Type"), "application/x-pki-message"));
    assert_true(span_equal_text(talk_header(&reply, "Server"), "Microsoft-IIS/10.0"));
    return reply;
}

static void success_has_the_shape_of_a_captured_one(void **state)
{
    (void)state;
    struct sim *sim = start(NULL, 0);
    unsigned port = talk_port(sim_url(sim));
    struct scep_ca *ca = fetch_ca(port);
    struct sim_device d = {.password = "C0FFEE"};
    struct buf reply = operate(port, &d, ca);
    struct scep_certrep rep;
    struct err e = {0};
    if (!sim_device_read(&d, ca, talk_body(&reply), &rep, &e))
        fail_msg("%s", e.text);
    assert_shape_of("vectors/ndes-certrep-success.der", talk_body(&reply));
    scep_certrep_clear(&rep);
    buf_clear(&reply);
    sim_device_clear(&d);
    scep_ca_free(ca);
    sim_stop(sim);
}

static void failure_has_the_shape_of_a_captured_one(void **state)
{
    (void)state;
    struct sim *sim = start(NULL, 0);
    unsigned port = talk_port(sim_url(sim));
    struct scep_ca *ca = fetch_ca(port);
    struct sim_device d = {.password = "C0FFEE", .type = SCEP_GET_CRL};
    struct buf reply = operate(port, &d, ca);
    assert_shape_of("vectors/ndes-certrep-failure.der", talk_body(&reply));
    buf_clear(&reply);
    sim_device_clear(&d);
    scep_ca_free(ca);
    sim_stop(sim);
}

static void capabilities_have_no_content_type(void **state)
{
    (void)state;
    struct sim *sim = start(NULL, 0);
    struct buf reply = fresh_buf();
    assert_true(talk_get(talk_port(sim_url(sim)), SCEP "?operation=GetCACaps", "", &reply));
    assert_int_equal(talk_header(&reply, "Content-Type").len, 0);
    assert_true(span_equal_text(talk_header(&reply, "Content-Length"), "58"));
    buf_reset(&reply);
    assert_true(
        talk_get(talk_port(sim_url(sim)), ADMIN, "", &reply)); /* open: no authentication configured */
    struct buf page = fresh_buf();
    assert_true(text_to_utf8(talk_body(&reply), &page));
    assert_non_null(strstr(buf_text(&page), "<B> C0FFEE </B>"));
    buf_clear(&page);
    buf_clear(&reply);
    sim_stop(sim);
}

static void long_get_is_refused_by_the_kernel(void **state)
{
    (void)state;
    struct sim *sim = start(NULL, 0);
    struct buf target = fresh_buf(), reply = fresh_buf();
    buf_append_text(&target, SCEP "?operation=PKIOperation&message=");
    for (size_t i = 0; i < 66000; i++)
        buf_append_byte(&target, 'A');
    assert_true(talk_get(talk_port(sim_url(sim)), buf_text(&target), "", &reply));
    assert_int_equal(talk_status(&reply), 400);
    assert_true(span_equal_text(talk_header(&reply, "Server"), "Microsoft-HTTPAPI/2.0"));
    assert_true(span_equal_text(talk_header(&reply, "Content-Length"), "346"));
    buf_clear(&target);
    buf_clear(&reply);
    sim_stop(sim);
}

static _Atomic int64_t virtual_us;

static int64_t virtual_now(void)
{
    return virtual_us;
}

/* Until the port is in the state, 10 s at most. */
static bool becomes(unsigned port, bool open)
{
    for (int64_t end = clock_monotonic_us() + 10000000; clock_monotonic_us() < end;) {
        struct buf reply = fresh_buf();
        bool answered = talk_get(port, SCEP, "", &reply) && talk_status(&reply) == 200;
        buf_clear(&reply);
        if (answered == open)
            return true;
    }
    return false;
}

static void blocked_path_follows_the_clock(void **state)
{
    (void)state;
    const char *faults[] = {"network-path-blocked:from=10s,for=5s"};
    virtual_us = INT64_C(1780000000) * 1000000;
    struct sim_config config = {.listen = "127.0.0.1:0",
                                .faults = faults,
                                .fault_count = 1,
                                .faults_wait = true,
                                .now_us = virtual_now};
    struct sim *sim = NULL;
    struct err e = {0};
    assert_true(sim_start(&config, &sim, &e));
    unsigned port = talk_port(sim_url(sim));
    assert_true(becomes(port, true));
    sim_start_faults(sim);
    virtual_us += 12000000;
    assert_true(becomes(port, false));
    virtual_us += 12000000;
    assert_true(becomes(port, true));
    sim_stop(sim);
}

static void errors_come_before_keys_are_made(void **state)
{
    (void)state;
    const char *bad[] = {"app-pool-stoped"};
    struct sim *sim = start(NULL, 0);
    char taken[64];
    snprintf(taken, sizeof taken, "127.0.0.1:%u", talk_port(sim_url(sim)));
    const struct {
        struct sim_config config;
        enum reason reason;
    } cases[] = {
        {{.listen = "127.0.0.1:0", .faults = bad, .fault_count = 1}, REASON_USAGE},
        {{.listen = "nonsense"}, REASON_USAGE},
        {{.listen = taken}, REASON_IO},
        {{.listen = "127.0.0.1:0", .otp_cache = 1000000000}, REASON_USAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim *never = NULL;
        struct err e = {0};
        assert_false(sim_start(&cases[i].config, &never, &e));
        assert_int_equal(e.reason, cases[i].reason);
    }
    sim_stop(sim);
}

static int make_key(void **state)
{
    (void)state;
    struct err e = {0};
    return pki_init(&e) && pki_key_generate_rsa(2048, &device_key, &e) ? 0 : 1;
}

static int free_key(void **state)
{
    (void)state;
    pki_key_free(device_key);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_has_the_shape_of_a_captured_one),
        cmocka_unit_test(failure_has_the_shape_of_a_captured_one),
        cmocka_unit_test(capabilities_have_no_content_type),
        cmocka_unit_test(long_get_is_refused_by_the_kernel),
        cmocka_unit_test(blocked_path_follows_the_clock),
        cmocka_unit_test(errors_come_before_keys_are_made),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
