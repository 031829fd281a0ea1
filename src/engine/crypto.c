/* The device's computing, on workers. While a job is out, what it uses belongs to it. */
#include "base/text.h"
#include "engine/internal.h"
#include "pki/csr.h"

#define SIGNER_DAYS 365

static const enum stage stages[] = {
    [JOB_CSR] = STAGE_CSR,
    [JOB_MESSAGE] = STAGE_BUILD,
    [JOB_REPLY] = STAGE_VERIFY,
};

static bool make_csr(struct phone *p, struct err *e)
{
    const struct engine_config *c = p->engine->config;
    const struct outcome *o = &p->device.outcome;
    struct buf text;
    buf_init(&text, 4096);
    const char *words = NULL;
    bool ok = scenario_subject(c->scenario, o->device, o->profile, c->run_id, &text, e);
    if (ok && (words = buf_text(&text)) == NULL)
        ok = buf_ok(&text, STAGE_CSR, e);
    ok = ok && pki_name_from_text(words, &p->subject, e);
    const struct pki_csr_spec spec = {.subject = buf_span(&p->subject), .challenge = reservoir_challenge(p)};
    ok = ok && pki_csr_make(&spec, p->key, scep_caps_digest(p->device.caps), &p->csr, e);
    buf_clear(&text);
    return ok;
}

/* With reused keys a transactionID derived from the key would repeat, and a server would return the earlier certificate:
 * then it is random. */
static bool make_message(struct phone *p, struct err *e)
{
    const struct scenario *s = p->engine->config->scenario;
    enum pki_digest digest = scep_caps_digest(p->device.caps);
    int64_t now_s = clock_wall_us() / SECOND_US;
    struct span spki = s->devices.key_reuse ? span_of(NULL, 0) : pki_key_spki(p->key);
    if (!scep_transaction_new(spki, &p->transaction, e) ||
        !scep_signer_make(buf_span(&p->subject), p->key, digest, now_s, SIGNER_DAYS, &p->signer, e))
        return false;
    const struct scep_request_spec spec = {
        .type = SCEP_PKCS_REQ,
        .content = buf_span(&p->csr),
        .transaction = &p->transaction,
        .recipient = scep_ca_recipient(p->ca),
        .signer_cert = buf_span(&p->signer),
        .signer_key = p->key,
        .digest = digest,
        .cipher = scep_caps_cipher(p->device.caps),
        .transport = PKI_RSA_PKCS1,
    };
    return scep_request_build(&spec, &p->message, e);
}

static bool read_reply(struct phone *p, struct err *e)
{
    const struct scep_expected expected = {
        .transaction = &p->transaction,
        .ca = p->ca,
        .decrypt_key = p->key,
        .signer_cert = buf_span(&p->signer),
        .spki = pki_key_spki(p->key),
        .subject = buf_span(&p->subject),
        .now_s = clock_wall_us() / SECOND_US,
    };
    return scep_certrep_read(buf_span(&p->body), &expected, &p->reply, e);
}

static void run(struct workers_job *job)
{
    static bool (*const functions[])(struct phone *, struct err *) = {
        [JOB_CSR] = make_csr,
        [JOB_MESSAGE] = make_message,
        [JOB_REPLY] = read_reply,
    };
    struct crypto *c = (struct crypto *)job;
    c->ok = functions[c->kind](c->phone, &c->error);
    if (!c->ok)
        err_set(&c->error, stages[c->kind], REASON_INTERNAL, "failed without a reason");
}

static void hold_step(struct crypto *c)
{
    int64_t zero = c->phone->engine->zero_us;
    phone_hold(c->phone, stages[c->kind], c->job.queued_us - zero, c->job.started_us - zero, NULL);
    c->phone->held[c->phone->held_count - 1].finished_us = c->job.finished_us - zero;
}

static void done(struct workers_job *job)
{
    struct crypto *c = (struct crypto *)job;
    struct phone *p = c->phone;
    c->busy = false;
    if (!c->job.cancelled && !p->ended)
        hold_step(c);
    if (c->kind == JOB_MESSAGE)
        buf_wipe(&p->csr); /* holds the challenge, and has served */
    struct device_event event = {.kind = c->ok ? DEVICE_DONE : DEVICE_FAILED, .generation = c->generation};
    event.error = c->ok ? NULL : &c->error;
    if (c->kind == JOB_REPLY) {
        event.kind = DEVICE_REPLY;
        event.reply = &p->reply;
    }
    phone_feed(p, &event); /* late when the device ended meanwhile: then this frees it */
}

void crypto_begin(struct phone *p, enum crypto_kind kind, uint32_t generation)
{
    struct crypto *c = &p->crypto;
    *c = (struct crypto){
        .job = {.run = run, .done = done}, .phone = p, .kind = kind, .generation = generation, .busy = true};
    workers_submit(p->engine->workers, &c->job);
}

void crypto_cancel(struct phone *p)
{
    if (p->crypto.busy)
        workers_cancel(p->engine->workers, &p->crypto.job);
}
