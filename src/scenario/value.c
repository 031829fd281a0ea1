#include "scenario/value.h"

#include "base/text.h"

#include <math.h>

static void *field(const struct scenario_key *key, void *base)
{
    return (char *)base + key->offset;
}

static const void *const_field(const struct scenario_key *key, const void *base)
{
    return (const char *)base + key->offset;
}

static bool wrong(struct err *e, const char *text, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' %s", text, what);
}

/* The words on offer, for an error: "even, poisson". */
static void list_words(const struct scenario_choice *choices, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (; choices->word != NULL && used < out_bytes; choices++) {
        if (choices->later)
            continue;
        int n = snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "", choices->word);
        used += n > 0 ? (size_t)n : 0;
    }
}

static bool choose(const struct scenario_key *key, const char *text, int *out, struct err *e)
{
    const char *words[16] = {NULL};
    size_t count = 0;
    for (const struct scenario_choice *c = key->choices; c->word != NULL; c++) {
        if (strcmp(c->word, text) == 0 && c->later)
            return wrong(e, text, "is not in this version yet (" SCEPSTORM_VERSION ")");
        if (strcmp(c->word, text) == 0) {
            *out = c->value;
            return true;
        }
        if (!c->later && count + 1 < sizeof words / sizeof *words)
            words[count++] = c->word;
    }
    char known[96];
    list_words(key->choices, known, sizeof known);
    const char *near = text_nearest(text, words);
    bool guess = near != NULL && strspn(near, "0123456789") == 0;
    if (guess)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is not one of %s; did you mean '%s'?", text,
                       known, near);
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is not one of %s", text, known);
}

/* What would break a line or hide on a terminal: ASCII and C1 controls, Unicode's line breaks and byte-order
 * mark. YAML delivers valid UTF-8. */
static bool has_control(const char *text, bool lines)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool ascii = (*c < 0x20 && !(lines && (*c == '\n' || *c == '\t'))) || *c == 0x7f;
        bool c1 = c[0] == 0xc2 && c[1] < 0xa0;
        bool line_break = c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9);
        bool mark = c[0] == 0xef && ((c[1] == 0xbb && c[2] == 0xbf) || (c[1] == 0xbf && c[2] >= 0xbe));
        if (ascii || c1 || line_break || mark)
            return true;
    }
    return false;
}

static bool check_text(const struct scenario_key *key, const char *text, struct err *e)
{
    size_t len = strlen(text), blanks = strspn(text, " ");
    int ignored = 0;
    if (has_control(text, key->type == SCENARIO_BLOCK))
        return wrong(e, text, "contains a control character");
    if (len > 0 && blanks == len)
        return wrong(e, text, "is blank");
    if ((double)len < key->min || (double)len > key->max)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "it has %zu characters; %.0f to %.0f are allowed", len,
                       key->min, key->max);
    return key->choices == NULL || choose(key, text, &ignored, e);
}

static bool store_text(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    if (!check_text(key, text, e))
        return false;
    char **to = field(key, base), *copy = strdup(text);
    if (copy == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    free(*to);
    *to = copy;
    return true;
}

static bool store_bool(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    int value = strcmp(text, "true") == 0;
    if (key->choices != NULL && !choose(key, text, &value, e))
        return false;
    if (key->choices == NULL && !value && strcmp(text, "false") != 0)
        return wrong(e, text, "is neither true nor false");
    *(bool *)field(key, base) = value != 0;
    return true;
}

static bool store_whole(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    int64_t value = 0;
    if (!text_parse_int(text, (int64_t)key->min, (int64_t)key->max, &value, e))
        return false;
    if (key->type == SCENARIO_UINT)
        *(unsigned *)field(key, base) = (unsigned)value;
    else
        *(uint64_t *)field(key, base) = (uint64_t)value;
    return true;
}

static bool store_duration(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    int64_t value = 0;
    if (!text_parse_duration(text, &value, e))
        return false;
    if ((double)value < key->min || (double)value > key->max) {
        char low[24], high[24];
        text_duration((int64_t)key->min, low, sizeof low);
        text_duration((int64_t)key->max, high, sizeof high);
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is outside %s to %s", text, low, high);
    }
    *(int64_t *)field(key, base) = value;
    return true;
}

static int64_t *second_field(const struct scenario_key *key, void *base)
{
    return (void *)((char *)base + key->count_offset);
}

/* "2s..5s", or one duration that stands for both. */
static bool store_durations(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    const char *dots = strstr(text, "..");
    size_t len = dots == NULL ? strlen(text) : (size_t)(dots - text);
    char first[32] = "";
    if (len >= sizeof first)
        return wrong(e, text, "is no duration, nor two of them as in 2s..5s");
    memcpy(first, text, len); /* NOLINT(bugprone-not-null-terminated-result): it is full of zeros */
    struct scenario_key second = *key;
    second.offset = key->count_offset;
    if (!store_duration(key, first, base, e) ||
        !store_duration(&second, dots == NULL ? first : dots + 2, base, e))
        return false;
    return *(int64_t *)field(key, base) <= *second_field(key, base) ||
           wrong(e, text, "goes from a longer to a shorter time");
}

static bool parse_number(const char *text, double *out, struct err *e)
{
    char *end = NULL;
    *out = strtod(text, &end);
    bool starts = (text[0] >= '0' && text[0] <= '9') && strpbrk(text, "xXpP") == NULL;
    return (starts && *end == '\0' && isfinite(*out)) || wrong(e, text, "is not a number");
}

static bool store_real(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    double value = 0;
    bool ok = key->type == SCENARIO_RATE    ? text_parse_rate(text, &value, e)
              : key->type == SCENARIO_SHARE ? text_parse_share(text, &value, e)
                                            : parse_number(text, &value, e);
    if (!ok)
        return false;
    if (value < key->min || value > key->max)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is outside %g to %g%s", text, key->min,
                       key->max, key->type == SCENARIO_RATE ? "/s" : "");
    *(double *)field(key, base) = value;
    return true;
}

