#include "cli/tell.h"

#include "base/clock.h"

#include <sys/ioctl.h>
#include <unistd.h>

struct tell_terminal tell_terminal(void)
{
    struct winsize size = {0};
    bool terminal = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    const char *no_colour = getenv("NO_COLOR");
    return (struct tell_terminal){.colour = terminal && (no_colour == NULL || no_colour[0] == '\0'),
                                  .width = size.ws_col};
}

void tell_words(const struct report_run *run, const struct report_verdict *verdict, const char *folder)
{
    struct tell_terminal terminal = tell_terminal();
    report_print(stdout, run, verdict, folder, terminal.colour, terminal.width);
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
