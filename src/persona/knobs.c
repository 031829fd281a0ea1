/* Knobs: their words, and values from text and back. */
#include "persona/table.h"

#include "base/text.h"
#include "pki/name.h"

#include <strings.h>

#define SECOND_US INT64_C(1000000)
#define MAX_WORDS 16

#define WORDS(name) static const struct persona_word name[]
#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0                                                                                              \
    }

WORDS(operations) = {{"get_ca_caps", PERSONA_GET_CA_CAPS}, {"get_ca_cert", PERSONA_GET_CA_CERT}, END};
WORDS(url_orders) = {{"in_order", PERSONA_URLS_IN_ORDER}, {"random", PERSONA_URLS_RANDOM}, END};
WORDS(http_versions) = {{"1.0", PERSONA_HTTP_1_0}, {"1.1", PERSONA_HTTP_1_1}, END};
WORDS(connections) = {
    {"per_device", PERSONA_CONNECTION_PER_DEVICE}, {"per_request", PERSONA_CONNECTION_PER_REQUEST}, END};
WORDS(posts) = {{"announced", PERSONA_POST_ANNOUNCED},
                {"always", PERSONA_POST_ALWAYS},
                {"never", PERSONA_POST_NEVER},
                END};
WORDS(escapings) = {{"all", PERSONA_ESCAPE_ALL},
                    {"padding", PERSONA_ESCAPE_PADDING},
                    {"lines", PERSONA_ESCAPE_LINES},
                    {"url_safe", PERSONA_ESCAPE_URL_SAFE},
                    END};
WORDS(caps_errors) = {{"stop", PERSONA_CAPS_ERROR_STOPS}, {"go_on", PERSONA_CAPS_ERROR_GOES_ON}, END};
WORDS(content_types) = {{"any", PERSONA_CONTENT_TYPE_ANY},
                        {"bare", PERSONA_CONTENT_TYPE_BARE},
                        {"exact", PERSONA_CONTENT_TYPE_EXACT},
                        END};
WORDS(digests) = {{"md5", PKI_MD5},       {"sha1", PKI_SHA1},     {"sha256", PKI_SHA256},
                  {"sha384", PKI_SHA384}, {"sha512", PKI_SHA512}, END};
WORDS(ciphers) = {{"des-cbc", PKI_DES_CBC},       {"3des-cbc", PKI_DES3_CBC},
                  {"aes128-cbc", PKI_AES128_CBC}, {"aes192-cbc", PKI_AES192_CBC},
                  {"aes256-cbc", PKI_AES256_CBC}, END};
WORDS(transports) = {{"rsa-pkcs1", PKI_RSA_PKCS1}, {"rsa-oaep", PKI_RSA_OAEP}, END};
WORDS(encodings) = {{"der", SCEP_DER}, {"ber", SCEP_BER}, END};
WORDS(id_forms) = {{"random", SCEP_ID_RANDOM},
                   {"rsa_sha1_upper", SCEP_ID_RSA_SHA1_UPPER},
                   {"spki_sha1_upper", SCEP_ID_SPKI_SHA1_UPPER},
                   {"spki_sha1_lower", SCEP_ID_SPKI_SHA1_LOWER},
                   {"spki_md5_upper", SCEP_ID_SPKI_MD5_UPPER},
                   {"spki_sha1_base64", SCEP_ID_SPKI_SHA1_BASE64},
                   END};
WORDS(digest_rules) = {{"same", PERSONA_DIGEST_SAME},
                       {"md5", PERSONA_DIGEST_FIRST + PKI_MD5},
                       {"sha1", PERSONA_DIGEST_FIRST + PKI_SHA1},
                       {"sha256", PERSONA_DIGEST_FIRST + PKI_SHA256},
                       {"sha384", PERSONA_DIGEST_FIRST + PKI_SHA384},
                       {"sha512", PERSONA_DIGEST_FIRST + PKI_SHA512},
                       END};
