#include "sim/mint.h"

#include "base/text.h"
#include "pki/der.h"
#include "pki/general_name.h"
#include "pki/oid.h"

#include <jansson.h>

#define MAX_JSON_BYTES 65536
#define MAX_LIST       16
#define DEFAULT_LIFE_S 3600
#define MAX_LIFE_S     (INT64_C(366) * 86400)
#define SECOND_US      1000000

static bool wrong(const char *key, const char *what, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "%s: %s", key, what);
}

/* The texts of a list. Borrowed from `value`. */
static bool read_texts(const char *key, const json_t *value, const char **out, size_t *count, struct err *e)
{
    *count = json_array_size(value);
    if (!json_is_array(value) || *count == 0 || *count > MAX_LIST)
        return wrong(key, "a list of 1 to 16 texts is wanted", e);
    for (size_t i = 0; i < *count; i++) {
        out[i] = json_string_value(json_array_get(value, i));
        if (out[i] == NULL)
            return wrong(key, "a list of 1 to 16 texts is wanted", e);
    }
    return true;
}

static bool read_subject(const char *key, const json_t *value, struct ndes_intune_claims *out, struct err *e)
{
    const char *text = json_string_value(value);
    if (text == NULL || text[0] == '\0')
        return wrong(key, "a text like CN=phone-7,OU=scepstorm is wanted", e);
    return pki_name_from_text(text, &out->subject, e);
}

static bool read_san(const char *key, const json_t *value, struct ndes_intune_claims *out, struct err *e)
{
    const char *texts[MAX_LIST];
    size_t count = 0;
    return read_texts(key, value, texts, &count, e) &&
           pki_general_names_from_texts(texts, count, &out->san, e);
}

static bool put_eku(const char *text, struct buf *out)
{
    static const struct {
        const char *word, *oid;
    } names[] = {{"clientAuth", "1.3.6.1.5.5.7.3.2"},
                 {"serverAuth", "1.3.6.1.5.5.7.3.1"},
                 {"emailProtection", "1.3.6.1.5.5.7.3.4"},
                 {"smartcardLogon", "1.3.6.1.4.1.311.20.2.2"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].word, text) == 0)
            text = names[i].oid;
    }
    size_t mark = der_begin(out, DER_OID);
    bool ok = pki_oid_from_text(span_of_text(text), out);
    der_end(out, mark);
    return ok;
}

static bool read_eku(const char *key, const json_t *value, struct ndes_intune_claims *out, struct err *e)
{
    const char *texts[MAX_LIST];
    size_t count = 0;
    if (!read_texts(key, value, texts, &count, e))
        return false;
    size_t list = der_begin(&out->ekus, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        if (!put_eku(texts[i], &out->ekus))
            return wrong(key, "clientAuth, serverAuth, emailProtection, smartcardLogon or an OID is wanted",
                         e);
    }
    der_end(&out->ekus, list);
    return true;
}

static bool read_key_usage(const char *key, const json_t *value, struct ndes_intune_claims *out,
                           struct err *e)
{
    static const struct {
        const char *word;
        unsigned bit;
    } names[] = {{"digitalSignature", PKI_KU_DIGITAL_SIGNATURE},
                 {"nonRepudiation", PKI_KU_NON_REPUDIATION},
                 {"keyEncipherment", PKI_KU_KEY_ENCIPHERMENT},
                 {"dataEncipherment", PKI_KU_DATA_ENCIPHERMENT},
                 {"keyAgreement", PKI_KU_KEY_AGREEMENT}};
    const char *texts[MAX_LIST];
    size_t count = 0;
    if (!read_texts(key, value, texts, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < sizeof names / sizeof *names && strcmp(names[k].word, texts[i]) != 0)
            k++;
        if (k == sizeof names / sizeof *names)
            return wrong(key, "words like digitalSignature and keyEncipherment are wanted", e);
        out->key_usage |= names[k].bit;
    }
    return true;
}

static bool read_key_length(const char *key, const json_t *value, struct ndes_intune_claims *out,
                            struct err *e)
{
    json_int_t bits = json_integer_value(value);
    if (bits < 512 || bits > 16384)
        return wrong(key, "a number of bits like 2048 is wanted", e);
    out->key_length = (unsigned)bits;
    return true;
}

