/* Words put into files of other formats, so that nothing in them is taken for more than words. Whoever wrote them: a
 * server's text is hostile input. */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include "base/bytes.h"

/* Escapes for XML and HTML alike, in text and in quoted attributes; characters that XML forbids become U+FFFD. NULL is empty. */
bool markup_text(struct buf *out, const char *text);
/* The same of at most `max` bytes, cut between characters, with an ellipsis where something is missing. */
bool markup_excerpt(struct buf *out, const char *text, size_t max);
/* A cell as RFC 4180 says, and none that a spreadsheet would take for a formula. */
void markup_csv(struct buf *line, const char *text);
/* Nothing in it is markup, HTML or a mention. */
bool markup_markdown(struct buf *out, const char *text);

#endif
