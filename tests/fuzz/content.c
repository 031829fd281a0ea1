// room: scep
#include "scep/content.h"
#include "../support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct scep_content got;
    struct err e = {0};
    if (!pki_init(NULL))
        abort();
    if (scep_content_read_subject(bytes, &got, &e)) {
        if (got.issuer.len == 0 || got.subject.len == 0)
            abort();
        either_way(pki_name_same_rdns(got.issuer, got.subject));
    } else if (e.reason == REASON_NONE) {
        abort();
    }
    e = (struct err){0};
    if (scep_content_read_serial(bytes, &got, &e)) {
        if (got.issuer.len == 0 || got.serial.len == 0)
            abort();
    } else if (e.reason == REASON_NONE) {
        abort();
    }
    return 0;
}
