/* Text forms of bytes, and quantities as users write them. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/* Hex. text_hex writes 2 * s.len digits and a NUL; `out` must hold that. */
void text_hex(struct span s, bool upper, char *out);
bool text_unhex(const char *text, struct buf *out, struct err *e) MUST_USE;

/* Base64 of RFC 4648 section 4, without line breaks. Decoding skips white space and refuses anything else. */
bool text_base64(struct span s, struct buf *out);
bool text_unbase64(struct span s, struct buf *out, struct err *e) MUST_USE;

/* Percent-encodes everything but unreserved characters (RFC 3986 2.3). */
bool text_percent_encode(struct span s, struct buf *out);
/* Decodes %XX; a broken escape is kept as it is. `plus_is_space` as in HTML forms. */
bool text_percent_decode(struct span s, bool plus_is_space, struct buf *out);

/* Page or log bytes to UTF-8: a byte-order mark decides, else NULs at odd or even positions mean UTF-16LE or
 * BE, else the bytes are taken as they are. Invalid units become U+FFFD. */
bool text_to_utf8(struct span s, struct buf *out);

/* "300ms" "10s" "5m" "8h" "2d" -> microseconds. */
bool text_parse_duration(const char *text, int64_t *out_us, struct err *e) MUST_USE;
/* "5/s" "300/h" "12/m" -> events per second. */
bool text_parse_rate(const char *text, double *out_per_s, struct err *e) MUST_USE;
/* "30%" or "0.3" -> 0..1. */
bool text_parse_share(const char *text, double *out, struct err *e) MUST_USE;
/* Whole decimal numbers within [min, max], nothing else around them. */
bool text_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct err *e) MUST_USE;

/* The nearest of `words` (NULL-terminated) within an edit distance of 2 or a third of the length; else NULL. */
const char *text_nearest(const char *word, const char *const *words);

/* "12.3 ms", "4.56 s", "1 h 02 min"; a duration for people. `out` holds at least 24 bytes. */
void text_duration(int64_t us, char *out, size_t out_bytes);

/* ISO 8601 UTC with milliseconds, "2026-05-09T21:30:11.004Z". `out` holds at least 32 bytes. */
void text_utc(int64_t unix_us, char *out, size_t out_bytes);

#endif
