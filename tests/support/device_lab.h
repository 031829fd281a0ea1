/* A device in virtual time that writes down what it does. */
#ifndef SUPPORT_DEVICE_LAB_H
#define SUPPORT_DEVICE_LAB_H

#include "device/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define CMS    "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00"

struct lab {
    struct persona persona;
    struct device d;
    int64_t now_us;
    int64_t planned_us; /* what it waits for */
    int64_t wanted_us;  /* of the last action */
    unsigned ends;
    struct buf trace;
};

static inline void note_action(struct lab *lab, const struct device_action *a)
{
    switch (a->kind) {
    case DEVICE_SEND:
        buf_appendf(&lab->trace, " %s%s", persona_operation_name(a->operation), a->post ? " POST" : "");
        if (a->stage == STAGE_CERT_POLL || a->stage > STAGE_VERIFY)
            buf_appendf(&lab->trace, " (%s)", base_stage_id(a->stage));
        if (a->url > 0)
            buf_appendf(&lab->trace, " to url %u", a->url);
        break;
    case DEVICE_MAKE_MESSAGE:
        if (a->message != SCEP_PKCS_REQ || lab->d.errand != DEVICE_ENROLLS)
            buf_appendf(&lab->trace, " %s", scep_message_type_name((int)a->message));
        if (!a->new_transaction)
            buf_append_text(&lab->trace, ", same transaction");
        break;
    case DEVICE_DEADLINE:
    case DEVICE_WAIT:
        buf_appendf(&lab->trace, " %g s", (double)a->at_us / 1e6);
        lab->planned_us = a->kind == DEVICE_WAIT ? a->at_us : lab->planned_us;
        break;
    case DEVICE_FETCH_CHALLENGE:
    case DEVICE_PARSE_CA:
    case DEVICE_PARSE_NEXT_CA:
    case DEVICE_MAKE_CSR:
    case DEVICE_READ_REPLY:
    case DEVICE_CANCEL:
    case DEVICE_END:
    case DEVICE_ACTION_COUNT:
        break;
    }
}

static inline void note_actions(struct lab *lab, const struct device_actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        const struct device_action *a = &actions->items[i];
        buf_appendf(&lab->trace, "%s %s", i == 0 ? ":" : ",", device_action_name(a->kind));
        note_action(lab, a);
        lab->ends += a->kind == DEVICE_END;
        if (a->kind != DEVICE_WAIT && a->kind != DEVICE_DEADLINE)
            lab->wanted_us = a->at_us;
    }
}

static inline void step(struct lab *lab, struct device_event event)
{
    struct device_actions actions;
    enum device_state before = lab->d.state;
    lab->now_us += SECOND;
    event.at_us = lab->now_us;
    if (event.generation == 0)
        event.generation = lab->d.generation;
    device_step(&lab->d, &event, &actions);
    buf_appendf(&lab->trace, "%2g %s + %s -> %s", (double)lab->now_us / 1e6, device_state_name(before),
                device_event_name(event.kind), device_state_name(lab->d.state));
    note_actions(lab, &actions);
    buf_append_text(&lab->trace, "\n");
}

static inline void happens(struct lab *lab, enum device_event_kind kind)
{
    step(lab, (struct device_event){.kind = kind});
}

static inline void answer_with(struct lab *lab, int status, const char *server, const char *type,
                               const char *body)
{
    struct device_answer a = {.status = status,
                              .server = server,
                              .location = "https://elsewhere/",
                              .content_type = type,
                              .body = span_of_text(body)};
    if (strncmp(body, CMS, 2) == 0)
        a.body = span_of(CMS, sizeof CMS - 1);
    step(lab, (struct device_event){.kind = DEVICE_ANSWER, .answer = &a});
}

static inline void answers(struct lab *lab, int status, const char *server, const char *body)
{
    answer_with(lab, status, server, "", body);
}

static inline void answers_as(struct lab *lab, int status, const char *type, const char *body)
{
    answer_with(lab, status, "", type, body);
}

/* The moment that it waits for comes, to the microsecond. */
static inline void wakes(struct lab *lab)
{
    lab->now_us = lab->planned_us - SECOND;
    happens(lab, DEVICE_WAKE);
}

