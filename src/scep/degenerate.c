/* Certificates-only SignedData (RFC 8894 3.4): GetCACert bodies and the inside of CertRep. */
#include "scep/ca.h"

#include "pki/der.h"
#include "pki/fail.h"
#include "scep/cms.h"
#include "scep/oid.h"

bool scep_degenerate_put(struct buf *b, const struct pki_cert *const *certs, size_t count, struct span crls,
                         struct err *e)
{
    size_t content_info = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, SCEP_OID_SIGNED_DATA);
    size_t tagged = der_begin(b, DER_CONTEXT(0));
    size_t signed_data = der_begin(b, DER_SEQUENCE);
    der_put_small_int(b, 1);
    der_put(b, DER_SET, span_of(NULL, 0)); /* digestAlgorithms */
    size_t encapsulated = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, SCEP_OID_DATA);
    der_end(b, encapsulated);
    if (count > 0 || crls.len == 0) {
        size_t certificates = der_begin(b, DER_CONTEXT(0));
        for (size_t i = 0; i < count; i++)
            buf_append_span(b, pki_cert_der(certs[i]));
        der_end(b, certificates);
    }
    if (crls.len > 0)
        der_put(b, DER_CONTEXT(1), crls);
    der_put(b, DER_SET, span_of(NULL, 0)); /* signerInfos */
    der_end(b, signed_data);
    der_end(b, tagged);
    der_end(b, content_info);
    return buf_ok(b, STAGE_NONE, e);
}

bool scep_degenerate_make(const struct pki_cert *const *certs, size_t count, struct buf *out, struct err *e)
{
    return scep_degenerate_put(out, certs, count, span_of(NULL, 0), e);
}

/* SignedData begins with its version, ContentInfo with an OID. */
static bool find_signed_data(struct span body, struct der_item *out, struct err *e)
{
    struct der_reader r = der_reader_of(body);
    struct der_item first;
    if (!der_expect(&r, DER_SEQUENCE, "SignedData", out, e))
        return false;
    r = der_reader_of(out->content);
    if (der_optional(&r, DER_INTEGER, &first))
        return true;
    struct span type;
    if (!scep_cms_content_info(body, &type, out, e))
        return false;
    return span_equal(type, SCEP_OID_SIGNED_DATA) ||
           err_set(e, STAGE_NONE, REASON_MALFORMED, "the PKCS#7 is no SignedData");
}

bool scep_degenerate_open(struct span body, struct scep_signed *out, struct err *e)
{
    struct der_item signed_data;
    *out = (struct scep_signed){0};
    return find_signed_data(body, &signed_data, e) && scep_signed_read(&signed_data, out, e);
}

bool scep_degenerate_read(struct span body, bool (*each)(struct span cert_der, void *user), void *user,
                          struct err *e)
{
    struct scep_signed s;
    bool ok = scep_degenerate_open(body, &s, e) && scep_certificates_each(s.certificates, each, user, e);
    scep_signed_clear(&s);
    return ok;
}
