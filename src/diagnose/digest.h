/* What a server's logs showed, kept small: marks with counts and times, however long the logs are. For this room only. */
#ifndef DIAGNOSE_DIGEST_H
#define DIAGNOSE_DIGEST_H

#include "diagnose/diagnose.h"
#include "diagnose/marks.h"

#define SEEN_TIMES           256
#define MAX_SEEN             768
#define MAX_NODES            32
#define MAX_POOLS            8
#define MAX_CLIENTS          256
#define NODE_BYTES           64
#define MAX_RA_CERTS         16
#define MAX_MARKS            256 /* of one kind */
#define POST_BUCKETS         512
#define BUCKET_BYTES         64
#define DIGEST_HEADERS_ALONE 768 /* bytes of a request without its body: no pkiMessage fits into that */

/* One mark on one server. */
struct seen {
    const struct mark *mark;
    unsigned node;  /* index; 0: not known */
    bool local;     /* until digest_close: times are local */
    char scope[48]; /* the pool that an event names */
    uint32_t code;  /* of refusals; else 0 */
    uint64_t count;
    int64_t first_us, last_us; /* EVIDENCE_NO_TIME: none had a time */
    int64_t times
        [SEEN_TIMES]; /* every stride-th of them, in the order of the file until digest_close, then sorted */
    size_t time_count;
    uint64_t stride;
    int64_t taken_ms_max;
    uint64_t taken_ms_sum;
    char example[160];
    char where[120]; /* "u_ex260618.log:812" */
};

enum cover {
    COVER_IIS,
    COVER_HTTPERR,
    COVER_APPLICATION,
    COVER_SYSTEM,
    COVER_SECURITY,
    COVER_CA,
    COVER_CONNECTOR,
    COVER_PLUGIN,
    COVER_SVCLOG,
    COVER_STATE,
    COVER_COUNT
};

struct span_us {
    int64_t first_us, last_us;
    uint64_t count;
    bool local;
};

struct otp_client {
    char address[48];
    uint64_t bare_401;         /* in a row, without an account */
    bool welcome;              /* it had a page before */
    int64_t first_us, last_us; /* of these */
    uint64_t most;             /* the longest such row, and when it was */
    int64_t most_first_us, most_last_us;
};

struct diagnose_logs {
    struct seen *seen;
    size_t seen_count;
    uint64_t lost; /* marks that found no room */
    char nodes[MAX_NODES][NODE_BYTES];
    unsigned node_count;
    char pools[MAX_POOLS][48];
    unsigned pool_count;
    char account[80]; /* the pool's, lower case; "" not known */
    struct span_us cover[COVER_COUNT];
    struct otp_client clients[MAX_CLIENTS];
    size_t client_count;
    uint32_t posts[POST_BUCKETS]; /* PKIOperations by POST that NDES answered, by how many bytes arrived */
    char own_stem[200];           /* of the run's URL; "" none */
    int64_t offset_us;            /* what was taken from local times */
    bool offset_known;
    int64_t clock_hint_us; /* local minus UTC, as an event or the collector says; EVIDENCE_NO_TIME */
    int64_t now_us;        /* the last time in the logs, for dates of certificates */
    int64_t latest_us;     /* what is later cannot have happened yet; 0: not known */
    struct {
        char ca[120]; /* CAInfo: the CA's common name */
        unsigned ra, ra_good, ra_valid;
        char reader_lists[MAX_RA_CERTS][160];
        char issuers[MAX_RA_CERTS][160];
        int64_t ra_not_after_us[MAX_RA_CERTS];
        unsigned mscep_values;
        char templates[3][80];   /* signature, encryption, general purpose */
        char pool_role[80];      /* the account that was set up for the pool, as `accounts` has it */
        int64_t ra_from_us;      /* the youngest RA certificate's begin; 0: not known */
        int64_t password_set_us; /* its password; 0: not known */
        bool module, registry, enforce, certificates, pools, pool, pool_listed, bindings, https,
            connector_key, signing;
        int64_t ca_until_us, crl_until_us, client_until_us, connector_month_us; /* 0: not known */
        int64_t collected_us; /* 0: the collector does not say */
    } state;
    const struct mark *marks[EVIDENCE_KIND_COUNT][MAX_MARKS]; /* of each kind */
    size_t mark_count[EVIDENCE_KIND_COUNT];
    struct diagnose_file *files;
    size_t file_count;
    char contradictions[DIAGNOSE_MAX_REMARKS][240];
    size_t contradiction_count;
    bool closed;
};

/* Adds `count` sightings of a mark that no record shows by itself. Times may be EVIDENCE_NO_TIME. */
void digest_add(struct diagnose_logs *d, const char *mark, unsigned node, uint64_t count, int64_t first_us,
                int64_t last_us, const char *example);
/* Ends the reading: local times become UTC, times are sorted, patterns over several records are looked for. */
void digest_close(struct diagnose_logs *d);

/* NDES's application pool: SCEP, one whose requests were seen, or one that is named after it. */
bool digest_own_pool(const struct diagnose_logs *d, const char *pool);

uint64_t digest_count(const struct diagnose_logs *d, const char *mark); /* on all servers */
uint64_t digest_count_at(const struct diagnose_logs *d, const char *mark, unsigned node);
/* Of the kept times, as a share of all: how many sightings fell into [from, to]. */
uint64_t digest_between(const struct diagnose_logs *d, const char *mark, int64_t from_us, int64_t to_us);
uint64_t digest_posts_below(const struct diagnose_logs *d, uint64_t bytes); /* that arrived with less */
bool digest_span(const struct diagnose_logs *d, const char *mark, int64_t *first_us, int64_t *last_us);
bool digest_same_server(const struct diagnose_logs *d, unsigned a, unsigned b); /* may be one and the same */
bool digest_covers(const struct diagnose_logs *d, enum cover what, int64_t from_us, int64_t to_us);

void state_record(struct diagnose_logs *d, const struct evidence_record *r); /* state.c */
void state_close(struct diagnose_logs *d);
void patterns_look(struct diagnose_logs *d);     /* patterns.c */
bool intune_mode(const struct diagnose_logs *d); /* the policy module is in use here */

#endif
