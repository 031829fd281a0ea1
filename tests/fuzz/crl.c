// room: scep
#include "pki/crl.h"
#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"
#include "pki/san.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct pki_crl *crl = NULL;
    struct pki_crl_entry entry;
    struct err e = {0};
    fuzz_pki_open();
    either_way(pki_san_same(pki_san_find(bytes), bytes));
    if (!pki_crl_from_der(bytes, &crl, &e)) {
        if (e.reason == REASON_NONE)
            abort();
        return 0;
    }
    if (pki_crl_find(crl, span_of("\x05", 1), &entry) && pki_crl_count(crl) == 0)
        abort();
    either_way(pki_crl_valid_at(crl, FUZZ_NOW_S));
    either_way(pki_crl_signed_by(crl, fuzz.ca));
    pki_crl_free(crl);
    return 0;
}
