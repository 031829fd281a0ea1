/* ASN.1: reads BER (definite and indefinite lengths, constructed strings), writes DER.
 *
 * Readers never recurse deeper than DER_MAX_DEPTH and never read past their span. A reader is a cursor over
 * borrowed bytes; copying it is cheap and leaves the original where it was. */
#ifndef PKI_DER_H
#define PKI_DER_H

#include "base/bytes.h"

#define DER_MAX_DEPTH 32

/* Identifier octets that SCEP needs. Context-specific: DER_CONTEXT(n) constructed, DER_CONTEXT_PRIMITIVE(n). */
enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE_STRING = 0x1a,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(n)           ((uint8_t)(0xa0 | (n)))
#define DER_CONTEXT_PRIMITIVE(n) ((uint8_t)(0x80 | (n)))

/* One element: `whole` spans identifier to last content byte (end-of-contents included when indefinite). */
struct der_item {
    uint8_t tag;
    bool indefinite;
    struct span content;
    struct span whole;
};

struct der_reader {
    struct span rest;
};

struct der_reader der_reader_of(struct span bytes);
bool der_at_end(const struct der_reader *r);
/* The next element, whatever it is. Tags above 30 are refused (SCEP has none). */
bool der_next(struct der_reader *r, struct der_item *out, struct err *e) MUST_USE;
/* The next element, which must have this tag (a string type also in its constructed form). `what` names it
 * in the error. */
bool der_expect(struct der_reader *r, uint8_t tag, const char *what, struct der_item *out,
                struct err *e) MUST_USE;
/* True, and *out filled, when the next element has this tag; the reader moves only then. */
bool der_optional(struct der_reader *r, uint8_t tag, struct der_item *out);
/* The bytes of a string type, primitive or constructed (BER), appended to out. */
bool der_string_bytes(const struct der_item *item, struct buf *out, struct err *e) MUST_USE;
/* The same without a copy when primitive; only a constructed string goes through `scratch` (appended). */
bool der_string(const struct der_item *item, struct buf *scratch, struct span *out, struct err *e) MUST_USE;
/* One element re-encoded as DER: definite minimal lengths, strings in one piece, SETs sorted. Appends. */
bool der_canonical(const struct der_item *item, struct buf *out, struct err *e) MUST_USE;
/* INTEGER content without the leading zero or FF octets that some encoders add: compares serial numbers. */
struct span der_integer_trimmed(struct span content);
/* A small INTEGER as a number. */
bool der_small_int(const struct der_item *item, int64_t *out, struct err *e) MUST_USE;
/* UTCTime or GeneralizedTime as seconds since the Unix epoch. */
bool der_time(const struct der_item *item, int64_t *out_unix_s, struct err *e) MUST_USE;

/* Writing. der_begin/der_end nest; the length is put in when the element ends. Check buf_ok at the end. */
size_t der_begin(struct buf *b, uint8_t tag);
void der_end(struct buf *b, size_t mark);
/* Ends a SET OF: elements are sorted by their encoding first, as DER wants. At most 64 elements. */
void der_end_set_of(struct buf *b, size_t mark);
void der_put(struct buf *b, uint8_t tag, struct span content);
void der_put_oid(struct buf *b, struct span oid_content);
void der_put_small_int(struct buf *b, uint64_t value);
/* A big-endian magnitude as a positive INTEGER (leading zero added or dropped as DER wants). */
void der_put_integer(struct buf *b, struct span magnitude);
void der_put_null(struct buf *b);
/* UTCTime up to 2049, GeneralizedTime after. */
void der_put_time(struct buf *b, int64_t unix_s);

#endif
