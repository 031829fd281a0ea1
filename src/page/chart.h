/* Charts as inline SVG, drawn with classes only: the page's style gives colours, light or dark, on screen or paper. Series
 * differ in colour, dash and marker. Each has a name and a description for screen readers and a table of its values, which
 * is also what the page's script reads out under the pointer. How much is drawn does not depend on how long a run was.
 *
 * Labels, titles and names are escaped here; they may be a server's. */
#ifndef PAGE_CHART_H
#define PAGE_CHART_H

#include "base/bytes.h"

#include <math.h>

#define CHART_POINTS 150
#define CHART_SERIES 9 /* as many as the style has looks for */
#define CHART_TICKS  8
#define CHART_MARKS  4
#define CHART_ROWS   21
#define CHART_LABEL  128

/* No value: the line is broken there. */
#define CHART_NONE ((double)NAN)

enum chart_unit { CHART_NUMBER, CHART_DURATION /* microseconds */ };

struct chart_series {
    char label[CHART_LABEL];
    unsigned look; /* below CHART_SERIES */
    double y[CHART_POINTS];
};

struct chart_tick {
    double at;
    char label[16];
};

/* A horizontal line to compare with. */
struct chart_mark {
    double value;
    char label[CHART_LABEL];
};

struct chart_axis {
    double from, to;
    struct chart_tick ticks[CHART_TICKS];
    size_t count;
    const char *title;
};

/* Lines over x, or columns that add up. All strings borrowed. */
struct chart {
    const char *id; /* of the figure, ours: letters and dashes */
    const char *title;
    const char *says;    /* what it shows, in a sentence or two */
    const char *y_title; /* a duration's unit is added */
    const char *x_name;  /* of the table's first column */
    enum chart_unit unit;
    bool stacked;
    double width; /* of a column, in units of x */
    struct chart_axis x;
    size_t points;
    double at[CHART_POINTS];
    char name[CHART_POINTS][24]; /* of each point, in words: "1:30" */
    struct chart_series series[CHART_SERIES];
    size_t series_count;
    struct chart_mark marks[CHART_MARKS];
    size_t mark_count;
};
void chart_draw(const struct chart *c, struct buf *out);

/* The time since the start, from 0 to `until_s`, with ticks in seconds, minutes or hours as they fit. */
void chart_time_axis(struct chart_axis *x, double until_s);
void chart_time_name(double at_s, double until_s, char *out, size_t out_bytes);

/* Bars of parts that add up. */
struct chart_bars {
    const char *id, *title, *says;
    const char *x_name; /* of the table's first column */
    enum chart_unit unit;
    const char *parts[CHART_SERIES];
    size_t part_count;
    struct chart_bar {
        char label[CHART_LABEL];
        double value[CHART_SERIES];
    } rows[CHART_ROWS];
    size_t row_count;
};
void chart_draw_bars(const struct chart_bars *c, struct buf *out);

/* Spans of time beside each other, and today. Unix seconds. Its table is the caller's affair. */
struct chart_spans {
    const char *id, *title, *says;
    int64_t now;
    struct chart_span {
        char label[CHART_LABEL], note[40];
        int64_t from, to;
        const char *class_name; /* "good" "warn" "bad" */
    } rows[CHART_ROWS];
    size_t row_count;
};
void chart_draw_spans(const struct chart_spans *c, struct buf *out);

#endif