WORDS(cipher_rules) = {{"same", PERSONA_CIPHER_SAME},
                       {"des-cbc", PERSONA_CIPHER_FIRST + PKI_DES_CBC},
                       {"3des-cbc", PERSONA_CIPHER_FIRST + PKI_DES3_CBC},
                       {"aes128-cbc", PERSONA_CIPHER_FIRST + PKI_AES128_CBC},
                       {"aes192-cbc", PERSONA_CIPHER_FIRST + PKI_AES192_CBC},
                       {"aes256-cbc", PERSONA_CIPHER_FIRST + PKI_AES256_CBC},
                       END};
WORDS(serials) = {{"random", PERSONA_SERIAL_RANDOM},
                  {"one", PERSONA_SERIAL_ONE},
                  {"transaction_id", PERSONA_SERIAL_TRANSACTION_ID},
                  END};
WORDS(key_usages) = {
    {"digitalSignature", PKI_KU_DIGITAL_SIGNATURE}, {"nonRepudiation", PKI_KU_NON_REPUDIATION},
    {"keyEncipherment", PKI_KU_KEY_ENCIPHERMENT},   {"dataEncipherment", PKI_KU_DATA_ENCIPHERMENT},
    {"keyAgreement", PKI_KU_KEY_AGREEMENT},         END};
WORDS(key_ids) = {{"none", PERSONA_KEY_ID_NONE},
                  {"plain", PERSONA_KEY_ID_PLAIN},
                  {"critical", PERSONA_KEY_ID_CRITICAL},
                  END};
WORDS(ekus) = {{"clientAuth", PERSONA_EKU_CLIENT_AUTH},
               {"serverAuth", PERSONA_EKU_SERVER_AUTH},
               {"emailProtection", PERSONA_EKU_EMAIL_PROTECTION},
               {"smartcardLogon", PERSONA_EKU_SMARTCARD_LOGON},
               {"ipsecIKE", PERSONA_EKU_IPSEC_IKE},
               {"any", PERSONA_EKU_ANY},
               END};
WORDS(challenge_types) = {{"auto", PERSONA_CHALLENGE_AUTO}, {"printable", PERSONA_CHALLENGE_PRINTABLE},
                          {"utf8", PERSONA_CHALLENGE_UTF8}, {"ia5", PERSONA_CHALLENGE_IA5},
                          {"t61", PERSONA_CHALLENGE_T61},   END};
WORDS(sids) = {
    {"none", PERSONA_SID_NONE}, {"extension", PERSONA_SID_EXTENSION}, {"uri", PERSONA_SID_URI}, END};
WORDS(validity_units) = {{"none", PERSONA_VALIDITY_NONE},
                         {"Days", PERSONA_VALIDITY_DAYS},
                         {"Months", PERSONA_VALIDITY_MONTHS},
                         {"Years", PERSONA_VALIDITY_YEARS},
                         END};
WORDS(poll_ids) = {{"request", PERSONA_POLL_ID_REQUEST}, {"reply", PERSONA_POLL_ID_REPLY}, END};
WORDS(retry_ids) = {{"same", PERSONA_RETRY_SAME}, {"new", PERSONA_RETRY_NEW}, END};
WORDS(renewals) = {{"renewal_req", PERSONA_RENEWAL_REQ},
                   {"update_req", PERSONA_RENEWAL_UPDATE_REQ},
                   {"pkcs_req_signed", PERSONA_RENEWAL_PKCS_REQ_SIGNED},
                   {"re_enroll", PERSONA_RENEWAL_RE_ENROLL},
                   END};
WORDS(renewal_keys) = {{"new", PERSONA_RENEWAL_KEY_NEW}, {"same", PERSONA_RENEWAL_KEY_SAME}, END};
WORDS(checks) = {{"signature", SCEP_CHECK_SIGNATURE},
                 {"signer", SCEP_CHECK_SIGNER},
                 {"message_type", SCEP_CHECK_MESSAGE_TYPE},
                 {"transaction", SCEP_CHECK_TRANSACTION},
                 {"nonce", SCEP_CHECK_NONCE},
                 {"nonce_present", SCEP_CHECK_NONCE_PRESENT},
                 {"status", SCEP_CHECK_STATUS},
                 {"content", SCEP_CHECK_CONTENT},
                 {"content_type", SCEP_CHECK_CONTENT_TYPE},
                 {"key", PERSONA_CHECK_KEY},
                 {"subject", PERSONA_CHECK_SUBJECT},
                 {"chain", PERSONA_CHECK_CHAIN},
                 {"validity", PERSONA_CHECK_VALIDITY},
                 END};

