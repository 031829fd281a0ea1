/* What a device says and hears, in bytes: its CSR, its pkiMessages, their answers. Runs on workers. */
#include "base/text.h"
#include "engine/lab.h"
#include "pki/csr.h"
#include "pki/san.h"
#include "scep/content.h"
#include "scep/next_ca.h"

#define MAX_SAN       32
#define MESSAGE_BYTES 4096 /* enough for most: no growing in steps */
#define TEXT_BYTES    4096

/* Texts of the scenario, filled in for one device. */
struct identity {
    struct buf subject, sid, san[MAX_SAN];
    const char *names[MAX_SAN];
};

static bool fill_san(struct phone *p, struct identity *who, struct err *e)
{
    const struct engine_config *c = p->engine->config;
    const struct outcome *o = &p->device.outcome;
    size_t count = c->scenario->devices.san_count;
    if (count > MAX_SAN)
        return err_set(e, STAGE_CSR, REASON_LIMIT, "%zu alternative names; at most %d", count, MAX_SAN);
    for (size_t i = 0; i < count; i++) {
        struct buf *b = &who->san[i];
        buf_init(b, TEXT_BYTES);
        if (!scenario_san(c->scenario, o->device, o->profile, c->run_id, i, b, e))
            return false;
        who->names[i] = buf_text(b);
        if (who->names[i] == NULL)
            return buf_ok(b, STAGE_CSR, e);
    }
    return true;
}

static bool fill(struct phone *p, struct identity *who, struct persona_device *out, struct err *e)
{
    const struct engine_config *c = p->engine->config;
    const struct outcome *o = &p->device.outcome;
    buf_init(&who->subject, TEXT_BYTES);
    buf_init(&who->sid, TEXT_BYTES);
    if (!scenario_subject(c->scenario, o->device, o->profile, c->run_id, &who->subject, e) ||
        !fill_san(p, who, e))
        return false;
    if (c->scenario->devices.sid != NULL) {
        if (!scenario_sid(c->scenario, o->device, o->profile, c->run_id, &who->sid, e))
            return false;
        out->sid = buf_text(&who->sid);
    }
    out->index = o->device;
    out->subject = buf_text(&who->subject);
    out->san = who->names;
    out->san_count = c->scenario->devices.san_count;
    return out->subject != NULL || buf_ok(&who->subject, STAGE_CSR, e);
}

static void forget(struct identity *who)
{
    buf_clear(&who->subject);
    buf_clear(&who->sid);
    for (size_t i = 0; i < MAX_SAN; i++)
        buf_clear(&who->san[i]);
}

/* By the certificate held, or as the first time. */
static bool renews_by_certificate(const struct phone *p)
{
    return p->device.errand == DEVICE_RENEWS && p->persona->renewal != PERSONA_RENEWAL_RE_ENROLL;
}

/* What the CSR asks for, to compare the certificate with: the persona may have added to the scenario's names. */
static bool keep_san(struct phone *p, struct err *e)
{
    struct pki_csr csr = {0};
    buf_reset(&p->san);
    bool ok = pki_csr_read(buf_span(&p->csr), &csr, e);
    ok = ok && (buf_append_span(&p->san, pki_san_find(csr.extensions)) || buf_ok(&p->san, STAGE_CSR, e));
    pki_csr_clear(&csr);
    return ok;
}

#define BLOB_MIN_BYTES 512

/* A SEQUENCE of more than 255 bytes begins with "MII" in base64. */
static enum outcome_challenge kind_of(struct span challenge)
{
    if (challenge.len == 0)
        return OUTCOME_CHALLENGE_NONE;
    bool blob = challenge.len >= BLOB_MIN_BYTES && memcmp(challenge.data, "MII", 3) == 0;
    return blob ? OUTCOME_CHALLENGE_BLOB : OUTCOME_CHALLENGE_WORD;
}

