/* Plain facts about what happened: to one step, to one device, and what the target showed of itself.
 * No behaviour, no foreign types; engine fills these, measure, diagnose and report read them.
 *
 * All times are microseconds since the first scheduled arrival of the run (its clock zero), monotonic. */
#ifndef OUTCOME_OUTCOME_H
#define OUTCOME_OUTCOME_H

#include "base/bytes.h"

#define OUTCOME_TEXT_BYTES 256

/* What kind of body came with an answer: the first splitter between the layers that can answer. */
enum outcome_body {
    OUTCOME_BODY_NONE, /* no answer at all */
    OUTCOME_BODY_EMPTY,
    OUTCOME_BODY_CERTREP,   /* CMS */
    OUTCOME_BODY_HTTPSYS,   /* kernel-mode error page (Server: Microsoft-HTTPAPI/2.0) */
    OUTCOME_BODY_IIS,       /* IIS error page (Server: Microsoft-IIS/...) */
    OUTCOME_BODY_NDES_PAGE, /* "Network Device Enrollment Service" page */
    OUTCOME_BODY_HTML,      /* other HTML: proxy, gateway, login page */
    OUTCOME_BODY_TEXT,
    OUTCOME_BODY_BINARY, /* anything else */
    OUTCOME_BODY_COUNT
};
const char *
outcome_body_id(enum outcome_body body); /* "none" "empty" "certrep" "httpsys" "iis" "ndes_page" ... */

/* One step of one device: a request, a piece of crypto, a wait for the network. The stage names the step. */
struct outcome_step {
    uint64_t device;
    enum stage stage;
    unsigned phase;   /* of the device, as in struct outcome */
    unsigned profile; /* the same */
    bool warm_up;
    bool failed;
    bool timed_out;     /* it failed because of a request or device time-out */
    int64_t queued_us;  /* when the step was wanted (planned waits end here) */
    int64_t started_us; /* when it was begun: sent, or taken by a worker */
    int64_t finished_us;
    uint64_t bytes_sent;
    uint64_t bytes_received;
    int http_status; /* 0: none */
};

enum outcome_end { OUTCOME_ENROLLED, OUTCOME_FAILED, OUTCOME_ABANDONED, OUTCOME_UNSENT };
const char *outcome_end_id(enum outcome_end end); /* "enrolled" "failed" "abandoned" "unsent" */

/* What a device did after its enrollment. */
enum outcome_follow {
    OUTCOME_RENEWAL,
    OUTCOME_GET_CERT,
    OUTCOME_GET_CRL,
    OUTCOME_GET_NEXT_CA_CERT,
    OUTCOME_FOLLOW_COUNT
};
const char *outcome_follow_id(enum outcome_follow follow); /* "renewal" ...: the step's name too */

/* NOT_TRIED with an error: it could not be, and why (REASON_NOT_ANNOUNCED). */
enum outcome_result { OUTCOME_NOT_TRIED, OUTCOME_OK, OUTCOME_NOT_OK };

/* What the last CSR said about a right to enroll. */
enum outcome_challenge {
    OUTCOME_CHALLENGE_UNKNOWN, /* there was no CSR */
    OUTCOME_CHALLENGE_NONE,
    OUTCOME_CHALLENGE_WORD,
    OUTCOME_CHALLENGE_BLOB /* some kilobytes of DER in base64, as Intune makes them */
};

/* What was asked and heard last before a failure, for one exemplar of each kind of failure. Borrowed during the callback; all
 * empty: nothing was asked, or nothing failed. */
struct outcome_exemplar {
    struct span url;
    struct span headers; /* of the answer, lines as received, "Name: value\n" */
    struct span body;
    /* Appends the request, decoded and without secrets: "name: value\n" lines, dots in names where they nest. It takes time,
     * so it is only called for the first failure of a kind. NULL: not known. */
    void (*tell_request)(const void *asked, struct buf *out);
    const void *asked;
};

struct outcome_follow_up {
    enum outcome_result result;
    int64_t started_us, finished_us; /* polls of a renewal included */
    /* When not ok, why; its stage is the step's own, or the one below it that failed (tcp, tls, build). */
    struct err error;
    bool timed_out;
    int http_status; /* of the answer that decided; 0: none */
    enum outcome_body body;
    int fail_info; /* when not ok; -1: none */
    bool has_hresult;
    uint32_t hresult;
    char text[OUTCOME_TEXT_BYTES];    /* the server's words */
    char serial[2 * 32 + 1];          /* of the certificate that a renewal brought; empty: none */
    int64_t not_before, not_after;    /* of that one; Unix seconds */
    unsigned polls;                   /* CertPolls sent for a renewal */
    enum outcome_challenge challenge; /* of a renewal */
    struct outcome_exemplar exemplar;
};

