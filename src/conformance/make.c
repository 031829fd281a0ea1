/* Requests of probes. What is altered is altered in the specification and then built as any request is. */
#include "conformance/conformance.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/der.h"
#include "pki/fail.h"
#include "scep/content.h"

#define OWN_KEY_BITS   2048
#define WRONG_BYTES    32
#define MAX_NAME_BYTES 65536
#define SERIAL_BYTES   16
#define MAX_COPIES     256

/* One request being made. */
struct making {
    const struct conformance_probe *probe;
    const struct conformance_material *m;
    struct conformance_request *out;
    struct persona persona; /* as altered */
    struct persona_choice choice;
    const struct pki_key *key, *signer_key;
    struct buf csr, challenge; /* wiped */
};

static const struct conformance_change *change_of(const struct making *k)
{
    return &k->probe->change;
}

/* As long as the control's, or as NDES makes them, and in its alphabet. */
static bool make_wrong_challenge(struct making *k, struct err *e)
{
    uint8_t random[WRONG_BYTES];
    char hex[2 * WRONG_BYTES + 1];
    size_t len = k->m->control->challenge.len;
    if (!random_bytes(random, sizeof random, e))
        return false;
    text_hex(span_of(random, sizeof random), true, hex);
    buf_append(&k->challenge, hex, len == 0 || len > 2 * WRONG_BYTES ? 16 : len);
    return buf_ok(&k->challenge, STAGE_CSR, e);
}

static bool choose_challenge(struct making *k, struct err *e)
{
    switch (k->probe->challenge) {
    case CONFORMANCE_FRESH:
        buf_append_span(&k->challenge, k->m->device->challenge);
        break;
    case CONFORMANCE_USED:
        buf_append_span(&k->challenge, k->m->control->challenge);
        break;
    case CONFORMANCE_WRONG:
        return make_wrong_challenge(k, e);
    case CONFORMANCE_NONE:
        break;
    }
    return buf_ok(&k->challenge, STAGE_CSR, e);
}

static void alter_habits(struct making *k)
{
    const struct conformance_change *c = change_of(k);
    if (c->algorithms) {
        k->choice.digest = c->digest;
        k->choice.cipher = c->cipher;
        k->persona.key_transport = c->transport;
    }
    if (c->challenge_type != PERSONA_CHALLENGE_AUTO)
        k->persona.challenge_type = c->challenge_type;
    if (c->get_bytes > 0)
        k->choice.post = false;
    k->out->post = k->choice.post;
}

static bool choose_key(struct making *k, struct err *e)
{
    k->key = k->m->device->key;
    k->signer_key = k->m->signer_key;
    if (!change_of(k)->other_key)
        return true;
    if (!pki_key_generate_rsa(OWN_KEY_BITS, &k->out->own_key, e))
        return false;
    k->key = k->signer_key = k->out->own_key;
    return true;
}

static bool make_transaction(struct making *k, struct err *e)
{
    struct scep_transaction *t = &k->out->transaction;
    if (change_of(k)->other_key)
        return scep_transaction_next(k->m->control->transaction, t, e);
    return persona_transaction(&k->persona, k->key, k->m->key_reused, t, e);
}

static bool make_csr(struct making *k, struct err *e)
{
    const struct conformance_change *c = change_of(k);
    static const uint8_t nobody[] = {DER_SEQUENCE, 0};
    struct persona_device device = *k->m->device;
    device.key = k->key;
    device.challenge = buf_span(&k->challenge);
    struct span subject = c->empty_subject ? span_of(nobody, sizeof nobody) : buf_span(&k->out->subject);
    if (!persona_csr(&k->persona, &device, subject, &k->choice, &k->csr, e))
        return false;
    if (c->unsigned_csr) /* the signature is what a PKCS #10 ends with */
        k->csr.data[k->csr.len - 1] ^= 1;
    if (c->cut_csr)
        k->csr.len /= 2;
    return true;
}

/* A serial number that nobody has: as long as serial numbers are, and random. */
static bool make_get_cert(struct making *k, struct err *e)
{
    struct conformance_request *out = k->out;
    uint8_t serial[SERIAL_BYTES];
    if (!random_bytes(serial, sizeof serial, e))
        return false;
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    buf_append_span(&out->wanted_issuer, pki_cert_issuer(k->m->control->issued));
    buf_append(&out->wanted_serial, serial, sizeof serial);
    return buf_ok(&out->wanted_issuer, STAGE_BUILD, e) && buf_ok(&out->wanted_serial, STAGE_BUILD, e) &&
           scep_content_put_serial(buf_span(&out->wanted_issuer), buf_span(&out->wanted_serial), &k->csr, e);
}

static const struct pki_cert *ca_certificate(const struct scep_ca *ca)
{
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        if (scep_ca_role(ca, i) == SCEP_ROLE_CA)
            return scep_ca_cert(ca, i);
    }
    return NULL;
}

static bool build(struct making *k, const struct scep_oddity *oddity, struct err *e)
{
    const struct conformance_change *c = change_of(k);
    const struct persona *p = &k->persona;
    int64_t signing_time = p->signing_time ? k->m->now_s : 0;
    const struct scep_request_spec spec = {
        .type = k->out->type,
        .content = buf_span(&k->csr),
        .transaction = &k->out->transaction,
        .recipient = c->to_ca ? ca_certificate(k->m->ca) : scep_ca_recipient(k->m->ca),
        .signer_cert = buf_span(&k->out->signer),
        .signer_key = k->signer_key,
        .digest = k->choice.digest,
        .cipher = k->choice.cipher,
        .transport = p->key_transport,
        .signing_time = c->signing_time_s != 0 ? k->m->now_s + c->signing_time_s : signing_time,
        .encoding = p->encoding,
        .oddity = oddity,
    };
    return scep_request_build(&spec, &k->out->message, e);
}

