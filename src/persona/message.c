/* Persona, device and secrets in, DER out. */
#include "persona/table.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/fail.h"
#include "pki/general_name.h"
#include "pki/microsoft.h"

#define DAY_S          86400
#define SECOND_US      INT64_C(1000000)
#define MAX_NAME_BYTES 65536
#define MAX_SAN        32

static enum pki_digest digest_of(enum persona_digest_rule rule, enum pki_digest same)
{
    return rule == PERSONA_DIGEST_SAME ? same
                                       : (enum pki_digest)((unsigned)rule - (unsigned)PERSONA_DIGEST_FIRST);
}

static enum pki_cipher cipher_of(enum persona_cipher_rule rule, enum pki_cipher same)
{
    return rule == PERSONA_CIPHER_SAME ? same
                                       : (enum pki_cipher)((unsigned)rule - (unsigned)PERSONA_CIPHER_FIRST);
}

/* Names. */

/* So that pki_name_from_text reads it back as one value. */
static void put_escaped(struct span value, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        bool edge = c == ' ' && (i == 0 || i + 1 == value.len);
        if (edge || (c != '\0' && strchr(",+\\\"", c) != NULL))
            buf_append_byte(out, '\\');
        buf_append_byte(out, c);
    }
}

static bool put_variable(struct span name, struct span cn, uint64_t index, struct buf *out, struct err *e)
{
    if (span_equal_text(name, "cn"))
        put_escaped(cn, out);
    else if (span_equal_text(name, "serial"))
        buf_appendf(out, "FTX%08llX", (unsigned long long)index);
    else if (span_equal_text(name, "address"))
        buf_appendf(out, "10.%u.%u.%u", (unsigned)(index >> 16 & 0xff), (unsigned)(index >> 8 & 0xff),
                    (unsigned)(index & 0xff));
    else
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'{%.*s}' is none of {cn} {serial} {address}",
                       (int)(name.len < 40 ? name.len : 40), (const char *)name.data);
    return true;
}

bool persona_fill_rdn(const char *text, struct span cn, uint64_t index, struct buf *out, struct err *e)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        buf_append(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        size_t name = strcspn(++text, "}");
        if (!put_variable(span_of(text, name), cn, index, out, e))
            return false;
        text += text[name] == '}' ? name + 1 : name;
    }
    return buf_ok(out, STAGE_SETUP, e);
}

bool persona_subject(const struct persona *p, const struct persona_device *device, struct buf *out,
                     struct err *e)
{
    if (p->csr_extra_rdn[0] == '\0')
        return pki_at_stage(pki_name_from_text(device->subject, out, e), STAGE_CSR, e);
    struct buf text, plain, cn;
    buf_init(&text, MAX_NAME_BYTES);
    buf_init(&plain, MAX_NAME_BYTES);
    buf_init(&cn, MAX_NAME_BYTES);
    bool ok = pki_name_from_text(device->subject, &plain, e);
    pki_name_common_name(buf_span(&plain), &cn);
    if (cn.len == 0)
        buf_append_text(&cn, "device");
    buf_append_text(&text, device->subject);
    buf_append_byte(&text, ',');
    ok = ok && persona_fill_rdn(p->csr_extra_rdn, buf_span(&cn), device->index, &text, e);
    const char *whole = ok ? buf_text(&text) : NULL;
    ok = ok && (whole != NULL ? pki_name_from_text(whole, out, e) : buf_ok(&text, STAGE_CSR, e));
    buf_clear(&text);
    buf_clear(&plain);
    buf_clear(&cn);
    return pki_at_stage(ok, STAGE_CSR, e);
}

/* CSR. */

static size_t list_ekus(const struct persona *p, struct span *out)
{
    static const uint8_t email[] = {0x2b, 6, 1, 5, 5, 7, 3, 4};
    static const uint8_t smartcard[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 2};
    static const uint8_t ike[] = {0x2b, 6, 1, 5, 5, 7, 3, 17};
    static const uint8_t any[] = {0x55, 0x1d, 0x25, 0};
    const struct span oids[PERSONA_EKU_COUNT] = {
        [PERSONA_EKU_CLIENT_AUTH] = PKI_EKU_CLIENT_AUTH,
        [PERSONA_EKU_SERVER_AUTH] = PKI_EKU_SERVER_AUTH,
        [PERSONA_EKU_EMAIL_PROTECTION] = span_of(email, sizeof email),
        [PERSONA_EKU_SMARTCARD_LOGON] = span_of(smartcard, sizeof smartcard),
        [PERSONA_EKU_IPSEC_IKE] = span_of(ike, sizeof ike),
        [PERSONA_EKU_ANY] = span_of(any, sizeof any),
    };
    for (size_t i = 0; i < p->csr_eku.count; i++)
        out[i] = oids[p->csr_eku.items[i]];
    return p->csr_eku.count;
}

