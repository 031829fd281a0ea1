/* What the live view says at one moment: facts in, a few lines out. Pure; it knows no terminal and no clock. */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "measure/measure.h"

#define VIEW_MAX_CAUSES 5
#define VIEW_MAX_LINES  (8 + VIEW_MAX_CAUSES)
#define VIEW_LINE_BYTES 512

struct view_rates {
    bool known;
    double offered, started, done, failed; /* per second, of late */
};

struct view {
    int64_t now_us;
    int64_t end_us;    /* when the last arrival is due, as things stand; INT64_MAX: nobody knows */
    uint64_t planned;  /* 0: nobody knows */
    const char *state; /* what is out of the ordinary: "PAUSED"; "": nothing */
    const char *keys;  /* what the person may press; NULL: nothing */
    struct measure_devices devices;
    uint64_t offered;
    struct view_rates per_s;
    const struct histogram *recent, *total;    /* enrollment latency; NULL: not known */
    const struct outcome_in_flight *in_flight; /* NULL: not known */
    struct {
        double share; /* of the failures */
        char words[160];
    } causes[VIEW_MAX_CAUSES];
    size_t cause_count;
    bool judged; /* the next four are known */
    bool valid;
    char broken[160]; /* the rules that are, by name; empty: none */
    int64_t lag_us, stall_us;
};

struct view_lines {
    char text[VIEW_MAX_LINES][VIEW_LINE_BYTES];
    size_t count;
};

/* Lines of at most `columns` characters, at most `rows` (1 or more), the most important ones if not all fit. Fewer than 39
 * columns make one line. Colours when `colour`, else no escapes at all; foreign words are made printable ASCII. */
void view_draw(const struct view *v, unsigned columns, unsigned rows, bool colour, struct view_lines *out);

#endif
