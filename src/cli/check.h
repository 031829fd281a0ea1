/* The parts of `scepstorm check`: what it was told, what it found. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "diagnose/diagnose.h"
#include "scenario/scenario.h"
#include "scep/ca.h"

#include <jansson.h>

/* Exit codes of monitoring plugins. */
enum check_status { CHECK_OK = 0, CHECK_WARNING = 1, CHECK_CRITICAL = 2, CHECK_UNKNOWN = 3 };

struct check_options {
    const char *url;
    const char *admin_url, *user, *password_env, *challenge_env;
    const char *authorized, *ca_file, *out;
    const char *probes; /* comma-separated; NULL: no conformance */
    int64_t warn_days, crit_days;
    bool json;
};

/* What is found. The worst status wins; the first words of that status lead the status line. */
struct check {
    struct check_options options;
    struct scenario *scenario;
    enum check_status status;
    char words[400];
    struct buf perfdata;  /* "name=value ..." */
    struct buf lines;     /* what follows the status line */
    json_t *certificates; /* of GetCACert */
    json_t *conformance;  /* as in summary.json, these two */
    json_t *diagnosis;

    /* What the three GETs found, for the diagnosis. */
    struct outcome failure; /* the last that failed; no error: none did */
    struct outcome_target target;
};

/* Raises the status when it is worse; UNKNOWN counts more than OK and less than WARNING. */
void check_tell(struct check *c, enum check_status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* GET of the URL itself, GetCACaps, GetCACert: no password, no enrollment. False: the server was not reached, which is told. */
bool check_read(struct check *c);
/* Names the likely causes of c->failure, if there is one: into the lines and into c->diagnosis. */
void check_diagnose(struct check *c);
/* Enrolls, then makes every chosen probe beside a control of its own. */
void check_conformance(struct check *c);

#endif
