/* The CA behind NDES: what a certificate looks like that it issues, and its CRL. */
#ifndef SIM_ISSUE_H
#define SIM_ISSUE_H

#include "pki/csr.h"
#include "sim/identity.h"

/* A certificate for the request: subject, key and subjectAltName as asked for, the rest as the template has it (B.6).
 * `number` is the CA's request number: it makes the serial number unique.
 * Thread: any. */
bool sim_issue_cert(const struct sim_identity *identity, const struct pki_csr *csr, uint32_t number,
                    int64_t validity_s, int64_t now_s, struct pki_cert **out, struct err *e) MUST_USE;

/* An extension among those of a request, whole and its content. False: there is none. */
bool sim_issue_find_extension(struct span extensions, struct span oid, struct span *out_whole,
                              struct span *out_value);

/* The CRL: made at first use, valid for a week, made again a day before it ends. Nothing is ever revoked. */
struct sim_crl;
bool sim_crl_new(const struct sim_identity *identity, struct sim_crl **out, struct err *e) MUST_USE;
void sim_crl_free(struct sim_crl *crl);
/* Appends the DER CRL of that moment. Any thread. */
bool sim_crl_get(struct sim_crl *crl, int64_t now_s, struct buf *out, struct err *e) MUST_USE;

#endif
