#include "report/parts.h"

#include "base/text.h"

void words_count(uint64_t n, char *out, size_t out_bytes)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t used = 0;
    for (int i = 0; i < len && used + 2 < out_bytes; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    if (out_bytes > 0)
        out[used] = '\0';
}

void words_quantile(const struct histogram *h, double share, char *out, size_t out_bytes)
{
    uint64_t need = share >= 0.999 ? 10000 : share >= 0.99 ? 1000 : 1;
    if (share >= 1)
        need = 1; /* the maximum is what it is */
    if (h == NULL || histogram_count(h) < need)
        snprintf(out, out_bytes, "-");
    else
        text_duration(histogram_quantile(h, share), out, out_bytes);
}

static const char *slo_words(enum report_slo slo)
{
    switch (slo) {
    case REPORT_SLO_NONE:
        return "no SLO set";
    case REPORT_SLO_PASS:
        return "SLO passed";
    case REPORT_SLO_FAIL:
        return "SLO MISSED";
    }
    return "";
}

static const char *validity_words(enum report_validity v)
{
    switch (v) {
    case REPORT_VALID:
        return "run valid";
    case REPORT_SUSPECT:
        return "run suspect";
    case REPORT_INVALID:
        return "run INVALID";
    }
    return "";
}

/* A wrong certificate outranks every latency: it opens the line. */
static void words_worst(const struct report_run *run, char *out, size_t out_bytes)
{
    struct words_defect defects[WORDS_DEFECTS];
    size_t first = WORDS_DEFECTS, kinds = 0;
    words_defects(run, defects);
    for (size_t i = WORDS_DEFECTS; i-- > 0;) {
        kinds += defects[i].count > 0;
        first = defects[i].count > 0 ? i : first;
    }
    if (kinds == 0)
        return;
    char count[32], more[40] = "";
    words_count(defects[first].count, count, sizeof count);
    if (kinds > 1)
        snprintf(more, sizeof more, " and %zu other kind%s", kinds - 1, kinds > 2 ? "s" : "");
    snprintf(out, out_bytes, "CORRECTNESS DEFECTS: %s %s%s; ", count, defects[first].title, more);
}

void words_verdict(const struct report_run *run, const struct report_verdict *v, char *out, size_t out_bytes)
{
    struct measure_devices d = measure_devices(run->measure);
    char enrolled[32], planned[32], defects[120] = "", part[48] = "";
    if (run->shard != NULL)
        snprintf(part, sizeof part, "SHARD %u of %u, no verdict: ", run->shard->index, run->shard->count);
    if (v->defects)
        words_worst(run, defects, sizeof defects);
    words_count(d.enrolled, enrolled, sizeof enrolled);
    words_count(d.planned, planned, sizeof planned);
    snprintf(out, out_bytes, "%s%s%s%s%s of %s devices %s%s%s; %s", part, defects,
             run->interrupted ? "INTERRUPTED: " : "",
             run->stopped_early != NULL && !run->interrupted ? "STOPPED EARLY: " : "", enrolled, planned,
             run->expect_refused ? "refused as expected" : "enrolled", run->shard != NULL ? "" : "; ",
             run->shard != NULL ? "" : slo_words(v->slo), validity_words(v->validity));
}

void words_verdicts(const struct report_run *run, char *out, size_t out_bytes)
{
    struct measure_verdicts v = measure_verdicts(run->measure);
    char lenient[32], picky[32];
    int used = 0;
    words_count(v.lenient, lenient, sizeof lenient);
    words_count(v.picky, picky, sizeof picky);
    out[0] = '\0';
    if (v.lenient > 0)
        used = snprintf(out, out_bytes, "%s %s an answer that RFC 8894 forbids: %s", lenient,
                        v.lenient == 1 ? "device would have accepted" : "devices would have accepted",
                        v.lenient_checks[0] != '\0' ? v.lenient_checks : "it did not say why");
    if (v.picky > 0 && used >= 0 && (size_t)used < out_bytes)
        snprintf(out + used, out_bytes - (size_t)used, "%s%s %s an answer that RFC 8894 allows",
                 used > 0 ? "; " : "", picky,
                 v.picky == 1 ? "device would have refused" : "devices would have refused");
}

