/* The supply of one-time passwords in figures: a queue in front of the enrollments, with few places and long holds.
 *
 * And the arithmetic that follows. With `places` passwords at once, each held for `hold` on average, no more than
 * places / hold can pass per second (Little's law), however the holds are spread and however fast the server is. */
#ifndef MEASURE_OTP_H
#define MEASURE_OTP_H

#include "measure/measure.h"

struct measure_otp {
    uint64_t asked;      /* fetches begun; 0: the source does not fetch */
    uint64_t fetched;    /* of these, brought a password = used + expired + left + lost */
    uint64_t used;       /* sent in a message */
    uint64_t burnt;      /* their device got no certificate, sent or not */
    uint64_t expired;    /* grew too old unused */
    uint64_t left;       /* unused at the end */
    uint64_t lost;       /* never sent: dropped with their device */
    uint64_t unanswered; /* sent, but no SCEP message came back: the server may not have seen them */
    uint64_t failed;     /* fetches without a password, those that met a full cache included */
    uint64_t cache_full; /* pages that said so */
    int64_t cache_full_first_us, cache_full_last_us; /* when */
    uint64_t cache_full_onsets;    /* times that it began: a fetch had succeeded since the page before */
    unsigned outstanding_max;      /* places taken at once */
    unsigned onset_held_max;       /* of them ours when the cache was found full: the highest at an onset */
    const struct histogram *fetch; /* of every fetch, good or bad */
    const struct histogram *age;   /* at use, since the fetch */
    const struct histogram
        *hold; /* from the fetch's begin until the place was free, but for time in stock; used ones only */
};
struct measure_otp measure_otp(const struct measure *m);

/* Places taken, second by second; as long as the last event. */
struct measure_otp_second {
    uint32_t held; /* at its end */
    uint32_t held_max;
};
size_t measure_otp_second_count(const struct measure *m);
struct measure_otp_second measure_otp_second(const struct measure *m, size_t second);

/* For how long a place is taken on average, when the share `wasted` (0..1) of the passwords never comes back to the server,
 * which keeps their places for the whole `validity`. All in microseconds. */
double measure_otp_place_us(double hold_us, double wasted, double validity_us);
/* The highest rate of `places` that are taken for place_us each: passwords per hour; 0: nothing to divide by. */
double measure_otp_per_hour(unsigned places, double place_us);

#endif