struct outcome {
    uint64_t device;  /* index in the plan, 0-based */
    unsigned phase;   /* index in the scenario's load */
    unsigned profile; /* index in the scenario's profiles */
    bool warm_up;
    enum outcome_end end;
    int64_t scheduled_us;
    int64_t started_us; /* meaningless when unsent */
    int64_t finished_us;
    char address[46]; /* of the server that answered last; "": none did, or a proxy stands between */

    /* Why it did not enroll; error.reason is REASON_NONE when enrolled. For an unsent device the cause. */
    struct err error;
    bool timed_out;  /* request or device time-out: its latency counts, at the time-out */
    int http_status; /* of the answer that decided; 0: none */
    enum outcome_body body;
    char server[64]; /* its Server header */
    int fail_info;   /* -1: none */
    bool has_hresult;
    uint32_t hresult;
    char text[OUTCOME_TEXT_BYTES]; /* the server's words (…311.21.38 or failInfoText) */

    /* Defects found in the server's answer, counted in summary.json "correctness". */
    bool nonce_mismatch;
    bool transaction_mismatch;
    bool key_mismatch;
    bool subject_mismatch;
    bool chain_failure;
    bool expectation_failure;      /* not what devices.expect states */
    bool renewal_same_certificate; /* the renewal brought the old certificate back */
    bool certificate_missing;      /* the server said SUCCESS, but what was asked for is not in its answer */
    bool duplicate_otp;            /* its source handed out a password a second time; it was not sent again */

    /* Two verdicts on a CertRep that said SUCCESS: RFC 8894 in full, and what this client would have taken. */
    bool judged; /* there was such an answer; else the two say nothing */
    bool strict_ok;
    bool persona_ok;
    char failed_checks[96]; /* names of the checks that failed, ", " between them; empty: none */

    unsigned polls;   /* CertPolls sent for the enrollment */
    unsigned retries; /* attempts beyond the first */
    bool
        refused_as_expected; /* devices.expect is `refused` and so it was; `end` is then OUTCOME_ENROLLED, without
                               * certificate, and the facts of the refusal stand below */
    struct outcome_follow_up follow[OUTCOME_FOLLOW_COUNT];

    /* The certificate obtained; serial is empty when there is none. */
    char serial[2 * 32 + 1]; /* hex */
    char subject[OUTCOME_TEXT_BYTES];
    char issuer[OUTCOME_TEXT_BYTES];
    int64_t not_before; /* Unix seconds */
    int64_t not_after;
    char eku[OUTCOME_TEXT_BYTES]; /* "clientAuth, 1.3.6.1.4.1.311.10.3.4"; empty: no such extension */
    char key_usage[96];           /* "digitalSignature, keyEncipherment"; empty: no such extension */
    char san[OUTCOME_TEXT_BYTES]; /* "dns:a.example, upn:a@example" */
    char differences
        [OUTCOME_TEXT_BYTES]; /* how it differs from the request, where that is no defect; empty: not */

    enum outcome_challenge challenge; /* of the enrollment */

    /* The one-time password, by a salted fingerprint (never by value); 0: no password was sent. */
    uint64_t otp_fingerprint;
    int64_t otp_age_us; /* from the fetch to the sending of the message that carried it */

    struct outcome_exemplar exemplar; /* of `error`; empty when the device enrolled */
};

/* A certificate that the target served. */
struct outcome_target_cert {
    char role[16];
    char subject[OUTCOME_TEXT_BYTES];
    char issuer[OUTCOME_TEXT_BYTES];
    char serial[2 * 32 + 1];
    char sha256[2 * 32 + 1];
    int64_t not_before;
    int64_t not_after;
};

#define OUTCOME_MAX_CAPS  24
#define OUTCOME_MAX_CERTS 16

/* What the target showed: from the devices' own requests, and from one read-only look when the first has failed. */
struct outcome_target {
    char url[512];
    char server_header[64];
    char caps[OUTCOME_MAX_CAPS][32];
    size_t cap_count;
    struct outcome_target_cert certs[OUTCOME_MAX_CERTS];
    size_t cert_count;
    int bare_url_status; /* GET of the SCEP URL without operation; 0: no device failed, or no answer */
    bool otp_file_there; /* the OTP page's folder answered 403 or 404; mscep.dll in it is there */
    bool has_date_skew;
    int64_t date_skew_s; /* Date header minus our clock */
};

/* What happens in the supply of challenges, while it happens. A password is *held* from the moment its fetch begins until the
 * server need not remember it any more: the message that carried it was answered, or it grew too old. */