static const struct persona_knob knobs[PERSONA_KNOB_COUNT] = {
#define AS_ROW(field, type, kind, words, least, most, doc)                                                   \
    [PERSONA_KNOB_##                                                                                         \
        field] = {#field, PERSONA_##kind, words, least, most, doc, offsetof(struct persona, field)},
    PERSONA_KNOBS(AS_ROW)
#undef AS_ROW
};

/* Choices are read and written as numbers, whatever their enum. */
_Static_assert(sizeof(enum pki_digest) == sizeof(unsigned) && sizeof(enum persona_post) == sizeof(unsigned),
               "enums are as large as unsigned");

const struct persona_knob *persona_knobs(void)
{
    return knobs;
}

/* Words. */

static bool find_word(const struct persona_word *words, struct span text, unsigned *out)
{
    for (; words->name != NULL; words++) {
        if (strlen(words->name) == text.len &&
            strncasecmp(words->name, (const char *)text.data, text.len) == 0) {
            *out = words->value;
            return true;
        }
    }
    return false;
}

static const char *word_of(const struct persona_word *words, unsigned value)
{
    while (words->name != NULL && words->value != value)
        words++;
    return words->name != NULL ? words->name : "?";
}

/* "'sha3' is none of md5, sha1 ...; is sha1 meant?" */
static bool no_such_word(const struct persona_word *words, struct span text, struct err *e)
{
    const char *names[MAX_WORDS] = {NULL};
    char word[41];
    snprintf(word, sizeof word, "%.*s", (int)(text.len < 40 ? text.len : 40), (const char *)text.data);
    struct buf list;
    buf_init(&list, 512);
    for (size_t i = 0; words[i].name != NULL && i + 1 < MAX_WORDS; i++) {
        names[i] = words[i].name;
        buf_appendf(&list, "%s%s", i > 0 ? " " : "", words[i].name);
    }
    const char *nearest = text_nearest(word, names);
    const char *possible = list.failed || list.len == 0 ? "" : buf_text(&list);
    if (nearest != NULL)
        err_set(e, STAGE_SETUP, REASON_USAGE, "'%s' is not possible; is %s meant? (%s)", word, nearest,
                possible != NULL ? possible : "");
    else
        err_set(e, STAGE_SETUP, REASON_USAGE, "'%s' is not possible; one of: %s", word,
                possible != NULL ? possible : "");
    buf_clear(&list);
    return false;
}

/* Values separated by commas or blanks. */
static bool next_word(struct span *rest, struct span *out)
{
    size_t skip = 0;
    while (skip < rest->len && (rest->data[skip] == ',' || rest->data[skip] == ' '))
        skip++;
    size_t end = skip;
    while (end < rest->len && rest->data[end] != ',' && rest->data[end] != ' ')
        end++;
    *out = span_of(rest->data + skip, end - skip);
    *rest = span_of(rest->data + end, rest->len - end);
    return out->len > 0;
}

/* Setting, one function per kind. */

static bool check_text(const char *value, size_t room, struct err *e)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return err_set(e, STAGE_SETUP, REASON_USAGE, "control characters are not possible");
    }
    return len < room || err_set(e, STAGE_SETUP, REASON_USAGE, "%zu characters; at most %zu", len, room - 1);
}

static bool set_text(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    (void)k;
    if (!check_text(value, sizeof(persona_text), e))
        return false;
    snprintf(field, sizeof(persona_text), "%s", value);
    return true;
}

static bool set_message(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    (void)k;
    struct persona_message m = {.present = strcmp(value, "absent") != 0};
    if (!check_text(value, sizeof m.text, e))
        return false;
    if (m.present)
        snprintf(m.text, sizeof m.text, "%s", value);
    memcpy(field, &m, sizeof m);
    return true;
}

static bool set_flag(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    static const struct persona_word words[] = {{"no", 0}, {"yes", 1}, {"false", 0}, {"true", 1}, END};
    (void)k;
    unsigned flag;
    if (!find_word(words, span_of_text(value), &flag))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is neither yes nor no", value);
    bool on = flag != 0;
    memcpy(field, &on, sizeof on);
    return true;
}

