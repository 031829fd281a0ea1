/* Every key of a scenario, as one table: reading, writing, defaults and the reference for people follow it. */
#ifndef SCENARIO_SCHEMA_H
#define SCENARIO_SCHEMA_H

#include "scenario/scenario.h"

enum scenario_type {
    SCENARIO_MAP,      /* more keys below; or one of `choices`, which sets the bool at offset */
    SCENARIO_LIST,     /* a list of maps; the array grows by min..max elements of element_bytes */
    SCENARIO_TEXTS,    /* a list of texts: char **, count at count_offset */
    SCENARIO_WORDS,    /* a list of different `choices`: an array of ints or enums, count at count_offset */
    SCENARIO_FLAGS,    /* a list of `choices`: unsigned, their values or'ed */
    SCENARIO_SETTINGS, /* a map of any keys: struct scenario_setting *, count at count_offset */
    SCENARIO_TEXT,     /* char *, min..max bytes; one of `choices` when there are some */
    SCENARIO_BLOCK,    /* the same with line breaks in it */
    SCENARIO_LABEL,    /* char[], min..max bytes */
    SCENARIO_CHOICE,   /* int or enum: the value of one of `choices` */
    SCENARIO_BOOL,     /* bool: true or false, or the value of one of `choices` */
    SCENARIO_UINT,     /* unsigned */
    SCENARIO_UINT64,   /* uint64_t */
    SCENARIO_DURATION, /* int64_t, microseconds; min and max too */
    SCENARIO_RANGE,    /* "2s..5s", or one for both: int64_t at offset and at count_offset, microseconds */
    SCENARIO_RATE,     /* double, per second */
    SCENARIO_SHARE,    /* double, 0..1 */
    SCENARIO_NUMBER,   /* double */
    SCENARIO_SECRET,   /* a secret, which has no place in a scenario: refused with a hint */
};

/* A word that a key may hold. The list ends with a NULL word. */
struct scenario_choice {
    const char *word;
    int value;
    bool later; /* known, but not in this version */
};

/* No field keeps the value: it is checked and that is all. */
#define SCENARIO_NOWHERE ((size_t)-1)

struct scenario_key {
    const char *path; /* "devices.key.bits"; "load[].rate" inside the elements of a list */
    enum scenario_type type;
    size_t offset; /* into struct scenario; inside list elements into the element */
    double min;
    double max;
    const char *fallback; /* the default, as a user would write it; NULL: none */
    const struct scenario_choice *choices;
    size_t count_offset;
    size_t element_bytes;
};

#define SCENARIO_KEYS_MAX 256

/* Maps come before their keys, keys in the order in which they are written out. */
extern const struct scenario_key scenario_keys[];
extern const size_t scenario_key_count;

/* -1: no such path. */
int scenario_key_find(const char *path);
/* True when `path` is a direct child of `parent` ("" for the root, "load[]" for the elements of a list). */
bool scenario_key_is_child(const char *path, const char *parent);
/* Why a key says nothing in this scenario ("without devices.csv", "for this challenge.source"); NULL: it does say
 * something. Wants the scenario read and target.sim known. */
const char *scenario_key_idle(const struct scenario_key *key, const struct scenario *scenario);
/* "bits" of "devices.key.bits". */
const char *scenario_key_word(const char *path);

#endif
