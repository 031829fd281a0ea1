/* Between the files that draw; for this room only. */
#ifndef PAGE_CHART_PARTS_H
#define PAGE_CHART_PARTS_H

#include "page/chart.h"
#include "page/page.h"

/* The drawing, in units of its view box: as wide as half a page is in pixels, so that letters keep their size. */
#define CHART_WIDTH 560

void chart_begin(const char *id, const char *title, const char *says, int height, struct buf *out);
void chart_end_drawing(struct buf *out); /* what a figure holds beside it may follow */
void chart_end(struct buf *out);
/* What the looks mean; with a box to tick where a series can be left out. */
void chart_legend(const char *id, size_t count, const char *(*label)(const void *of, size_t i),
                  unsigned (*look)(const void *of, size_t i), const void *of, bool choose, struct buf *out);
void chart_table_begin(const char *id, const char *title, struct buf *out);
void chart_table_end(struct buf *out);

/* Unit of a duration that reads well up to `top` microseconds. */
struct chart_scale {
    const char *unit;
    double by; /* divide by it */
};
struct chart_scale chart_scale_of(enum chart_unit unit, double top);
/* A round number, some three to five of which reach `top`. */
double chart_step(double top, bool whole);
void chart_value(enum chart_unit unit, double value, char *out, size_t out_bytes); /* with its unit */

#endif