bool messages_csr(struct phone *p, const struct device_action *action, struct err *e)
{
    (void)action;
    struct identity who = {0};
    struct persona_device device = {0};
    unsigned curve = p->engine->config->scenario->devices.key_curve;
    buf_reset(&p->subject);
    buf_wipe(&p->csr);
    buf_init(&p->csr, BYTES_MAX_MESSAGE);
    bool ok = (p->key != NULL || pki_key_generate_ec(curve != 0 ? curve : 256, &p->key, e)) &&
              fill(p, &who, &device, e);
    device.key = p->key;
    device.challenge = renews_by_certificate(p) ? span_of(NULL, 0) : passwords_challenge(p);
    ok = ok && persona_subject(p->persona, &device, &p->subject, e) &&
         persona_csr(p->persona, &device, buf_span(&p->subject), &p->device.choice, &p->csr, e);
    if (ok && (device.san_count > 0 || device.sid != NULL))
        ok = keep_san(p, e);
    if (ok && p->trial != NULL && lab_makes(p))
        ok = lab_make(p, &device, e);
    buf_fit(&p->csr); /* kept as evidence while the device waits */
    buf_fit(&p->subject);
    p->challenge = kind_of(device.challenge);
    forget(&who);
    return ok;
}

/* The message. */

static struct span ca_name(const struct phone *p)
{
    const struct pki_cert *recipient = scep_ca_recipient(p->ca);
    return pki_cert_is_ca(recipient) ? pki_cert_subject(recipient) : pki_cert_issuer(recipient);
}

static bool put_content(const struct phone *p, enum scep_message_type type, struct buf *out, struct err *e)
{
    switch (type) {
    case SCEP_PKCS_REQ:
    case SCEP_RENEWAL_REQ:
    case SCEP_UPDATE_REQ:
        return buf_append_span(out, buf_span(&p->csr)) || buf_ok(out, STAGE_BUILD, e);
    case SCEP_CERT_POLL:
        return scep_content_put_subject(ca_name(p), buf_span(&p->subject), out, e);
    case SCEP_GET_CERT:
    case SCEP_GET_CRL:
        return scep_content_put_serial(pki_cert_issuer(p->held), pki_cert_serial(p->held), out, e);
    case SCEP_CERT_REP:
        break;
    }
    return err_set(e, STAGE_BUILD, REASON_INTERNAL, "a device sends no CertRep");
}

/* A poll belongs to the transaction of its request; some clients go by the ID in the answer, right or wrong. */
static bool begin_transaction(struct phone *p, const struct device_action *action, struct err *e)
{
    const struct scenario *s = p->engine->config->scenario;
    struct scep_transaction before = p->transaction;
    bool reused = (s->devices.key_reuse || p->trial != NULL) && s->devices.key_type == SCENARIO_KEY_RSA;
    bool query = action->message == SCEP_GET_CERT || action->message == SCEP_GET_CRL;
    if (action->new_transaction)
        return persona_transaction(p->persona, p->key, reused || query, &p->transaction, e);
    if (action->message == SCEP_CERT_POLL && p->persona->poll_transaction_id == PERSONA_POLL_ID_REPLY)
        snprintf(before.id, sizeof before.id, "%s", p->reply.transaction_id);
    return scep_transaction_next(&before, &p->transaction, e);
}

static void set_signer_key(struct phone *p, struct pki_key *key)
{
    struct pki_key *old = p->signer_key;
    p->signer_key = pki_key_ref(key);
    pki_key_free(old);
}

static bool take_pooled(struct phone *p, int64_t now_s, struct err *e)
{
    struct span der;
    return signers_get(p->engine->signers, p, now_s, &der, e) &&
           (buf_append_span(&p->signer, der) || buf_ok(&p->signer, STAGE_BUILD, e));
}

/* A poll is signed as its request was. What follows the enrollment is signed by the certificate held, where that can open
 * the answer; the rest by a temporary certificate. */
