/* A stand-in for Intune's policy module: challenges that state what may be asked for with them, and the check of a request
 * against its challenge (ndes.md A.6, E.3). Nothing of this is Intune's own format, which only the cloud can make and read:
 * size, life and the reasons for a refusal are alike, the bytes are not. */
#ifndef NDES_INTUNE_H
#define NDES_INTUNE_H

#include "ndes/effects.h"
#include "ndes/identity.h"
#include "pki/csr.h"

#define NDES_INTUNE_CHARACTERS_MIN 4096 /* of a challenge; Intune's have 4000 to 5500 */
#define NDES_INTUNE_CHARACTERS_MAX 5500

/* What a request must look like. What is not claimed is not checked; the subject always is. */
struct ndes_intune_claims {
    struct buf subject;  /* DER Name */
    struct buf san;      /* DER GeneralNames; empty: not claimed */
    struct buf ekus;     /* content of the extension: DER SEQUENCE OF OID; empty: not claimed */
    unsigned key_usage;  /* PKI_KU_*; 0: not claimed */
    unsigned key_length; /* RSA bits; 0: not claimed */
    int64_t expires_s;   /* Unix time */
};
void ndes_intune_claims_init(struct ndes_intune_claims *claims);
void ndes_intune_claims_clear(struct ndes_intune_claims *claims);

/* Appends a challenge: signed, base64, one line, 4096 to 5500 characters. Any thread.
 * Fails: REASON_USAGE when the claims are too long for it. */
bool ndes_intune_mint(const struct ndes_identity *identity, const struct ndes_intune_claims *claims,
                      struct buf *out, struct err *e) MUST_USE;

/* Compares a request with its own challenge. NULL: in order. A challenge may be used again until it expires. Any thread.
 * Ignores: the key itself, and whether the profile is still meant for the device: only the cloud knows. */
const struct ndes_refusal *ndes_intune_check(const struct ndes_identity *identity, const struct pki_csr *csr,
                                             int64_t now_s);

#endif
