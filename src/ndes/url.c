#include "ndes/url.h"

#include "base/text.h"

#include <strings.h>

#define PATH_MAX_BYTES 1024

static const struct span none = {0};

/* The part up to the first `stop`; *rest is what follows it, empty when there is none. */
static struct span cut(struct span s, char stop, struct span *rest)
{
    const uint8_t *at = s.len > 0 ? memchr(s.data, stop, s.len) : NULL;
    if (at == NULL) {
        *rest = none;
        return s;
    }
    size_t len = (size_t)(at - s.data);
    *rest = span_of(at + 1, s.len - len - 1);
    return span_of(s.data, len);
}

static bool same_word(struct span s, const char *word)
{
    return s.len == strlen(word) && (s.len == 0 || strncasecmp((const char *)s.data, word, s.len) == 0);
}

static bool starts_with(struct span s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && strncasecmp((const char *)s.data, prefix, len) == 0;
}

struct span ndes_url_without_authority(struct span target)
{
    struct span rest = target;
    if (!starts_with(target, "http://") && !starts_with(target, "https://"))
        return target;
    for (int slashes = 0; slashes < 2; slashes++)
        cut(rest, '/', &rest);
    const uint8_t *path = rest.len > 0 ? memchr(rest.data, '/', rest.len) : NULL;
    return path != NULL ? span_of(path, rest.len - (size_t)(path - rest.data)) : span_of_text("/");
}

/* Decodes escapes and folds runs of slashes. False: longer than any path that we serve. */
static bool normalize(struct span path, struct buf *out)
{
    struct buf decoded;
    buf_init(&decoded, PATH_MAX_BYTES);
    bool ok = text_percent_decode(path, false, &decoded);
    for (size_t i = 0; ok && i < decoded.len; i++) {
        bool again = decoded.data[i] == '/' && i > 0 && decoded.data[i - 1] == '/';
        ok = again || buf_append_byte(out, decoded.data[i]);
    }
    buf_clear(&decoded);
    return ok;
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* HTTP.sys takes neither % without two digits nor %00. */
static bool escapes_are_sound(struct span path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] != '%')
            continue;
        bool hex = i + 2 < path.len && is_hex(path.data[i + 1]) && is_hex(path.data[i + 2]);
        if (!hex || (path.data[i + 1] == '0' && path.data[i + 2] == '0'))
            return false;
    }
    return true;
}

static bool segments_fit(struct span path)
{
    while (path.len > 0) {
        if (cut(path, '/', &path).len > NDES_URL_MAX_SEGMENT)
            return false;
    }
    return true;
}

/* The virtual folder itself, its default document, and mscep.dll with or without path info. */
static enum ndes_place place_in(struct span path, const char *folder, enum ndes_place inside,
                                enum ndes_place bare)
{
    if (!starts_with(path, folder))
        return NDES_PLACE_UNKNOWN;
    size_t len = strlen(folder);
    struct span rest = span_of(path.data + len, path.len - len);
    if (rest.len == 0)
        return bare;
    bool served = same_word(rest, "/") || same_word(rest, "/mscep.dll") || starts_with(rest, "/mscep.dll/");
    return served ? inside : NDES_PLACE_UNKNOWN;
}

static enum ndes_place find_place(struct span path)
{
    struct buf plain;
    buf_init(&plain, PATH_MAX_BYTES);
    enum ndes_place place = NDES_PLACE_UNKNOWN;
    if (normalize(path, &plain)) {
        place = place_in(buf_span(&plain), "/certsrv/mscep", NDES_PLACE_MSCEP, NDES_PLACE_MSCEP_NO_SLASH);
        if (place == NDES_PLACE_UNKNOWN)
            place = place_in(buf_span(&plain), "/certsrv/mscep_admin", NDES_PLACE_ADMIN,
                             NDES_PLACE_ADMIN_NO_SLASH);
        if (same_word(buf_span(&plain), "/scepstorm/intune/mint"))
            place = NDES_PLACE_INTUNE_MINT;
        if (same_word(buf_span(&plain), "/scepstorm/proxy/challenge"))
            place = NDES_PLACE_PROXY_CHALLENGE;
        if (same_word(buf_span(&plain), "/scepstorm/admin/faults") ||
            starts_with(buf_span(&plain), "/scepstorm/admin/faults/"))
            place = NDES_PLACE_FAULTS;
        if (same_word(buf_span(&plain), "/scepstorm/admin/restart"))
            place = NDES_PLACE_RESTART;
        else if (same_word(buf_span(&plain), "/scepstorm/admin/flush"))
            place = NDES_PLACE_FLUSH;
    }
    buf_clear(&plain);
    return place;
}

