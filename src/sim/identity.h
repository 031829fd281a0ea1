/* Who the simulated server is: its CA and the two RA certificates of NDES (ndes.md A.4). Immutable once made. */
#ifndef SIM_IDENTITY_H
#define SIM_IDENTITY_H

#include "pki/cert.h"

#define SIM_KEY_ID_BYTES     20
#define SIM_THUMBPRINT_BYTES 36 /* four groups of eight hex digits, NUL */

struct sim_identity {
    int64_t made_s;
    struct pki_key *ca_key, *sign_key, *encrypt_key;
    struct pki_cert *ca, *sign, *encrypt;
    uint8_t ca_key_id[SIM_KEY_ID_BYTES];
    char ca_thumbprint[SIM_THUMBPRINT_BYTES]; /* MD5, as the OTP page shows it */
    struct buf ca_certs;                      /* GetCACert: RA signing, RA encryption, CA */
    struct buf ca_pem;
    struct buf
        next_ca; /* GetNextCACert: the CA certificate of the time after this one; empty: none prepared */
};

struct sim_identity_spec {
    unsigned ca_bits, ra_bits;
    int64_t now_s;
    bool next_ca; /* prepares the CA's successor */
};

/* Generates three keys, a fourth for the successor: about half a second with 2048 bits. */
bool sim_identity_new(const struct sim_identity_spec *spec, struct sim_identity **out,
                      struct err *e) MUST_USE;
void sim_identity_free(struct sim_identity *identity);

/* For guises (sim/guise.h): a copy whose parts are replaced before anybody sees it. */
bool sim_identity_copy(const struct sim_identity *from, struct sim_identity **out, struct err *e) MUST_USE;
/* A self-signed certificate for id->ca_key into the empty id->ca; `subject` NULL: the usual one. */
bool sim_identity_make_ca(struct sim_identity *id, const char *subject, int64_t until_s,
                          struct err *e) MUST_USE;
/* RA certificates for the keys of `id` into its empty places, by the CA of `issuer`, with the serial numbers that `serials`
 * has; NULL: new ones. Two years of validity. */
bool sim_identity_make_ra(struct sim_identity *id, const struct sim_identity *issuer,
                          const struct sim_identity *serials, int64_t until_s, struct err *e) MUST_USE;
/* GetCACert's body out of them. */
bool sim_identity_make_bundle(struct sim_identity *id, struct err *e) MUST_USE;

#endif
