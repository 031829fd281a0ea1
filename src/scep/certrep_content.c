/* What the envelope of a SUCCESS holds: the certificate issued, fetched, or the CRL (RFC 8894 3.3.2.1, table 6). */
#include "scep/reading.h"

#include "pki/spki.h"

#define MAX_CHAIN 8

/* The envelope. */

static bool open_envelope(struct scep_reading *r, struct buf *content, struct err *e)
{
    struct scep_certrep *out = r->out;
    struct scep_enveloped envelope;
    if (!scep_enveloped_read(r->s.content, &envelope, e))
        return false;
    struct pki_cert_identity ours;
    out->has_envelope = true;
    bool ok = pki_cert_identity(r->expected->signer_cert, &ours, e) &&
              scep_enveloped_open(&envelope, &ours, r->expected->decrypt_key, content, e);
    if (envelope.known_cipher)
        out->cipher = envelope.cipher;
    if (envelope.known_transport)
        out->transport = envelope.transport;
    return ok;
}

struct collecting {
    struct scep_reading *r;
    size_t foreign_crls;
    struct err *e;
};

static bool collect_cert(struct span der, void *user)
{
    struct collecting *c = user;
    struct scep_certrep *out = c->r->out;
    if (out->certificate_count == SCEP_CERTREP_MAX_CERTS)
        return err_set(c->e, STAGE_VERIFY, REASON_LIMIT, "more than %d certificates in the reply",
                       SCEP_CERTREP_MAX_CERTS);
    return pki_cert_from_der(der, &out->certificates[out->certificate_count], c->e) &&
           ++out->certificate_count > 0;
}

/* A wrong key may by chance leave valid padding; then the content is no CMS and the key is still to blame. */
static bool open_content(struct scep_reading *r, struct span content, struct scep_signed *inner,
                         struct err *e)
{
    struct collecting c = {.r = r, .e = e};
    if (content.len == 0 || content.data[0] != DER_SEQUENCE)
        return err_set(e, STAGE_VERIFY, REASON_DECRYPT, "what the envelope holds is no CMS");
    return scep_degenerate_open(content, inner, e) &&
           scep_certificates_each(inner->certificates, collect_cert, &c, e);
}

/* A certificate issued. */

static bool in_bundle(const struct scep_ca *ca, const struct pki_cert *cert)
{
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        if (span_equal(pki_cert_der(scep_ca_cert(ca, i)), pki_cert_der(cert)))
            return true;
    }
    return false;
}

/* By issuer and serial number alone: certificates for the same key share their key identifier. */
static bool is_named(const struct pki_cert *cert, struct span issuer, struct span serial)
{
    struct pki_cert_identity wanted = {.issuer = issuer, .serial = serial};
    struct pki_cert_identity id = scep_cms_id_of(cert);
    return scep_cms_id_is(&wanted, &id);
}

static bool is_renewed(const struct scep_expected *expected, const struct pki_cert *cert)
{
    struct pki_cert_identity held;
    return expected->renewed_cert.len > 0 && pki_cert_identity(expected->renewed_cert, &held, NULL) &&
           is_named(cert, held.issuer, held.serial);
}

static bool find_issued(struct scep_reading *r, struct err *e)
{
    struct scep_certrep *out = r->out;
    size_t own = 0;
    bool held = false;
    for (size_t i = 0; i < out->certificate_count; i++) {
        struct pki_cert *cert = out->certificates[i];
        if (is_renewed(r->expected, cert)) {
            held = true;
        } else if (pki_spki_same(pki_cert_spki(cert), r->expected->spki)) {
            out->issued = pki_cert_ref(cert);
            return true;
        }
        own += !in_bundle(r->expected->ca, cert);
    }
    if (held)
        return err_set(e, STAGE_VERIFY, REASON_RENEWAL_SAME_CERTIFICATE,
                       "the reply holds the certificate that is in use, and no new one");
    if (own == 0)
        return err_set(e, STAGE_VERIFY, REASON_NO_CERTIFICATE,
                       "%zu certificates in the reply, all of them the CA's", out->certificate_count);
    return err_set(e, STAGE_VERIFY, REASON_KEY_MISMATCH,
                   "none of the %zu certificates in the reply has the requested key", out->certificate_count);
}

static bool check_subject(const struct scep_reading *r, struct err *e)
{
    struct span subject = pki_cert_subject(r->out->issued);
    if (pki_name_same_rdns(subject, r->expected->subject))
        return true;
    struct buf got;
    struct buf wanted;
    buf_init(&got, 65536);
    buf_init(&wanted, 65536);
    bool readable =
        pki_name_to_text(subject, &got, NULL) && pki_name_to_text(r->expected->subject, &wanted, NULL);
    const char *a = readable ? buf_text(&got) : NULL;
    const char *b = readable ? buf_text(&wanted) : NULL;
    err_set(e, STAGE_VERIFY, REASON_SUBJECT_MISMATCH, "subject \"%.80s\" instead of \"%.80s\"",
            a == NULL ? "?" : a, b == NULL ? "?" : b);
    buf_clear(&got);
    buf_clear(&wanted);
    return false;
}

/* Up through CA certificates that came along, until one of the bundle's has signed. */
static bool check_chain(const struct scep_reading *r, struct err *e)
{
    const struct scep_certrep *out = r->out;
    const struct pki_cert *at = out->issued;
    for (size_t depth = 0; at != NULL && depth < MAX_CHAIN; depth++) {
        if (scep_ca_issued(r->expected->ca, at))
            return true;
        const struct pki_cert *next = NULL;
        for (size_t i = 0; next == NULL && i < out->certificate_count; i++) {
            const struct pki_cert *above = out->certificates[i];
            if (above != at && pki_cert_is_ca(above) && pki_cert_issued_by(at, above))
                next = above;
        }
        at = next;
    }
    return err_set(e, STAGE_VERIFY, REASON_CHAIN, "no CA certificate of GetCACert issued the certificate");
}

