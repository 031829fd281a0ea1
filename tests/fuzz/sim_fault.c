// room: sim
/* The text behind --fault. */
#include "sim/faults.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    const char *one = text;
    struct sim_faults *faults = NULL;
    struct err e = {0};
    if (sim_faults_parse(&one, 1, &faults, &e)) {
        struct sim_effects effects = {0};
        sim_faults_start(faults, 0);
        sim_faults_effects(faults, 1000000, size, &effects);
        (void)sim_faults_restarts(faults, 1000000);
        sim_faults_free(faults);
    } else if (e.reason == REASON_NONE) {
        abort();
    }
    free(text);
    return 0;
}
