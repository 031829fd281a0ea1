#include "faults/kinds.h"

#include "faults/rows.h"

#include <string.h>

static const struct fault_family *const families[] = {
    &faults_path, &faults_tls,      &faults_iis,       &faults_limits, &faults_pool,     &faults_startup,
    &faults_otp,  &faults_password, &faults_authority, &faults_intune, &faults_messages, &faults_registration,
};
const char *const fault_restarted_choices[] = {"yes", "no", NULL};

const char *const fault_language_choices[] = {"en", "de", "fr", "ja", NULL};

#define FAMILY_COUNT (sizeof families / sizeof families[0])

const struct fault_kind *fault_kind_find(const char *id)
{
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        for (size_t i = 0; i < families[f]->count; i++) {
            if (strcmp(families[f]->kinds[i].id, id) == 0)
                return &families[f]->kinds[i];
        }
    }
    return NULL;
}

/* The first id after `id` in the alphabet; NULL: none. */
static const struct fault_kind *kind_after(const char *id)
{
    const struct fault_kind *next = NULL;
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        for (size_t i = 0; i < families[f]->count; i++) {
            const struct fault_kind *kind = &families[f]->kinds[i];
            if (strcmp(kind->id, id) > 0 && (next == NULL || strcmp(kind->id, next->id) < 0))
                next = kind;
        }
    }
    return next;
}

static const struct fault_kind *kind_at(size_t index)
{
    const struct fault_kind *kind = kind_after("");
    for (size_t i = 0; i < index && kind != NULL; i++)
        kind = kind_after(kind->id);
    return kind;
}

const char *fault_id(size_t index)
{
    const struct fault_kind *kind = kind_at(index);
    return kind != NULL ? kind->id : NULL;
}

const struct fault_key *fault_key(size_t index, size_t key)
{
    const struct fault_kind *kind = kind_at(index);
    bool is = kind != NULL && key < FAULT_KEYS && kind->keys[key].name != NULL;
    return is ? &kind->keys[key] : NULL;
}
