#include "report/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_MESSAGES ((size_t)8 << 10)
#define MAX_PICTURE  (MAX_MESSAGES + (size_t)VIEW_MAX_LINES * (VIEW_LINE_BYTES + 8) + 64)
#define STEP_BYTES   16

#define CLEAR_TO_END_OF_LINE   "\033[K"
#define CLEAR_TO_END_OF_SCREEN "\033[J"

/* How to get below the lines, for signal handlers. */
static struct {
    volatile sig_atomic_t fd, len; /* len 0: nothing is drawn */
    char bytes[STEP_BYTES];
} way_out;

bool screen_possible(int fd)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    return isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0 &&
           (no_colour == NULL || no_colour[0] == '\0');
}

void screen_init(struct screen *s, int fd)
{
    s->fd = fd;
    buf_init(&s->messages, MAX_MESSAGES);
    buf_init(&s->picture, MAX_PICTURE);
}

void screen_clear(struct screen *s)
{
    way_out.len = 0;
    buf_clear(&s->messages);
    buf_clear(&s->picture);
}

struct screen_size screen_size(const struct screen *s)
{
    struct winsize size = {0};
    bool known = ioctl(s->fd, TIOCGWINSZ, &size) == 0;
    return (struct screen_size){known && size.ws_col > 0 ? size.ws_col : 80,
                                known && size.ws_row > 0 ? size.ws_row : 24};
}

void screen_say(struct screen *s, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            buf_append_text(&s->messages, CLEAR_TO_END_OF_LINE "\r\n");
        else
            buf_append_byte(&s->messages, (unsigned char)*c < ' ' || *c == 0x7f ? (uint8_t)'?' : (uint8_t)*c);
    }
    buf_append_text(&s->messages, CLEAR_TO_END_OF_LINE "\r\n");
}

bool screen_ready(const struct screen *s)
{
    struct pollfd out = {.fd = s->fd, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

bool screen_in_front(const struct screen *s)
{
    pid_t front = tcgetpgrp(s->fd);
    return front < 0 ||
           front == getpgrp(); /* below 0: a terminal, but not the one that jobs are controlled from */
}

/* A terminal that is gone is no reason to end anything. */
static void send(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes = span_of(bytes.data + n, bytes.len - (size_t)n);
    }
}

static void remember_way_out(const struct screen *s, size_t lines)
{
    way_out.len = 0; /* a signal in between finds nothing */
    way_out.fd = s->fd;
    int len = lines > 1 ? snprintf(way_out.bytes, STEP_BYTES, "\033[%zuB\r\n", lines - 1)
                        : snprintf(way_out.bytes, STEP_BYTES, "\r\n");
    way_out.len = len;
}

void screen_draw(struct screen *s, const struct view_lines *lines)
{
    struct buf *out = &s->picture;
    buf_reset(out);
    buf_append_text(out, "\r");
    if (s->messages.len > 0) {
        buf_append_text(out, CLEAR_TO_END_OF_SCREEN);
        buf_append(out, s->messages.data, s->messages.len);
        buf_reset(&s->messages);
    }
    for (size_t i = 0; i < lines->count; i++)
        buf_appendf(out, "%s%s" CLEAR_TO_END_OF_LINE, i == 0 ? "" : "\r\n", lines->text[i]);
    buf_append_text(out, CLEAR_TO_END_OF_SCREEN "\r");
    if (lines->count > 1)
        buf_appendf(out, "\033[%zuA", lines->count - 1);
    if (out->failed)
        return;
    send(s->fd, buf_span(out));
    remember_way_out(s, lines->count);
}

void screen_step_aside(void)
{
    int kept = errno;
    if (way_out.len > 0) {
        ssize_t ignored = write(way_out.fd, way_out.bytes, (size_t)way_out.len);
        (void)ignored;
    }
    way_out.len = 0;
    errno = kept;
}
