/* The command line of `scepstorm sim`, and what it makes of it. */
#ifndef CLI_SIM_OPTIONS_H
#define CLI_SIM_OPTIONS_H

#include "cli/sim_arguments.h"
#include "sim/sim.h"

#define SIM_OPTIONS_FAULTS    64
#define SIM_OPTIONS_LATENCIES 16

/* Where passwords come from; the first belongs to the first user, and so on. */
struct password_source {
    const char *from;
    bool (*read)(const char *from, struct secret **out, struct err *e);
};

/* What was said, before it is checked. */
struct sim_options {
    struct sim_config config;
    struct ndes_policy policy;
    const char *faults[SIM_OPTIONS_FAULTS];
    const char *latencies[SIM_OPTIONS_LATENCIES];
    struct logon_account accounts[LOGON_ACCOUNTS_MAX];
    struct password_source passwords[LOGON_ACCOUNTS_MAX];
    struct secret *secrets[LOGON_ACCOUNTS_MAX];
    size_t password_count;
    const char *challenge_env;
    struct secret *challenge;
    const char *config_file;
    struct sim_arguments from_file; /* what it says, as options */
    bool supervised;
    bool help;
};

/* Reads the file of --config, then the options, which win. `out` borrows from argv and keeps pointers into itself: leave it
 * where it is. False after a line on stderr; sim_options_clear in any case. */
bool sim_options_read(int argc, char **argv, struct sim_options *out) MUST_USE;
/* Whether they go together. The same. */
bool sim_options_check(const struct sim_options *o) MUST_USE;
/* Fetches passwords from where they are said to be. */
bool sim_options_read_secrets(struct sim_options *o, struct err *e) MUST_USE;
void sim_options_clear(struct sim_options *o);
/* A line or more for each option. */
void sim_options_print(void);

#endif
