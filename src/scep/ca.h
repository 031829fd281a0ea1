/* GetCACert (RFC 8894 4.2): the certificates a client enrolls with, and their roles. */
#ifndef SCEP_CA_H
#define SCEP_CA_H

#include "scep/types.h"

#define SCEP_CA_MAX_CERTS 16

enum scep_role { SCEP_ROLE_CA, SCEP_ROLE_RA_SIGN, SCEP_ROLE_RA_ENCRYPT, SCEP_ROLE_RA_BOTH, SCEP_ROLE_CHAIN };
const char *scep_role_name(enum scep_role role); /* "ca", "ra_signing", "ra_encryption", "ra", "chain" */

/* Immutable after parsing, reference-counted, any thread. */
struct scep_ca;

/* Reads a GetCACert body: one DER certificate, or a certificates-only PKCS#7 (DER or BER); what the bytes say
 * counts, the Content-Type does not. Roles go by key usage and issuer, never by order.
 * Fails:   REASON_CA_CERT_MALFORMED, REASON_CA_CERT_NO_RECIPIENT.
 * Ignores: validity and chain: scep_ca_check looks at those. */
bool scep_ca_parse(struct span body, struct scep_ca **out, struct err *e) MUST_USE;
/* The same for what another operation returned: `operation` is for error texts, `stage` where it fails. */
bool scep_ca_parse_from(const char *operation, enum stage stage, struct span body, struct scep_ca **out,
                        struct err *e) MUST_USE;
struct scep_ca *scep_ca_ref(struct scep_ca *ca);
void scep_ca_free(struct scep_ca *ca);

size_t scep_ca_count(const struct scep_ca *ca);
const struct pki_cert *scep_ca_cert(const struct scep_ca *ca, size_t index); /* borrowed */
enum scep_role scep_ca_role(const struct scep_ca *ca, size_t index);
/* The certificate that a message names as its signer's, by key_id or by issuer and serial number; NULL when it is not
 * among them. Borrowed. */
const struct pki_cert *scep_ca_find(const struct scep_ca *ca, const struct pki_cert_identity *id);
/* Whether `cert` was issued by one of the CA certificates here, RA certificates aside. Dates are not looked at. */
bool scep_ca_issued(const struct scep_ca *ca, const struct pki_cert *cert);
/* The one to encrypt to: keyEncipherment RA first, else the CA. Borrowed. */
const struct pki_cert *scep_ca_recipient(const struct scep_ca *ca);

/* What a careful client checks before it goes on: every RA and CA certificate within its validity at now_s,
 * RA certificates issued by the CA certificate beside them.
 * Fails: REASON_RA_CERT_EXPIRED, REASON_CA_CERT_EXPIRED, REASON_RA_CHAIN; text names subject and date. */
bool scep_ca_check(const struct scep_ca *ca, int64_t now_s, struct err *e) MUST_USE;

/* Server half: a certificates-only SignedData (RFC 8894 3.4) in the order given. */
bool scep_degenerate_make(const struct pki_cert *const *certs, size_t count, struct buf *out,
                          struct err *e) MUST_USE;
/* Reads one, for CertRep contents too: calls back for each certificate's DER. False when malformed. */
bool scep_degenerate_read(struct span body, bool (*each)(struct span cert_der, void *user), void *user,
                          struct err *e) MUST_USE;

#endif
