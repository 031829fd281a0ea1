/* The device's half of an enrollment, made with the scep room, for tests that have no engine: one key, one CSR, one
 * message, one reading of the answer. Include it from one file of a program; link scep. */
#ifndef SUPPORT_SIM_DEVICE_H
#define SUPPORT_SIM_DEVICE_H

#include "pki/csr.h"
#include "scep/certrep.h"

struct sim_device {
    /* Set what differs from the defaults, then sim_device_make. */
    const char *subject;  /* "CN=phone-7,OU=scepstorm" */
    const char *password; /* NULL: no challengePassword */
    struct span san;      /* GeneralNames */
    unsigned key_usage;
    enum scep_message_type type; /* 0: PKCSReq */
    enum pki_digest digest;      /* of the request */
    enum pki_cipher cipher;
    enum pki_transport transport;
    struct pki_key *key; /* borrowed */
    int64_t now_s;

    /* Made. */
    struct scep_transaction transaction;
    struct buf name, csr, signer, message;
};

static inline bool sim_device_make(struct sim_device *d, const struct scep_ca *ca, struct err *e)
{
    struct buf *all[] = {&d->name, &d->csr, &d->signer, &d->message};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], BYTES_MAX_MESSAGE);
    if (!pki_name_from_text(d->subject, &d->name, e))
        return false;
    struct pki_csr_spec csr = {
        .subject = buf_span(&d->name),
        .challenge = d->password != NULL ? span_of_text(d->password) : span_of(NULL, 0),
        .san = d->san,
        .key_usage = d->key_usage,
    };
    if (!pki_csr_make(&csr, d->key, PKI_SHA256, &d->csr, e) ||
        !scep_transaction_new(span_of(NULL, 0), &d->transaction, e) ||
        !scep_signer_make(buf_span(&d->name), d->key, PKI_SHA256, d->now_s, 1, &d->signer, e))
        return false;
    struct scep_request_spec spec = {
        .type = d->type != 0 ? d->type : SCEP_PKCS_REQ,
        .content = buf_span(&d->csr),
        .transaction = &d->transaction,
        .recipient = scep_ca_recipient(ca),
        .signer_cert = buf_span(&d->signer),
        .signer_key = d->key,
        .digest = d->digest,
        .cipher = d->cipher,
        .transport = d->transport,
    };
    return scep_request_build(&spec, &d->message, e);
}

/* As scep_certrep_read. */
static inline bool sim_device_read(const struct sim_device *d, const struct scep_ca *ca, struct span body,
                                   struct scep_certrep *rep, struct err *e)
{
    struct scep_expected expected = {
        .transaction = &d->transaction,
        .ca = ca,
        .decrypt_key = d->key,
        .signer_cert = buf_span(&d->signer),
        .spki = pki_key_spki(d->key),
        .subject = buf_span(&d->name),
        .now_s = d->now_s,
    };
    return scep_certrep_read(body, &expected, rep, e);
}

static inline void sim_device_clear(struct sim_device *d)
{
    buf_wipe(&d->csr);
    buf_clear(&d->name);
    buf_clear(&d->signer);
    buf_clear(&d->message);
}

#endif
