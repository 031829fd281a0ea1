// room: scep
#include "scep/caps.h"
#include "../support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = span_of(data, size);
    struct span words[16];
    unsigned caps = scep_caps_parse(body);
    size_t count = scep_caps_words(body, words, 16);
    if ((count == 0 && caps != 0) || (int)scep_caps_cipher(caps) >= PKI_CIPHER_COUNT)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (words[i].len == 0 || words[i].data < data || words[i].data + words[i].len > data + size)
            abort();
    }
    return 0;
}
