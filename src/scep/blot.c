#include "scep/blot.h"

#include "scep/cms.h"

#define IN_PIECES (DER_OCTET_STRING | 0x20)

/* The content of SignedData as it stands in the message: an OCTET STRING, in BER perhaps one in pieces, or in PKCS #7 what it
 * holds. */
static bool find_content(const struct der_item *signed_data, struct der_item *out)
{
    struct der_reader r = der_reader_of(signed_data->content);
    struct der_item item;
    if (!der_expect(&r, DER_INTEGER, "version", &item, NULL) ||
        !der_expect(&r, DER_SET, "digestAlgorithms", &item, NULL) ||
        !der_expect(&r, DER_SEQUENCE, "encapContentInfo", &item, NULL))
        return false;
    r = der_reader_of(item.content);
    if (!der_expect(&r, DER_OID, "contentType", &item, NULL) ||
        !der_expect(&r, DER_CONTEXT(0), "content", &item, NULL))
        return false;
    r = der_reader_of(item.content);
    return der_next(&r, out, NULL);
}

/* The next bytes of the content that lie side by side; empty after the last. */
static struct span next_piece(const struct der_item *content, struct der_reader *r, size_t index)
{
    struct der_item piece;
    if (content->tag == IN_PIECES)
        return der_optional(r, DER_OCTET_STRING, &piece) && piece.tag == DER_OCTET_STRING ? piece.content
                                                                                          : span_of(NULL, 0);
    if (index > 0)
        return span_of(NULL, 0);
    return content->tag == DER_OCTET_STRING ? content->content : content->whole;
}

/* Overwrites a part of the content, whose pieces count as one. False: it is not all there. */
static bool blot_part(struct buf *message, const struct der_item *content, size_t from, size_t len)
{
    struct der_reader r = der_reader_of(content->content);
    struct span piece;
    for (size_t i = 0; len > 0 && (piece = next_piece(content, &r, i)).data != NULL; i++) {
        size_t skip = from < piece.len ? from : piece.len;
        size_t part = piece.len - skip < len ? piece.len - skip : len;
        memset(message->data + (piece.data - message->data) + skip, '*', part);
        from -= skip;
        len -= part;
    }
    return len == 0;
}

/* `whole`: the content with its pieces put together, which may be a copy. */
static bool blot_encrypted(struct buf *message, const struct der_item *content, struct span whole,
                           const struct der_item *encrypted)
{
    if (encrypted->tag == DER_CONTEXT_PRIMITIVE(0))
        return blot_part(message, content, (size_t)(encrypted->content.data - whole.data),
                         encrypted->content.len);
    struct der_reader r = der_reader_of(encrypted->content);
    struct der_item piece;
    bool ok = encrypted->content.len > 0;
    while (ok && !der_at_end(&r))
        ok = der_optional(&r, DER_OCTET_STRING, &piece) && piece.tag == DER_OCTET_STRING &&
             blot_part(message, content, (size_t)(piece.content.data - whole.data), piece.content.len);
    return ok;
}

void scep_blot_request(struct buf *message)
{
    struct scep_signed s = {0};
    struct scep_enveloped v;
    struct der_item signed_data, content;
    bool ok = scep_cms_signed_data(buf_span(message), STAGE_NONE, &signed_data, NULL) &&
              scep_signed_read(&signed_data, &s, NULL) && s.content.len > 0 &&
              scep_enveloped_read(s.content, &v, NULL) && find_content(&signed_data, &content) &&
              blot_encrypted(message, &content, s.content, &v.encrypted);
    if (!ok)
        buf_wipe(message);
    scep_signed_clear(&s);
}
