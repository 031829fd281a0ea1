#include "report/parts.h"

#include "base/text.h"

/* One page, no script, nothing fetched. Everything that is not ours goes through markup_text. */

static const char style[] =
    ":root{--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;--good:#1a7f37;--bad:#cf222e;"
    "--warn:#9a6700;--c1:#0969da;--c2:#1a7f37;--c3:#cf222e;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--soft:#"
    "161b22;"
    "--good:#3fb950;--bad:#ff7b72;--warn:#d29922;--c1:#58a6ff;--c2:#3fb950;--c3:#ff7b72}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;background:var(--bg);"
    "color:var(--fg)}\n"
    "h1{font-size:1.5rem;line-height:1.3;margin:.2rem 0 .6rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;"
    "border-bottom:1px solid var(--line)}h3{font-size:1rem;margin:1rem 0 .3rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid "
    "var(--line);vertical-align:top;"
    "overflow-wrap:anywhere}th{color:var(--dim);font-weight:600}.n{text-align:right;white-space:nowrap}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.dim,figcaption,.axis{color:var(--"
    "dim)}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}.tile{background:var(--soft);border:1px "
    "solid "
    "var(--line);border-radius:6px;padding:.5rem .9rem}.tile b{display:block;font-size:1.25rem}\n"
    ".cause{background:var(--soft);border:1px solid var(--line);border-left:4px solid "
    "var(--bad);border-radius:6px;"
    "padding:.5rem 1rem;margin:.6rem 0}.cause p{margin:.4rem 0}summary{cursor:pointer}\n"
    "code,pre{font:.85rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}"
    "pre{background:var(--soft);padding:.6rem;border-radius:6px}\n"
    "figure{margin:1rem "
    "0}svg{width:100%;height:auto}.axis{font-size:11px;fill:var(--dim)}.grid{stroke:var(--line);"
    "fill:none}.line{fill:none;stroke-width:1.6}.key{display:inline-block;width:1.2em;height:3px;margin:0 "
    ".4em .25em "
    "1em}\n"
    ".offered,.p50,.held{stroke:var(--c1)}.limit{stroke:var(--warn);stroke-dasharray:6 "
    "4}.enrolled{stroke:var(--c2)}.failed,.p95{stroke:var(--c3)}"
    ".key.offered,.key.p50,.key.held{background:var(--c1)}.key.limit{background:var(--warn)}.key.enrolled{"
    "background:var(--c2)}"
    ".key.failed,.key.p95{background:var(--c3)}\n"
    "@media print{body{max-width:none;margin:0}.cause,figure,tr{break-inside:avoid}h2{break-after:avoid}}\n";

static void text(struct buf *out, const char *words)
{
    markup_text(out, words == NULL ? "" : words);
}

/* <tag class="...">words</tag> */
static void element(struct buf *out, const char *tag, const char *class_name, const char *words)
{
    if (class_name == NULL)
        buf_appendf(out, "<%s>", tag);
    else
        buf_appendf(out, "<%s class=\"%s\">", tag, class_name);
    text(out, words);
    buf_appendf(out, "</%s>", tag);
}

static void head_row(struct buf *out, const char *const *names, size_t first_number)
{
    buf_append_text(out, "<table><thead><tr>");
    for (size_t i = 0; names[i] != NULL; i++)
        element(out, "th", i >= first_number ? "n" : NULL, names[i]);
    buf_append_text(out, "</tr></thead><tbody>\n");
}

static void end_table(struct buf *out)
{
    buf_append_text(out, "</tbody></table>\n");
}

static void count_cell(struct buf *out, uint64_t n, const char *class_name)
{
    char words[32];
    words_count(n, words, sizeof words);
    element(out, "td", class_name, words);
}

static void quantile_cell(struct buf *out, const struct histogram *h, double share)
{
    char words[32];
    words_quantile(h, share, words, sizeof words);
    element(out, "td", "n", words);
}

static const char *verdict_class(const struct report_verdict *v)
{
    if (v->exit_code != 0)
        return "bad";
    return v->validity == REPORT_VALID ? "good" : "warn";
}

