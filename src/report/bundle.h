/* The evidence bundle: a results folder as one archive, to send to somebody who can help. report_results_open opens it as it
 * opens a folder, so everything that can be made of a run can be made of its bundle, anywhere. */
#ifndef REPORT_BUNDLE_H
#define REPORT_BUNDLE_H

#include "report/results.h"

#define REPORT_BUNDLE_NAME_BYTES 80
/* "scepstorm-20261122T142721Z-quickstart": the folder in it; the archive is called so, too, with ".tar.gz" behind. */
void report_bundle_name(const struct report_run *run, char out[REPORT_BUNDLE_NAME_BYTES]);

/* Writes `file`. Of the folder only what a run leaves there, whatever else lies in it; evidence also as bytes, for other tools;
 * a MANIFEST with SHA-256, a README.txt. The name of the account at the OTP page is taken out of the scenario. Equal folders make
 * equal bytes. `run` has been measured and diagnosed.
 * Fails: REASON_IO; REASON_USAGE: `file` is no place for it. */
bool report_bundle_write(const struct report_results *r, const struct report_run *run, const char *file,
                         struct err *e) MUST_USE;

#endif
