/* UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing beyond U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* How many bytes the character at the beginning of `s` has, and in *code (NULL: nobody asks) which it is. 0: it is none, and *code
 * stays as it was; or `s` is empty. */
size_t utf8_read(struct span s, uint32_t *code);
static inline size_t utf8_length(struct span s)
{
    return utf8_read(s, NULL);
}
bool utf8_valid(struct span s);

#endif
