#include "pki/san.h"

#include "pki/extension.h"
#include "pki/name.h"
#include "pki/oid.h"

#define MAX_NAMES 256 /* each is compared with each */
#define DNS_NAME  DER_CONTEXT_PRIMITIVE(2)
#define DIRECTORY DER_CONTEXT(4)

struct span pki_san_find(struct span extensions)
{
    struct der_reader r = der_reader_of(extensions);
    struct pki_extension x;
    while (!der_at_end(&r) && pki_extension_next(&r, &x, NULL)) {
        struct der_reader inner = der_reader_of(x.value);
        struct der_item names;
        if (span_equal(x.oid, PKI_OID_SUBJECT_ALT_NAME) && der_optional(&inner, DER_SEQUENCE, &names))
            return names.whole;
    }
    return span_of(NULL, 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_but_for_case(struct span a, struct span b)
{
    bool same = a.len == b.len;
    for (size_t i = 0; same && i < a.len; i++)
        same = lower(a.data[i]) == lower(b.data[i]);
    return same;
}

static bool same_name(const struct der_item *a, const struct der_item *b)
{
    if (a->tag != b->tag)
        return false;
    if (a->tag == DIRECTORY)
        return span_equal(a->content, b->content) || pki_name_same_rdns(a->content, b->content);
    return a->tag == DNS_NAME ? same_but_for_case(a->content, b->content)
                              : span_equal(a->content, b->content);
}

static bool holds(struct span names, const struct der_item *wanted)
{
    struct der_reader r = der_reader_of(names);
    struct der_item name;
    for (size_t count = 0; count < MAX_NAMES && !der_at_end(&r) && der_next(&r, &name, NULL); count++) {
        if (same_name(&name, wanted))
            return true;
    }
    return false;
}

/* Every one of `some` is among `all`. */
static bool all_among(struct span some, struct span all)
{
    struct der_reader r = der_reader_of(some);
    for (size_t count = 0; !der_at_end(&r); count++) {
        struct der_item name;
        if (count == MAX_NAMES || !der_next(&r, &name, NULL) || !holds(all, &name))
            return false;
    }
    return true;
}

bool pki_san_same(struct span a, struct span b)
{
    struct der_reader ra = der_reader_of(a);
    struct der_reader rb = der_reader_of(b);
    struct der_item names_a;
    struct der_item names_b;
    if (a.len == 0 || b.len == 0)
        return a.len == b.len;
    return der_optional(&ra, DER_SEQUENCE, &names_a) && der_optional(&rb, DER_SEQUENCE, &names_b) &&
           all_among(names_a.content, names_b.content) && all_among(names_b.content, names_a.content);
}
