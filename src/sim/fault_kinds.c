#include "sim/fault_kinds.h"

#include "sim/fault_rows.h"

#include <string.h>

static const struct sim_fault_family *const families[] = {
    &sim_faults_path,      &sim_faults_tls,     &sim_faults_iis,      &sim_faults_limits,
    &sim_faults_pool,      &sim_faults_startup, &sim_faults_otp,      &sim_faults_password,
    &sim_faults_authority, &sim_faults_intune,  &sim_faults_messages, &sim_faults_registration,
};
const char *const sim_restarted_choices[] = {"yes", "no", NULL};

const char *const sim_language_choices[] = {"en", "de", "fr", "ja", NULL};

#define FAMILY_COUNT (sizeof families / sizeof families[0])

const struct sim_fault_kind *sim_fault_kind_find(const char *id)
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
static const struct sim_fault_kind *kind_after(const char *id)
{
    const struct sim_fault_kind *next = NULL;
    for (size_t f = 0; f < FAMILY_COUNT; f++) {
        for (size_t i = 0; i < families[f]->count; i++) {
            const struct sim_fault_kind *kind = &families[f]->kinds[i];
            if (strcmp(kind->id, id) > 0 && (next == NULL || strcmp(kind->id, next->id) < 0))
                next = kind;
        }
    }
    return next;
}

static const struct sim_fault_kind *kind_at(size_t index)
{
    const struct sim_fault_kind *kind = kind_after("");
    for (size_t i = 0; i < index && kind != NULL; i++)
        kind = kind_after(kind->id);
    return kind;
}

const char *sim_fault_id(size_t index)
{
    const struct sim_fault_kind *kind = kind_at(index);
    return kind != NULL ? kind->id : NULL;
}

const struct sim_fault_key *sim_fault_key(size_t index, size_t key)
{
    const struct sim_fault_kind *kind = kind_at(index);
    bool is = kind != NULL && key < SIM_FAULT_KEYS && kind->keys[key].name != NULL;
    return is ? &kind->keys[key] : NULL;
}
