// room: pki
#include "pki/name.h"
#include "../support/fuzz.h"

/* What was accepted as text can be shown, and what is shown can be read again. */
static void check_text(const char *text)
{
    struct buf der;
    struct buf shown;
    struct buf again;
    buf_init(&der, 1u << 20);
    buf_init(&shown, 1u << 20);
    buf_init(&again, 1u << 20);
    struct err e = {0};
    if (pki_name_from_text(text, &der, &e) && pki_name_to_text(buf_span(&der), &shown, NULL)) {
        const char *back = buf_text(&shown);
        if (!pki_name_same_rdns(buf_span(&der), buf_span(&der)) ||
            (memchr(back, 0, shown.len) == NULL && !pki_name_from_text(back, &again, NULL)))
            abort();
    }
    buf_clear(&der);
    buf_clear(&shown);
    buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    if (pki_name_to_text(span_of(data, size), &text, NULL) && !text.failed)
        (void)buf_text(&text);
    buf_reset(&text);
    if (buf_append(&text, data, size) && buf_text(&text) != NULL)
        check_text(buf_text(&text));
    buf_clear(&text);
    either_way(pki_name_same_rdns(span_of(data, size / 2), span_of(data + size / 2, size - size / 2)));
    return 0;
}
