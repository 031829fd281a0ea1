#include "scep/blot.h"

#include "scep/cms.h"

/* NULL: not within these bytes, but in a copy that the reader made. */
static uint8_t *within(const struct buf *b, struct span part)
{
    uintptr_t begin = (uintptr_t)b->data, at = (uintptr_t)part.data;
    return at >= begin && at - begin <= b->len && part.len <= b->len - (at - begin) ? b->data + (at - begin)
                                                                                    : NULL;
}

/* Empty: it cannot be read; what there is then may be secret. */
static struct span encrypted_of(struct span message, struct scep_signed *s)
{
    struct der_item signed_data;
    struct scep_enveloped v;
    if (!scep_cms_signed_data(message, STAGE_NONE, &signed_data, NULL) ||
        !scep_signed_read(&signed_data, s, NULL) || s->content.len == 0 ||
        !scep_enveloped_read(s->content, &v, NULL))
        return span_of(NULL, 0);
    return v.encrypted.content;
}

void scep_blot_request(struct buf *message)
{
    struct scep_signed s = {0};
    struct span encrypted = encrypted_of(buf_span(message), &s);
    uint8_t *at = encrypted.len > 0 ? within(message, encrypted) : NULL;
    if (at == NULL)
        buf_wipe(message);
    else
        memset(at, '*', encrypted.len);
    scep_signed_clear(&s);
}