bool scenario_value_parse(const struct scenario_key *key, const char *text, void *base, struct err *e)
{
    int choice = 0;
    switch (key->type) {
    case SCENARIO_TEXT:
    case SCENARIO_BLOCK:
        return store_text(key, text, base, e);
    case SCENARIO_LABEL:
        if (!check_text(key, text, e))
            return false;
        memcpy(field(key, base), text, strlen(text) + 1);
        return true;
    case SCENARIO_CHOICE:
        if (!choose(key, text, &choice, e))
            return false;
        if (key->offset != SCENARIO_NOWHERE)
            memcpy(field(key, base), &choice, sizeof choice);
        return true;
    case SCENARIO_BOOL:
        return store_bool(key, text, base, e);
    case SCENARIO_UINT:
    case SCENARIO_UINT64:
        return store_whole(key, text, base, e);
    case SCENARIO_DURATION:
        return store_duration(key, text, base, e);
    case SCENARIO_RANGE:
        return store_durations(key, text, base, e);
    case SCENARIO_RATE:
    case SCENARIO_SHARE:
    case SCENARIO_NUMBER:
        return store_real(key, text, base, e);
    case SCENARIO_MAP:
    case SCENARIO_LIST:
    case SCENARIO_TEXTS:
    case SCENARIO_WORDS:
    case SCENARIO_FLAGS:
    case SCENARIO_SETTINGS:
    case SCENARIO_SECRET:
        break;
    }
    return err_set(e, STAGE_SETUP, REASON_INTERNAL, "%s holds no single value", key->path);
}

bool scenario_value_choose(const struct scenario_key *key, const char *text, int *out, struct err *e)
{
    return choose(key, text, out, e);
}

void scenario_value_quote(const char *text, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./%+=-";
    bool begins = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') ||
                  (text[0] >= '0' && text[0] <= '9') || text[0] == '/';
    if (begins && text[strspn(text, plain)] == '\0') {
        buf_append_text(out, text);
        return;
    }
    buf_append_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '\n' || *text == '\t') {
            buf_append_text(out, *text == '\n' ? "\\n" : "\\t");
            continue;
        }
        if (*text == '"' || *text == '\\')
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)*text);
    }
    buf_append_byte(out, '"');
}

/* The largest unit that divides it: 90 s stay 90s, 120 s become 2m. */
static void format_duration(int64_t us, struct buf *out)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"h", 3600000000}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}};
    size_t i = 0;
    while (us % units[i].us != 0)
        i++;
    buf_appendf(out, "%lld%s", (long long)(us / units[i].us), units[i].unit);
}

/* Few digits where they say it exactly, else all. `again` reads the text back. */
static void format_rate(double per_s, struct buf *out)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}};
    char text[48];
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double again = 0;
        snprintf(text, sizeof text, "%.6g%s", per_s * units[i].factor, units[i].unit);
        if (text_parse_rate(text, &again, NULL) && !(again < per_s) && !(again > per_s)) {
            buf_append_text(out, text);
            return;
        }
    }
    buf_appendf(out, "%.17g/s", per_s);
}

static void format_share(double share, struct buf *out)
{
    char text[48];
    double again = 0;
    snprintf(text, sizeof text, "%.6g%%", share * 100);
    bool exact = text_parse_share(text, &again, NULL) && !(again < share) && !(again > share);
    if (exact)
        buf_append_text(out, text);
    else
        buf_appendf(out, "%.17g", share);
}

