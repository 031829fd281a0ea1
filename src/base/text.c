#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

void text_hex(struct span s, bool upper, char *out)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < s.len; i++) {
        *out++ = digits[s.data[i] >> 4];
        *out++ = digits[s.data[i] & 15];
    }
    *out = '\0';
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_unhex(const char *text, struct buf *out, struct err *e)
{
    size_t len = strlen(text);
    if (len % 2 != 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "an odd number of hex digits");
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_value((unsigned char)text[i]), low = hex_value((unsigned char)text[i + 1]);
        if (high < 0 || low < 0)
            return err_set(e, STAGE_NONE, REASON_MALFORMED, "not a hex digit at position %zu", i + 1);
        buf_append_byte(out, (uint8_t)(high * 16 + low));
    }
    return buf_ok(out, STAGE_NONE, e);
}

bool text_base64(struct span s, struct buf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *to = buf_reserve(out, (s.len + 2) / 3 * 4);
    if (to == NULL)
        return false;
    uint8_t *start = to;
    for (size_t i = 0; i < s.len; i += 3) {
        size_t have = s.len - i < 3 ? s.len - i : 3;
        uint32_t group = (uint32_t)s.data[i] << 16;
        group |= have > 1 ? (uint32_t)s.data[i + 1] << 8 : 0;
        group |= have > 2 ? s.data[i + 2] : 0;
        *to++ = (uint8_t)alphabet[group >> 18];
        *to++ = (uint8_t)alphabet[(group >> 12) & 63];
        *to++ = have > 1 ? (uint8_t)alphabet[(group >> 6) & 63] : '=';
        *to++ = have > 2 ? (uint8_t)alphabet[group & 63] : '=';
    }
    out->len += (size_t)(to - start);
    return true;
}

static int base64_value(int c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool text_unbase64(struct span s, struct buf *out, struct err *e)
{
    uint32_t group = 0;
    unsigned have = 0, padding = 0;
    for (size_t i = 0; i < s.len; i++) {
        int c = s.data[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || padding > 0)
            return err_set(e, STAGE_NONE, REASON_MALFORMED, "not base64 at position %zu", i + 1);
        group = group << 6 | (uint32_t)value;
        if (++have == 4) {
            uint8_t bytes[3] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};
            buf_append(out, bytes, 3);
            group = 0;
            have = 0;
        }
    }
    if (have == 1 || padding > 2)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "the base64 is cut off");
    if (have >= 2)
        buf_append_byte(out, (uint8_t)(have == 2 ? group >> 4 : group >> 10));
    if (have == 3)
        buf_append_byte(out, (uint8_t)(group >> 2));
    return buf_ok(out, STAGE_NONE, e);
}

bool text_percent_encode(struct span s, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *to = buf_reserve(out, s.len * 3);
    if (to == NULL)
        return false;
    uint8_t *start = to;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (uint8_t)digits[c >> 4];
        *to++ = (uint8_t)digits[c & 15];
    }
    out->len += (size_t)(to - start);
    return true;
}

bool text_percent_decode(struct span s, bool plus_is_space, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        int c = s.data[i];
        bool escape =
            c == '%' && s.len - i > 2 && hex_value(s.data[i + 1]) >= 0 && hex_value(s.data[i + 2]) >= 0;
        if (escape) {
            c = hex_value(s.data[i + 1]) * 16 + hex_value(s.data[i + 2]);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (!buf_append_byte(out, (uint8_t)c))
            return false;
    }
    return true;
}

static bool append_code_point(struct buf *out, uint32_t c)
{
    uint8_t bytes[4];
    size_t len;
    if (c < 0x80) {
        bytes[0] = (uint8_t)c;
        len = 1;
    } else if (c < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | c >> 6);
        bytes[1] = (uint8_t)(0x80 | (c & 63));
        len = 2;
    } else if (c < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | c >> 12);
        bytes[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        bytes[2] = (uint8_t)(0x80 | (c & 63));
        len = 3;
    } else {
        bytes[0] = (uint8_t)(0xf0 | c >> 18);
        bytes[1] = (uint8_t)(0x80 | (c >> 12 & 63));
        bytes[2] = (uint8_t)(0x80 | (c >> 6 & 63));
        bytes[3] = (uint8_t)(0x80 | (c & 63));
        len = 4;
    }
    return buf_append(out, bytes, len);
}

static uint32_t utf16_unit(struct span s, size_t i, bool big_endian)
{
    return big_endian ? (uint32_t)s.data[i] << 8 | s.data[i + 1] : (uint32_t)s.data[i + 1] << 8 | s.data[i];
}

static bool from_utf16(struct span s, bool big_endian, struct buf *out)
{
    for (size_t i = 0; i + 1 < s.len; i += 2) {
        uint32_t c = utf16_unit(s, i, big_endian);
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = i + 3 < s.len ? utf16_unit(s, i + 2, big_endian) : 0;
            bool pair = c < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            i += pair ? 2 : 0;
        }
        if (!append_code_point(out, c))
            return false;
    }
    return true;
}

/* ASCII text in UTF-16 has a NUL in every other byte; a few dozen bytes are enough to see it. */
static bool looks_like_utf16(struct span s, size_t nul_at)
{
    size_t nuls = 0, looked = s.len < 64 ? s.len : 64;
    for (size_t i = nul_at; i < looked; i += 2)
        nuls += s.data[i] == 0;
    return looked >= 4 && nuls * 4 >= looked;
}

