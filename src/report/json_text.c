#include "report/json_text.h"

json_t *json_text(const char *text)
{
    json_t *valid = json_string(text);
    if (valid != NULL)
        return valid;
    char plain[1024];
    size_t i = 0;
    for (; i < sizeof plain - 1 && text[i] != '\0'; i++)
        plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    plain[i] = '\0';
    return json_string(plain);
}
