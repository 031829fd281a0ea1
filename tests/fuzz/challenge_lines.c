// room: challenge
/* Any output of a command: line by line to its end or to the first line that is none. */
#include "challenge/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    for (;;) {
        struct secret *s = NULL;
        struct err e = {0};
        size_t before = rest.len;
        if (!challenge_line_take(&rest, &s, &e)) {
            require(s == NULL && e.reason == REASON_OTP_COMMAND && rest.len < before);
            return 0;
        }
        require((s == NULL) == (before == 0));
        if (s == NULL)
            return 0;
        require(rest.len < before && secret_value(s).len > 0);
        secret_free(s);
    }
}
