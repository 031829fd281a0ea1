/* Server-side evidence, read as a stream: IIS and HTTPERR logs, event exports, plug-in and connector logs, tables of the
 * collector. A file becomes records, one at a time, whatever its size; what cannot be read is counted and skipped. Nothing is
 * judged here. Sources: ndes.md G; the formats that Microsoft documents for each.
 *
 * One thread. All strings in a record are borrowed during the callback, UTF-8, never NULL unless said. */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

#include "base/bytes.h"

enum evidence_kind {
    EVIDENCE_UNKNOWN, /* not recognised */
    EVIDENCE_IIS,     /* W3C extended log */
    EVIDENCE_HTTPERR,
    EVIDENCE_EVENTS, /* wevtutil XML, Get-WinEvent or Event Viewer CSV, .evtx */
    EVIDENCE_PLUGIN, /* NDESPlugin.log, Configuration-Manager style or bare */
    EVIDENCE_SVCLOG, /* E2ETraceEvent stream */
    EVIDENCE_STATE,  /* a table of the collector's state/ folder */
    EVIDENCE_KIND_COUNT
};
const char *
evidence_kind_id(enum evidence_kind kind); /* "iis" "httperr" "events" "plugin" "svclog" "state" */

struct evidence_file {
    const char *path; /* as the user wrote it, or below his folder */
    enum evidence_kind kind;
    /* Which server it speaks of, as far as folder and contents tell: computer name, s-ip or the sub-folder; "": not known. */
    char node[64];
    uint64_t bytes; /* read; of a .gz unpacked */
    uint64_t lines, records;
    uint64_t damaged; /* lines or elements that could not be read */
    /* Its times carry no zone: they are the server's local time (CSV); see evidence_detect_offset. */
    bool local_time;
    /* Day and month could be exchanged in every date of it; see evidence_options.dates. */
    bool dates_doubtful;
    const char *problem; /* why it ended early or was not read: "its compression is damaged"; "": nothing */
};

#define EVIDENCE_NO_TIME INT64_MIN

struct evidence_iis {
    /* "-" becomes empty; in `agent` the '+' that IIS writes for blanks are blanks again, in the others they stand. */
    struct span method, stem, query, user, client, agent, server_ip, host;
    int status;
    int substatus;                                /* -1: the log has no such column */
    int64_t win32;                                /* -1: no such column; unsigned 32 bits */
    int64_t taken_ms, bytes_sent, bytes_received; /* -1: no such column */
};

struct evidence_httperr {
    struct span client, version, method, uri, reason, queue;
    int status; /* 0: "-" */
};

#define EVIDENCE_MAX_DATA 96

struct evidence_event {
    const char *channel, *provider, *computer; /* "" where the export does not say */
    uint32_t id;
    int level; /* 1 critical .. 4 information, 0 unknown */
    uint64_t record;
    /* In order; name "" where there is none. Of <UserData> every text by its element's name and every attribute as
     * "Element.attribute": CAPI2 has "Result.value" 800B0109 and "Result" with the words. */
    struct {
        const char *name, *value;
    } data[EVIDENCE_MAX_DATA];
    size_t data_count;
    const char *binary;  /* <Binary>, hex */
    const char *message; /* rendered text; "" when not exported */
};

struct evidence_text {
    const char *text; /* the record's message */
    int level;        /* as of events; 0 unknown */
};

#define EVIDENCE_MAX_COLUMNS 32

/* A row of a table that the collector wrote. */
struct evidence_state {
    const char *table; /* "certificates": the file's name */
    struct {
        const char *name, *value;
    } cell[EVIDENCE_MAX_COLUMNS];
    size_t cell_count;
};
const char *evidence_state_cell(const struct evidence_state *row,
                                const char *column); /* "": no such column */

struct evidence_record {
    const struct evidence_file *file;
    uint64_t line;   /* where it begins, from 1; 0: the format has none */
    int64_t time_us; /* Unix; of `local_time` files as if the local time were UTC; EVIDENCE_NO_TIME */
    enum evidence_kind kind;
    union {
        struct evidence_iis iis;
        struct evidence_httperr httperr;
        struct evidence_event event;
        struct evidence_text text; /* plugin, svclog */
        struct evidence_state state;
    };
};

struct evidence_sink {
    void (*record)(const struct evidence_record *r, void *user);
    /* Once a file is done (also one that was not recognised): its counts. */
    void (*file)(const struct evidence_file *f, void *user);
    void *user;
};

/* What the caller wants to know of IIS logs: lines that name none of NDES's paths are only counted, which is what makes large
 * logs fast. Always told: paths with /certsrv/ or /CertificateRegistrationSvc/ in any case, or `stem` (a SCEP URL's path of
 * the run; NULL: none); and every 5xx of the whole site. */
struct evidence_options {
    const char *stem;
    /* How "05/06/2026" is meant where a file does not say; 0: as its own dates make likely. */
    enum evidence_dates { EVIDENCE_DATES_DETECT, EVIDENCE_DATES_DAY_FIRST, EVIDENCE_DATES_MONTH_FIRST } dates;
};

/* Reads one file. `kind` EVIDENCE_UNKNOWN: by its contents. gzip is unpacked, UTF-16 and a byte-order mark understood.
 * Fails: REASON_IO (cannot be opened or read: path and cause), REASON_USAGE (is not of the `kind` that was asked for),
 * REASON_NO_MEMORY. Damaged contents are no failure. */
bool evidence_read(const char *path, enum evidence_kind kind, const struct evidence_options *options,
                   const struct evidence_sink *sink, struct err *e) MUST_USE;

/* Reads everything recognised below `folder`, in the order of names, at most 8 levels deep and 10,000 files; symbolic links are
 * not followed. Files that are nothing known are told to `sink->file` with EVIDENCE_UNKNOWN; so is what is left out (links, pipes,
 * what is too deep or too much), with its `problem`. */
bool evidence_read_folder(const char *folder, const struct evidence_options *options,
                          const struct evidence_sink *sink, struct err *e) MUST_USE;

/* The same with a file that is in memory already; `name` is its path in records. */
bool evidence_read_bytes(struct span bytes, const char *name, enum evidence_kind kind,
                         const struct evidence_options *options, const struct evidence_sink *sink,
                         struct err *e) MUST_USE;

/* How far a server's local clock is ahead of UTC: the quarter of an hour within 14 hours that brings `local` times nearest to
 * those of `utc`, beyond chance (which is right once in a hundred). Subtract it from the local times. False: no offset stands
 * out; *offset_us is untouched. Neither need be sorted; more than 4096 are thinned, EVIDENCE_NO_TIME is left out.
 * Give it what belongs together. Failures: events of refused requests and the lines of these requests. Outages: events of pool and
 * service (WAS 5021, 5057, 5059, 5002, NDES 1 and 3, Service Control Manager 7036), and of the web server's log the last line
 * before the first 503 and the first after, and the same at the end; three or four such times are enough. */
bool evidence_detect_offset(const int64_t *local_us, size_t local_count, const int64_t *utc_us,
                            size_t utc_count, int64_t *offset_us) MUST_USE;

#endif
