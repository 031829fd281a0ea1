#include "check/check.h"

#include "base/text.h"
#include "live/live.h"

#include <stdarg.h>

/* How bad, as monitoring counts: an answer that is not known is less urgent than a bad one. */
static int weight(enum check_status status)
{
    static const int weights[] = {
        [CHECK_OK] = 0, [CHECK_UNKNOWN] = 1, [CHECK_WARNING] = 2, [CHECK_CRITICAL] = 3};
    return weights[status];
}

void check_tell(struct check *c, enum check_status status, const char *format, ...)
{
    char words[300];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    for (char *w = words; *w != '\0'; w++) {
        if (*w == '|' || (unsigned char)*w < 0x20) /* what follows a | would be taken for perfdata */
            *w = ' ';
    }
    if (weight(status) < weight(c->status))
        return;
    size_t used = status == c->status ? strlen(c->words) : 0;
    snprintf(c->words + used, sizeof c->words - used, "%s%s", used > 0 ? "; " : "", words);
    c->status = status;
}

static void keep_stage(struct check *c, const char *stage, enum check_status status, int64_t took_us,
                       const char *words)
{
    json_t *row = json_pack("{s:s, s:b, s:s}", "stage", stage, "ok", status == CHECK_OK, "text", words);
    if (row == NULL)
        return;
    if (took_us >= 0)
        json_object_set_new(row, "ms", json_real((double)took_us / 1e3));
    json_array_append_new(c->stages, row);
}

void check_stage(struct check *c, const char *stage, enum check_status status, int64_t took_us,
                 const char *format, ...)
{
    char words[1200], took[32] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (took_us >= 0)
        text_duration(took_us, took, sizeof took);
    buf_appendf(&c->lines, "  %-12s %s%s%s%s\n", stage, words, took[0] != '\0' ? " (" : "", took,
                took[0] != '\0' ? ")" : "");
    keep_stage(c, stage, status, took_us, words);
    check_show(c, false);
}

void check_not_tried(struct check *c, const char *format, ...)
{
    char words[700];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    buf_appendf(&c->lines, "  not tried    %s\n", words);
    json_array_append_new(c->not_tried, json_string(words));
}

/* ---- the whole look ---- */

static bool make_lists(struct check *c, struct err *e)
{
    json_t **lists[] = {&c->stages,    &c->certificates, &c->drift,
                        &c->not_tried, &c->conformance,  &c->diagnosis};
    bool ok = true;
    buf_init(&c->perfdata, 4096);
    buf_init(&c->lines, BYTES_MAX_MESSAGE);
    buf_init(&c->failed_url, BYTES_MAX_MESSAGE);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        ok &= (*lists[i] = json_array()) != NULL;
    c->limits = json_object();
    c->timings = json_object();
    ok = ok && c->limits != NULL && c->timings != NULL;
    return ok || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory");
}

bool check_open(struct check *c, struct err *e)
{
    return make_lists(c, e) && check_scenario(c, e) && check_web_open(c, e);
}

static void tell_untried(struct check *c)
{
    const struct check_options *o = &c->options;
    bool enrolls = o->enroll || o->probes != NULL;
    if (!o->otp)
        check_not_tried(c, "the page of one-time passwords: --otp does, and takes a password by each scheme");
    if (!enrolls)
        check_not_tried(c, "an enrollment: --enroll does, and takes a password and a certificate");
    if (!o->probe)
        check_not_tried(c, "long GETs, POSTs, and whether the password is checked: --probe does");
}

static void take_stages(struct check *c)
{
    const struct check_options *o = &c->options;
    bool enrolls = o->enroll || o->probes != NULL;
    check_net(c);
    bool reached = check_read(c);
    if (reached) {
        check_crls(c);
        check_nodes(c);
        if (o->otp)
            check_otp(c);
        if (o->probe)
            check_probe(c);
        if (enrolls)
            check_enroll(c);
        if (o->baseline != NULL)
            check_baseline(c);
    }
    if (json_array_size(c->diagnosis) == 0)
        check_diagnose(c); /* else the enrollment knew more */
    tell_untried(c);
    if (reached && c->status == CHECK_OK && c->words[0] == '\0')
        check_tell(c, CHECK_OK, "GetCACaps and GetCACert answer, the certificates last");
}

void check_look(struct check *c)
{
    struct err e = {0};
    take_stages(c);
    if (c->options.textfile != NULL && !check_textfile(c, &e)) /* a finding, too */
        check_tell(c, CHECK_UNKNOWN, "--textfile: %s", e.text);
    check_show(c, true);
}

void check_close(struct check *c)
{
    json_t *const lists[] = {c->stages, c->certificates, c->limits,      c->timings,
                             c->drift,  c->not_tried,    c->conformance, c->diagnosis};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        json_decref(lists[i]);
    check_web_close(c);
    if (c->challenges_open)
        prelude_challenges_close(&c->challenges);
    buf_clear(&c->perfdata);
    buf_clear(&c->lines);
    buf_clear(&c->failed_url);
    live_close(c->live);
    scep_ca_free(c->ca);
    scenario_free(c->scenario);
}
