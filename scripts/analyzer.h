/* Read by the static analyzer before every file (scripts/analyze.sh): it sees one file at a time, so it cannot know that these
 * return false, whatever they are told, and would follow paths that go on after an error. */
#ifndef ANALYZER_H
#define ANALYZER_H

#include "base/err.h"

#define err_set(...)        (err_set(__VA_ARGS__), false)
#define err_set_detail(...) (err_set_detail(__VA_ARGS__), false)
#define err_set_errno(...)  (err_set_errno(__VA_ARGS__), false)

#endif
