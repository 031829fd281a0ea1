// room: diagnose
/* Whatever stands in a log: it becomes a diagnosis that keeps its bounds, or none. Two parts, so that files of two kinds meet
 * in one digest: what follows the first NUL NUL is read as a second file. */
#include "diagnose/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check(const struct diagnose_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnosis *d = &list->items[i];
        must(d->cause != NULL && isfinite(d->confidence) && d->confidence >= 0 && d->confidence <= 1);
        must(isfinite(d->share) && d->share >= 0 && d->share <= 1.000001);
        must(d->missing != NULL && d->evidence_count <= DIAGNOSE_MAX_EVIDENCE &&
             d->against_count <= DIAGNOSE_MAX_AGAINST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size > 2 ? memmem(data, size, "\0\0", 2) : NULL;
    size_t first = cut != NULL ? (size_t)(cut - data) : size;
    struct diagnose_logs *logs = NULL;
    struct err e = {0};
    if (!diagnose_logs_new(&logs, "/scep", &e))
        return 0;
    struct evidence_sink sink = diagnose_logs_sink(logs);
    struct evidence_options how = {.stem = "/scep"};
    bool ok = evidence_read_bytes(span_of(data, first), "state/a.csv", EVIDENCE_UNKNOWN, &how, &sink, &e);
    if (ok && cut != NULL)
        ok = evidence_read_bytes(span_of(cut + 2, size - first - 2), "b.log", EVIDENCE_UNKNOWN, &how, &sink,
                                 &e);
    struct diagnose_case about = {.logs = logs};
    struct diagnose_list list = {0};
    if (diagnose_case(&about, &list, &e))
        check(&list);
    must(diagnose_logs_read(logs).file_count <= 2);
    diagnose_clear(&list);
    diagnose_logs_free(logs);
    return 0;
}
