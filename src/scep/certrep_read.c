#include "scep/certrep.h"

#include "pki/fail.h"
#include "pki/spki.h"
#include "scep/attributes.h"
#include "scep/cms.h"
#include "scep/oid.h"

#define MAX_REPLY_CERTS 16
#define MAX_CHAIN       8

/* One reply being read. */
struct reading {
    const struct scep_expected *expected;
    struct scep_certrep *out;
    struct scep_signed s;
    struct scep_attributes a;
    struct scep_enveloped envelope;
    size_t cert_count;
    struct pki_cert *certs[MAX_REPLY_CERTS];
};

static void violate(struct reading *r, unsigned check)
{
    r->out->violated |= check;
}

/* The frame. */

/* CMS of this size begins 30 8x; text that happens to begin with "0" does not. */
static bool could_be_cms(struct span body)
{
    return body.len >= 2 && body.data[0] == DER_SEQUENCE && body.data[1] >= 0x80;
}

static bool open_frame(struct span body, struct der_item *signed_data, struct err *e)
{
    struct span type;
    char seen[96];
    if (!could_be_cms(body))
        return err_set(e, STAGE_PKI_OPERATION, REASON_NOT_SCEP, "the reply is %s",
                       scep_describe_body(body, seen, sizeof seen));
    if (!scep_cms_content_info(body, &type, signed_data, e))
        return false;
    if (!span_equal(type, SCEP_OID_SIGNED_DATA))
        return err_set(e, STAGE_PKI_OPERATION, REASON_NOT_SCEP, "the reply is CMS, but no SignedData");
    return true;
}

static bool read_frame(struct reading *r, struct span body, struct err *e)
{
    struct der_item signed_data;
    if (!open_frame(body, &signed_data, e) || !scep_signed_read(&signed_data, &r->s, e))
        return false;
    if (!r->s.has_signer || r->s.attributes.content.data == NULL)
        return err_set(e, STAGE_PKI_OPERATION, REASON_NOT_SCEP, "the reply is CMS without signed attributes");
    return scep_attributes_read(&r->s.attributes, &r->a, e);
}

static void report_attributes(struct reading *r)
{
    struct scep_certrep *out = r->out;
    out->message_type = r->a.message_type;
    out->pki_status = r->a.pki_status;
    out->fail_info = r->a.fail_info;
    out->has_hresult = r->a.has_hresult;
    out->hresult = r->a.hresult;
    memcpy(out->fail_info_text, r->a.fail_info_text, sizeof out->fail_info_text);
    memcpy(out->server_text, r->a.server_text, sizeof out->server_text);
    memcpy(out->transaction_id, r->a.transaction_id, sizeof out->transaction_id);
    out->has_recipient_nonce = r->a.recipient_nonce.present;
    out->digest = r->s.digest;
    out->one_byte_content = r->s.content.len == 1 && r->s.content.data[0] == 0;
}

/* The signature. */

static const struct pki_cert *signer_in_bundle(const struct reading *r)
{
    const struct scep_ca *ca = r->expected->ca;
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        struct pki_cert_identity id = scep_cms_id_of(scep_ca_cert(ca, i));
        if (scep_cms_id_is(&r->s.signer, &id))
            return scep_ca_cert(ca, i);
    }
    return NULL;
}

struct search {
    const struct scep_signed *s;
    struct pki_cert *found;
};

static bool keep_signer(struct span der, void *user)
{
    struct search *search = user;
    struct pki_cert *cert;
    if (search->found != NULL || !pki_cert_from_der(der, &cert, NULL))
        return true;
    struct pki_cert_identity id = scep_cms_id_of(cert);
    if (scep_cms_id_is(&search->s->signer, &id))
        search->found = cert;
    else
        pki_cert_free(cert);
    return true;
}

/* A certificate that only comes with the message proves nothing, but whether it made the signature is still worth
 * knowing. */
static void check_foreign_signer(struct reading *r, struct err *e)
{
    struct search search = {.s = &r->s};
    violate(r, SCEP_CHECK_SIGNER);
    bool whole = scep_certificates_each(r->s.certificates, keep_signer, &search, NULL);
    EVP_PKEY *key = whole && search.found != NULL ? pki_cert_public_key(search.found) : NULL;
    if (search.found != NULL)
        err_set(e, STAGE_VERIFY, REASON_SIGNER_UNKNOWN,
                "the signer's certificate came with the reply, GetCACert did not return it");
    else
        err_set(e, STAGE_VERIFY, REASON_SIGNER_UNKNOWN,
                "none of the %zu GetCACert certificates is the signer's", scep_ca_count(r->expected->ca));
    if (key == NULL || !scep_signed_verify(&r->s, key, NULL))
        violate(r, SCEP_CHECK_SIGNATURE);
    pki_cert_free(search.found);
}

