/* What the files of this room share. */
#ifndef TRACES_INTERNAL_H
#define TRACES_INTERNAL_H

#include "traces/event_kinds.h"
#include "traces/traces.h"
#include "traces/writer.h"

#include <stdatomic.h>

#define TRACES_POOL       "SCEP" /* the application pool of NDES */
#define TRACES_VALUES_MAX 9

struct traces_state_tables;

/* What the server is, as texts for {braces}. */
struct traces_facts {
    char node[64], domain[128], netbios[64], ca_node[64], ca[128], account[128], address[64];
};

struct traces {
    struct traces_facts facts;
    char folder[TRACES_PATH_BYTES], state_folder[TRACES_PATH_BYTES];
    unsigned port;
    bool tls, connector;
    void (*on_failure)(const struct err *e, void *user);
    void *user;
    pthread_mutex_t failure_lock;
    struct err failure; /* the first one; told once */

    struct traces_writer iis, httperr, plugin, svclog, exports[TRACES_EXPORT_COUNT];
    int32_t iis_day; /* days since 1970 of the file that is open; under the lock of `iis` */
    uint64_t
        records[TRACES_EXPORT_COUNT]; /* EventRecordID of the last event; under the lock of each export */
    struct traces_state_tables *state;
};

/* Begins the files of IIS and HTTP.sys. Fails: REASON_IO. */
bool traces_open_web(struct traces *t, int64_t now_us, struct err *e) MUST_USE;
bool traces_open_export(struct traces *t, enum traces_export export, struct err *e) MUST_USE;

/* Broken-down UTC. */
struct traces_time {
    int year, month, day, hour, minute, second;
    int microsecond;
};
struct traces_time traces_time_of(int64_t unix_us);

/* Appends `text` with {braces} and %numbers filled in (event_kinds.h); `values` ends with NULL. `xml` escapes the values. */
void traces_fill(const struct traces *t, struct span text, const char *const *values, bool xml,
                 struct buf *out);
/* Appends text so that it may stand in XML, in elements and quoted attributes: bytes that no XML holds become '?'. */
void traces_xml(struct span text, struct buf *out);

/* Healthy tables. */
bool traces_state_new(const struct traces *t, struct traces_state_tables **out, struct err *e) MUST_USE;
void traces_state_free(struct traces_state_tables *tables);
bool traces_state_write(struct traces *t, struct err *e) MUST_USE;

#endif
