#include "challenge/parts.h"

const char *challenge_value_flaw(struct span value)
{
    if (value.len == 0)
        return "is empty";
    if (value.len > CHALLENGE_VALUE_MAX)
        return "is longer than 16 KiB";
    if (value.data[0] == ' ' || value.data[value.len - 1] == ' ')
        return "begins or ends with a blank";
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f)
            return "has a control character";
    }
    return NULL;
}
