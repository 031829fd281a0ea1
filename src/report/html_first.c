/* The first screen: what came of the run, whether to believe it, and the figures that everybody asks for. */
#include "report/html_parts.h"

#include "base/text.h"

/* ---- the headline ---- */

static const char *verdict_class(const struct html *h)
{
    const struct report_verdict *v = &h->judgement->verdict;
    if (!h->over)
        return v->defects ? "bad" : "";
    if (v->exit_code != 0)
        return "bad";
    return v->validity == REPORT_VALID ? "good" : "warn";
}

static const char *how_it_ended(const struct html *h)
{
    if (!h->over)
        return "Still running: ";
    if (h->run->interrupted)
        return "Interrupted: ";
    return h->run->stopped_early != NULL ? "Stopped early: " : "";
}

static void put_headline(const struct html *h)
{
    struct measure_devices d = measure_devices(h->run->measure);
    char enrolled[32], planned[32], part[48] = "", line[240];
    words_count(d.enrolled, enrolled, sizeof enrolled);
    words_count(d.planned, planned, sizeof planned);
    if (h->run->shard != NULL)
        snprintf(part, sizeof part, "Shard %u of %u, no verdict: ", h->run->shard->index,
                 h->run->shard->count);
    snprintf(line, sizeof line, "%s%s%s of %s devices %s%s", part, how_it_ended(h), enrolled, planned,
             h->run->expect_refused ? "were refused, as they should be" : "got their certificate",
             h->judgement->verdict.defects ? ", and some certificates or answers are wrong" : "");
    page_element(h->out, "h1", verdict_class(h), line);
}

static void put_about(const struct html *h)
{
    char started[40], took[32];
    struct buf url;
    buf_init(&url, sizeof h->run->target->url * 4);
    evidence_url(span_of_text(h->run->target->url), &url);
    text_utc(h->run->started_wall_us, started, sizeof started);
    started[16] = '\0'; /* minutes */
    started[10] = ' ';
    text_duration(h->run->duration_us, took, sizeof took);
    buf_append_text(h->out, "<p class=\"dim\">");
    markup_text(h->out, h->run->scenario_name == NULL ? "a run" : h->run->scenario_name);
    buf_append_text(h->out, " against <code>");
    markup_text(h->out, buf_text(&url) == NULL ? "" : buf_text(&url));
    buf_appendf(h->out, "</code>, %s UTC, %s %s</p>\n", started, h->over ? "took" : "so far", took);
    buf_clear(&url);
}

/* ---- three lights ---- */

struct light {
    const char *what, *class_name, *says;
    char why[520];
};

static void put_light(const struct html *h, const struct light *l)
{
    buf_appendf(h->out, "<li class=\"%s\"><span class=\"what\">%s</span><b>%s</b>", l->class_name, l->what,
                l->says);
    page_element(h->out, "p", NULL, l->why);
    buf_append_text(h->out, "</li>\n");
}

static void say_missed(const struct judgement *j, struct light *l)
{
    size_t missed = 0, first = j->slo_count;
    char value[40], more[40] = "";
    for (size_t i = j->slo_count; i-- > 0;) {
        missed += !j->slo[i].ok;
        first = j->slo[i].ok ? first : i;
    }
    if (first == j->slo_count)
        return;
    words_slo_value(&j->slo[first], value, sizeof value);
    if (missed > 1)
        snprintf(more, sizeof more, ", and %zu more", missed - 1);
    snprintf(l->why, sizeof l->why, "%.200s: measured %s%s", j->slo[first].expression, value, more);
}

static struct light objectives(const struct html *h)
{
    struct light l = {.what = "Objectives", .class_name = "dim", .says = "None set"};
    const struct judgement *j = h->judgement;
    if (h->run->slo_count == 0) {
        snprintf(l.why, sizeof l.why, "A list under slo: in the scenario makes this run a test.");
        return l;
    }
    if (!h->over || h->run->shard != NULL) {
        l.says = h->over ? "Judged when merged" : "Judged at the end";
        snprintf(l.why, sizeof l.why, "%zu in all", h->run->slo_count);
        return l;
    }
    bool met = j->verdict.slo == REPORT_SLO_PASS;
    l.class_name = met ? "good" : "bad";
    l.says = met ? "All met" : "Missed";
    if (met)
        snprintf(l.why, sizeof l.why, j->slo_count == 1 ? "the one there is" : "%zu of %zu", j->slo_count,
                 j->slo_count);
    else
        say_missed(j, &l);
    return l;
}