bool text_to_utf8(struct span s, struct buf *out)
{
    if (s.len >= 2 && s.data[0] == 0xff && s.data[1] == 0xfe)
        return from_utf16(span_of(s.data + 2, s.len - 2), false, out);
    if (s.len >= 2 && s.data[0] == 0xfe && s.data[1] == 0xff)
        return from_utf16(span_of(s.data + 2, s.len - 2), true, out);
    if (s.len >= 3 && memcmp(s.data, "\xef\xbb\xbf", 3) == 0)
        return buf_append(out, s.data + 3, s.len - 3);
    if (looks_like_utf16(s, 1))
        return from_utf16(s, false, out);
    if (looks_like_utf16(s, 0))
        return from_utf16(s, true, out);
    return buf_append_span(out, s);
}

/* A non-negative decimal number at the start of text; returns where it ends, NULL when there is none. */
static const char *parse_number(const char *text, double *out)
{
    if (!isdigit((unsigned char)text[0]))
        return NULL;
    char *end = NULL;
    errno = 0;
    *out = strtod(text, &end);
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    return errno != 0 || hex || !isfinite(*out) ? NULL : end;
}

struct unit {
    const char *name;
    double factor;
};

static bool find_unit(const struct unit *units, const char *name, double *factor)
{
    for (; units->name != NULL; units++) {
        if (strcmp(units->name, name) == 0) {
            *factor = units->factor;
            return true;
        }
    }
    return false;
}

bool text_parse_duration(const char *text, int64_t *out_us, struct err *e)
{
    static const struct unit units[] = {{"us", 1},     {"ms", 1e3},   {"s", 1e6},     {"m", 60e6},
                                        {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}, {NULL, 0}};
    double value = 0, factor = 0;
    const char *end = parse_number(text, &value);
    if (end == NULL || !find_unit(units, end, &factor))
        return err_set(e, STAGE_NONE, REASON_USAGE,
                       "'%.40s' is not a duration: write 300ms, 10s, 5m, 8h or 2d", text);
    if (value * factor > 36525.0 * 86400e6)
        return err_set(e, STAGE_NONE, REASON_USAGE, "'%.40s' is longer than a century", text);
    *out_us = (int64_t)llround(value * factor);
    return true;
}

bool text_parse_rate(const char *text, double *out_per_s, struct err *e)
{
    static const struct unit units[] = {{"/s", 1},          {"/m", 1.0 / 60},    {"/min", 1.0 / 60},
                                        {"/h", 1.0 / 3600}, {"/d", 1.0 / 86400}, {NULL, 0}};
    double value = 0, factor = 0;
    const char *end = parse_number(text, &value);
    if (end == NULL || !find_unit(units, end, &factor))
        return err_set(e, STAGE_NONE, REASON_USAGE, "'%.40s' is not a rate: write 5/s, 12/m or 300/h", text);
    *out_per_s = value * factor;
    return true;
}

bool text_parse_share(const char *text, double *out, struct err *e)
{
    double value = 0;
    const char *end = parse_number(text, &value);
    bool percent = end != NULL && strcmp(end, "%") == 0;
    if (percent)
        value /= 100;
    if (end == NULL || (!percent && *end != '\0') || value > 1)
        return err_set(e, STAGE_NONE, REASON_USAGE, "'%.40s' is not a share: write 30%% or 0.3", text);
    *out = value;
    return true;
}

bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct err *e)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool starts = isdigit((unsigned char)text[0]) || (text[0] == '-' && isdigit((unsigned char)text[1]));
    if (!starts || *end != '\0' || errno != 0 || value < min || value > max)
        return err_set(e, STAGE_NONE, REASON_USAGE, "'%.40s' is not a whole number from %lld to %lld", text,
                       (long long)min, (long long)max);
    *out = value;
    return true;
}

#define NEAREST_MAX 48

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    if (la > NEAREST_MAX || lb > NEAREST_MAX)
        return NEAREST_MAX;
    size_t row[NEAREST_MAX + 1];
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[lb];
}

const char *text_nearest(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t allowed = strlen(word) / 3 > 2 ? strlen(word) / 3 : 2;
    size_t best_distance = allowed + 1;
    for (; *words != NULL; words++) {
        size_t d = distance(word, *words);
        if (d < best_distance && d < strlen(*words)) {
            best_distance = d;
            best = *words;
        }
    }
    return best;
}

void text_duration(int64_t us, char *out, size_t out_bytes)
{
    double s = (double)us / 1e6;
    if (us < 0)
        snprintf(out, out_bytes, "-");
    else if (us < 1000)
        snprintf(out, out_bytes, "%d us", (int)us);
    else if (us < 1000000)
        snprintf(out, out_bytes, us < 10000 ? "%.1f ms" : "%.0f ms", (double)us / 1e3);
    else if (s < 100)
        snprintf(out, out_bytes, s < 10 ? "%.2f s" : "%.1f s", s);
    else if (s < 3600)
        snprintf(out, out_bytes, "%d min %02d s", (int)s / 60, (int)s % 60);
    else
        snprintf(out, out_bytes, "%lld h %02d min", (long long)(s / 3600), (int)((int64_t)s % 3600) / 60);
}

void text_utc(int64_t unix_us, char *out, size_t out_bytes)
{
    int64_t ms = unix_us / 1000 - (unix_us % 1000 < 0);
    int64_t part = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
    time_t seconds = (time_t)((ms - part) / 1000);
    struct tm t;
    if (gmtime_r(&seconds, &t) == NULL) {
        snprintf(out, out_bytes, "-");
        return;
    }
    snprintf(out, out_bytes, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec, (int)part);
}
