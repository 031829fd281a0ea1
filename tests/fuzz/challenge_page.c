// room: challenge
/* Any bytes as an OTP page: always a verdict, a password exactly when the verdict says so. */
#include "challenge/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct challenge_page_facts facts;
    struct err e = {0};
    require(challenge_page_read(span_of(data, size), &facts, &e));
    require((facts.kind == CHALLENGE_PAGE_PASSWORD) == (facts.password != NULL));
    if (facts.password != NULL) {
        struct span password = secret_value(facts.password);
        require(password.len > 0 && password.len <= 512);
    }
    size_t digits = strlen(facts.ca_thumbprint);
    require(digits == 0 || digits == 32);
    challenge_page_clear(&facts);
    return 0;
}
