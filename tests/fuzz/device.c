// room: device
/* Any sequence of events into device_step, whatever the habits and errands: never a crash, never more actions than fit, and
 * exactly one end. The first bytes choose the device. */
#include "device/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const bodies[] = {"", "AES\nPOSTPKIOperation\n", "<html>x</html>",
                                     "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00"};

static void choose(struct device_event *event, uint8_t byte, struct device_answer *answer,
                   const struct device *d)
{
    static const int statuses[] = {200, 200, 200, 404, 503, 302, 0, 500};
    static const struct err why = {.stage = STAGE_TCP, .reason = REASON_CONNECTION_LOST};
    static const struct scep_certrep replies[] = {
        {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1, .violated = SCEP_CHECK_NONCE},
        {.message_type = 3, .pki_status = SCEP_PENDING, .fail_info = -1},
        {.message_type = 3, .pki_status = SCEP_FAILURE, .fail_info = 2},
        {.message_type = 3, .pki_status = SCEP_SUCCESS, .fail_info = -1},
    };
    static const struct err refused = {.stage = STAGE_PKI_OPERATION, .reason = REASON_SCEP_FAILURE};
    static const struct device_finding finding = {.failed_checks = SCEP_CHECK_NONCE};
    bool late = byte >= 0xf0;
    answer->status = statuses[byte & 7];
    answer->server = byte & 8 ? "Microsoft-IIS/10.0" : "";
    answer->location = "";
    answer->content_type = byte & 1 ? "application/x-x509-ca-cert" : "text/html";
    answer->body = span_of_text(bodies[(byte >> 4) & 3]);
    event->generation = d->generation - late;
    event->error = event->kind == DEVICE_FAILED || (event->kind == DEVICE_REPLY && (byte & 1)) ? &why : NULL;
    event->answer = event->kind == DEVICE_ANSWER || (byte & 2) ? answer : NULL;
    if (event->kind == DEVICE_REPLY && event->error != NULL && (byte & 4) != 0)
        event->error = &refused;
    event->reply = &replies[(byte >> 4) & 3];
    event->finding = (byte & 8) != 0 ? &finding : NULL;
}

static unsigned feed(struct device *d, const struct device_event *event)
{
    struct device_actions actions;
    bool was_ended = d->state == DEVICE_ENDED;
    device_step(d, event, &actions);
    unsigned ends = 0;
    if (actions.count > DEVICE_MAX_ACTIONS || (was_ended && actions.count > 0))
        abort();
    if (d->state == DEVICE_OVER || d->outcome.error.reason == REASON_INTERNAL)
        abort();
    for (size_t i = 0; i < actions.count; i++)
        ends += actions.items[i].kind == DEVICE_END;
    return ends;
}

static void check_outcome(const struct device *d)
{
    const struct outcome *o = &d->outcome;
    bool enrolled = o->end == OUTCOME_ENROLLED;
    if (d->state != DEVICE_ENDED || enrolled != (o->error.reason == REASON_NONE) || o->end == OUTCOME_UNSENT)
        abort();
}

/* As many of each as a persona can have, within reason. */
static void choose_habits(struct persona *p, uint8_t byte)
{
    const char *const *names = persona_names();
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    if (!persona_find(names[byte % count], p, NULL))
        abort();
    p->failure_retries = byte >> 3 & 1;
    p->http_retries = byte >> 4 & 1;
    p->renewal = (enum persona_renewal)(byte >> 5 & 3);
    p->poll_interval = byte & 0x80 ? 0 : p->poll_interval;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum outcome_follow then[] = {OUTCOME_GET_NEXT_CA_CERT, OUTCOME_RENEWAL, OUTCOME_GET_CERT,
                                               OUTCOME_GET_CRL};
    struct persona persona;
    struct device d;
    unsigned ends = 0;
    uint8_t habits = size > 0 ? data[0] : 0, errands = size > 1 ? data[1] : 0;
    choose_habits(&persona, habits);
    device_init(&d, &(struct device_config){.persona = &persona,
                                            .timeout_us = 1000000,
                                            .seed = errands,
                                            .url_count = errands & 3,
                                            .expect_refused = (errands & 0x40) != 0,
                                            .then = then,
                                            .then_count = (errands >> 2) % 5});
    for (size_t i = 2; i + 1 < size; i += 2) {
        struct device_answer answer;
        struct device_event event = {.kind = (enum device_event_kind)(data[i] % DEVICE_EVENT_COUNT),
                                     .at_us = (int64_t)i};
        choose(&event, data[i + 1], &answer, &d);
        ends += feed(&d, &event);
    }
    ends += feed(&d, &(struct device_event){.kind = DEVICE_ABORT, .at_us = (int64_t)size});
    if (ends != 1)
        abort();
    check_outcome(&d);
    return 0;
}
