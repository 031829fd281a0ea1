/* Foreign words in JSON. */
#ifndef REPORT_JSON_TEXT_H
#define REPORT_JSON_TEXT_H

#include <jansson.h>

/* jansson takes UTF-8 only, and what a server said may be no UTF-8: then all that is not ASCII becomes "?", and what is longer
 * than a kilobyte is cut. NULL: no memory. */
json_t *json_text(const char *text);

#endif