/* Copies of the signer's certificate until the query is about as long as wanted: base64 makes four bytes of three, and
 * escaping a little more. */
static bool build_long(struct making *k, struct err *e)
{
    struct scep_oddity oddity = change_of(k)->oddity;
    if (!build(k, &oddity, e))
        return false;
    size_t wanted = change_of(k)->get_bytes * 3 / 4, has = k->out->message.len;
    size_t copies = wanted > has ? (wanted - has + k->out->signer.len - 1) / k->out->signer.len : 0;
    oddity.signer_copies = (unsigned)(copies < MAX_COPIES ? copies : MAX_COPIES);
    buf_reset(&k->out->message);
    return build(k, &oddity, e);
}

static bool make_message(struct making *k, struct err *e)
{
    const struct conformance_change *c = change_of(k);
    struct conformance_request *out = k->out;
    if (c->type != 0)
        out->type = (enum scep_message_type)c->type;
    bool ok = persona_subject(&k->persona, k->m->device, &out->subject, e) && make_transaction(k, e) &&
              persona_signer(&k->persona, buf_span(&out->subject), k->signer_key, &out->transaction,
                             &k->choice, k->m->now_s, &out->signer, e);
    ok = ok && (out->type == SCEP_GET_CERT ? make_get_cert(k, e) : make_csr(k, e));
    return ok && (c->get_bytes > 0 ? build_long(k, e) : build(k, &c->oddity, e));
}

static bool copy_control(const struct conformance_control *control, struct conformance_request *out,
                         struct err *e)
{
    out->transaction = *control->transaction;
    buf_append_span(&out->subject, control->subject);
    buf_append_span(&out->signer, control->signer);
    buf_append_span(&out->message, control->message);
    return buf_ok(&out->subject, STAGE_BUILD, e) && buf_ok(&out->signer, STAGE_BUILD, e) &&
           buf_ok(&out->message, STAGE_BUILD, e);
}

bool conformance_make(const struct conformance_probe *probe, const struct conformance_material *m,
                      struct conformance_request *out, struct err *e)
{
    struct making k = {.probe = probe, .m = m, .out = out, .persona = *m->persona, .choice = *m->choice};
    *out = (struct conformance_request){.type = SCEP_PKCS_REQ};
    struct buf *const bufs[] = {&out->subject, &out->signer, &out->message, &out->wanted_issuer,
                                &out->wanted_serial};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], BYTES_MAX_MESSAGE);
    buf_init(&k.csr, BYTES_MAX_MESSAGE);
    buf_init(&k.challenge, MAX_NAME_BYTES);
    alter_habits(&k);
    bool ok = probe->change.replay ? copy_control(m->control, out, e)
                                   : choose_challenge(&k, e) && choose_key(&k, e) && make_message(&k, e);
    buf_wipe(&k.csr);
    buf_wipe(&k.challenge);
    return pki_at_stage(ok, STAGE_BUILD, e);
}

void conformance_request_clear(struct conformance_request *request)
{
    struct buf *const bufs[] = {&request->subject, &request->signer, &request->message,
                                &request->wanted_issuer, &request->wanted_serial};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    pki_key_free(request->own_key);
    *request = (struct conformance_request){0};
}

bool conformance_applies(const struct conformance_probe *probe, const struct scep_ca *ca, bool has_challenge,
                         bool shared, const char **why)
{
    const struct conformance_change *c = &probe->change;
    bool about_challenge = probe->reasons[0].fail_info >= 0 &&
                           (probe->challenge == CONFORMANCE_WRONG || probe->challenge == CONFORMANCE_USED ||
                            (probe->challenge == CONFORMANCE_NONE && !c->replay && c->type == 0));
    *why = NULL;
    if (!has_challenge && (about_challenge || c->challenge_type != PERSONA_CHALLENGE_AUTO))
        *why = "no challenge is used here";
    else if (shared && probe->challenge == CONFORMANCE_USED)
        *why = "the challenge is one for all, so using it again is right";
    else if (c->to_ca && (ca_certificate(ca) == NULL || ca_certificate(ca) == scep_ca_recipient(ca)))
        *why = "there is no RA certificate beside the CA's";
    return *why == NULL;
}

bool conformance_read(const struct conformance_probe *probe, const struct conformance_material *m,
                      const struct conformance_request *request, struct span body, struct scep_certrep *out,
                      struct err *e)
{
    static const uint8_t nobody[] = {DER_SEQUENCE, 0};
    const struct conformance_control *control = m->control;
    const struct pki_key *own = request->own_key;
    bool replay = probe->change.replay;
    struct span subject =
        probe->change.empty_subject ? span_of(nobody, sizeof nobody) : buf_span(&request->subject);
    const struct scep_expected expected = {
        .transaction = &request->transaction,
        .ca = m->ca,
        .decrypt_key = replay        ? control->signer_key
                       : own != NULL ? own
                                     : m->signer_key,
        .signer_cert = buf_span(&request->signer),
        .spki = replay ? control->spki : pki_key_spki(own != NULL ? own : m->device->key),
        .subject = subject,
        .now_s = m->now_s,
        .request_type = request->type == SCEP_GET_CERT ? SCEP_GET_CERT : SCEP_PKCS_REQ,
        .wanted_issuer = buf_span(&request->wanted_issuer),
        .wanted_serial = buf_span(&request->wanted_serial),
    };
    return scep_certrep_read(body, &expected, out, e);
}
