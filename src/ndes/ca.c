#include "ndes/ca.h"

#include "ndes/gate.h"
#include "ndes/guise.h"
#include "ndes/issue.h"
#include "ndes/ledger.h"
#include "ndes/notes.h"
#include "ndes/refusals.h"
#include "ndes/renewal.h"
#include "scep/certrep.h"
#include "scep/content.h"

#include <stdatomic.h>

struct ndes_ca {
    struct ndes_ca_spec spec;
    struct ndes_ledger *ledger;
    struct ndes_pending *pending;
    struct ndes_crl *crl;
    struct ndes_guises *guises;
    _Atomic uint32_t numbers; /* of requests, handed out so far */
    _Atomic int64_t restarted_us;
};

/* One message on its way through. */
struct visit {
    struct ndes_ca *ca;
    const struct ndes_identity *id;
    const struct scep_request *request;
    const struct ndes_effects *effects;
    int64_t now_us;
    struct ndes_reply *reply;
};

bool ndes_ca_new(const struct ndes_ca_spec *spec, struct ndes_ca **out, struct err *e)
{
    struct ndes_ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated CA");
    ca->spec = *spec;
    atomic_init(&ca->numbers, 0);
    atomic_init(&ca->restarted_us, INT64_MIN);
    if (!ndes_ledger_new(spec->policy.ledger_max, &ca->ledger, e) ||
        !ndes_pending_new(spec->policy.remembered_us, &ca->pending, e) ||
        !ndes_crl_new(spec->identity, &ca->crl, e) || !ndes_guises_new(spec->identity, &ca->guises, e)) {
        ndes_ca_free(ca);
        return false;
    }
    *out = ca;
    return true;
}

void ndes_ca_free(struct ndes_ca *ca)
{
    if (ca == NULL)
        return;
    ndes_ledger_free(ca->ledger);
    ndes_pending_free(ca->pending);
    ndes_crl_free(ca->crl);
    ndes_guises_free(ca->guises);
    free(ca);
}

const struct ndes_identity *ndes_ca_identity(struct ndes_ca *ca, const struct ndes_effects *effects,
                                             struct err *e)
{
    return ndes_guises_get(ca->guises, effects->guise, effects->guise_until_s, e);
}

void ndes_ca_restart(struct ndes_ca *ca, int64_t now_us)
{
    atomic_store(&ca->restarted_us, now_us);
    ndes_pending_restart(ca->pending);
}

/* Until when back NDES knows what it was asked. */
static int64_t remembered_since(const struct visit *v)
{
    int64_t since = v->now_us - v->ca->spec.policy.remembered_us;
    int64_t restarted = atomic_load(&v->ca->restarted_us);
    return since > restarted ? since : restarted;
}

/* ---- replies ---- */

/* How the reply is made, by the policy. */
static void follow_policy(const struct visit *v, struct scep_certrep_spec *rep)
{
    const struct ndes_policy *policy = &v->ca->spec.policy;
    rep->request = v->request;
    rep->signer = v->id->sign;
    rep->signer_key = v->id->sign_key;
    rep->digest = policy->reply_digest;
    rep->cipher = policy->reply_cipher_fixed ? policy->reply_cipher : v->request->cipher;
    rep->transport = policy->reply_transport;
}

