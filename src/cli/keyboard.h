/* The load steered by single keys, where a person watches: p or space pauses and resumes, + and - change the rate, q stops
 * gracefully, ? helps. */
#ifndef CLI_KEYBOARD_H
#define CLI_KEYBOARD_H

#include "engine/engine.h"

#include <stdio.h>

struct keyboard;

/* Whether there is a person at it: standard input and standard error are terminals. */
bool keyboard_there(void);

extern const char *const keyboard_keys; /* in one line */

/* Takes the terminal over, unless this process is in the background: then as soon as it is not any more. One at a time.
 * `most` is how many times as quick as planned the load may become.
 * Fails: REASON_NO_MEMORY. */
bool keyboard_open(double most, struct keyboard **out, struct err *e) MUST_USE;
void keyboard_close(struct keyboard *k); /* harmless for NULL */
/* The terminal becomes what it was before, until keyboard_read is called in the foreground. Async-signal-safe; harmless when
 * there is no keyboard. */
void keyboard_give_back(void);

/* Reads what was typed, at most some 20 times a second however often it is called. q raises SIGINT.
 * Thread: the one that opened it. */
struct engine_pace keyboard_read(struct keyboard *k, int64_t now_us);
/* What to tell the person now, once, lines; NULL: nothing. Static or of `k`. */
const char *keyboard_says(struct keyboard *k);
/* What holds now: "paused", "rate x1.25"; "" when the load is as planned. Of `k`. */
const char *keyboard_state(const struct keyboard *k);

/* The whole story for the reader of the results, cut where `out` ends: "Paused from 12.3 s to 20.1 s; ...". Empty when nobody
 * touched the load. */
void keyboard_story(const struct engine_result *result, char *out, size_t out_bytes);

#endif
