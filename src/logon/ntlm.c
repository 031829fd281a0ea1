#include "logon/ntlm.h"

#include "base/text.h"

#define NEGOTIATE_BYTES 40 /* of a first message, with its version */
#define FIRST_FIELD     12 /* of six, 8 bytes each */
#define DOMAIN_FIELD    28
#define USER_FIELD      36
#define FLAGS           60
#define FIXED_BYTES     64 /* of an AUTHENTICATE message */
#define VERSION_BYTES   8
#define FLAG_UNICODE    1u
#define FLAG_VERSION    UINT32_C(0x02000000)
#define NAME_MAX_UTF8   1024

static const char signature[8] = "NTLMSSP";

static uint32_t little(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

enum logon_ntlm_type logon_ntlm_find(struct span token, struct span *message)
{
    const uint8_t *at = token.len > 0 ? memmem(token.data, token.len, signature, sizeof signature) : NULL;
    size_t left = at != NULL ? token.len - (size_t)(at - token.data) : 0;
    if (left < sizeof signature + 4)
        return LOGON_NTLM_NONE;
    uint32_t type = little(at + sizeof signature, 4);
    if (type < LOGON_NTLM_NEGOTIATE || type > LOGON_NTLM_AUTHENTICATE)
        return LOGON_NTLM_NONE;
    if (message != NULL)
        *message = span_of(at, left);
    return (enum logon_ntlm_type)type;
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

bool logon_ntlm_who(struct span message, char *out, size_t out_bytes)
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

/* Where an AUTHENTICATE message's texts and responses begin. */
static size_t payload_start(struct span message)
{
    size_t start = SIZE_MAX;
    for (size_t at = FIRST_FIELD; at < FLAGS; at += 8) {
        size_t offset = little(message.data + at + 4, 4);
        if (little(message.data + at, 2) > 0 && offset < start)
            start = offset;
    }
    return start;
}

static bool drop_version_flag(struct span message, struct buf *out)
{
    uint32_t flags = little(message.data + FLAGS, 4) & ~FLAG_VERSION;
    uint8_t bytes[4] = {(uint8_t)flags, (uint8_t)(flags >> 8), (uint8_t)(flags >> 16),
                        (uint8_t)(flags >> 24)};
    return buf_append(out, message.data, FLAGS) && buf_append(out, bytes, sizeof bytes) &&
           buf_append(out, message.data + FIXED_BYTES, message.len - FIXED_BYTES);
}

bool logon_ntlm_mend(struct span token, struct buf *out)
{
    static const uint8_t zeros[NEGOTIATE_BYTES];
    struct span message;
    enum logon_ntlm_type type = logon_ntlm_find(token, &message);
    bool raw = type != LOGON_NTLM_NONE && message.data == token.data;
    if (raw && type == LOGON_NTLM_NEGOTIATE && token.len < NEGOTIATE_BYTES)
        return buf_append_span(out, token) && buf_append(out, zeros, NEGOTIATE_BYTES - token.len);
    if (raw && type == LOGON_NTLM_AUTHENTICATE && token.len >= FIXED_BYTES &&
        payload_start(token) < FIXED_BYTES + VERSION_BYTES)
        return drop_version_flag(token, out);
    return buf_append_span(out, token);
}
