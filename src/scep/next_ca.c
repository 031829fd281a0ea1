#include "scep/next_ca.h"

#include "pki/fail.h"
#include "scep/attributes.h"
#include "scep/cms.h"

static bool untrusted(struct err *e, const char *why)
{
    return err_set(e, STAGE_NONE, REASON_NEXT_CA_SIGNATURE, "%s", why);
}

/* With signed attributes, as nearly everybody has them, the content is covered by the messageDigest among them. */
static bool check_digest(const struct scep_signed *s, struct err *e)
{
    struct scep_attributes a;
    if (s->attributes.content.data == NULL)
        return true;
    if (!scep_attributes_read(&s->attributes, &a, e))
        return false;
    return scep_signed_check_digest(s, scep_octets_span(&a.message_digest), NULL) ||
           untrusted(e, "the messageDigest is not that of the certificates");
}

static bool check_signature(const struct scep_signed *s, const struct scep_ca *current, struct err *e)
{
    if (!s->has_signer)
        return untrusted(e, "nobody signed the reply to GetNextCACert");
    const struct pki_cert *signer = scep_ca_find(current, &s->signer);
    if (signer == NULL)
        return untrusted(e, "the signer is none of the current GetCACert certificates");
    EVP_PKEY *key = pki_cert_public_key(signer);
    if (key == NULL)
        return err_set(e, STAGE_NONE, REASON_UNSUPPORTED_ALGORITHM, "the signer's key cannot be used");
    return (scep_signed_verify(s, key, NULL) || untrusted(e, "the signature does not verify")) &&
           check_digest(s, e);
}

bool scep_next_ca_read(struct span body, const struct scep_ca *current, struct scep_ca **out, struct err *e)
{
    struct der_item signed_data;
    struct scep_signed s = {0};
    bool ok = scep_cms_signed_data(body, STAGE_GET_NEXT_CA_CERT, &signed_data, e) &&
              scep_signed_read(&signed_data, &s, e) && check_signature(&s, current, e) &&
              scep_ca_parse_from("GetNextCACert", STAGE_GET_NEXT_CA_CERT, s.content, out, e);
    scep_signed_clear(&s);
    pki_forget_errors();
    return pki_at_stage(ok, STAGE_GET_NEXT_CA_CERT, e);
}

bool scep_next_ca_make(const struct scep_next_ca_spec *spec, struct buf *out, struct err *e)
{
    struct scep_signed_writer w;
    struct scep_signer signer = {
        .id = scep_cms_id_of(spec->signer),
        .key = spec->signer_key,
        .certificates = spec->include_signer ? pki_cert_der(spec->signer) : span_of(NULL, 0),
    };
    scep_signed_begin(&w, out, spec->digest);
    bool ok = scep_degenerate_make(spec->certs, spec->cert_count, out, e) &&
              scep_signed_finish(&w, &signer, NULL, 0, e);
    return pki_at_stage(ok, STAGE_BUILD, e);
}
