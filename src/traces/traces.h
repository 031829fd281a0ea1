/* What a Windows server writes down about itself while it serves NDES (ndes.md D, E, G): files in the formats of the real
 * ones. This room knows formats and rotates nothing; what happened it is told. Nothing here is read by diagnosis.
 *
 * Files in the folder: u_ex<yymmdd>.log (IIS W3C), httperr1.log, application.xml, system.xml, security.xml, connector.xml,
 * capi2.xml, ca.xml (event exports as wevtutil writes them), NDESPlugin.log, CertificateRegistrationPoint_<n>.svclog, and
 * state/<table>.csv. All times are written in UTC from the wall-clock microseconds handed in. Any thread. */
#ifndef TRACES_TRACES_H
#define TRACES_TRACES_H

#include "base/bytes.h"

struct traces;

struct traces_config {
    const char *folder;  /* made when it is not there; must be empty or absent */
    const char *node;    /* "NDES01": computer of the events */
    const char *domain;  /* "contoso.example" */
    const char *ca_node; /* "CA01" */
    const char *account; /* "CONTOSO\\svc-ndes" */
    const char *address; /* s-ip */
    unsigned port;
};

bool traces_open(const struct traces_config *config, struct traces **out, struct err *e) MUST_USE;
/* Writes what is still in memory, closes <Events>. A file that could not be written fails here, once. */
bool traces_close(struct traces *t, struct err *e);
/* Everything up to now is in the files: what `netsh http flush logbuffer` does. */
bool traces_flush(struct traces *t, struct err *e) MUST_USE;

/* Strings borrowed for the call; NULL is written as "-". */
struct traces_iis {
    int64_t when_us; /* end of the request, Unix */
    const char *method, *stem, *query, *user, *client, *agent;
    unsigned port;
    int status;
    unsigned substatus;
    uint32_t win32; /* above 2^31 written as unsigned decimal (G.1) */
    uint64_t bytes_sent, bytes_received;
    int64_t taken_us;
};
void traces_iis(struct traces *t, const struct traces_iis *line);

struct traces_httperr {
    int64_t when_us;
    const char *client;
    unsigned client_port;
    const char *version, *method, *uri; /* NULL: the connection never sent one */
    int status;                         /* 0: none */
    const char *reason;                 /* "AppOffline" "QueueFull" "FieldLength" */
    const char *queue;                  /* "SCEP" */
};
void traces_httperr(struct traces *t, const struct traces_httperr *line);

/* An event by its short name: "NDES 29", "WAS 5057", "Security 4625", as in event_kinds.c, which knows its log, provider,
 * level, data names and message. `values` are its data in order, ends with NULL. False: there is no such kind. */
bool traces_event(struct traces *t, int64_t when_us, const char *kind, const char *const *values);
bool traces_event_exists(const char *kind);

void traces_plugin(struct traces *t, int64_t when_us, const char *line);    /* NDESPlugin.log */
void traces_svclog(struct traces *t, int64_t when_us, const char *message); /* registration point */

/* Sets the cell of a table that is written when `t` closes or is flushed: traces_state(t, "apppools", "SCEP", "State",
 * "Stopped"). The healthy server's tables are there from the start. False: there is no such table or column. */
bool traces_state(struct traces *t, const char *table, const char *row, const char *column,
                  const char *value);

#endif