static void put_verdict(const struct summary *s, struct buf *out)
{
    char line[240], started[40], took[32];
    words_verdict(s->run, &s->judgement.verdict, line, sizeof line);
    text_utc(s->run->started_wall_us, started, sizeof started);
    text_duration(s->run->duration_us, took, sizeof took);
    element(out, "div", "dim", s->run->scenario_name == NULL ? "scepstorm" : s->run->scenario_name);
    element(out, "h1", verdict_class(&s->judgement.verdict), line);
    buf_append_text(out, "<p class=\"dim\">");
    text(out, json_string_value(json_object_get(json_object_get(s->tree, "target"), "url")));
    buf_appendf(out, " &middot; started %s &middot; took %s</p>\n", started, took);
    if (s->run->stopped_early != NULL) {
        buf_append_text(out, "<p class=\"bad\">Stopped early: ");
        text(out, s->run->stopped_early);
        buf_append_text(out, "</p>\n");
    }
    for (size_t i = 0; i < s->judgement.rule_count; i++) {
        if (s->judgement.rules[i].broken)
            element(out, "p", "warn", s->judgement.rules[i].reason);
    }
}

static void tile(struct buf *out, const char *label, const char *value)
{
    buf_append_text(out, "<div class=\"tile\">");
    text(out, label);
    element(out, "b", NULL, value);
    buf_append_text(out, "</div>");
}

static void count_tile(struct buf *out, const char *label, uint64_t n)
{
    char words[32];
    words_count(n, words, sizeof words);
    tile(out, label, words);
}

static void put_tiles(const struct report_run *run, struct buf *out)
{
    struct measure_devices d = measure_devices(run->measure);
    struct words_rates rates = words_rates(run);
    char words[40];
    buf_append_text(out, "<div class=\"tiles\">");
    count_tile(out, run->expect_refused ? "refused as expected" : "enrolled", d.enrolled);
    count_tile(out, "failed", d.failed);
    if (d.unsent > 0)
        count_tile(out, "not sent", d.unsent);
    if (d.abandoned > 0)
        count_tile(out, "abandoned", d.abandoned);
    snprintf(words, sizeof words, "%.1f/s", rates.offered_per_s);
    tile(out, "offered", words);
    words_quantile(measure_enrollment(run->measure), 0.5, words, sizeof words);
    tile(out, "latency, median", words);
    words_quantile(measure_enrollment(run->measure), 0.95, words, sizeof words);
    tile(out, "latency, p95", words);
    words_quantile(measure_enrollment(run->measure), 1, words, sizeof words);
    tile(out, "latency, max", words);
    buf_append_text(out, "</div>\n");
}

static void put_slos(const struct judgement *j, struct buf *out)
{
    static const char *const names[] = {"objective", "measured", "", NULL};
    if (j->slo_count == 0)
        return;
    buf_append_text(out, "<h2>Objectives</h2>\n");
    head_row(out, names, 1);
    for (size_t i = 0; i < j->slo_count; i++) {
        char value[40];
        words_slo_value(&j->slo[i], value, sizeof value);
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, j->slo[i].expression);
        element(out, "td", "n", value);
        element(out, "td", j->slo[i].ok ? "n good" : "n bad", j->slo[i].ok ? "met" : "MISSED");
        buf_append_text(out, "</tr>\n");
    }
    end_table(out);
}

/* Words of the catalogue: commands stand between backticks. */
static void prose(struct buf *out, const char *words)
{
    char piece[512];
    for (bool code = false; words != NULL && *words != '\0'; code = !code) {
        size_t len = strcspn(words, "`");
        for (size_t done = 0, some; done < len; done += some) {
            some = len - done < sizeof piece - 1 ? len - done : sizeof piece - 1;
            snprintf(piece, sizeof piece, "%.*s", (int)some, words + done);
            if (done == 0 && code)
                buf_append_text(out, "<code>");
            text(out, piece);
        }
        if (code && len > 0)
            buf_append_text(out, "</code>");
        words += len + (words[len] == '`');
    }
}

static void put_list(struct buf *out, const char *title, const char *const *items)
{
    element(out, "h3", NULL, title);
    buf_append_text(out, "<ol>");
    for (size_t i = 0; items[i] != NULL; i++) {
        buf_append_text(out, "<li>");
        prose(out, items[i]);
        buf_append_text(out, "</li>");
    }
    buf_append_text(out, "</ol>\n");
}

static void put_evidence(const struct diagnosis *d, struct buf *out)
{
    buf_append_text(out, "<ul>");
    for (size_t i = 0; i < d->evidence_count; i++)
        element(out, "li", NULL, d->evidence[i]);
    buf_append_text(out, "</ul>\n");
}

