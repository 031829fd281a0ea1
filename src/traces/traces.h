/* What a Windows server writes down about itself while it serves NDES (ndes.md D, E, G): files in the formats of the real
 * ones. This room knows formats and rotates nothing but IIS's logs, by day; what happened it is told. Nothing here is read by
 * diagnosis.
 *
 * Files in the folder: u_ex<yymmdd>.log (IIS W3C), httperr1.log, application.xml, system.xml, security.xml, connector.xml,
 * capi2.xml, ca.xml (event exports as wevtutil writes them), NDESPlugin.log and CertificateRegistrationPoint_1.svclog (with
 * a connector), device.xml (of a device, when it had events), and state/<table>.csv. All times are written in UTC from the wall-clock microseconds handed in.
 *
 * Thread: any, for everything but open and close. Writing is buffered; an export is well-formed XML whenever it is looked at.
 * Lines are in the order in which they were handed in, as on the real server. */
#ifndef TRACES_TRACES_H
#define TRACES_TRACES_H

#include "base/bytes.h"

struct traces;

/* Copied; strings may be NULL where a default is named. */
struct traces_config {
    const char *folder;  /* made when it is not there; must be empty or absent */
    const char *state;   /* folder of the tables; NULL: state/ in `folder` */
    const char *node;    /* "NDES01": computer of the events */
    const char *domain;  /* "contoso.example" */
    const char *ca_node; /* "CA01" */
    const char *ca_name; /* "Contoso Issuing CA"; NULL: that */
    const char *account; /* "CONTOSO\\svc-ndes" */
    const char *address; /* s-ip */
    unsigned port;
    int64_t now_us; /* the logs of IIS and HTTP.sys begin then; 0: with their first lines */
    bool tls;       /* the site has an https binding */
    bool connector; /* Intune's connector and policy module are there */
    /* Told once when a file cannot be written; what belongs into it is dropped from then on. Any thread. NULL: nobody. */
    void (*failed)(const struct err *e, void *user);
    void *user;
};

/* Fails: REASON_IO (a folder that is not empty, a file that cannot be made), REASON_NO_MEMORY. */
bool traces_open(const struct traces_config *config, struct traces **out, struct err *e) MUST_USE;
/* Writes what is still in memory and the tables. NULL is fine. Fails when anything could not be written since `open`. */
bool traces_close(struct traces *t, struct err *e);
/* Everything up to now is in the files: what `netsh http flush logbuffer` does. */
bool traces_flush(struct traces *t, struct err *e) MUST_USE;

/* Strings borrowed for the call; NULL is written as "-". */
struct traces_iis {
    int64_t when_us; /* end of the request, Unix */
    const char *method, *stem, *query, *user, *client, *agent;
    unsigned port; /* 0: the configured one */
    int status;
    unsigned substatus;
    uint32_t win32;                      /* above 2^31 written as unsigned decimal (G.1) */
    uint64_t bytes_sent, bytes_received; /* no default fields: this administrator switched them on */
    int64_t taken_us;
};
void traces_iis(struct traces *t, const struct traces_iis *line);

struct traces_httperr {
    int64_t when_us;
    const char *client;
    unsigned client_port;
    unsigned port;                      /* 0: the configured one */
    const char *version, *method, *uri; /* NULL: the connection never sent one */
    int status;                         /* 0: none */
    const char *reason;                 /* "AppOffline" "QueueFull" "FieldLength" */
    const char *queue;                  /* "SCEP"; NULL: it never got so far */
};
void traces_httperr(struct traces *t, const struct traces_httperr *line);

/* An event by its short name: "NDES 29", "WAS 5057", "Security 4625", as in event_kinds.h, which knows its log, provider,
 * level, data names and message. `values` are its data in order, ends with NULL. False: there is no such kind. */
bool traces_event(struct traces *t, int64_t when_us, const char *kind, const char *const *values);
bool traces_event_exists(const char *kind);

void traces_plugin(struct traces *t, int64_t when_us, const char *line);    /* NDESPlugin.log */
void traces_svclog(struct traces *t, int64_t when_us, const char *message); /* registration point */

/* Sets the cell of a table that is written when `t` closes or is flushed: traces_state(t, "apppools", "SCEP", "State",
 * "Stopped"). The healthy server's tables are there from the start. A row that is not there is added; a first column set to
 * "" takes its row away, set to its name again brings it back. False: there is no such table or column, or no memory. */
bool traces_state(struct traces *t, const char *table, const char *row, const char *column,
                  const char *value);
/* What is in a cell; "" for a row that is not there. Appends to *out. False: there is no such table or column. */
bool traces_state_get(struct traces *t, const char *table, const char *row, const char *column,
                      struct buf *out);
bool traces_state_exists(const char *table, const char *column);

#endif
