/* Room-internal: one CertRep being read, shared by the half that judges the message (certrep_read.c) and the half that
 * judges what the envelope holds (certrep_content.c). */
#ifndef SCEP_READING_H
#define SCEP_READING_H

#include "scep/attributes.h"
#include "scep/cms.h"

struct scep_reading {
    const struct scep_expected *expected;
    struct scep_certrep *out;
    struct scep_signed s;
    struct scep_attributes a;
};

/* What a SUCCESS holds, against what the request was for. */
void scep_certrep_check_content(struct scep_reading *r, struct err *e);

#endif
