/* One pair at a time: the control enrolls, then the probe is made beside what the control left behind.
 *
 * A password that the server refused together with its message may still be good. NDES holds only five, so it is kept for the
 * next control; a control that fails with such a leftover is made once more with a fresh one. */
#include "engine/lab.h"

#define GIVE_UP_AFTER 2 /* controls in a row, when probes are all there is to do */

enum trial_stage { NO_TRIAL, CONTROL_DUE, CONTROL_RUNS, PROBE_DUE, PROBE_RUNS };

struct trial {
    struct lab *lab;
    enum trial_stage stage;
    const struct conformance_probe *probe;
    struct persona persona; /* one attempt, no polls */
    int64_t due_us;
    uint64_t index; /* of its device */
    bool leftover;  /* the control took the password that was left over */

    struct outcome control_outcome;
    bool control_made;
    struct scep_ca *ca;
    struct buf subject, signer, message, challenge; /* of the control */
    bool single_use;
    struct scep_transaction transaction;
    struct pki_key *key, *signer_key;
    struct pki_cert *issued;

    struct conformance_request request;
    struct conformance_control control;
    struct conformance_material material;
    struct persona_device device;
    bool read; /* a CertRep was, and how that went: */
    struct err reading;
};

struct lab {
    struct engine *engine;
    size_t next; /* the probe whose turn it is */
    uint64_t started, due, extra;
    bool stopped;
    unsigned failed_in_row;
    struct password *leftover;
    struct trial trial;
};

static const struct scenario *scenario_of(const struct lab *lab)
{
    return lab->engine->config->scenario;
}

static void init_trial(struct lab *lab)
{
    struct trial *t = &lab->trial;
    *t = (struct trial){.lab = lab};
    struct buf *const bufs[] = {&t->subject, &t->signer, &t->message, &t->challenge};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], BYTES_MAX_MESSAGE);
}

