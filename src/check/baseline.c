/* check --baseline: what a server looked like once, and every difference from that in words. A file is written when there is none
 * and never over one that is there: delete it to take the server as it is now. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "check/check.h"

#include <errno.h>
#include <sys/stat.h>

#define SCHEMA    "scepstorm/baseline/1"
#define MAX_BYTES ((size_t)1 << 20)
#define SLOWER    10  /* times, before it is told */
#define SLOW_MS   100 /* and below this it never is */

/* One digit: more would say that it means more. */
static json_t *magnitudes(const json_t *timings)
{
    json_t *out = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)timings, name, value)
    {
        json_int_t ms = (json_int_t)json_number_value(value), unit = 1;
        while (ms / unit >= 10)
            unit *= 10;
        json_object_set_new(out, name, json_integer(ms / unit * unit));
    }
    return out;
}

static json_t *certificates(const struct check *c)
{
    static const char *const kept[] = {"role",       "subject",   "issuer", "serial",
                                       "not_before", "not_after", "sha256", "purpose"};
    json_t *out = json_array(), *row;
    size_t i;
    json_array_foreach(c->certificates, i, row)
    {
        json_t *copy = json_object();
        for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++)
            json_object_set(copy, kept[k], json_object_get(row, kept[k]));
        json_array_append_new(out, copy);
    }
    return out;
}

static json_t *fingerprint(const struct check *c)
{
    char now[32];
    json_t *caps = json_array();
    text_utc(clock_wall_us(), now, sizeof now);
    for (size_t i = 0; i < c->target.cap_count; i++)
        json_array_append_new(caps, json_string(c->target.caps[i]));
    return json_pack("{s:s, s:s, s:s, s:i, s:{s:s}, s:o, s:o, s:O, s:o}", "schema", SCHEMA, "saved_at", now,
                     "url", c->scenario->target.url, "url_status", c->target.bare_url_status, "headers",
                     "server", c->target.server_header, "capabilities", caps, "certificates", certificates(c),
                     "limits", c->limits, "timings_ms", magnitudes(c->timings));
}

/* ---- differences ---- */

static void drift(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void drift(struct check *c, const char *format, ...)
{
    char words[400];
    va_list values;
    va_start(values, format);
    vsnprintf(words, sizeof words, format, values);
    va_end(values);
    json_array_append_new(c->drift, json_string(words));
    check_stage(c, "drift", CHECK_WARNING, -1, "%s", words);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool has_word(const json_t *list, const char *word)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), word) == 0)
            return true;
    }
    return false;
}

static void compare_caps(struct check *c, const json_t *before, const json_t *now)
{
    const json_t *was = json_object_get(before, "capabilities"), *is = json_object_get(now, "capabilities");
    size_t i;
    json_t *word;
    json_array_foreach((json_t *)(uintptr_t)was, i, word)
    {
        if (!has_word(is, json_string_value(word)))
            drift(c, "the capability %s is gone", json_string_value(word));
    }
    json_array_foreach((json_t *)(uintptr_t)is, i, word)
    {
        if (!has_word(was, json_string_value(word)))
            drift(c, "the capability %s is new", json_string_value(word));
    }
}

/* With `key` NULL the certificate of this role. Roles come more than once, so a certificate is known by its digest. */
static const json_t *find(const json_t *list, const char *key, const char *value, const json_t *not_in)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)list, i, row)
    {
        if (strcmp(text_of(row, key), value) != 0)
            continue;
        if (not_in == NULL || find(not_in, "sha256", text_of(row, "sha256"), NULL) == NULL)
            return row;
    }
    return NULL;
}

static void compare_certificates(struct check *c, const json_t *before, const json_t *now)
{
    const json_t *was = json_object_get(before, "certificates"), *is = json_object_get(now, "certificates");
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)is, i, row)
    {
        const char *role = text_of(row, "role");
        if (find(was, "sha256", text_of(row, "sha256"), NULL) != NULL)
            continue;
        const json_t *old = find(was, "role", role, is);
        if (old == NULL)
            drift(c, "a new %s certificate: %s", role, text_of(row, "subject"));
        else if (strcmp(text_of(old, "issuer"), text_of(row, "issuer")) != 0)
            drift(c, "the %s certificate comes from another issuer: %s, before %s", role,
                  text_of(row, "issuer"), text_of(old, "issuer"));
        else if (strcmp(text_of(old, "not_after"), text_of(row, "not_after")) == 0)
            drift(c, "the %s certificate is another one with the same end: %s", role,
                  text_of(row, "subject"));
        else
            drift(c, "the %s certificate was renewed: until %s, before until %s", role,
                  text_of(row, "not_after"), text_of(old, "not_after"));
    }
    json_array_foreach((json_t *)(uintptr_t)was, i, row)
    {
        const char *role = text_of(row, "role");
        if (find(is, "sha256", text_of(row, "sha256"), NULL) == NULL && find(is, "role", role, was) == NULL)
            drift(c, "the %s certificate %s is gone", role, text_of(row, "subject"));
    }
}

