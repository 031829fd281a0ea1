/* Where a request goes: paths, queries and the GET form of PKIOperation (ndes.md A.1, B.7). */
#ifndef NDES_URL_H
#define NDES_URL_H

#include "ndes/effects.h"

#define NDES_URL_MAX_TARGET  65534 /* HTTP.sys MaxFieldLength and MaxRequestBytes, as NDES wants them */
#define NDES_URL_MAX_SEGMENT 260   /* HTTP.sys UrlSegmentMaxLength */

enum ndes_place {
    NDES_PLACE_UNKNOWN,
    NDES_PLACE_MSCEP,
    NDES_PLACE_MSCEP_NO_SLASH, /* /certsrv/mscep */
    NDES_PLACE_ADMIN,
    NDES_PLACE_ADMIN_NO_SLASH, /* /certsrv/mscep_admin */
    /* What stands for somebody else than the server; loopback only. */
    NDES_PLACE_INTUNE_MINT,     /* /scepstorm/intune/mint: the cloud */
    NDES_PLACE_PROXY_CHALLENGE, /* /scepstorm/proxy/challenge: the MDM's console */
    NDES_PLACE_FAULTS,          /* /scepstorm/admin/faults[/ID]: somebody breaks or mends something */
    NDES_PLACE_RESTART,         /* /scepstorm/admin/restart: somebody recycles the application pool */
    NDES_PLACE_FLUSH,           /* /scepstorm/admin/flush: somebody wants to read the logs now */
};

struct ndes_url {
    enum ndes_error_page refused; /* by HTTP.sys: too long, or no URL; NDES_ERROR_NONE: go on */
    enum ndes_place place;
    bool folder; /* without mscep.dll: what its default document is decides */
    enum ndes_operation operation;
    struct span message; /* `message` of the query, still encoded; points into the target */
};

/* Never fails: what is not understood is NDES_PLACE_UNKNOWN or NDES_OP_BARE. Letter case of paths, names and operations
 * does not count, nor do doubled slashes. */
struct ndes_url ndes_url_parse(struct span target);

/* "http://host/path" on the request line, as to a proxy, from its path on: HTTP.sys takes it, and IIS logs no more. */
struct span ndes_url_without_authority(struct span target);

/* The bytes behind message=: percent-encoded or raw, `+` as itself, line ends (also %0A) ignored, with or without
 * padding. Fails: REASON_MALFORMED. */
bool ndes_url_message(struct span encoded, struct buf *out, struct err *e) MUST_USE;

/* Name and password of an Authorization header that is Basic. False: it is not, or has no colon, or the name does not fit.
 * Wipe `password` in any case. */
bool ndes_url_basic(const char *authorization, char *name, size_t name_bytes, struct buf *password);

#endif
