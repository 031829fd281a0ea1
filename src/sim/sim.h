/* An NDES to enroll at: room `ndes` decides, `listener` serves, `faults` misbehaves, `recorder` keeps logs. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "logon/acceptor.h"
#include "ndes/policy.h"
#include "recorder/noise.h"

/* Numbers that are 0 get their default. */
struct sim_config {
    const char *listen;                   /* "127.0.0.1:8080", "[::1]:0"; port 0 picks a free one */
    bool tls;                             /* with a certificate of the simulated CA */
    unsigned schemes;                     /* of enum ndes_scheme, in front of the OTP page; 0: it is open */
    const struct logon_account *accounts; /* who may log on; none: only those whom Kerberos vouches for */
    size_t account_count;
    unsigned lock_after;         /* wrong passwords that lock an account; 0: none do */
    const char *keytab;          /* Negotiate by Kerberos; NULL: only NTLM inside Negotiate */
    const char *service;         /* "HTTP@host"; NULL: every HTTP/... of the keytab */
    unsigned otp_cache;          /* passwords outstanding at most; 5 */
    int64_t otp_validity_us;     /* 60 minutes */
    unsigned otp_bytes;          /* 8: 16 hex digits */
    bool otp_static;             /* one password for everybody, made up at the start (UseSinglePassword) */
    const char *static_password; /* the same, chosen by the caller; NULL: none */
    const struct secret
        *challenge;   /* NDES_PROXY: one for all devices; NULL: each gets its own (sim/mint.h) */
    const char *caps; /* GetCACaps, comma-separated (CACapabilitiesAlgorithms); NULL: the classic six */
    const char *iis;  /* version in the Server header, "8.5"; NULL: "10.0" */
    const struct ndes_policy *policy; /* NULL: NDES_POLICY_DEFAULTS. Copied */
    unsigned ca_bits, ra_bits;        /* 2048 */
    unsigned threads;                 /* of the listener; 0: one per core */
    const char *const *faults;        /* "otp-cache-full:from=10s,for=5s" */
    size_t fault_count;
    const char *const *latencies; /* "otp:fixed=200ms,servers=1", as in sim/station.h */
    size_t latency_count;
    const char *logs;  /* folder for what the server would log (recorder/recorder.h); NULL: none */
    const char *state; /* for the tables that its collector would find; NULL: state/ in `logs` */
    enum recorder_noise_level noise;
    uint64_t noise_seed;
    /* A log cannot be written, and is given up; told once, any thread. NULL: nobody is told. */
    void (*logs_failed)(const struct err *e);
    bool faults_wait;        /* fault clocks start with sim_start_faults, else when it listens */
    int64_t (*now_us)(void); /* wall clock; NULL: the real one. Tests hand in their own */
};

struct sim;

/* Makes keys and certificates (about a second), listens, serves on its own threads.
 * Fails: REASON_USAGE (a fault's text, a latency's, a keytab), REASON_IO (cannot listen: address in the text; no gss-ntlmssp). */
bool sim_start(const struct sim_config *config, struct sim **out, struct err *e) MUST_USE;
void sim_stop(struct sim *sim);
/* Stops serving and finishes the logs; then sim_stop. Fails when one of them could not be written. */
bool sim_finish(struct sim *sim, struct err *e) MUST_USE;

/* "http://127.0.0.1:40123", without a path. Borrowed. */
const char *sim_url(const struct sim *sim);
void sim_start_faults(struct sim *sim);
/* Whether only this machine can reach it. */
bool sim_is_loopback(const struct sim *sim);
/* The CA certificate as PEM, for clients that want it. */
bool sim_ca_pem(const struct sim *sim, struct buf *out, struct err *e) MUST_USE;

#endif
