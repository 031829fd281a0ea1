/* From the challenge to the verdict, and what comes after the enrollment. */
#include "device/table.h"

enum device_state device_ask_challenge(struct device *d, const struct device_event *event,
                                       struct device_actions *out)
{
    d->outcome.started_us = event->at_us;
    device_add(d, out, DEVICE_DEADLINE)->at_us = event->at_us + d->config.timeout_us;
    return device_begin(d, DEVICE_CHALLENGE, out);
}

/* A device always asks for a challenge; a source that has none says so at once. One that enrolls again knows the rest. */
enum device_state device_take_challenge(struct device *d, const struct device_event *event,
                                        struct device_actions *out)
{
    return d->errand == DEVICE_ENROLLS ? device_next_request(d, event, out)
                                       : device_begin(d, DEVICE_CSR, out);
}

enum device_state device_ask_message(struct device *d, const struct device_event *event,
                                     struct device_actions *out)
{
    (void)event;
    return device_begin(d, DEVICE_BUILD, out);
}

enum device_state device_ask_pki_operation(struct device *d, const struct device_event *event,
                                           struct device_actions *out)
{
    (void)event;
    if (d->polling) {
        struct outcome_follow_up *f = device_follow_up(d);
        d->polls++;
        (*(f != NULL ? &f->polls : &d->outcome.polls))++;
    }
    return device_begin(d, DEVICE_PKI_OPERATION, out);
}

enum device_state device_finish(struct device *d, const struct device_event *event,
                                struct device_actions *out)
{
    (void)event;
    (void)out;
    return device_over(d, NULL);
}

/* Judging a CertRep. */

/* A defect in an answer that the client goes on after (PENDING with a wrong nonce, to an iPhone) still counts at the end. */
static void remember_defect(struct device *d, const struct err *e)
{
    if (!err_is_set(&d->verdict) && e->reason != REASON_SCEP_PENDING)
        d->verdict = *e;
}

static enum device_state poll(struct device *d, const struct device_event *event, struct device_actions *out)
{
    const struct persona *p = d->config.persona;
    struct err e = {0};
    if (!d->polling) {
        d->polls = 0;
        d->pending_since_us = event->at_us;
    }
    int64_t waited = event->at_us - d->pending_since_us;
    if (p->polls == 0)
        return device_over(d, event->error);
    if (!persona_polls_on(p, d->polls, waited)) {
        err_set(&e, STAGE_CERT_POLL, REASON_POLL_LIMIT, "still PENDING after %u polls in %.1f s", d->polls,
                (double)waited / 1e6);
        return device_over(d, &e);
    }
    d->polling = true;
    remember_defect(d, event->error);
    int64_t delay = persona_poll_delay(p, d->polls + 1, random_unit(&d->chance));
    return device_begin_at(d, DEVICE_BUILD, event->at_us + delay, event, out);
}

static enum device_state attempt_again(struct device *d, const struct device_event *event,
                                       struct device_actions *out)
{
    const struct persona *p = d->config.persona;
    d->failure_retries++;
    d->outcome.retries++;
    d->setback = *event->error;
    d->new_transaction = p->retry_transaction_id == PERSONA_RETRY_NEW;
    return device_begin_at(d, DEVICE_BUILD, event->at_us + p->failure_delay, event, out);
}

static enum device_state refusal_wanted(struct device *d, const struct err *error)
{
    struct err e = {0};
    d->outcome.refused_as_expected = error != NULL && error->reason == REASON_SCEP_FAILURE;
    if (d->outcome.refused_as_expected)
        return device_over(d, NULL);
    if (error != NULL)
        return device_over(d, error);
    d->outcome.expectation_failure = true;
    err_set(&e, STAGE_VERIFY, REASON_EXPECTATION,
            "a certificate was issued, where devices.expect wants a refusal");
    return device_over(d, &e);
}

/* The first failure of all counts: of an earlier answer, of this one, then what the scenario wants. */
static enum device_state conclude(struct device *d, const struct device_event *event)
{
    const struct err *error = event->error;
    if (err_is_set(&d->verdict))
        error = &d->verdict;
    if (d->errand == DEVICE_ENROLLS && d->config.expect_refused)
        return refusal_wanted(d, error);
    const struct device_finding *f = event->finding;
    if (error == NULL && f != NULL && err_is_set(&f->expectation)) {
        d->outcome.expectation_failure = true;
        error = &f->expectation;
    }
    struct err why = error != NULL ? *error : (struct err){0};
    return device_over(d, error != NULL ? &why : NULL);
}

