/* What stood on both sides: the target's certificates, the generator's health, and how to run it again. */
#include "report/html_parts.h"

#include "base/text.h"

#define DAY         86400
#define SOON        14 /* days left that are too few, */
#define IN_TIME     60 /* and those at which somebody should plan */
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* ---- certificates ---- */

bool html_has_certificates(const struct html *h)
{
    return h->run->target->cert_count > 0;
}

static int64_t days_left(const struct html *h, const struct outcome_target_cert *cert)
{
    int64_t seconds = cert->not_after - h->run->started_wall_us / 1000000;
    return seconds < 0 ? -1 : seconds / DAY;
}

static const char *days_class(int64_t days)
{
    return days < SOON ? "bad" : days < IN_TIME ? "warn" : "good";
}

static void say_days(int64_t days, char *out, size_t out_bytes)
{
    if (days < 0)
        snprintf(out, out_bytes, "expired");
    else
        snprintf(out, out_bytes, days == 1 ? "%lld day left" : "%lld days left", (long long)days);
}

/* "CN=" and what follows, up to the next part of the name. */
static void short_name(const char *subject, char *out, size_t out_bytes)
{
    const char *cn = strstr(subject, "CN=");
    cn = cn == NULL ? subject : cn + 3;
    snprintf(out, out_bytes, "%.*s", (int)strcspn(cn, ","), cn);
}

static void put_calendar(const struct html *h)
{
    const struct outcome_target *t = h->run->target;
    struct chart_spans c = {
        .id = "calendar",
        .title = "Until when they are valid",
        .says = "Validity of the certificates that the target showed. NDES stops when one of its two "
                "RA certificates expires, whatever the CA's says.",
        .now = h->run->started_wall_us / 1000000};
    for (size_t i = 0; i < t->cert_count && c.row_count < CHART_ROWS; i++) {
        struct chart_span *s = &c.rows[c.row_count++];
        char name[64];
        int64_t days = days_left(h, &t->certs[i]);
        short_name(t->certs[i].subject, name, sizeof name);
        snprintf(s->label, sizeof s->label, "%.24s: %s", t->certs[i].role, name);
        say_days(days, s->note, sizeof s->note);
        s->from = t->certs[i].not_before;
        s->to = t->certs[i].not_after;
        s->class_name = days_class(days);
    }
    chart_draw_spans(&c, h->out);
}

static void put_table(const struct html *h)
{
    static const struct page_column columns[] = {
        {"role", false}, {"subject", false}, {"issuer", false}, {"expires", true}, {"", true}};
    page_table(h->out, "Certificates that the target showed", columns, COUNT_OF(columns));
    for (size_t i = 0; i < h->run->target->cert_count; i++) {
        const struct outcome_target_cert *cert = &h->run->target->certs[i];
        int64_t days = days_left(h, cert);
        char when[40], left[40], class_name[16];
        text_utc(cert->not_after * 1000000, when, sizeof when);
        when[10] = '\0';
        say_days(days, left, sizeof left);
        snprintf(class_name, sizeof class_name, "n %s", days_class(days));
        page_row(h->out, cert->role);
        page_cell(h->out, "text", cert->subject);
        page_cell(h->out, "text", cert->issuer);
        page_cell(h->out, "n", when);
        page_cell(h->out, class_name, left);
        page_row_end(h->out);
    }
    page_table_end(h->out);
}

void html_certificates(const struct html *h)
{
    buf_append_text(h->out, "<div class=\"charts\">\n");
    put_calendar(h);
    buf_append_text(h->out, "</div>\n");
    put_table(h);
}

/* ---- the generator ---- */

static void put_rules(const struct html *h)
{
    static const struct page_column columns[] = {
        {"rule", false}, {"", false}, {"what, and what to change", false}};
    page_table(h->out, "What must hold so that the times are the server's and not this machine's", columns,
               COUNT_OF(columns));
    for (size_t i = 0; i < h->judgement->rule_count; i++) {
        const struct rule_result *r = &h->judgement->rules[i];
        page_row(h->out, r->name);
        page_cell(h->out,
                  !r->broken               ? "good"
                  : r->weight == RULE_HARD ? "bad"
                                           : "warn",
                  r->broken ? "broken" : "holds");
        page_cell(h->out, "text", r->reason);
        page_row_end(h->out);
    }
    page_table_end(h->out);
}

static void fact(const struct html *h, const char *name, const char *value)
{
    page_element(h->out, "dt", NULL, name);
    page_element(h->out, "dd", NULL, value);
    buf_append_byte(h->out, '\n');
}

static void share_fact(const struct html *h, const char *name, int64_t us)
{
    char words[64];
    int64_t wall = h->run->generator->wall_us;
    snprintf(words, sizeof words, "%.0f%%", wall > 0 ? 100.0 * (double)us / (double)wall : 0.0);
    fact(h, name, words);
}

static void count_fact(const struct html *h, const char *name, uint64_t n)
{
    char words[32];
    words_count(n, words, sizeof words);
    fact(h, name, words);
}

static void put_facts(const struct html *h)
{
    const struct outcome_generator *g = h->run->generator;
    char words[64];
    buf_append_text(h->out, "<dl class=\"facts\">\n");
    snprintf(words, sizeof words, "%.2f of %u", g->wall_us > 0 ? (double)g->cpu_us / (double)g->wall_us : 0.0,
             g->cores);
    fact(h, "cores kept busy", words);
    share_fact(h, "event loop busy", g->loop_cpu_us);
    share_fact(h, "waited for a processor", g->cpu_wait_us);
    words_quantile(measure_start_lag(h->run->measure), 1, words, sizeof words);
    fact(h, "longest wait to start", words);
    words_quantile(measure_loop_stall(h->run->measure), 1, words, sizeof words);
    fact(h, "longest stall of the event loop", words);
    snprintf(words, sizeof words, "%.0f MiB", (double)g->peak_rss_bytes / 1048576);
    fact(h, "memory at most", words);
    count_fact(h, "devices under way at most", g->in_flight_max);
    count_fact(h, "connections at most", g->open_connections_max);
    count_fact(h, "HTTP requests", g->requests);
    buf_append_text(h->out, "</dl>\n");
}

void html_generator(const struct html *h)
{
    put_rules(h);
    put_facts(h);
}

/* ---- the end ---- */

bool html_has_notes(const struct html *h)
{
    return h->run->note_count > 0;
}

void html_notes(const struct html *h)
{
    buf_append_text(h->out, "<ul>");
    for (size_t i = 0; i < h->run->note_count; i++)
        page_element(h->out, "li", NULL, h->run->notes[i]);
    buf_append_text(h->out, "</ul>\n");
}

static void put_versions(const struct html *h)
{
    const char *const *v = h->run->versions;
    page_element(h->out, "dt", NULL, "scepstorm");
    page_element(h->out, "dd", NULL, h->run->version != NULL ? h->run->version : SCEPSTORM_VERSION);
    for (size_t i = 0; v != NULL && v[i] != NULL && v[i + 1] != NULL; i += 2)
        fact(h, v[i], v[i + 1]);
}

void html_again(const struct html *h)
{
    char seed[24];
    page_element(h->out, "pre", NULL, h->run->reproduce);
    buf_append_text(h->out, "<dl class=\"facts\">\n");
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)h->run->seed);
    fact(h, "seed", seed);
    fact(h, "scenario, SHA-256", h->run->scenario_sha256);
    if (h->run->authorized != NULL)
        fact(h, "authorized", h->run->authorized);
    put_versions(h);
    buf_append_text(h->out, "</dl>\n");
}
