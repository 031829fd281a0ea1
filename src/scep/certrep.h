/* CertRep (RFC 8894 3.3.2): read and checked by the device, built by the simulator in the shape of real NDES. */
#ifndef SCEP_CERTREP_H
#define SCEP_CERTREP_H

#include "pki/crl.h"
#include "scep/request.h"

/* Findings of reading one reply. All checks are made and recorded, not only the first that fails. */
enum {
    SCEP_CHECK_SIGNATURE = 1 << 0, /* signature over the attributes, messageDigest over the content */
    SCEP_CHECK_SIGNER = 1 << 1,    /* signer is one of the GetCACert certificates */
    SCEP_CHECK_MESSAGE_TYPE = 1 << 2,
    SCEP_CHECK_TRANSACTION = 1 << 3,
    SCEP_CHECK_NONCE = 1 << 4,
    SCEP_CHECK_STATUS = 1 << 5,       /* 0, 2 or 3; 3 not for GetCert and GetCRL */
    SCEP_CHECK_CONTENT = 1 << 6,      /* status and content agree (3.3.2.1 to 3.3.2.3) */
    SCEP_CHECK_CONTENT_TYPE = 1 << 7, /* the signed contentType is the eContentType (RFC 5652 11.1) */
    SCEP_CHECK_NONCE_PRESENT =
        1 << 8, /* there is a recipientNonce; without one SCEP_CHECK_NONCE fails, too */
};

#define SCEP_TEXT_BYTES        256
#define SCEP_CERTREP_MAX_CERTS 16

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
    size_t certificate_count; /* in the envelope */
    struct pki_cert *certificates[SCEP_CERTREP_MAX_CERTS]; /* all of them, in the order sent; owned */
    struct pki_cert *issued; /* SUCCESS: the one with the requested key, or (GetCert) serial number; owned */
    struct pki_crl *crl;     /* SUCCESS of GetCRL: the CA's newest in the reply; owned */
};

/* Everything a reply is checked against. Borrowed during the call. */
struct scep_expected {
    const struct scep_transaction *transaction;
    const struct scep_ca *ca;
    const struct pki_key *decrypt_key; /* of the request's signer */
    struct span signer_cert;           /* DER of the request's signer, to find our recipientInfo */
    struct span spki;                  /* requested public key; not for GetCert and GetCRL */
    struct span subject;               /* requested DER Name; likewise */
    int64_t now_s;
    enum scep_message_type request_type; /* what the reply answers; 0: PKCSReq */
    struct span renewed_cert;  /* a renewal, in whatever form: DER of the certificate held; else empty */
    struct span wanted_issuer; /* GetCert, GetCRL: DER Name as in the request */
    struct span wanted_serial; /* GetCert: INTEGER content as in the request */
};

/* Reads a CertRep and checks it. BER accepted.
 * Returns true only for a SUCCESS whose every check of RFC 8894 passed, and which holds what the request was for:
 *   PKCSReq, RenewalReq, UpdateReq, CertPoll: a certificate for the requested key and subject that chains to `ca`, is
 *   within its validity and is not `renewed_cert`;
 *   GetCert: the certificate with that issuer and serial number, chaining to `ca`, of whatever date;
 *   GetCRL: a CRL of that issuer, signed by a CA certificate of `ca`, neither early nor stale.
 * Fails:   otherwise; *e has the first failure in this order: REASON_NOT_SCEP,
 *          MALFORMED, SIGNER_UNKNOWN, BAD_SIGNATURE, BAD_DIGEST, SIGNED_CONTENT_TYPE, MESSAGE_TYPE, TRANSACTION_MISMATCH,
 *          NONCE_MISMATCH, STATUS_UNKNOWN, STATUS_CONTENT, SCEP_FAILURE (domain FAIL_INFO), SCEP_PENDING,
 *          DECRYPT, UNSUPPORTED_ALGORITHM, NO_CERTIFICATE, RENEWAL_SAME_CERTIFICATE, KEY_MISMATCH,
 *          SUBJECT_MISMATCH, CHAIN, CERT_EXPIRED; GetCert: NO_CERTIFICATE, WRONG_CERTIFICATE, CHAIN; GetCRL:
 *          CRL_MISSING, MALFORMED, BAD_SIGNATURE, CRL_STALE. PENDING for GetCert or GetCRL is STATUS_CONTENT.
 *          Stage is the request's (STAGE_PKI_OPERATION, RENEWAL, CERT_POLL, GET_CERT, GET_CRL) for what the server
 *          said (SCEP_FAILURE, SCEP_PENDING, NOT_SCEP), STAGE_VERIFY for what the device found.
 *          *out is filled as far as it was read, always safe to clear.
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
    struct span crl;               /* SUCCESS of GetCRL: DER, instead of certificates; else empty */
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
