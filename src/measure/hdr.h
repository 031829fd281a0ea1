/* Histograms as HdrHistogram's V2 encoding, which its tools in every language read, and back.
 *
 * A header (cookie, length, digits, lowest, highest, ratio; big-endian), then the counts from bucket 0 to the last that
 * is not empty: zig-zag LEB128 of at most 9 bytes each, a run of empty buckets as its negative length. The encoding
 * holds counts only; min, max and sum are those of the buckets unless histogram_restore brings the exact ones back. */
#ifndef MEASURE_HDR_H
#define MEASURE_HDR_H

#include "base/bytes.h"
#include "measure/histogram.h"

#define HDR_MAX_BYTES      ((size_t)40 + 9 * HISTOGRAM_BUCKETS)
#define HDR_MAX_TEXT_BYTES (HDR_MAX_BYTES * 4 / 3 + 64)

bool hdr_encode(const struct histogram *h, struct buf *out, struct err *e) MUST_USE; /* V2 */
/* V2, compressed by zlib, in base64: what stands in logs (.hlog) and in run.sqlite. */
bool hdr_encode_text(const struct histogram *h, struct buf *out, struct err *e) MUST_USE;

/* Adds what was encoded, compressed or not, to `into`, which holds part of it after a failure.
 * Fails: REASON_LIMIT for another layout than ours or values above 24 h, REASON_MALFORMED for anything else. */
bool hdr_decode(struct span encoded, struct histogram *into, struct err *e) MUST_USE;
bool hdr_decode_text(const char *base64, struct histogram *into, struct err *e) MUST_USE;

/* The counts alone, without header. */
bool hdr_put_counts(const struct histogram *h, struct buf *out);
bool hdr_take_counts(struct span counts, struct histogram *into, struct err *e) MUST_USE;

#endif
