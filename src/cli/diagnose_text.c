#include "cli/diagnose_text.h"

#include "base/text.h"
#include "report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH     100
#define MOST_TOLD 4 /* causes in full; the others in a line */

/* ---- words ---- */

/* Wrapped, without the backticks of the catalogue. The first line has `lead` in front. */
static void put(FILE *to, int indent, const char *lead, const char *text)
{
    int column = fprintf(to, "%*s%s", indent, "", lead), hang = indent + (int)strlen(lead);
    hang = hang > indent + 4 ? indent + 2 : hang;
    bool fresh = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!fresh && column + 1 + (int)len > WIDTH) {
            fprintf(to, "\n%*s", hang, "");
            column = hang;
            fresh = true;
        }
        if (!fresh)
            column += fprintf(to, " ");
        for (size_t i = 0; i < len; i++) {
            if (text[i] != '`')
                fputc(text[i], to);
        }
        column += (int)len;
        fresh = false;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

static void put_list(FILE *to, const char *title, const char *const *items)
{
    if (items == NULL || items[0] == NULL)
        return;
    fprintf(to, "   %s\n", title);
    for (size_t i = 0; items[i] != NULL; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu. ", i + 1);
        put(to, 5, number, items[i]);
    }
}

static const char *in_words(double confidence)
{
    return confidence >= 0.95   ? "all but certain"
           : confidence >= 0.8  ? "very likely"
           : confidence >= 0.6  ? "likely"
           : confidence >= 0.35 ? "possible, the likeliest of several"
           : confidence >= 0.15 ? "possible"
                                : "unlikely, but not ruled out";
}

static void put_time(FILE *to, const struct diagnosis *d)
{
    char first[32], last[32];
    if (d->first_us == EVIDENCE_NO_TIME)
        return;
    text_utc(d->first_us, first, sizeof first);
    text_utc(d->last_us, last, sizeof last);
    first[19] = last[19] = '\0';
    fprintf(to, "   from %s to %s UTC%s%s\n", first, last, d->node[0] != '\0' ? " on " : "", d->node);
}

static void put_symptoms(FILE *to, const struct cause *c)
{
    const char *const shown[][2] = {{"iPhone, iPad: ", c->symptom_ios},
                                    {"Android: ", c->symptom_android},
                                    {"Windows: ", c->symptom_windows},
                                    {"Mac: ", c->symptom_macos},
                                    {"MDM console: ", c->symptom_console}};
    fprintf(to, "   devices show\n");
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (shown[i][1] != NULL && shown[i][1][0] != '\0')
            put(to, 5, shown[i][0], shown[i][1]);
    }
}

static void put_look_alikes(FILE *to, const struct diagnosis *d)
{
    char line[1200] = "";
    size_t used = 0;
    for (size_t i = 0; i < d->look_alike_count && used < sizeof line; i++)
        used +=
            (size_t)snprintf(line + used, sizeof line - used, "%s%s", i == 0 ? "" : ", ", d->look_alikes[i]);
    if (d->look_alike_count > 0)
        put(to, 3, "looks the same from outside: ", line);
}

static void put_cause(FILE *to, const struct diagnosis *d, size_t number, bool of_run)
{
    char line[240];
    snprintf(line, sizeof line, "%zu. ", number);
    put(to, 0, line, d->cause->title);
    fprintf(to, "   %s: %s (%.0f%%)", d->cause->id, in_words(d->confidence), d->confidence * 100);
    if (d->share > 0.0005)
        fprintf(to, ", behind %.0f%% of the failures%s", d->share * 100, of_run ? "" : " in these logs");
    fputc('\n', to);
    put_time(to, d);
    for (size_t i = 0; i < d->evidence_count; i++)
        put(to, 3, i == 0 ? "for:     " : "         ", d->evidence[i]);
    for (size_t i = 0; i < d->against_count; i++)
        put(to, 3, i == 0 ? "against: " : "         ", d->against[i]);
    put_look_alikes(to, d);
    if (d->missing[0] != '\0')
        put(to, 3, "what would settle it: ", d->missing);
    put_list(to, "what to look at", d->cause->steps);
    put_list(to, "what to do", d->cause->resolution);
    put_symptoms(to, d->cause);
    fputc('\n', to);
}

static void put_causes(FILE *to, const struct diagnose_list *list, bool of_run)
{
    size_t told = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnosis *d = &list->items[i];
        if (told < MOST_TOLD && (d->leads || (told < 2 && d->confidence >= 0.15)))
            put_cause(to, d, ++told, of_run);
    }
    if (told == list->count)
        return;
    fprintf(to, "Less likely\n");
    for (size_t i = 0, skipped = 0; i < list->count; i++) {
        const struct diagnosis *d = &list->items[i];
        if (skipped < told && (d->leads || (skipped < 2 && d->confidence >= 0.15)) && skipped < MOST_TOLD)
            skipped++;
        else
            fprintf(to, "   %s (%.0f%%): %s\n", d->cause->id, d->confidence * 100, d->cause->title);
    }
    fputc('\n', to);
}

static void put_offset(FILE *to, const struct diagnose_read *read)
{
    long minutes = (long)(read->offset_us / 60000000);
    if (read->local_times && read->offset_known)
        fprintf(to, "   local times are UTC%+03ld:%02ld\n", minutes / 60, labs(minutes) % 60);
}

