/* Certificate revocation lists (RFC 5280 section 5): read and judged by the device, made by the simulator. */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include "pki/cert.h"

/* Immutable, reference-counted, any thread. */
struct pki_crl;

/* Reads a complete CRL, version 1 or 2; DER as signed. Bytes after it are not looked at.
 * Fails:   REASON_MALFORMED.
 * Ignores: deltas and indirect CRLs (entries count as the issuer's own), unknown extensions, critical or not. */
bool pki_crl_from_der(struct span der, struct pki_crl **out, struct err *e) MUST_USE;
struct pki_crl *pki_crl_ref(struct pki_crl *crl);
void pki_crl_free(struct pki_crl *crl);

/* Borrowed from the CRL. */
struct span pki_crl_der(const struct pki_crl *crl);
struct span pki_crl_issuer(const struct pki_crl *crl);  /* DER Name */
struct span pki_crl_number(const struct pki_crl *crl);  /* INTEGER content; empty without */
int64_t pki_crl_this_update(const struct pki_crl *crl); /* seconds since the Unix epoch */
int64_t pki_crl_next_update(const struct pki_crl *crl); /* INT64_MAX when the CRL does not say */
size_t pki_crl_count(const struct pki_crl *crl);        /* entries */
static inline bool pki_crl_valid_at(const struct pki_crl *crl, int64_t unix_s)
{
    return unix_s >= pki_crl_this_update(crl) && unix_s <= pki_crl_next_update(crl);
}

/* RFC 5280 5.3.1. */
enum pki_crl_reason {
    PKI_CRL_UNSPECIFIED = 0, /* written as no extension, read so when there is none */
    PKI_CRL_KEY_COMPROMISE = 1,
    PKI_CRL_CA_COMPROMISE = 2,
    PKI_CRL_AFFILIATION_CHANGED = 3,
    PKI_CRL_SUPERSEDED = 4,
    PKI_CRL_CESSATION_OF_OPERATION = 5,
    PKI_CRL_CERTIFICATE_HOLD = 6,
    PKI_CRL_REMOVE_FROM_CRL = 8,
    PKI_CRL_PRIVILEGE_WITHDRAWN = 9,
    PKI_CRL_AA_COMPROMISE = 10,
};
struct pki_crl_entry {
    struct span serial; /* INTEGER content, as pki_cert_serial */
    int64_t revoked_at;
    int reason; /* enum pki_crl_reason; as sent, known or not */
};
/* Whether the serial number is listed. `out` may be NULL; its spans point into the CRL. Linear in the entries. */
bool pki_crl_find(const struct pki_crl *crl, struct span serial, struct pki_crl_entry *out);
/* True when `issuer`'s name is the CRL's issuer and its key verifies the signature. Dates and key usage are not looked
 * at. */
bool pki_crl_signed_by(const struct pki_crl *crl, const struct pki_cert *issuer);

/* What to put into a new CRL. Everything borrowed during the call. */
struct pki_crl_spec {
    struct span issuer; /* DER Name */
    int64_t this_update;
    int64_t next_update; /* 0: left out */
    uint64_t number;
    struct span authority_key_id; /* 20 bytes or empty */
    const struct pki_crl_entry *entries;
    size_t count;
};
/* Signs with `key`; appends the DER CRL (version 2). */
bool pki_crl_make(const struct pki_crl_spec *spec, const struct pki_key *key, enum pki_digest digest,
                  struct buf *out, struct err *e) MUST_USE;

#endif
