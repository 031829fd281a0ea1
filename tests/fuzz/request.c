// room: scep
#include "scep/describe.h"

#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pki_open();
    struct scep_request request;
    struct err e = {0};
    bool ok = scep_request_open(span_of(data, size), fuzz.ca, fuzz.ca_key, &request, &e);
    if (ok != (e.reason == REASON_NONE) || (!ok && e.stage != STAGE_PKI_OPERATION))
        abort();
    scep_request_clear(&request);
    struct buf lines;
    buf_init(&lines, BYTES_MAX_MESSAGE);
    scep_describe_request(span_of(data, size), &lines);
    scep_describe_csr(span_of(data, size), &lines);
    buf_clear(&lines);
    return 0;
}
