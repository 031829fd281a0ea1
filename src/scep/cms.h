/* Room-internal: the parts of CMS (RFC 5652) that SCEP uses. Reads BER, writes DER.
 *
 * Written here and not left to OpenSSL's CMS because real peers send what it refuses or cannot show (content of
 * one byte, PKCS#7-style content, no certificates), and because its encoding and fetching cost more than the
 * mathematics. */
#ifndef SCEP_CMS_H
#define SCEP_CMS_H

#include "pki/cert.h"
#include "pki/der.h"
#include "scep/oddity.h"

/* Whether a SignerInfo or RecipientInfo names this certificate: by key_id when `id` has one, else by issuer and
 * serial. Serial numbers compare as numbers, names also when the peer re-encoded or reordered them. */
bool scep_cms_id_is(const struct pki_cert_identity *id, const struct pki_cert_identity *cert);
struct pki_cert_identity scep_cms_id_of(const struct pki_cert *cert);

/* ContentInfo: the content's type and its element inside the [0]. */
bool scep_cms_content_info(struct span body, struct span *out_type, struct der_item *out_content,
                           struct err *e) MUST_USE;

/* The SignedData of a reply. Fails REASON_NOT_SCEP at `stage` when the body is something else altogether, such as a page;
 * REASON_MALFORMED. */
bool scep_cms_signed_data(struct span body, enum stage stage, struct der_item *out, struct err *e) MUST_USE;

/* SignedData with its first SignerInfo. Spans point into the message or into the scratch buffers. */
struct scep_signed {
    struct span content_type; /* eContentType, OID content */
    struct span content;      /* what the envelope reader wants; empty when absent */
    struct span digested;     /* what messageDigest covers; the same but for PKCS#7-style content */
    struct span certificates; /* back to back, with whatever else the field holds */
    struct span crls;         /* likewise */
    bool has_signer;
    struct pki_cert_identity signer;
    enum pki_digest digest;
    struct der_item attributes; /* the [0] element; content.data NULL when absent */
    struct span signature;
    struct buf content_scratch;
    struct buf signature_scratch;
    struct buf key_id_scratch;
};
/* `signed_data` is the element inside the ContentInfo. Fails REASON_MALFORMED, REASON_UNSUPPORTED_ALGORITHM.
 * *out is safe to clear in any case. */
bool scep_signed_read(const struct der_item *signed_data, struct scep_signed *out, struct err *e) MUST_USE;
void scep_signed_clear(struct scep_signed *s);
/* The signature over the attributes. Fails REASON_BAD_SIGNATURE. */
bool scep_signed_verify(const struct scep_signed *s, EVP_PKEY *key, struct err *e) MUST_USE;
/* messageDigest over the content. Fails REASON_BAD_DIGEST. */
bool scep_signed_check_digest(const struct scep_signed *s, struct span message_digest,
                              struct err *e) MUST_USE;
/* Calls back for each certificate, or CRL; other kinds of either are stepped over. Stops when `each` says so. */
bool scep_certificates_each(struct span certificates, bool (*each)(struct span cert_der, void *user),
                            void *user, struct err *e) MUST_USE;

/* The certificate in the message that its SignerInfo names; *out is the caller's. Fails REASON_SIGNER_UNKNOWN; *out is then
 * untouched. */
bool scep_signed_signer(const struct scep_signed *s, struct pki_cert **out, struct err *e) MUST_USE;

/* Degenerate SignedData (RFC 8894 3.4) with certificates and CRLs. `crls`: DER, back to back, may be empty. */
bool scep_degenerate_put(struct buf *b, const struct pki_cert *const *certs, size_t count, struct span crls,
                         struct err *e) MUST_USE;
/* Reads one, signers or not, as ContentInfo or as SignedData itself. Afterwards scep_certificates_each takes what *out
 * has. *out is safe to clear in any case. */
bool scep_degenerate_open(struct span body, struct scep_signed *out, struct err *e) MUST_USE;

struct scep_attribute {
    struct span oid;
    uint8_t tag;
    struct span value;
};

/* Writing SignedData: begin, append the content to the same buf, finish. */
struct scep_signed_writer {
    struct buf *b;
    enum pki_digest digest;
    size_t frames[7]; /* open elements, outermost first */
    size_t content_start;
    const struct scep_oddity *oddity; /* set after scep_signed_begin; NULL: a message as it should be */
};
struct scep_signer {
    struct pki_cert_identity id;
    const struct pki_key *key;
    struct span certificates; /* put into the message; may be empty */
};
void scep_signed_begin(struct scep_signed_writer *w, struct buf *out, enum pki_digest digest);
/* contentType and messageDigest are added to the attributes. */
bool scep_signed_finish(struct scep_signed_writer *w, const struct scep_signer *signer,
                        const struct scep_attribute *attributes, size_t count, struct err *e) MUST_USE;

struct scep_recipient {
    struct pki_cert_identity id;
    EVP_PKEY *key;
};
/* Appends ContentInfo { EnvelopedData }. */
bool scep_enveloped_put(struct buf *b, struct span content, const struct scep_recipient *recipient,
                        enum pki_cipher cipher, enum pki_transport transport, struct err *e) MUST_USE;

struct scep_enveloped {
    bool known_cipher;
    enum pki_cipher cipher;
    bool known_transport; /* of ours, else of the first recipient */
    enum pki_transport transport;
    struct pki_cert_identity recipient; /* whose transport that is */
    struct span cipher_oid;
    struct span iv;
    struct span recipients;
    struct der_item encrypted;
};
/* `content`: ContentInfo, or EnvelopedData itself. Fails REASON_MALFORMED. Unknown algorithms only show when
 * opening. */
bool scep_enveloped_read(struct span content, struct scep_enveloped *out, struct err *e) MUST_USE;
/* Opens the recipientInfo that names us (`ours` with issuer and serial, key_id when known). Fails REASON_DECRYPT, REASON_UNSUPPORTED_ALGORITHM,
 * REASON_MALFORMED. `out` wants wiping when secret; sets known_transport and transport. */
bool scep_enveloped_open(struct scep_enveloped *enveloped, const struct pki_cert_identity *ours,
                         const struct pki_key *key, struct buf *out, struct err *e) MUST_USE;

/* For error texts: what these bytes, which should have been ASN.1, look like. `out` holds 96 bytes. */
const char *scep_describe_body(struct span body, char *out, size_t out_bytes);

#endif
