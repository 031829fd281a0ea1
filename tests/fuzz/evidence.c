// room: report
/* What a server sends ends up in files that people and programs open: whatever the bytes, the exemplar is JSON, the page
 * is free of markup that is not ours, and no password of the OTP page survives. */
#include "report/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* url NUL headers NUL body */
static struct span take(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size == 0 ? NULL : memchr(*data, 0, *size);
    struct span part = span_of(*data, end == NULL ? *size : (size_t)(end - *data));
    size_t used = end == NULL ? *size : part.len + 1;
    *data += used;
    *size -= used;
    return part;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_exemplar(const struct measure_failure *f)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, (size_t)4 << 20);
    must(evidence_write(f, &out, &e));
    json_t *tree = json_loadb((const char *)out.data, out.len, 0, NULL);
    must(tree != NULL && json_is_string(json_object_get(tree, "body_base64")));
    json_decref(tree);
    buf_clear(&out);
}

static void check_markup(const struct measure_failure *f)
{
    struct buf words, out;
    buf_init(&words, (size_t)1 << 20);
    buf_init(&out, (size_t)8 << 20);
    buf_append_span(&words, buf_span(&f->body));
    const char *text = buf_text(&words);
    must(text != NULL && markup_text(&out, text));
    must(out.len == 0 || (memchr(out.data, '<', out.len) == NULL && memchr(out.data, '"', out.len) == NULL));
    buf_clear(&words);
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MEASURE_MAX_EXEMPLAR_BYTES)
        return 0;
    struct measure_failure f = {0};
    f.first.error.stage = size % 2 ? STAGE_OTP : STAGE_PKI_OPERATION;
    buf_init(&f.url, MEASURE_MAX_EXEMPLAR_BYTES + 1);
    buf_init(&f.headers, MEASURE_MAX_EXEMPLAR_BYTES + 1);
    buf_init(&f.body, MEASURE_MAX_EXEMPLAR_BYTES + 1);
    buf_append_span(&f.url, take(&data, &size));
    buf_append_span(&f.headers, take(&data, &size));
    buf_append(&f.body, data, size);
    check_exemplar(&f);
    check_markup(&f);
    buf_clear(&f.url);
    buf_clear(&f.headers);
    buf_clear(&f.body);
    return 0;
}
