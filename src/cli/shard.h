/* A run that plays one shard of a plan: what it agrees on with the others. */
#ifndef CLI_SHARD_H
#define CLI_SHARD_H

#include "report/report.h"

#define SHARD_SALT_ENV                                                                                       \
    "SCEPSTORM_SHARD_SALT" /* 32 hex digits, a secret of the shards: theirs to compare passwords */
#define SHARD_SALT_BYTES 16

struct shard {
    struct report_shard facts; /* index 0: the run is whole */
    bool has_salt;
    uint8_t salt[SHARD_SALT_BYTES];
};

/* Fails: REASON_USAGE: the variable holds something else than a salt. */
bool shard_open(struct shard *s, unsigned index, unsigned count, struct err *e) MUST_USE;
void shard_clear(struct shard *s);

#endif
