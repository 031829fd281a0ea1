/* Where challenges come from that a device gets with its profile, not from the server it enrolls at: in the place of the
 * Intune cloud, and of the console of an MDM that is a SCEP proxy. JSON in, JSON out; no socket.
 *
 *     POST /scepstorm/intune/mint        {"subject": "CN=phone-7,OU=scepstorm", "san": ["dns:phone-7.example"],
 *                                         "eku": ["clientAuth"], "key_usage": ["digitalSignature"],
 *                                         "key_length": 2048, "expires_in": "60m"}
 *                                        subject is needed; what is left out is not checked later; 60m is the default
 *     POST /scepstorm/proxy/challenge    no body
 *
 * Answer: 200 {"challenge": "...", "expires_at": "2026-05-09T21:30:11.004Z"}, or 400 (409: none to be had) {"error": "..."}. */
#ifndef SIM_MINT_H
#define SIM_MINT_H

#include "ndes/exchange.h"
#include "ndes/intune.h"
#include "ndes/otp.h"

/* Reads a request for an Intune challenge. `out` is initialised here; clear it in any case.
 * Fails: REASON_USAGE, naming the key. */
bool sim_mint_read(struct span json, int64_t now_s, struct ndes_intune_claims *out, struct err *e) MUST_USE;

/* Each fills the whole reply; its body holds a secret (buf_wipe). */
void sim_mint_intune(const struct ndes_identity *identity, struct span json, int64_t now_us,
                     struct ndes_reply *reply);
void sim_mint_proxy(struct ndes_otp *challenges, int64_t validity_us, int64_t now_us,
                    struct ndes_reply *reply);

#endif