enum outcome_otp_kind {
    OUTCOME_OTP_ASKED,      /* a fetch began: its place is taken */
    OUTCOME_OTP_FETCHED,    /* it brought a password; took `took_us` */
    OUTCOME_OTP_FAILED,     /* it did not; took `took_us`. Its place is free again */
    OUTCOME_OTP_CACHE_FULL, /* the same, and the page said that the cache is full */
    OUTCOME_OTP_SENT,       /* in a message of a device, `age_us` after the fetch */
    OUTCOME_OTP_SPENT, /* and that was answered or lost, so its place is free; `age_us` leaves the time in stock out */
    OUTCOME_OTP_BURNT, /* its device did not get a certificate: of those sent, or dropped unsent with its device */
    OUTCOME_OTP_EXPIRED, /* dropped unused because of its age; its place is free */
    OUTCOME_OTP_LEFT,    /* unused at the end of the run */
    OUTCOME_OTP_KINDS
};
struct outcome_otp_event {
    enum outcome_otp_kind kind;
    int64_t at_us;
    int64_t took_us; /* SPENT: of its fetch, too; took_us + age_us is how long its device needed the place */
    int64_t age_us;
    unsigned held; /* places taken, after this event */
};

/* The supply, as far as it is no count: counts come from the events. */
struct outcome_otp {
    const char *source; /* "mscep_admin"; static string */
    const char *scheme; /* of the last logon at the page, refused or not: "ntlm"; NULL: there was none */
    bool fell_back;     /* Negotiate did not work there, NTLM was tried instead */
    unsigned limit;     /* challenge.outstanding; 0: the source has no such limit */
    unsigned
        page_cache; /* the server's own words, from its pages: cache size and minutes of life; 0: not said */
    unsigned page_minutes;
    int64_t lifetime_us; /* challenge.lifetime */
    bool held_back;      /* arrivals that were due waited for a password */
};

/* The generator, looking at itself. */
struct outcome_generator {
    int64_t cpu_us; /* user + system of this process while the load ran */
    int64_t wall_us;
    uint64_t peak_rss_bytes;
    uint64_t bytes_per_device; /* growth of resident memory per device in flight at the peak; 0: unknown */
    uint64_t open_connections_max;
    uint64_t in_flight_max;
    uint64_t requests;
    uint64_t limit_errors; /* out of ports or descriptors */
    bool held_back;        /* arrivals that were due waited because of limits.in_flight */
    int64_t cpu_wait_us;   /* the loop's thread could run, but had no processor; 0: none, or unknown */
    unsigned cores;        /* that this process may use */
    int64_t loop_cpu_us;   /* of the event loop's thread, part of cpu_us */
    uint64_t throttled;    /* times that a quota (cgroup) took the processor away */
    uint64_t swapped_in;   /* pages, of the machine, while this process waited for pages */
    int64_t clock_step_us; /* the wall clock was set by so much at once */
};

/* A conformance probe, made beside the load: no device of the plan, in none of its figures. */
enum outcome_probe_verdict {
    OUTCOME_PROBE_PASSED,
    OUTCOME_PROBE_FAILED,
    OUTCOME_PROBE_SKIPPED, /* nothing can be said: the control did not enroll, or no SCEP answer came */
    OUTCOME_PROBE_ODD,     /* refused, but for another reason than the rule names */
    OUTCOME_PROBE_VERDICTS
};
const char *outcome_probe_verdict_id(enum outcome_probe_verdict verdict); /* "passed" ... */

struct outcome_probe {
    const char *probe; /* "corrupted-signature"; these five static */
    const char *title;
    const char *rule; /* "RFC 8894 3.2.1.4" */
    const char *does;
    const char *basis; /* of what is expected: "documented" "observed" "inferred" */
    enum outcome_probe_verdict verdict;
    char expected[OUTCOME_TEXT_BYTES];
    char observed[OUTCOME_TEXT_BYTES];
    char control[OUTCOME_TEXT_BYTES]; /* "enrolled", or why not */
    /* The control and the probe as devices, for the ledger of certificates; borrowed during the callback. NULL: it was
     * not made. */
    const struct outcome *control_device, *probe_device;
};

/* Where the devices of the load are now, by the step that they are at. A device stands in one of these, or in none when it has
 * not started or has ended. */
struct outcome_in_flight {
    uint32_t busy[STAGE_COUNT]; /* its answer, or a worker, is awaited */
    uint32_t
        pausing[STAGE_COUNT]; /* until the planned moment of this step: a poll, a retry, a persona's pause */
    uint64_t waiting;         /* in none: due, but may not start yet */
};

/* Where facts go while they happen. All calls come from the engine's thread; pointers are borrowed. */
struct outcome_sink {
    void *user;
    void (*arrival)(void *user, int64_t scheduled_us, bool warm_up); /* offered, whether or not it starts */
    void (*start)(void *user, int64_t scheduled_us, int64_t started_us, bool warm_up);
    void (*step)(void *user, const struct outcome_step *step);
    void (*device)(void *user, const struct outcome *outcome); /* exactly once per planned device */
    void (*loop_stall)(void *user, int64_t us);                /* lateness of a wake-up of the loop */
    void (*probe)(void *user, const struct outcome_probe *probe);
    void (*otp)(void *user, const struct outcome_otp_event *event);
    void (*in_flight)(void *user, const struct outcome_in_flight *now); /* some 20 times a second */
};

#endif
