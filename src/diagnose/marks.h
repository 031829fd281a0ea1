/* Marks: what a server's logs can show, and for or against which causes it speaks. Data, one table per kind of log; for this
 * room only. Written from what is documented about Windows, IIS and NDES (ndes.md D to G), never from the simulator.
 *
 * `ratio` is a likelihood ratio: how much more often the mark is seen when the cause is at work than when another of its
 * look-alikes is. Documented as deciding: 100 and more; strong: 20 to 60; supporting: 3 to 10; below 1: against. */
#ifndef DIAGNOSE_MARKS_H
#define DIAGNOSE_MARKS_H

#include "evidence/evidence.h"

struct speaks {
    const char *cause; /* NULL ends a list */
    double ratio;
};

/* What an IIS line asks for, one bit each. */
enum {
    ASK_CAPS = 1,
    ASK_CERT = 2,
    ASK_GET = 4, /* PKIOperation */
    ASK_POST = 8,
    ASK_OTP = 16,
    ASK_BARE = 32,   /* mscep.dll without an operation */
    ASK_VERIFY = 64, /* the registration point of the Intune connector */
    ASK_NOTIFY = 128,
    ASK_ASTRAY = 256, /* an operation of SCEP at a path that is none of NDES's */
    ASK_FOLDER = 512, /* /certsrv/mscep/ */
    ASK_LONG = 1024,  /* with ASK_GET: a query longer than the 2048 that IIS allows by default */
    ASK_SITE = 2048,  /* anything else */
    ASK_PKI = ASK_GET | ASK_POST,
    ASK_SCEP = ASK_CAPS | ASK_CERT | ASK_PKI,
    ASK_DLL = ASK_SCEP | ASK_BARE,
    ASK_NDES = ASK_DLL | ASK_OTP,
    ASK_CRP = ASK_VERIFY | ASK_NOTIFY
};

#define SUB(n)     ((n) + 1)
#define SUB_ABSENT (-1) /* the log has no such column */

/* Conditions that are 0 or NULL ask nothing. */
struct mark {
    const char *id;
    const char *says;            /* a sentence without its full stop */
    const char *problem;         /* the failure that it is part of; NULL: it only speaks */
    const struct speaks *speaks; /* NULL: nothing */
    double weight;               /* how many failing requests one of these stands for; 0: one */
    bool anywhere;               /* whichever computer it comes from: CA, domain controller, connector */
    bool scoped;                 /* about an application pool, which the event names */
    enum evidence_kind kind;
    /* IIS, HTTPERR */
    unsigned asks;
    int status, sub; /* SUB(14), SUB_ABSENT */
    int64_t win32;   /* SUB(1326) */
    const char *reason;
    /* events */
    const char *provider; /* part of its name; alternatives separated by '|' */
    uint32_t event, or_event;
    uint32_t code;     /* an HRESULT or NTSTATUS in data or text, in any notation */
    const char *words; /* in data or text, in any case; alternatives separated by '|' */
    /* state */
    const char *table;
    bool (*when)(const struct evidence_record *r);
};

#define SPEAKS(...)                                                                                          \
    (const struct speaks[])                                                                                  \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            NULL, 0                                                                                          \
        }                                                                                                    \
    }

struct marks {
    const struct mark *list;
    size_t count;
};

/* Tables in the order of their kinds; `marks_patterns` are set by patterns.c and match nothing themselves. */
extern const struct marks marks_iis, marks_httperr, marks_ndes, marks_windows, marks_account, marks_ca,
    marks_intune, marks_state, marks_patterns;

size_t marks_count(void);
const struct mark *marks_at(size_t index);
const struct mark *marks_find(const char *id); /* NULL: no such mark */

/* True when the record shows the mark. `asks` is what marks_asks says of an IIS record. */
bool marks_match(const struct mark *m, const struct evidence_record *r, unsigned asks);
unsigned marks_asks(const struct evidence_iis *line, const char *own_stem);

/* Words of an event or a text in any case; alternatives separated by '|'. */
bool marks_says(const struct evidence_record *r, const char *words);
/* What Service Control Manager 7036 says of the service: by its number, or the word of whatever language. */
bool marks_service_stopped(const struct evidence_record *r);
bool marks_service_runs(const struct evidence_record *r);
/* A number in data or text: hex, signed or unsigned decimal, %%n, or the little-endian bytes of <Binary>. For HRESULTs also
 * the English text that Windows has for it. */
bool marks_has_code(const struct evidence_record *r, uint32_t code);
/* The code that a refusal carries (event 31, CA 53), from number or text; E_FAIL only when nothing else is there; 0: none. */
uint32_t marks_code(const struct evidence_record *r);
const char *marks_data(const struct evidence_event *e, const char *name); /* "": no such field */

#endif
