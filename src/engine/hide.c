#include "engine/hide.h"

#include "base/text.h"

#include <stdlib.h>
#include <strings.h>

#define FORMS     4
#define MIN_BYTES 4
#define MAX_BYTES ((size_t)256 << 10)

struct hide {
    struct buf forms[FORMS];
};

static void add_basic(const char *user, struct span secret, struct buf *out)
{
    struct buf plain;
    buf_init(&plain, MAX_BYTES);
    buf_append_text(&plain, user);
    buf_append_byte(&plain, ':');
    buf_append_span(&plain, secret);
    text_base64(buf_span(&plain), out);
    buf_wipe(&plain);
}

bool hide_new(const char *user, const struct secret *secret, struct hide **out, struct err *e)
{
    struct span value = secret != NULL ? secret_value(secret) : span_of(NULL, 0);
    struct hide *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a secret");
    for (size_t i = 0; i < FORMS; i++)
        buf_init(&h->forms[i], MAX_BYTES);
    if (value.len >= MIN_BYTES) {
        buf_append_span(&h->forms[0], value);
        text_percent_encode(value, &h->forms[1]);
        text_base64(value, &h->forms[2]);
        add_basic(user != NULL ? user : "", value, &h->forms[3]);
    }
    for (size_t i = 0; i < FORMS; i++) {
        if (!buf_ok(&h->forms[i], STAGE_SETUP, e)) {
            hide_free(h);
            return false;
        }
    }
    *out = h;
    return true;
}

void hide_free(struct hide *h)
{
    for (size_t i = 0; h != NULL && i < FORMS; i++)
        buf_wipe(&h->forms[i]);
    free(h);
}

static void hide_form(struct span form, char *text, size_t len)
{
    for (size_t at = 0; form.len > 0 && len - at >= MIN_BYTES; at++) {
        size_t left = len - at, n = form.len < left ? form.len : left;
        if (strncasecmp(text + at, (const char *)form.data, n) == 0)
            memset(text + at, '*', n);
    }
}

void hide_in(const struct hide *h, char *text, size_t len)
{
    for (size_t i = 0; i < FORMS; i++)
        hide_form(buf_span(&h->forms[i]), text, len);
}
