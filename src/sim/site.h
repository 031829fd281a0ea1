/* The whole web site as a function: request and time in, reply out. Puts URLs, authentication, the OTP page, the CA and the
 * faults together in the order in which HTTP.sys, IIS and mscep.dll see a request. No socket, no clock. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "faults/faults.h"
#include "logon/logon.h"
#include "ndes/ca.h"
#include "sim/station.h"

/* Everything borrowed for the life of the site. */
struct sim_site_config {
    const struct ndes_identity *identity;
    struct ndes_ca *ca;
    struct ndes_otp *otp;
    struct faults *faults;
    struct logon *logon;           /* of the OTP page; NULL: it is open */
    struct sim_stations *stations; /* how long operations take; NULL: no time, and no queue */
    unsigned otp_max;
    int64_t otp_validity_us;
    bool otp_fixed;
    const char *caps; /* comma-separated words */
    const char *iis;  /* its version, as in Server: Microsoft-IIS/8.5; NULL: 10.0 */
    enum ndes_mode mode;
    struct ndes_otp *challenges; /* NDES_PROXY: those the MDM hands out; else NULL */
    bool challenges_fixed;       /* one for all: none is handed out */
    int64_t challenge_validity_us;
    /* For the server's logs, each unless NULL: a request as it got to the server, with the answer as it left it; somebody has
     * restarted the application pool; somebody wants the logs on disk (false: they cannot be written). Any thread. */
    void (*record)(const struct ndes_request *request, const struct ndes_reply *reply, void *user);
    void (*restarted)(int64_t now_us, void *user);
    bool (*flush)(void *user);
    void (*faults_changed)(void *user); /* somebody has switched faults; NULL: nobody cares. Any thread */
    void *user;
};

struct sim_site;

/* Fails: REASON_USAGE (capabilities), REASON_NO_MEMORY. */
bool sim_site_new(const struct sim_site_config *config, struct sim_site **out, struct err *e) MUST_USE;
void sim_site_free(struct sim_site *site);

/* Always answers: what this program itself cannot do becomes a 500. `reply` is initialised here; buf_wipe its body. */
void sim_site_answer(struct sim_site *site, const struct ndes_request *request, struct ndes_reply *reply);

#endif
