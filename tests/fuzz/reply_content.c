// room: scep
#include "../support/fuzz.h"
#include "../support/fuzz_pki.h"
#include "scep/cms.h"
#include "scep/oid.h"

/* A SUCCESS around these bytes, signed and encrypted as it should be: mutations can do neither. */
static bool wrap(struct span content, struct buf *out)
{
    const struct scep_attribute attributes[] = {
        {SCEP_OID_MESSAGE_TYPE, DER_PRINTABLE_STRING, span_of_text("3")},
        {SCEP_OID_PKI_STATUS, DER_PRINTABLE_STRING, span_of_text("0")},
        {SCEP_OID_TRANSACTION_ID, DER_PRINTABLE_STRING, span_of_text(fuzz.transaction.id)},
        {SCEP_OID_RECIPIENT_NONCE, DER_OCTET_STRING,
         span_of(fuzz.transaction.sender_nonce, SCEP_NONCE_BYTES)},
    };
    struct scep_signer signer = {.id = scep_cms_id_of(fuzz.ca), .key = fuzz.ca_key};
    struct scep_recipient recipient = {.id = scep_cms_id_of(fuzz.signer),
                                       .key = pki_cert_public_key(fuzz.signer)};
    struct scep_signed_writer w;
    scep_signed_begin(&w, out, PKI_SHA256);
    return scep_enveloped_put(out, content, &recipient, PKI_AES128_CBC, PKI_RSA_PKCS1, NULL) &&
           scep_signed_finish(&w, &signer, attributes, sizeof attributes / sizeof attributes[0], NULL);
}

static void read_as(struct span body, enum scep_message_type type)
{
    struct scep_expected expected = {
        .transaction = &fuzz.transaction,
        .ca = fuzz.bundle,
        .decrypt_key = fuzz.device_key,
        .signer_cert = pki_cert_der(fuzz.signer),
        .spki = pki_key_spki(fuzz.device_key),
        .subject = buf_span(&fuzz.subject),
        .now_s = FUZZ_NOW_S,
        .request_type = type,
        .renewed_cert = pki_cert_der(fuzz.signer),
        .wanted_issuer = pki_cert_subject(fuzz.ca),
        .wanted_serial = span_of("\x09", 1),
    };
    struct scep_certrep rep;
    struct err e = {0};
    bool ok = scep_certrep_read(body, &expected, &rep, &e);
    bool found = type == SCEP_GET_CRL ? rep.crl != NULL : rep.issued != NULL;
    if (ok != (e.reason == REASON_NONE) || rep.violated != 0 || !rep.has_envelope || (ok && !found))
        abort();
    scep_certrep_clear(&rep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf body;
    fuzz_pki_open();
    buf_init(&body, BYTES_MAX_MESSAGE);
    if (wrap(span_of(data, size), &body)) {
        read_as(buf_span(&body), SCEP_RENEWAL_REQ);
        read_as(buf_span(&body), SCEP_GET_CERT);
        read_as(buf_span(&body), SCEP_GET_CRL);
    }
    buf_clear(&body);
    return 0;
}
