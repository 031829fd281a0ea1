// room: persona
/* Lines "knob=value" change a persona one after the other; whatever was taken must come back as text, and lead to a URL. */
#include "persona/persona.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct persona *p, char *line)
{
    struct err e = {0};
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    if (persona_override(p, line, equals + 1, &e) == err_is_set(&e))
        abort();
    for (const char *c = e.text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            abort();
    }
}

/* A value read back from its own text is the same value. */
static void check_round_trip(const struct persona *p)
{
    for (size_t i = 0; i < PERSONA_KNOB_COUNT; i++) {
        struct persona other = *p;
        struct buf a, b;
        buf_init(&a, BYTES_MAX_MESSAGE);
        buf_init(&b, BYTES_MAX_MESSAGE);
        persona_value(p, (enum persona_knob_id)i, &a);
        const char *text = a.len > 0 ? buf_text(&a) : "";
        struct err e = {0};
        if (text == NULL || !persona_override(&other, persona_knobs()[i].name, text, &e))
            abort();
        persona_value(&other, (enum persona_knob_id)i, &b);
        if (persona_knobs()[i].kind != PERSONA_SHARE && !span_equal(buf_span(&a), buf_span(&b)))
            abort();
        buf_clear(&a);
        buf_clear(&b);
    }
}

static void use(const struct persona *p, struct span body)
{
    struct persona_choice choice;
    struct err e = {0};
    struct buf out;
    buf_init(&out, BYTES_MAX_MESSAGE);
    (void)!persona_choose(p, body, &choice, &e);
    for (int i = 0; i < PERSONA_OPERATION_COUNT; i++)
        (void)!persona_url(p, "http://a/mscep.dll", (enum persona_operation)i, false, body, &out, &e);
    (void)!persona_headers(p, true, &out, &e);
    const struct persona_device device = {.index = body.len, .subject = "CN=x"};
    (void)!persona_subject(p, &device, &out, &e);
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct persona p;
    struct err e = {0};
    struct buf text;
    buf_init(&text, 65536);
    if (size > 32768 || !persona_find(PERSONA_DEFAULT, &p, &e) || !buf_append(&text, data, size) ||
        buf_text(&text) == NULL) {
        buf_clear(&text);
        return 0;
    }
    char *rest = (char *)text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        take(&p, line);
    check_round_trip(&p);
    use(&p, span_of(data, size));
    buf_clear(&text);
    return 0;
}
