/* Object identifiers: the ones this program knows (content bytes, without tag and length), and their text. */
#ifndef PKI_OID_H
#define PKI_OID_H

#include "base/bytes.h"

/* clang-format off */
#define PKI_OIDS(X) \
    X(PKI_OID_RSA,                  "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") /* 1.2.840.113549.1.1.1 */ \
    X(PKI_OID_RSA_OAEP,             "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07") \
    X(PKI_OID_MGF1,                 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08") \
    X(PKI_OID_P_SPECIFIED,          "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09") \
    X(PKI_OID_EC_PUBLIC_KEY,        "\x2a\x86\x48\xce\x3d\x02\x01") /* 1.2.840.10045.2.1 */ \
    X(PKI_OID_CHALLENGE_PASSWORD,   "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07") /* 1.2.840.113549.1.9.7 */ \
    X(PKI_OID_EXTENSION_REQUEST,    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e") /* 1.2.840.113549.1.9.14 */ \
    X(PKI_OID_MS_EXTENSION_REQUEST, "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e") /* 1.3.6.1.4.1.311.2.1.14 */ \
    X(PKI_OID_SUBJECT_KEY_ID,       "\x55\x1d\x0e") /* 2.5.29.14 */ \
    X(PKI_OID_KEY_USAGE,            "\x55\x1d\x0f") \
    X(PKI_OID_SUBJECT_ALT_NAME,     "\x55\x1d\x11") \
    X(PKI_OID_BASIC_CONSTRAINTS,    "\x55\x1d\x13") \
    X(PKI_OID_CRL_NUMBER,           "\x55\x1d\x14") \
    X(PKI_OID_CRL_REASON,           "\x55\x1d\x15") \
    X(PKI_OID_AUTHORITY_KEY_ID,     "\x55\x1d\x23") \
    X(PKI_OID_EXT_KEY_USAGE,        "\x55\x1d\x25") \
    X(PKI_OID_MS_TEMPLATE_NAME,     "\x2b\x06\x01\x04\x01\x82\x37\x14\x02") /* 1.3.6.1.4.1.311.20.2 */
/* clang-format on */

#define PKI_DECLARE_OID(name, bytes) extern const struct span name;
PKI_OIDS(PKI_DECLARE_OID)
#undef PKI_DECLARE_OID

/* "1.2.840.113549.1.1.1" -> content bytes, appended. False, with nothing appended, when it is no OID. */
bool pki_oid_from_text(struct span text, struct buf *out);
/* The reverse; what is malformed becomes "?". */
void pki_oid_to_text(struct span oid, struct buf *out);
/* For error texts: the dotted form in `out`, cut when it does not fit. Returns out. */
const char *pki_oid_text(struct span oid, char *out, size_t out_bytes);

#endif