/* How it differs from that. `other` is for what is encrypted to somebody else: here to NDES itself. */
static bool follow_effects(const struct visit *v, struct scep_certrep_spec *rep, struct scep_request *other,
                           struct err *e)
{
    const struct ndes_identity *stranger;
    switch (v->effects->reply_form) {
    case NDES_REPLY_USUAL:
        break;
    case NDES_REPLY_OAEP:
        rep->transport = PKI_RSA_OAEP;
        break;
    case NDES_REPLY_AES256:
        rep->cipher = PKI_AES256_CBC;
        break;
    case NDES_REPLY_DES3:
        rep->cipher = PKI_DES3_CBC;
        break;
    case NDES_REPLY_SHA512:
        rep->digest = PKI_SHA512;
        break;
    case NDES_REPLY_SHA1:
        rep->digest = PKI_SHA1;
        break;
    case NDES_REPLY_OTHER_SIGNER:
        stranger = ndes_guises_get(v->ca->guises, NDES_GUISE_RA_RENEWED, 0, e);
        if (stranger == NULL)
            return false;
        rep->signer = stranger->sign;
        rep->signer_key = stranger->sign_key;
        break;
    case NDES_REPLY_OTHER_RECIPIENT:
        *other = *v->request;
        other->signer = v->id->encrypt;
        rep->request = other;
        break;
    }
    return true;
}

static bool send_certrep(const struct visit *v, const struct scep_certrep_spec *wanted, struct err *e)
{
    struct scep_certrep_spec rep = *wanted;
    struct scep_request other;
    follow_policy(v, &rep);
    v->reply->status = 200;
    v->reply->server = "Microsoft-IIS/10.0";
    v->reply->content_type = "application/x-pki-message";
    return follow_effects(v, &rep, &other, e) && scep_certrep_build(&rep, &v->reply->body, e);
}

/* A proxy ends the exchange with NDES and starts its own with the device: Microsoft's attributes end with the former. */
static bool refuse(const struct visit *v, const struct ndes_refusal *why, struct err *e)
{
    ndes_note_refused(why, v->reply);
    v->reply->refused_for = why->text;
    if (why->page != NDES_ERROR_NONE) {
        ndes_page_error(why->page, v->reply);
        return buf_ok(&v->reply->body, STAGE_PKI_OPERATION, e);
    }
    bool own = v->ca->spec.policy.mode != NDES_PROXY;
    struct scep_certrep_spec rep = {
        .status = SCEP_FAILURE,
        .fail_info = why->fail_info,
        .has_hresult = own && why->hresult != 0,
        .hresult = why->hresult,
        .server_text = own ? why->text : NULL,
    };
    return send_certrep(v, &rep, e);
}

static bool send_pending(const struct visit *v, struct err *e)
{
    struct scep_certrep_spec rep = {.status = SCEP_PENDING};
    return send_certrep(v, &rep, e);
}

static bool send_cert(const struct visit *v, const struct pki_cert *cert, struct err *e)
{
    const struct pki_cert *certs[] = {cert};
    struct scep_certrep_spec rep = {
        .status = SCEP_SUCCESS,
        .server_text = v->ca->spec.policy.mode != NDES_PROXY ? "Issued" : NULL,
        .certs = certs,
        .cert_count = 1,
    };
    return send_certrep(v, &rep, e);
}

/* Sends it and lets go of it. */
static bool send_found(const struct visit *v, struct pki_cert *cert, struct err *e)
{
    bool ok = send_cert(v, cert, e);
    pki_cert_free(cert);
    return ok;
}

/* ---- issuing ---- */

/* The first request of a CA is the one for its own certificate. */
static uint32_t next_number(const struct visit *v)
{
    return atomic_fetch_add(&v->ca->numbers, 1) + 2;
}

/* What the CA's request table shows from now on. */
static void note_row(const struct visit *v, uint32_t number, int disposition, uint32_t code)
{
    v->reply->ca_row = (struct ndes_ca_row){number, disposition, code};
}

static bool issue(const struct visit *v, const struct pki_csr *csr, uint32_t number, bool renewal,
                  struct err *e)
{
    struct ndes_ca *ca = v->ca;
    struct pki_cert *cert = NULL;
    if (!ndes_issue_cert(v->id, csr, number, ca->spec.policy.cert_validity_s, v->now_us / 1000000, &cert, e))
        return false;
    ndes_ledger_add(ca->ledger, cert, v->request->transaction.id, renewal, v->now_us);
    v->reply->issued = true;
    return send_found(v, cert, e);
}

