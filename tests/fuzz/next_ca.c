// room: scep
#include "scep/next_ca.h"
#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"
#include "scep/cms.h"

static void read_it(struct span body)
{
    struct scep_ca *next = NULL;
    struct err e = {0};
    if (scep_next_ca_read(body, fuzz.bundle, &next, &e)) {
        if (scep_ca_count(next) == 0)
            abort();
        scep_ca_free(next);
    } else if (e.reason == REASON_NONE || e.stage != STAGE_GET_NEXT_CA_CERT || next != NULL) {
        abort();
    }
}

/* As they came, and inside a message that the CA signed: mutations cannot sign. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pki_open();
    read_it(span_of(data, size));
    struct buf body;
    buf_init(&body, BYTES_MAX_MESSAGE);
    struct scep_signed_writer w;
    struct scep_signer signer = {.id = scep_cms_id_of(fuzz.ca), .key = fuzz.ca_key};
    scep_signed_begin(&w, &body, PKI_SHA256);
    buf_append(&body, data, size);
    if (scep_signed_finish(&w, &signer, NULL, 0, NULL))
        read_it(buf_span(&body));
    buf_clear(&body);
    return 0;
}
