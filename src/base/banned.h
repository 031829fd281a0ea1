/* Included before every file: functions whose misuse the compiler cannot see. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Clang makes macros of some of them when it fortifies. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atof gmtime          \
    localtime asctime

/* A field of a struct in krb5.h has this name, so the word cannot be poisoned. */
char *ctime(const time_t *when) __attribute__((deprecated("banned: not for threads")));

#endif
