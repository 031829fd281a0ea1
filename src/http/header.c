#include "http/http.h"

#include <strings.h>

static bool append(char *out, size_t out_bytes, const char *text, size_t len)
{
    size_t used = strlen(out);
    size_t room = out_bytes - 1 - used;
    if (len > room)
        len = room;
    memcpy(out + used, text, len);
    out[used + len] = '\0';
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool http_header(struct span headers, const char *name, char *out, size_t out_bytes)
{
    size_t name_len = strlen(name);
    bool found = false;
    out[0] = '\0';
    if (headers.len == 0) /* then there may be no bytes to point at */
        return false;
    const char *at = (const char *)headers.data, *end = at + headers.len;
    while (at < end) {
        const char *line = at;
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        at = stop + (stop < end);
        if ((size_t)(stop - line) <= name_len || line[name_len] != ':' ||
            strncasecmp(line, name, name_len) != 0)
            continue;
        line += name_len + 1;
        while (line < stop && is_blank(*line))
            line++;
        while (stop > line && is_blank(stop[-1]))
            stop--;
        found = (!found || append(out, out_bytes, ", ", 2)) &&
                append(out, out_bytes, line, (size_t)(stop - line));
    }
    return found;
}
