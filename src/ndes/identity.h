/* Who the simulated server is: its CA and the two RA certificates of NDES (ndes.md A.4). Immutable once made. */
#ifndef NDES_IDENTITY_H
#define NDES_IDENTITY_H

#include "pki/cert.h"

#define NDES_KEY_ID_BYTES     20
#define NDES_THUMBPRINT_BYTES 36 /* four groups of eight hex digits, NUL */

struct ndes_identity {
    int64_t made_s;
    struct pki_key *ca_key, *sign_key, *encrypt_key;
    struct pki_cert *ca, *sign, *encrypt;
    uint8_t ca_key_id[NDES_KEY_ID_BYTES];
    char ca_thumbprint[NDES_THUMBPRINT_BYTES]; /* MD5, as the OTP page shows it */
    struct buf ca_certs;                       /* GetCACert: RA signing, RA encryption, CA */
    struct buf ca_pem;
    struct buf
        next_ca; /* GetNextCACert: the CA certificate of the time after this one; empty: none prepared */
};

struct ndes_identity_spec {
    unsigned ca_bits, ra_bits;
    int64_t now_s;
    bool next_ca; /* prepares the CA's successor */
};

/* Generates three keys, a fourth for the successor: about half a second with 2048 bits. */
bool ndes_identity_new(const struct ndes_identity_spec *spec, struct ndes_identity **out,
                       struct err *e) MUST_USE;
void ndes_identity_free(struct ndes_identity *identity);

/* For guises (ndes/guise.h): a copy whose parts are replaced before anybody sees it. */
bool ndes_identity_copy(const struct ndes_identity *from, struct ndes_identity **out, struct err *e) MUST_USE;
/* A self-signed certificate for id->ca_key into the empty id->ca; `subject` NULL: the usual one. */
bool ndes_identity_make_ca(struct ndes_identity *id, const char *subject, int64_t until_s,
                           struct err *e) MUST_USE;
/* RA certificates for the keys of `id` into its empty places, by the CA of `issuer`, with the serial numbers that `serials`
 * has; NULL: new ones. Two years of validity. */
bool ndes_identity_make_ra(struct ndes_identity *id, const struct ndes_identity *issuer,
                           const struct ndes_identity *serials, int64_t until_s, struct err *e) MUST_USE;
/* GetCACert's body out of them. */
bool ndes_identity_make_bundle(struct ndes_identity *id, struct err *e) MUST_USE;

#endif