static inline void fails(struct lab *lab, enum stage stage, enum reason reason)
{
    struct err e = {.stage = stage, .reason = reason};
    step(lab, (struct device_event){.kind = DEVICE_FAILED, .error = &e});
}

static inline void open_as(struct lab *lab, const char *persona, const struct device_config *config)
{
    struct err e = {0};
    *lab = (struct lab){0};
    buf_init(&lab->trace, 65536);
    if (!persona_find(persona, &lab->persona, &e))
        fail_msg("%s", e.text);
    struct device_config c = *config;
    c.persona = &lab->persona;
    c.index = 7;
    c.scheduled_us = 5;
    c.timeout_us = 60 * SECOND;
    device_init(&lab->d, &c);
}

static inline void set(struct lab *lab, const char *knob, const char *value)
{
    struct err e = {0};
    if (!persona_override(&lab->persona, knob, value, &e))
        fail_msg("%s", e.text);
}

static inline void open_lab(struct lab *lab)
{
    open_as(lab, "rfc8894", &(struct device_config){0});
}

#define ALL_CAPS "POSTPKIOperation\nSHA-1\nSHA-256\nAES\nDES3\nRenewal\n"

static inline void issued(struct lab *lab)
{
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1};
    step(lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply});
}

static inline void pending(struct lab *lab, unsigned violated)
{
    const struct scep_certrep reply = {
        .message_type = 3, .pki_status = SCEP_PENDING, .fail_info = -1, .violated = violated};
    struct err e = {.stage = STAGE_PKI_OPERATION, .reason = REASON_SCEP_PENDING};
    if (violated != 0)
        e = (struct err){.stage = STAGE_VERIFY, .reason = REASON_NONCE_MISMATCH};
    step(lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e});
}

static inline void refused(struct lab *lab)
{
    const struct scep_certrep reply = {.message_type = 3, .pki_status = SCEP_FAILURE, .fail_info = 2};
    const struct err e = {.stage = STAGE_PKI_OPERATION, .reason = REASON_SCEP_FAILURE};
    step(lab, (struct device_event){.kind = DEVICE_REPLY, .reply = &reply, .error = &e});
}

/* Whatever it waits for comes, and comes well. */
static inline void comes(struct lab *lab)
{
    switch (lab->d.state) {
    case DEVICE_GET_CA_CAPS:
        answers(lab, 200, "", ALL_CAPS);
        break;
    case DEVICE_GET_CA_CERT:
    case DEVICE_GET_NEXT_CA_CERT:
        answers_as(lab, 200, "application/x-x509-ca-ra-cert", "certificates");
        break;
    case DEVICE_PKI_OPERATION:
        answers(lab, 200, "", CMS);
        break;
    case DEVICE_VERIFY:
        issued(lab);
        break;
    case DEVICE_PAUSED:
        wakes(lab);
        break;
    case DEVICE_START:
        happens(lab, DEVICE_STARTS);
        break;
    case DEVICE_CHALLENGE:
    case DEVICE_READ_CA:
    case DEVICE_CSR:
    case DEVICE_BUILD:
    case DEVICE_READ_NEXT_CA:
    case DEVICE_OVER:
    case DEVICE_ENDED:
    case DEVICE_STATE_COUNT:
        happens(lab, DEVICE_DONE);
        break;
    }
}

static inline void until(struct lab *lab, enum device_state state)
{
    for (int i = 0; i < 100 && lab->d.state != state; i++)
        comes(lab);
    assert_int_equal(lab->d.state, state);
}

static inline void close_lab(struct lab *lab, const char *trace)
{
    if (trace != NULL)
        assert_string_equal(buf_text(&lab->trace), trace);
    assert_int_equal(lab->ends, 1);
    assert_int_equal(lab->d.state, DEVICE_ENDED);
    buf_clear(&lab->trace);
}

static inline void to_pki_operation(struct lab *lab, const char *caps)
{
    happens(lab, DEVICE_STARTS);
    happens(lab, DEVICE_DONE);
    answers(lab, 200, "", caps);
    answers(lab, 200, "Microsoft-IIS/10.0", "certificates");
    happens(lab, DEVICE_DONE);
    happens(lab, DEVICE_DONE);
    happens(lab, DEVICE_DONE);
}

#endif
