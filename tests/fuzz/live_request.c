// room: live
/* What somebody who connects to --metrics-listen can say: five lines, as libmicrohttpd would hand them over. */
#include "live/request.h"

#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *at = text;
    char *parts[5] = {0};
    for (size_t i = 0; i < 5 && at != NULL; i++)
        parts[i] = strsep(&at, "\n");
    const struct live_request r = {parts[0], parts[1], parts[2], parts[3], parts[4]};
    enum live_answer near = live_request_judge(&r, true), far = live_request_judge(&r, false);
    bool get = parts[0] != NULL && (strcasecmp(parts[0], "GET") == 0 || strcasecmp(parts[0], "HEAD") == 0);
    if ((unsigned)near >= LIVE_ANSWERS || (!get && far != LIVE_BAD_METHOD) ||
        (near != far && near != LIVE_FOREIGN_HOST))
        abort();
    either_way(live_request_has(&r, "1f-7"));
    free(text);
    return 0;
}
