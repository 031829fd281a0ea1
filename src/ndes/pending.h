/* Requests that wait for an officer's decision, as NDES remembers them: in memory, by transactionID, for `CacheRequest`
 * minutes (ndes.md B.4). A restart of the application pool forgets all. Time comes as an argument. Any thread. */
#ifndef NDES_PENDING_H
#define NDES_PENDING_H

#include "scep/types.h"

#define NDES_PENDING_MAX 262144 /* beyond it the oldest request is forgotten */

/* When the officer decides, and what. */
enum ndes_approval_when {
    NDES_APPROVAL_NONE,  /* nobody is asked: issued at once */
    NDES_APPROVAL_POLLS, /* the n-th poll gets the answer */
    NDES_APPROVAL_TIME,  /* polls from then on get it */
    NDES_APPROVAL_FAULT, /* when the fault that made the request wait has ended */
};
struct ndes_approval {
    enum ndes_approval_when when;
    unsigned polls;
    int64_t after_us;
    bool deny;
};

struct ndes_pending;

bool ndes_pending_new(int64_t remembered_us, struct ndes_pending **out, struct err *e) MUST_USE;
void ndes_pending_free(struct ndes_pending *pending);

/* What waits: which request, for what. Spans borrowed during the call. */
struct ndes_pending_request {
    const char *transaction_id;
    struct span subject; /* DER Name */
    struct span spki;
    struct span content; /* the PKCS#10, kept (it can hold a password: wiped later) */
    bool renewal;
    struct ndes_approval approval;
    uint32_t ca_number; /* the CA's number of it */
};
/* Fails: REASON_NO_MEMORY. */
bool ndes_pending_add(struct ndes_pending *pending, const struct ndes_pending_request *request,
                      int64_t now_us, struct err *e) MUST_USE;

enum ndes_poll {
    NDES_POLL_UNKNOWN, /* never heard of, or forgotten */
    NDES_POLL_WAITS,
    NDES_POLL_DENIED,
    NDES_POLL_APPROVED, /* the caller issues, then calls ndes_pending_done; until then other polls wait */
};
struct ndes_poll_answer {
    enum ndes_poll verdict;
    uint64_t number; /* for ndes_pending_done: tells requests with the same transactionID apart */
    bool renewal;
    bool first; /* DENIED: nobody was told before */
    uint32_t ca_number;
};
/* Counts as one poll. A CertPoll names a subject and no key, a PKCSReq that is sent again has a key: an empty span asks
 * nothing. `fault_over`: what NDES_APPROVAL_FAULT waits for. APPROVED appends the PKCS#10 to `content`; wipe it. */
struct ndes_poll_answer ndes_pending_poll(struct ndes_pending *pending, const char *transaction_id,
                                          struct span subject, struct span spki, bool fault_over,
                                          int64_t now_us, struct buf *content);
/* After APPROVED: issued, so it is not remembered any longer; or not, and the next poll tries again. */
void ndes_pending_done(struct ndes_pending *pending, const char *transaction_id, uint64_t number,
                       bool issued);
/* What a restart of the application pool does. */
void ndes_pending_restart(struct ndes_pending *pending);

size_t ndes_pending_count(struct ndes_pending *pending);

#endif
