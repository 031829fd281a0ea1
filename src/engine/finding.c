/* A certificate that came, looked at from every side: all checks that fail, not only the first; what the scenario wants of
 * it; and how it differs from the request, where that is the server's right (RFC 2986 binds nobody). */
#include "engine/internal.h"
#include "pki/purpose.h"
#include "pki/san.h"

#define TEXT_BYTES 4096

/* What a client would install that does not look for its key: the first certificate that is no CA's. */
static const struct pki_cert *taken(const struct scep_certrep *reply)
{
    if (reply->issued != NULL)
        return reply->issued;
    for (size_t i = 0; i < reply->certificate_count; i++) {
        if (!pki_cert_is_ca(reply->certificates[i]))
            return reply->certificates[i];
    }
    return NULL;
}

static bool has_wanted_subject(const struct phone *p, const struct pki_cert *cert)
{
    return pki_name_same_rdns(pki_cert_subject(cert), buf_span(&p->subject));
}

static unsigned failed_checks(const struct phone *p, const struct pki_cert *cert, int64_t now_s,
                              enum reason reason)
{
    unsigned failed = p->reply.violated | persona_check_of(reason);
    if (p->reply.issued == NULL)
        failed |= PERSONA_CHECK_KEY;
    if (!has_wanted_subject(p, cert))
        failed |= PERSONA_CHECK_SUBJECT;
    if (reason != REASON_NONE && reason != REASON_CERT_EXPIRED && !scep_ca_issued(p->ca, cert))
        failed |= PERSONA_CHECK_CHAIN;
    if (!pki_cert_valid_at(cert, now_s))
        failed |= PERSONA_CHECK_VALIDITY;
    return failed;
}

/* Where the template makes the subject, another one is no failure; then the checks after it decide. */
static void forgive_subject(const struct phone *p, struct device_finding *f, int64_t now_s, struct err *e)
{
    if (!p->engine->config->scenario->devices.expect.subject_any || e->reason != REASON_SUBJECT_MISMATCH)
        return;
    *e = (struct err){0};
    f->failed_checks &= ~(unsigned)PERSONA_CHECK_SUBJECT;
    if ((f->failed_checks & PERSONA_CHECK_CHAIN) != 0)
        err_set(e, STAGE_VERIFY, REASON_CHAIN, "no CA certificate of GetCACert issued the certificate");
    else if (!pki_cert_valid_at(f->taken, now_s))
        err_set(e, STAGE_VERIFY, REASON_CERT_EXPIRED, "the certificate is not valid now");
}

/* Facts. */

static void keep(struct buf *text, char *out, size_t out_bytes)
{
    snprintf(out, out_bytes, "%.*s", (int)text->len, text->data != NULL ? (const char *)text->data : "");
    buf_reset(text);
}

static unsigned key_usage_of(const struct pki_cert *cert)
{
    unsigned bits = 0;
    return pki_cert_key_usage(cert, &bits) ? bits : 0;
}

static void describe(struct device_finding *f)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    pki_eku_text(f->taken, &text);
    keep(&text, f->eku, sizeof f->eku);
    pki_key_usage_text(key_usage_of(f->taken), &text);
    keep(&text, f->key_usage, sizeof f->key_usage);
    pki_san_text(pki_san_find(pki_cert_extensions(f->taken)), &text);
    keep(&text, f->san, sizeof f->san);
    buf_clear(&text);
}

static const char *name_of_eku(unsigned eku)
{
    const struct persona_word *w = persona_knobs()[PERSONA_KNOB_csr_eku].words;
    while (w->name != NULL && w->value != eku)
        w++;
    return w->name != NULL ? w->name : "?";
}

static bool has_eku(const struct pki_cert *cert, unsigned eku)
{
    return pki_cert_has_eku(cert, pki_eku_named(name_of_eku(eku)));
}

/* Differences from the request. */

static void differ(struct buf *out, const char *what)
{
    buf_appendf(out, "%s%s", out->len > 0 ? "; " : "", what);
}

