// room: challenge
/* "HOW\nBODY": HOW is a JSON path, "/" and a regular expression, or neither. What a configuration's check accepts reads any body to
 * its end: a challenge without control characters, or a reason. */
#include "challenge/challenge.h"

#define HOW_BYTES 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char how[HOW_BYTES] = "";
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = end != NULL ? (size_t)(end - data) : 0;
    if (end == NULL || len >= sizeof how)
        return 0;
    memcpy(how, data, len);
    struct challenge_config config = {.source = CHALLENGE_HTTP,
                                      .json = how[0] == '$' ? how : NULL,
                                      .regex = how[0] == '/' ? how + 1 : NULL};
    struct secret *s = NULL;
    struct err e = {0};
    if (!challenge_config_check(&config, &e)) {
        require(e.reason == REASON_SCENARIO && strncmp(e.text, "challenge.", 10) == 0);
        return 0;
    }
    bool ok = challenge_answer_read(&config, span_of(end + 1, size - len - 1), &s, &e);
    require(ok == (s != NULL) && (ok || (e.reason == REASON_OTP_ANSWER && e.text[0] != '\0')));
    for (size_t i = 0; ok && i < secret_value(s).len; i++)
        require(secret_value(s).data[i] >= 0x20);
    require(!ok || (secret_value(s).len > 0 && secret_value(s).len <= 16384));
    secret_free(s);
    return 0;
}
