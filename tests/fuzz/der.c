// room: pki
#include "pki/der.h"
#include "../support/fuzz.h"
#include "pki/oid.h"

static void take_values(const struct der_item *item)
{
    int64_t number;
    struct buf text;
    buf_init(&text, 65536);
    either_way(der_small_int(item, &number, NULL));
    either_way(der_time(item, &number, NULL));
    either_way(der_string_bytes(item, &text, NULL));
    if (item->tag == DER_OID)
        pki_oid_to_text(item->content, &text);
    buf_clear(&text);
}

/* What is DER already comes out as it went in. */
static void check_canonical(const struct der_item *item)
{
    struct buf once;
    struct buf twice;
    buf_init(&once, 1u << 20);
    buf_init(&twice, 1u << 20);
    if (der_canonical(item, &once, NULL)) {
        struct der_reader r = der_reader_of(buf_span(&once));
        struct der_item again;
        if (!der_next(&r, &again, NULL) || !der_at_end(&r) || !der_canonical(&again, &twice, NULL) ||
            !span_equal(buf_span(&once), buf_span(&twice)))
            abort();
    }
    buf_clear(&once);
    buf_clear(&twice);
}

static void walk(struct span bytes, unsigned depth)
{
    struct der_reader r = der_reader_of(bytes);
    struct der_item item;
    while (depth < 8 && !der_at_end(&r) && der_next(&r, &item, NULL)) {
        take_values(&item);
        if ((item.tag & 0x20) != 0)
            walk(item.content, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    struct der_reader r = der_reader_of(input);
    struct der_item item;
    if (der_next(&r, &item, NULL))
        check_canonical(&item);
    walk(input, 0);
    struct buf oid;
    buf_init(&oid, 1000);
    either_way(pki_oid_from_text(input, &oid));
    buf_clear(&oid);
    return 0;
}