/* What the CA itself refuses is in its log, too. */
static bool refuse_csr(const struct visit *v, const struct pki_csr *csr, const struct ndes_refusal *why,
                       struct err *e)
{
    if (why->ca_event != NULL) {
        uint32_t number = next_number(v);
        bool failed = strcmp(why->ca_event, "CA 22") == 0;
        ndes_note_denied(why, number, csr->subject, v->reply);
        note_row(v, number, failed ? NDES_CA_FAILED : NDES_CA_DENIED, why->hresult);
    }
    return refuse(v, why, e);
}

static const struct ndes_refusal *check_policy(const struct visit *v, const struct pki_csr *csr)
{
    if (v->effects->ca.set)
        return &v->effects->ca;
    if (csr->subject.len <= 2) /* an empty SEQUENCE */
        return &NDES_REFUSE_SUBJECT;
    unsigned bits = pki_rsa_bits(csr->public_key); /* 0: no RSA key, which has no minimum here */
    return bits != 0 && bits < v->ca->spec.policy.min_key_bits ? &NDES_REFUSE_KEY_LENGTH : NULL;
}

/* A fault decides before the configuration does. */
static struct ndes_approval approval_of(const struct visit *v)
{
    switch (v->effects->hold) {
    case NDES_HOLD_NONE:
        break;
    case NDES_HOLD_PENDING:
    case NDES_HOLD_FORGOTTEN:
        return (struct ndes_approval){.when = NDES_APPROVAL_FAULT};
    case NDES_HOLD_DENIED:
        return (struct ndes_approval){.when = NDES_APPROVAL_POLLS, .polls = 1, .deny = true};
    }
    return v->ca->spec.policy.approval;
}

static bool hold(const struct visit *v, const struct pki_csr *csr, bool renewal,
                 const struct ndes_approval *approval, struct err *e)
{
    const struct ndes_pending_request waits = {
        .transaction_id = v->request->transaction.id,
        .subject = csr->subject,
        .spki = csr->spki,
        .content = buf_span(&v->request->content),
        .renewal = renewal,
        .approval = *approval,
        .ca_number = next_number(v),
    };
    note_row(v, waits.ca_number, NDES_CA_PENDING, 0);
    bool kept =
        v->effects->hold == NDES_HOLD_FORGOTTEN || ndes_pending_add(v->ca->pending, &waits, v->now_us, e);
    return kept && send_pending(v, e);
}

/* Authorized: by the CA's rules it is refused, waits, or is issued. */
static bool decide(const struct visit *v, const struct pki_csr *csr, bool renewal, struct err *e)
{
    const struct ndes_refusal *refusal = check_policy(v, csr);
    v->reply->asked_ca = true;
    if (refusal != NULL)
        return refuse_csr(v, csr, refusal, e);
    if ((v->ca->spec.policy.quirks & NDES_QUIRK_SAME_KEY_RETURNS_OLD) != 0) {
        struct pki_cert *old = ndes_ledger_by_key(v->ca->ledger, csr->spki, csr->subject);
        if (old != NULL)
            return send_found(v, old, e);
    }
    struct ndes_approval approval = approval_of(v);
    return approval.when == NDES_APPROVAL_NONE ? issue(v, csr, next_number(v), renewal, e)
                                               : hold(v, csr, renewal, &approval, e);
}

/* ---- polls ---- */

static bool issue_pending(const struct visit *v, const struct ndes_poll_answer *answer, struct span content,
                          struct err *e)
{
    struct pki_csr csr = {0};
    note_row(v, answer->ca_number, NDES_CA_ISSUED, 0);
    bool ok = pki_csr_read(content, &csr, e) && issue(v, &csr, answer->ca_number, answer->renewal, e);
    pki_csr_clear(&csr);
    ndes_pending_done(v->ca->pending, v->request->transaction.id, answer->number, ok);
    return ok;
}

