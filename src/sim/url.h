/* Where a request goes: paths, queries and the GET form of PKIOperation (ndes.md A.1, B.7). */
#ifndef SIM_URL_H
#define SIM_URL_H

#include "sim/effects.h"

#define SIM_URL_MAX_TARGET  65534 /* HTTP.sys MaxFieldLength and MaxRequestBytes, as NDES wants them */
#define SIM_URL_MAX_SEGMENT 260   /* HTTP.sys UrlSegmentMaxLength */

enum sim_place {
    SIM_PLACE_UNKNOWN,
    SIM_PLACE_MSCEP,
    SIM_PLACE_MSCEP_NO_SLASH, /* /certsrv/mscep */
    SIM_PLACE_ADMIN,
    SIM_PLACE_ADMIN_NO_SLASH, /* /certsrv/mscep_admin */
    /* What stands for somebody else than the server; loopback only. */
    SIM_PLACE_INTUNE_MINT,     /* /scepstorm/intune/mint: the cloud */
    SIM_PLACE_PROXY_CHALLENGE, /* /scepstorm/proxy/challenge: the MDM's console */
    SIM_PLACE_FAULTS,          /* /scepstorm/admin/faults[/ID]: somebody breaks or mends something */
    SIM_PLACE_RESTART,         /* /scepstorm/admin/restart: somebody recycles the application pool */
    SIM_PLACE_FLUSH,           /* /scepstorm/admin/flush: somebody wants to read the logs now */
};

struct sim_url {
    enum sim_error_page refused; /* by HTTP.sys: too long, or no URL; SIM_ERROR_NONE: go on */
    enum sim_place place;
    bool folder; /* without mscep.dll: what its default document is decides */
    enum sim_operation operation;
    struct span message; /* `message` of the query, still encoded; points into the target */
};

/* Never fails: what is not understood is SIM_PLACE_UNKNOWN or SIM_OP_BARE. Letter case of paths, names and operations
 * does not count, nor do doubled slashes. */
struct sim_url sim_url_parse(struct span target);

/* "http://host/path" on the request line, as to a proxy, from its path on: HTTP.sys takes it, and IIS logs no more. */
struct span sim_url_without_authority(struct span target);

/* The bytes behind message=: percent-encoded or raw, `+` as itself, line ends (also %0A) ignored, with or without
 * padding. Fails: REASON_MALFORMED. */
bool sim_url_message(struct span encoded, struct buf *out, struct err *e) MUST_USE;

/* Name and password of an Authorization header that is Basic. False: it is not, or has no colon, or the name does not fit.
 * Wipe `password` in any case. */
bool sim_url_basic(const char *authorization, char *name, size_t name_bytes, struct buf *password);

#endif
