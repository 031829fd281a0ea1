/* How an error says where it is. */
#ifndef SCENARIO_PLACE_H
#define SCENARIO_PLACE_H

#include "base/err.h"

#include <stddef.h>

/* One of the two. */
struct scenario_origin {
    const char *file;
    const char *option; /* the path of a --set */
};

/* REASON_SCENARIO with "file:line:column: ..." or "--set path: ..."; line and column are counted from 0 here
 * and from 1 in the text. Long file names lose their beginning; control characters become '?'. Returns false. */
bool scenario_place_fail(const struct scenario_origin *origin, size_t line, size_t column, struct err *e,
                         const char *format, ...) PRINTF_LIKE(5, 6);

#endif