static bool check_validity(const struct scep_reading *r, struct err *e)
{
    const struct pki_cert *cert = r->out->issued;
    if (pki_cert_valid_at(cert, r->expected->now_s))
        return true;
    bool early = r->expected->now_s < pki_cert_not_before(cert);
    return err_set(e, STAGE_VERIFY, REASON_CERT_EXPIRED,
                   early ? "the certificate begins %lld s from now" : "the certificate ended %lld s ago",
                   (long long)(early ? pki_cert_not_before(cert) - r->expected->now_s
                                     : r->expected->now_s - pki_cert_not_after(cert)));
}

static bool check_issued(struct scep_reading *r, struct err *e)
{
    return find_issued(r, e) && check_subject(r, e) && check_chain(r, e) && check_validity(r, e);
}

/* A certificate fetched. */

static bool check_fetched(struct scep_reading *r, struct err *e)
{
    struct scep_certrep *out = r->out;
    for (size_t i = 0; i < out->certificate_count && out->issued == NULL; i++) {
        if (is_named(out->certificates[i], r->expected->wanted_issuer, r->expected->wanted_serial))
            out->issued = pki_cert_ref(out->certificates[i]);
    }
    if (out->issued != NULL)
        return check_chain(r, e);
    if (out->certificate_count == 0)
        return err_set(e, STAGE_VERIFY, REASON_NO_CERTIFICATE, "no certificate in the reply");
    return err_set(e, STAGE_VERIFY, REASON_WRONG_CERTIFICATE,
                   "none of the %zu certificates in the reply has the issuer and serial number asked for",
                   out->certificate_count);
}

/* A CRL. */

static bool collect_crl(struct span der, void *user)
{
    struct collecting *c = user;
    struct pki_crl **kept = &c->r->out->crl;
    struct span wanted = c->r->expected->wanted_issuer;
    struct pki_crl *crl;
    if (!pki_crl_from_der(der, &crl, c->e))
        return false;
    struct span issuer = pki_crl_issuer(crl);
    bool ours = span_equal(issuer, wanted) || pki_name_same_rdns(issuer, wanted);
    if (ours && (*kept == NULL || pki_crl_this_update(crl) > pki_crl_this_update(*kept))) {
        pki_crl_free(*kept);
        *kept = crl;
        return true;
    }
    c->foreign_crls += !ours;
    pki_crl_free(crl);
    return true;
}

static bool check_crl_signature(const struct scep_reading *r, struct err *e)
{
    const struct scep_ca *ca = r->expected->ca;
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        enum scep_role role = scep_ca_role(ca, i);
        if ((role == SCEP_ROLE_CA || role == SCEP_ROLE_CHAIN) &&
            pki_crl_signed_by(r->out->crl, scep_ca_cert(ca, i)))
            return true;
    }
    return err_set(e, STAGE_VERIFY, REASON_BAD_SIGNATURE,
                   "no CA certificate of GetCACert verifies the CRL's signature");
}

static bool check_crl_dates(const struct scep_reading *r, struct err *e)
{
    const struct pki_crl *crl = r->out->crl;
    int64_t now = r->expected->now_s;
    if (pki_crl_valid_at(crl, now))
        return true;
    bool early = now < pki_crl_this_update(crl);
    return err_set(e, STAGE_VERIFY, REASON_CRL_STALE,
                   early ? "the CRL begins %lld s from now" : "the CRL should have been replaced %lld s ago",
                   (long long)(early ? pki_crl_this_update(crl) - now : now - pki_crl_next_update(crl)));
}

static bool check_crl(struct scep_reading *r, struct span crls, struct err *e)
{
    struct collecting c = {.r = r, .e = e};
    if (!scep_certificates_each(crls, collect_crl, &c, e))
        return false;
    if (r->out->crl == NULL && c.foreign_crls == 0)
        return err_set(e, STAGE_VERIFY, REASON_CRL_MISSING, "no CRL in the reply");
    if (r->out->crl == NULL)
        return err_set(e, STAGE_VERIFY, REASON_CRL_MISSING, "the reply has %zu CRLs, all of other issuers",
                       c.foreign_crls);
    return check_crl_signature(r, e) && check_crl_dates(r, e);
}

static bool check(struct scep_reading *r, const struct scep_signed *inner, struct err *e)
{
    switch (r->expected->request_type) {
    case SCEP_GET_CERT:
        return check_fetched(r, e);
    case SCEP_GET_CRL:
        return check_crl(r, inner->crls, e);
    case SCEP_PKCS_REQ:
    case SCEP_RENEWAL_REQ:
    case SCEP_UPDATE_REQ:
    case SCEP_CERT_POLL:
    case SCEP_CERT_REP:
        break;
    }
    return check_issued(r, e);
}

void scep_certrep_check_content(struct scep_reading *r, struct err *e)
{
    struct buf content;
    struct scep_signed inner = {0};
    buf_init(&content, BYTES_MAX_MESSAGE);
    if (open_envelope(r, &content, e) && open_content(r, buf_span(&content), &inner, e))
        (void)check(r, &inner, e);
    scep_signed_clear(&inner);
    buf_wipe(&content);
}
