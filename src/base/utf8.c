#include "base/utf8.h"

/* By the first byte; the second decides about overlong forms, surrogates and the end. */
static const struct form {
    uint8_t low, high, second_low, second_high;
    uint8_t len, bits; /* of the first byte */
} forms[] = {
    {0x00, 0x7f, 0, 0, 1, 0x7f},       {0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f}, {0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f},
    {0xe1, 0xec, 0x80, 0xbf, 3, 0x0f}, {0xed, 0xed, 0x80, 0x9f, 3, 0x0f}, {0xee, 0xef, 0x80, 0xbf, 3, 0x0f},
    {0xf0, 0xf0, 0x90, 0xbf, 4, 0x07}, {0xf1, 0xf3, 0x80, 0xbf, 4, 0x07}, {0xf4, 0xf4, 0x80, 0x8f, 4, 0x07},
};

static const struct form *form_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (first >= forms[i].low && first <= forms[i].high)
            return &forms[i];
    }
    return NULL;
}

size_t utf8_read(struct span s, uint32_t *code)
{
    const struct form *form = s.len > 0 ? form_of(s.data[0]) : NULL;
    if (form == NULL || s.len < form->len)
        return 0;
    if (form->len > 1 && (s.data[1] < form->second_low || s.data[1] > form->second_high))
        return 0;
    uint32_t c = s.data[0] & form->bits;
    for (size_t i = 1; i < form->len; i++) {
        if ((s.data[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s.data[i] & 0x3fu);
    }
    if (code != NULL)
        *code = c;
    return form->len;
}

bool utf8_valid(struct span s)
{
    for (size_t used; s.len > 0; s = span_of(s.data + used, s.len - used)) {
        used = utf8_length(s);
        if (used == 0)
            return false;
    }
    return true;
}