static void clear_trial(struct trial *t)
{
    struct buf *const bufs[] = {&t->subject, &t->signer, &t->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    buf_wipe(&t->challenge);
    conformance_request_clear(&t->request);
    scep_ca_free(t->ca);
    pki_key_free(t->key);
    pki_key_free(t->signer_key);
    pki_cert_free(t->issued);
    init_trial(t->lab);
}

bool lab_new(struct engine *en, struct lab **out, struct err *e)
{
    bool any = false;
    *out = NULL;
    for (size_t i = 0; i < conformance_count(); i++)
        any |= en->config->scenario->conformance.chosen[i];
    if (!any)
        return true;
    struct lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for conformance probes");
    lab->engine = en;
    init_trial(lab);
    for (size_t i = 0; i < conformance_count() && en->config->scenario->conformance.every == 0; i++)
        lab->due += en->config->scenario->conformance.chosen[i];
    *out = lab;
    return true;
}

void lab_free(struct lab *lab)
{
    if (lab == NULL)
        return;
    clear_trial(&lab->trial);
    passwords_drop(lab->engine, &lab->leftover);
    free(lab);
}

/* ---- what is due ---- */

void lab_device_started(struct lab *lab)
{
    uint64_t every = lab != NULL ? scenario_of(lab)->conformance.every : 0;
    if (every > 0 && !lab->stopped && ++lab->started % every == 0)
        lab->due++;
}

static const struct conformance_probe *take_turn(struct lab *lab)
{
    while (!scenario_of(lab)->conformance.chosen[lab->next % conformance_count()])
        lab->next++;
    return conformance_probe(lab->next++ % conformance_count());
}

static void tell(struct lab *lab, enum conformance_verdict verdict, const char *observed,
                 const struct outcome *probe)
{
    static const enum outcome_probe_verdict verdicts[] = {
        [CONFORMANCE_PASSED] = OUTCOME_PROBE_PASSED,
        [CONFORMANCE_FAILED] = OUTCOME_PROBE_FAILED,
        [CONFORMANCE_SKIPPED] = OUTCOME_PROBE_SKIPPED,
        [CONFORMANCE_ODD] = OUTCOME_PROBE_ODD,
    };
    const struct trial *t = &lab->trial;
    const struct outcome *control = &t->control_outcome;
    struct outcome_probe p = {
        .probe = t->probe->id,
        .title = t->probe->title,
        .rule = t->probe->rule,
        .does = t->probe->does,
        .basis = persona_basis_name(t->probe->basis),
        .verdict = verdicts[verdict],
        .control_device = t->control_made ? control : NULL,
        .probe_device = probe,
    };
    char expected[CONFORMANCE_TEXT_BYTES];
    conformance_expected(t->probe, t->material.choice != NULL ? t->material.choice->caps : 0, expected);
    snprintf(p.expected, sizeof p.expected, "%s", expected);
    snprintf(p.observed, sizeof p.observed, "%s", observed);
    if (!t->control_made)
        snprintf(p.control, sizeof p.control, "not made");
    else if (control->end == OUTCOME_ENROLLED)
        snprintf(p.control, sizeof p.control, "enrolled");
    else
        snprintf(p.control, sizeof p.control, "%s: %s", base_stage_id(control->error.stage),
                 control->error.text[0] != '\0' ? control->error.text
                                                : base_reason_sentence(control->error.reason));
    engine_tell_probe(lab->engine, &p);
}

static void end_trial(struct lab *lab, enum conformance_verdict verdict, const char *observed,
                      const struct outcome *probe)
{
    tell(lab, verdict, observed, probe);
    clear_trial(&lab->trial);
}

static void skip(struct lab *lab, const char *why)
{
    end_trial(lab, CONFORMANCE_SKIPPED, why, NULL);
}

/* Whoever chose the probes wants to read about each, also where nothing could be learnt any more. */
static void skip_the_rest(struct lab *lab, const char *why)
{
    for (; lab->due > 0; lab->due--) {
        lab->trial.probe = take_turn(lab);
        skip(lab, why);
    }
}

/* ---- starting ---- */

static void begin(struct lab *lab)
{
    struct trial *t = &lab->trial;
    lab->due--;
    t->probe = take_turn(lab);
    t->stage = CONTROL_DUE;
    t->due_us = engine_now(lab->engine);
}

static void start(struct lab *lab, enum trial_stage stage)
{
    struct trial *t = &lab->trial;
    struct err e = {0};
    int64_t now = engine_now(lab->engine);
    t->stage = stage;
    t->index = load_plan_beyond(lab->engine->config->plan, lab->extra++);
    const struct load_arrival a = {.index = t->index, .scheduled_us = now};
    if (!phone_start(lab->engine, &a, t, &e))
        skip(lab, e.text);
}

static bool may_start(const struct lab *lab)
{
    struct engine *en = lab->engine;
    return en->in_flight < scenario_of(lab)->limits.in_flight &&
           (lab->leftover != NULL || passwords_room(en, NULL) == RESERVOIR_READY);
}

/* With nothing else to do, probes wait for the load to end: then nothing disturbs them, and they disturb nothing. */
static bool is_time(const struct lab *lab)
{
    const struct engine *en = lab->engine;
    return scenario_of(lab)->conformance.every > 0 || (arrivals_over(en) && en->phones == 0);
}

void lab_turn(struct lab *lab)
{
    if (lab == NULL || !is_time(lab))
        return;
    struct trial *t = &lab->trial;
    if (t->stage == NO_TRIAL && lab->due > 0)
        begin(lab);
    if (t->stage != CONTROL_DUE && t->stage != PROBE_DUE)
        return;
    if (lab->stopped)
        skip(lab, "the run was stopped before");
    else if (may_start(lab))
        start(lab, t->stage == CONTROL_DUE ? CONTROL_RUNS : PROBE_RUNS);
    else if (engine_now(lab->engine) - t->due_us > scenario_of(lab)->limits.device_timeout_us)
        skip(lab, "it never got to start: no password, or too many devices under way");
}

void lab_stop(struct lab *lab)
{
    if (lab == NULL || lab->stopped)
        return;
    lab->stopped = true; /* the pair under way is dealt with at its next turn */
    if (lab->trial.stage == NO_TRIAL)
        skip_the_rest(lab, "the run was stopped before");
}

bool lab_over(const struct lab *lab)
{
    return lab == NULL || (lab->trial.stage == NO_TRIAL && lab->due == 0);
}

/* ---- its phones ---- */

const struct persona *lab_persona(struct trial *t, const struct persona *usual)
{
    t->persona = *usual;
    t->persona.failure_retries = 0;
    t->persona.http_retries = 0;
    t->persona.polls = 0;
    return &t->persona;
}

static bool is_probe(const struct trial *t)
{
    return t != NULL && t->stage == PROBE_RUNS;
}

bool lab_has_challenge(struct phone *p)
{
    struct trial *t = p->trial;
    if (is_probe(t))
        return t->probe->challenge != CONFORMANCE_FRESH;
    t->leftover = passwords_give(p, &t->lab->leftover);
    return t->leftover;
}

bool lab_keeps_password(const struct phone *p)
{
    return is_probe(p->trial);
}

void lab_note_challenge(struct phone *p)
{
    struct trial *t = p->trial;
    if (is_probe(t))
        return;
    buf_append_span(&t->challenge, passwords_challenge(p));
    t->single_use = p->password != NULL && p->password->fingerprint != 0;
}

void lab_alter(const struct phone *p, struct device_action *send)
{
    if (is_probe(p->trial) && send->operation == PERSONA_PKI_OPERATION)
        send->post = p->trial->request.post;
}

bool lab_makes(const struct phone *p)
{
    return is_probe(p->trial);
}

bool lab_make(struct phone *p, const struct persona_device *device, struct err *e)
{
    struct trial *t = p->trial;
    t->device = *device;
    t->device.challenge = passwords_challenge(p);
    t->control = (struct conformance_control){
        .message = buf_span(&t->message),
        .transaction = &t->transaction,
        .subject = buf_span(&t->subject),
        .signer = buf_span(&t->signer),
        .spki = pki_key_spki(t->key),
        .signer_key = t->signer_key,
        .challenge = buf_span(&t->challenge),
        .issued = t->issued,
    };
    t->material = (struct conformance_material){
        .persona = &t->persona,
        .choice = &p->device.choice,
        .device = &t->device,
        .signer_key = keys_for_signer(p),
        .ca = p->ca,
        .control = &t->control,
        .key_reused = true, /* a pool may be small: IDs are never derived here */
        .now_s = clock_wall_us() / SECOND_US,
    };
    return conformance_make(t->probe, &t->material, &t->request, e);
}

bool lab_request(struct phone *p, struct err *e)
{
    struct trial *t = p->trial;
    buf_reset(&p->message);
    return buf_append_span(&p->message, buf_span(&t->request.message)) || buf_ok(&p->message, STAGE_BUILD, e);
}

bool lab_reply(struct phone *p, struct err *e)
{
    struct trial *t = p->trial;
    scep_certrep_clear(&p->reply);
    t->material.now_s = clock_wall_us() / SECOND_US;
    bool ok =
        conformance_read(t->probe, &t->material, &t->request, buf_span(&p->body), &p->reply, &t->reading);
    t->read = true;
    if (!ok)
        *e = t->reading;
    return ok;
}

/* ---- what they found ---- */

static void move(struct buf *to, struct buf *from)
{
    struct buf old = *to;
    *to = *from;
    *from = old;
}

static void keep_control(struct trial *t, struct phone *p)
{
    move(&t->subject, &p->subject);
    move(&t->signer, &p->signer);
    move(&t->message, &p->message);
    t->transaction = p->transaction;
    t->key = pki_key_ref(p->key);
    t->signer_key = pki_key_ref(p->signer_key);
    t->issued = pki_cert_ref(p->reply.issued);
}

static void control_failed(struct lab *lab)
{
    struct trial *t = &lab->trial;
    if (t->leftover && t->control_outcome.fail_info >= 0) { /* perhaps it was used up after all */
        const struct conformance_probe *probe = t->probe;
        clear_trial(t);
        t->probe = probe;
        t->stage = CONTROL_DUE;
        t->due_us = engine_now(lab->engine);
        return;
    }
    skip(lab, "the control beside it did not enroll");
    if (++lab->failed_in_row >= GIVE_UP_AFTER && scenario_of(lab)->conformance.every == 0)
        skip_the_rest(lab, "not tried: controls before it did not enroll");
}

static void control_ended(struct lab *lab, struct phone *p)
{
    struct trial *t = &lab->trial;
    const char *why = NULL;
    if (t->leftover) /* not even sent: it stays what it was */
        passwords_keep(p, &lab->leftover);
    t->control_made = true;
    t->control_outcome = p->device.outcome;
    if (t->control_outcome.end != OUTCOME_ENROLLED || p->reply.issued == NULL) {
        control_failed(lab);
        return;
    }
    lab->failed_in_row = 0;
    keep_control(t, p);
    if (!conformance_applies(t->probe, p->ca, t->challenge.len > 0, !t->single_use, &why)) {
        skip(lab, why);
        return;
    }
    t->stage = PROBE_DUE;
    t->due_us = engine_now(lab->engine);
}

static void describe_silence(const struct outcome *o, bool asked, char *out, size_t out_bytes)
{
    const char *why = o->error.text[0] != '\0' ? o->error.text : base_reason_sentence(o->error.reason);
    if (!asked)
        snprintf(out, out_bytes, "not sent: %s: %.160s", base_stage_id(o->error.stage), why);
    else if (o->http_status == 0)
        snprintf(out, out_bytes, "no answer: %.180s", why);
    else
        snprintf(out, out_bytes, "HTTP %d, no CertRep (%s)", o->http_status, outcome_body_id(o->body));
}

static void probe_ended(struct lab *lab, struct phone *p)
{
    struct trial *t = &lab->trial;
    struct outcome *o = &p->device.outcome;
    char silence[CONFORMANCE_TEXT_BYTES];
    bool heard = t->read && !o->timed_out && o->end != OUTCOME_ABANDONED;
    bool asked = heard || p->sent.operation == PERSONA_PKI_OPERATION;
    describe_silence(o, asked, silence, sizeof silence);
    const struct conformance_answer answer = {
        .silence = heard ? NULL : silence,
        .http_status = asked ? o->http_status : 0,
        .reply = &p->reply,
        .error = err_is_set(&t->reading) ? &t->reading : NULL,
        .control_issued = t->issued,
        .caps = p->device.choice.caps,
    };
    struct conformance_finding f = conformance_judge(t->probe, &answer);
    if (heard && p->reply.pki_status == SCEP_SUCCESS)
        passwords_used(p, p->asked_us);
    else
        passwords_keep(p, &lab->leftover);
    end_trial(lab, f.verdict, f.observed, o);
}

void lab_take(struct phone *p)
{
    struct lab *lab = p->trial->lab;
    if (p->trial->stage == PROBE_RUNS)
        probe_ended(lab, p);
    else
        control_ended(lab, p);
}