static void check_signature(struct reading *r, struct err *e)
{
    const struct pki_cert *signer = signer_in_bundle(r);
    if (signer == NULL) {
        check_foreign_signer(r, e);
    } else {
        EVP_PKEY *key = pki_cert_public_key(signer);
        if (key == NULL) {
            violate(r, SCEP_CHECK_SIGNATURE);
            err_set(e, STAGE_VERIFY, REASON_UNSUPPORTED_ALGORITHM, "the signer's key cannot be used");
        } else if (!scep_signed_verify(&r->s, key, e)) {
            violate(r, SCEP_CHECK_SIGNATURE);
        }
    }
    if (!scep_signed_check_digest(&r->s, scep_octets_span(&r->a.message_digest), e))
        violate(r, SCEP_CHECK_SIGNATURE);
}

/* The attributes. */

static void check_attributes(struct reading *r, struct err *e)
{
    const struct scep_transaction *t = r->expected->transaction;
    if (r->a.message_type != SCEP_CERT_REP) {
        violate(r, SCEP_CHECK_MESSAGE_TYPE);
        err_set(e, STAGE_VERIFY, REASON_MESSAGE_TYPE, "messageType %d (%s), not 3", r->a.message_type,
                scep_message_type_name(r->a.message_type));
    }
    if (strcmp(r->a.transaction_id, t->id) != 0) {
        violate(r, SCEP_CHECK_TRANSACTION);
        err_set(e, STAGE_VERIFY, REASON_TRANSACTION_MISMATCH, "transactionID \"%.60s\" instead of \"%.60s\"",
                r->a.transaction_id, t->id);
    }
    if (!r->a.recipient_nonce.present ||
        !span_equal_secret(scep_octets_span(&r->a.recipient_nonce),
                           span_of(t->sender_nonce, sizeof t->sender_nonce))) {
        violate(r, SCEP_CHECK_NONCE);
        err_set(e, STAGE_VERIFY, REASON_NONCE_MISMATCH, "recipientNonce %s",
                r->a.recipient_nonce.present ? "is not the senderNonce of the request" : "is missing");
    }
}

/* Status against content. Content is no envelope when it is absent, empty or NDES's single zero byte. */
static const char *contradiction(const struct reading *r)
{
    bool content = r->s.content.len > 0 && !r->out->one_byte_content;
    switch (r->a.pki_status) {
    case SCEP_SUCCESS:
        return content ? NULL : "SUCCESS without an envelope";
    case SCEP_FAILURE:
        if (r->a.fail_info < 0)
            return "FAILURE without failInfo";
        return content ? "FAILURE with content" : NULL;
    case SCEP_PENDING:
        return content ? "PENDING with content" : NULL;
    }
    return NULL;
}

static void check_status(struct reading *r, struct err *e)
{
    int status = r->a.pki_status;
    if (status != SCEP_SUCCESS && status != SCEP_FAILURE && status != SCEP_PENDING) {
        violate(r, SCEP_CHECK_STATUS);
        err_set(e, STAGE_VERIFY, REASON_STATUS_UNKNOWN, "pkiStatus %d", status);
    }
    const char *what = contradiction(r);
    if (what != NULL) {
        violate(r, SCEP_CHECK_CONTENT);
        err_set(e, STAGE_VERIFY, REASON_STATUS_CONTENT, "%s", what);
    }
}

static void report_refusal(const struct reading *r, struct err *e)
{
    char hresult[32] = "";
    const char *text = r->out->server_text[0] != '\0' ? r->out->server_text : r->out->fail_info_text;
    if (r->a.pki_status == SCEP_PENDING) {
        err_set(e, STAGE_PKI_OPERATION, REASON_SCEP_PENDING, "pkiStatus PENDING");
        return;
    }
    if (r->a.has_hresult)
        snprintf(hresult, sizeof hresult, ", HRESULT 0x%08x", (unsigned)r->a.hresult);
    err_set_detail(e, STAGE_PKI_OPERATION, REASON_SCEP_FAILURE, ERR_DOMAIN_FAIL_INFO, r->a.fail_info,
                   "failInfo %d (%s)%s%s%.100s", r->a.fail_info, scep_fail_info_name(r->a.fail_info), hresult,
                   text[0] != '\0' ? ": " : "", text);
}

/* The envelope. */

static bool open_envelope(struct reading *r, struct buf *content, struct err *e)
{
    struct scep_certrep *out = r->out;
    if (!scep_enveloped_read(r->s.content, &r->envelope, e))
        return false;
    struct pki_cert_identity ours;
    out->has_envelope = true;
    bool ok = pki_cert_identity(r->expected->signer_cert, &ours, e) &&
              scep_enveloped_open(&r->envelope, &ours, r->expected->decrypt_key, content, e);
    if (r->envelope.known_cipher)
        out->cipher = r->envelope.cipher;
    if (r->envelope.known_transport)
        out->transport = r->envelope.transport;
    return ok;
}

struct collecting {
    struct reading *r;
    struct err *e;
};

static bool collect_cert(struct span der, void *user)
{
    struct collecting *c = user;
    struct reading *r = c->r;
    if (r->cert_count == MAX_REPLY_CERTS)
        return err_set(c->e, STAGE_VERIFY, REASON_LIMIT, "more than %d certificates in the reply",
                       MAX_REPLY_CERTS);
    return pki_cert_from_der(der, &r->certs[r->cert_count], c->e) && ++r->cert_count > 0;
}

