/* The challenge in an answer: all of it, what a regular expression finds, or what a JSON path leads to. The body is never
 * quoted in errors. */
#include "base/text.h"
#include "challenge/parts.h"

#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <regex.h>

#define ANSWER_MAX  ((size_t)256 << 10)
#define REGEX_LOOK  ((size_t)64 << 10) /* matching costs more than reading */
#define REPEATS_MAX 4096
#define STEP_BYTES  128
#define STEPS_MAX   16

static bool fail(struct err *e, const char *what)
{
    return err_set(e, STAGE_OTP, REASON_OTP_ANSWER, "%s", what);
}

static bool take(struct span value, struct secret **out, struct err *e)
{
    const char *flaw = challenge_value_flaw(value);
    if (flaw != NULL)
        return err_set(e, STAGE_OTP, REASON_OTP_ANSWER, "the challenge in the answer %s", flaw);
    return secret_new(value, out, e);
}

/* ---- JSON paths ---- */

/* One step of "$.data[0].challenge": a key, or an index. */
struct step {
    char key[STEP_BYTES];
    bool is_index;
    int64_t index;
};

static bool fail_path(struct err *e, const char *path, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_SCENARIO,
                   "'%.60s' %s; a path looks like $.data[0].challenge or $['odd key']", path, what);
}

/* "[0]" or "['key']" at *at. */
static bool read_bracket(const char **at, struct step *out)
{
    const char *begin = *at + 1;
    bool quoted = *begin == '\'' || *begin == '"';
    size_t len = quoted ? strcspn(begin + 1, *begin == '\'' ? "'" : "\"") : strspn(begin, "0123456789");
    const char *text = begin + quoted, *end = text + len;
    if (len == 0 || len >= sizeof out->key || (quoted && *end != *begin) || end[quoted] != ']')
        return false;
    memcpy(out->key, text, len);
    out->key[len] = '\0';
    out->is_index = !quoted;
    *at = end + quoted + 1;
    return quoted || text_parse_int(out->key, 0, 1000000, &out->index, NULL);
}

static bool read_step(const char **at, struct step *out)
{
    *out = (struct step){.is_index = false};
    if (**at == '[')
        return read_bracket(at, out);
    size_t len = **at == '.' ? strcspn(*at + 1, ".[]'\"* ") : 0;
    if (len == 0 || len >= sizeof out->key)
        return false;
    memcpy(out->key, *at + 1, len);
    out->key[len] = '\0';
    *at += 1 + len;
    return true;
}

bool challenge_json_path_check(const char *path, struct err *e)
{
    struct step step;
    size_t steps = 0;
    const char *at = path + 1;
    if (path[0] != '$')
        return fail_path(e, path, "does not begin with $");
    while (*at != '\0') {
        if (!read_step(&at, &step))
            return fail_path(e, path, "is no path");
        if (++steps > STEPS_MAX)
            return fail_path(e, path, "has too many steps");
    }
    return true;
}

/* Says up to which step the path leads: that is what an API's change of mind looks like. */
static const json_t *walk(const json_t *node, const char *path, struct err *e)
{
    struct step step;
    for (const char *at = path + 1; *at != '\0';) {
        if (!read_step(&at, &step))
            return NULL;
        node = step.is_index ? json_array_get(node, (size_t)step.index) : json_object_get(node, step.key);
        if (node == NULL) {
            err_set(e, STAGE_OTP, REASON_OTP_ANSWER, "the JSON of the answer has no %.*s",
                    (int)(at - path < 100 ? at - path : 100), path);
            return NULL;
        }
    }
    return node;
}

static bool take_json(const json_t *node, const char *path, struct secret **out, struct err *e)
{
    char digits[32];
    if (json_is_string(node))
        return take(span_of(json_string_value(node), json_string_length(node)), out, e);
    if (!json_is_integer(node))
        return err_set(e, STAGE_OTP, REASON_OTP_ANSWER, "%.80s in the answer is no text", path);
    int n = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(node));
    bool ok = take(span_of(digits, (size_t)n), out, e);
    explicit_bzero(digits, sizeof digits);
    return ok;
}

/* jansson keeps copies while it reads: what it gives back is wiped. */
static void *allocate(size_t size)
{
    return malloc(size);
}

static void wipe_and_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static void make_jansson_wipe(void)
{
    json_set_alloc_funcs(allocate, wipe_and_free);
}

static bool read_json(const char *path, struct span body, struct secret **out, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_jansson_wipe);
    json_error_t where;
    json_t *root = json_loadb((const char *)body.data, body.len, JSON_DECODE_ANY, &where);
    if (root == NULL)
        return err_set(e, STAGE_OTP, REASON_OTP_ANSWER,
                       "the answer is no JSON (line %d, column %d); challenge.json wants %.60s", where.line,
                       where.column, path);
    const json_t *node = walk(root, path, e);
    bool ok = node != NULL && take_json(node, path, out, e);
    json_decref(root);
    return ok;
}

/* ---- regular expressions ---- */

static bool compile(const char *regex, regex_t *out, struct err *e)
{
    char why[80];
    int failed = regcomp(out, regex, REG_EXTENDED);
    if (failed == 0)
        return true;
    regerror(failed, out, why, sizeof why);
    return err_set(e, STAGE_SETUP, REASON_SCENARIO, "'%.80s' is no regular expression (POSIX, extended): %s",
                   regex, why);
}

