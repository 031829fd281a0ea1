// room: live
/* A label's value is what a server says of itself: whatever that is, one sample stays one line and one label. */
#include "live/exposition.h"

#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* name="value" with nothing but escaped quotes, backslashes and line ends within. */
static bool is_one_label(const char *text, size_t len)
{
    size_t at = strlen("n=\"");
    for (; at < len && text[at] != '"'; at++) {
        if ((unsigned char)text[at] < 0x20)
            return false;
        if (text[at] == '\\' && (++at == len || strchr("\\\"n", text[at]) == NULL))
            return false;
    }
    return at + 1 == len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = strndup((const char *)data, size);
    struct live_labels one = {0}, many = {0};
    live_label(&one, "n", value);
    if (one.len == 0 || !is_one_label(one.text, one.len) || strlen(one.text) != one.len)
        abort();
    for (int i = 0; i < 12; i++)
        live_label(&many, "n", value);
    if (many.len >= sizeof many.text || strncmp(many.text, one.text, one.len) != 0)
        abort();
    free(value);
    return 0;
}
