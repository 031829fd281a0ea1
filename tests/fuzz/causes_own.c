// room: causes
/* A file of causes: whatever it holds, what is read is complete and can be asked for. */
#include "causes/own.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct causes_own *own = NULL;
    struct err e = {0};
    if (!causes_own_read(span_of(data, size), "own.txt", &own, &e)) {
        require(own == NULL && err_is_set(&e) && strncmp(e.text, "own.txt:", 8) == 0);
        return 0;
    }
    require(causes_own_count(own) > 0 && causes_own_count(own) <= CAUSES_OWN_MAX);
    for (size_t i = 0; i < causes_own_count(own); i++) {
        const struct cause *c = causes_own_at(own, i);
        require(causes_find(c->id) == NULL);
        require(c->title[0] != '\0' && c->signature[0] != '\0' && c->steps[0] != NULL);
        require(c->at.poll[0] != '\0' && c->symptom_console[0] != '\0' && c->sources != NULL);
        require(causes_match(c, c->id) != CAUSES_NO_MATCH);
    }
    causes_own_free(own);
    return 0;
}
