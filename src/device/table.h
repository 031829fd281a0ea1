/* Between the table and the machine; private to this room. */
#ifndef DEVICE_TABLE_H
#define DEVICE_TABLE_H

#include "device/device.h"

/* What a rule does. Returns the state after it: one of those that the table allows. */
typedef enum device_state device_rule_fn(struct device *d, const struct device_event *event,
                                         struct device_actions *out);

struct device_rule {
    device_rule_fn *act; /* NULL: an empty cell, the event is unexpected */
    const char *does;    /* its name, for the diagram */
    unsigned to;         /* bits 1 << enum device_state */
};

extern const struct device_rule device_table[DEVICE_STATE_COUNT][DEVICE_EVENT_COUNT];
extern const struct device_rule device_after_errand;

/* clang-format off */
#define DEVICE_RULES(X) \
    X(ask_challenge) X(take_challenge) X(go_on) X(take_caps) X(take_ca) X(know_ca) X(doubt_ca) X(ask_message) X(ask_pki_operation) \
    X(take_reply) X(judge) X(take_next_ca) X(finish) X(try_again) X(fail) X(time_out) X(abandon) X(ignore) X(next_errand)
/* clang-format on */

#define DEVICE_DECLARE(name) device_rule_fn device_##name;
DEVICE_RULES(DEVICE_DECLARE)

/* device.c: how a rule gets to the next state. */

/* Asks for what this state waits for, and returns it. */
enum device_state device_begin(struct device *d, enum device_state state, struct device_actions *out);
/* The same at a planned moment, by way of PAUSED unless it has come already. */
enum device_state device_begin_at(struct device *d, enum device_state state, int64_t at_us,
                                  const struct device_event *event, struct device_actions *out);
/* The errand is over; `why` NULL: well. */
enum device_state device_over(struct device *d, const struct err *why);

struct device_action *device_add(struct device *d, struct device_actions *out, enum device_action_kind kind);
enum scep_message_type device_message(const struct device *d); /* that it sends or has sent */

/* request.c */

/* The first that the persona makes, or has not made yet; then the CSR. */
enum device_state device_next_request(struct device *d, const struct device_event *event,
                                      struct device_actions *out);

/* errand.c */

/* Books the errand under way as ended now, by d->verdict. */
void device_settle(struct device *d, enum outcome_end end, int64_t now_us);

/* note.c: facts into the outcome, or into the follow-up under way. */
void device_note_request(struct device *d); /* the earlier answer decides nothing any more */
void device_note_answer(struct device *d, const struct device_answer *a);
void device_note_time_out(struct device *d, bool timed_out);
void device_note_reply(struct device *d, const struct device_event *event);
int device_http_status(const struct device *d);
struct outcome_follow_up *device_follow_up(struct device *d); /* NULL while it enrolls */

#endif
