/* The live page: the report's sections, served again and again, and a script that puts them in. For this room only. */
#ifndef LIVE_PAGE_H
#define LIVE_PAGE_H

#include "live/live.h"

/* The page as a whole; readable without scripts, too. */
bool live_page_write(const struct live_view *v, struct buf *out, struct err *e) MUST_USE;
/* What its script asks for. */
bool live_page_sections(const struct live_view *v, struct buf *out, struct err *e) MUST_USE;
/* The sections of what is no run. */
void live_page_words(const struct live_texts *texts, struct buf *out);
/* A page around anything else: `sections` as they stand, `title` escaped. */
bool live_page_around(const char *title, struct span sections, struct buf *out, struct err *e) MUST_USE;
/* What its header Content-Security-Policy says beside the one within the page. Static. */
const char *live_page_policy(void);

#endif
