/* The command line of `run`. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "scenario/scenario.h"

#include <limits.h>

#define RUN_MAX_OVERRIDES 64
#define RUN_MAX_SHARDS    256

struct run_options {
    const char *scenario;
    const char *out;
    const char *authorized;
    struct scenario_override overrides[RUN_MAX_OVERRIDES];
    size_t override_count;
    bool quiet, no_progress, json, dry_run;
    int64_t service_us;         /* assumed; 0: not said */
    unsigned shard, shards;     /* plays shard 1 to `shards`; 0 of 0: the whole */
    int64_t start_at_s;         /* clock zero, Unix seconds; 0: at once */
    unsigned workers;           /* shards to start on this machine; 0: none */
    bool supervised;            /* is one of those: crew.h */
    bool feeds;                 /* and tells what happens to CREW_FEED_FD */
    const char *metrics_listen; /* NULL: nobody watches */
};

/* Returns -1 to go on, else the exit code. */
int run_options_parse(struct run_options *o, int argc, char **argv);

/* "20260509T213011Z", of the moment when it starts (Unix seconds; 0: now): shards that start together share it. */
#define RUN_NAME_BYTES 32
void run_name(int64_t start_at_s, char out[RUN_NAME_BYTES]);
/* Where its results go. */
void run_folder(const struct run_options *o, const struct scenario *scenario, const char *name,
                char out[PATH_MAX]);

#endif
