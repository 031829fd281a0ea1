#include "scep/oddity.h"

#include "scep/cms.h"

/* A bit of the last but one block flips the same bit of the last block's plaintext: the padding's length, which then
 * contradicts the padding's other bytes for every length there is. */
bool scep_oddity_spoil_envelope(struct buf *b, size_t start, struct err *e)
{
    struct scep_enveloped v = {0};
    if (!buf_ok(b, STAGE_NONE, e) || !scep_enveloped_read(span_of(b->data + start, b->len - start), &v, e))
        return false;
    struct span encrypted = v.encrypted.content;
    size_t back = 1 + pki_cipher_block_bytes(v.cipher);
    if (encrypted.len < back)
        return err_set(e, STAGE_NONE, REASON_INTERNAL, "the envelope holds too little to alter");
    b->data[(size_t)(encrypted.data - b->data) + encrypted.len - back] ^= 1;
    return true;
}
