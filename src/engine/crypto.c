/* The device's computing, on workers. While a job is out, what it uses belongs to it. */
#include "engine/internal.h"
#include "pki/csr.h"

#define AHEAD 32 /* jobs for each worker */

static const struct {
    bool (*run)(struct phone *p, const struct device_action *action, struct err *e);
    enum stage stage;
} jobs[DEVICE_ACTION_COUNT] = {
    [DEVICE_MAKE_CSR] = {messages_csr, STAGE_CSR},
    [DEVICE_MAKE_MESSAGE] = {messages_request, STAGE_BUILD},
    [DEVICE_READ_REPLY] = {messages_reply, STAGE_VERIFY},
    [DEVICE_PARSE_NEXT_CA] = {messages_next_ca, STAGE_VERIFY},
};

static void run(struct workers_job *job)
{
    struct crypto *c = (struct crypto *)job;
    c->ok = jobs[c->action.kind].run(c->phone, &c->action, &c->error);
    if (!c->ok)
        err_set(&c->error, jobs[c->action.kind].stage, REASON_INTERNAL, "failed without a reason");
}

static void hold_step(struct crypto *c)
{
    int64_t zero = c->phone->engine->zero_us;
    phone_hold(c->phone, jobs[c->action.kind].stage, c->action.at_us, c->job.started_us - zero, NULL);
    c->phone->held_steps[c->phone->held_count - 1].finished_us = c->job.finished_us - zero;
}

static void note_challenge(struct phone *p)
{
    struct outcome *o = &p->device.outcome;
    if (p->device.errand == DEVICE_ENROLLS)
        o->challenge = p->challenge;
    else
        o->follow[p->device.errand - 1].challenge = p->challenge;
}

/* What is no longer needed goes: the challenge out of the CSR, and a message that needs no exemplar. */
static void tidy(struct phone *p, const struct crypto *c)
{
    if (c->action.kind == DEVICE_MAKE_MESSAGE && !device_may_rebuild(&p->device))
        pki_csr_blot(&p->csr);
    if (c->action.kind != DEVICE_READ_REPLY)
        return;
    if (c->ok && p->trial == NULL) /* else the lab may need it once more */
        buf_clear(&p->message);
    bool certificate = p->device.errand == DEVICE_ENROLLS || p->device.errand == DEVICE_RENEWS;
    if (c->ok && certificate && p->device.config.then_count > 0)
        keys_hold(p);
}

/* ---- the line ---- */

static void leave_line(struct crypto_line *line, struct phone *p)
{
    struct seat *seat = p->seat;
    *(seat->before != NULL ? &seat->before->behind : &line->first) = seat->behind;
    *(seat->behind != NULL ? &seat->behind->before : &line->last) = seat->before;
    seat->before = seat->behind = NULL;
    p->crypto.waits = false;
}

static void join_line(struct crypto_line *line, struct phone *p)
{
    struct seat *seat = p->seat;
    seat->before = line->last;
    *(line->last != NULL ? &line->last->behind : &line->first) = seat;
    line->last = seat;
    p->crypto.waits = true;
}

static void done(struct workers_job *job);

static void serve(struct engine *en, struct phone *p)
{
    struct crypto *c = &p->crypto;
    c->job = (struct workers_job){.run = run, .done = done};
    c->phone = p;
    c->busy = true;
    en->line.served++;
    workers_submit(en->workers, &c->job);
}

/* As many as the workers need to be busy until the loop comes round again. The others wait in line, where they may be put away:
 * thousands that arrive at once would all be out otherwise. */
static bool may_serve(const struct engine *en)
{
    return en->line.served < AHEAD * workers_threads(en->workers);
}

static void serve_line(struct engine *en)
{
    while (en->line.first != NULL && may_serve(en)) {
        struct phone *p = park_return(en->line.first);
        if (p == NULL) { /* those in line are tried again with the next one that is done, or time out */
            engine_lack_memory(en);
            return;
        }
        leave_line(&en->line, p);
        serve(en, p);
    }
}

static void done(struct workers_job *job)
{
    struct crypto *c = (struct crypto *)job;
    struct phone *p = c->phone;
    struct engine *en = p->engine;
    c->busy = false;
    en->line.served--;
    serve_line(en);
    if (!c->job.cancelled && !p->ended)
        hold_step(c);
    if (c->action.kind == DEVICE_MAKE_CSR && c->ok && !c->job.cancelled)
        note_challenge(p);
    tidy(p, c);
    struct device_event event = {.kind = c->ok ? DEVICE_DONE : DEVICE_FAILED,
                                 .generation = c->action.generation};
    event.error = c->ok ? NULL : &c->error;
    if (c->action.kind == DEVICE_READ_REPLY) {
        event.kind = DEVICE_REPLY;
        event.reply = &p->reply;
        event.finding = p->finding;
    }
    phone_feed(p, &event); /* late when the device ended meanwhile: then this frees it */
}

void crypto_begin(struct phone *p, const struct device_action *action)
{
    struct engine *en = p->engine;
    p->crypto = (struct crypto){.action = *action};
    if (en->line.first == NULL && may_serve(en))
        serve(en, p);
    else
        join_line(&en->line, p);
}

void crypto_cancel(struct phone *p)
{
    if (p->crypto.waits)
        leave_line(&p->engine->line, p);
    if (p->crypto.busy)
        workers_cancel(p->engine->workers, &p->crypto.job);
}