static bool challenge_tag(const struct persona *p, struct span challenge, uint8_t *out, struct err *e)
{
    static const uint8_t tags[] = {
        [PERSONA_CHALLENGE_PRINTABLE] = DER_PRINTABLE_STRING,
        [PERSONA_CHALLENGE_UTF8] = DER_UTF8_STRING,
        [PERSONA_CHALLENGE_IA5] = DER_IA5_STRING,
        [PERSONA_CHALLENGE_T61] = DER_T61_STRING,
    };
    *out = p->challenge_type == PERSONA_CHALLENGE_AUTO ? pki_csr_challenge_tag(challenge)
                                                       : tags[p->challenge_type];
    return p->challenge_type != PERSONA_CHALLENGE_PRINTABLE ||
           pki_csr_challenge_tag(challenge) == DER_PRINTABLE_STRING ||
           err_set(e, STAGE_CSR, REASON_USAGE,
                   "the challenge has characters outside PrintableString, which %s refuses", p->name);
}

/* The device's alternative names, and its SID when that travels as one of them. */
static bool put_san(const struct persona *p, const struct persona_device *device, struct buf *out,
                    struct err *e)
{
    const char *names[MAX_SAN + 1];
    if (device->san_count > MAX_SAN)
        return err_set(e, STAGE_CSR, REASON_LIMIT, "%zu alternative names; at most %d", device->san_count,
                       MAX_SAN);
    for (size_t i = 0; i < device->san_count; i++)
        names[i] = device->san[i];
    size_t count = device->san_count;
    struct buf uri;
    buf_init(&uri, 512);
    bool ok = true;
    if (device->sid != NULL && p->csr_sid == PERSONA_SID_URI) {
        buf_append_text(&uri, "uri:");
        ok = pki_ms_sid_uri_put(&uri, device->sid, e);
        names[count] = ok ? buf_text(&uri) : NULL;
        ok = ok && (names[count++] != NULL || buf_ok(&uri, STAGE_CSR, e));
    }
    ok = ok && pki_general_names_from_texts(names, count, out, e);
    buf_clear(&uri);
    return ok;
}

static bool put_extensions(const struct persona *p, const struct persona_device *device, struct buf *out,
                           struct err *e)
{
    return device->sid == NULL || p->csr_sid != PERSONA_SID_EXTENSION ||
           pki_ms_sid_extension_put(out, device->sid, e);
}

static void put_attributes(const struct persona *p, struct buf *out)
{
    static const char *const units[] = {[PERSONA_VALIDITY_DAYS] = "Days",
                                        [PERSONA_VALIDITY_MONTHS] = "Months",
                                        [PERSONA_VALIDITY_YEARS] = "Years"};
    char count[16];
    if (p->csr_validity_unit == PERSONA_VALIDITY_NONE)
        return;
    snprintf(count, sizeof count, "%u", p->csr_validity_count);
    pki_ms_name_value_put(out, "ValidityPeriod", units[p->csr_validity_unit]);
    pki_ms_name_value_put(out, "ValidityPeriodUnits", count);
}

bool persona_csr(const struct persona *p, const struct persona_device *device, struct span subject,
                 const struct persona_choice *choice, struct buf *out, struct err *e)
{
    struct buf san, extensions, attributes;
    buf_init(&san, MAX_NAME_BYTES);
    buf_init(&extensions, 4096);
    buf_init(&attributes, 4096);
    struct span ekus[PERSONA_LIST_MAX];
    struct pki_csr_spec spec = {
        .subject = subject,
        .challenge = device->challenge,
        .key_usage = p->csr_key_usage,
        .key_usage_not_critical = !p->csr_key_usage_critical,
        .ekus = ekus,
        .eku_count = list_ekus(p, ekus),
    };
    bool ok = challenge_tag(p, device->challenge, &spec.challenge_tag, e) && put_san(p, device, &san, e) &&
              put_extensions(p, device, &extensions, e);
    put_attributes(p, &attributes);
    spec.san = buf_span(&san);
    spec.extensions = buf_span(&extensions);
    spec.attributes = buf_span(&attributes);
    ok = ok && buf_ok(&attributes, STAGE_CSR, e) &&
         pki_csr_make(&spec, device->key, digest_of(p->csr_digest, choice->digest), out, e);
    buf_clear(&san);
    buf_clear(&extensions);
    buf_clear(&attributes);
    return pki_at_stage(ok, STAGE_CSR, e);
}

/* Transaction and signer. */

bool persona_transaction(const struct persona *p, const struct pki_key *key, bool reused,
                         struct scep_transaction *out, struct err *e)
{
    return scep_transaction_make(p->transaction_id, reused ? NULL : key, out, e);
}

