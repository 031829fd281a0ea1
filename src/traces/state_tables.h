/* The tables of state/ as they are on a healthy server. Private to this room. */
#ifndef TRACES_STATE_TABLES_H
#define TRACES_STATE_TABLES_H

#include <stddef.h>

#define TRACES_COLUMNS_MAX 20

/* Columns and cells are separated by '|'; {braces} as in event_kinds.h. Rows end with NULL; those of `connector` are there
 * only with Intune's connector. */
struct traces_table_form {
    const char *name;
    const char *columns;
    const char *const *rows;
    const char *const *connector; /* NULL: none */
};

extern const struct traces_table_form traces_tables[];
extern const size_t traces_table_count;

#endif
