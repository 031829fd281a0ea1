/* What goes over HTTP: the choice that capabilities lead to, URLs, headers. */
#include "persona/persona.h"

#include "base/text.h"

#include <strings.h>

#define LINE_CHARACTERS 64

/* Capabilities. */

#define ALWAYS 0u
#define NEVER  (1u << 31) /* no word announces it */

static unsigned digest_needs(uint8_t digest)
{
    static const unsigned needs[PKI_DIGEST_COUNT] = {
        [PKI_MD5] = ALWAYS,   [PKI_SHA1] = SCEP_CAP_SHA1,     [PKI_SHA256] = SCEP_CAP_SHA256,
        [PKI_SHA384] = NEVER, [PKI_SHA512] = SCEP_CAP_SHA512,
    };
    return needs[digest];
}

static unsigned cipher_needs(uint8_t cipher)
{
    static const unsigned needs[PKI_CIPHER_COUNT] = {
        [PKI_DES_CBC] = ALWAYS,          [PKI_DES3_CBC] = SCEP_CAP_DES3,  [PKI_AES128_CBC] = SCEP_CAP_AES,
        [PKI_AES192_CBC] = SCEP_CAP_AES, [PKI_AES256_CBC] = SCEP_CAP_AES,
    };
    return needs[cipher];
}

/* The first of the list that is announced; false when none is. */
static bool pick(const struct persona_list *list, unsigned (*needs)(uint8_t), unsigned caps, unsigned *out)
{
    for (size_t i = 0; i < list->count; i++) {
        unsigned need = needs(list->items[i]);
        if ((caps & need) == need) {
            *out = list->items[i];
            return true;
        }
    }
    return false;
}

bool persona_choose(const struct persona *p, struct span caps_body, struct persona_choice *out, struct err *e)
{
    struct persona_choice choice = {
        .caps = scep_caps_parse_as(caps_body, p->caps_exact_case, p->caps_standard),
        .digest = p->digest_default,
        .cipher = p->cipher_default,
    };
    unsigned found;
    struct span word;
    if (pick(&p->digests, digest_needs, choice.caps, &found))
        choice.digest = (enum pki_digest)found;
    else if (p->digest_required && scep_caps_words(caps_body, &word, 1) > 0)
        return err_set(e, STAGE_GET_CA_CAPS, REASON_UNSUPPORTED_ALGORITHM,
                       "the capabilities list no digest that %s takes; it stops there", p->name);
    if (pick(&p->ciphers, cipher_needs, choice.caps, &found))
        choice.cipher = (enum pki_cipher)found;
    choice.post = p->post == PERSONA_POST_ALWAYS ||
                  (p->post == PERSONA_POST_ANNOUNCED && (choice.caps & SCEP_CAP_POST) != 0);
    *out = choice;
    return true;
}

/* URLs. */

const char *persona_operation_name(enum persona_operation operation)
{
    static const char *const names[PERSONA_OPERATION_COUNT] = {
        [PERSONA_GET_CA_CAPS] = "GetCACaps",
        [PERSONA_GET_CA_CERT] = "GetCACert",
        [PERSONA_GET_NEXT_CA_CERT] = "GetNextCACert",
        [PERSONA_PKI_OPERATION] = "PKIOperation",
    };
    return names[operation];
}

/* The path with the suffix, when it ends in mscep.dll, and then the query if there is one. */
static void put_base(const struct persona *p, const char *url, struct buf *out)
{
    static const char dll[] = "mscep.dll";
    size_t path = strcspn(url, "?");
    size_t end = path > 0 && url[path - 1] == '/' ? path - 1 : path;
    bool ndes = p->url_suffix[0] != '\0' && end >= sizeof dll - 1 &&
                strncasecmp(url + end - (sizeof dll - 1), dll, sizeof dll - 1) == 0;
    buf_append(out, url, ndes ? end : path);
    if (ndes)
        buf_append_text(out, p->url_suffix);
    buf_append_text(out, url + path);
}