static void say_defects(const struct html *h, struct light *l)
{
    struct words_defect defects[WORDS_DEFECTS];
    char count[32];
    int used = 0;
    words_defects(h->run, defects);
    for (size_t i = 0; i < WORDS_DEFECTS && used >= 0 && (size_t)used < sizeof l->why; i++) {
        if (defects[i].count == 0)
            continue;
        words_count(defects[i].count, count, sizeof count);
        used += snprintf(l->why + used, sizeof l->why - (size_t)used, "%s%s %s", used > 0 ? "; " : "", count,
                         defects[i].title);
    }
}

static struct light correctness(const struct html *h)
{
    struct light l = {
        .what = "Correctness of what the server issued", .class_name = "good", .says = "No defect found"};
    if (h->judgement->verdict.defects) {
        l.class_name = "bad";
        l.says = "DEFECTS";
        say_defects(h, &l);
    } else if (measure_devices(h->run->measure).enrolled == 0 || h->run->expect_refused) {
        l.class_name = "dim";
        l.says = "Nothing to check";
        snprintf(l.why, sizeof l.why, "No certificate was issued.");
    } else {
        snprintf(l.why, sizeof l.why, "Keys, names, serial numbers, nonces and chains were checked.");
    }
    return l;
}

static struct light validity(const struct html *h)
{
    static const char *const says[] = {[REPORT_VALID] = "Trustworthy",
                                       [REPORT_SUSPECT] = "Take them with care",
                                       [REPORT_INVALID] = "NOT VALID"};
    static const char *const classes[] = {
        [REPORT_VALID] = "good", [REPORT_SUSPECT] = "warn", [REPORT_INVALID] = "bad"};
    const struct judgement *j = h->judgement;
    struct light l = {.what = "The figures themselves",
                      .class_name = classes[j->verdict.validity],
                      .says = says[j->verdict.validity]};
    snprintf(l.why, sizeof l.why, "This machine kept up with the load, so the times are the server's.");
    for (size_t i = j->rule_count; i-- > 0;) {
        if (j->rules[i].broken) /* the first one stays */
            snprintf(l.why, sizeof l.why, "%s", j->rules[i].reason);
    }
    return l;
}

/* A wrong certificate outranks everything. */
static void put_lights(const struct html *h)
{
    struct light first = objectives(h), second = correctness(h), third = validity(h);
    bool defects = h->judgement->verdict.defects;
    buf_append_text(h->out, "<ul class=\"lights\" aria-label=\"Verdict\">\n");
    put_light(h, defects ? &second : &first);
    put_light(h, defects ? &first : &second);
    put_light(h, &third);
    buf_append_text(h->out, "</ul>\n");
}

/* ---- headline figures ---- */

static void tile(const struct html *h, const char *label, const char *value, const char *class_name)
{
    buf_appendf(h->out, "<div><dt>%s</dt><dd class=\"%s\">", label, class_name);
    markup_text(h->out, value);
    buf_append_text(h->out, "</dd></div>");
}

static void count_tile(const struct html *h, const char *label, uint64_t n, const char *class_name)
{
    char words[32];
    words_count(n, words, sizeof words);
    tile(h, label, words, class_name);
}

static void quantile_tile(const struct html *h, const char *label, double share)
{
    char words[32];
    words_quantile(measure_enrollment(h->run->measure), share, words, sizeof words);
    tile(h, label, words, "");
}

static void put_tiles(const struct html *h)
{
    struct measure_devices d = measure_devices(h->run->measure);
    uint64_t ended = d.enrolled + d.failed + d.unsent + d.abandoned;
    char words[64];
    buf_append_text(h->out, "<dl class=\"tiles\">");
    count_tile(h, h->run->expect_refused ? "refused as expected" : "enrolled", d.enrolled, "");
    count_tile(h, "failed", d.failed, d.failed > 0 ? "bad" : "");
    if (d.unsent > 0)
        count_tile(h, "never sent", d.unsent, "warn");
    if (d.abandoned > 0)
        count_tile(h, "cut off by the end", d.abandoned, "");
    if (ended > 0) {
        snprintf(words, sizeof words, "%.1f%%", 100.0 * (double)d.enrolled / (double)ended);
        tile(h, "success rate", words, "");
    }
    quantile_tile(h, "median time to enroll", 0.5);
    quantile_tile(h, "95% within", 0.95);
    quantile_tile(h, "longest", 1);
    snprintf(words, sizeof words, "%.1f/s", words_rates(h->run).offered_per_s);
    tile(h, "devices offered", words, "");
    buf_append_text(h->out, "</dl>\n");
}

void html_first(const struct html *h)
{
    put_headline(h);
    put_about(h);
    if (h->run->stopped_early != NULL) {
        buf_append_text(h->out, "<p class=\"bad\">Stopped early: ");
        markup_text(h->out, h->run->stopped_early);
        buf_append_text(h->out, "</p>\n");
    }
    put_lights(h);
    put_tiles(h);
}
