/* Internal: phases as stretches of a rate that is simple enough to be integrated and turned round. */
#ifndef LOAD_SEGMENTS_H
#define LOAD_SEGMENTS_H

#include "load/load.h"

struct load_segment {
    unsigned phase;
    double from_per_s, to_per_s;
    double half_life_s; /* > 0: the rate begins at from_per_s and halves in this time; 0: it goes linearly */
    int64_t duration_us;
    double mass;      /* integral of the rate; infinite when the segment is extended without end */
    uint64_t devices; /* of the whole phase, exactly; 0: as many as the mass holds */
    double mass_left; /* of the phase, from the beginning of this segment */
    bool first;       /* of its phase */
};

struct load_segments {
    struct load_segment *items;
    size_t count, cap;
};

/* Fails: REASON_SCENARIO with the phase's name; REASON_NO_MEMORY. The phase must be complete.
 * `last` of the load: where devices are `counted` over the whole load, it may be extended. */
bool load_segments_add(struct load_segments *s, const struct load_phase *phase, unsigned index, bool last,
                       bool counted, struct err *e) MUST_USE;
void load_segments_clear(struct load_segments *s);

/* From the beginning of the segment to where the integral reaches `mass`. An extended one goes on at its last rate. */
int64_t load_segment_time_us(const struct load_segment *s, double mass);

#endif
