#include "scep/transaction.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/fail.h"

enum alphabet { HEX_UPPER, HEX_LOWER, BASE64 };
enum source { PUBLIC_KEY, RSA_PUBLIC_KEY };

static const struct form {
    enum source source;
    enum pki_digest digest;
    size_t bytes;
    enum alphabet alphabet;
} forms[SCEP_ID_FORM_COUNT] = {
    [SCEP_ID_RANDOM] = {PUBLIC_KEY, PKI_DIGEST_COUNT, 16, HEX_UPPER},
    [SCEP_ID_RSA_SHA1_UPPER] = {RSA_PUBLIC_KEY, PKI_SHA1, 20, HEX_UPPER},
    [SCEP_ID_SPKI_SHA1_UPPER] = {PUBLIC_KEY, PKI_SHA1, 20, HEX_UPPER},
    [SCEP_ID_SPKI_SHA1_LOWER] = {PUBLIC_KEY, PKI_SHA1, 20, HEX_LOWER},
    [SCEP_ID_SPKI_MD5_UPPER] = {PUBLIC_KEY, PKI_MD5, 16, HEX_UPPER},
    [SCEP_ID_SPKI_SHA1_BASE64] = {PUBLIC_KEY, PKI_SHA1, 20, BASE64},
};

static bool make_bytes(const struct form *form, const struct pki_key *key, uint8_t *out, struct err *e)
{
    size_t len;
    if (key == NULL || form->digest == PKI_DIGEST_COUNT)
        return random_bytes(out, form->bytes, e);
    bool rsa = form->source == RSA_PUBLIC_KEY && pki_key_is_rsa(key);
    return pki_hash(form->digest, rsa ? pki_key_rsa_public(key) : pki_key_spki(key), out, &len, e);
}

static bool write_text(const struct form *form, struct span bytes, char *out, size_t out_bytes, struct err *e)
{
    if (form->alphabet != BASE64) {
        text_hex(bytes, form->alphabet == HEX_UPPER, out);
        return true;
    }
    struct buf text;
    buf_init(&text, out_bytes);
    bool ok = text_base64(bytes, &text) && buf_text(&text) != NULL;
    if (ok)
        snprintf(out, out_bytes, "%s", buf_text(&text));
    buf_clear(&text);
    return ok || err_set(e, STAGE_BUILD, REASON_NO_MEMORY, "no memory for a transactionID");
}

bool scep_transaction_make(enum scep_id_form form, const struct pki_key *key, struct scep_transaction *out,
                           struct err *e)
{
    const struct form *f = &forms[form];
    uint8_t bytes[EVP_MAX_MD_SIZE];
    bool ok = make_bytes(f, key, bytes, e) &&
              write_text(f, span_of(bytes, f->bytes), out->id, sizeof out->id, e) &&
              random_bytes(out->sender_nonce, sizeof out->sender_nonce, e);
    return pki_at_stage(ok, STAGE_BUILD, e);
}

bool scep_transaction_next(const struct scep_transaction *of, struct scep_transaction *out, struct err *e)
{
    struct scep_transaction next = *of;
    if (!random_bytes(next.sender_nonce, sizeof next.sender_nonce, e))
        return pki_at_stage(false, STAGE_BUILD, e);
    *out = next;
    return true;
}
