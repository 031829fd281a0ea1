#include "base/pairs.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 256

static bool unknown(const char *key, const char *const *keys, struct err *e)
{
    const char *nearest = text_nearest(key, keys);
    if (nearest != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no key '%.40s'; did you mean '%s'?", key,
                       nearest);
    char known[TEXT_BYTES] = "";
    for (size_t i = 0; keys[i] != NULL; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", keys[i]);
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "there is no key '%.40s'; it takes %s", key, known);
}

static bool read_pair(char *pair, const char *const *keys, pairs_setter *set, void *user, unsigned *given,
                      struct err *e)
{
    size_t key = 0;
    char *value = strchr(pair, '=');
    if (value == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is not of the form key=value", pair);
    *value++ = '\0';
    while (keys[key] != NULL && strcmp(keys[key], pair) != 0)
        key++;
    if (keys[key] == NULL)
        return unknown(pair, keys, e);
    if ((*given & UINT32_C(1) << key) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%s: given twice", pair);
    *given |= UINT32_C(1) << key;
    struct err why = {0};
    return set(user, key, value, &why) || err_set(e, STAGE_SETUP, why.reason, "%s: %s", pair, why.text);
}

bool pairs_read(const char *text, const char *const *keys, pairs_setter *set, void *user, unsigned *given,
                struct err *e)
{
    unsigned seen = 0;
    char *list = strdup(text);
    if (list == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for '%.40s'", text);
    bool ok = true;
    for (char *pair = list, *next; ok && pair != NULL; pair = next) {
        next = strchr(pair, ',');
        if (next != NULL)
            *next++ = '\0';
        ok = read_pair(pair, keys, set, user, &seen, e);
    }
    free(list);
    if (given != NULL)
        *given = seen;
    return ok;
}
