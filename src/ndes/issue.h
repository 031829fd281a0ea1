/* The CA behind NDES: what a certificate looks like that it issues, and its CRL. */
#ifndef NDES_ISSUE_H
#define NDES_ISSUE_H

#include "ndes/identity.h"
#include "pki/csr.h"

/* A certificate for the request: subject, key and subjectAltName as asked for, the rest as the template has it (B.6).
 * `number` is the CA's request number: it makes the serial number unique.
 * Thread: any. */
bool ndes_issue_cert(const struct ndes_identity *identity, const struct pki_csr *csr, uint32_t number,
                     int64_t validity_s, int64_t now_s, struct pki_cert **out, struct err *e) MUST_USE;

/* An extension among those of a request, whole and its content. False: there is none. */
bool ndes_issue_find_extension(struct span extensions, struct span oid, struct span *out_whole,
                               struct span *out_value);

/* The CRL: made at first use, valid for a week, made again a day before it ends. Nothing is ever revoked. */
struct ndes_crl;
bool ndes_crl_new(const struct ndes_identity *identity, struct ndes_crl **out, struct err *e) MUST_USE;
void ndes_crl_free(struct ndes_crl *crl);
/* Appends the DER CRL of that moment. Any thread. */
bool ndes_crl_get(struct ndes_crl *crl, int64_t now_s, struct buf *out, struct err *e) MUST_USE;

#endif
