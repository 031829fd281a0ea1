/* A source's secret, wherever what it answers repeats it: pages of errors like to quote what they were sent. For this room
 * only. */
#ifndef ENGINE_HIDE_H
#define ENGINE_HIDE_H

#include "base/secret.h"

struct hide;

/* `user` and `secret` may be NULL. Fails: REASON_NO_MEMORY. */
bool hide_new(const char *user, const struct secret *secret, struct hide **out, struct err *e) MUST_USE;
void hide_free(struct hide *h);
/* Puts asterisks over the secret as it is, percent-encoded and as Basic sends it, whatever the case of its letters, and over
 * the beginning of one where the text ends. Secrets of less than 4 bytes are found everywhere, so they are not looked for. */
void hide_in(const struct hide *h, char *text, size_t len);

#endif