void words_follow_up(const struct report_run *run, enum outcome_follow follow, char *out, size_t out_bytes)
{
    struct measure_follow_up f = measure_follow_up(run->measure, follow);
    char ok[32], tried[32], other[32];
    words_count(f.ok, ok, sizeof ok);
    words_count(f.tried, tried, sizeof tried);
    words_count(f.tried > 0 ? f.failed : f.impossible, other, sizeof other);
    out[0] = '\0';
    if (f.tried > 0)
        snprintf(out, out_bytes, "%s of %s succeeded, %s failed", ok, tried, other);
    else if (f.impossible > 0)
        snprintf(out, out_bytes, "%s devices did not try: the server does not announce it", other);
}

void words_failure(const struct measure_failure *f, char *out, size_t out_bytes)
{
    const struct outcome *o = &f->first;
    char hresult[32] = "", fail_info[32] = "";
    if (o->has_hresult)
        snprintf(hresult, sizeof hresult, ", HRESULT 0x%08x", o->hresult);
    if (o->fail_info >= 0)
        snprintf(fail_info, sizeof fail_info, ", failInfo %d", o->fail_info);
    const char *follow = f->after_enrollment ? outcome_follow_id(f->follow) : "";
    if (f->after_enrollment && strcmp(follow, base_stage_id(o->error.stage)) != 0) {
        int used = snprintf(out, out_bytes, "%s: ", follow);
        out += used;
        out_bytes -= (size_t)used;
    }
    if (o->end == OUTCOME_UNSENT)
        snprintf(out, out_bytes, "not sent: %s", base_reason_sentence(o->error.reason));
    else if (o->error.reason == REASON_HTTP_STATUS)
        snprintf(out, out_bytes, "HTTP %d from %s", o->http_status,
                 o->server[0] == '\0' ? "a server without name" : o->server);
    else
        snprintf(out, out_bytes, "%s%s%s", base_reason_sentence(o->error.reason), fail_info, hresult);
}

const char *words_detail(const struct measure_failure *f)
{
    const struct outcome *o = &f->first;
    if (o->error.reason == REASON_SCEP_FAILURE || o->error.reason == REASON_SCEP_PENDING)
        return o->text; /* words_failure says the rest */
    return o->error.text[0] != '\0' ? o->error.text : o->text;
}

void words_defects(const struct report_run *run, struct words_defect out[WORDS_DEFECTS])
{
    struct measure_correctness c = measure_correctness(run->measure);
    const struct words_defect defects[WORDS_DEFECTS] = {
        {"serials_unique", "certificates with a serial number issued before", c.duplicate_serials},
        {"key_mismatch", "certificates for another key", c.key_mismatch},
        {"subject_mismatch", "certificates for another subject", c.subject_mismatch},
        {"nonce_mismatch", "answers with a foreign nonce", c.nonce_mismatch},
        {"transaction_mismatch", "answers with a foreign transactionID", c.transaction_mismatch},
        {"chain_failures", "certificates that do not chain to the CA", c.chain_failures},
        {"duplicate_otp", "one-time passwords handed out or taken twice", c.duplicate_otp},
        {"expectation_failures", "certificates that are not what the scenario expects",
         c.expectation_failures},
        {"renewal_same_certificate", "renewals that brought the old certificate back",
         c.renewal_same_certificate},
        {"certificate_missing", "answers of SUCCESS without what was asked for", c.certificate_missing},
    };
    memcpy(out, defects, sizeof defects);
}

void words_slo_value(const struct slo_result *slo, char *out, size_t out_bytes)
{
    if (!slo->has_value)
        snprintf(out, out_bytes, "no data");
    else if (slo->is_time)
        text_duration((int64_t)(slo->value * 1000), out, out_bytes);
    else if (slo->is_share)
        snprintf(out, out_bytes, "%.2f%%", slo->value * 100);
    else
        snprintf(out, out_bytes, "%.10g", slo->value);
}

struct words_rates words_rates(const struct report_run *run)
{
    struct measure_load load = measure_load(run->measure);
    int64_t offered_us = load.offered_last_us;
    int64_t started_us = load.started_last_us > offered_us ? load.started_last_us : offered_us;
    struct words_rates r = {0};
    /* The first arrival is at zero: between n of them there are n - 1 intervals. One alone has no rate. */
    if (offered_us > 0)
        r.offered_per_s = (double)(load.offered - 1) * 1e6 / (double)offered_us;
    if (started_us > 0 && load.started > 0)
        r.achieved_per_s = (double)(load.started - 1) * 1e6 / (double)started_us;
    if (run->duration_us > 0)
        r.requests_per_s = (double)run->generator->requests * 1e6 / (double)run->duration_us;
    return r;
}
