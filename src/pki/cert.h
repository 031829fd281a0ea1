/* Certificates: read, judged, and (for the simulator and for device signers) made. */
#ifndef PKI_CERT_H
#define PKI_CERT_H

#include "pki/key.h"
#include "pki/name.h"

/* KeyUsage bits as in RFC 5280 4.2.1.3, bit 0 first. */
enum {
    PKI_KU_DIGITAL_SIGNATURE = 1 << 0,
    PKI_KU_NON_REPUDIATION = 1 << 1,
    PKI_KU_KEY_ENCIPHERMENT = 1 << 2,
    PKI_KU_DATA_ENCIPHERMENT = 1 << 3,
    PKI_KU_KEY_AGREEMENT = 1 << 4,
    PKI_KU_CERT_SIGN = 1 << 5,
    PKI_KU_CRL_SIGN = 1 << 6,
};

/* Immutable, reference-counted, any thread. */
struct pki_cert;

bool pki_cert_from_der(struct span der, struct pki_cert **out, struct err *e) MUST_USE;
bool pki_cert_from_pem(struct span pem, struct pki_cert **out, struct err *e) MUST_USE;
struct pki_cert *pki_cert_ref(struct pki_cert *cert);
void pki_cert_free(struct pki_cert *cert);

/* How messages name a certificate that is at hand as DER only. Spans point into `der`. */
struct pki_cert_identity {
    struct span issuer; /* DER Name */
    struct span serial; /* INTEGER content */
    struct span key_id; /* subjectKeyIdentifier; empty without the extension */
};
bool pki_cert_identity(struct span der, struct pki_cert_identity *out, struct err *e) MUST_USE;

/* Borrowed from the certificate. */
struct span pki_cert_der(const struct pki_cert *cert);
struct span pki_cert_subject(const struct pki_cert *cert); /* DER Name */
struct span pki_cert_issuer(const struct pki_cert *cert);
struct span pki_cert_serial(const struct pki_cert *cert); /* INTEGER content bytes as encoded */
struct span pki_cert_spki(const struct pki_cert *cert);
/* Decoded at first use, then kept. NULL when OpenSSL cannot make a key of it. */
EVP_PKEY *pki_cert_public_key(const struct pki_cert *cert);
struct span pki_cert_subject_key_id(const struct pki_cert *cert); /* the extension's bytes; empty without */
struct span pki_cert_extensions(const struct pki_cert *cert);     /* Extension elements, back to back */
const uint8_t *pki_cert_sha256(const struct pki_cert *cert);      /* 32 bytes, over the DER */
int64_t pki_cert_not_before(const struct pki_cert *cert);         /* seconds since the Unix epoch */
int64_t pki_cert_not_after(const struct pki_cert *cert);
/* False when there is no such extension. Bits as above. */
bool pki_cert_key_usage(const struct pki_cert *cert, unsigned *out_bits);
/* Whether the extended key usage lists this OID (content bytes). False also without the extension. */
bool pki_cert_has_eku(const struct pki_cert *cert, struct span oid);
bool pki_cert_is_ca(const struct pki_cert *cert); /* basicConstraints cA */
bool pki_cert_is_rsa(const struct pki_cert *cert);
/* True when `issuer`'s name is the issuer name and its key verifies the signature. Dates are not looked at. */
bool pki_cert_issued_by(const struct pki_cert *cert, const struct pki_cert *issuer);
static inline bool pki_cert_valid_at(const struct pki_cert *cert, int64_t unix_s)
{
    return unix_s >= pki_cert_not_before(cert) && unix_s <= pki_cert_not_after(cert);
}

/* What to put into a new certificate. All spans borrowed during the call. */
struct pki_cert_spec {
    struct span subject; /* DER Name */
    struct span issuer;  /* DER Name; the subject for a self-signed one */
    struct span spki;    /* DER SubjectPublicKeyInfo */
    struct span serial;  /* big-endian magnitude, 1 to 20 bytes */
    int64_t not_before;
    int64_t not_after;
    bool ca;                 /* adds basicConstraints cA, critical */
    unsigned key_usage;      /* 0: no extension; always critical */
    const struct span *ekus; /* OID content bytes */
    size_t eku_count;
    struct span
        extensions; /* DER of further Extension elements, back to back (SAN from a CSR); may be empty */
    struct span authority_key_id;   /* 20 bytes or empty */
    bool authority_key_id_critical; /* against RFC 5280 4.2.1.1, as Windows does in its SCEP signer */
    bool no_subject_key_id;         /* else it is added */
    struct span
        template_name; /* ASCII; adds 1.3.6.1.4.1.311.20.2 as BMPString, as a v1 template does; or empty */
};
/* Signs with `key`; appends the DER certificate. */
bool pki_cert_make(const struct pki_cert_spec *spec, const struct pki_key *key, enum pki_digest digest,
                   struct buf *out, struct err *e) MUST_USE;

/* OID content bytes. */
extern const struct span PKI_EKU_CLIENT_AUTH;
extern const struct span PKI_EKU_SERVER_AUTH;
extern const struct span PKI_EKU_CERT_REQUEST_AGENT; /* 1.3.6.1.4.1.311.20.2.1 */

#endif
