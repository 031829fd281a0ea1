/* PKCS#10 (RFC 2986), both ends. */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include "pki/key.h"

struct pki_csr_spec {
    struct span subject;   /* DER Name */
    struct span challenge; /* challengePassword; empty: attribute left out */
    uint8_t
        challenge_tag;  /* DER_PRINTABLE_STRING (the default when 0), DER_UTF8_STRING, DER_IA5_STRING ... */
    unsigned key_usage; /* PKI_KU_* for an extensionRequest; 0: none */
    const struct span *ekus;
    size_t eku_count;
    struct span san; /* DER GeneralNames; empty: none */
    bool key_usage_not_critical;
    struct span extensions; /* DER of further Extension elements, back to back; may be empty */
    struct span attributes; /* DER of further Attribute elements, back to back; may be empty */
};
/* DER_PRINTABLE_STRING where the characters allow (NDES refuses others), else DER_UTF8_STRING. */
uint8_t pki_csr_challenge_tag(struct span challenge);
/* Appends the DER CertificationRequest, signed by `key`. */
bool pki_csr_make(const struct pki_csr_spec *spec, const struct pki_key *key, enum pki_digest digest,
                  struct buf *out, struct err *e) MUST_USE;

/* A parsed request. Spans point into the bytes given to pki_csr_read; `public_key` is owned. */
struct pki_csr {
    struct span subject;
    struct span spki;
    EVP_PKEY *public_key;
    struct buf challenge;  /* decoded bytes; empty when the attribute is absent. Secret: wiped by clear */
    uint8_t challenge_tag; /* its ASN.1 type as sent; 0 when absent */
    struct span challenge_value; /* the same as it stands in those bytes */
    struct span attributes;      /* DER content of the [0]: Attribute elements, back to back; may be empty */
    struct span signature_oid;
    struct span
        extensions;     /* DER content of the extensionRequest's SEQUENCE OF Extension; empty when absent */
    unsigned key_usage; /* from extensionRequest; 0 when absent */
};
/* Reads and verifies the self-signature (REASON_BAD_SIGNATURE). */
bool pki_csr_read(struct span der, struct pki_csr *out, struct err *e) MUST_USE;
/* The same without the signature and without public_key: for what is only shown. */
bool pki_csr_parse(struct span der, struct pki_csr *out, struct err *e) MUST_USE;
void pki_csr_clear(struct pki_csr *csr);

/* Overwrites the challengePassword, so that the rest may be kept; its length stays, the signature is void. What cannot be read
 * is wiped altogether. */
void pki_csr_blot(struct buf *csr);

#endif