static void compare_uses(const struct phone *p, const struct device_finding *f, struct buf *out)
{
    unsigned asked = p->persona->csr_key_usage, got = key_usage_of(f->taken);
    const struct persona_list *ekus = &p->persona->csr_eku;
    if (asked != 0 && asked != got) {
        differ(out, "key usage ");
        buf_appendf(out, "%s, not ", f->key_usage[0] != '\0' ? f->key_usage : "any");
        pki_key_usage_text(asked, out);
    }
    for (size_t i = 0; i < ekus->count; i++) {
        if (has_eku(f->taken, ekus->items[i]))
            continue;
        differ(out, "no ");
        buf_append_text(out, name_of_eku(ekus->items[i]));
    }
    if (ekus->count == 0 && f->eku[0] != '\0') {
        differ(out, "purposes added: ");
        buf_append_text(out, f->eku);
    }
}

static bool has_wanted_san(const struct phone *p, const struct device_finding *f)
{
    return pki_san_same(pki_san_find(pki_cert_extensions(f->taken)), buf_span(&p->san));
}

static void compare(const struct phone *p, struct device_finding *f)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    if (!has_wanted_subject(p, f->taken))
        differ(&text, "another subject");
    compare_uses(p, f, &text);
    if (!has_wanted_san(p, f)) {
        differ(&text, "alternative names asked for: ");
        if (p->san.len > 0)
            pki_san_text(buf_span(&p->san), &text);
        else
            buf_append_text(&text, "none");
    }
    keep(&text, f->differences, sizeof f->differences);
    buf_clear(&text);
}

/* What the scenario wants. */

static void expect_uses(const struct scenario_expect *x, struct device_finding *f)
{
    struct err *e = &f->expectation;
    for (unsigned eku = 0; eku < PERSONA_EKU_COUNT; eku++) {
        if ((x->eku & 1u << eku) != 0 && !has_eku(f->taken, eku))
            err_set(e, STAGE_VERIFY, REASON_EXPECTATION, "devices.expect.eku: no %s, only: %s",
                    name_of_eku(eku), f->eku[0] != '\0' ? f->eku : "no purposes at all");
    }
    if ((x->key_usage & ~key_usage_of(f->taken)) != 0)
        err_set(e, STAGE_VERIFY, REASON_EXPECTATION, "devices.expect.key_usage: it has %s",
                f->key_usage[0] != '\0' ? f->key_usage : "none");
}

static void expect_validity(const struct scenario_expect *x, struct device_finding *f)
{
    int64_t days = 24 * 3600 * SECOND_US;
    int64_t us = (pki_cert_not_after(f->taken) - pki_cert_not_before(f->taken)) * SECOND_US;
    if (x->min_validity_us > 0 && us < x->min_validity_us)
        err_set(&f->expectation, STAGE_VERIFY, REASON_EXPECTATION,
                "devices.expect.min_validity: valid for %.1f days, not %.1f", (double)us / (double)days,
                (double)x->min_validity_us / (double)days);
    if (x->max_validity_us > 0 && us > x->max_validity_us)
        err_set(&f->expectation, STAGE_VERIFY, REASON_EXPECTATION,
                "devices.expect.max_validity: valid for %.1f days, not %.1f", (double)us / (double)days,
                (double)x->max_validity_us / (double)days);
}

static void expect(const struct phone *p, struct device_finding *f)
{
    const struct scenario_expect *x = &p->engine->config->scenario->devices.expect;
    expect_uses(x, f);
    expect_validity(x, f);
    if (x->san_as_requested && !has_wanted_san(p, f))
        err_set(&f->expectation, STAGE_VERIFY, REASON_EXPECTATION, "devices.expect.san: it has %s",
                f->san[0] != '\0' ? f->san : "none");
}

void finding_make(struct phone *p, struct err *e)
{
    struct device_finding *f = calloc(1, sizeof *f);
    int64_t now_s = clock_wall_us() / SECOND_US;
    p->finding = f;
    if (f == NULL) {
        err_set(e, STAGE_VERIFY, REASON_NO_MEMORY, "no memory for what was found");
        return;
    }
    f->failed_checks = p->reply.violated | persona_check_of(e->reason);
    f->taken = taken(&p->reply);
    if (f->taken == NULL)
        return;
    f->failed_checks = failed_checks(p, f->taken, now_s, e->reason);
    forgive_subject(p, f, now_s, e);
    describe(f);
    compare(p, f);
    expect(p, f);
}
