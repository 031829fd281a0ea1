// room: challenge
/* Any bytes as evidence: no run of six hex digits is left, nor a control character, and a page's password is gone. */
#include "challenge/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, (size_t)4 << 20);
    require(challenge_page_redact(span_of(data, size), &out, &e));
    size_t run = 0;
    for (size_t i = 0; i < out.len; i++) {
        uint8_t c = out.data[i];
        run = is_hex(c) ? run + 1 : 0;
        require(run < 6 && (c >= 0x20 || c == '\n' || c == '\r' || c == '\t'));
    }
    buf_clear(&out);
    return 0;
}
