/* What a run needs of the machine and of the password page, against what there is: arithmetic on plain numbers, each
 * assumption with a name. The caller looks at the machine. */
#ifndef LOAD_NEEDS_H
#define LOAD_NEEDS_H

#include "load/demand.h"

/* Budgets of one device in flight; the bench holds them. */
#define LOAD_DEVICE_BYTES     (32 << 10)
#define LOAD_DEVICE_BYTES_TLS (96 << 10)
#define LOAD_BASE_BYTES       (64 << 20) /* program, libraries, histograms, results in progress */
#define LOAD_BASE_DESCRIPTORS 64         /* files, timers, pipes */
#define LOAD_TIME_WAIT_US     INT64_C(60000000)
#define LOAD_TIME_WAIT_REUSED                                                                                \
    INT64_C(1000000) /* where the kernel takes such ports again: net.ipv4.tcp_tw_reuse */

struct load_machine {
    uint64_t descriptors;  /* of this process, at most */
    uint64_t ports;        /* ephemeral, for each source address */
    bool time_wait_reused; /* towards this target */
    uint64_t memory_bytes; /* available; 0: unknown */
};

struct load_supply {
    uint64_t in_flight_limit;
    bool tls;
    bool simulator_here;           /* it runs on this machine, too */
    double connections_per_device; /* to the SCEP service, on average */
    unsigned source_addresses;     /* at least 1 */
    uint64_t keys_wanted, keys;    /* keys_wanted 0: any number will do */
    bool passwords;                /* fetched, one for each device, `outstanding` at once */
    bool cached;                   /* by NDES, in password_cache places */
    double fetches_per_s;          /* at most; 0: no limit */
    unsigned outstanding, password_cache;
    int64_t password_validity_us;
    int64_t service_us; /* assumed; a password is held as long */
};

enum load_need_kind {
    LOAD_NEED_IN_FLIGHT,
    LOAD_NEED_DESCRIPTORS,
    LOAD_NEED_PORTS,
    LOAD_NEED_MEMORY,
    LOAD_NEED_KEYS,
    LOAD_NEED_PASSWORD_CACHE,
    LOAD_NEED_PASSWORD_RATE,
    LOAD_NEED_COUNT
};

struct load_need {
    bool applies;
    double needed, available; /* bytes, a rate per second, else a number */
    bool ok;
    char how[200];    /* the arithmetic */
    char advice[200]; /* what to change; empty when ok */
};

/* How long a port stays taken after its device has ended: for load_demand_of. */
int64_t load_linger_us(const struct load_machine *machine);

void load_needs_of(const struct load_demand *total, const struct load_supply *supply,
                   const struct load_machine *machine, struct load_need out[LOAD_NEED_COUNT]);

#endif