static bool set_number(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    int64_t number;
    if (!text_parse_int(value, k->least, k->most, &number, NULL))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is no whole number from %lld to %lld", value,
                       (long long)k->least, (long long)k->most);
    unsigned n = (unsigned)number;
    memcpy(field, &n, sizeof n);
    return true;
}

static bool set_time(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    int64_t us = 0;
    if (strcmp(value, "0") != 0 && !text_parse_duration(value, &us, e))
        return false;
    if (us < k->least * SECOND_US || us > k->most * SECOND_US)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is not between %llds and %llds", value,
                       (long long)k->least, (long long)k->most);
    memcpy(field, &us, sizeof us);
    return true;
}

static bool set_share(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    (void)k;
    double share;
    if (!text_parse_share(value, &share, e))
        return false;
    memcpy(field, &share, sizeof share);
    return true;
}

static bool set_choice(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    unsigned number;
    if (!find_word(k->words, span_of_text(value), &number))
        return no_such_word(k->words, span_of_text(value), e);
    memcpy(field, &number, sizeof number);
    return true;
}

static bool set_list(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    struct persona_list list = {0};
    struct span rest = span_of_text(strcasecmp(value, "none") == 0 ? "" : value);
    struct span word;
    unsigned number;
    while (next_word(&rest, &word)) {
        if (!find_word(k->words, word, &number))
            return no_such_word(k->words, word, e);
        if (list.count == k->most)
            return err_set(e, STAGE_SETUP, REASON_USAGE, "more than %lld words", (long long)k->most);
        list.items[list.count++] = (uint8_t)number;
    }
    if (list.count < k->least)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "at least %lld word is needed", (long long)k->least);
    memcpy(field, &list, sizeof list);
    return true;
}

static bool set_set(const struct persona_knob *k, const char *value, void *field, struct err *e)
{
    unsigned bits = 0;
    struct span rest = span_of_text(strcasecmp(value, "none") == 0 ? "" : value);
    struct span word;
    unsigned bit;
    while (next_word(&rest, &word)) {
        if (!find_word(k->words, word, &bit))
            return no_such_word(k->words, word, e);
        bits |= bit;
    }
    memcpy(field, &bits, sizeof bits);
    return true;
}

/* What a text must be beyond being text. */

static bool check_headers(const char *value, struct err *e)
{
    for (const char *at = value; at != NULL && *at != '\0';) {
        size_t name = strcspn(at, ": |");
        if (name == 0 || at[name] != ':')
            return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s': write Name: value | Name: value", at);
        at = strstr(at, " | ");
        at = at == NULL ? NULL : at + 3;
    }
    return true;
}

static bool check_name(const char *value, struct err *e)
{
    struct buf der;
    buf_init(&der, 65536);
    bool ok = pki_name_from_text(value, &der, e);
    buf_clear(&der);
    return ok;
}

static bool check_signer_subject(const char *value, struct err *e)
{
    static const char *const words[] = {"csr", "cn", "uuid", NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0)
            return true;
    }
    return check_name(value, NULL) ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "'%.60s' is neither csr, cn, uuid nor a name such as CN=x",
                   value);
}

static bool check_rdn(const char *value, struct err *e)
{
    struct buf filled;
    buf_init(&filled, 4096);
    bool ok = value[0] == '\0' || persona_fill_rdn(value, span_of_text("x"), 1, &filled, e);
    const char *text = ok && filled.len > 0 ? buf_text(&filled) : NULL;
    ok = ok && (text == NULL || check_name(text, e));
    buf_clear(&filled);
    return ok;
}

static bool check_value(enum persona_knob_id knob, const char *value, struct err *e)
{
    if (knob == PERSONA_KNOB_headers)
        return check_headers(value, e);
    if (knob == PERSONA_KNOB_signer_subject)
        return check_signer_subject(value, e);
    return knob != PERSONA_KNOB_csr_extra_rdn || check_rdn(value, e);
}

