#include "pki/pem.h"

#include "base/text.h"

#define LINE_BYTES 64

bool pki_pem_append(struct span der, const char *label, struct buf *out, struct err *e)
{
    struct buf base64;
    buf_init(&base64, BYTES_MAX_MESSAGE);
    text_base64(der, &base64);
    bool ok = buf_ok(&base64, STAGE_SETUP, e);
    buf_appendf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; ok && at < base64.len; at += LINE_BYTES) {
        size_t left = base64.len - at;
        buf_append(out, base64.data + at, left < LINE_BYTES ? left : LINE_BYTES);
        buf_append_byte(out, '\n');
    }
    buf_appendf(out, "-----END %s-----\n", label);
    buf_wipe(&base64);
    return ok && buf_ok(out, STAGE_SETUP, e);
}
