// room: scep
/* The layers behind the signature, reached without one: what a server with a broken or hostile CMS may send. */
#include "scep/cms.h"
#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"
#include "scep/attributes.h"

static bool ignore(struct span der, void *user)
{
    (void)der;
    (void)user;
    return true;
}

static void open_envelope(struct span content)
{
    struct scep_enveloped v;
    struct pki_cert_identity ours = scep_cms_id_of(fuzz.ca);
    struct buf clear;
    buf_init(&clear, BYTES_MAX_MESSAGE);
    if (scep_enveloped_read(content, &v, NULL) && scep_enveloped_open(&v, &ours, fuzz.ca_key, &clear, NULL))
        either_way(scep_degenerate_read(buf_span(&clear), ignore, NULL, NULL));
    buf_clear(&clear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_pki_open();
    struct span body = span_of(data, size);
    struct span type;
    struct der_item content;
    struct scep_signed s = {0};
    struct scep_attributes attributes;
    open_envelope(body);
    either_way(scep_degenerate_read(body, ignore, NULL, NULL));
    if (scep_cms_content_info(body, &type, &content, NULL) && scep_signed_read(&content, &s, NULL)) {
        if (s.attributes.content.data != NULL)
            either_way(scep_attributes_read(&s.attributes, &attributes, NULL));
        either_way(scep_signed_verify(&s, pki_cert_public_key(fuzz.signer), NULL));
        open_envelope(s.content);
    }
    scep_signed_clear(&s);
    return 0;
}
