/* What the simulated CA has issued, as its database would tell it: found again by serial number, by transactionID, by key.
 * Bounded: beyond its size the oldest certificate is forgotten. Any thread. */
#ifndef NDES_LEDGER_H
#define NDES_LEDGER_H

#include "scep/types.h"

#define NDES_LEDGER_MAX 1000000

struct ndes_ledger;

/* `max` certificates, 1 to NDES_LEDGER_MAX; memory is taken as they come. Fails: REASON_NO_MEMORY. */
bool ndes_ledger_new(size_t max, struct ndes_ledger **out, struct err *e) MUST_USE;
void ndes_ledger_free(struct ndes_ledger *ledger);

/* Keeps a reference. `transaction_id` is that of the request, `renewal` whether it was one. */
void ndes_ledger_add(struct ndes_ledger *ledger, struct pki_cert *cert, const char *transaction_id,
                     bool renewal, int64_t now_us);

/* Each returns the latest certificate that fits, a reference of the caller's (pki_cert_free); NULL: none. */

/* `serial` as in an INTEGER, with or without leading zeros. */
struct pki_cert *ndes_ledger_by_serial(struct ndes_ledger *ledger, struct span serial);
/* The answer to a request that is seen again: issued after `since_us` for the same key in the same kind of request. */
struct pki_cert *ndes_ledger_by_request(struct ndes_ledger *ledger, const char *transaction_id,
                                        struct span spki, bool renewal, int64_t since_us);
/* The same for a CertPoll, which names a subject and no key. */
struct pki_cert *ndes_ledger_by_poll(struct ndes_ledger *ledger, const char *transaction_id,
                                     struct span subject, int64_t since_us);
/* Of the same key and the same subject (as a set of RDNs). */
struct pki_cert *ndes_ledger_by_key(struct ndes_ledger *ledger, struct span spki, struct span subject);

#endif
