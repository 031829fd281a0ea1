/* Distinguished names: text as users write it, DER as the wire has it, comparison as RFC 8894 users need it. */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include "base/bytes.h"

/* "CN=phone-7,OU=scepstorm,O=Example" -> DER Name, RDNs in the order written, one value per RDN, `+` joins a
 * multi-valued RDN, `\,` escapes. PrintableString where the characters allow, else UTF8String; emailAddress
 * and DC as IA5String. Types: CN OU O C ST L DC UID SERIALNUMBER E/emailAddress GN SN T STREET, dotted OIDs.
 * Fails REASON_USAGE with the position. */
bool pki_name_from_text(const char *text, struct buf *out_der, struct err *e) MUST_USE;
/* For people: "CN=phone-7, OU=scepstorm". Unknown types as dotted OIDs. Control characters are escaped. */
bool pki_name_to_text(struct span der, struct buf *out, struct err *e) MUST_USE;

/* The first CN, UTF-8, appended; nothing when there is none or the name is malformed. */
void pki_name_common_name(struct span der, struct buf *out);

/* True when both are the same set of attribute type and value, whatever the order and the string types:
 * certification authorities rewrite both. Values compare after conversion to UTF-8, case-insensitively for ASCII, with runs
 * of blanks folded (RFC 5280 7.1). Garbage is never equal. */
bool pki_name_same_rdns(struct span der_a, struct span der_b);

#endif
