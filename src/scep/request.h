/* pkiMessages a client sends: built here by the device, opened here by the simulator. Bytes in, bytes out. */
#ifndef SCEP_REQUEST_H
#define SCEP_REQUEST_H

#include "scep/ca.h"
#include "scep/oddity.h"

/* BER as some clients write it: indefinite lengths, OCTET STRINGs in pieces of 1000 bytes. Readers take both. */
enum scep_encoding { SCEP_DER, SCEP_BER };

struct scep_request_spec {
    enum scep_message_type type;
    struct span content; /* messageData: a PKCS#10 for PKCSReq */
    const struct scep_transaction *transaction;
    const struct pki_cert *recipient; /* scep_ca_recipient() */
    struct span signer_cert;          /* DER, put into the message */
    const struct pki_key *signer_key;
    enum pki_digest digest;
    enum pki_cipher cipher;
    enum pki_transport transport;
    int64_t signing_time; /* Unix seconds; 0: attribute left out */
    enum scep_encoding encoding;
    const struct scep_oddity *oddity; /* what is wrong with it on purpose; NULL: nothing */
};
/* Appends the pkiMessage. RFC 8894 3.2 and RFC 5652. */
bool scep_request_build(const struct scep_request_spec *spec, struct buf *out, struct err *e) MUST_USE;

/* A fresh transaction: 16 random bytes of nonce; the ID as 32 upper-case hex digits, random, or derived from
 * the public key (SHA-1 of the SubjectPublicKeyInfo, 40 digits) when `spki` is not empty. */
bool scep_transaction_new(struct span spki, struct scep_transaction *out, struct err *e) MUST_USE;

/* A self-signed signer certificate as RFC 8894 2.3 wants it: subject of the request, digitalSignature and
 * keyEncipherment, valid from an hour before now_s for `days`. Appends DER. */
bool scep_signer_make(struct span subject, const struct pki_key *key, enum pki_digest digest, int64_t now_s,
                      unsigned days, struct buf *out, struct err *e) MUST_USE;

/* Server half: an opened request. Owns its buffers. */
struct scep_request {
    int type; /* as sent, known or not */
    struct scep_transaction transaction;
    struct pki_cert *signer; /* replies are encrypted to it */
    enum pki_digest digest;
    enum pki_cipher cipher;
    enum pki_transport transport;
    struct buf content; /* decrypted messageData */
};
/* Verifies the signature with the certificate in the message, then decrypts with `key` if a recipientInfo
 * names `recipient` (issuer and serial).
 * Fails: STAGE_PKI_OPERATION with REASON_MALFORMED, REASON_BAD_SIGNATURE, REASON_BAD_DIGEST,
 *        REASON_SIGNER_UNKNOWN, REASON_UNSUPPORTED_ALGORITHM, REASON_DECRYPT (also: not for this recipient).
 *        What was read so far (type, transaction, signer) is in *out even then: the server answers with it. */
bool scep_request_open(struct span message, const struct pki_cert *recipient, const struct pki_key *key,
                       struct scep_request *out, struct err *e) MUST_USE;
void scep_request_clear(struct scep_request *request);

#endif
