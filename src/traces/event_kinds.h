/* The events that a Windows server with NDES can have in its logs, by short names: a provider's short name and the event's
 * number, "NDES 29". "CA-" in front ("CA-Security 4625") puts the event of another provider into the CA's export instead.
 *
 * Private to this room but for tests. Forms: ndes.md D and G.4, exports of wevtutil; texts as English Windows shows them,
 * shortened where nobody reads on. */
#ifndef TRACES_EVENT_KINDS_H
#define TRACES_EVENT_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An export of its own each. */
enum traces_export {
    TRACES_APPLICATION,
    TRACES_SYSTEM,
    TRACES_SECURITY,
    TRACES_CONNECTOR,
    TRACES_CAPI2,
    TRACES_CA,     /* of the CA's machine */
    TRACES_DEVICE, /* of a device that had trouble; there is such a file only with events */
    TRACES_EXPORT_COUNT
};

struct traces_provider {
    const char *prefix; /* "NDES" */
    const char *name;
    const char *guid;   /* NULL: classic source without a manifest */
    const char *source; /* EventSourceName; NULL: none */
    const char *channel;
    enum traces_export export;
    bool classic;     /* keyword Classic, no process in <Execution> */
    const char *user; /* SID in <Security>; NULL: none */
};

enum traces_level {
    TRACES_AUDIT, /* level 0; success and failure are keywords */
    TRACES_CRITICAL,
    TRACES_ERROR,
    TRACES_WARNING,
    TRACES_INFORMATION,
};

/* `data` lists what <EventData> holds, separated by '|':
 *     Name            the next of the caller's values; empty without one
 *     Name?default    the same with a default
 *     Name=text       always that; %1 to %9 are the caller's values, %u1 and %d1 user and domain of DOMAIN\user
 * A name may be empty (<Data> without a name); "#" is <Binary>, a code like 0x8007052E written as its bytes. Braces hold what
 * the server is: {node} {fqdn} {domain} {netbios} {account} {pool} {ca} {ca-node}. Data that begin with '<' are UserData.
 * In `message`, %1 is the first item of the data. */
struct traces_kind {
    const char *name;
    enum traces_level level;
    unsigned qualifiers; /* of classic sources */
    unsigned task;
    const char *data; /* NULL: none */
    const char *message;
    const char *data_name; /* <EventData Name='...'>; NULL: none */
    bool failure;          /* TRACES_AUDIT: Audit Failure */
};

struct traces_kinds {
    const struct traces_kind *kinds;
    size_t count;
};
#define TRACES_KINDS(name, table) const struct traces_kinds name = {table, sizeof table / sizeof table[0]}

extern const struct traces_kinds traces_kinds_application, traces_kinds_system, traces_kinds_security,
    traces_kinds_pki;

/* NULL: no such kind. With *provider, *export (TRACES_CA for "CA-...") and *id of the event, each unless NULL. */
const struct traces_kind *traces_kind_find(const char *name, const struct traces_provider **provider,
                                           enum traces_export *export, unsigned *id);
/* All of them; NULL past the last. */
const struct traces_kind *traces_kind_at(size_t index);

#endif
