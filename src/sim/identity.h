/* Who the simulated server is: its CA and the two RA certificates of NDES (ndes.md A.4).
 *
 * The RA certificates exist twice, fresh and aged (expired three days ago), with the same keys and serial numbers: as if
 * the same certificates had been left alone for two years. Replies therefore fit either. Immutable once made. */
#ifndef SIM_IDENTITY_H
#define SIM_IDENTITY_H

#include "pki/cert.h"

#define SIM_KEY_ID_BYTES     20
#define SIM_THUMBPRINT_BYTES 36 /* four groups of eight hex digits, NUL */

struct sim_identity {
    struct pki_key *ca_key, *sign_key, *encrypt_key;
    struct pki_cert *ca, *sign, *encrypt;
    uint8_t ca_key_id[SIM_KEY_ID_BYTES];
    char ca_thumbprint[SIM_THUMBPRINT_BYTES]; /* MD5, as the OTP page shows it */
    struct buf ca_certs;                      /* GetCACert: RA signing, RA encryption, CA */
    struct buf ca_certs_aged;                 /* the same with expired RA certificates */
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

#endif
