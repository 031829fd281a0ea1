/* The one-time password cache of NDES (ndes.md A.5, C): at most `max` outstanding, each good for `validity_us`
 * and for one use; a restart of the application pool forgets all. Time comes as an argument. Any thread. */
#ifndef SIM_OTP_H
#define SIM_OTP_H

#include "base/bytes.h"

#define SIM_OTP_MAX_BYTES  32
#define SIM_OTP_TEXT_BYTES (2 * SIM_OTP_MAX_BYTES + 1)
#define SIM_OTP_MAX_CACHE  100000
#define SIM_OTP_NODES      2

struct sim_otp_config {
    unsigned max; /* 1 to SIM_OTP_MAX_CACHE */
    int64_t validity_us;
    unsigned bytes;    /* 4 to SIM_OTP_MAX_BYTES; the page shows twice as many hex digits */
    bool single;       /* UseSinglePassword: one for all, which outlives every restart */
    const char *fixed; /* the same, chosen by the caller; NULL: made up when `single` */
};

/* What a fault makes of the cache for one call; zero: nothing. */
struct sim_otp_twist {
    bool fixed;   /* one password for everybody; made up when there is none */
    bool twice;   /* each password goes to two callers */
    unsigned max; /* places; 0: as configured */
    bool validity_set;
    int64_t validity_us;
    unsigned
        node; /* below SIM_OTP_NODES: servers behind one address know nothing of each other's passwords */
};

enum sim_otp_verdict {
    SIM_OTP_ACCEPTED,
    SIM_OTP_UNKNOWN, /* never issued, expired, or lost in a restart: NDES cannot tell these apart either */
    SIM_OTP_USED,
    SIM_OTP_MISSING, /* empty */
};

struct sim_otp;

/* Fails: REASON_USAGE (a number out of its range), REASON_NO_MEMORY. */
bool sim_otp_new(const struct sim_otp_config *config, struct sim_otp **out, struct err *e) MUST_USE;
void sim_otp_free(struct sim_otp *otp);

/* Issues a password as upper-case hex; out[0] is NUL when the cache is full. The caller wipes `out`. */
bool sim_otp_issue(struct sim_otp *otp, int64_t now_us, char out[SIM_OTP_TEXT_BYTES], struct err *e) MUST_USE;
bool sim_otp_issue_twisted(struct sim_otp *otp, const struct sim_otp_twist *twist, int64_t now_us,
                           char out[SIM_OTP_TEXT_BYTES], struct err *e) MUST_USE;
/* Judges a challenge and, when accepted, uses it up: of two callers with the same password one is accepted. */
enum sim_otp_verdict sim_otp_use(struct sim_otp *otp, struct span password, int64_t now_us);
enum sim_otp_verdict sim_otp_use_twisted(struct sim_otp *otp, const struct sim_otp_twist *twist,
                                         struct span password, int64_t now_us);
/* What a restart of the application pool does. */
void sim_otp_restart(struct sim_otp *otp);

#endif
