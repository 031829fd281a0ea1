/* Options and wiring. One file per command; each returns the process's exit code. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "scenario/scenario.h"

/* Exit codes that scripts rely on. */
enum {
    CLI_OK = 0,
    CLI_PROGRAM_FAILED = 1, /* disk full, cannot listen */
    CLI_BAD_USAGE = 2,      /* usage, scenario, refused target, unreadable input */
    CLI_SLO_MISSED = 3,
    CLI_RUN_INVALID = 4,
    CLI_REGRESSION = 5,
    CLI_INTERRUPTED = 130,
};

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_diagnose(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_causes(int argc, char **argv);
int cmd_personas(int argc, char **argv);

/* What a scenario cannot know of itself: whether its subject is a name, and whether its faults exist.
 * Fails: REASON_SCENARIO. */
bool cli_check_scenario(const char *file, const struct scenario *scenario, struct err *e) MUST_USE;

/* "5/s to 10/s, 2 min 00 s, warm-up": a complete phase in words. */
void cli_phase_words(const struct load_phase *phase, char *out, size_t out_bytes);

/* Prints "scepstorm COMMAND: <what>" to stderr as one line and returns the exit code that fits the reason. */
int cli_fail(const char *command, const struct err *e);
/* The same for wrong usage, with a hint at --help. Returns CLI_BAD_USAGE. */
int cli_usage(const char *command, const char *format, ...) PRINTF_LIKE(2, 3);

/* Versions of the libraries in use, as name, version pairs, NULL-terminated; static. */
const char *const *cli_versions(void);

/* Flushes stdout; false, and a line on stderr, when what was printed did not arrive (full disk, closed pipe). */
bool cli_flush(const char *command);

#endif
