/* What the files of this room share; nobody else includes it.
 *
 * source (bytes of a file, unpacked, as UTF-8) -> reading (a window on them) -> a reader (cuts units out of the window: lines,
 * elements, rows) -> the sink. A reader that is handed a window without a complete unit leaves it; the window grows up to
 * EVIDENCE_MAX_UNIT and more, then the reader has to drop something. That is all the memory there is. */
#ifndef EVIDENCE_PARTS_H
#define EVIDENCE_PARTS_H

#include "evidence/evidence.h"

/* The largest line, row or element: 1 MiB. What is larger is damaged. */
#define EVIDENCE_MAX_UNIT ((size_t)1 << 20)
#define EVIDENCE_CHUNK    ((size_t)1 << 18)

/* ---- arena.c: strings of one record ---- */

/* Made as large as a record can need before its first string, hence strings never move. */
struct arena {
    char *data;
    size_t len, cap;
};

/* Room for the strings out of `bytes` bytes of input; what was in it is gone. */
bool arena_begin(struct arena *a, size_t bytes) MUST_USE;
/* A NUL-terminated copy in clean UTF-8: bytes that are none are taken for Windows-1252, NULs become blanks. */
const char *arena_text(struct arena *a, struct span s);
/* The same piece by piece: texts appended one after the other are one string until arena_end. */
void arena_append(struct arena *a, struct span s);
void arena_append_char(struct arena *a, uint32_t code);
const char *arena_end(struct arena *a, size_t from);
void arena_free(struct arena *a);
bool arena_is_utf8(struct span s);

/* ---- scan.c: looking through bytes ---- */

size_t scan_count(struct span s, uint8_t byte);
/* Where `word` begins; NULL: nowhere. The second ignores the case of ASCII letters. */
const uint8_t *scan_find(struct span s, const char *word);
const uint8_t *scan_find_word(struct span s, const char *word);
bool scan_equal(struct span s, const char *word); /* ignores case */
struct span scan_trim(struct span s);
static inline struct span scan_from(struct span s, const uint8_t *at)
{
    return span_of(at, s.len - (size_t)(at - s.data));
}
/* A whole decimal number up to `max` and nothing else; -1: it is none. */
int64_t scan_number(struct span s, int64_t max);

/* ---- when.c: times ---- */

/* False outside 1990 .. 2100 or when there is no such day. */
bool when_make(int64_t year, int64_t month, int64_t day, int64_t *out_us) MUST_USE;
/* "2026-06-18" and "00:04:06[.123]". */
bool when_date(struct span s, int64_t *out_us) MUST_USE;
bool when_clock(struct span s, int64_t *out_us) MUST_USE;
/* "2026-05-09T21:30:11.0047380Z", also with a zone or, `zoned` false, without. */
bool when_iso(struct span s, int64_t *out_us, bool *zoned) MUST_USE;

/* Dates as people's settings write them: "19/06/2026 00:52:24", "6/19/26 12:52 PM", "2026. 06. 19. 오후 1:02:03". Only the
 * file as a whole tells days from months: note every date, then ask. */
struct when_order {
    bool month_first;
    bool doubtful; /* both orders would do */
};
struct when_survey {
    struct when_side {
        uint64_t valid, steps_up, steps_down;
        int64_t last, low, high;
    } day_first, month_first;
    uint64_t dots, noons; /* "19.06.2026"; AM or PM */
};
void when_note(struct when_survey *survey, struct span s);
struct when_order when_decide(const struct when_survey *survey);
bool when_local(struct span s, bool month_first, int64_t *out_us, bool *zoned) MUST_USE;

/* ---- source.c: bytes of a file ---- */

struct source;
bool source_open(const char *path, struct source **out, struct err *e) MUST_USE;
/* Borrows `bytes`. */
bool source_memory(struct span bytes, struct source **out, struct err *e) MUST_USE;
bool source_rewind(struct source *s);
/* Up to `cap` bytes (at least 4), unpacked; text as UTF-8 without byte-order mark unless `raw`. 0: the end. */
size_t source_read(struct source *s, uint8_t *out, size_t cap);
/* The first bytes of what source_read will give, without taking them. */
struct span source_head(struct source *s);
/* Of a file that is not packed; -1: there is none. */
int source_plain_fd(const struct source *s);
bool source_is_evtx(const struct source *s);
/* A pipe that somebody else fills; takes over `fd`. Silence of half a minute is a problem. */
bool source_pipe(int fd, struct source **out, struct err *e) MUST_USE;
uint64_t source_bytes(const struct source *s); /* read so far, unpacked */
/* A message for people when the end came early; "": none. */
const char *source_problem(const struct source *s);
void source_close(struct source *s);

/* ---- read.c: one file being read ---- */

struct reading;

struct reader {
    enum evidence_kind kind;
    size_t state_bytes; /* zeroed memory in r->state */
    /* Passes over the file twice; `r->surveying` the first time, when nothing is told. */
    bool surveys;
    /* Does a file that begins like this belong here? NULL in a reader that is chosen otherwise. */
    bool (*recognises)(struct span head);
    void (*begin)(struct reading *r, struct span head); /* may be NULL */
    /* Takes complete units and returns how many bytes; leaves less than EVIDENCE_MAX_UNIT, nothing when `last`. */
    size_t (*take)(struct reading *r, struct span window, bool last);
};

/* One pass, or two, of a reader over the source. */
void reading_run(struct reading *r, struct source *s, const struct reader *reader);

extern const struct reader reader_iis, reader_httperr, reader_events_xml, reader_events_csv, reader_plugin,
    reader_svclog, reader_state;