/* As CFUUID prints them: capitals, version 4. */
static bool put_uuid_name(struct buf *out, struct err *e)
{
    uint8_t b[16];
    if (!random_bytes(b, sizeof b, e))
        return false;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char hex[2 * sizeof b + 1];
    char text[48];
    text_hex(span_of(b, sizeof b), true, hex);
    snprintf(text, sizeof text, "CN=%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return pki_name_from_text(text, out, e);
}

static bool put_cn_name(struct span subject, struct buf *out, struct err *e)
{
    struct buf cn, text;
    buf_init(&cn, MAX_NAME_BYTES);
    buf_init(&text, 2 * MAX_NAME_BYTES);
    pki_name_common_name(subject, &cn);
    buf_append_text(&text, "CN=");
    put_escaped(buf_span(&cn), &text);
    const char *words = buf_text(&text);
    bool ok =
        cn.len == 0 ? buf_append_span(out, subject) : words != NULL && pki_name_from_text(words, out, e);
    buf_clear(&cn);
    buf_clear(&text);
    return ok || buf_ok(out, STAGE_BUILD, e);
}

static bool put_signer_name(const struct persona *p, struct span subject, struct buf *out, struct err *e)
{
    if (strcmp(p->signer_subject, "csr") == 0)
        return buf_append_span(out, subject) || buf_ok(out, STAGE_BUILD, e);
    if (strcmp(p->signer_subject, "cn") == 0)
        return put_cn_name(subject, out, e);
    if (strcmp(p->signer_subject, "uuid") == 0)
        return put_uuid_name(out, e);
    return pki_name_from_text(p->signer_subject, out, e);
}

/* `room` holds 16 random bytes when needed. */
static bool make_serial(const struct persona *p, const struct scep_transaction *transaction, uint8_t room[16],
                        struct span *out, struct err *e)
{
    switch (p->signer_serial) {
    case PERSONA_SERIAL_RANDOM:
        *out = span_of(room, 16);
        if (!random_bytes(room, 16, e))
            return false;
        room[0] = (uint8_t)((room[0] & 0x7f) | 0x40); /* positive and of full length */
        break;
    case PERSONA_SERIAL_ONE:
        room[0] = 1;
        *out = span_of(room, 1);
        break;
    case PERSONA_SERIAL_TRANSACTION_ID:
        *out = span_of_text(transaction->id);
        break;
    }
    return true;
}

static bool make_signer(const struct persona *p, struct span name, const struct pki_key *key,
                        const struct scep_transaction *transaction, enum pki_digest digest, int64_t now_s,
                        struct buf *out, struct err *e)
{
    uint8_t serial[16];
    uint8_t key_id[EVP_MAX_MD_SIZE];
    size_t key_id_len = 0;
    struct pki_cert_spec spec = {
        .subject = name,
        .issuer = name,
        .spki = pki_key_spki(key),
        .not_before = now_s - p->signer_backdate / SECOND_US,
        .not_after = now_s + (int64_t)p->signer_days * DAY_S,
        .key_usage = p->signer_key_usage,
        .no_subject_key_id = !p->signer_subject_key_id,
        .authority_key_id_critical = p->signer_authority_key_id == PERSONA_KEY_ID_CRITICAL,
    };
    if (!make_serial(p, transaction, serial, &spec.serial, e))
        return false;
    if (p->signer_authority_key_id != PERSONA_KEY_ID_NONE) {
        if (!pki_hash(PKI_SHA1, pki_key_rsa_public(key), key_id, &key_id_len, e))
            return false;
        spec.authority_key_id = span_of(key_id, key_id_len);
    }
    return pki_cert_make(&spec, key, digest, out, e);
}

bool persona_signer(const struct persona *p, struct span subject, const struct pki_key *key,
                    const struct scep_transaction *transaction, const struct persona_choice *choice,
                    int64_t now_s, struct buf *out, struct err *e)
{
    if (!pki_key_is_rsa(key))
        return err_set(e, STAGE_BUILD, REASON_UNSUPPORTED_ALGORITHM,
                       "a message is signed by an RSA key, since its reply is encrypted to it");
    struct buf name;
    buf_init(&name, MAX_NAME_BYTES);
    enum pki_digest digest = digest_of(p->signer_digest, choice->digest);
    bool ok = put_signer_name(p, subject, &name, e) &&
              make_signer(p, buf_span(&name), key, transaction, digest, now_s, out, e);
    buf_clear(&name);
    return pki_at_stage(ok, STAGE_BUILD, e);
}

bool persona_message(const struct persona *p, const struct persona_choice *choice,
                     const struct persona_message_spec *spec, struct buf *out, struct err *e)
{
    bool poll = spec->type == SCEP_CERT_POLL;
    const struct scep_request_spec request = {
        .type = spec->type,
        .content = spec->content,
        .transaction = spec->transaction,
        .recipient = spec->recipient,
        .signer_cert = spec->signer_cert,
        .signer_key = spec->signer_key,
        .digest = poll ? digest_of(p->poll_digest, choice->digest) : choice->digest,
        .cipher = poll ? cipher_of(p->poll_cipher, choice->cipher) : choice->cipher,
        .transport = p->key_transport,
        .signing_time = p->signing_time ? spec->now_s : 0,
        .encoding = p->encoding,
    };
    return scep_request_build(&request, out, e);
}
