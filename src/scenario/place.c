#include "scenario/place.h"

#include <stdarg.h>

#define FILE_MAX_BYTES 70

bool scenario_place_fail(const struct scenario_origin *origin, size_t line, size_t column, struct err *e,
                         const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    int used;
    if (origin->option != NULL) {
        used = snprintf(text, sizeof text, "--set %.70s: ", origin->option);
    } else {
        size_t len = strlen(origin->file);
        bool cut = len > FILE_MAX_BYTES;
        used = snprintf(text, sizeof text, "%s%s:%zu:%zu: ", cut ? "..." : "",
                        origin->file + (cut ? len - FILE_MAX_BYTES : 0), line + 1, column + 1);
    }
    if (used < 0 || (size_t)used >= sizeof text)
        used = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s", text);
}