/* Whether this transaction waits, or is known to have been denied: answered then. */
static bool answer_pending(const struct visit *v, struct span subject, struct span spki, bool *answered,
                           struct err *e)
{
    struct buf content;
    buf_init(&content, BYTES_MAX_MESSAGE);
    bool over = v->effects->hold != NDES_HOLD_PENDING;
    struct ndes_poll_answer answer = ndes_pending_poll(v->ca->pending, v->request->transaction.id, subject,
                                                       spki, over, v->now_us, &content);
    bool ok = true;
    *answered = v->reply->asked_ca = answer.verdict != NDES_POLL_UNKNOWN;
    switch (answer.verdict) {
    case NDES_POLL_UNKNOWN:
        break;
    case NDES_POLL_WAITS:
        ok = send_pending(v, e);
        break;
    case NDES_POLL_DENIED:
        if (answer.first)
            ndes_note_denied(&NDES_REFUSE_DENIED, answer.ca_number, subject, v->reply);
        note_row(v, answer.ca_number, NDES_CA_DENIED, NDES_REFUSE_DENIED.hresult);
        ok = refuse(v, &NDES_REFUSE_DENIED, e);
        break;
    case NDES_POLL_APPROVED:
        ok = issue_pending(v, &answer, buf_span(&content), e);
        break;
    }
    buf_wipe(&content);
    return ok;
}

/* By transactionID and subject (B.4). The issuer is not looked at: some clients name the RA there. */
static bool answer_poll(const struct visit *v, struct err *e)
{
    struct scep_content content;
    struct err why = {0};
    if (!scep_content_read_subject(buf_span(&v->request->content), &content, &why))
        return refuse(v, &NDES_REFUSE_MALFORMED, e);
    if (v->effects->hold == NDES_HOLD_FORGOTTEN)
        return refuse(v, v->effects->forgotten != NULL ? v->effects->forgotten : &NDES_REFUSE_NOT_PENDING, e);
    bool answered = false;
    if (!answer_pending(v, content.subject, span_of(NULL, 0), &answered, e))
        return false;
    if (answered)
        return true;
    struct pki_cert *cert =
        ndes_ledger_by_poll(v->ca->ledger, v->request->transaction.id, content.subject, remembered_since(v));
    return cert != NULL ? send_found(v, cert, e) : refuse(v, &NDES_REFUSE_NOT_PENDING, e);
}

/* ---- PKCSReq, RenewalReq, UpdateReq ---- */

/* A request that was seen before: it still waits, or has its certificate (RFC 8894 5.2; by NDES inferred). */
static bool answer_again(const struct visit *v, const struct pki_csr *csr, bool renewal, bool *answered,
                         struct err *e)
{
    if (!answer_pending(v, span_of(NULL, 0), csr->spki, answered, e))
        return false;
    if (*answered || !v->ca->spec.policy.repeats)
        return true;
    struct pki_cert *cert = ndes_ledger_by_request(v->ca->ledger, v->request->transaction.id, csr->spki,
                                                   renewal, remembered_since(v));
    *answered = cert != NULL;
    return cert == NULL || send_found(v, cert, e);
}

static const struct ndes_refusal *check_renewal(const struct visit *v, const struct scep_renewal *facts)
{
    return v->effects->renewal.set ? &v->effects->renewal : ndes_renewal_check(facts);
}

/* The policy module is asked about every request, renewals too (inferred). */
static bool wants_password(const struct visit *v, bool renewal)
{
    return !renewal || v->ca->spec.policy.mode == NDES_INTUNE || v->effects->renewal_password;
}

static void note_subject(const struct visit *v, const struct pki_csr *csr)
{
    struct buf name;
    struct err ignored = {0};
    buf_init(&name, sizeof v->reply->subject - 1);
    if (pki_name_to_text(csr->subject, &name, &ignored) && buf_text(&name) != NULL)
        snprintf(v->reply->subject, sizeof v->reply->subject, "%s", buf_text(&name));
    buf_clear(&name);
}

