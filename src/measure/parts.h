/* The parts of a measure; for this room only. */
#ifndef MEASURE_PARTS_H
#define MEASURE_PARTS_H

#include "measure/otp.h"
#include "measure/set.h"

/* Histograms by key, made when first asked for. */
struct cell {
    struct measure_key key;
    struct histogram *h;
};
struct cells {
    struct cell *items; /* in order of appearance */
    size_t count;
    uint32_t *slots; /* position + 1; 0: free */
    size_t slot_count;
};
struct histogram *cells_get(struct cells *c, struct measure_key key); /* NULL: no memory */
void cells_clear(struct cells *c);

/* Lengths of the PKIOperations that went well, by profile, in slots of time that widen as the run goes on. */
#define LENGTH_SLOTS    256
#define LENGTH_WIDTH_US INT64_C(250000)
struct length_slot {
    uint32_t count, least, most;
    int64_t first_us, last_us;
};
struct lengths {
    struct length_slot slots[MEASURE_MAX_PROFILES][LENGTH_SLOTS];
    int64_t width_us; /* 0: nothing was added */
};
void lengths_add(struct lengths *l, const struct outcome_step *step);
struct measure_lengths lengths_between(const struct lengths *l, unsigned profile, int64_t from_us,
                                       int64_t to_us);

/* What became of the devices of each phase. */
struct phases {
    struct measure_phase *items;
    size_t count, cap;
};
void phases_add(struct phases *p, const struct outcome *o);
void phases_clear(struct phases *p);

/* Groups of failures, most frequent first. */
struct failures {
    struct measure_failure *items[MEASURE_MAX_FAILURES];
    size_t count;
    uint64_t total;
};
/* The step that failed. */
struct failing {
    int64_t took_us;
    uint64_t bytes; /* sent; 0: not known */
    bool otp_used;  /* its password had enrolled another device */
};
/* `enrolled` devices so far. */
void failures_add(struct failures *f, const struct outcome *o, uint64_t enrolled, const struct failing *step);
/* The same for a follow-up of an enrolled device. */
void failures_add_follow_up(struct failures *f, const struct outcome *o, enum outcome_follow follow,
                            uint64_t enrolled);
/* Tells the groups of a device that enrolled, for what it says about passwords. */
void failures_enrolled(struct failures *f, const struct outcome *o);
void failures_clear(struct failures *f);

/* Personas, verdicts, follow-ups. */
struct protocol {
    struct {
        uint64_t planned, enrolled, failed;
        struct histogram *latency; /* made with the first value */
    } personas[MEASURE_MAX_PROFILES];
    struct measure_verdicts verdicts;
    struct measure_follow_up follow_ups[OUTCOME_FOLLOW_COUNT];
};
/* `latency_us` < 0: counts in no percentile. */
void protocol_add(struct protocol *p, const struct outcome *o, int64_t latency_us);
void protocol_clear(struct protocol *p);

/* Conformance, in the order in which each verdict came first. */
struct probes {
    struct measure_probe *items;
    size_t count, cap;
    uint64_t totals[OUTCOME_PROBE_VERDICTS];
};
void probes_add(struct probes *p, const struct outcome_probe *probe);
void probes_clear(struct probes *p);

/* Passwords, as the events tell. */
struct supply {
    struct measure_otp figures; /* without what follows from others, and without histograms */
    struct histogram *fetch, *age, *hold;
    bool full;     /* the last fetch that ended with a page met a full cache */
    unsigned held; /* after the last event */
    struct measure_otp_second *seconds;
    size_t count, cap;
};
bool supply_init(struct supply *s, struct err *e) MUST_USE;
void supply_clear(struct supply *s);
void supply_event(struct supply *s, const struct outcome_otp_event *event);
void supply_device(struct supply *s, const struct outcome *o);
struct measure_otp supply_figures(const struct supply *s);

/* Second by second. Percentiles are kept for the second still open, written down when it closes. */
struct timeline {
    struct measure_second *seconds;
    size_t count, cap;
    size_t open; /* the second that `latency` belongs to */
    uint32_t in_flight;
    struct histogram *latency;
};
bool timeline_init(struct timeline *t, struct err *e) MUST_USE;
void timeline_clear(struct timeline *t);
void timeline_arrival(struct timeline *t, int64_t at_us);
void timeline_start(struct timeline *t, int64_t at_us);
/* `latency_us` < 0: counts in no percentile. */
void timeline_end(struct timeline *t, enum outcome_end end, int64_t at_us, int64_t latency_us);
struct measure_second timeline_second(const struct timeline *t, size_t second);

#endif
