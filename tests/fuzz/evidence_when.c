// room: evidence
/* Dates as anybody may write them, one a line: a time between 1990 and 2100 or none, and the same twice. */
#include "evidence/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define YEAR_1990 INT64_C(631152000000000)
#define YEAR_2101 INT64_C(4133980800000000)
#define DAY       INT64_C(86400000000)

static void check(struct span line, bool month_first)
{
    int64_t us, again;
    bool zoned, zoned_again;
    if (!when_local(line, month_first, &us, &zoned))
        return;
    if (us < YEAR_1990 - DAY || us > YEAR_2101 + DAY ||
        !when_local(line, month_first, &again, &zoned_again) || us != again)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct when_survey survey = {0};
    struct span rest = span_of(data, size);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        struct span line = span_of(rest.data, end == NULL ? rest.len : (size_t)(end - rest.data));
        when_note(&survey, line);
        check(line, false);
        check(line, true);
        rest = end == NULL ? span_of(rest.data, 0) : scan_from(rest, end + 1);
    }
    (void)when_decide(&survey);
    return 0;
}