/* A wrong key may by chance leave valid padding; then the content is no CMS and the key is still to blame. */
static bool collect_certs(struct reading *r, struct span content, struct err *e)
{
    if (content.len == 0 || content.data[0] != DER_SEQUENCE)
        return err_set(e, STAGE_VERIFY, REASON_DECRYPT, "what the envelope holds is no CMS");
    struct collecting c = {.r = r, .e = e};
    bool ok = scep_degenerate_read(content, collect_cert, &c, e);
    r->out->certificate_count = r->cert_count;
    return ok;
}

/* The certificate. */

static bool same_key(struct span spki_a, struct span spki_b)
{
    struct span a;
    struct span b;
    return span_equal(spki_a, spki_b) ||
           (pki_spki_is_rsa(spki_a, &a) && pki_spki_is_rsa(spki_b, &b) && span_equal(a, b));
}

static bool in_bundle(const struct scep_ca *ca, const struct pki_cert *cert)
{
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        if (span_equal(pki_cert_der(scep_ca_cert(ca, i)), pki_cert_der(cert)))
            return true;
    }
    return false;
}

static bool find_issued(struct reading *r, struct err *e)
{
    size_t own = 0;
    for (size_t i = 0; i < r->cert_count; i++) {
        if (same_key(pki_cert_spki(r->certs[i]), r->expected->spki)) {
            r->out->issued = pki_cert_ref(r->certs[i]);
            return true;
        }
        own += !in_bundle(r->expected->ca, r->certs[i]);
    }
    if (own == 0)
        return err_set(e, STAGE_VERIFY, REASON_NO_CERTIFICATE,
                       "%zu certificates in the reply, all of them the CA's", r->cert_count);
    return err_set(e, STAGE_VERIFY, REASON_KEY_MISMATCH,
                   "none of the %zu certificates in the reply has the requested key", r->cert_count);
}

static bool check_subject(const struct reading *r, struct err *e)
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

static bool issued_by_bundle(const struct scep_ca *ca, const struct pki_cert *cert)
{
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        enum scep_role role = scep_ca_role(ca, i);
        if ((role == SCEP_ROLE_CA || role == SCEP_ROLE_CHAIN) &&
            pki_cert_issued_by(cert, scep_ca_cert(ca, i)))
            return true;
    }
    return false;
}

/* Up through CA certificates that came along, until one of the bundle's has signed. */
static bool check_chain(const struct reading *r, struct err *e)
{
    const struct pki_cert *at = r->out->issued;
    for (size_t depth = 0; at != NULL && depth < MAX_CHAIN; depth++) {
        if (issued_by_bundle(r->expected->ca, at))
            return true;
        const struct pki_cert *next = NULL;
        for (size_t i = 0; next == NULL && i < r->cert_count; i++) {
            if (r->certs[i] != at && pki_cert_is_ca(r->certs[i]) && pki_cert_issued_by(at, r->certs[i]))
                next = r->certs[i];
        }
        at = next;
    }
    return err_set(e, STAGE_VERIFY, REASON_CHAIN, "no CA certificate of GetCACert issued the certificate");
}

static bool check_validity(const struct reading *r, struct err *e)
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

static void check_issued(struct reading *r, struct err *e)
{
    struct buf content;
    buf_init(&content, BYTES_MAX_MESSAGE);
    if (open_envelope(r, &content, e) && collect_certs(r, buf_span(&content), e) && find_issued(r, e) &&
        check_subject(r, e) && check_chain(r, e))
        (void)check_validity(r, e);
    buf_wipe(&content);
}

static void check_reply(struct reading *r, struct err *e)
{
    report_attributes(r);
    check_signature(r, e);
    check_attributes(r, e);
    check_status(r, e);
    if (r->a.pki_status == SCEP_FAILURE || r->a.pki_status == SCEP_PENDING)
        report_refusal(r, e);
    else if (r->a.pki_status == SCEP_SUCCESS && (r->out->violated & SCEP_CHECK_CONTENT) == 0)
        check_issued(r, e);
}

bool scep_certrep_read(struct span body, const struct scep_expected *expected, struct scep_certrep *out,
                       struct err *e)
{
    struct reading r = {.expected = expected, .out = out};
    struct err found = {0};
    *out = (struct scep_certrep){.message_type = -1, .pki_status = -1, .fail_info = -1};
    if (read_frame(&r, body, &found))
        check_reply(&r, &found);
    for (size_t i = 0; i < r.cert_count; i++)
        pki_cert_free(r.certs[i]);
    scep_signed_clear(&r.s);
    pki_forget_errors();
    bool ok = !err_is_set(&found);
    (void)pki_at_stage(ok, STAGE_VERIFY, &found);
    if (!ok && e != NULL && !err_is_set(e))
        *e = found;
    return ok;
}

void scep_certrep_clear(struct scep_certrep *rep)
{
    pki_cert_free(rep->issued);
    *rep = (struct scep_certrep){0};
}
