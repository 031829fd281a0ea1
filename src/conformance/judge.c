/* What an answer says about the server. */
#include "conformance/conformance.h"

#include <stdarg.h>
#include <stdio.h>

const char *conformance_verdict_id(enum conformance_verdict verdict)
{
    static const char *const ids[] = {[CONFORMANCE_PASSED] = "passed",
                                      [CONFORMANCE_FAILED] = "failed",
                                      [CONFORMANCE_SKIPPED] = "skipped",
                                      [CONFORMANCE_ODD] = "odd"};
    return ids[verdict];
}

/* What it wants of a server that announces this much. */
static enum conformance_wants wants_of(const struct conformance_probe *probe, unsigned caps)
{
    bool announced = (probe->announced & ~caps) == 0;
    return probe->wants == CONFORMANCE_ACCEPT && !announced ? CONFORMANCE_OPEN : probe->wants;
}

static const struct conformance_reason *reason_of(const struct conformance_probe *probe,
                                                  const struct scep_certrep *reply)
{
    uint32_t has = reply->has_hresult ? reply->hresult : CONFORMANCE_NO_HRESULT;
    for (const struct conformance_reason *r = probe->reasons; r->fail_info >= 0; r++) {
        if (r->fail_info == reply->fail_info && (r->hresult == CONFORMANCE_ANY_HRESULT || r->hresult == has))
            return r;
    }
    return NULL;
}

static void PRINTF_LIKE(2, 3) tell(struct conformance_finding *f, const char *format, ...)
{
    size_t used = strlen(f->observed);
    va_list args;
    va_start(args, format);
    vsnprintf(f->observed + used, sizeof f->observed - used, format, args);
    va_end(args);
}

static bool is_listed(const int *statuses, int status)
{
    for (; statuses != NULL && *statuses != 0; statuses++) {
        if (*statuses == status)
            return true;
    }
    return false;
}

/* No CertRep: whatever the server meant, it did not say so in SCEP. A refusal known of real servers is told as such. */
static void judge_silence(const struct conformance_probe *probe, const struct conformance_answer *a,
                          struct conformance_finding *f)
{
    bool known = a->http_status != 0 && is_listed(probe->http, a->http_status);
    f->verdict = CONFORMANCE_SKIPPED;
    tell(f, "%s%s", known ? "refused outside SCEP: " : "", a->silence);
}

static bool same_certificate(const struct conformance_answer *a)
{
    return a->reply->issued != NULL && a->control_issued != NULL &&
           span_equal(pki_cert_der(a->reply->issued), pki_cert_der(a->control_issued));
}

static void judge_success(const struct conformance_probe *probe, const struct conformance_answer *a,
                          enum conformance_wants wants, struct conformance_finding *f)
{
    bool flawed = a->error != NULL;
    bool again = probe->change.replay && !flawed;
    bool same = again && same_certificate(a);
    bool bad = flawed || wants == CONFORMANCE_REFUSE || (again && !same);
    f->verdict = bad ? CONFORMANCE_FAILED : CONFORMANCE_PASSED;
    if (again)
        tell(f,
             same ? "SUCCESS, with the certificate of the first time" : "SUCCESS, with a second certificate");
    else
        tell(f, "SUCCESS%s%s", flawed ? ", but " : "", flawed ? base_reason_sentence(a->error->reason) : "");
}

static void judge_refusal(const struct conformance_probe *probe, const struct conformance_answer *a,
                          enum conformance_wants wants, struct conformance_finding *f)
{
    const struct scep_certrep *r = a->reply;
    const struct conformance_reason *why = reason_of(probe, r);
    const char *words = r->server_text[0] != '\0' ? r->server_text : r->fail_info_text;
    if (wants == CONFORMANCE_ACCEPT)
        f->verdict = why != NULL && why->acceptable ? CONFORMANCE_ODD : CONFORMANCE_FAILED;
    else
        f->verdict = why != NULL ? CONFORMANCE_PASSED : CONFORMANCE_ODD;
    if (r->fail_info < 0)
        tell(f, "refused without failInfo");
    else
        tell(f, "refused with failInfo %d (%s)", r->fail_info, scep_fail_info_name(r->fail_info));
    if (r->has_hresult)
        tell(f, ", HRESULT 0x%08x", (unsigned)r->hresult);
    /* A refusal that nobody vouches for, or that answers something else, is no clean one. */
    if (a->error != NULL && a->error->reason != REASON_SCEP_FAILURE) {
        if (f->verdict == CONFORMANCE_PASSED)
            f->verdict = CONFORMANCE_ODD;
        tell(f, "; of that reply: %s", base_reason_sentence(a->error->reason));
    }
    if (words[0] != '\0')
        tell(f, ": %.150s", words);
}

/* It waits for an officer: taken on, whatever they will say. */
static void judge_pending(enum conformance_wants wants, struct conformance_finding *f)
{
    f->verdict = wants == CONFORMANCE_REFUSE ? CONFORMANCE_FAILED : CONFORMANCE_PASSED;
    tell(f, "PENDING: not refused");
}

struct conformance_finding conformance_judge(const struct conformance_probe *probe,
                                             const struct conformance_answer *answer)
{
    struct conformance_finding f = {.verdict = CONFORMANCE_SKIPPED};
    enum conformance_wants wants = wants_of(probe, answer->caps);
    if (answer->silence != NULL)
        judge_silence(probe, answer, &f);
    else if (answer->reply->pki_status == SCEP_SUCCESS)
        judge_success(probe, answer, wants, &f);
    else if (answer->reply->pki_status == SCEP_FAILURE)
        judge_refusal(probe, answer, wants, &f);
    else if (answer->reply->pki_status == SCEP_PENDING)
        judge_pending(wants, &f);
    else
        tell(&f, "no CertRep that can be read: %s",
             answer->error != NULL ? base_reason_sentence(answer->error->reason) : "pkiStatus unknown");
    return f;
}

static void put_reason(const struct conformance_reason *r, char *out)
{
    size_t used = strlen(out), room = CONFORMANCE_TEXT_BYTES - used;
    if (r->hresult == CONFORMANCE_ANY_HRESULT || r->hresult == CONFORMANCE_NO_HRESULT)
        snprintf(out + used, room, "%s", scep_fail_info_name(r->fail_info));
    else
        snprintf(out + used, room, "%s 0x%08x", scep_fail_info_name(r->fail_info), (unsigned)r->hresult);
}

void conformance_expected(const struct conformance_probe *probe, unsigned caps, char *out)
{
    static const char *const words[] = {[CONFORMANCE_ACCEPT] = "accepted",
                                        [CONFORMANCE_REFUSE] = "refused",
                                        [CONFORMANCE_OPEN] = "accepted or refused"};
    enum conformance_wants wants = wants_of(probe, caps);
    bool first = true;
    snprintf(out, CONFORMANCE_TEXT_BYTES, "%s", words[wants]);
    if (probe->change.replay)
        snprintf(out, CONFORMANCE_TEXT_BYTES, "the same certificate, or refused");
    if (wants == CONFORMANCE_ACCEPT)
        return;
    for (const struct conformance_reason *r = probe->reasons; r->fail_info >= 0; r++) {
        if (r->acceptable)
            continue;
        size_t used = strlen(out);
        snprintf(out + used, CONFORMANCE_TEXT_BYTES - used, first ? " with " : ", ");
        put_reason(r, out);
        first = false;
    }
}
