/* Bundles, between the file that writes them and the one that takes them apart. */
#ifndef REPORT_BUNDLE_PARTS_H
#define REPORT_BUNDLE_PARTS_H

#include "report/bundle.h"

#define BUNDLE_MANIFEST "MANIFEST"
#define BUNDLE_README   "README.txt"
#define BUNDLE_EVIDENCE "evidence/"

/* Names below the archive's folder that are a run's: its files, and what lies in evidence/. */
bool bundle_knows(const char *name);
/* The files that a run leaves, in the order of their names; NULL past the last. */
const char *bundle_file(size_t i);

/* Unpacks an archive that may come from anybody into a folder of its own below $TMPDIR, which only this user can enter.
 * Fails: REASON_USAGE: no archive, not of a run, or not what its MANIFEST says; REASON_IO. Nothing stays then. */
bool bundle_unpack(const char *file, char **folder, struct err *e) MUST_USE;
/* Removes and frees such a folder. NULL is harmless. */
void bundle_remove(char *folder);

#endif
