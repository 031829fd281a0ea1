#include "scep/certrep.h"

#include "pki/fail.h"
#include "pki/oid.h"
#include "scep/oid.h"
#include "scep/reading.h"

static void violate(struct scep_reading *r, unsigned check)
{
    r->out->violated |= check;
}

/* The step that the request belongs to: what the server says counts there. */
static enum stage request_stage(const struct scep_expected *expected)
{
    switch (expected->request_type) {
    case SCEP_RENEWAL_REQ:
    case SCEP_UPDATE_REQ:
        return STAGE_RENEWAL;
    case SCEP_CERT_POLL:
        return STAGE_CERT_POLL;
    case SCEP_GET_CERT:
        return STAGE_GET_CERT;
    case SCEP_GET_CRL:
        return STAGE_GET_CRL;
    case SCEP_PKCS_REQ:
    case SCEP_CERT_REP:
        break;
    }
    return expected->renewed_cert.len > 0 ? STAGE_RENEWAL : STAGE_PKI_OPERATION;
}

/* The frame. */

static bool read_frame(struct scep_reading *r, struct span body, struct err *e)
{
    enum stage stage = request_stage(r->expected);
    struct der_item signed_data;
    if (!scep_cms_signed_data(body, stage, &signed_data, e) || !scep_signed_read(&signed_data, &r->s, e))
        return false;
    if (!r->s.has_signer || r->s.attributes.content.data == NULL)
        return err_set(e, stage, REASON_NOT_SCEP, "the reply is CMS without signed attributes");
    return scep_attributes_read(&r->s.attributes, &r->a, e);
}

static void report_attributes(struct scep_reading *r)
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

/* A certificate that only comes with the message proves nothing, but whether it made the signature is still worth
 * knowing. */
static void check_foreign_signer(struct scep_reading *r, struct err *e)
{
    struct pki_cert *signer = NULL;
    violate(r, SCEP_CHECK_SIGNER);
    EVP_PKEY *key = scep_signed_signer(&r->s, &signer, NULL) ? pki_cert_public_key(signer) : NULL;
    if (signer != NULL)
        err_set(e, STAGE_VERIFY, REASON_SIGNER_UNKNOWN,
                "the signer's certificate came with the reply, GetCACert did not return it");
    else
        err_set(e, STAGE_VERIFY, REASON_SIGNER_UNKNOWN,
                "none of the %zu GetCACert certificates is the signer's", scep_ca_count(r->expected->ca));
    if (key == NULL || !scep_signed_verify(&r->s, key, NULL))
        violate(r, SCEP_CHECK_SIGNATURE);
    pki_cert_free(signer);
}

static void check_signature(struct scep_reading *r, struct err *e)
{
    const struct pki_cert *signer = scep_ca_find(r->expected->ca, &r->s.signer);
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

/* RFC 5652 5.3, 11.1: else the signature says nothing of what kind the content is. */
static void check_content_type(struct scep_reading *r, struct err *e)
{
    char signed_type[64], type[64];
    if (span_equal(r->a.content_type, r->s.content_type))
        return;
    violate(r, SCEP_CHECK_CONTENT_TYPE);
    if (r->a.content_type.len == 0)
        err_set(e, STAGE_VERIFY, REASON_SIGNED_CONTENT_TYPE, "the signed contentType is missing");
    else
        err_set(e, STAGE_VERIFY, REASON_SIGNED_CONTENT_TYPE, "the signed contentType is %s, the content's %s",
                pki_oid_text(r->a.content_type, signed_type, sizeof signed_type),
                pki_oid_text(r->s.content_type, type, sizeof type));
}

static void check_attributes(struct scep_reading *r, struct err *e)
{
    const struct scep_transaction *t = r->expected->transaction;
    check_content_type(r, e);
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
        violate(r, r->a.recipient_nonce.present ? SCEP_CHECK_NONCE
                                                : SCEP_CHECK_NONCE | SCEP_CHECK_NONCE_PRESENT);
        err_set(e, STAGE_VERIFY, REASON_NONCE_MISMATCH, "recipientNonce %s",
                r->a.recipient_nonce.present ? "is not the senderNonce of the request" : "is missing");
    }
}

/* Status against content. Content is no envelope when it is absent, empty or NDES's single zero byte. */
static const char *contradiction(const struct scep_reading *r)
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

/* RFC 8894 4.5.1: there is nothing to approve, hence nothing to poll for. */
static bool pending_is_absurd(const struct scep_reading *r)
{
    enum scep_message_type type = r->expected->request_type;
    return r->a.pki_status == SCEP_PENDING && (type == SCEP_GET_CERT || type == SCEP_GET_CRL);
}

static void check_status(struct scep_reading *r, struct err *e)
{
    int status = r->a.pki_status;
    if (status != SCEP_SUCCESS && status != SCEP_FAILURE && status != SCEP_PENDING) {
        violate(r, SCEP_CHECK_STATUS);
        err_set(e, STAGE_VERIFY, REASON_STATUS_UNKNOWN, "pkiStatus %d", status);
    }
    if (pending_is_absurd(r)) {
        violate(r, SCEP_CHECK_STATUS);
        err_set(e, STAGE_VERIFY, REASON_STATUS_CONTENT, "PENDING in reply to %s",
                scep_message_type_name((int)r->expected->request_type));
    }
    const char *what = contradiction(r);
    if (what != NULL) {
        violate(r, SCEP_CHECK_CONTENT);
        err_set(e, STAGE_VERIFY, REASON_STATUS_CONTENT, "%s", what);
    }
}

static void report_refusal(const struct scep_reading *r, struct err *e)
{
    char hresult[32] = "";
    const char *text = r->out->server_text[0] != '\0' ? r->out->server_text : r->out->fail_info_text;
    enum stage stage = request_stage(r->expected);
    if (r->a.pki_status == SCEP_PENDING) {
        err_set(e, stage, REASON_SCEP_PENDING, "pkiStatus PENDING");
        return;
    }
    if (r->a.has_hresult)
        snprintf(hresult, sizeof hresult, ", HRESULT 0x%08x", (unsigned)r->a.hresult);
    err_set_detail(e, stage, REASON_SCEP_FAILURE, ERR_DOMAIN_FAIL_INFO, r->a.fail_info,
                   "failInfo %d (%s)%s%s%.100s", r->a.fail_info, scep_fail_info_name(r->a.fail_info), hresult,
                   text[0] != '\0' ? ": " : "", text);
}

static void check_reply(struct scep_reading *r, struct err *e)
{
    report_attributes(r);
    check_signature(r, e);
    check_attributes(r, e);
    check_status(r, e);
    if (r->a.pki_status == SCEP_FAILURE || r->a.pki_status == SCEP_PENDING)
        report_refusal(r, e);
    else if (r->a.pki_status == SCEP_SUCCESS && (r->out->violated & SCEP_CHECK_CONTENT) == 0)
        scep_certrep_check_content(r, e);
}

bool scep_certrep_read(struct span body, const struct scep_expected *expected, struct scep_certrep *out,
                       struct err *e)
{
    struct scep_reading r = {.expected = expected, .out = out};
    struct err found = {0};
    *out = (struct scep_certrep){.message_type = -1, .pki_status = -1, .fail_info = -1};
    if (read_frame(&r, body, &found))
        check_reply(&r, &found);
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
    for (size_t i = 0; i < rep->certificate_count; i++)
        pki_cert_free(rep->certificates[i]);
    pki_cert_free(rep->issued);
    pki_crl_free(rep->crl);
    *rep = (struct scep_certrep){0};
}