static const char *word_for(const struct scenario_key *key, int value)
{
    for (const struct scenario_choice *c = key->choices; c->word != NULL; c++) {
        if (c->value == value && !c->later)
            return c->word;
    }
    return key->fallback;
}

static const char *word_of(const struct scenario_key *key, const void *base)
{
    int value = 0;
    if (key->offset == SCENARIO_NOWHERE)
        return key->fallback;
    memcpy(&value, const_field(key, base), sizeof value);
    return word_for(key, value);
}

static bool format_text(const char *text, struct buf *out)
{
    if (text == NULL || text[0] == '\0')
        return false;
    scenario_value_quote(text, out);
    return true;
}

static bool format_whole(const struct scenario_key *key, const void *base, struct buf *out)
{
    uint64_t value = key->type == SCENARIO_UINT ? *(const unsigned *)const_field(key, base)
                                                : *(const uint64_t *)const_field(key, base);
    if (value == 0 && key->fallback == NULL)
        return false;
    return buf_appendf(out, "%llu", (unsigned long long)value);
}

static bool format_bool(const struct scenario_key *key, const void *base, struct buf *out)
{
    bool yes = *(const bool *)const_field(key, base);
    return buf_append_text(out, key->choices != NULL ? word_for(key, yes) : yes ? "true" : "false");
}

/* "[renew, get_crl]"; flags in the order of their choices. */
static bool format_words(const struct scenario_key *key, const void *base, struct buf *out)
{
    const int *values = const_field(key, base);
    size_t count = *(const size_t *)(const void *)((const char *)base + key->count_offset);
    for (size_t i = 0; i < count; i++)
        buf_appendf(out, "%s%s", i == 0 ? "[" : ", ", word_for(key, values[i]));
    return count > 0 && buf_append_byte(out, ']');
}

static bool format_flags(const struct scenario_key *key, const void *base, struct buf *out)
{
    unsigned flags = *(const unsigned *)const_field(key, base);
    const char *before = "[";
    for (const struct scenario_choice *c = key->choices; c->word != NULL; c++) {
        if ((flags & (unsigned)c->value) == 0)
            continue;
        buf_appendf(out, "%s%s", before, c->word);
        before = ", ";
    }
    return flags != 0 && buf_append_byte(out, ']');
}

static bool format_settings(const struct scenario_key *key, const void *base, struct buf *out)
{
    const struct scenario_setting *settings = *(struct scenario_setting *const *)const_field(key, base);
    size_t count = *(const size_t *)(const void *)((const char *)base + key->count_offset);
    for (size_t i = 0; i < count; i++) {
        buf_appendf(out, "%s%s: ", i == 0 ? "{" : ", ", settings[i].knob);
        scenario_value_quote(settings[i].value, out);
    }
    return count > 0 && buf_append_byte(out, '}');
}

static bool format_durations(const struct scenario_key *key, const void *base, struct buf *out)
{
    int64_t from = *(const int64_t *)const_field(key, base);
    int64_t to = *(const int64_t *)(const void *)((const char *)base + key->count_offset);
    if (to == 0)
        return false;
    format_duration(from, out);
    if (to > from) {
        buf_append_text(out, "..");
        format_duration(to, out);
    }
    return true;
}

bool scenario_value_format(const struct scenario_key *key, const void *base, struct buf *out)
{
    switch (key->type) {
    case SCENARIO_TEXT:
    case SCENARIO_BLOCK:
        return format_text(*(char *const *)const_field(key, base), out);
    case SCENARIO_LABEL:
        return format_text(const_field(key, base), out);
    case SCENARIO_CHOICE:
        return format_text(word_of(key, base), out);
    case SCENARIO_BOOL:
        return format_bool(key, base, out);
    case SCENARIO_UINT:
    case SCENARIO_UINT64:
        return format_whole(key, base, out);
    case SCENARIO_DURATION:
        if (*(const int64_t *)const_field(key, base) == 0)
            return false;
        format_duration(*(const int64_t *)const_field(key, base), out);
        return true;
    case SCENARIO_RANGE:
        return format_durations(key, base, out);
    case SCENARIO_RATE:
        if (*(const double *)const_field(key, base) < key->min)
            return false; /* not set */
        format_rate(*(const double *)const_field(key, base), out);
        return true;
    case SCENARIO_SHARE:
        format_share(*(const double *)const_field(key, base), out);
        return true;
    case SCENARIO_NUMBER:
        return buf_appendf(out, "%.17g", *(const double *)const_field(key, base));
    case SCENARIO_WORDS:
        return format_words(key, base, out);
    case SCENARIO_FLAGS:
        return format_flags(key, base, out);
    case SCENARIO_SETTINGS:
        return format_settings(key, base, out);
    case SCENARIO_MAP:
    case SCENARIO_LIST:
    case SCENARIO_TEXTS:
    case SCENARIO_SECRET:
        break;
    }
    return false;
}
