/* Small HTML pages: their visible text, for matching sentences, and who made them. Not an HTML parser: good for what OTP pages
 * are made of, harmless on everything else. */
#ifndef CHALLENGE_PAGE_H
#define CHALLENGE_PAGE_H

#include "challenge/challenge.h"

/* Stand for <B> and </B> in the text: NDES marks values with them, in every language. */
#define CHALLENGE_BOLD_BEGIN '\x02'
#define CHALLENGE_BOLD_END   '\x03'

/* Appends the text of the page: tags, comments, scripts and styles become one blank, runs of blanks one blank, the common entities
 * their characters. Linear in the page. `out` may then hold a password: buf_wipe. */
bool challenge_page_text(struct span utf8, struct buf *out);

/* LOGIN, IIS_ERROR, HTTPSYS_ERROR, or UNKNOWN. */
enum challenge_page challenge_page_foreign(struct span utf8);
/* What stands in <title>, redacted and cut; empty when there is none. False: no memory. */
bool challenge_page_title(struct span utf8, char *out, size_t out_bytes);
/* The value of an attribute within "<tag ..."; empty when it is absent. */
struct span challenge_page_attribute(struct span tag, const char *name);

/* challenge_page_redact for text without markup. */
bool challenge_text_redact(struct span utf8, struct buf *out, struct err *e) MUST_USE;

#endif
