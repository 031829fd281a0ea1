// room: measure
/* Any bytes as a histogram of somebody else's: what is accepted comes out again with the same counts. */
#include "measure/hdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_survival(const struct histogram *h)
{
    struct histogram *again = NULL;
    struct buf text;
    struct histogram_bucket a, b;
    size_t at = 0, at_again = 0;
    buf_init(&text, HDR_MAX_TEXT_BYTES);
    require(histogram_new(&again, NULL) && hdr_encode_text(h, &text, NULL));
    require(hdr_decode_text(buf_text(&text), again, NULL));
    while (histogram_next(h, &at, &a))
        require(histogram_next(again, &at_again, &b) && a.index == b.index && a.count == b.count);
    require(!histogram_next(again, &at_again, &b));
    require(histogram_restore(again, histogram_min(h), histogram_max(h), histogram_sum(h)));
    require(histogram_quantile(h, 0.5) <= histogram_max(h) && histogram_quantile(h, 0) >= histogram_min(h));
    histogram_free(again);
    buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct histogram *h = NULL;
    struct err e = {0};
    require(histogram_new(&h, NULL));
    if (hdr_decode(span_of(data, size), h, &e))
        check_survival(h);
    else
        require(err_is_set(&e));
    histogram_free(h);
    return 0;
}
