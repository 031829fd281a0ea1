/* The catalogue of documented causes, as data. Read by the simulator (which faults exist), by diagnosis (what
 * is known about a cause) and by people. It holds knowledge, not rules: signatures that diagnosis matches
 * stand in diagnose, what the simulator sends stands in sim, and neither is made from the other. */
#ifndef CAUSES_CAUSES_H
#define CAUSES_CAUSES_H

#include "base/err.h"

#include <stddef.h>

enum causes_basis { CAUSES_DOCUMENTED, CAUSES_OBSERVED, CAUSES_INFERRED };

/* All strings static. Lists end with NULL. */
struct cause {
    const char *id; /* "otp-cache-full" */
    const char *title;
    const char *mode;       /* "*" any, "S" standalone, "I" Intune, "J" MDM as proxy; combined "SJ" */
    const char *stage;      /* where it shows first: "otp", "pki_operation", "tcp", "any" */
    const char *class_id;   /* look-alike class "L2"; "" none */
    const char *runbook;    /* the line of the runbook it covers; "" none */
    const char *signature;  /* what a client sees, in words */
    const char *decided_by; /* the server-side artefact that settles it, and how to get it */
    const char *const *steps;
    const char *const *resolution;
    const char *const *prevention;
    const char *symptom_ios;
    const char *symptom_android;
    const char *symptom_windows;
    const char *symptom_macos;
    const char *const *sources; /* URLs */
    enum causes_basis basis;
    bool simulated; /* `scepstorm sim --fault id` exists */
};

size_t causes_count(void);
const struct cause *causes_at(size_t index);
const struct cause *causes_find(const char *id); /* NULL: no such id */
const char *causes_basis_id(enum causes_basis basis);

#endif
