#include "sim/ca.h"

#include "base/random.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/oid.h"
#include "scep/certrep.h"

#include <stdatomic.h>

#define SERIAL_BYTES 19
#define CLOCK_SLACK  600 /* seconds that AD CS dates a certificate back */

const struct sim_ca_config SIM_CA_DEFAULTS = {
    /* Observed is SHA-1 (2020), unless HashAlgorithm is set; administrators set SHA256 today. Inferred. */
    .reply_digest = PKI_SHA256,
    /* One capture has OAEP, most clients read PKCS #1 v1.5 only. Inferred. */
    .reply_transport = PKI_RSA_PKCS1,
    .min_key_bits = 2048,
    .cert_validity_s = 365 * INT64_C(86400),
};

struct sim_ca {
    struct sim_ca_config config;
    const struct sim_identity *identity;
    struct sim_otp *otp;
    _Atomic uint32_t issued;
};

bool sim_ca_new(const struct sim_ca_config *config, const struct sim_identity *identity, struct sim_otp *otp,
                struct sim_ca **out, struct err *e)
{
    struct sim_ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated CA");
    ca->config = *config;
    ca->identity = identity;
    ca->otp = otp;
    atomic_init(&ca->issued, 0);
    *out = ca;
    return true;
}

void sim_ca_free(struct sim_ca *ca)
{
    free(ca);
}

/* Refusals of NDES itself: failInfo and HRESULT, no text (B.1). Rows marked inferred have no capture behind them. */
static const struct sim_refusal
    password_unknown = {.set = true, .fail_info = SCEP_BAD_MESSAGE_CHECK, .hresult = UINT32_C(0x80070490)},
    password_used = {.set = true, .fail_info = SCEP_BAD_MESSAGE_CHECK, .hresult = UINT32_C(0x800B0110)},
    password_missing = {.set = true, .fail_info = SCEP_BAD_MESSAGE_CHECK, .hresult = UINT32_C(0x80096004)},
    type_unsupported = {.set = true, .fail_info = SCEP_BAD_REQUEST, .hresult = UINT32_C(0x80070057)},
    signature_bad = {.set = true,
                     .fail_info = SCEP_BAD_MESSAGE_CHECK,
                     .hresult = UINT32_C(0x80090006)},                                         /* inferred */
    algorithm_bad = {.set = true, .fail_info = SCEP_BAD_ALG, .hresult = UINT32_C(0x80090008)}, /* inferred */
    csr_malformed = {
        .set = true, .fail_info = SCEP_BAD_REQUEST, .hresult = UINT32_C(0x8009310B)}; /* inferred */

/* Refusals of the CA come with its text. */
static const struct sim_refusal
    subject_bad = {.set = true,
                   .fail_info = SCEP_BAD_REQUEST,
                   .hresult = UINT32_C(0x80094001),
                   .text = "The request subject name is invalid or too long. 0x80094001 (-2146877439 "
                           "CERTSRV_E_BAD_REQUESTSUBJECT) Denied by Policy Module"},
    key_too_short = {
        .set = true,
        .fail_info = SCEP_BAD_REQUEST,
        .hresult = UINT32_C(0x80094811),
        .text = "The public key does not meet the minimum size required by the specified certificate "
                "template. 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH) Denied by Policy Module"};

static bool send_certrep(const struct sim_ca *ca, struct scep_certrep_spec *spec, struct sim_reply *reply,
                         struct err *e)
{
    spec->signer = ca->identity->sign;
    spec->signer_key = ca->identity->sign_key;
    spec->digest = ca->config.reply_digest;
    spec->cipher = spec->request->cipher;
    spec->transport = ca->config.reply_transport;
    reply->status = 200;
    reply->server = "Microsoft-IIS/10.0";
    reply->content_type = "application/x-pki-message";
    return scep_certrep_build(spec, &reply->body, e);
}

static bool refuse(const struct sim_ca *ca, const struct scep_request *request, const struct sim_refusal *why,
                   struct sim_reply *reply, struct err *e)
{
    struct scep_certrep_spec spec = {
        .status = SCEP_FAILURE,
        .fail_info = why->fail_info,
        .has_hresult = true,
        .hresult = why->hresult,
        .server_text = why->text,
        .request = request,
    };
    return send_certrep(ca, &spec, reply, e);
}

/* Big-endian magnitude, built as AD CS does (79 00000002 4898492E88FAFEFA 000000000002 in a capture): the request number,
 * random bytes, the number again. The number alone makes them unique. */
static bool make_serial(struct sim_ca *ca, uint8_t out[SERIAL_BYTES], struct err *e)
{
    uint32_t number = atomic_fetch_add(&ca->issued, 1) + 2;
    memset(out, 0, SERIAL_BYTES);
    out[0] = 0x61;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = out[SERIAL_BYTES - 4 + i] = (uint8_t)(number >> (24 - 8 * i));
    return random_bytes(out + 5, 8, e);
}

/* The subjectAltName extension of the request, copied as it is; empty when there is none. */
static struct span find_san(struct span extensions)
{
    struct der_reader all = der_reader_of(extensions);
    struct der_item extension, oid;
    struct err ignored = {0};
    while (!der_at_end(&all) && der_expect(&all, DER_SEQUENCE, "extension", &extension, &ignored)) {
        struct der_reader inside = der_reader_of(extension.content);
        if (der_expect(&inside, DER_OID, "extension id", &oid, &ignored) &&
            span_equal(oid.content, PKI_OID_SUBJECT_ALT_NAME))
            return extension.whole;
    }
    return span_of(NULL, 0);
}

/* The three templates of NDES: signature, encryption, general purpose, chosen by the request's key usage (B.6). */
static unsigned template_key_usage(unsigned requested)
{
    unsigned both = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT;
    return (requested & both) != 0 ? requested & both : both;
}

