// room: pki
#include "pki/csr.h"
#include "../support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pki_csr csr;
    if (!pki_init(NULL))
        abort();
    either_way(pki_csr_read(span_of(data, size), &csr, NULL));
    pki_csr_clear(&csr);
    struct buf copy;
    buf_init(&copy, BYTES_MAX_MESSAGE);
    buf_append(&copy, data, size);
    pki_csr_blot(&copy);
    buf_clear(&copy);
    return 0;
}
