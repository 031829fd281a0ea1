/* Room-internal (pki, scep): attribute types of names, and string values. */
#ifndef PKI_NAME_VALUE_H
#define PKI_NAME_VALUE_H

#include "pki/der.h"

/* OID content bytes for "CN", "emailAddress", "1.2.3" ...; appended. False when it is neither known nor dotted. */
bool pki_name_type_from_text(struct span text, struct buf *out_oid);
/* "CN", or dotted when unknown; appended. */
void pki_name_type_to_text(struct span oid, struct buf *out);

/* Appends the value as PrintableString where the characters allow, IA5String for mail addresses and domain
 * components, else UTF8String. */
void pki_name_put_value(struct span oid, struct span text, struct buf *out);
/* Whether PrintableString may hold these bytes (X.680 41.4). */
bool pki_is_printable(struct span text);

/* Any of the string types as UTF-8; what cannot be decoded becomes U+FFFD. False for other types. */
bool pki_string_to_utf8(const struct der_item *value, struct buf *out);

#endif
