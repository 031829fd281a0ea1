/* A few lines at the lower end of a terminal, drawn again and again in their place, with messages running off above them.
 *
 * Between two pictures the cursor stands at the first character of the lines. A terminal that folds lines when it gets
 * narrower takes its cursor along, so the next picture begins in the right place whatever happened to the old one. Nothing
 * is scrolled but by messages and by a picture that grows, and nothing above the lines is ever touched. */
#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

#include "base/bytes.h"
#include "report/view.h"

struct screen {
    int fd;
    struct buf messages; /* to go above the lines, with the next picture */
    struct buf picture;
};

struct screen_size {
    unsigned columns, rows; /* 80 by 24 where the terminal does not say */
};

/* Whether this is a terminal where lines can be drawn in place and a person wants to see them: TERM is not "dumb", NO_COLOR
 * is not set. */
bool screen_possible(int fd);
void screen_init(struct screen *s, int fd); /* one at a time: it is what screen_step_aside means */
void screen_clear(struct screen *s);        /* leaves what is drawn as it is; harmless twice */
struct screen_size screen_size(const struct screen *s);

/* Kept until the next picture; at most some kilobytes, the last ones are lost. Control characters become '?'. */
void screen_say(struct screen *s, const char *text);
/* Whether the terminal takes bytes without waiting: not after Ctrl-S, nor when a connection stalls. The load must not wait. */
bool screen_ready(const struct screen *s);
/* Whether it is this process's to draw on; another one may have it (`&`, timeout). */
bool screen_in_front(const struct screen *s);
void screen_draw(struct screen *s, const struct view_lines *lines);
/* The cursor goes below the lines of the screen that there is, if any; they stay. The next picture is a new one.
 * Async-signal-safe. */
void screen_step_aside(void);

#endif
