/* Certificates-only SignedData (RFC 8894 3.4): GetCACert bodies and the inside of CertRep. */
#include "scep/ca.h"

#include "pki/der.h"
#include "pki/fail.h"
#include "scep/cms.h"
#include "scep/oid.h"

bool scep_degenerate_make(const struct pki_cert *const *certs, size_t count, struct buf *out, struct err *e)
{
    size_t content_info = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, SCEP_OID_SIGNED_DATA);
    size_t tagged = der_begin(out, DER_CONTEXT(0));
    size_t signed_data = der_begin(out, DER_SEQUENCE);
    der_put_small_int(out, 1);
    der_put(out, DER_SET, span_of(NULL, 0)); /* digestAlgorithms */
    size_t encapsulated = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, SCEP_OID_DATA);
    der_end(out, encapsulated);
    size_t certificates = der_begin(out, DER_CONTEXT(0));
    for (size_t i = 0; i < count; i++)
        buf_append_span(out, pki_cert_der(certs[i]));
    der_end(out, certificates);
    der_put(out, DER_SET, span_of(NULL, 0)); /* signerInfos */
    der_end(out, signed_data);
    der_end(out, tagged);
    der_end(out, content_info);
    return buf_ok(out, STAGE_NONE, e);
}

bool scep_degenerate_read(struct span body, bool (*each)(struct span cert_der, void *user), void *user,
                          struct err *e)
{
    struct span type;
    struct der_item content;
    if (!scep_cms_content_info(body, &type, &content, e))
        return false;
    if (!span_equal(type, SCEP_OID_SIGNED_DATA))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the PKCS#7 is no SignedData");
    struct scep_signed s;
    bool ok = scep_signed_read(&content, &s, e) && scep_certificates_each(s.certificates, each, user, e);
    scep_signed_clear(&s);
    return ok;
}
