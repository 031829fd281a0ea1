// room: scep
#include "scep/ca.h"
#include "../support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!pki_init(NULL))
        abort();
    struct scep_ca *ca = NULL;
    struct err e = {0};
    if (!scep_ca_parse(span_of(data, size), &ca, &e)) {
        if (e.reason == REASON_NONE)
            abort();
        return 0;
    }
    if (!pki_cert_is_rsa(scep_ca_recipient(ca)))
        abort();
    either_way(scep_ca_check(ca, 1767225600, &e));
    scep_ca_free(ca);
    return 0;
}