static bool answer_csr(const struct visit *v, const struct pki_csr *csr, struct err *e)
{
    const struct ndes_ca_spec *spec = &v->ca->spec;
    note_subject(v, csr);
    struct scep_renewal facts = scep_renewal_judge(v->request, csr, v->id->ca, v->now_us / 1000000);
    bool renewal = ndes_renewal_is(v->request, csr, &facts), answered = false;
    if (!answer_again(v, csr, renewal, &answered, e))
        return false;
    if (answered)
        return true;
    const struct ndes_gate gate = {spec->policy.mode, spec->identity, spec->otp, spec->challenges};
    const struct ndes_refusal *refusal = renewal ? check_renewal(v, &facts) : NULL;
    if (refusal == NULL && wants_password(v, renewal))
        refusal = ndes_gate_check(&gate, csr, v->effects, v->now_us);
    if (refusal != NULL && renewal && v->effects->renewal_password)
        refusal = &NDES_REFUSE_RENEWAL;
    return refusal != NULL ? refuse_csr(v, csr, refusal, e) : decide(v, csr, renewal, e);
}

static bool answer_request(const struct visit *v, struct err *e)
{
    struct pki_csr csr = {0};
    struct err why = {0};
    bool ok;
    if (pki_csr_read(buf_span(&v->request->content), &csr, &why))
        ok = answer_csr(v, &csr, e);
    else
        ok = refuse(v, why.reason == REASON_BAD_SIGNATURE ? &NDES_REFUSE_SIGNATURE : &NDES_REFUSE_MALFORMED,
                    e);
    pki_csr_clear(&csr);
    return ok;
}

/* ---- GetCert, GetCRL ---- */

/* False after a refusal has been sent (or failed: *ok). */
static bool read_serial(const struct visit *v, struct scep_content *content, bool *ok, struct err *e)
{
    struct err why = {0};
    const struct ndes_refusal *refusal = NULL;
    if (!scep_content_read_serial(buf_span(&v->request->content), content, &why))
        refusal = &NDES_REFUSE_MALFORMED;
    else if (!pki_name_same_rdns(content->issuer, pki_cert_subject(v->id->ca)))
        refusal = &NDES_REFUSE_NO_SUCH_CERT;
    if (refusal != NULL)
        *ok = refuse(v, refusal, e);
    return refusal == NULL;
}

static bool answer_get_cert(const struct visit *v, struct err *e)
{
    struct scep_content content;
    bool ok = true;
    if (!read_serial(v, &content, &ok, e))
        return ok;
    struct pki_cert *cert = ndes_ledger_by_serial(v->ca->ledger, content.serial);
    return cert != NULL ? send_found(v, cert, e) : refuse(v, &NDES_REFUSE_NO_SUCH_CERT, e);
}

/* The CA has one CRL, whatever certificate it is wanted for. */
static bool answer_get_crl(const struct visit *v, struct err *e)
{
    struct scep_content content;
    bool ok = true;
    if (!read_serial(v, &content, &ok, e))
        return ok;
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    ok = ndes_crl_get(v->ca->crl, v->now_us / 1000000, &der, e);
    struct scep_certrep_spec rep = {.status = SCEP_SUCCESS, .crl = buf_span(&der)};
    ok = ok && send_certrep(v, &rep, e);
    buf_clear(&der);
    return ok;
}

/* ---- the door ---- */

static const struct message {
    int type;
    unsigned needs; /* NDES_OPERATION_*; without it NDES refuses the message */
    bool (*answer)(const struct visit *v, struct err *e);
} messages[] = {
    {SCEP_PKCS_REQ, 0, answer_request},
    {SCEP_RENEWAL_REQ, 0, answer_request},
    {SCEP_UPDATE_REQ, NDES_OPERATION_UPDATE, answer_request},
    {SCEP_CERT_POLL, 0, answer_poll},
    {SCEP_GET_CERT, NDES_OPERATION_GET_CERT, answer_get_cert},
    {SCEP_GET_CRL, NDES_OPERATION_GET_CRL, answer_get_crl},
};