enum device_state device_judge(struct device *d, const struct device_event *event, struct device_actions *out)
{
    const struct persona *p = d->config.persona;
    const struct scep_certrep *reply = event->reply;
    enum reason reason = event->error != NULL ? event->error->reason : REASON_NONE;
    device_note_reply(d, event);
    if (reply->pki_status == SCEP_PENDING && reason != REASON_NONE && persona_accepts(p, reply->violated))
        return poll(d, event, out);
    bool wanted = d->errand == DEVICE_ENROLLS && d->config.expect_refused;
    if (reason == REASON_SCEP_FAILURE && !d->polling && !wanted && d->failure_retries < p->failure_retries)
        return attempt_again(d, event, out);
    return conclude(d, event);
}

/* One errand after the other. */

void device_settle(struct device *d, enum outcome_end end, int64_t now_us)
{
    struct outcome_follow_up *f = device_follow_up(d);
    if (f == NULL) {
        d->settled = true;
        d->outcome.finished_us = now_us;
        d->outcome.end = err_is_set(&d->verdict) ? end : OUTCOME_ENROLLED;
        d->outcome.error = d->verdict;
        return;
    }
    f->finished_us = now_us;
    f->result = err_is_set(&d->verdict) ? OUTCOME_NOT_OK : OUTCOME_OK;
    f->error = d->verdict;
    d->setback = d->verdict; /* of its step; the device itself has not failed */
}

/* What a careful client does not even try (RFC 8894 3.5.2). A PKCSReq needs no announcement. */
static bool is_announced(const struct device *d, enum outcome_follow what, struct err *e)
{
    unsigned caps = d->choice.caps;
    enum persona_renewal how = d->config.persona->renewal;
    if (what == OUTCOME_GET_NEXT_CA_CERT && (caps & SCEP_CAP_GET_NEXT_CA_CERT) == 0)
        return err_set(e, STAGE_GET_NEXT_CA_CERT, REASON_NOT_ANNOUNCED, "GetCACaps has no GetNextCACert");
    if (what == OUTCOME_RENEWAL && how == PERSONA_RENEWAL_REQ && (caps & SCEP_CAP_RENEWAL) == 0)
        return err_set(e, STAGE_RENEWAL, REASON_NOT_ANNOUNCED, "GetCACaps has no Renewal");
    if (what == OUTCOME_RENEWAL && how == PERSONA_RENEWAL_UPDATE_REQ && (caps & SCEP_CAP_UPDATE) == 0)
        return err_set(e, STAGE_RENEWAL, REASON_NOT_ANNOUNCED, "GetCACaps has no Update");
    return true;
}

static enum device_state first_state(const struct device *d)
{
    static const enum device_state states[DEVICE_ERRAND_COUNT] = {
        [DEVICE_RENEWS] = DEVICE_CSR,
        [DEVICE_FETCHES_CERT] = DEVICE_BUILD,
        [DEVICE_FETCHES_CRL] = DEVICE_BUILD,
        [DEVICE_FETCHES_NEXT_CA] = DEVICE_GET_NEXT_CA_CERT,
    };
    bool anew = d->errand == DEVICE_RENEWS && d->config.persona->renewal == PERSONA_RENEWAL_RE_ENROLL;
    return anew ? DEVICE_CHALLENGE : states[d->errand];
}

static enum device_state begin_errand(struct device *d, const struct device_event *event,
                                      struct device_actions *out)
{
    struct outcome_follow_up *f = device_follow_up(d);
    int64_t at_us = event->at_us + d->config.persona->think_time;
    if (d->errand == DEVICE_RENEWS)
        at_us += d->config.renew_after_us;
    f->started_us = at_us;
    d->verdict = (struct err){0};
    d->polling = false;
    d->new_transaction = true;
    d->http_retries = d->failure_retries = d->urls_tried = 0;
    device_add(d, out, DEVICE_DEADLINE)->at_us = at_us + d->config.timeout_us;
    return device_begin_at(d, first_state(d), at_us, event, out);
}

enum device_state device_next_errand(struct device *d, const struct device_event *event,
                                     struct device_actions *out)
{
    device_settle(d, OUTCOME_FAILED, event->at_us);
    if (d->outcome.end != OUTCOME_ENROLLED || d->outcome.refused_as_expected)
        return DEVICE_ENDED;
    while (d->errands_done < d->config.then_count) {
        enum outcome_follow what = d->config.then[d->errands_done++];
        d->errand = (enum device_errand)((unsigned)what + 1);
        if (is_announced(d, what, &d->outcome.follow[what].error))
            return begin_errand(d, event, out);
    }
    return DEVICE_ENDED;
}
