/* What happened, as facts: into the outcome while it enrolls, into the follow-up afterwards. */
#include "device/table.h"

struct outcome_follow_up *device_follow_up(struct device *d)
{
    return d->errand == DEVICE_ENROLLS ? NULL : &d->outcome.follow[d->errand - 1];
}

static int *http_status_of(struct device *d)
{
    struct outcome_follow_up *f = device_follow_up(d);
    return f != NULL ? &f->http_status : &d->outcome.http_status;
}

static enum outcome_body *body_of(struct device *d)
{
    struct outcome_follow_up *f = device_follow_up(d);
    return f != NULL ? &f->body : &d->outcome.body;
}

int device_http_status(const struct device *d)
{
    return d->errand == DEVICE_ENROLLS ? d->outcome.http_status
                                       : d->outcome.follow[d->errand - 1].http_status;
}

void device_note_request(struct device *d)
{
    *http_status_of(d) = 0;
    *body_of(d) = OUTCOME_BODY_NONE;
    if (d->errand == DEVICE_ENROLLS)
        d->outcome.server[0] = '\0';
}

void device_note_answer(struct device *d, const struct device_answer *a)
{
    *http_status_of(d) = a->status;
    *body_of(d) = a->status == 0 ? OUTCOME_BODY_NONE : device_classify_body(a->server, a->body);
    if (d->errand == DEVICE_ENROLLS)
        snprintf(d->outcome.server, sizeof d->outcome.server, "%s", a->server);
}

void device_note_time_out(struct device *d, bool timed_out)
{
    struct outcome_follow_up *f = device_follow_up(d);
    *(f != NULL ? &f->timed_out : &d->outcome.timed_out) = timed_out;
}

/* The server's words. */

static const char *words_of(const struct scep_certrep *reply)
{
    return reply->server_text[0] != '\0' ? reply->server_text : reply->fail_info_text;
}

static void note_words(struct outcome *o, const struct scep_certrep *reply)
{
    o->fail_info = reply->fail_info;
    o->has_hresult = reply->has_hresult;
    o->hresult = reply->hresult;
    snprintf(o->text, sizeof o->text, "%s", words_of(reply));
}

static void note_follow_up(struct outcome_follow_up *f, const struct scep_certrep *reply)
{
    f->fail_info = reply->fail_info;
    f->has_hresult = reply->has_hresult;
    f->hresult = reply->hresult;
    snprintf(f->text, sizeof f->text, "%s", words_of(reply));
}

/* SUCCESS, but no envelope, no certificate, or not the one, or no CRL. */
static bool is_missing(enum reason reason)
{
    return reason == REASON_STATUS_CONTENT || reason == REASON_NO_CERTIFICATE ||
           reason == REASON_WRONG_CERTIFICATE || reason == REASON_CRL_MISSING;
}

/* Defects, which count wherever they show. */
static void note_defects(struct outcome *o, const struct scep_certrep *reply, enum reason reason)
{
    o->nonce_mismatch |= (reply->violated & SCEP_CHECK_NONCE) != 0 || reason == REASON_NONCE_MISMATCH;
    o->transaction_mismatch |=
        (reply->violated & SCEP_CHECK_TRANSACTION) != 0 || reason == REASON_TRANSACTION_MISMATCH;
    o->key_mismatch |= reason == REASON_KEY_MISMATCH;
    o->subject_mismatch |= reason == REASON_SUBJECT_MISMATCH;
    o->chain_failure |= reason == REASON_CHAIN;
    o->renewal_same_certificate |= reason == REASON_RENEWAL_SAME_CERTIFICATE;
    o->certificate_missing |= reply->pki_status == SCEP_SUCCESS && is_missing(reason);
}

/* "nonce, key" */
static void name_checks(unsigned failed, char *out, size_t out_bytes)
{
    size_t at = 0;
    out[0] = '\0';
    for (const struct persona_word *w = persona_knobs()[PERSONA_KNOB_checks].words; w->name != NULL; w++) {
        if ((failed & w->value) == 0 || at >= out_bytes)
            continue;
        int n = snprintf(out + at, out_bytes - at, "%s%s", at > 0 ? ", " : "", w->name);
        at += n > 0 ? (size_t)n : 0;
    }
}

/* Two verdicts on the same answer. Only a SUCCESS can be taken. */
static void note_verdicts(struct device *d, const struct device_event *event)
{
    struct outcome *o = &d->outcome;
    const struct device_finding *f = event->finding;
    unsigned failed =
        event->reply->violated | (event->error != NULL ? persona_check_of(event->error->reason) : 0);
    if (f != NULL)
        failed |= f->failed_checks;
    bool whole = f != NULL && f->taken != NULL && persona_accepts(d->config.persona, failed);
    o->judged = true;
    o->strict_ok = event->error == NULL && !err_is_set(&d->verdict);
    o->persona_ok = event->error == NULL || whole;
    name_checks(failed, o->failed_checks, sizeof o->failed_checks);
}

/* The certificate. */

static void name_text(struct span der, char *out, size_t out_bytes)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    if (pki_name_to_text(der, &text, &ignored))
        snprintf(out, out_bytes, "%.*s", (int)text.len, (const char *)text.data);
    buf_clear(&text);
}

static void note_certificate(struct outcome *o, const struct pki_cert *cert)
{
    device_serial_text(pki_cert_serial(cert), o->serial, sizeof o->serial);
    name_text(pki_cert_subject(cert), o->subject, sizeof o->subject);
    name_text(pki_cert_issuer(cert), o->issuer, sizeof o->issuer);
    o->not_before = pki_cert_not_before(cert);
    o->not_after = pki_cert_not_after(cert);
}

static void note_finding(struct outcome *o, const struct device_finding *f)
{
    snprintf(o->eku, sizeof o->eku, "%s", f->eku);
    snprintf(o->key_usage, sizeof o->key_usage, "%s", f->key_usage);
    snprintf(o->san, sizeof o->san, "%s", f->san);
    snprintf(o->differences, sizeof o->differences, "%s", f->differences);
}

/* A certificate that came is kept even when it is not the one that was asked for: it exists, and must be revocable. */
void device_note_reply(struct device *d, const struct device_event *event)
{
    const struct scep_certrep *reply = event->reply;
    struct outcome *o = &d->outcome;
    struct outcome_follow_up *f = device_follow_up(d);
    const struct pki_cert *cert = reply->issued;
    if (cert == NULL && event->finding != NULL)
        cert = event->finding->taken;
    note_defects(o, reply, event->error == NULL ? REASON_NONE : event->error->reason);
    if (f != NULL) {
        note_follow_up(f, reply);
        if (d->errand == DEVICE_RENEWS && cert != NULL) {
            device_serial_text(pki_cert_serial(cert), f->serial, sizeof f->serial);
            f->not_before = pki_cert_not_before(cert);
            f->not_after = pki_cert_not_after(cert);
        }
        return;
    }
    note_words(o, reply);
    if (reply->pki_status == SCEP_SUCCESS)
        note_verdicts(d, event);
    if (cert != NULL)
        note_certificate(o, cert);
    if (event->finding != NULL)
        note_finding(o, event->finding);
}
