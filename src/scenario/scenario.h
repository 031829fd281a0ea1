/* A scenario file, checked. scenarios/README.md is its grammar for people.
 *
 * Strings are owned by the scenario; scenario_free frees them. Unknown keys, wrong types and values out of
 * range are errors with file:line:column and, where a known word is near, a suggestion. */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include "challenge/challenge.h"
#include "conformance/conformance.h"
#include "load/load.h"
#include "persona/persona.h"

enum scenario_sim_mode { SCENARIO_SIM_STANDALONE, SCENARIO_SIM_INTUNE, SCENARIO_SIM_PROXY };

/* What the simulator answers beyond what NDES does: bits 1 << this. */
enum scenario_sim_operation {
    SCENARIO_SIM_GET_CERT,
    SCENARIO_SIM_GET_CRL,
    SCENARIO_SIM_GET_NEXT_CA_CERT,
    SCENARIO_SIM_UPDATE,
    SCENARIO_SIM_OPERATION_COUNT
};
enum scenario_sim_quirk { SCENARIO_SIM_SAME_KEY_RETURNS_OLD, SCENARIO_SIM_QUIRK_COUNT };

/* Operations whose time can be set. */
enum scenario_latency_op {
    SCENARIO_LATENCY_GET_CA_CAPS,
    SCENARIO_LATENCY_GET_CA_CERT,
    SCENARIO_LATENCY_GET_NEXT_CA_CERT,
    SCENARIO_LATENCY_PKI_OPERATION,
    SCENARIO_LATENCY_OTP,
    SCENARIO_LATENCY_COUNT
};

/* One of fixed, median with p99, and file; all 0: no time. */
struct scenario_latency {
    int64_t fixed_us, median_us, p99_us;
    char *file;
    unsigned servers, queue; /* 0: as many as there are requests; any number may wait */
    uint64_t seed;           /* 0: the scenario's */
};

/* Who may log on to the OTP page of a simulator that stands alone. */
struct scenario_account {
    char *user;
    char *password_env, *password_file; /* one of them */
    bool no_enroll;
};

/* One changed habit, as the user wrote it. */
struct scenario_setting {
    char *knob;
    char *value;
};

struct scenario_profile {
    char *name;     /* of the persona: "rfc8894" */
    char label[40]; /* the same, or "ios-2" for the second element of one name: what results call it */
    double weight;  /* > 0 */
    struct scenario_setting *settings;
    size_t setting_count;
    struct persona persona; /* resolved: its table, then devices.renewal, then `settings` */
};

/* What a device does after its enrollment, in the order of the scenario. */
enum scenario_then {
    SCENARIO_THEN_RENEW,
    SCENARIO_THEN_GET_CERT,
    SCENARIO_THEN_GET_CRL,
    SCENARIO_THEN_GET_NEXT_CA_CERT,
    SCENARIO_THEN_COUNT
};

enum scenario_key_type { SCENARIO_KEY_RSA, SCENARIO_KEY_EC };

/* What the certificate must be. All zero: nothing beyond key and subject is held against the server. */
struct scenario_expect {
    bool refused;            /* a refusal is the wanted end, a certificate a failure (REASON_EXPECTATION) */
    unsigned eku;            /* bits 1 << enum persona_eku that must be there, among others; 0: any */
    unsigned key_usage;      /* PKI_KU_* that must be there; 0: any */
    int64_t min_validity_us; /* notAfter - notBefore; 0: any */
    int64_t max_validity_us; /* 0: any */
    bool san_as_requested;   /* the names of the request, no more and no less */
    bool subject_any;        /* the template makes the subject: another one is a fact, no defect */
};

struct scenario_csv; /* internal: rows of devices.csv */

struct scenario {
    char *name;
    uint64_t seed;
    char sha256[65]; /* of the file's bytes as read */

    struct {
        char *url;        /* full URL, or NULL when `sim` */
        char **urls;      /* several servers for fail-over, `url` is the first of them; NULL: only `url` */
        size_t url_count; /* 0: only `url` */
        bool sim;
        char *authorized;    /* NULL: none */
        char *ca_file;       /* PEM roots for TLS; NULL: the system's */
        char **sources;      /* addresses of this machine; devices take turns */
        size_t source_count; /* 0: the system chooses */
        char **addresses;    /* of the url's host, instead of those that its name has; devices take turns */
        size_t address_count;
        char *proxy; /* http://host:port, for all requests; NULL: none */
    } target;

