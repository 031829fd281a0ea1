// room: evidence
/* Bytes behind a gzip header: unpacking ends, whatever they are. */
#include "evidence/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void record(const struct evidence_record *r, void *user)
{
    (void)r;
    (*(uint64_t *)user)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t records = 0;
    struct err e = {0};
    struct evidence_sink sink = {.record = record, .user = &records};
    if (!evidence_read_bytes(span_of(data, size), "fuzz", EVIDENCE_UNKNOWN, NULL, &sink, &e))
        abort();
    return 0;
}
