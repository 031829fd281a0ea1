/* Between the table and the machine; private to this room. */
#ifndef DEVICE_TABLE_H
#define DEVICE_TABLE_H

#include "device/device.h"

/* What a rule does. Returns false when it ended the device instead of going on to `next`. */
typedef bool device_rule_fn(struct device *d, const struct device_event *event, struct device_actions *out);

struct device_rule {
    device_rule_fn *act; /* NULL: an empty cell, the event is unexpected */
    const char *does;    /* its name, for the diagram */
    enum device_state next;
};

extern const struct device_rule device_table[DEVICE_STATE_COUNT][DEVICE_EVENT_COUNT];

/* clang-format off */
#define DEVICE_RULES(X) \
    X(ask_challenge) X(ask_caps) X(take_caps) X(take_ca) X(ask_csr) X(ask_message) X(ask_pki_operation) \
    X(take_reply) X(judge) X(fail) X(time_out) X(abandon) X(ignore)
/* clang-format on */

#define DEVICE_DECLARE(name) device_rule_fn device_##name;
DEVICE_RULES(DEVICE_DECLARE)

#endif
