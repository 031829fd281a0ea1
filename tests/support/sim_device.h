/* The device's half of an enrollment, made with the scep room, for tests that have no engine: one key, one CSR, one
 * message, one reading of the answer. Include it from one file of a program; link scep. */
#ifndef SUPPORT_SIM_DEVICE_H
#define SUPPORT_SIM_DEVICE_H

#include "pki/csr.h"
#include "scep/certrep.h"
#include "scep/transaction.h"

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
    struct pki_key *key; /* of the request; borrowed */
    int64_t now_s;
    /* A signer of its own: an RSA key beside an EC one, or the key of the certificate that is to be renewed. */
    struct pki_key *signer_key;   /* NULL: key. Borrowed */
    const struct pki_cert *holds; /* signs instead of a self-signed certificate; borrowed */
    bool same_transaction;        /* `transaction` is set: only its nonce is made anew */
    struct span content;          /* instead of a CSR; borrowed */
    const struct span *ekus;
    size_t eku_count;
    struct span wanted_serial; /* GetCert: what the answer must hold */

    /* Made. */
    struct scep_transaction transaction;
    struct buf name, csr, signer, message;
};

static inline struct pki_key *sim_device_signer(const struct sim_device *d)
{
    return d->signer_key != NULL ? d->signer_key : d->key;
}

static inline bool sim_device_make_csr(struct sim_device *d, struct err *e)
{
    struct pki_csr_spec csr = {
        .subject = buf_span(&d->name),
        .challenge = d->password != NULL ? span_of_text(d->password) : span_of(NULL, 0),
        .san = d->san,
        .key_usage = d->key_usage,
        .ekus = d->ekus,
        .eku_count = d->eku_count,
    };
    if (d->content.len > 0)
        return buf_append_span(&d->csr, d->content);
    return pki_csr_make(&csr, d->key, PKI_SHA256, &d->csr, e);
}

static inline bool sim_device_make_signer(struct sim_device *d, struct err *e)
{
    if (d->holds != NULL)
        return buf_append_span(&d->signer, pki_cert_der(d->holds));
    return scep_signer_make(buf_span(&d->name), sim_device_signer(d), PKI_SHA256, d->now_s, 1, &d->signer, e);
}

static inline bool sim_device_make(struct sim_device *d, const struct scep_ca *ca, struct err *e)
{
    struct buf *all[] = {&d->name, &d->csr, &d->signer, &d->message};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_init(all[i], BYTES_MAX_MESSAGE);
    struct scep_transaction before = d->transaction;
    bool ok = pki_name_from_text(d->subject, &d->name, e) && sim_device_make_csr(d, e) &&
              (d->same_transaction ? scep_transaction_next(&before, &d->transaction, e)
                                   : scep_transaction_new(span_of(NULL, 0), &d->transaction, e)) &&
              sim_device_make_signer(d, e);
    if (!ok)
        return false;
    struct scep_request_spec spec = {
        .type = d->type != 0 ? d->type : SCEP_PKCS_REQ,
        .content = buf_span(&d->csr),
        .transaction = &d->transaction,
        .recipient = scep_ca_recipient(ca),
        .signer_cert = buf_span(&d->signer),
        .signer_key = sim_device_signer(d),
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
    bool renewal = d->holds != NULL && d->type != SCEP_GET_CERT && d->type != SCEP_GET_CRL;
    struct scep_expected expected = {
        .transaction = &d->transaction,
        .ca = ca,
        .decrypt_key = sim_device_signer(d),
        .signer_cert = buf_span(&d->signer),
        .spki = pki_key_spki(d->key),
        .subject = buf_span(&d->name),
        .now_s = d->now_s,
        .request_type = d->type,
        .renewed_cert = renewal ? pki_cert_der(d->holds) : span_of(NULL, 0),
        .wanted_issuer = pki_cert_subject(scep_ca_cert(ca, scep_ca_count(ca) - 1)),
        .wanted_serial = d->wanted_serial,
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
