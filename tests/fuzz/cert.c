// room: pki
#include "../support/fuzz.h"
#include "pki/purpose.h"
#include "pki/san.h"

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
        struct buf text;
        buf_init(&text, 65536);
        pki_eku_text(cert, &text);
        pki_san_text(pki_san_find(pki_cert_extensions(cert)), &text);
        buf_clear(&text);
        pki_cert_free(cert);
    }
    if (pki_cert_from_pem(span_of(data, size), &cert, NULL))
        pki_cert_free(cert);
    return 0;
}
