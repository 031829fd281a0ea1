/* What else happens on a Windows server: health probes, scanners, other sites and pools, the system's own chatter. Nothing of
 * it has to do with NDES's health. */
#ifndef RECORDER_NOISE_H
#define RECORDER_NOISE_H

#include "base/random.h"
#include "traces/traces.h"

enum recorder_noise_level { RECORDER_NOISE_NONE, RECORDER_NOISE_LIGHT, RECORDER_NOISE_HEAVY };

#define RECORDER_NOISE_SOURCES   48
#define RECORDER_NOISE_BEFORE_US INT64_C(60000000) /* a server is never new */

/* What the noise knows of the server. */
struct recorder_noise_server {
    const char *address;
    int64_t clock_us; /* how far its clock is ahead */
    bool module;      /* the bare URL gives 403 */
    bool serving;     /* else what goes to NDES's pool is no noise now, and is left out */
};

/* The same seed and level make the same noise. Not safe for use by two threads at once. */
struct recorder_noise {
    enum recorder_noise_level level;
    struct random_seeded chance;
    int64_t due_us[RECORDER_NOISE_SOURCES];
    bool begun;
};

/* "none" "light" "heavy". Fails: REASON_USAGE. */
bool recorder_noise_parse(const char *text, enum recorder_noise_level *out, struct err *e) MUST_USE;

void recorder_noise_init(struct recorder_noise *noise, enum recorder_noise_level level, uint64_t seed);
/* Writes what has happened until `now_us` since the last call, in order; the first call begins a minute earlier. */
void recorder_noise_until(struct recorder_noise *noise, const struct recorder_noise_server *server,
                          int64_t now_us, struct traces *t);

#endif
