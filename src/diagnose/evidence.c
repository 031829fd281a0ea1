#include "diagnose/parts.h"

#include "base/text.h"

#include <stdarg.h>

void evidence_add(struct diagnosis *d, const char *format, ...)
{
    if (d->evidence_count == DIAGNOSE_MAX_EVIDENCE)
        return;
    char *line = d->evidence[d->evidence_count];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof d->evidence[0], format, args);
    va_end(args);
    for (size_t i = 0; i < d->evidence_count; i++) {
        if (strcmp(d->evidence[i], line) == 0)
            return; /* another group of the same cause said so already */
    }
    d->evidence_count++;
}

static void tell_what(const struct facts *f, struct diagnosis *d)
{
    const struct outcome *o = f->first;
    const char *stage = base_stage_id(o->error.stage);
    unsigned long long count = f->failure->count, of = f->run->devices.started + f->run->devices.unsent;
    if (o->end == OUTCOME_UNSENT)
        evidence_add(d, "%llu of %llu devices were not sent: %s", count, of,
                     base_reason_sentence(o->error.reason));
    else if (o->error.reason == REASON_HTTP_STATUS)
        evidence_add(d, "%llu of %llu devices failed at %s: HTTP %d, Server: %s", count, of, stage,
                     o->http_status, o->server[0] == '\0' ? "(none)" : o->server);
    else if (o->error.reason == REASON_SCEP_FAILURE && o->has_hresult)
        evidence_add(d, "%llu of %llu devices failed at %s: FAILURE, failInfo %d, HRESULT 0x%08x", count, of,
                     stage, o->fail_info, o->hresult);
    else
        evidence_add(d, "%llu of %llu devices failed at %s: %s", count, of, stage,
                     base_reason_sentence(o->error.reason));
    if (o->text[0] != '\0')
        evidence_add(d, "the server says: %.170s", o->text);
}

static void tell_when(const struct facts *f, struct diagnosis *d)
{
    char at[32], last[32];
    text_duration(f->failure->first_us, at, sizeof at);
    text_duration(f->failure->last_us, last, sizeof last);
    if (!f->late)
        evidence_add(d, "no device had enrolled before the first of these failures");
    else
        evidence_add(d, "%llu devices had enrolled before the first of these failures, %s into the run",
                     (unsigned long long)f->failure->enrolled_before, at);
    if (f->recovered)
        evidence_add(d, "%llu devices enrolled after the last of these failures (%s)",
                     (unsigned long long)(f->run->devices.enrolled - f->failure->enrolled_until), last);
}

static void tell_speed(const struct facts *f, struct diagnosis *d)
{
    if (f->first->end == OUTCOME_UNSENT)
        return;
    char fastest[32], slowest[32];
    text_duration(f->failure->latency_min_us, fastest, sizeof fastest);
    text_duration(f->failure->latency_max_us, slowest, sizeof slowest);
    const char *verb = f->first->http_status == 0 ? "gave up" : "answered";
    if (f->failure->count == 1)
        evidence_add(d, "%s after %s", verb, fastest);
    else
        evidence_add(d, "%s after %s to %s", verb, fastest, slowest);
}

void evidence_common(const struct facts *f, struct diagnosis *d)
{
    tell_what(f, d);
    tell_when(f, d);
    tell_speed(f, d);
}

void evidence_follower(const struct facts *f, const struct facts *leader, struct diagnosis *d)
{
    evidence_add(
        d,
        "%llu more devices then found the password cache full: %llu refused passwords stay in it for an hour",
        (unsigned long long)f->failure->count, (unsigned long long)leader->failure->otp.sent);
}

void tell_expired_ra(const struct facts *f, struct diagnosis *d)
{
    const struct outcome_target_cert *cert = f->run->expired_ra;
    if (cert == NULL)
        return;
    char when[32];
    text_utc(cert->not_after * 1000000, when, sizeof when);
    evidence_add(d, "GetCACert serves the RA certificate %.100s, which expired on %.10s", cert->subject,
                 when);
}

void tell_date_skew(const struct facts *f, struct diagnosis *d)
{
    if (f->run->target->has_date_skew)
        evidence_add(d, "the server's Date header is %+lld s from the clock of this machine",
                     (long long)f->run->target->date_skew_s);
}

void tell_otp_age(const struct facts *f, struct diagnosis *d)
{
    char youngest[32], oldest[32];
    text_duration(f->failure->otp.age_min_us, youngest, sizeof youngest);
    text_duration(measure_otp_accepted_age_us(f->run->measure), oldest, sizeof oldest);
    if (measure_otp_accepted_age_us(f->run->measure) > 0)
        evidence_add(d, "the refused passwords were at least %s old; the oldest accepted one was %s",
                     youngest, oldest);
    else
        evidence_add(d, "the refused passwords were at least %s old (valid for 60 min by default)", youngest);
}

void tell_otp_used(const struct facts *f, struct diagnosis *d)
{
    evidence_add(d, "%llu of %llu refused passwords had enrolled another device before",
                 (unsigned long long)f->failure->otp.used_before, (unsigned long long)f->failure->otp.sent);
}

void tell_otp_cut(const struct facts *f, struct diagnosis *d)
{
    char when[32];
    text_duration(f->failure->otp.fetched_last_us, when, sizeof when);
    evidence_add(
        d, "all %llu refused passwords were fetched before %s into the run; %llu fetched later were accepted",
        (unsigned long long)f->failure->otp.sent, when, (unsigned long long)f->failure->otp.accepted_after);
}

void tell_mixed(const struct facts *f, struct diagnosis *d)
{
    evidence_add(d, "while it went on, %.0f%% of the devices enrolled all the same", f->mixed * 100);
}

void tell_policy_module(const struct facts *f, struct diagnosis *d)
{
    (void)f;
    evidence_add(d, "the bare SCEP URL answers 403, as it does with the Intune policy module");
}

void tell_no_blob(const struct facts *f, struct diagnosis *d)
{
    tell_policy_module(f, d);
    if (f->first->challenge == OUTCOME_CHALLENGE_NONE)
        evidence_add(d, "these requests carried no challenge: this run has none to send");
    else if (f->first->challenge == OUTCOME_CHALLENGE_WORD)
        evidence_add(d, "their challenge is a plain password; Intune's are some 5,500 characters of base64");
}

void tell_resets(const struct facts *f, struct diagnosis *d)
{
    if (f->run->resets)
        evidence_add(
            d, "other devices saw their connection break without an answer, as when a worker process dies");
}

/* What splits renewals from all the rest: the same devices had just enrolled. */
void tell_fresh_works(const struct facts *f, struct diagnosis *d)
{
    if (f->failure->after_enrollment)
        evidence_add(d, "the same devices had enrolled just before: fresh enrollments work");
}

void tell_no_challenge(const struct facts *f, struct diagnosis *d)
{
    tell_fresh_works(f, d);
    evidence_add(d, "they enrolled with a challenge; the renewals, signed by the certificate, carry none");
    if (f->first->text[0] == '\0' && f->hresult == 0)
        evidence_add(d, "the server gives no reason of its own: its log must say which it was");
}

void tell_signer_dates(const struct facts *f, struct diagnosis *d)
{
    char until[40];
    if (f->first->not_after == 0 || f->first->not_after >= f->run->now_s)
        return;
    text_utc(f->first->not_after * 1000000, until, sizeof until);
    evidence_add(d, "the certificate that signed the renewal was valid until %.10s", until);
}
