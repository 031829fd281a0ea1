#include "ndes/policy.h"

#include "base/pairs.h"
#include "base/text.h"

#define MINUTE_US  INT64_C(60000000)
#define TEXT_BYTES 256
#define MAX_POLLS  1000000

const struct ndes_policy NDES_POLICY_DEFAULTS = {
    .mode = NDES_STANDALONE,
    .approval = {.when = NDES_APPROVAL_NONE},
    /* CacheRequest is 20 minutes by default; inferred from published registry material (B.4, C). */
    .remembered_us = 20 * MINUTE_US,
    /* A password that was used is refused (B.2, observed), also for the same request once more. Others answer a repetition
     * with the certificate that it got before (RFC 8894 5.2). */
    .repeats = false,
    /* Observed is SHA-1 (2020), unless HashAlgorithm is set; administrators set SHA256 today. Inferred. */
    .reply_digest = PKI_SHA256,
    /* One capture has OAEP, most clients read PKCS #1 v1.5 only. Inferred. */
    .reply_transport = PKI_RSA_PKCS1,
    .min_key_bits = 2048,
    .cert_validity_s = 365 * INT64_C(86400),
    .ledger_max = 32768,
};

/* A word and what it stands for; lists end with NULL. */
struct word {
    const char *text;
    unsigned value;
};
static const struct word modes[] = {
    {"standalone", NDES_STANDALONE}, {"intune", NDES_INTUNE}, {"proxy", NDES_PROXY}, {NULL, 0}};
static const struct word operations[] = {{"get-cert", NDES_OPERATION_GET_CERT},
                                         {"get-crl", NDES_OPERATION_GET_CRL},
                                         {"get-next-ca-cert", NDES_OPERATION_GET_NEXT_CA_CERT},
                                         {"update", NDES_OPERATION_UPDATE},
                                         {NULL, 0}};
static const struct word quirks[] = {{"same-key-returns-old", NDES_QUIRK_SAME_KEY_RETURNS_OLD}, {NULL, 0}};
static const struct word repeats[] = {{"same", true}, {"new", false}, {NULL, 0}};
static const struct word ends[] = {{"issue", false}, {"deny", true}, {NULL, 0}};
static const struct word digests[] = {{"md5", PKI_MD5},       {"sha1", PKI_SHA1},     {"sha256", PKI_SHA256},
                                      {"sha384", PKI_SHA384}, {"sha512", PKI_SHA512}, {NULL, 0}};
static const struct word transports[] = {{"pkcs1", PKI_RSA_PKCS1}, {"oaep", PKI_RSA_OAEP}, {NULL, 0}};
enum { MIRROR = PKI_CIPHER_COUNT };
static const struct word ciphers[] = {{"mirror", MIRROR},
                                      {"des-cbc", PKI_DES_CBC},
                                      {"3des-cbc", PKI_DES3_CBC},
                                      {"aes128-cbc", PKI_AES128_CBC},
                                      {"aes192-cbc", PKI_AES192_CBC},
                                      {"aes256-cbc", PKI_AES256_CBC},
                                      {NULL, 0}};

static bool no_such_word(const struct word *words, struct span text, struct err *e)
{
    char known[TEXT_BYTES] = "";
    for (const struct word *w = words; w->text != NULL; w++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used == 0 ? "" : ", ", w->text);
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.*s' is none of %s", (int)(text.len < 40 ? text.len : 40),
                   text.len == 0 ? "" : (const char *)text.data, known);
}

static bool find_word(const struct word *words, struct span text, unsigned *out, struct err *e)
{
    for (const struct word *w = words; w->text != NULL; w++) {
        if (span_equal_text(text, w->text)) {
            *out = w->value;
            return true;
        }
    }
    return no_such_word(words, text, e);
}