static void put_symptoms(const struct cause *c, struct buf *out)
{
    const struct {
        const char *who, *what;
    } rows[] = {{"iPhone, iPad", c->symptom_ios},
                {"Android", c->symptom_android},
                {"Windows", c->symptom_windows},
                {"Mac", c->symptom_macos}};
    element(out, "h3", NULL, "What the devices show");
    buf_append_text(out, "<table><tbody>");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_append_text(out, "<tr>");
        element(out, "th", NULL, rows[i].who);
        buf_append_text(out, "<td>");
        prose(out, rows[i].what);
        buf_append_text(out, "</td></tr>");
    }
    end_table(out);
}

static void put_look_alikes(const struct diagnosis *d, struct buf *out)
{
    if (d->look_alike_count == 0)
        return;
    buf_append_text(out, "<p class=\"dim\">Looks the same from outside: ");
    for (size_t i = 0; i < d->look_alike_count; i++) {
        buf_append_text(out, i == 0 ? "" : ", ");
        text(out, d->look_alikes[i]);
    }
    buf_append_text(out, ".</p>\n");
}

/* The best one is open, the others unfold at a click: no script is needed for that. */
static void put_cause(const struct diagnosis *d, bool open, struct buf *out)
{
    const struct cause *c = d->cause;
    buf_appendf(out, "<details class=\"cause\"%s><summary><b>", open ? " open" : "");
    text(out, c->title);
    buf_appendf(out, "</b> <code>%s</code> &middot; %.0f%% sure, behind %.0f%% of the failures</summary>\n",
                c->id, d->confidence * 100, d->share * 100);
    put_evidence(d, out);
    buf_append_text(out, "<p><b>What settles it:</b> ");
    prose(out, c->decided_by);
    buf_append_text(out, "</p>\n");
    put_list(out, "What to do", c->resolution);
    put_list(out, "What to look at", c->steps);
    put_symptoms(c, out);
    put_look_alikes(d, out);
    buf_append_text(out, "<p class=\"dim\">Sources:");
    for (size_t i = 0; c->sources[i] != NULL; i++) {
        buf_append_text(out, " <a href=\"");
        text(out, c->sources[i]);
        buf_appendf(out, "\">[%zu]</a>", i + 1);
    }
    buf_append_text(out, "</p></details>\n");
}

static void put_causes(const struct report_run *run, struct buf *out)
{
    const struct diagnose_list *list = run->diagnosis;
    if (list == NULL || list->count == 0)
        return;
    buf_append_text(out, "<h2>Likely causes, best first</h2>\n");
    if (list->items[0].confidence < 0.5)
        buf_append_text(out,
                        "<p>From outside these look the same; on the server, what settles it does.</p>\n");
    for (size_t i = 0; i < list->count; i++)
        put_cause(&list->items[i], i == 0, out);
}

static void put_failures(const struct measure *m, struct buf *out)
{
    static const char *const names[] = {"step", "what happened", "details", "devices", "first", "last", NULL};
    if (measure_failure_count(m) == 0)
        return;
    buf_append_text(out, "<h2>Failures</h2>\n");
    head_row(out, names, 3);
    for (size_t i = 0; i < measure_failure_count(m); i++) {
        const struct measure_failure *f = measure_failure(m, i);
        char what[240], first[32], last[32];
        words_failure(f, what, sizeof what);
        text_duration(f->first_us, first, sizeof first);
        text_duration(f->last_us, last, sizeof last);
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, base_stage_id(f->first.error.stage));
        element(out, "td", NULL, what);
        element(out, "td", NULL, words_detail(f));
        count_cell(out, f->count, "n");
        element(out, "td", "n", first);
        element(out, "td", "n", last);
        buf_append_text(out, "</tr>\n");
    }
    end_table(out);
}

static void histogram_row(struct buf *out, const char *name, uint64_t count, uint64_t failed,
                          const struct histogram *h)
{
    static const double shares[] = {0.5, 0.95, 0.99, 0.999, 1};
    buf_append_text(out, "<tr>");
    element(out, "td", NULL, name);
    count_cell(out, count, "n");
    count_cell(out, failed, failed > 0 ? "n bad" : "n");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        quantile_cell(out, h, shares[i]);
    buf_append_text(out, "</tr>\n");
}

