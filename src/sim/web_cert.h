/* The certificate of the web server, sound or with something wrong about it. One key serves all variants, so that a change
 * of certificates costs a signature. */
#ifndef SIM_WEB_CERT_H
#define SIM_WEB_CERT_H

#include "ndes/effects.h"
#include "ndes/identity.h"

struct sim_web_certs {
    struct buf key_pem;                        /* wiped by sim_web_certs_clear */
    struct buf chain_pem[NDES_WEB_CERT_COUNT]; /* what the handshake shows */
};

void sim_web_certs_init(struct sim_web_certs *certs);
/* For a server that is reached as `host`, a name or an address. `certs` is initialised. */
bool sim_web_certs_make(const struct ndes_identity *identity, const char *host, int64_t now_s,
                        struct sim_web_certs *certs, struct err *e) MUST_USE;
void sim_web_certs_clear(struct sim_web_certs *certs);

#endif