static void compare_rest(struct check *c, const json_t *before, const json_t *now)
{
    const char *was = text_of(json_object_get(before, "headers"), "server");
    const char *is = text_of(json_object_get(now, "headers"), "server");
    json_int_t status = json_integer_value(json_object_get(before, "url_status"));
    if (strcmp(was, is) != 0)
        drift(c, "the Server header is '%s', before '%s'", is, was);
    if (status != c->target.bare_url_status)
        drift(c, "the bare URL answers %d, before %d", c->target.bare_url_status, (int)status);
}

static void compare_limits(struct check *c, const json_t *before)
{
    const json_t *was = json_object_get(before, "limits");
    const char *name;
    json_t *value;
    json_object_foreach(c->limits, name, value)
    {
        const json_t *old = json_object_get(was, name);
        if (old != NULL && !json_equal((json_t *)(uintptr_t)old, value))
            drift(c, "the limit %s is %lld, before %lld", name, (long long)json_integer_value(value),
                  (long long)json_integer_value(old));
    }
}

static void compare_timings(struct check *c, const json_t *before)
{
    const json_t *was = json_object_get(before, "timings_ms");
    const char *name;
    json_t *value;
    json_object_foreach(c->timings, name, value)
    {
        const json_t *old = json_object_get(was, name);
        double ms = json_number_value(value), least = (double)json_integer_value(old);
        if (json_is_integer(old) && ms > SLOW_MS && ms > SLOWER * (least < 1 ? 1 : least))
            drift(c, "%s takes %.0f ms, before about %.0f ms", name, ms, least);
    }
}

/* ---- the file ---- */

static bool is_ours(const json_t *root)
{
    return json_is_object(root) && strcmp(text_of(root, "schema"), SCHEMA) == 0 &&
           json_is_string(json_object_get(root, "url")) &&
           json_is_integer(json_object_get(root, "url_status")) &&
           json_is_object(json_object_get(root, "headers")) &&
           json_is_array(json_object_get(root, "capabilities")) &&
           json_is_array(json_object_get(root, "certificates")) &&
           json_is_object(json_object_get(root, "limits")) &&
           json_is_object(json_object_get(root, "timings_ms"));
}

static bool all_words(const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (!json_is_string(item))
            return false;
    }
    return true;
}

static void compare(struct check *c, const json_t *before)
{
    json_t *now = fingerprint(c);
    if (now == NULL)
        return;
    if (strcmp(text_of(before, "url"), c->scenario->target.url) != 0)
        drift(c, "the baseline is of another URL: %s", text_of(before, "url"));
    compare_caps(c, before, now);
    compare_certificates(c, before, now);
    compare_rest(c, before, now);
    compare_limits(c, before);
    compare_timings(c, before);
    size_t count = json_array_size(c->drift);
    if (count == 0)
        check_stage(c, "baseline", CHECK_OK, -1, "as it was at %s", text_of(before, "saved_at"));
    else
        check_tell(c, CHECK_WARNING, "%zu difference%s from the baseline: %s", count, count == 1 ? "" : "s",
                   json_string_value(json_array_get(c->drift, 0)));
    json_decref(now);
}

static void save(struct check *c)
{
    const char *path = c->options.baseline;
    struct err e = {0};
    if (c->ca == NULL) {
        check_tell(c, CHECK_UNKNOWN, "no baseline saved: the server showed no certificates");
        return;
    }
    json_t *root = fingerprint(c);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL)
        err_set(&e, STAGE_SETUP, REASON_NO_MEMORY, "the baseline cannot be written as JSON");
    else if (file_write(path, span_of_text(text), 0644, &e))
        check_stage(c, "baseline", CHECK_OK, -1, "saved in %s; later checks are held against it", path);
    if (err_is_set(&e))
        check_tell(c, CHECK_UNKNOWN, "%s", e.text);
    free(text);
}

void check_baseline(struct check *c)
{
    const char *path = c->options.baseline;
    struct stat found;
    struct buf text;
    struct err e = {0};
    if (stat(path, &found) != 0 && errno == ENOENT) {
        save(c);
        return;
    }
    buf_init(&text, MAX_BYTES);
    json_t *before = NULL;
    if (file_read(path, &text, &e))
        before = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (err_is_set(&e))
        check_tell(c, CHECK_UNKNOWN, "%s", e.text);
    else if (!is_ours(before) || !all_words(json_object_get(before, "capabilities")))
        check_tell(c, CHECK_UNKNOWN,
                   "%s is no baseline of scepstorm check, or damaged: delete it to save a new one", path);
    else
        compare(c, before);
    json_decref(before);
    buf_clear(&text);
}