static bool issue(struct sim_ca *ca, const struct pki_csr *csr, int64_t now_s, struct buf *der, struct err *e)
{
    uint8_t serial[SERIAL_BYTES];
    if (!make_serial(ca, serial, e))
        return false;
    const struct sim_identity *id = ca->identity;
    struct pki_cert_spec spec = {
        .subject = csr->subject,
        .issuer = pki_cert_subject(id->ca),
        .spki = csr->spki,
        .serial = span_of(serial, sizeof serial),
        .not_before = now_s - CLOCK_SLACK,
        .not_after = now_s - CLOCK_SLACK + ca->config.cert_validity_s,
        .key_usage = template_key_usage(csr->key_usage),
        .ekus = &PKI_EKU_CLIENT_AUTH,
        .eku_count = 1,
        .extensions = find_san(csr->extensions),
        .authority_key_id = span_of(id->ca_key_id, sizeof id->ca_key_id),
    };
    return pki_cert_make(&spec, id->ca_key, PKI_SHA256, der, e);
}

static bool grant(struct sim_ca *ca, const struct scep_request *request, const struct pki_csr *csr,
                  int64_t now_us, struct sim_reply *reply, struct err *e)
{
    struct buf der;
    buf_init(&der, BYTES_MAX_MESSAGE);
    struct pki_cert *leaf = NULL;
    bool ok = issue(ca, csr, now_us / 1000000, &der, e) && pki_cert_from_der(buf_span(&der), &leaf, e);
    if (ok) {
        const struct pki_cert *certs[] = {leaf};
        struct scep_certrep_spec spec = {
            .status = SCEP_SUCCESS,
            .server_text = "Issued",
            .request = request,
            .certs = certs,
            .cert_count = 1,
        };
        ok = send_certrep(ca, &spec, reply, e);
    }
    pki_cert_free(leaf);
    buf_clear(&der);
    return ok;
}

static const struct sim_refusal *check_password(struct sim_ca *ca, struct span password,
                                                const struct sim_effects *effects, int64_t now_us)
{
    if (effects->module.set) {
        /* The cache plays no part with a policy module: nothing piles up in it. */
        sim_otp_use(ca->otp, password, now_us);
        return &effects->module;
    }
    if (effects->passwords_unknown && password.len > 0)
        return &password_unknown;
    switch (sim_otp_use(ca->otp, password, now_us)) {
    case SIM_OTP_ACCEPTED:
        return NULL;
    case SIM_OTP_UNKNOWN:
        return &password_unknown;
    case SIM_OTP_USED:
        return &password_used;
    case SIM_OTP_MISSING:
        return &password_missing;
    }
    return &password_unknown;
}

static bool subject_is_empty(struct span name)
{
    return name.len <= 2;
}

static const struct sim_refusal *check_policy(const struct sim_ca *ca, const struct pki_csr *csr,
                                              const struct sim_effects *effects)
{
    if (effects->ca.set)
        return &effects->ca;
    if (subject_is_empty(csr->subject))
        return &subject_bad;
    unsigned bits = pki_rsa_bits(csr->public_key); /* 0: no RSA key, which has no minimum here */
    return bits != 0 && bits < ca->config.min_key_bits ? &key_too_short : NULL;
}

static bool enroll(struct sim_ca *ca, const struct scep_request *request, const struct sim_effects *effects,
                   int64_t now_us, struct sim_reply *reply, struct err *e)
{
    struct pki_csr csr = {0};
    struct err why = {0};
    if (!pki_csr_read(buf_span(&request->content), &csr, &why)) {
        pki_csr_clear(&csr);
        bool forged = why.reason == REASON_BAD_SIGNATURE;
        return refuse(ca, request, forged ? &signature_bad : &csr_malformed, reply, e);
    }
    const struct sim_refusal *refusal = check_password(ca, buf_span(&csr.challenge), effects, now_us);
    if (refusal == NULL)
        refusal = check_policy(ca, &csr, effects);
    bool ok =
        refusal != NULL ? refuse(ca, request, refusal, reply, e) : grant(ca, request, &csr, now_us, reply, e);
    pki_csr_clear(&csr);
    return ok;
}

/* A message that could not be opened. NDES answers what it cannot decode or decrypt with a page (B.2); the rest gets a
 * CertRep as RFC 8894 wants it, for lack of an observation. */
static bool answer_unopened(struct sim_ca *ca, const struct scep_request *request, enum reason reason,
                            struct sim_reply *reply, struct err *e)
{
    bool forged = reason == REASON_BAD_SIGNATURE || reason == REASON_BAD_DIGEST;
    bool named = request->transaction.id[0] != '\0';
    if (named && forged)
        return refuse(ca, request, &signature_bad, reply, e);
    if (named && reason == REASON_UNSUPPORTED_ALGORITHM)
        return refuse(ca, request, &algorithm_bad, reply, e);
    sim_page_not_scep(reply);
    return buf_ok(&reply->body, STAGE_PKI_OPERATION, e);
}

bool sim_ca_answer(struct sim_ca *ca, struct span message, const struct sim_effects *effects, int64_t now_us,
                   struct sim_reply *reply, struct err *e)
{
    struct scep_request request = {0};
    struct err why = {0};
    bool ok;
    if (!scep_request_open(message, ca->identity->encrypt, ca->identity->encrypt_key, &request, &why))
        ok = answer_unopened(ca, &request, why.reason, reply, e);
    else if (request.type != SCEP_PKCS_REQ)
        ok = refuse(ca, &request, &type_unsupported, reply, e);
    else
        ok = enroll(ca, &request, effects, now_us, reply, e);
    scep_request_clear(&request);
    return ok;
}
