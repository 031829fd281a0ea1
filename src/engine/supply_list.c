/* Passwords collected before, in a file: one is taken at once, and the journal knows before anybody uses it. */
#include "engine/supply.h"

#include <stdlib.h>

struct list {
    struct supply supply;
    struct challenge_list *items;
};

static bool fetch(struct supply *supply, unsigned line, const struct challenge_device *device, struct err *e)
{
    struct secret *secret = NULL;
    (void)device;
    if (!challenge_list_take(((struct list *)supply)->items, &secret, e))
        return false;
    struct supply_answer answer = {.secrets = &secret, .count = 1, .single_use = true};
    supply->done(supply->user, line, &answer);
    secret_free(secret);
    return true;
}

static void cancel(struct supply *supply, unsigned line)
{
    (void)supply; /* nothing is ever under way */
    (void)line;
}

static uint64_t left(const struct supply *supply)
{
    return challenge_list_left(((const struct list *)supply)->items);
}

static void list_free(struct supply *supply)
{
    free(supply);
}

bool supply_list_new(struct challenge_list *items, struct supply **out, struct err *e)
{
    static const struct supply_kind kind = {
        .fetch = fetch, .cancel = cancel, .left = left, .free = list_free};
    struct list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the passwords");
    list->supply.kind = &kind;
    list->items = items;
    *out = &list->supply;
    return true;
}
