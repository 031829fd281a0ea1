// room: pki
#include "pki/cert.h"
#include "../support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pki_cert *cert = NULL;
    if (!pki_init(NULL))
        abort();
    if (pki_cert_from_der(span_of(data, size), &cert, NULL)) {
        unsigned usage;
        either_way(pki_cert_key_usage(cert, &usage));
        either_way(pki_cert_has_eku(cert, PKI_EKU_CLIENT_AUTH));
        either_way(pki_cert_issued_by(cert, cert));
        pki_cert_free(cert);
    }
    if (pki_cert_from_pem(span_of(data, size), &cert, NULL))
        pki_cert_free(cert);
    return 0;
}
