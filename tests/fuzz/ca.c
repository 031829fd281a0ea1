// room: scep
#include "scep/ca.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!pki_init(NULL))
        abort();
    struct scep_ca *ca = NULL;
    struct err e = {0};
    if (!scep_ca_parse(span_of(data, size), &ca, &e))
        return e.reason == REASON_NONE; /* a refusal has a reason */
    if (!pki_cert_is_rsa(scep_ca_recipient(ca)))
        abort();
    (void)scep_ca_check(ca, 1767225600, &e);
    scep_ca_free(ca);
    return 0;
}
