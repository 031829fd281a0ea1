/* Fills a scenario from its document as the schema says, and remembers where each key stood. */
#ifndef SCENARIO_READ_H
#define SCENARIO_READ_H

#include "scenario/document.h"
#include "scenario/schema.h"

struct scenario_reader {
    const struct scenario_document *document;
    struct scenario *scenario;
    /* The node that holds each key's value; 0: the key is absent. Keys of list elements: the element at hand. */
    int places[SCENARIO_KEYS_MAX];
    size_t element;   /* index of the list element at hand */
    const char *root; /* the map that the file's top level is: "simulator"; NULL: the whole scenario */
};

/* Defaults first, then what the document says. Cross-key rules are check.c's.
 * Fails: REASON_SCENARIO with place, REASON_NO_MEMORY. */
bool scenario_read(struct scenario_reader *r, struct err *e) MUST_USE;

/* A key's path as the file has it: without the root. */
const char *scenario_read_shown(const struct scenario_reader *r, const char *path);

/* The node of a key by its path; 0: absent. */
int scenario_read_place(const struct scenario_reader *r, const char *path);

/* "load[1].rate must be a map", or "is empty". Returns false. */
bool scenario_read_fail_type(const struct scenario_reader *r, const struct scenario_key *key, int node,
                             const char *wanted, struct err *e);

/* Lists of words and maps of settings, in lists.c. */
bool scenario_read_words(const struct scenario_reader *r, const struct scenario_key *key, int node,
                         void *base, struct err *e) MUST_USE;
bool scenario_read_settings(const struct scenario_reader *r, const struct scenario_key *key, int node,
                            void *base, struct err *e) MUST_USE;

/* {expression: E, abort: true}, which is "E or abort". */
bool scenario_read_slo(const struct scenario_reader *r, int node, char **out, struct err *e) MUST_USE;

/* Rules within one element of a list, called by scenario_read when the element has been filled; `node` is the
 * element's. In check.c. */
bool scenario_check_element(const struct scenario_reader *r, const struct scenario_key *list, int node,
                            void *element, struct err *e) MUST_USE;

#endif
