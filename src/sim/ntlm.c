#include "sim/ntlm.h"

#include "base/text.h"

#define DOMAIN_FIELD  28
#define USER_FIELD    36
#define FLAGS         60
#define FIXED_BYTES   64 /* of an AUTHENTICATE message */
#define FLAG_UNICODE  1u
#define NAME_MAX_UTF8 1024

static const char signature[8] = "NTLMSSP";

static uint32_t little(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

enum sim_ntlm_type sim_ntlm_find(struct span token, struct span *message)
{
    const uint8_t *at = token.len > 0 ? memmem(token.data, token.len, signature, sizeof signature) : NULL;
    size_t left = at != NULL ? token.len - (size_t)(at - token.data) : 0;
    if (left < sizeof signature + 4)
        return SIM_NTLM_NONE;
    uint32_t type = little(at + sizeof signature, 4);
    if (type < SIM_NTLM_NEGOTIATE || type > SIM_NTLM_AUTHENTICATE)
        return SIM_NTLM_NONE;
    if (message != NULL)
        *message = span_of(at, left);
    return (enum sim_ntlm_type)type;
}

/* One of the message's fields (length, room, offset) as UTF-8. */
static bool read_field(struct span message, size_t at, struct buf *out)
{
    static const uint8_t utf16le[] = {0xff, 0xfe};
    size_t len = little(message.data + at, 2);
    size_t offset = little(message.data + at + 4, 4);
    if (len == 0)
        return true;
    if (offset > message.len || len > message.len - offset)
        return false;
    struct span text = span_of(message.data + offset, len);
    if ((little(message.data + FLAGS, 4) & FLAG_UNICODE) == 0)
        return buf_append_span(out, text);
    struct buf marked;
    buf_init(&marked, NAME_MAX_UTF8);
    bool ok = buf_append(&marked, utf16le, sizeof utf16le) && buf_append_span(&marked, text) &&
              text_to_utf8(buf_span(&marked), out);
    buf_clear(&marked);
    return ok;
}

bool sim_ntlm_who(struct span message, char *out, size_t out_bytes)
{
    struct buf name;
    buf_init(&name, NAME_MAX_UTF8);
    bool ok = message.len >= FIXED_BYTES && read_field(message, DOMAIN_FIELD, &name);
    if (ok && name.len > 0)
        ok = buf_append_byte(&name, '\\');
    size_t domain = name.len;
    ok = ok && read_field(message, USER_FIELD, &name) && name.len > domain && name.len < out_bytes &&
         memchr(name.data, 0, name.len) == NULL;
    if (ok) {
        memcpy(out, name.data, name.len);
        out[name.len] = '\0';
    }
    buf_clear(&name);
    return ok;
}