static void put_steps(const struct measure *m, struct buf *out)
{
    static const char *const names[] = {"", "count", "failed", "p50", "p95", "p99", "p99.9", "max", NULL};
    buf_append_text(out, "<h2>Times</h2>\n");
    head_row(out, names, 1);
    histogram_row(out, "enrollment, from the scheduled start", histogram_count(measure_enrollment(m)), 0,
                  measure_enrollment(m));
    histogram_row(out, "enrollment, from the actual start", histogram_count(measure_service(m)), 0,
                  measure_service(m));
    histogram_row(out, "start lag", histogram_count(measure_start_lag(m)), 0, measure_start_lag(m));
    for (int s = STAGE_KEY; s < STAGE_COUNT; s++) {
        struct measure_step step;
        if (measure_step(m, (enum stage)s, &step))
            histogram_row(out, base_stage_id((enum stage)s), step.count, step.failed, step.latency);
    }
    end_table(out);
    buf_append_text(
        out, "<p class=\"dim\">A dash: too few values to tell (p99 needs 1,000, p99.9 needs 10,000). Warm-up "
             "phases are left out; timed-out devices count at their time-out.</p>\n");
}

static void put_otp(const struct report_run *run, struct buf *out)
{
    static const char *const names[] = {"", "count", "failed", "p50", "p95", "p99", "p99.9", "max", NULL};
    struct measure_otp o = measure_otp(run->measure);
    char words[480];
    words_otp(run, words, sizeof words);
    if (words[0] == '\0')
        return;
    buf_append_text(out, "<h2>One-time passwords</h2>\n");
    element(out, "p", NULL, words);
    words_otp_capacity(run, words, sizeof words);
    if (otp_capacity(run).near)
        element(out, "p", "warn", words);
    chart_write_otp(run, out);
    head_row(out, names, 1);
    histogram_row(out, "fetch", histogram_count(o.fetch), o.failed, o.fetch);
    histogram_row(out, "age when sent, since its fetch", histogram_count(o.age), 0, o.age);
    histogram_row(out, "held, from its fetch until answered", histogram_count(o.hold), 0, o.hold);
    end_table(out);
}

static void put_correctness(const struct report_run *run, struct buf *out)
{
    struct words_defect defects[WORDS_DEFECTS];
    words_defects(run, defects);
    buf_append_text(out, "<h2>Correctness</h2>\n<table><tbody>");
    for (size_t i = 0; i < WORDS_DEFECTS; i++) {
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, defects[i].title);
        count_cell(out, defects[i].count, defects[i].count > 0 ? "n bad" : "n");
        buf_append_text(out, "</tr>");
    }
    end_table(out);
}

static void put_personas(const struct report_run *run, struct buf *out)
{
    static const char *const names[] = {"", "devices", "failed", "p50", "p95", "p99", "p99.9", "max", NULL};
    if (run->profile_count < 2)
        return;
    buf_append_text(out, "<h2>Personas</h2>\n");
    head_row(out, names, 1);
    for (size_t i = 0; i < run->profile_count; i++) {
        struct measure_persona p = measure_persona(run->measure, (unsigned)i);
        histogram_row(out, run->profiles[i], p.planned, p.failed, p.latency);
    }
    end_table(out);
}

static void put_follow_ups(const struct report_run *run, struct buf *out)
{
    bool any = false;
    for (int i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        char words[160];
        words_follow_up(run, (enum outcome_follow)i, words, sizeof words);
        if (words[0] == '\0')
            continue;
        if (!any)
            buf_append_text(out, "<h2>After the enrollment</h2>\n<table><tbody>");
        any = true;
        bool failed = measure_follow_up(run->measure, (enum outcome_follow)i).failed > 0;
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, outcome_follow_id((enum outcome_follow)i));
        element(out, "td", failed ? "bad" : NULL, words);
        buf_append_text(out, "</tr>");
    }
    if (any)
        end_table(out);
}

static void put_verdicts(const struct report_run *run, struct buf *out)
{
    char words[320];
    words_verdicts(run, words, sizeof words);
    if (words[0] == '\0')
        return;
    buf_append_text(out, "<h2>What the devices would say</h2>\n");
    element(out, "p", "warn", words);
}

