/* The faults that exist: one row each. Shared by faults.c (reads them) and fault_kinds.c (is them). */
#ifndef SIM_FAULT_KINDS_H
#define SIM_FAULT_KINDS_H

#include "sim/effects.h"

/* A key of one fault: a word out of `choices` (NULL-terminated, the first is the default), or an HRESULT. */
struct sim_fault_key {
    const char *name;
    const char *const *choices; /* NULL: a 32-bit number like 0x80004005, default as in the kind */
};

struct sim_fault_settings {
    unsigned choice; /* index into the key's choices */
    uint32_t hresult;
};

struct sim_fault_kind {
    const char *id;           /* as in the catalogue of causes */
    struct sim_fault_key key; /* its own key; name NULL: none */
    uint32_t hresult;         /* default of an HRESULT key, or a status that the fault is about */
    void (*apply)(const struct sim_fault_settings *settings, struct sim_effects *effects);
};

/* NULL: no such fault. */
const struct sim_fault_kind *sim_fault_kind_find(const char *id);

#endif
