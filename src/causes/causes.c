#include "causes/tables.h"

#include <string.h>

static const struct causes_group *const groups[] = {
    &causes_path,     &causes_tls,       &causes_iis,    &causes_limits,
    &causes_pool,     &causes_startup,   &causes_otp,    &causes_password,
    &causes_messages, &causes_authority, &causes_intune, &causes_registration};
#define GROUPS (sizeof groups / sizeof groups[0])

size_t causes_group_count(void)
{
    return GROUPS;
}

const struct causes_group *causes_group_at(size_t index)
{
    return index < GROUPS ? groups[index] : NULL;
}

size_t causes_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < GROUPS; i++)
        count += groups[i]->count;
    return count;
}

const struct cause *causes_at(size_t index)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (index < groups[i]->count)
            return &groups[i]->causes[index];
        index -= groups[i]->count;
    }
    return NULL;
}

const struct cause *causes_find(const char *id)
{
    for (size_t i = 0; i < GROUPS; i++) {
        for (size_t k = 0; k < groups[i]->count; k++) {
            if (strcmp(groups[i]->causes[k].id, id) == 0)
                return &groups[i]->causes[k];
        }
    }
    return NULL;
}

const char *causes_basis_id(enum causes_basis basis)
{
    switch (basis) {
    case CAUSES_DOCUMENTED:
        return "documented";
    case CAUSES_OBSERVED:
        return "observed";
    case CAUSES_INFERRED:
        return "inferred";
    }
    return "unknown";
}