static enum ndes_operation find_operation(struct span word)
{
    static const char *const words[NDES_OP_COUNT] = {
        [NDES_OP_GET_CA_CAPS] = "GetCACaps",
        [NDES_OP_GET_CA_CERT] = "GetCACert",
        [NDES_OP_GET_NEXT_CA_CERT] = "GetNextCACert",
        [NDES_OP_PKI_OPERATION] = "PKIOperation",
    };
    for (enum ndes_operation op = 0; op < NDES_OP_COUNT; op++) {
        if (words[op] != NULL && same_word(word, words[op]))
            return op;
    }
    return NDES_OP_BARE;
}

static void read_query(struct span query, struct ndes_url *url)
{
    while (query.len > 0) {
        struct span value;
        struct span name = cut(cut(query, '&', &query), '=', &value);
        if (same_word(name, "operation"))
            url->operation = find_operation(value);
        else if (same_word(name, "message"))
            url->message = value;
    }
}

static bool names_program(struct span path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (starts_with(span_of(path.data + i, path.len - i), "mscep.dll"))
            return true;
    }
    return false;
}

struct ndes_url ndes_url_parse(struct span target)
{
    struct ndes_url url = {0};
    if (target.len > NDES_URL_MAX_TARGET) {
        url.refused = NDES_ERROR_KERNEL_TOO_LONG;
        return url;
    }
    struct span query;
    struct span path = cut(ndes_url_without_authority(target), '?', &query);
    if (path.len == 0 || path.data[0] != '/' || !segments_fit(path) || !escapes_are_sound(path)) {
        url.refused = NDES_ERROR_KERNEL_BAD_URL;
        return url;
    }
    url.place = find_place(path);
    read_query(query, &url);
    bool admin = url.place == NDES_PLACE_ADMIN || url.place == NDES_PLACE_ADMIN_NO_SLASH;
    if (admin && url.operation == NDES_OP_BARE)
        url.operation = NDES_OP_OTP;
    url.folder = !names_program(path);
    return url;
}

bool ndes_url_message(struct span encoded, struct buf *out, struct err *e)
{
    struct buf base64;
    buf_init(&base64, BYTES_MAX_MESSAGE);
    text_percent_decode(encoded, false, &base64);
    bool ok = buf_ok(&base64, STAGE_PKI_OPERATION, e) && text_unbase64(buf_span(&base64), out, e);
    buf_clear(&base64);
    return ok;
}

static bool take_pair(struct span pair, char *name, size_t name_bytes, struct buf *password)
{
    if (pair.len == 0 || memchr(pair.data, ':', pair.len) == NULL)
        return false;
    struct span given;
    struct span user = cut(pair, ':', &given);
    bool fits = user.len < name_bytes && (user.len == 0 || memchr(user.data, 0, user.len) == NULL);
    if (!fits || !buf_append_span(password, given))
        return false;
    snprintf(name, name_bytes, "%.*s", (int)user.len, (const char *)user.data);
    return true;
}

bool ndes_url_basic(const char *authorization, char *name, size_t name_bytes, struct buf *password)
{
    struct span header = span_of_text(authorization);
    if (!starts_with(header, "Basic "))
        return false;
    struct buf pair;
    buf_init(&pair, 4096);
    struct err ignored = {0};
    bool ok = text_unbase64(span_of(header.data + 6, header.len - 6), &pair, &ignored) &&
              take_pair(buf_span(&pair), name, name_bytes, password);
    buf_wipe(&pair);
    return ok;
}
