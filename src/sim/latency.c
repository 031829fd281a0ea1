/* What --latency says, read. */
#include "base/file.h"
#include "base/pairs.h"
#include "base/text.h"
#include "sim/station.h"

#define TEXT_BYTES   1200
#define FILE_BYTES   ((size_t)16 << 20)
#define SAMPLES_MAX  1000000
#define LONGEST_US   (INT64_C(3600) * 1000000)
#define SAMPLE_BYTES 64

/* NULL: has no station. */
static const char *const operations[NDES_OP_COUNT] = {
    [NDES_OP_GET_CA_CAPS] = "get_ca_caps",
    [NDES_OP_GET_CA_CERT] = "get_ca_cert",
    [NDES_OP_GET_NEXT_CA_CERT] = "get_next_ca_cert",
    [NDES_OP_PKI_OPERATION] = "pki_operation",
    [NDES_OP_OTP] = "otp",
};

/* ---- files of samples ---- */

static bool parse_time(const char *text, int64_t *out, struct err *e)
{
    if (!text_parse_duration(text, out, e))
        return false;
    return *out <= LONGEST_US || err_set(e, STAGE_SETUP, REASON_USAGE, "more than an hour");
}

/* The first column of a line. */
static bool read_sample(const char *line, size_t len, int64_t *out, struct err *e)
{
    char text[SAMPLE_BYTES];
    const char *comma = memchr(line, ',', len);
    size_t used = comma != NULL ? (size_t)(comma - line) : len;
    while (used > 0 && (line[used - 1] == ' ' || line[used - 1] == '\r'))
        used--;
    if (used >= sizeof text)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "no duration like 120ms");
    memcpy(text, line, used); /* NOLINT(bugprone-not-null-terminated-result): the next line ends it */
    text[used] = '\0';
    return parse_time(text, out, e);
}

/* Blank lines and those with # do not count; a first line that is no duration is a heading. */
static bool read_samples(const char *path, struct span file, struct sim_latency *l, struct err *e)
{
    const char *at = (const char *)file.data;
    for (size_t left = file.len, number = 1; left > 0; number++) {
        const char *end = memchr(at, '\n', left);
        size_t len = end != NULL ? (size_t)(end - at) : left;
        struct err why = {0};
        bool counts = len > 0 && at[0] != '#' && at[0] != '\r';
        if (counts && read_sample(at, len, &l->samples[l->sample_count], &why))
            l->sample_count++;
        else if (counts && number > 1)
            return err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s:%zu: %s", path, number, why.text);
        at += len + (end != NULL);
        left -= len + (end != NULL);
    }
    return l->sample_count > 0 ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s has no durations: one per line, like 120ms", path);
}

static size_t count_lines(struct span file)
{
    size_t lines = 1;
    for (size_t i = 0; i < file.len; i++)
        lines += file.data[i] == '\n';
    return lines;
}

static bool set_file(struct sim_latency *l, const char *value, struct err *e)
{
    struct buf file;
    buf_init(&file, FILE_BYTES);
    struct err why = {0};
    bool ok = file_read(value, &file, &why) || err_set(e, STAGE_SETUP, REASON_USAGE, "%s", why.text);
    size_t lines = count_lines(buf_span(&file));
    if (ok && lines > SAMPLES_MAX)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s has more than %d lines", value, SAMPLES_MAX);
    free(l->samples);
    l->samples = ok ? calloc(lines, sizeof *l->samples) : NULL;
    l->sample_count = 0;
    if (ok && l->samples == NULL)
        ok = err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the samples");
    ok = ok && read_samples(value, buf_span(&file), l, e);
    buf_clear(&file);
    return ok;
}

/* ---- the keys ---- */

static bool set_fixed(struct sim_latency *l, const char *value, struct err *e)
{
    return parse_time(value, &l->median_us, e);
}

static bool set_p99(struct sim_latency *l, const char *value, struct err *e)
{
    return parse_time(value, &l->p99_us, e);
}

static bool set_servers(struct sim_latency *l, const char *value, struct err *e)
{
    int64_t number = 0;
    bool ok = text_parse_int(value, 1, SIM_STATION_MAX_SERVERS, &number, e);
    l->servers = (unsigned)number;
    return ok;
}

