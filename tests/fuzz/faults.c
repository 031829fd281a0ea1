// room: faults
/* The text behind --fault. */
#include "faults/faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    const char *one = text;
    struct faults *faults = NULL;
    struct err e = {0};
    if (faults_parse(&one, 1, &faults, &e)) {
        struct ndes_effects effects = {0};
        faults_start(faults, 0);
        faults_effects(faults, 1000000, size, &effects);
        (void)faults_restarts(faults, 1000000);
        faults_free(faults);
    } else if (e.reason == REASON_NONE) {
        abort();
    }
    free(text);
    return 0;
}
