/* CertRep (RFC 8894 3.3.2): read and checked by the device, built by the simulator in the shape of real NDES. */
#ifndef SCEP_CERTREP_H
#define SCEP_CERTREP_H

#include "scep/request.h"

/* Findings of reading one reply. All checks are made and recorded, not only the first that fails. */
enum {
    SCEP_CHECK_SIGNATURE = 1 << 0, /* signature over the attributes, messageDigest over the content */
    SCEP_CHECK_SIGNER = 1 << 1,    /* signer is one of the GetCACert certificates */
    SCEP_CHECK_MESSAGE_TYPE = 1 << 2,
    SCEP_CHECK_TRANSACTION = 1 << 3,
    SCEP_CHECK_NONCE = 1 << 4,
    SCEP_CHECK_STATUS = 1 << 5,  /* 0, 2 or 3 */
    SCEP_CHECK_CONTENT = 1 << 6, /* status and content agree (3.3.2.1 to 3.3.2.3) */
};

#define SCEP_TEXT_BYTES 256

struct scep_certrep {
    unsigned violated;                                /* SCEP_CHECK_* that failed */
    int message_type;                                 /* -1: absent */
    int pki_status;                                   /* -1: absent */
    int fail_info;                                    /* -1: absent */
    bool has_hresult;                                 /* 1.3.6.1.4.1.311.21.33 */
    uint32_t hresult;                                 /* 0x80070490 */
    char fail_info_text[SCEP_TEXT_BYTES];             /* 1.3.6.1.5.5.7.24.1, UTF-8 */
    char server_text[SCEP_TEXT_BYTES];                /* 1.3.6.1.4.1.311.21.38, UTF-8 ("Issued") */
    char transaction_id[SCEP_TRANSACTION_ID_MAX + 1]; /* as sent */
    bool has_recipient_nonce;
    enum pki_digest digest;
    bool has_envelope;
    enum pki_cipher cipher; /* when has_envelope */
    enum pki_transport transport;
    bool one_byte_content;    /* NDES's failure replies: eContent is the byte 00 */
    struct pki_cert *issued;  /* SUCCESS: the certificate whose key is the requested one; owned */
    size_t certificate_count; /* certificates in the envelope */
};

/* Everything a reply is checked against. Borrowed during the call. */
struct scep_expected {
    const struct scep_transaction *transaction;
    const struct scep_ca *ca;
    const struct pki_key *decrypt_key; /* of the request's signer */
    struct span signer_cert;           /* DER of the request's signer, to find our recipientInfo */
    struct span spki;                  /* requested public key */
    struct span subject;               /* requested DER Name */
    int64_t now_s;
};

/* Reads a CertRep and checks it. BER accepted.
 * Returns true only for a SUCCESS whose every check of RFC 8894 passed, with a certificate for the requested
 * key and subject that chains to `ca` and is within its validity.
 * Fails:   otherwise; *e has the first failure in the order of the list in reason.h: REASON_NOT_SCEP,
 *          MALFORMED, SIGNER_UNKNOWN, BAD_SIGNATURE, BAD_DIGEST, MESSAGE_TYPE, TRANSACTION_MISMATCH,
 *          NONCE_MISMATCH, STATUS_UNKNOWN, STATUS_CONTENT, SCEP_FAILURE (domain FAIL_INFO), SCEP_PENDING,
 *          DECRYPT, UNSUPPORTED_ALGORITHM, NO_CERTIFICATE, KEY_MISMATCH, SUBJECT_MISMATCH, CHAIN, CERT_EXPIRED.
 *          Stage is STAGE_PKI_OPERATION for what the server said (SCEP_FAILURE, SCEP_PENDING, NOT_SCEP),
 *          STAGE_VERIFY for what the device found. *out is filled as far as it was read, always safe to clear.
 * Thread:  any.
 * Ignores: revocation, SAN, EKU. */
bool scep_certrep_read(struct span body, const struct scep_expected *expected, struct scep_certrep *out,
                       struct err *e) MUST_USE;
void scep_certrep_clear(struct scep_certrep *rep);

/* Server half. */
struct scep_certrep_spec {
    enum scep_pki_status status;
    int fail_info; /* FAILURE */
    bool has_hresult;
    uint32_t hresult;                    /* sent as signed decimal PrintableString */
    const char *server_text;             /* NULL: attribute absent */
    const struct scep_request *request;  /* transaction, nonce, signer to encrypt to */
    const struct pki_cert *const *certs; /* SUCCESS: leaf first */
    size_t cert_count;
    const struct pki_cert *signer; /* RA signing certificate */
    const struct pki_key *signer_key;
    bool include_signer; /* NDES: false */
    enum pki_digest digest;
    enum pki_cipher cipher;
    enum pki_transport transport;
};
/* Appends the DER CertRep, shaped as the captures of real servers: see tests/vectors/README.md. */
bool scep_certrep_build(const struct scep_certrep_spec *spec, struct buf *out, struct err *e) MUST_USE;

#endif
