#include "causes/tables.h"

static const struct causes_table *const tables[] = {&causes_path,      &causes_iis,      &causes_pool,
                                                    &causes_startup,   &causes_otp,      &causes_password,
                                                    &causes_authority, &causes_messages, &causes_intune};
#define TABLES (sizeof tables / sizeof tables[0])

size_t causes_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++)
        count += tables[i]->count;
    return count;
}

const struct cause *causes_at(size_t index)
{
    for (size_t i = 0; i < TABLES; i++) {
        if (index < tables[i]->count)
            return &tables[i]->causes[index];
        index -= tables[i]->count;
    }
    return NULL;
}

const struct cause *causes_find(const char *id)
{
    for (size_t i = 0; i < causes_count(); i++) {
        if (strcmp(causes_at(i)->id, id) == 0)
            return causes_at(i);
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
