/* Words on paper as wide as it is: wrapped at blanks, coloured or not. For the words at the end of a run. */
#ifndef REPORT_PRINTER_H
#define REPORT_PRINTER_H

#include "report/ink.h"

#include <stdbool.h>
#include <stdio.h>

struct printer {
    FILE *to;
    bool colour;
    unsigned width;
    bool folds_commands; /* there is a person who copies them, not a program that looks for them */
};

/* In words: a blank where no line is broken. */
#define PRINTER_TIE '\037'

void printer_ink(const struct printer *p, enum ink ink);
void printer_ink_off(const struct printer *p, enum ink ink);
/* Prints words from column `at` on, broken at blanks; further lines begin at `indent`. Ends the line. Words that are longer
 * than a line are left to the terminal. Control characters become '?'. */
void printer_wrap(const struct printer *p, const char *text, unsigned at, unsigned indent);
/* "  label: words wrapped", further lines under the words where that leaves them room. */
void printer_entry(const struct printer *p, unsigned indent, const char *label, const char *words);
void printer_heading(const struct printer *p, const char *words);
/* A command of the shell, in lines that can be copied as one. */
void printer_command(const struct printer *p, unsigned indent, const char *label, const char *command);

#endif
