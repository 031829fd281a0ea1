// room: device
/* Any sequence of events into device_step: never a crash, never more actions than fit, and exactly one end. */
#include "device/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const bodies[] = {"", "AES\nPOSTPKIOperation\n", "<html>x</html>",
                                     "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00"};

static void choose(struct device_event *event, uint8_t byte, struct device_answer *answer,
                   const struct device *d)
{
    static const int statuses[] = {200, 200, 200, 404, 503, 302, 0, 500};
    static const struct err why = {.stage = STAGE_TCP, .reason = REASON_CONNECTION_LOST};
    static const struct scep_certrep reply = {
        .message_type = 3, .fail_info = -1, .violated = SCEP_CHECK_NONCE};
    bool late = byte >= 0xf0;
    answer->status = statuses[byte & 7];
    answer->server = byte & 8 ? "Microsoft-IIS/10.0" : "";
    answer->location = "";
    answer->body = span_of_text(bodies[(byte >> 4) & 3]);
    event->generation = d->generation - late;
    event->error = event->kind == DEVICE_FAILED || (event->kind == DEVICE_REPLY && (byte & 1)) ? &why : NULL;
    event->answer = event->kind == DEVICE_ANSWER || (byte & 2) ? answer : NULL;
    event->reply = &reply;
}

static unsigned feed(struct device *d, const struct device_event *event)
{
    struct device_actions actions;
    bool was_ended = d->state == DEVICE_ENDED;
    device_step(d, event, &actions);
    unsigned ends = 0;
    if (actions.count > DEVICE_MAX_ACTIONS || (was_ended && actions.count > 0))
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device d;
    unsigned ends = 0;
    device_init(&d, &(struct device_config){.timeout_us = 1000000});
    for (size_t i = 0; i + 1 < size; i += 2) {
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
