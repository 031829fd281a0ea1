/* Room-internal: object identifiers of CMS and SCEP (content bytes). */
#ifndef SCEP_OID_H
#define SCEP_OID_H

#include "base/bytes.h"

/* clang-format off */
#define SCEP_OIDS(X) \
    X(SCEP_OID_DATA,            "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01") /* 1.2.840.113549.1.7.1 */ \
    X(SCEP_OID_SIGNED_DATA,     "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02") \
    X(SCEP_OID_ENVELOPED_DATA,  "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03") \
    X(SCEP_OID_CONTENT_TYPE,    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03") /* 1.2.840.113549.1.9.3 */ \
    X(SCEP_OID_MESSAGE_DIGEST,  "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04") \
    X(SCEP_OID_SIGNING_TIME,    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05") \
    X(SCEP_OID_MESSAGE_TYPE,    "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x02") /* 2.16.840.1.113733.1.9.2 */ \
    X(SCEP_OID_PKI_STATUS,      "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x03") \
    X(SCEP_OID_FAIL_INFO,       "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x04") \
    X(SCEP_OID_SENDER_NONCE,    "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x05") \
    X(SCEP_OID_RECIPIENT_NONCE, "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x06") \
    X(SCEP_OID_TRANSACTION_ID,  "\x60\x86\x48\x01\x86\xf8\x45\x01\x09\x07") \
    X(SCEP_OID_FAIL_INFO_TEXT,  "\x2b\x06\x01\x05\x05\x07\x18\x01") /* 1.3.6.1.5.5.7.24.1 */ \
    X(SCEP_OID_MS_HRESULT,      "\x2b\x06\x01\x04\x01\x82\x37\x15\x21") /* 1.3.6.1.4.1.311.21.33 */ \
    X(SCEP_OID_MS_SERVER_TEXT,  "\x2b\x06\x01\x04\x01\x82\x37\x15\x26") /* 1.3.6.1.4.1.311.21.38 */
/* clang-format on */

#define SCEP_DECLARE_OID(name, bytes) extern const struct span name;
SCEP_OIDS(SCEP_DECLARE_OID)
#undef SCEP_DECLARE_OID

#endif