static void put_read(FILE *to, const struct diagnose_read *read)
{
    char first[32], last[32];
    fprintf(to, "What was read\n");
    for (size_t i = 0; i < read->file_count; i++) {
        const struct diagnose_file *f = &read->files[i];
        fprintf(to, "   %s: %s, %llu lines, %llu records", f->path,
                f->kind == EVIDENCE_UNKNOWN ? "nothing known" : evidence_kind_id(f->kind),
                (unsigned long long)f->lines, (unsigned long long)f->records);
        if (f->damaged > 0)
            fprintf(to, ", %llu damaged", (unsigned long long)f->damaged);
        fprintf(to, "%s%s%s%s%s\n", f->local_time ? ", local time" : "", f->node[0] != '\0' ? ", of " : "",
                f->node, f->problem[0] != '\0' ? ", " : "", f->problem);
    }
    put_offset(to, read);
    if (read->first_us != EVIDENCE_NO_TIME) {
        text_utc(read->first_us, first, sizeof first);
        text_utc(read->last_us, last, sizeof last);
        first[19] = last[19] = '\0';
        fprintf(to, "   from %s to %s UTC\n", first, last);
    }
    if (read->lost > 0)
        fprintf(to, "   %llu observations found no room\n", (unsigned long long)read->lost);
}

bool diagnose_text_readable(const struct diagnose_read *read)
{
    for (size_t i = 0; i < read->file_count; i++) {
        const struct diagnose_file *f = &read->files[i];
        bool lines = f->kind == EVIDENCE_IIS || f->kind == EVIDENCE_HTTPERR; /* not all of them are records */
        if (f->kind != EVIDENCE_UNKNOWN && (f->records > 0 || (lines && f->lines > 2 * f->damaged)))
            return true;
    }
    return false;
}

static bool any_record(const struct diagnose_read *read)
{
    for (size_t i = 0; i < read->file_count; i++) {
        if (read->files[i].records > 0)
            return true;
    }
    return false;
}

static void put_no_cause(FILE *to, const struct diagnose_read *read, bool of_run)
{
    if (read != NULL && any_record(read))
        fprintf(to, "Nothing is wrong that these logs show%s.\n\n", of_run ? ", and no device failed" : "");
    else if (of_run)
        fprintf(to, "No failure of this run has a documented cause.\n\n");
    else if (read != NULL && diagnose_text_readable(read))
        fprintf(to, "These logs hold no request to NDES and no event: they say nothing about it.\n\n");
    else
        fprintf(to, "There is nothing in this that says anything: no log was recognised.\n\n");
}

void diagnose_text_print(const struct diagnose_list *list, const struct diagnose_read *read,
                         const char *results, FILE *to)
{
    if (list->count > 0)
        put_causes(to, list, results != NULL);
    else
        put_no_cause(to, read, results != NULL);
    if (read == NULL)
        return;
    for (size_t i = 0; i < read->contradiction_count; i++)
        put(to, 0, "Contradiction: ", read->contradictions[i]);
    if (read->contradiction_count > 0)
        fputc('\n', to);
    put_read(to, read);
}

/* ---- JSON ---- */

static json_t *time_json(int64_t us)
{
    char text[32];
    if (us == EVIDENCE_NO_TIME)
        return json_null();
    text_utc(us, text, sizeof text);
    return json_string(text);
}

static json_t *text_json(const char *text)
{
    json_t *out = json_string(text);
    return out != NULL ? out : json_string("(not UTF-8)");
}

static json_t *file_json(const struct diagnose_file *f)
{
    return json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:b, s:o}", "path", text_json(f->path), "kind",
                     f->kind == EVIDENCE_UNKNOWN ? "unknown" : evidence_kind_id(f->kind), "node",
                     text_json(f->node), "bytes", (json_int_t)f->bytes, "lines", (json_int_t)f->lines,
                     "records", (json_int_t)f->records, "damaged", (json_int_t)f->damaged, "local_time",
                     (int)f->local_time, "problem", text_json(f->problem));
}

static json_t *read_json(const struct diagnose_read *read)
{
    json_t *files = json_array(), *contradictions = json_array(), *out = json_object();
    for (size_t i = 0; i < read->file_count; i++)
        json_array_append_new(files, file_json(&read->files[i]));
    for (size_t i = 0; i < read->contradiction_count; i++)
        json_array_append_new(contradictions, text_json(read->contradictions[i]));
    json_object_set_new(out, "files", files);
    json_object_set_new(out, "from", time_json(read->first_us));
    json_object_set_new(out, "to", time_json(read->last_us));
    json_object_set_new(out, "utc_offset_minutes",
                        read->local_times && read->offset_known ? json_integer(read->offset_us / 60000000)
                                                                : json_null());
    json_object_set_new(out, "contradictions", contradictions);
    return out;
}

static json_t *list_json(const struct diagnose_list *list, struct err *e)
{
    struct buf text;
    buf_init(&text, (size_t)16 << 20);
    json_t *out =
        report_diagnosis_json(list, &text, e) ? json_loadb((const char *)text.data, text.len, 0, NULL) : NULL;
    buf_clear(&text);
    return out;
}

bool diagnose_text_json(const struct diagnose_list *list, const struct diagnose_read *read,
                        const char *results, struct err *e)
{
    json_t *causes = list_json(list, e), *out = json_object();
    if (causes == NULL) {
        json_decref(out);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
    }
    json_object_set_new(out, "schema", json_string("scepstorm/diagnosis/1"));
    json_object_set_new(out, "results", results != NULL ? text_json(results) : json_null());
    json_object_set_new(out, "diagnosis", causes);
    json_object_set_new(out, "evidence_read", read != NULL ? read_json(read) : json_null());
    char *text = json_dumps(out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(out);
    if (text == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the diagnosis");
    puts(text);
    free(text);
    return true;
}
