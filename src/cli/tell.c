#include "cli/tell.h"

#include "base/clock.h"

#include <sys/ioctl.h>
#include <unistd.h>

void tell_words(const struct report_run *run, const struct report_verdict *verdict, const char *folder)
{
    struct winsize size = {0};
    bool terminal = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    const char *no_colour = getenv("NO_COLOR");
    bool colour = terminal && (no_colour == NULL || no_colour[0] == '\0');
    report_print(stdout, run, verdict, folder, colour, size.ws_col);
}

bool tell_json(const struct report_run *run, struct err *e)
{
    struct buf json;
    buf_init(&json, REPORT_MAX_FILE_BYTES);
    bool ok = report_render(run, REPORT_JSON, &json, e);
    if (ok)
        fwrite(json.data, 1, json.len, stdout);
    buf_clear(&json);
    return ok;
}

int64_t tell_end_s(int64_t started_wall_us, int64_t duration_us)
{
    return (started_wall_us > 0 ? started_wall_us + duration_us : clock_wall_us()) / 1000000;
}