    struct {
        enum scenario_sim_mode mode;
        unsigned otp_cache;      /* default 5 */
        int64_t otp_validity_us; /* default 60 minutes */
        unsigned otp_length;     /* bytes; default 8 */
        bool otp_static;         /* one password for everybody */
        char *caps;              /* comma-separated words of GetCACaps; NULL: NDES's */
        struct {
            unsigned after_polls; /* the n-th poll is told; 0: not by polls */
            int64_t after_us;     /* polls from then on are told; 0: not by time */
            bool deny;
        } approval;               /* neither: issued at once */
        unsigned operations;      /* bits 1 << enum scenario_sim_operation */
        unsigned quirks;          /* bits 1 << enum scenario_sim_quirk */
        bool repeats_get_same;    /* a request that comes again gets its certificate again */
        int64_t cache_request_us; /* how long one is known; default 20 minutes */
        int64_t validity_us;      /* of certificates; default one year */
        struct {
            char *digest, *cipher, *transport; /* as for --reply-digest and its neighbours; NULL: default */
        } reply;
        char **faults; /* as for --fault */
        size_t fault_count;
        char *logs;  /* folder for what the server would log, in the run's; NULL: none */
        char *noise; /* as for --noise; NULL: none */
        struct scenario_latency latency[SCENARIO_LATENCY_COUNT];
        unsigned ca_bits, ra_bits; /* RSA; default 2048 */
        /* Only of a simulator that stands alone (scenario_load_simulator). */
        char *listen;
        bool tls;
        char *auth; /* as for --auth */
        struct scenario_account *accounts;
        size_t account_count;
        unsigned lock_after;
        char *keytab, *service, *challenge_env;
    } simulator;
    bool alone; /* only `simulator` was read */

    struct challenge_config challenge;

    struct {
        uint64_t count; /* 0: the phases decide */
        char *subject;  /* template: {index} {profile} {run} {name} */
        char *marker;   /* appended as an RDN, default "OU=scepstorm" */
        char **san;     /* templates: "dns:{name}-{index}.example.test" */
        size_t san_count;
        char *sid;      /* template; NULL: devices have none */
        char *csv;      /* file whose columns are variables, a row per device; NULL: none */
        bool csv_reuse; /* begin again when its rows are used up */
        struct scenario_csv *rows;
        enum scenario_key_type key_type;
        unsigned key_curve; /* EC: 256 or 384 */
        unsigned key_bits;  /* RSA: 2048; also the temporary signer's of an EC device */
        bool key_reuse;     /* default true */
        bool signer_pooled; /* one temporary certificate per key and profile, for all its devices */
        char *key_pool;     /* file; NULL: at most 16 keys are made before the clock starts */
        struct scenario_profile *profiles; /* at least one */
        size_t profile_count;
        enum scenario_then then[SCENARIO_THEN_COUNT];
        size_t then_count;
        char *renewal_how; /* as written, NULL: as the persona does; the resolved personas know it */
        char *renewal_key;
        int64_t renewal_after_us; /* pause between the certificate and its renewal; default 0 */
        struct scenario_expect expect;
    } devices;

    struct load_phase *phases;
    size_t phase_count;

    struct {
        char **words; /* probes as written: "all", ids, families; none: no probes are made */
        size_t word_count;
        bool chosen[CONFORMANCE_MAX]; /* what they mean, by the table of conformance */
        uint64_t every;               /* a probe after so many devices; 0: each once, after the load */
    } conformance;

    struct {
        int64_t request_timeout_us; /* 30 s */
        int64_t device_timeout_us;  /* 5 min */
        double error_budget;        /* 0..1, default 0.2 */
        uint64_t in_flight;         /* 10000 */
        double rate_per_s;          /* ceiling, default 200/s: raise on purpose */
        uint64_t devices;           /* ceiling, default 100000 */
    } limits;

    char **slo; /* expressions, checked for form */
    size_t slo_count;
};

/* One `--set path=value`, applied before checking; value is YAML. */
struct scenario_override {
    const char *path; /* "load.0.rate" */
    const char *value;
};

/* Fails: REASON_SCENARIO with "file:line:column: what; what to do" in the text, for an unreadable file without
 * line and column; REASON_NO_MEMORY. Whether the target is allowed is another question: scenario_check_authorized. */
bool scenario_load(const char *path, const struct scenario_override *overrides, size_t override_count,
                   struct scenario **out, struct err *e) MUST_USE;
/* The same for text at hand; `name` stands for the file in messages. */
bool scenario_parse(const char *name, struct span text, const struct scenario_override *overrides,
                    size_t override_count, struct scenario **out, struct err *e) MUST_USE;
void scenario_free(struct scenario *scenario);

/* A file that describes a simulator and nothing else: its top level is what stands below `simulator:` in a scenario, and
 * more, which only a simulator that stands alone has. Free with scenario_free; everything but `simulator` is empty. Fails
 * as above. */
bool scenario_load_simulator(const char *path, struct scenario **out, struct err *e) MUST_USE;
/* "pki_operation" */
const char *scenario_latency_word(enum scenario_latency_op op);
bool scenario_latency_is_set(const struct scenario_latency *latency);

/* The effective scenario as YAML, defaults filled in, secrets absent (only where they come from). */
bool scenario_write(const struct scenario *scenario, struct buf *out, struct err *e) MUST_USE;

/* A device's subject: variables filled in (their values escaped, so they never add an RDN), the marker appended.
 * `run_id` tells runs apart. The text is for pki_name_from_text. Any thread. */
bool scenario_subject(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                      struct buf *out_text, struct err *e) MUST_USE;

