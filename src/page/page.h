/* Pages that stand alone: one file, nothing fetched, readable where scripts are off. What is here knows nothing of runs.
 *
 * Words that are not ours (servers', users') go through markup_text or a function that says so; everything else is written
 * as it stands. Appends to `out`; ask buf_ok once at the end. */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/markup.h"

/* What the head needs. `script` runs after the page's own, NULL: none. A page that `talks` may ask the server that it came
 * from; no other may ask anybody, and none may run scripts but these: its policy holds their hashes. */
struct page_head {
    const char *title; /* escaped */
    const char *script;
    bool talks;
};

/* All before the content, up to and with <main>, and all after it. What stands in between can be exchanged while the
 * page is open: window.scepstorm.show(html) puts it in, and keeps what the reader unfolded, chose or looked at. */
bool page_begin(const struct page_head *head, struct buf *out);
bool page_end(struct buf *out);

/* <tag class="...">text</tag>, the text escaped; class_name NULL: none. */
void page_element(struct buf *out, const char *tag, const char *class_name, const char *text);

/* Tables, with a caption and headings that screen readers find. */
struct page_column {
    const char *title;
    bool number; /* to the right */
};
void page_table(struct buf *out, const char *caption, const struct page_column *columns, size_t count);
void page_table_end(struct buf *out);
void page_row(struct buf *out, const char *name); /* begins a row with its heading, escaped */
void page_row_end(struct buf *out);
void page_cell(struct buf *out, const char *class_name, const char *text);

#endif