bool persona_set(struct persona *p, enum persona_knob_id knob, const char *value, struct err *e)
{
    static bool (*const set[])(const struct persona_knob *, const char *, void *, struct err *) = {
        [PERSONA_TEXT] = set_text, [PERSONA_FLAG] = set_flag,   [PERSONA_NUMBER] = set_number,
        [PERSONA_TIME] = set_time, [PERSONA_SHARE] = set_share, [PERSONA_CHOICE] = set_choice,
        [PERSONA_LIST] = set_list, [PERSONA_SET] = set_set,     [PERSONA_MESSAGE] = set_message,
    };
    const struct persona_knob *k = &knobs[knob];
    return check_text(value, SIZE_MAX, e) && check_value(knob, value, e) &&
           set[k->kind](k, value, (char *)p + k->offset, e);
}

static bool no_such_knob(const char *name, struct err *e)
{
    const char *names[PERSONA_KNOB_COUNT + 1] = {NULL};
    for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++)
        names[i] = knobs[i].name;
    const char *nearest = text_nearest(name, names);
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "no persona has '%.40s'%s%s%s (scepstorm personas rfc8894 lists all)", name,
                   nearest != NULL ? "; is " : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? " meant?" : "");
}

bool persona_override(struct persona *p, const char *knob, const char *value, struct err *e)
{
    if (!check_text(knob, SIZE_MAX, e))
        return false;
    for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++) {
        if (strcmp(knobs[i].name, knob) != 0)
            continue;
        struct err why = {0};
        if (!persona_set(p, (enum persona_knob_id)i, value, &why))
            return err_set(e, STAGE_SETUP, REASON_USAGE, "%s: %s", knob, why.text);
        p->basis[i].basis = PERSONA_OVERRIDDEN;
        p->basis[i].source = "";
        return true;
    }
    return no_such_knob(knob, e);
}

/* Back to text. */

static void put_time(int64_t us, struct buf *out)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"d", 86400 * SECOND_US},
                 {"h", 3600 * SECOND_US},
                 {"m", 60 * SECOND_US},
                 {"s", SECOND_US},
                 {"ms", 1000},
                 {"us", 1}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof units[0] && us % units[i].us != 0)
        i++;
    if (us == 0)
        buf_append_text(out, "0");
    else
        buf_appendf(out, "%lld%s", (long long)(us / units[i].us), units[i].unit);
}

static void put_list(const struct persona_knob *k, const struct persona_list *list, struct buf *out)
{
    if (list->count == 0)
        buf_append_text(out, "none");
    for (size_t i = 0; i < list->count; i++)
        buf_appendf(out, "%s%s", i > 0 ? ", " : "", word_of(k->words, list->items[i]));
}

static void put_set(const struct persona_knob *k, unsigned bits, struct buf *out)
{
    if (bits == 0)
        buf_append_text(out, "none");
    const char *between = "";
    for (const struct persona_word *w = k->words; w->name != NULL; w++) {
        if ((bits & w->value) == 0)
            continue;
        buf_appendf(out, "%s%s", between, w->name);
        between = ", ";
    }
}

static void put_message(const struct persona_message *m, struct buf *out)
{
    buf_append_text(out, m->present ? m->text : "absent");
}

void persona_value(const struct persona *p, enum persona_knob_id knob, struct buf *out)
{
    const struct persona_knob *k = &knobs[knob];
    const void *field = (const char *)p + k->offset;
    switch (k->kind) {
    case PERSONA_TEXT:
        buf_append_text(out, field);
        break;
    case PERSONA_MESSAGE:
        put_message(field, out);
        break;
    case PERSONA_FLAG:
        buf_append_text(out, *(const bool *)field ? "yes" : "no");
        break;
    case PERSONA_NUMBER:
        buf_appendf(out, "%u", persona_choice_of(field));
        break;
    case PERSONA_TIME:
        put_time(*(const int64_t *)field, out);
        break;
    case PERSONA_SHARE:
        buf_appendf(out, "%g%%", *(const double *)field * 100);
        break;
    case PERSONA_CHOICE:
        buf_append_text(out, word_of(k->words, persona_choice_of(field)));
        break;
    case PERSONA_LIST:
        put_list(k, field, out);
        break;
    case PERSONA_SET:
        put_set(k, persona_choice_of(field), out);
        break;
    }
}