struct reading {
    const struct evidence_options *options;
    const struct evidence_sink *sink;
    struct evidence_file file;
    struct evidence_record record;
    const struct reader *reader;
    void *state;
    struct arena arena;  /* of one record */
    struct arena header; /* of the file */
    bool computer_known;
    bool no_lines;  /* records have none */
    bool resyncing; /* behind a damaged row */
    bool surveying;
    bool skipping; /* inside a line that was too long */
    bool no_memory;
};

/* Hands r->record over; `line` counts from 1. */
void reading_tell(struct reading *r, uint64_t line);
void reading_damaged(struct reading *r);
/* Whose file it is: the first computer's name, else the folder's, else the first address. */
void reading_address(struct reading *r, struct span address);
void reading_computer(struct reading *r, struct span name);

/* A `take` for formats of lines: calls `each` with every line, without its end. Counts lines in r->file.lines. */
size_t reading_lines(struct reading *r, struct span window, bool last,
                     void (*each)(struct reading *r, struct span line));

/* Chooses by contents; NULL: nothing known. */
const struct reader *recognise(struct span head, enum evidence_kind wanted);

/* `node`: what the folder says, "" nothing. */
bool read_one(const char *path, const char *shown_path, const char *node, enum evidence_kind kind,
              const struct evidence_options *options, const struct evidence_sink *sink, struct err *e);

/* ---- w3c.c: #Fields and columns, of IIS and HTTPERR ---- */

enum w3c_column {
    W3C_DATE,
    W3C_TIME,
    W3C_SERVER_IP,
    W3C_COMPUTER,
    W3C_METHOD,
    W3C_STEM,
    W3C_QUERY,
    W3C_USER,
    W3C_CLIENT,
    W3C_AGENT,
    W3C_HOST,
    W3C_STATUS,
    W3C_SUBSTATUS,
    W3C_WIN32,
    W3C_SENT,
    W3C_RECEIVED,
    W3C_TAKEN,
    W3C_VERSION,
    W3C_URI,
    W3C_REASON,
    W3C_QUEUE,
    W3C_COLUMN_COUNT
};

#define W3C_MAX_COLUMNS 64

struct w3c {
    int place[W3C_COLUMN_COUNT]; /* -1: no such column */
    size_t columns;              /* 0: no #Fields yet */
    int64_t day_us;              /* of the last #Date; EVIDENCE_NO_TIME */
    int64_t clock_us;            /* of the last line, for logs without dates */
    struct span cell[W3C_MAX_COLUMNS];
};

void w3c_begin(struct w3c *w);
/* A line that begins with '#'. */
void w3c_directive(struct w3c *w, struct span line);
/* Cuts the line into cells; false: fewer than there should be. */
bool w3c_split(struct w3c *w, struct span line);
/* Empty for "-" and for columns that there are not. */
struct span w3c_cell(const struct w3c *w, enum w3c_column column);
/* -1: no such column or no number. */
int64_t w3c_number(const struct w3c *w, enum w3c_column column, int64_t max);
/* Of the cells of the last w3c_split; false: not a time. No columns for it: EVIDENCE_NO_TIME. */
bool w3c_time(struct w3c *w, int64_t *out_us) MUST_USE;
/* Fields of a log whose beginning is lost, from its first line; false: it is none. */
bool w3c_guess(struct w3c *w, struct span line, const char *const *field_sets);

/* ---- csv.c: rows of cells ---- */

#define CSV_MAX_CELLS 64

struct csv {
    uint8_t separator; /* 0: not known yet */
    size_t count;
    bool
        malformed; /* single quotes within several lines: rather two rows with one quote too many between them */
    const char *cell[CSV_MAX_CELLS];
};

/* Skips what PowerShell and Excel put before the header ("#TYPE ...", "sep=;"); the header's separator. */
struct span csv_preamble(struct span s, uint8_t *separator);
/* Length of the first row with its end; 0: a quote is open at the end of `s`, or there is no end. */
size_t csv_row_length(struct span s);
/* Appends the cells to `a`, where they stay until arena_begin. Cells beyond CSV_MAX_CELLS are left out. */
void csv_split(struct csv *c, struct arena *a, struct span row);

/* Cuts rows out of a window; for `take`. A row that `each` refuses is damaged, and a quote too many may be why: then reading goes
 * on with its second line. */
size_t csv_rows(struct reading *r, struct span window, bool last,
                bool (*each)(struct reading *r, struct span row, uint64_t line));

/* ---- evtx.c ---- */

/* Reads an .evtx file with libevtx in a process of its own, as XML for reader_events_xml. */
void evtx_read(struct reading *r, struct source *s);

/* ---- xml.c: tags and text, for elements that are complete in memory ---- */

enum xml_token { XML_OPEN, XML_CLOSE, XML_EMPTY, XML_TEXT, XML_CDATA, XML_END, XML_BROKEN };

struct xml {
    struct span rest;
    struct span name;       /* of a tag, without a prefix */
    struct span attributes; /* of an opening tag, raw */
    struct span text;       /* raw */
};

enum xml_token xml_next(struct xml *x);
/* Goes through attributes one by one; `attributes` shrinks. */
bool xml_attribute_next(struct span *attributes, struct span *name, struct span *value);
/* Raw; empty when there is none. */
struct span xml_attribute(const struct xml *x, const char *name);
/* Appends text with its entities resolved. */
void xml_append(struct arena *a, struct span raw);
const char *xml_text(struct arena *a, struct span raw);

/* Cuts elements `name` out of a window and hands each over, from '<' to '>'; for `take`. */
size_t xml_elements(struct reading *r, struct span window, bool last, const char *name,
                    void (*each)(struct reading *r, struct span element, uint64_t line));

#endif
