/* What Windows puts into requests beyond the standards. DER, appended; check buf_ok at the end. */
#ifndef PKI_MICROSOFT_H
#define PKI_MICROSOFT_H

#include "base/bytes.h"

/* The SID of the account a certificate is for, as Extension 1.3.6.1.4.1.311.25.2 (strong certificate mapping): a GeneralNames
 * with one otherName that holds the SID's text. Not critical.
 * Fails: REASON_USAGE when the text is no SID ("S-1-5-21-..."). */
bool pki_ms_sid_extension_put(struct buf *b, const char *sid, struct err *e) MUST_USE;
/* The same as text of a URI alternative name, "tag:microsoft.com,2022-09-14:sid:S-1-...". */
bool pki_ms_sid_uri_put(struct buf *b, const char *sid, struct err *e) MUST_USE;

/* An Attribute 1.3.6.1.4.1.311.13.2.1 with one pair, such as ValidityPeriod = Years. ASCII. */
void pki_ms_name_value_put(struct buf *b, const char *name, const char *value);

#endif