/* Words joined by commas, as bits. */
static bool find_words(const struct word *words, const char *text, unsigned *out, struct err *e)
{
    unsigned all = 0, one = 0;
    for (const char *at = text; at != NULL;) {
        size_t len = strcspn(at, ",");
        if (!find_word(words, span_of(at, len), &one, e))
            return false;
        all |= one;
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    *out = all;
    return true;
}

bool ndes_policy_mode(const char *text, enum ndes_mode *out, struct err *e)
{
    unsigned value;
    if (!find_word(modes, span_of_text(text), &value, e))
        return false;
    *out = (enum ndes_mode)value;
    return true;
}

bool ndes_policy_operations(const char *text, unsigned *out, struct err *e)
{
    return find_words(operations, text, out, e);
}

bool ndes_policy_quirks(const char *text, unsigned *out, struct err *e)
{
    return find_words(quirks, text, out, e);
}

bool ndes_policy_repeats(const char *text, bool *out, struct err *e)
{
    unsigned value;
    if (!find_word(repeats, span_of_text(text), &value, e))
        return false;
    *out = value != 0;
    return true;
}

enum { AFTER_POLLS, AFTER, THEN };
static const char *const approval_keys[] = {
    [AFTER_POLLS] = "after-polls", [AFTER] = "after", [THEN] = "then", NULL};

static bool set_approval(void *user, size_t key, const char *value, struct err *e)
{
    struct ndes_approval *a = user;
    if (key == AFTER)
        return text_parse_duration(value, &a->after_us, e);
    int64_t polls = 0;
    if (key == AFTER_POLLS) {
        bool ok = text_parse_int(value, 1, MAX_POLLS, &polls, e);
        a->polls = (unsigned)polls;
        return ok;
    }
    unsigned deny = 0;
    bool ok = find_word(ends, span_of_text(value), &deny, e);
    a->deny = deny != 0;
    return ok;
}

bool ndes_policy_approval(const char *text, struct ndes_approval *out, struct err *e)
{
    struct ndes_approval a = {.when = NDES_APPROVAL_NONE};
    unsigned given = 0;
    if (!pairs_read(text, approval_keys, set_approval, &a, &given, e))
        return false;
    bool polls = (given & 1u << AFTER_POLLS) != 0, after = (given & 1u << AFTER) != 0;
    if (polls == after)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       polls ? "after-polls or after, not both" : "after-polls=N or after=30s is missing");
    a.when = polls ? NDES_APPROVAL_POLLS : NDES_APPROVAL_TIME;
    *out = a;
    return true;
}

bool ndes_policy_digest(const char *text, struct ndes_policy *out, struct err *e)
{
    unsigned value;
    if (!find_word(digests, span_of_text(text), &value, e))
        return false;
    out->reply_digest = (enum pki_digest)value;
    return true;
}

bool ndes_policy_cipher(const char *text, struct ndes_policy *out, struct err *e)
{
    unsigned value;
    if (!find_word(ciphers, span_of_text(text), &value, e))
        return false;
    out->reply_cipher_fixed = value != MIRROR;
    if (value != MIRROR)
        out->reply_cipher = (enum pki_cipher)value;
    return true;
}

bool ndes_policy_transport(const char *text, struct ndes_policy *out, struct err *e)
{
    unsigned value;
    if (!find_word(transports, span_of_text(text), &value, e))
        return false;
    out->reply_transport = (enum pki_transport)value;
    return true;
}

#define CAPS_CLASSIC "POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,DES3"

/* `Update` was the word of the drafts that had UpdateReq. */
const char *ndes_policy_caps(const struct ndes_policy *policy)
{
    bool next = (policy->operations & NDES_OPERATION_GET_NEXT_CA_CERT) != 0;
    bool update = (policy->operations & NDES_OPERATION_UPDATE) != 0;
    if (next && update)
        return CAPS_CLASSIC ",GetNextCACert,Update";
    if (next)
        return CAPS_CLASSIC ",GetNextCACert";
    return update ? CAPS_CLASSIC ",Update" : CAPS_CLASSIC;
}
