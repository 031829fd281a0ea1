/* Colours of a terminal, shared by the live view and the words at the end. Nothing is told by colour alone. */
#ifndef REPORT_INK_H
#define REPORT_INK_H

enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_WARN, INK_BOLD, INK_DIM };

#define INK_OFF "\033[0m"

static inline const char *ink_on(enum ink ink)
{
    static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[1m", "\033[2m"};
    return codes[ink];
}

#endif
