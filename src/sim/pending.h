/* Requests that wait for an officer's decision, as NDES remembers them: in memory, by transactionID, for `CacheRequest`
 * minutes (ndes.md B.4). A restart of the application pool forgets all. Time comes as an argument. Any thread. */
#ifndef SIM_PENDING_H
#define SIM_PENDING_H

#include "scep/types.h"

#define SIM_PENDING_MAX 262144 /* beyond it the oldest request is forgotten */

/* When the officer decides, and what. */
enum sim_approval_when {
    SIM_APPROVAL_NONE,  /* nobody is asked: issued at once */
    SIM_APPROVAL_POLLS, /* the n-th poll gets the answer */
    SIM_APPROVAL_TIME,  /* polls from then on get it */
    SIM_APPROVAL_FAULT, /* when the fault that made the request wait has ended */
};
struct sim_approval {
    enum sim_approval_when when;
    unsigned polls;
    int64_t after_us;
    bool deny;
};

struct sim_pending;

bool sim_pending_new(int64_t remembered_us, struct sim_pending **out, struct err *e) MUST_USE;
void sim_pending_free(struct sim_pending *pending);

/* What waits: which request, for what. Spans borrowed during the call. */
struct sim_pending_request {
    const char *transaction_id;
    struct span subject; /* DER Name */
    struct span spki;
    struct span content; /* the PKCS#10, kept (it can hold a password: wiped later) */
    bool renewal;
    struct sim_approval approval;
    uint32_t ca_number; /* the CA's number of it */
};
/* Fails: REASON_NO_MEMORY. */
bool sim_pending_add(struct sim_pending *pending, const struct sim_pending_request *request, int64_t now_us,
                     struct err *e) MUST_USE;

enum sim_poll {
    SIM_POLL_UNKNOWN, /* never heard of, or forgotten */
    SIM_POLL_WAITS,
    SIM_POLL_DENIED,
    SIM_POLL_APPROVED, /* the caller issues, then calls sim_pending_done; until then other polls wait */
};
struct sim_poll_answer {
    enum sim_poll verdict;
    uint64_t number; /* for sim_pending_done: tells requests with the same transactionID apart */
    bool renewal;
    bool first; /* DENIED: nobody was told before */
    uint32_t ca_number;
};
/* Counts as one poll. A CertPoll names a subject and no key, a PKCSReq that is sent again has a key: an empty span asks
 * nothing. `fault_over`: what SIM_APPROVAL_FAULT waits for. APPROVED appends the PKCS#10 to `content`; wipe it. */
struct sim_poll_answer sim_pending_poll(struct sim_pending *pending, const char *transaction_id,
                                        struct span subject, struct span spki, bool fault_over,
                                        int64_t now_us, struct buf *content);
/* After APPROVED: issued, so it is not remembered any longer; or not, and the next poll tries again. */
void sim_pending_done(struct sim_pending *pending, const char *transaction_id, uint64_t number, bool issued);
/* What a restart of the application pool does. */
void sim_pending_restart(struct sim_pending *pending);

size_t sim_pending_count(struct sim_pending *pending);

#endif
