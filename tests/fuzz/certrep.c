// room: scep
#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pki_open();
    struct scep_expected expected = {
        .transaction = &fuzz.transaction,
        .ca = fuzz.bundle,
        .decrypt_key = fuzz.device_key,
        .signer_cert = pki_cert_der(fuzz.signer),
        .spki = pki_key_spki(fuzz.device_key),
        .subject = buf_span(&fuzz.subject),
        .now_s = FUZZ_NOW_S,
    };
    struct scep_certrep rep;
    struct err e = {0};
    bool ok = scep_certrep_read(span_of(data, size), &expected, &rep, &e);
    if (ok != (e.reason == REASON_NONE) || (ok && (rep.violated != 0 || rep.issued == NULL)) ||
        (!ok && e.stage == STAGE_NONE))
        abort();
    scep_certrep_clear(&rep);
    return 0;
}
