/* The one-time password cache of NDES (ndes.md A.5, C): at most `max` outstanding, each good for `validity_us`
 * and for one use; a restart of the application pool forgets all. Time comes as an argument. Any thread. */
#ifndef NDES_OTP_H
#define NDES_OTP_H

#include "base/bytes.h"

#define NDES_OTP_MAX_BYTES  32
#define NDES_OTP_TEXT_BYTES (2 * NDES_OTP_MAX_BYTES + 1)
#define NDES_OTP_MAX_CACHE  100000
#define NDES_OTP_NODES      2

struct ndes_otp_config {
    unsigned max; /* 1 to NDES_OTP_MAX_CACHE */
    int64_t validity_us;
    unsigned bytes;    /* 4 to NDES_OTP_MAX_BYTES; the page shows twice as many hex digits */
    bool single;       /* UseSinglePassword: one for all, which outlives every restart */
    const char *fixed; /* the same, chosen by the caller; NULL: made up when `single` */
};

/* What a fault makes of the cache for one call; zero: nothing. */
struct ndes_otp_twist {
    bool fixed;   /* one password for everybody; made up when there is none */
    bool twice;   /* each password goes to two callers */
    unsigned max; /* places; 0: as configured */
    bool validity_set;
    int64_t validity_us;
    unsigned
        node; /* below NDES_OTP_NODES: servers behind one address know nothing of each other's passwords */
};

enum ndes_otp_verdict {
    NDES_OTP_ACCEPTED,
    NDES_OTP_UNKNOWN, /* never issued, expired, or lost in a restart: NDES cannot tell these apart either */
    NDES_OTP_USED,
    NDES_OTP_MISSING, /* empty */
};

struct ndes_otp;

/* Fails: REASON_USAGE (a number out of its range), REASON_NO_MEMORY. */
bool ndes_otp_new(const struct ndes_otp_config *config, struct ndes_otp **out, struct err *e) MUST_USE;
void ndes_otp_free(struct ndes_otp *otp);

/* Issues a password as upper-case hex; out[0] is NUL when the cache is full. The caller wipes `out`. */
bool ndes_otp_issue(struct ndes_otp *otp, int64_t now_us, char out[NDES_OTP_TEXT_BYTES],
                    struct err *e) MUST_USE;
bool ndes_otp_issue_twisted(struct ndes_otp *otp, const struct ndes_otp_twist *twist, int64_t now_us,
                            char out[NDES_OTP_TEXT_BYTES], struct err *e) MUST_USE;
/* Judges a challenge and, when accepted, uses it up: of two callers with the same password one is accepted. */
enum ndes_otp_verdict ndes_otp_use(struct ndes_otp *otp, struct span password, int64_t now_us);
enum ndes_otp_verdict ndes_otp_use_twisted(struct ndes_otp *otp, const struct ndes_otp_twist *twist,
                                           struct span password, int64_t now_us);
/* What a restart of the application pool does. */
void ndes_otp_restart(struct ndes_otp *otp);

#endif
