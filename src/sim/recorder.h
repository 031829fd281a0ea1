/* Keeps the logs of the simulated server: hands what happened to room `traces`. Three kinds of things happen: a request was
 * answered (its line in the log of IIS or HTTP.sys, its notes, the traces of the faults that bit it, Intune's module), the
 * application pool was started or stopped, a fault began, went on or ended. A thread of its own watches the latter two.
 *
 * With two nodes behind the address (fault lb-node-affinity-missing) each has a folder of its own: NDES01/, NDES02/.
 * Nothing secret comes here: passwords are no part of replies' facts, and messages only as IIS has them, in a query. */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "sim/faults.h"
#include "sim/identity.h"
#include "sim/noise.h"
#include "sim/policy.h"

#define SIM_RECORDER_NODES 2

struct sim_recorder;

/* Borrowed for the recorder's life; strings copied. */
struct sim_recorder_config {
    const char *folder; /* absent or empty */
    const char *state;  /* NULL: state/ in it. Not with two nodes */
    enum sim_noise_level noise;
    uint64_t seed; /* of the noise */
    enum sim_mode mode;
    const struct sim_identity *identity;
    const struct sim_faults *faults;
    const struct pki_cert *web; /* of the https binding; NULL: plain HTTP */
    const char *address;        /* s-ip */
    unsigned port;
    const char *otp_user; /* who usually fetches passwords; NULL: nobody that is known */
    unsigned otp_max;
    int64_t otp_validity_us;
    bool otp_static;
    int64_t (*now_us)(void);
    /* A file cannot be written: told once, any thread. */
    void (*failed)(const struct err *e, void *user);
    void *user;
};

/* Fails: REASON_USAGE (a folder that is not empty), REASON_IO, REASON_NO_MEMORY. */
bool sim_recorder_start(const struct sim_recorder_config *config, struct sim_recorder **out,
                        struct err *e) MUST_USE;
/* The service stops and everything is written. After the last call of the others. Fails when anything could not be written. */
bool sim_recorder_stop(struct sim_recorder *recorder, struct err *e);

/* Any thread. */
void sim_recorder_answer(struct sim_recorder *recorder, const struct sim_request *request,
                         const struct sim_reply *reply);
/* Somebody has restarted the application pool. */
void sim_recorder_restarted(struct sim_recorder *recorder, int64_t now_us);
bool sim_recorder_flush(struct sim_recorder *recorder, struct err *e) MUST_USE;

#endif