static void put_conformance(const struct measure *m, struct buf *out)
{
    static const char *const names[] = {"probe", "verdict", "the request", "expected", "observed",
                                        "rule",  "control", "count",       NULL};
    static const char *const classes[OUTCOME_PROBE_VERDICTS] = {[OUTCOME_PROBE_PASSED] = "good",
                                                                [OUTCOME_PROBE_FAILED] = "bad",
                                                                [OUTCOME_PROBE_SKIPPED] = "warn",
                                                                [OUTCOME_PROBE_ODD] = "warn"};
    char counts[120];
    struct conformance_walk at = {0};
    words_conformance(m, counts, sizeof counts);
    if (counts[0] == '\0')
        return;
    buf_append_text(out, "<h2>Conformance</h2>\n");
    element(out, "p", NULL, counts);
    head_row(out, names, 7);
    for (const struct measure_probe *p; (p = conformance_next(m, &at)) != NULL;) {
        const struct outcome_probe *o = &p->first;
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, o->probe);
        element(out, "td", classes[o->verdict], outcome_probe_verdict_id(o->verdict));
        element(out, "td", NULL, o->does);
        element(out, "td", NULL, o->expected);
        element(out, "td", NULL, o->observed);
        element(out, "td", "dim", o->rule);
        element(out, "td", "dim", o->control);
        count_cell(out, p->count, "n");
        buf_append_text(out, "</tr>\n");
    }
    end_table(out);
}

static void put_certificates(const struct report_run *run, struct buf *out)
{
    static const char *const names[] = {"role", "subject", "issuer", "expires", "", NULL};
    if (run->target->cert_count == 0)
        return;
    buf_append_text(out, "<h2>Certificates of the target</h2>\n");
    head_row(out, names, 4);
    for (size_t i = 0; i < run->target->cert_count; i++) {
        const struct outcome_target_cert *cert = &run->target->certs[i];
        int64_t days = (cert->not_after - run->started_wall_us / 1000000) / 86400;
        char when[40], left[40];
        text_utc(cert->not_after * 1000000, when, sizeof when);
        when[10] = '\0';
        snprintf(left, sizeof left, days < 0 ? "expired" : "%lld days left", (long long)days);
        buf_append_text(out, "<tr>");
        element(out, "td", NULL, cert->role);
        element(out, "td", NULL, cert->subject);
        element(out, "td", NULL, cert->issuer);
        element(out, "td", "n", when);
        element(out, "td", days < 14 ? "n bad" : days < 60 ? "n warn" : "n good", left);
        buf_append_text(out, "</tr>\n");
    }
    end_table(out);
}

static void put_foot(const struct report_run *run, struct buf *out)
{
    if (run->note_count > 0)
        buf_append_text(out, "<h2>Notes</h2>\n<ul>");
    for (size_t i = 0; i < run->note_count; i++)
        element(out, "li", NULL, run->notes[i]);
    if (run->note_count > 0)
        buf_append_text(out, "</ul>\n");
    buf_append_text(out, "<h2>Run it again</h2>\n");
    element(out, "pre", NULL, run->reproduce == NULL ? "" : run->reproduce);
    buf_append_text(out, "<p class=\"dim\">scepstorm ");
    markup_text(out, run->version != NULL ? run->version : SCEPSTORM_VERSION);
    for (size_t i = 0; run->versions != NULL && run->versions[i] != NULL && run->versions[i + 1] != NULL;
         i += 2) {
        buf_append_text(out, " &middot; ");
        text(out, run->versions[i]);
        buf_append_text(out, " ");
        text(out, run->versions[i + 1]);
    }
    buf_appendf(out, " &middot; seed %llu &middot; scenario SHA-256 ", (unsigned long long)run->seed);
    text(out, run->scenario_sha256 == NULL ? "" : run->scenario_sha256);
    if (run->authorized != NULL) {
        buf_append_text(out, " &middot; authorized: ");
        text(out, run->authorized);
    }
    buf_append_text(out, "</p>\n");
}

bool html_write(const struct summary *s, struct buf *out, struct err *e)
{
    buf_append_text(
        out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>scepstorm: ");
    text(out, s->run->scenario_name == NULL ? "run" : s->run->scenario_name);
    buf_append_text(out, "</title>\n<style>\n");
    buf_append_text(out, style);
    buf_append_text(out, "</style></head><body>\n");
    put_verdict(s, out);
    put_tiles(s->run, out);
    if (s->judgement.verdict.defects)
        put_correctness(s->run, out);
    put_causes(s->run, out);
    put_failures(s->run->measure, out);
    put_slos(&s->judgement, out);
    chart_write(s->run, out);
    put_steps(s->run->measure, out);
    put_otp(s->run, out);
    put_personas(s->run, out);
    put_follow_ups(s->run, out);
    put_verdicts(s->run, out);
    if (!s->judgement.verdict.defects)
        put_correctness(s->run, out);
    put_conformance(s->run->measure, out);
    put_certificates(s->run, out);
    put_foot(s->run, out);
    buf_append_text(out, "</body></html>\n");
    return buf_ok(out, STAGE_SETUP, e);
}
