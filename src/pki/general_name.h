/* Subject alternative names, from the texts that users write. */
#ifndef PKI_GENERAL_NAME_H
#define PKI_GENERAL_NAME_H

#include "base/bytes.h"

/* "dns:phone.example" "email:a@example" "uri:https://..." "ip:192.0.2.1" "upn:a@example" (Microsoft's user principal
 * name, otherName 1.3.6.1.4.1.311.20.2.3), in this order, as DER GeneralNames (RFC 5280 4.2.1.6). Appends; nothing when
 * there are none.
 * Fails: REASON_USAGE, naming the text. */
bool pki_general_names_from_texts(const char *const *texts, size_t count, struct buf *out,
                                  struct err *e) MUST_USE;

#endif
