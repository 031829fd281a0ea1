/* What the CA and the way to it refuse with: HRESULT, its name and its sentence in the languages of servers (ndes.md D, E.2). */
#ifndef NDES_CA_ERRORS_H
#define NDES_CA_ERRORS_H

#include "ndes/effects.h"

/* A refusal by the CA: badRequest, its words in the reply, event 31 with the same words and event 53 of the CA. By the way to
 * the CA (RPC): no words in the reply, event 31 with the code first. A code that is not listed comes without
 * words. Languages without a translation get English. */
struct ndes_refusal ndes_ca_refusal(uint32_t hresult, enum ndes_language language);

/* The sentence of a code, English; NULL: not listed. Static. */
const char *ndes_ca_error_text(uint32_t hresult);

#endif