static void put_message_text(const struct persona_message *m, struct buf *out)
{
    if (!m->present)
        return;
    buf_append_text(out, "&message=");
    text_percent_encode(span_of_text(m->text), out);
}

static void put_character(enum persona_escaping style, uint8_t c, struct buf *out)
{
    static const char *const escaped[] = {
        [PERSONA_ESCAPE_ALL] = "+/=",
        [PERSONA_ESCAPE_PADDING] = "=",
        [PERSONA_ESCAPE_LINES] = "+=",
        [PERSONA_ESCAPE_URL_SAFE] = "=",
    };
    if (style == PERSONA_ESCAPE_URL_SAFE && c == '+')
        c = '-';
    if (style == PERSONA_ESCAPE_URL_SAFE && c == '/')
        c = '_';
    if (strchr(escaped[style], c) != NULL)
        buf_appendf(out, "%%%02X", c);
    else
        buf_append_byte(out, c);
}

/* RFC 8894 4.1 wants base64 escaped as a whole; three other ways are seen in the field. */
static void put_pki_message(const struct persona *p, struct span message, struct buf *out)
{
    struct buf base64;
    buf_init(&base64, 2 * BYTES_MAX_MESSAGE);
    bool ok = text_base64(message, &base64);
    buf_append_text(out, "&message=");
    for (size_t i = 0; ok && i < base64.len; i++) {
        put_character(p->get_escaping, base64.data[i], out);
        bool line_ends = (i + 1) % LINE_CHARACTERS == 0 || i + 1 == base64.len;
        if (p->get_escaping == PERSONA_ESCAPE_LINES && line_ends)
            buf_append_text(out, "%0A");
    }
    out->failed |= !ok;
    buf_clear(&base64);
}

bool persona_url(const struct persona *p, const char *url, enum persona_operation operation, bool post,
                 struct span message, struct buf *out, struct err *e)
{
    put_base(p, url, out);
    buf_appendf(out, "%coperation=%s", strchr(url, '?') == NULL ? '?' : '&',
                persona_operation_name(operation));
    switch (operation) {
    case PERSONA_GET_CA_CAPS:
        put_message_text(&p->message_get_ca_caps, out);
        break;
    case PERSONA_GET_CA_CERT:
        put_message_text(&p->message_get_ca_cert, out);
        break;
    case PERSONA_GET_NEXT_CA_CERT:
        put_message_text(&p->message_get_next_ca_cert, out);
        break;
    case PERSONA_PKI_OPERATION:
        if (post)
            put_message_text(&p->message_post, out);
        else
            put_pki_message(p, message, out);
        break;
    case PERSONA_OPERATION_COUNT:
        break;
    }
    return buf_ok(out, STAGE_BUILD, e);
}

/* Headers. */

bool persona_headers(const struct persona *p, bool post, struct buf *out, struct err *e)
{
    if (p->user_agent[0] != '\0')
        buf_appendf(out, "User-Agent: %s\n", p->user_agent);
    for (const char *at = p->headers; *at != '\0';) {
        const char *end = strstr(at, " | ");
        size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
        buf_append(out, at, len);
        buf_append_byte(out, '\n');
        at += end != NULL ? len + 3 : len;
    }
    if (post && p->post_content_type[0] != '\0')
        buf_appendf(out, "Content-Type: %s\n", p->post_content_type);
    return buf_ok(out, STAGE_BUILD, e);
}

bool persona_takes_ca_type(const struct persona *p, const char *content_type)
{
    static const char *const types[] = {"application/x-x509-ca-cert", "application/x-x509-ca-ra-cert"};
    size_t len =
        p->ca_content_type == PERSONA_CONTENT_TYPE_EXACT ? strlen(content_type) : strcspn(content_type, "; ");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strlen(types[i]) == len && strncasecmp(types[i], content_type, len) == 0)
            return true;
    }
    return p->ca_content_type == PERSONA_CONTENT_TYPE_ANY;
}
