/* Room-internal: the signed attributes of SCEP messages, as values. */
#ifndef SCEP_ATTRIBUTES_H
#define SCEP_ATTRIBUTES_H

#include "scep/certrep.h"

#include "pki/der.h"

#define SCEP_OCTETS_MAX 64 /* nonces and digests */

struct scep_octets {
    bool present;
    size_t len;
    uint8_t bytes[SCEP_OCTETS_MAX];
};

struct scep_attributes {
    struct span content_type; /* OID content, within the message; empty: absent, or no OID */
    int message_type;         /* -1: absent or no number, here and below */
    int pki_status;
    int fail_info;
    bool has_hresult;
    uint32_t hresult;
    char transaction_id[SCEP_TRANSACTION_ID_MAX + 1];
    struct scep_octets sender_nonce;
    struct scep_octets recipient_nonce;
    struct scep_octets message_digest;
    char fail_info_text[SCEP_TEXT_BYTES];
    char server_text[SCEP_TEXT_BYTES];
};

/* `set`: the [0] element of the SignerInfo. Unknown attributes are stepped over. Of an attribute that comes
 * twice the first counts. Fails REASON_MALFORMED. */
bool scep_attributes_read(const struct der_item *set, struct scep_attributes *out, struct err *e) MUST_USE;

static inline struct span scep_octets_span(const struct scep_octets *o)
{
    return span_of(o->bytes, o->len);
}

#endif