/* Counted from now; sim_mint_read makes a time of it. */
static bool read_life(const char *key, const json_t *value, struct ndes_intune_claims *out, struct err *e)
{
    int64_t life_us = 0;
    struct err ignored = {0};
    json_int_t life_s = json_integer_value(value);
    if (json_is_string(value) && text_parse_duration(json_string_value(value), &life_us, &ignored))
        life_s = life_us / SECOND_US;
    else if (!json_is_integer(value))
        return wrong(key, "seconds, or a text like \"60m\", are wanted", e);
    if (life_s < 0 || life_s > MAX_LIFE_S)
        return wrong(key, "0 seconds to 366 days", e);
    out->expires_s = life_s;
    return true;
}

static const struct key {
    const char *name;
    bool (*read)(const char *key, const json_t *value, struct ndes_intune_claims *out, struct err *e);
} keys[] = {
    {"subject", read_subject},
    {"san", read_san},
    {"eku", read_eku},
    {"key_usage", read_key_usage},
    {"key_length", read_key_length},
    {"expires_in", read_life},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static bool read_key(const char *name, const json_t *value, struct ndes_intune_claims *out, struct err *e)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].read(name, value, out, e);
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "'%.40s' is none of subject, san, eku, key_usage, key_length, expires_in", name);
}

static bool read_object(const json_t *root, struct ndes_intune_claims *out, struct err *e)
{
    if (!json_is_object(root))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a JSON object is wanted");
    /* jansson's iterators want to write, and do not. */
    union {
        const json_t *ours;
        json_t *jansson;
    } object = {.ours = root};
    const char *name;
    json_t *value;
    json_object_foreach(object.jansson, name, value)
    {
        if (!read_key(name, value, out, e))
            return false;
    }
    if (out->subject.len == 0)
        return wrong("subject", "missing", e);
    return buf_ok(&out->san, STAGE_SETUP, e) && buf_ok(&out->ekus, STAGE_SETUP, e);
}

bool sim_mint_read(struct span json, int64_t now_s, struct ndes_intune_claims *out, struct err *e)
{
    ndes_intune_claims_init(out);
    out->expires_s = DEFAULT_LIFE_S;
    if (json.len > MAX_JSON_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %d bytes", MAX_JSON_BYTES);
    json_error_t where;
    json_t *root =
        json_loadb(json.len > 0 ? (const char *)json.data : "", json.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "no JSON: line %d, %.100s", where.line, where.text);
    bool ok = read_object(root, out, e);
    json_decref(root);
    out->expires_s += now_s;
    return ok;
}

static void start_reply(int status, struct ndes_reply *reply)
{
    buf_reset(&reply->body);
    reply->status = status;
    reply->content_type = "application/json";
}

static void reply_error(int status, const char *text, struct ndes_reply *reply)
{
    start_reply(status, reply);
    json_t *object = json_pack("{s:s}", "error", text);
    char *dump = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    buf_append_text(&reply->body, dump != NULL ? dump : "{\"error\":\"it cannot be told as JSON\"}");
    buf_append_byte(&reply->body, '\n');
    free(dump);
    json_decref(object);
}

/* Neither part has anything to escape. */
static void reply_challenge(struct span challenge, int64_t expires_us, struct ndes_reply *reply)
{
    char when[32];
    text_utc(expires_us, when, sizeof when);
    start_reply(200, reply);
    buf_append_text(&reply->body, "{\"challenge\":\"");
    buf_append_span(&reply->body, challenge);
    buf_appendf(&reply->body, "\",\"expires_at\":\"%s\"}\n", when);
}

void sim_mint_intune(const struct ndes_identity *identity, struct span json, int64_t now_us,
                     struct ndes_reply *reply)
{
    struct ndes_intune_claims claims;
    struct buf challenge;
    struct err e = {0};
    buf_init(&challenge, BYTES_MAX_MESSAGE);
    if (sim_mint_read(json, now_us / SECOND_US, &claims, &e) &&
        ndes_intune_mint(identity, &claims, &challenge, &e))
        reply_challenge(buf_span(&challenge), claims.expires_s * SECOND_US, reply);
    else
        reply_error(400, e.text, reply);
    ndes_intune_claims_clear(&claims);
    buf_wipe(&challenge);
}

void sim_mint_proxy(struct ndes_otp *challenges, int64_t validity_us, int64_t now_us,
                    struct ndes_reply *reply)
{
    char challenge[NDES_OTP_TEXT_BYTES] = "";
    struct err e = {0};
    if (ndes_otp_issue(challenges, now_us, challenge, &e) && challenge[0] != '\0')
        reply_challenge(span_of_text(challenge), now_us + validity_us, reply);
    else
        reply_error(409, "too many challenges wait for their devices", reply);
    explicit_bzero(challenge, sizeof challenge);
}