/* The i-th subject alternative name of a device ("dns:ios-7.example.test", for pki_general_names_from_texts), and its SID;
 * variables filled in. Appends. Any thread. */
bool scenario_san(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                  size_t i, struct buf *out_text, struct err *e) MUST_USE;
bool scenario_sid(const struct scenario *scenario, uint64_t device, unsigned profile, const char *run_id,
                  struct buf *out_text, struct err *e) MUST_USE;

/* What results call a phase: its name, "push-2" for the second of that name, "phase-3" for the third when it has none. */
#define SCENARIO_PHASE_LABEL_BYTES 80
void scenario_phase_label(const struct scenario *scenario, size_t phase,
                          char out[SCENARIO_PHASE_LABEL_BYTES]);

/* Leaves shard `index` (1 to `count`) of a run its part of the ceilings that hold for the whole: challenge.outstanding,
 * prefetch and rate, limits.in_flight; those of all shards add up to the whole's. Of the conformance probes it leaves every
 * count-th. The load is shared out elsewhere (load_plan_shard).
 * Fails: REASON_USAGE: nothing would be left, or the source of challenges cannot be shared; it says what to do. */
bool scenario_divide(struct scenario *scenario, unsigned index, unsigned count, struct err *e) MUST_USE;

/* True when the host of this URL is loopback (127.0.0.0/8, ::1, localhost). False for anything that is no plain
 * http or https URL: tricks with user names, odd number forms and backslashes never count as loopback. */
bool scenario_is_loopback(const char *url);

/* With `sim` and without challenge.url: where on the simulator challenges are fetched. NULL: nowhere. */
const char *scenario_sim_challenge_path(const struct scenario *scenario);

/* Who allowed this load: `option` (--authorized, NULL: absent), else the scenario's own text; NULL when nobody did. */
const char *scenario_authorized(const struct scenario *scenario, const char *option);
/* Targets (their pinned addresses, where there are some), the proxy and the source of challenges are loopback, or somebody
 * allowed the load. Fails: REASON_USAGE with the URL. */
bool scenario_check_authorized(const struct scenario *scenario, const char *option, struct err *e) MUST_USE;

/* One SLO expression taken apart: FIGURE OPERATOR VALUE [over WINDOW] [or abort].
 *
 *   latency.enrollment.p95 < 3s                    over the whole run
 *   phases.push.latency.enrollment.p95 < 3s over 60s    in every window of that length, in steps of 10 s
 *   enrolled >= 99.5% or abort                     the run ends as soon as this cannot be met any more
 *
 * Figures are those of summary.json without `_ms`; `devices.` and `.latency` inside steps and personas may be left out,
 * and `path` holds the short form:
 *   planned started enrolled failed unsent abandoned refused_as_expected      counts, or shares of planned
 *   latency.{enrollment,service,start_lag}.STAT                 STAT: count min mean p50 p90 p95 p99 p999 max
 *   outcomes.{enrolled,failed,timed_out}.STAT
 *   steps.STEP.STAT, steps.STEP.outcomes.{ok,failed,timed_out}.STAT, steps.STEP.{failed,bytes_sent,bytes_received}
 *   phases.LABEL. and personas.LABEL. before those above; personas.LABEL.STAT is a persona's latency
 *   failures.REASON.count (or a share of planned), failures.REASON.share (of all failures)
 *   diagnosis.CAUSE.share, diagnosis.CAUSE.confidence           (the catalogue of causes is not known here)
 *   conformance.{passed,failed,odd,skipped}                     counts of probes
 *   rates.{offered,achieved,requests}_per_s, duration_s
 *   otp.{fetched,used,burnt,expired,left,lost,unanswered,failed,cache_full,cache_full_onsets,outstanding_max},
 *   otp.capacity.per_hour, otp.{age_at_use,fetch,hold}.STAT
 *   correctness.{serials_unique,key_mismatch,...}, verdicts.{strict,persona}.{accepted,refused}, verdicts.differ
 *   follow_ups.{renewal,get_cert,get_crl,get_next_ca_cert}.{tried,ok,failed}
 *   generator.{cpu_s,loop_cpu_s,cpu_wait_s,cpu_per_enrollment,peak_rss_bytes,bytes_per_device,open_connections_max},
 *   generator.{throttled,swapped_in_pages,clock_step}, generator.loop_stall.STAT */
enum scenario_slo_op { SLO_LESS, SLO_LESS_EQUAL, SLO_GREATER, SLO_GREATER_EQUAL, SLO_EQUAL };
enum scenario_slo_unit { SLO_NUMBER, SLO_TIME, SLO_SHARE };
#define SLO_MIN_WINDOW_US INT64_C(10000000)
struct scenario_slo {
    char path[160];
    enum scenario_slo_op op;
    double value; /* times in milliseconds, shares as 0..1, else the number */
    enum scenario_slo_unit unit;
    bool is_share;     /* a count is meant as a share of the planned devices */
    int64_t window_us; /* 0: the whole run */
    bool abort;
};
bool scenario_slo_parse(const char *expression, struct scenario_slo *out, struct err *e) MUST_USE;

#endif
