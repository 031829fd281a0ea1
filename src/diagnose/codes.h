/* HRESULTs by the English text that Windows has for them: answers and events sometimes carry the words alone. */
#ifndef DIAGNOSE_CODES_H
#define DIAGNOSE_CODES_H

#include <stdint.h>

uint32_t codes_of_text(const char *text); /* 0: none of the known ones */

#endif
