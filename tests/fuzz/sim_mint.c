// room: sim
/* What is posted to the minting URL, and what a device may show as a challenge. */
#include "base/text.h"
#include "sim/mint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A challenge must be checked against some server: one for the whole run, with small keys. */
static const struct ndes_identity *identity(void)
{
    static struct ndes_identity *made;
    struct err e = {0};
    struct ndes_identity_spec spec = {.ca_bits = 1024, .ra_bits = 1024, .now_s = 1780000000};
    if (made == NULL && (!pki_init(&e) || !ndes_identity_new(&spec, &made, &e)))
        abort();
    return made;
}

static void check(struct span challenge)
{
    static const uint8_t subject[] = {0x30, 0};
    struct pki_csr csr = {.subject = span_of(subject, sizeof subject)};
    buf_init(&csr.challenge, BYTES_MAX_MESSAGE);
    buf_append_span(&csr.challenge, challenge);
    if (ndes_intune_check(identity(), &csr, 1780000000) == NULL)
        abort(); /* an empty subject is never welcome */
    buf_clear(&csr.challenge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    struct ndes_intune_claims claims;
    struct err e = {0};
    bool ok = sim_mint_read(input, 1780000000, &claims, &e);
    if (!ok && e.reason == REASON_NONE)
        abort();
    if (ok && (claims.subject.len == 0 || claims.expires_s < 1780000000))
        abort();
    ndes_intune_claims_clear(&claims);
    struct buf text;
    buf_init(&text, BYTES_MAX_MESSAGE);
    check(input);
    text_base64(input, &text);
    check(buf_span(&text));
    buf_clear(&text);
    return 0;
}
