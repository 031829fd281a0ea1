/* Keeps the logs of the simulated server: hands what happened to room `traces`. Three kinds of things happen: a request was
 * answered (its line in the log of IIS or HTTP.sys, its notes, the traces of the faults that bit it, Intune's module), the
 * application pool was started or stopped, a fault began, went on or ended. A thread of its own watches the latter two.
 *
 * With two nodes behind the address (fault lb-node-affinity-missing) each has a folder of its own: NDES01/, NDES02/.
 * Nothing secret comes here: passwords are no part of replies' facts, and messages only as IIS has them, in a query. */
#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include "faults/faults.h"
#include "ndes/identity.h"
#include "ndes/policy.h"
#include "recorder/noise.h"

#define RECORDER_NODES 2

struct recorder;

/* Borrowed for the recorder's life; strings copied. */
struct recorder_config {
    const char *folder; /* absent or empty */
    const char *state;  /* NULL: state/ in it. Not with two nodes */
    enum recorder_noise_level noise;
    uint64_t seed; /* of the noise */
    enum ndes_mode mode;
    const struct ndes_identity *identity;
    const struct faults *faults;
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
bool recorder_start(const struct recorder_config *config, struct recorder **out, struct err *e) MUST_USE;
/* The service stops and everything is written. After the last call of the others. Fails when anything could not be written. */
bool recorder_stop(struct recorder *recorder, struct err *e);

/* Any thread. */
void recorder_answer(struct recorder *recorder, const struct ndes_request *request,
                     const struct ndes_reply *reply);
/* Somebody has restarted the application pool. */
void recorder_restarted(struct recorder *recorder, int64_t now_us);
bool recorder_flush(struct recorder *recorder, struct err *e) MUST_USE;

#endif