static bool set_queue(struct sim_latency *l, const char *value, struct err *e)
{
    int64_t number = 0;
    bool ok = text_parse_int(value, 1, SIM_STATION_MAX_INSIDE, &number, e);
    l->queue = (unsigned)number;
    return ok;
}

static bool set_seed(struct sim_latency *l, const char *value, struct err *e)
{
    int64_t number = 0;
    bool ok = text_parse_int(value, 0, INT64_MAX, &number, e);
    l->seed = (uint64_t)number;
    return ok;
}

enum { FIXED, MEDIAN, P99, FROM_FILE, SERVERS, QUEUE, SEED };
static const char *const keys[] = {
    [FIXED] = "fixed",     [MEDIAN] = "median", [P99] = "p99",   [FROM_FILE] = "file",
    [SERVERS] = "servers", [QUEUE] = "queue",   [SEED] = "seed", NULL,
};

static bool set_key(void *user, size_t key, const char *value, struct err *e)
{
    static bool (*const setters[])(struct sim_latency * l, const char *value, struct err *e) = {
        [FIXED] = set_fixed,     [MEDIAN] = set_fixed, [P99] = set_p99,   [FROM_FILE] = set_file,
        [SERVERS] = set_servers, [QUEUE] = set_queue,  [SEED] = set_seed,
    };
    return setters[key](user, value, e);
}

/* One kind of distribution, and all that it needs. */
static bool check(const struct sim_latency *l, unsigned given, struct err *e)
{
    const char *wrong = NULL;
    bool fixed = (given & 1u << FIXED) != 0, file = (given & 1u << FROM_FILE) != 0;
    bool median = (given & 1u << MEDIAN) != 0, p99 = (given & 1u << P99) != 0;
    if (fixed + file + (median || p99) != 1)
        wrong = "it takes one of fixed=200ms, median=120ms,p99=900ms and file=FILE";
    else if (median != p99)
        wrong = "median and p99 go together";
    else if (!file && l->median_us <= 0)
        wrong = "a time above 0 is needed";
    else if (p99 && l->p99_us < l->median_us)
        wrong = "p99 is below the median";
    else if (l->queue > 0 && l->servers == 0)
        wrong = "queue has no use without servers: nobody waits";
    return wrong == NULL || err_set(e, STAGE_SETUP, REASON_USAGE, "%s", wrong);
}

static int find_operation(const char *word, struct err *e)
{
    const char *words[NDES_OP_COUNT + 1] = {0};
    size_t count = 0;
    for (int i = 0; i < NDES_OP_COUNT; i++) {
        if (operations[i] == NULL)
            continue;
        if (strcmp(operations[i], word) == 0)
            return i;
        words[count++] = operations[i];
    }
    const char *nearest = text_nearest(word, words);
    err_set(e, STAGE_SETUP, REASON_USAGE,
            nearest != NULL ? "there is no operation '%.40s'; did you mean '%s'?"
                            : "'%.40s' is none of get_ca_caps, get_ca_cert, "
                              "get_next_ca_cert, pki_operation, otp%s",
            word, nearest != NULL ? nearest : "");
    return -1;
}

bool sim_latency_parse(const char *text, struct sim_latencies *out, struct err *e)
{
    char copy[TEXT_BYTES];
    if (strlen(text) >= sizeof copy)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "longer than %d characters", TEXT_BYTES - 1);
    memcpy(copy, text, strlen(text) + 1);
    char *list = strchr(copy, ':');
    if (list == NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "write OPERATION:KEY=VALUE,..., as in otp:fixed=200ms");
    *list++ = '\0';
    int op = find_operation(copy, e);
    if (op < 0)
        return false;
    struct sim_latency l = {0};
    unsigned given = 0;
    if (!pairs_read(list, keys, set_key, &l, &given, e) || !check(&l, given, e)) {
        free(l.samples);
        return false;
    }
    free(out->of[op].samples);
    out->of[op] = l;
    return true;
}

void sim_latencies_clear(struct sim_latencies *latencies)
{
    for (size_t i = 0; i < NDES_OP_COUNT; i++)
        free(latencies->of[i].samples);
    *latencies = (struct sim_latencies){0};
}
