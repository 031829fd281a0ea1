#include "report/bundle_parts.h"
#include "report/results_parts.h"

#include "archive/archive.h"
#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <limits.h>
#include <sys/stat.h>

/* A file of the bundle: one of the folder, or made for it. */
struct item {
    char name[192];
    char *path; /* NULL: `content` is it */
    struct buf content;
    uint64_t bytes;
    uint8_t sha256[32];
};

struct bundle {
    const struct report_results *results;
    const struct report_run *run;
    struct item *items;
    size_t count;
    struct err *e;
};

/* ---- names ---- */

const char *bundle_file(size_t i)
{
    static const char *const files[] = {"histograms.hlog", "issued.csv",    "junit.xml",   "report.html",
                                        "run.sqlite",      "scenario.yaml", "summary.json"};
    return i < sizeof files / sizeof files[0] ? files[i] : NULL;
}

bool bundle_knows(const char *name)
{
    static const char *const made[] = {BUNDLE_MANIFEST, BUNDLE_README, "report.md"};
    for (size_t i = 0; bundle_file(i) != NULL; i++) {
        if (strcmp(name, bundle_file(i)) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (strcmp(name, made[i]) == 0)
            return true;
    }
    size_t place = strlen(BUNDLE_EVIDENCE);
    return strncmp(name, BUNDLE_EVIDENCE, place) == 0 && name[place] != '.' && name[place] != '\0' &&
           strchr(name + place, '/') == NULL;
}

void report_bundle_name(const struct report_run *run, char out[REPORT_BUNDLE_NAME_BYTES])
{
    char when[40], scenario[41];
    size_t n = 0;
    text_utc(run->started_wall_us, when, sizeof when);
    for (const char *c = run->scenario_name; c != NULL && *c != '\0' && n < sizeof scenario - 1; c++)
        scenario[n++] = *c;
    scenario[n] = '\0';
    for (char *c = scenario; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            *c = '_';
    }
    snprintf(out, REPORT_BUNDLE_NAME_BYTES, "scepstorm-%.4s%.2s%.5s%.2s%.2sZ-%s", when, when + 5,
             when + 8, /* */
             when + 14, when + 17, scenario);
}

/* ---- collecting ---- */

static struct item *new_item(struct bundle *b, const char *name)
{
    struct item *items = realloc(b->items, (b->count + 1) * sizeof *items);
    if (items == NULL) {
        err_set(b->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the bundle");
        return NULL;
    }
    b->items = items;
    struct item *item = &items[b->count++];
    *item = (struct item){0};
    buf_init(&item->content, REPORT_MAX_FILE_BYTES);
    snprintf(item->name, sizeof item->name, "%s", name);
    return item;
}

static bool put_bytes(struct bundle *b, const char *name, struct span content)
{
    struct item *item = new_item(b, name);
    return item != NULL && (buf_append_span(&item->content, content) ||
                            err_set(b->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the bundle"));
}

/* What the folder lacks is left out: somebody passed it on without it. A link leads nobody knows where. */
static bool put_file(struct bundle *b, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", b->results->folder, name);
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    struct item *item = new_item(b, name);
    return item != NULL && ((item->path = strdup(path)) != NULL ||
                            err_set(b->e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the bundle"));
}

/* "  user: CONTOSO\svc-mdm": whose account it is helps nobody who reads a bundle. scenario_write has one key a line. */
static bool put_scenario(struct bundle *b, const char *name)
{
    char path[PATH_MAX];
    struct buf text;
    struct err none = {0};
    snprintf(path, sizeof path, "%s/%s", b->results->folder, name);
    struct item *item = new_item(b, name);
    buf_init(&text, BYTES_MAX_MESSAGE);
    if (item == NULL || !file_read(path, &text, &none)) {
        b->count -= item != NULL;
        buf_clear(&text);
        return item != NULL;
    }
    for (size_t at = 0; at < text.len;) {
        const char *line = (const char *)text.data + at;
        const char *newline = memchr(line, '\n', text.len - at);
        size_t len = newline == NULL ? text.len - at : (size_t)(newline - line) + 1, blank = 0;
        while (blank < len && line[blank] == ' ')
            blank++;
        if (len - blank > 5 && strncmp(line + blank, "user:", 5) == 0)
            buf_appendf(&item->content, "%.*suser: withheld\n", (int)blank, line);
        else
            buf_append(&item->content, line, len);
        at += len;
    }
    buf_clear(&text);
    return buf_ok(&item->content, STAGE_SETUP, b->e);
}

static bool put_markdown(struct bundle *b)
{
    struct item *item = new_item(b, "report.md");
    return item != NULL && report_render(b->run, REPORT_MARKDOWN, &item->content, b->e);
}

/* ---- evidence as bytes ---- */

static const char *kind_of(struct span body)
{
    if (body.len > 1 && body.data[0] == 0x30 && (body.data[1] & 0x80) != 0)
        return "der";
    for (size_t i = 0; i < body.len; i++) {
        if (body.data[i] < 0x20 && strchr("\t\r\n", body.data[i]) == NULL)
            return "bin";
    }
    return memmem(body.data, body.len, "<html", 5) != NULL || memmem(body.data, body.len, "<HTML", 5) != NULL
               ? "html"
               : "txt";
}

/* The value of the line "name: value"; empty when there is none. */
static struct span line_of(struct span lines, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at < lines.len;) {
        const uint8_t *line = lines.data + at, *newline = memchr(line, '\n', lines.len - at);
        size_t whole = newline == NULL ? lines.len - at : (size_t)(newline - line);
        if (whole > len + 2 && memcmp(line, name, len) == 0 && memcmp(line + len, ": ", 2) == 0)
            return span_of(line + len + 2, whole - len - 2);
        at += whole + 1;
    }
    return span_of(NULL, 0);
}

static bool put_decoded(struct bundle *b, const char *stem, const char *what, struct span base64)
{
    char name[192];
    struct buf bytes;
    struct err none = {0};
    if (base64.len == 0)
        return true;
    snprintf(name, sizeof name, "%.150s.%s", stem, what);
    buf_init(&bytes, REPORT_MAX_FILE_BYTES);
    bool ok = !text_unbase64(base64, &bytes, &none) || put_bytes(b, name, buf_span(&bytes));
    buf_clear(&bytes);
    return ok;
}

static bool put_exemplar(struct bundle *b, const struct exemplar *x)
{
    char stem[160], name[192];
    struct span request = buf_span(&x->request), body = buf_span(&x->body);
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(x->name) - strlen(".json")), x->name);
    snprintf(name, sizeof name, "%s.answer.%s", stem, kind_of(body));
    return put_file(b, x->name) && (body.len == 0 || put_bytes(b, name, body)) &&
           put_decoded(b, stem, "request.der", line_of(request, "message.der_base64")) &&
           put_decoded(b, stem, "csr.der", line_of(request, "csr.der_base64"));
}

/* ---- words ---- */

static const char about[] =
    "What is in it\n\n"
    "  report.html      the run for people: opens anywhere, fetches nothing\n"
    "  report.md        the same in short, for a ticket\n"
    "  summary.json     its figures and verdict (scepstorm report --schema describes it)\n"
    "  junit.xml        objectives, validity and correctness as test cases\n"
    "  run.sqlite       every device and step, with ready views: sqlite3 run.sqlite \"SELECT * FROM "
    "slowest LIMIT 10\"\n"
    "  histograms.hlog  latencies, for tools of HdrHistogram\n"
    "  issued.csv       every certificate obtained\n"
    "  scenario.yaml    what was run\n"
    "  evidence/        one exemplar of each kind of failure:\n"
    "    NN-*.json          request and answer, decoded\n"
    "    NN-*.answer.*      the answer's body as it came (DER, HTML, text)\n"
    "    NN-*.request.der   the pkiMessage that was sent; its encrypted part is overwritten with '*'\n"
    "    NN-*.csr.der       the PKCS#10 in it; its challengePassword is overwritten with '*'\n"
    "  MANIFEST         SHA-256 of each file: sha256sum -c MANIFEST\n\n"
    "What is not in it\n\n"
    "Passwords, one-time passwords, private keys, Authorization headers and cookies; the name of the account "
    "that "
    "fetched\none-time passwords. Because of what was overwritten, the signatures of *.request.der and "
    "*.csr.der "
    "do not verify.\n\n"
    "To decode it once more\n\n"
    "  scepstorm report THIS.tar.gz                          the words at the end of the run, causes "
    "included\n"
    "  scepstorm report THIS.tar.gz --html=again.html        or --json --markdown --junit --csv\n"
    "  scepstorm diagnose THIS.tar.gz --evidence LOGS        held against the server's logs\n"
    "  openssl cms -cmsout -print -inform DER -in evidence/NN-....request.der      (or ....answer.der)\n"
    "  openssl req -noout -text -inform DER -in evidence/NN-....csr.der\n";

static bool put_readme(struct bundle *b)
{
    char verdict[240], when[40];
    struct report_verdict v = {0};
    const struct report_run *run = b->run;
    struct item *item = new_item(b, BUNDLE_README);
    if (item == NULL || !report_judge(run, &v, b->e))
        return false;
    text_utc(run->started_wall_us, when, sizeof when);
    words_verdict(run, &v, verdict, sizeof verdict);
    buf_appendf(
        &item->content,
        "A run of scepstorm, a load generator for SCEP enrollments\n\n  scenario   %s\n  started    %s\n"
        "  verdict    %s\n  scepstorm  %s\n",
        run->scenario_name == NULL ? "" : run->scenario_name, when, verdict,
        run->version != NULL ? run->version : SCEPSTORM_VERSION);
    for (size_t i = 0; run->versions != NULL && run->versions[i] != NULL && run->versions[i + 1] != NULL;
         i += 2)
        buf_appendf(&item->content, "  %-10s %s\n", run->versions[i], run->versions[i + 1]);
    buf_appendf(&item->content, "\n%s", about);
    return buf_ok(&item->content, STAGE_SETUP, b->e);
}

static bool digest(struct bundle *b, struct item *item)
{
    item->bytes = item->content.len;
    if (item->path != NULL)
        return file_sha256(item->path, item->sha256, &item->bytes, b->e);
    return span_sha256(buf_span(&item->content), item->sha256) ||
           err_set(b->e, STAGE_SETUP, REASON_NO_MEMORY, "no SHA-256 of %s", item->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Comes last, as it names all others. */
static bool put_manifest(struct bundle *b)
{
    struct buf text;
    buf_init(&text, BYTES_MAX_MESSAGE);
    qsort(b->items, b->count, sizeof *b->items, by_name);
    bool ok = true;
    for (size_t i = 0; ok && i < b->count; i++) {
        char hex[65];
        ok = digest(b, &b->items[i]);
        text_hex(span_of(b->items[i].sha256, 32), false, hex);
        buf_appendf(&text, "%s  %s\n", hex, b->items[i].name);
    }
    ok = ok && put_bytes(b, BUNDLE_MANIFEST, buf_span(&text));
    buf_clear(&text);
    return ok;
}

/* ---- the archive ---- */

static bool collect(struct bundle *b)
{
    bool ok = true;
    for (size_t i = 0; ok && bundle_file(i) != NULL; i++)
        ok = strcmp(bundle_file(i), "scenario.yaml") == 0 ? put_scenario(b, bundle_file(i))
                                                          : put_file(b, bundle_file(i));
    for (size_t i = 0; ok && i < b->results->exemplar_count; i++)
        ok = put_exemplar(b, &b->results->exemplars[i]);
    return ok && put_markdown(b) && put_readme(b) && put_manifest(b);
}

static bool write_items(const struct bundle *b, struct archive_writer *w)
{
    char folder[REPORT_BUNDLE_NAME_BYTES], name[ARCHIVE_NAME_BYTES + 32];
    report_bundle_name(b->run, folder);
    bool ok = true;
    for (size_t i = 0; ok && i < b->count; i++) {
        const struct item *item = &b->items[i];
        snprintf(name, sizeof name, "%s/%s", folder, item->name);
        ok = item->path != NULL ? archive_put_file(w, name, item->path, item->bytes, b->e)
                                : archive_put(w, name, buf_span(&item->content), b->e);
    }
    return ok;
}

static bool write_archive(const struct bundle *b, const char *file)
{
    struct archive_writer *w = NULL;
    if (!archive_create(file, b->run->started_wall_us / 1000000, &w, b->e))
        return false;
    if (write_items(b, w))
        return archive_close(w, b->e);
    archive_discard(w);
    return false;
}

static void clear(struct bundle *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->items[i].path);
        buf_clear(&b->items[i].content);
    }
    free(b->items);
}

bool report_bundle_write(const struct report_results *r, const struct report_run *run, const char *file,
                         struct err *e)
{
    struct bundle b = {.results = r, .run = run, .e = e};
    bool ok = collect(&b);
    if (ok)
        qsort(b.items, b.count, sizeof *b.items, by_name);
    ok = ok && write_archive(&b, file);
    clear(&b);
    return ok;
}