static bool choose_signer(struct phone *p, const struct device_action *action, int64_t now_s, struct err *e)
{
    bool by_held =
        renews_by_certificate(p) || action->message == SCEP_GET_CERT || action->message == SCEP_GET_CRL;
    if (action->message == SCEP_CERT_POLL)
        return true;
    if (renews_by_certificate(p) && !pki_key_is_rsa(p->held_key))
        return err_set(e, STAGE_BUILD, REASON_UNSUPPORTED_ALGORITHM,
                       "an EC certificate cannot sign its renewal, since the answer is encrypted to it; "
                       "devices.renewal.how: re_enroll can");
    buf_reset(&p->signer);
    if (by_held && pki_key_is_rsa(p->held_key)) {
        set_signer_key(p, p->held_key);
        return buf_append_span(&p->signer, pki_cert_der(p->held)) || buf_ok(&p->signer, STAGE_BUILD, e);
    }
    set_signer_key(p, keys_for_signer(p));
    if (p->engine->signers != NULL && p->trial == NULL && p->device.errand == DEVICE_ENROLLS)
        return take_pooled(p, now_s, e);
    return persona_signer(p->persona, buf_span(&p->subject), p->signer_key, &p->transaction,
                          &p->device.choice, now_s, &p->signer, e);
}

bool messages_request(struct phone *p, const struct device_action *action, struct err *e)
{
    if (p->trial != NULL && lab_makes(p))
        return lab_request(p, e);
    int64_t now_s = clock_wall_us() / SECOND_US;
    struct buf content;
    buf_init(&content, BYTES_MAX_MESSAGE);
    buf_reset(&p->message);
    bool ok = begin_transaction(p, action, e) && choose_signer(p, action, now_s, e) &&
              put_content(p, action->message, &content, e);
    const struct persona_message_spec spec = {
        .type = action->message,
        .content = buf_span(&content),
        .transaction = &p->transaction,
        .recipient = scep_ca_recipient(p->ca),
        .signer_cert = buf_span(&p->signer),
        .signer_key = p->signer_key,
        .now_s = now_s,
    };
    ok = ok && (buf_reserve(&p->message, MESSAGE_BYTES) != NULL || buf_ok(&p->message, STAGE_BUILD, e)) &&
         persona_message(p->persona, &p->device.choice, &spec, &p->message, e);
    buf_fit(&p->message);
    buf_fit(&p->signer);
    buf_wipe(&content);
    return ok;
}

/* Its answer. */

static bool is_query(enum scep_message_type type)
{
    return type == SCEP_GET_CERT || type == SCEP_GET_CRL;
}

static bool read_certrep(struct phone *p, const struct device_action *action, struct err *e)
{
    bool query = is_query(action->message);
    struct span none = {0};
    const struct scep_expected expected = {
        .transaction = &p->transaction,
        .ca = p->ca,
        .decrypt_key = p->signer_key,
        .signer_cert = buf_span(&p->signer),
        .spki = query ? none : pki_key_spki(p->key),
        .subject = query ? none : buf_span(&p->subject),
        .now_s = clock_wall_us() / SECOND_US,
        .request_type = action->message,
        .renewed_cert = p->device.errand == DEVICE_RENEWS ? pki_cert_der(p->held) : none,
        .wanted_issuer = query ? pki_cert_issuer(p->held) : none,
        .wanted_serial = query ? pki_cert_serial(p->held) : none,
    };
    return scep_certrep_read(buf_span(&p->body), &expected, &p->reply, e);
}

bool messages_reply(struct phone *p, const struct device_action *action, struct err *e)
{
    if (p->trial != NULL && lab_makes(p))
        return lab_reply(p, e);
    struct err found = {0};
    scep_certrep_clear(&p->reply);
    free(p->finding);
    p->finding = NULL;
    bool ok = read_certrep(p, action, &found);
    /* A renewal by PKCSReq is an enrollment to the reader, and a renewal to us. */
    if (!ok && p->device.errand == DEVICE_RENEWS && found.stage == STAGE_PKI_OPERATION)
        found.stage = STAGE_RENEWAL;
    if (p->reply.pki_status == SCEP_SUCCESS && !is_query(action->message)) {
        finding_make(p, &found);
        ok = !err_is_set(&found);
    }
    if (!ok)
        *e = found;
    return ok;
}

bool messages_next_ca(struct phone *p, const struct device_action *action, struct err *e)
{
    (void)action;
    struct scep_ca *next = NULL;
    bool ok = scep_next_ca_read(buf_span(&p->body), p->ca, &next, e);
    if (ok)
        scep_ca_free(next);
    return ok;
}