/* The larger number of "{3,255}"; 1 when there is none. */
static uint64_t upper_bound(const char *interval)
{
    uint64_t most = 1, number = 0;
    for (interval++; (*interval >= '0' && *interval <= '9') || *interval == ','; interval++) {
        number = *interval == ',' || number > REPEATS_MAX ? 0 : number * 10 + (uint64_t)(*interval - '0');
        most = number > most ? number : most;
    }
    return most;
}

/* Behind a bracket expression that begins at `at`: "[]a[:digit:]]". */
static const char *behind_bracket(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    for (at += *at == ']'; *at != '\0' && *at != ']'; at++) {
        if (*at == '[' && at[1] != '\0' && strchr(":.=", at[1]) != NULL) {
            const char ends[] = {at[1], ']', '\0'};
            const char *end = strstr(at + 2, ends);
            at = end != NULL ? end + 1 : at;
        }
    }
    return *at == ']' ? at + 1 : at;
}

/* What would make the compiler or the search take ages: repetitions of repetitions are written out, back references are tried
 * one by one. NULL: nothing. */
static const char *regex_flaw(const char *regex)
{
    uint64_t product = 1;
    unsigned groups = 0;
    bool repeats = false;
    for (const char *at = regex; *at != '\0'; at++) {
        if (strchr("*+?{", *at) != NULL && repeats)
            return "repeats a repetition";
        repeats = strchr("*+?{", *at) != NULL;
        if (*at == '{') {
            product *= upper_bound(at);
            at += strcspn(at + 1, "}");
            at += at[1] == '}';
        } else if (*at == '[') {
            at = behind_bracket(at) - 1;
        } else if (*at == '\\' && at[1] != '\0') {
            at++;
            if (*at >= '1' && *at <= '9')
                return "has a back reference";
        }
        groups += *at == '(' && (at == regex || at[-1] != '\\');
        if (product > REPEATS_MAX)
            return "repeats more than 4096 times";
        if (groups > 1)
            return "has several groups; one group, or none, says what the challenge is";
    }
    return NULL;
}

bool challenge_regex_check(const char *regex, struct err *e)
{
    regex_t compiled;
    const char *flaw = regex_flaw(regex);
    if (flaw != NULL)
        return err_set(e, STAGE_SETUP, REASON_SCENARIO, "'%.80s' %s", regex, flaw);
    if (!compile(regex, &compiled, e))
        return false;
    regfree(&compiled);
    return true;
}

static bool read_regex(const char *regex, struct span body, struct secret **out, struct err *e)
{
    regex_t compiled;
    regmatch_t match[2];
    char *text = calloc(1, body.len + 1);
    if (text == NULL)
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory to read the answer");
    if (!compile(regex, &compiled, e)) {
        free(text);
        return false;
    }
    memcpy(text, body.data, body.len);
    for (size_t i = 0; i < body.len; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    bool found = regexec(&compiled, text, 2, match, 0) == 0;
    const regmatch_t *m = compiled.re_nsub > 0 && match[1].rm_so >= 0 ? &match[1] : &match[0];
    bool ok = found ? take(span_of(text + m->rm_so, (size_t)(m->rm_eo - m->rm_so)), out, e)
                    : err_set(e, STAGE_OTP, REASON_OTP_ANSWER,
                              "nothing in the answer matches challenge.regex '%.80s'", regex);
    regfree(&compiled);
    explicit_bzero(text, body.len);
    free(text);
    return ok;
}

/* ---- the whole body ---- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static struct span trim(struct span body)
{
    while (body.len > 0 && is_blank(body.data[body.len - 1]))
        body.len--;
    while (body.len > 0 && is_blank(body.data[0]))
        body = span_of(body.data + 1, body.len - 1);
    return body;
}

static bool read_all(struct span body, struct secret **out, struct err *e)
{
    struct span value = trim(body);
    if (value.len > 0 && value.data[0] == '<')
        return fail(e, "the answer is a page, not a challenge; challenge.regex could find one in it");
    if (value.len > 0 && value.data[0] == '{')
        return fail(e, "the answer is JSON: challenge.json must say where the challenge is in it");
    return take(value, out, e);
}

bool challenge_answer_read(const struct challenge_config *config, struct span body, struct secret **out,
                           struct err *e)
{
    *out = NULL;
    if (trim(body).len == 0)
        return fail(e, "the answer is empty");
    if (body.len > (config->regex != NULL ? REGEX_LOOK : ANSWER_MAX))
        return fail(e, "the answer is too large to be one with a challenge");
    struct buf utf8;
    buf_init(&utf8, 2 * ANSWER_MAX);
    bool ok = (text_to_utf8(body, &utf8) || buf_ok(&utf8, STAGE_OTP, e)) && utf8.len > 0;
    if (!ok)
        fail(e, "the answer is empty");
    else if (config->json != NULL)
        ok = read_json(config->json, buf_span(&utf8), out, e);
    else if (config->regex != NULL)
        ok = read_regex(config->regex, buf_span(&utf8), out, e);
    else
        ok = read_all(buf_span(&utf8), out, e);
    buf_wipe(&utf8);
    return ok;
}