static unsigned algorithms_of(const struct scep_request *request)
{
    bool old = request->digest == PKI_MD5 || request->digest == PKI_SHA1 || request->cipher == PKI_DES_CBC ||
               request->cipher == PKI_DES3_CBC;
    bool new = (request->digest != PKI_MD5 && request->digest != PKI_SHA1) ||
               (request->cipher != PKI_DES_CBC && request->cipher != PKI_DES3_CBC);
    return (old ? (unsigned)NDES_ALGORITHMS_OLD : 0) | (new ? (unsigned)NDES_ALGORITHMS_NEW : 0);
}

/* Replies are encrypted to the signer: its key must be RSA, whatever kind the requested one is. */
static bool answer_opened(const struct visit *v, struct err *e)
{
    if (!pki_cert_is_rsa(v->request->signer))
        return refuse(v, &NDES_REFUSE_ALGORITHM, e);
    if ((v->effects->algorithms & algorithms_of(v->request)) != 0)
        return refuse(v, &v->effects->algorithm, e);
    unsigned operations = v->effects->basic_types_only ? 0 : v->ca->spec.policy.operations;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const struct message *m = &messages[i];
        if (m->type == v->request->type && (operations & m->needs) == m->needs)
            return m->answer(v, e);
    }
    return refuse(v, &NDES_REFUSE_TYPE, e);
}

bool ndes_ca_refuse_unread(enum ndes_unread how, const struct ndes_effects *effects, struct ndes_reply *reply,
                           struct err *e)
{
    ndes_note_unread(how, reply);
    if (effects->unread_page != NDES_ERROR_NONE)
        ndes_page_error(effects->unread_page, reply);
    else
        ndes_page_not_scep(reply);
    return buf_ok(&reply->body, STAGE_PKI_OPERATION, e);
}

/* A message that could not be opened. NDES answers what it cannot decode or decrypt with a page (B.2); the rest gets a
 * CertRep as RFC 8894 wants it, for lack of an observation. */
static bool answer_unopened(const struct visit *v, enum reason reason, struct err *e)
{
    bool forged = reason == REASON_BAD_SIGNATURE || reason == REASON_BAD_DIGEST;
    bool named = v->request->transaction.id[0] != '\0';
    if (named && forged)
        return refuse(v, &NDES_REFUSE_SIGNATURE, e);
    if (named && reason == REASON_UNSUPPORTED_ALGORITHM)
        return refuse(v, &NDES_REFUSE_ALGORITHM, e);
    enum ndes_unread how = reason == REASON_DECRYPT ? NDES_UNREAD_ENVELOPE : NDES_UNREAD_PKCS7;
    return ndes_ca_refuse_unread(how, v->effects, v->reply, e);
}

bool ndes_ca_answer(struct ndes_ca *ca, struct span message, const struct ndes_effects *effects,
                    int64_t now_us, struct ndes_reply *reply, struct err *e)
{
    struct scep_request request = {0};
    struct err why = {0};
    const struct ndes_identity *id = ndes_ca_identity(ca, effects, e);
    const struct visit v = {ca, id, &request, effects, now_us, reply};
    if (id == NULL)
        return false;
    if (effects->unread != NDES_READ)
        return ndes_ca_refuse_unread(effects->unread, effects, reply, e);
    bool opened = scep_request_open(message, id->encrypt, id->encrypt_key, &request, &why);
    bool ok = opened ? answer_opened(&v, e) : answer_unopened(&v, why.reason, e);
    if (reply->asked_ca)
        reply->delay_us += effects->ca_delay_us;
    snprintf(reply->transaction, sizeof reply->transaction, "%.71s", request.transaction.id);
    scep_request_clear(&request);
    return ok;
}
