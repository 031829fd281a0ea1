/* messageData of the requests that carry no PKCS#10: IssuerAndSubject for CertPoll (RFC 8894 3.3.3),
 * IssuerAndSerialNumber for GetCert and GetCRL (3.3.4). DER written, BER read. */
#ifndef SCEP_CONTENT_H
#define SCEP_CONTENT_H

#include "scep/types.h"

/* CertPoll: the CA's name and the subject of the request that waits, both DER Names. Appends. */
bool scep_content_put_subject(struct span issuer, struct span subject, struct buf *out,
                              struct err *e) MUST_USE;
/* GetCert, GetCRL: how the certificate in question is named, as pki_cert_issuer and pki_cert_serial give it.
 * Appends. */
bool scep_content_put_serial(struct span issuer, struct span serial, struct buf *out, struct err *e) MUST_USE;

/* What a server found in a request's content. Spans point into the bytes read. */
struct scep_content {
    struct span issuer;  /* DER (or BER) Name: compare with pki_name_same_rdns */
    struct span subject; /* of a CertPoll, else empty */
    struct span
        serial; /* INTEGER content of GetCert and GetCRL, else empty: compare with der_integer_trimmed */
};
/* Each fails REASON_MALFORMED when the bytes are something else. Bytes after the structure are not looked at. */
bool scep_content_read_subject(struct span content, struct scep_content *out, struct err *e) MUST_USE;
bool scep_content_read_serial(struct span content, struct scep_content *out, struct err *e) MUST_USE;

#endif
