/* The visible text of a small HTML page, for matching sentences. Not an HTML parser: good for what OTP pages are
 * made of, harmless on everything else. */
#ifndef CHALLENGE_PAGE_H
#define CHALLENGE_PAGE_H

#include "base/bytes.h"

/* Stand for <B> and </B> in the text: NDES marks values with them, in every language. */
#define CHALLENGE_BOLD_BEGIN '\x02'
#define CHALLENGE_BOLD_END   '\x03'

/* Appends the text of the page: tags, comments, scripts and styles become one blank, runs of blanks one blank, the common entities
 * their characters. Linear in the page. `out` may then hold a password: buf_wipe. */
bool challenge_page_text(struct span utf8, struct buf *out);

#endif
