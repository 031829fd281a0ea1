/* A scenario's YAML as a tree whose every node knows where it was written: in the file, or in a --set option. */
#ifndef SCENARIO_DOCUMENT_H
#define SCENARIO_DOCUMENT_H

#include "scenario/place.h"
#include "scenario/scenario.h"

#include <yaml.h>

#define SCENARIO_MAX_BYTES ((size_t)1 << 20)

struct scenario_document {
    const char *name;                          /* of the file, for messages; borrowed */
    const struct scenario_override *overrides; /* borrowed */
    yaml_document_t yaml;                      /* node ids count from 1, which is the root */
};

/* Parses exactly one document of bounded size, depth and kind (a map, no tags). Free with _clear; `out` needs
 * no clearing after a failure. Fails: REASON_SCENARIO with place, REASON_NO_MEMORY. */
bool scenario_document_parse(const char *name, struct span text, struct scenario_document *out,
                             struct err *e) MUST_USE;
void scenario_document_clear(struct scenario_document *d);

/* Applies overrides[index]: puts its value at its path, making maps and list elements that are missing. */
bool scenario_document_override(struct scenario_document *d, size_t index, struct err *e) MUST_USE;

/* Borrowed, until the next node is added. */
yaml_node_t *scenario_document_node(const struct scenario_document *d, int id);
/* A scalar's text; NULL when the node is no scalar or holds a NUL. */
const char *scenario_document_text(const struct scenario_document *d, int id);

/* For override.c: the value of an option as a document of its own (free with yaml_document_delete), and the
 * note that a node came from an option. */
bool scenario_document_parse_option(const struct scenario_document *d, size_t index, yaml_document_t *out,
                                    struct err *e) MUST_USE;
void scenario_document_mark_option(struct scenario_document *d, int id, size_t index);

/* REASON_SCENARIO: "file:line:column: ..." or "--set path: ..." before the text; node 0 is the whole file.
 * Control characters are replaced: the line stays one line. Returns false. */
bool scenario_document_fail(const struct scenario_document *d, int node, struct err *e, const char *format,
                            ...) PRINTF_LIKE(4, 5);

#endif
