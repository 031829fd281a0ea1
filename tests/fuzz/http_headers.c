// room: http
/* Header lines of a server's: values found, schemes told. Nothing grows beyond its place, and no message of an exchange is
 * taken over. */
#include "http/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[32], offers[48];
    struct span headers = span_of(data, size);
    http_header(headers, "WWW-Authenticate", value, sizeof value);
    http_logon_offers(headers, offers, sizeof offers);
    if (memchr(value, '\0', sizeof value) == NULL || memchr(offers, '\0', sizeof offers) == NULL ||
        strncmp(offers, "NTLM T", 6) == 0)
        abort();
    return 0;
}
