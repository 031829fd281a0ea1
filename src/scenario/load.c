/* `load`: what the keys of a phase make of it, and whether all phases together make sense. */
#include "scenario/check.h"

#define YEAR_S (366.0 * 86400)

/* A phase is told by its leading key; each kind knows which others it needs and which it may have. Blanks around each word. */
static const struct form {
    const char *name;
    const char *leads;
    const char *needs;
    const char *may;
    enum load_kind kind;
} forms[] = {
    {"policy_push", " shape ", " for ", " devices median arrivals ", LOAD_POLICY_PUSH},
    {"check_in", " shape ", " for ", " devices arrivals ", LOAD_CHECK_IN},
    {"renewal_cliff", " shape ", " for ", " devices batch arrivals ", LOAD_RENEWAL_CLIFF},
    {"backlog_flush", " shape ", " for ", " devices base peak arrivals ", LOAD_BACKLOG_FLUSH},
    {"retry_storm", " shape ", " for ", " devices every jitter success arrivals ", LOAD_RETRY_STORM},
    {"a closed phase", " closed ", " ", " pause for devices ", LOAD_CLOSED},
    {"a staircase", " steps ", " from to for ", " arrivals ", LOAD_STEPS},
    {"a ramp", " from to ", " from to for ", " arrivals ", LOAD_LINEAR},
    {"a spike", " peak peak_for ", " peak peak_for for ", " base arrivals ", LOAD_SPIKE},
    {"a constant rate", " rate ", " ", " for arrivals ", LOAD_LINEAR},
    {"a pause", " pause ", " ", " ", LOAD_LINEAR},
};
#define FORM_COUNT (sizeof forms / sizeof *forms)

static const char every_form[] = " phase warm_up ";

static bool has_word(const char *words, const char *word)
{
    char padded[48];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(words, padded) != NULL;
}

static bool knows(const struct form *f, const char *word)
{
    return has_word(f->leads, word) || has_word(f->needs, word) || has_word(f->may, word) ||
           has_word(every_form, word);
}

static const char *word_of_phase(const struct scenario_key *key)
{
    return scenario_key_is_child(key->path, "load[]") ? scenario_key_word(key->path) : NULL;
}

static bool is_written(const struct scenario_reader *r, const char *word)
{
    char path[64];
    snprintf(path, sizeof path, "load[].%s", word);
    return scenario_read_place(r, path) != 0;
}

/* Whether one of these keys stands in the phase at hand. */
static bool any_written(const struct scenario_reader *r, const char *words)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        const char *word = word_of_phase(&scenario_keys[i]);
        if (word != NULL && has_word(words, word) && is_written(r, word))
            return true;
    }
    return false;
}

static const struct form *find_form(const struct scenario_reader *r, const struct load_phase *p)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        bool other_shape = has_word(forms[i].leads, "shape") && forms[i].kind != p->kind;
        if (!other_shape && any_written(r, forms[i].leads))
            return &forms[i];
    }
    return NULL;
}

static bool check_words(const struct scenario_reader *r, int node, const struct form *f, struct err *e)
{
    for (size_t i = 0; i < scenario_key_count; i++) {
        const char *word = word_of_phase(&scenario_keys[i]);
        if (word == NULL)
            continue;
        if (r->places[i] != 0 && !knows(f, word))
            return scenario_document_fail(r->document, r->places[i], e,
                                          "load[%zu]: '%s' says nothing in %s; remove it", r->element, word,
                                          f->name);
        if (r->places[i] == 0 && has_word(f->needs, word))
            return scenario_document_fail(r->document, node, e, "load[%zu]: %s needs '%s'", r->element,
                                          f->name, word);
    }
    return true;
}

static bool is_pause(const struct form *f)
{
    return has_word(f->leads, "pause");
}

/* A phase without arrivals is a rate of 0. */
static bool fill_pause(const struct scenario_reader *r, int node, struct load_phase *p, struct err *e)
{
    if (p->pause_min_us < p->pause_max_us || p->pause_max_us == 0)
        return scenario_document_fail(r->document, node, e, "load[%zu]: a pause is one duration, above 0s",
                                      r->element);
    p->duration_us = p->pause_max_us;
    p->pause_min_us = p->pause_max_us = 0;
    return true;
}

bool scenario_check_phase(const struct scenario_reader *r, int node, struct load_phase *p, struct err *e)
{
    const struct form *f = find_form(r, p);
    if (f == NULL)
        return scenario_document_fail(r->document, node, e,
                                      "load[%zu] needs a rate, or from and to, peak, pause, closed or shape",
                                      r->element);
    if (!check_words(r, node, f, e) || (is_pause(f) && !fill_pause(r, node, p, e)))
        return false;
    p->kind = f->kind;
    if (has_word(f->leads, "rate"))
        p->to_per_s = p->from_per_s;
    if (p->name[0] == '\0')
        snprintf(p->name, sizeof p->name, "phase-%zu", r->element + 1);
    return true;
}

static bool is_ramp(const struct load_phase *p)
{
    return p->from_per_s < p->to_per_s || p->from_per_s > p->to_per_s;
}

bool scenario_phase_has(const struct load_phase *p, const char *word)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        const struct form *f = &forms[i];
        bool ramp = has_word(f->leads, "from");
        if (f->kind == p->kind && !is_pause(f) && (p->kind != LOAD_LINEAR || ramp == is_ramp(p)))
            return knows(f, word);
    }
    return false;
}

/* ---- all phases together ---- */

static bool takes_the_rest(const struct scenario *s, size_t i)
{
    return i + 1 == s->phase_count && s->devices.count > 0 && load_phase_is_shape(&s->phases[i]) &&
           s->phases[i].devices == 0;
}

/* Arrivals that the phases before hold by themselves, on average. */
static double expected_before(const struct scenario *s, size_t end)
{
    double sum = 0;
    for (size_t i = 0; i < end; i++)
        sum += load_phase_devices(&s->phases[i]);
    return sum;
}

/* The phase as the plan will see it: a shape at the end may have to take what is missing. */
static struct load_phase effective(const struct scenario *s, size_t i)
{
    struct load_phase p = s->phases[i];
    if (takes_the_rest(s, i)) {
        double rest = (double)s->devices.count - expected_before(s, i);
        p.devices = rest >= 1 ? (uint64_t)rest : 1;
        load_phase_complete(&p);
    }
    return p;
}

static bool fail_at(const struct scenario_reader *r, size_t i, struct err *e, const char *what)
{
    return scenario_document_fail(r->document, scenario_check_item(r, "load", i), e, "load[%zu]%s", i, what);
}

static bool has_own_end(const struct scenario *s, const struct load_phase *p)
{
    return p->duration_us > 0 ||
           (p->kind == LOAD_CLOSED && p->devices > 0 && p == &s->phases[s->phase_count - 1]);
}

/* What a phase lacks that only the whole load can tell. */
static bool check_end(const struct scenario_reader *r, size_t i, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct load_phase *p = &s->phases[i];
    bool last_of_counted = i + 1 == s->phase_count && s->devices.count > 0;
    if (!has_own_end(s, p) && !last_of_counted)
        return fail_at(r, i, e, " needs 'for'; only the last phase may do without, with devices.count");
    if (load_phase_is_shape(p) && p->devices == 0 && !last_of_counted)
        return fail_at(r, i, e, " needs 'devices'; only the last phase may do without, with devices.count");
    if (p->kind == LOAD_CLOSED && p->slots > s->limits.in_flight)
        return fail_at(r, i, e,
                       ": more devices at a time than limits.in_flight; raise that limit on purpose");
    return true;
}

static bool check_sense(const struct scenario_reader *r, size_t i, struct err *e)
{
    const struct scenario *s = r->scenario;
    const struct load_phase p = effective(s, i);
    struct err why = {0};
    if (!load_phase_check(&p, i + 1 == s->phase_count, s->devices.count > 0, &why))
        return scenario_document_fail(r->document, scenario_check_item(r, "load", i), e, "load[%zu]: %s", i,
                                      why.text);
    double top = load_phase_peak_per_s(&p);
    if (top > s->limits.rate_per_s * (1 + 1e-9))
        return scenario_document_fail(
            r->document, scenario_check_item(r, "load", i), e,
            "load[%zu]: %g/s is above limits.rate (%g/s); raise that limit on purpose", i, top,
            s->limits.rate_per_s);
    return true;
}

static bool check_name(const struct scenario_reader *r, size_t i, struct err *e)
{
    const struct scenario *s = r->scenario;
    for (size_t k = 0; k < i; k++) {
        if (strcmp(s->phases[k].name, s->phases[i].name) == 0)
            return scenario_document_fail(r->document, scenario_check_item(r, "load", i), e,
                                          "load[%zu]: another phase is called '%s' too", i,
                                          s->phases[i].name);
    }
    return true;
}

static bool has_closed(const struct scenario *s)
{
    for (size_t i = 0; i < s->phase_count; i++) {
        if (s->phases[i].kind == LOAD_CLOSED)
            return true;
    }
    return false;
}

/* At which rate the last phase goes on when the device count is not reached. */
static double last_rate(const struct scenario *s)
{
    const struct load_phase *p = &s->phases[s->phase_count - 1];
    if (p->kind == LOAD_SPIKE)
        return p->base_per_s;
    return p->kind == LOAD_LINEAR || p->kind == LOAD_STEPS ? p->to_per_s : 0;
}

/* Too few by themselves, and the last phase cannot go on. */
static bool ends_early(const struct scenario *s, double missing)
{
    const struct load_phase *last = &s->phases[s->phase_count - 1];
    bool goes_on = last_rate(s) > 0 || takes_the_rest(s, s->phase_count - 1) ||
                   (last->kind == LOAD_CLOSED && last->devices == 0);
    return missing >= 1 && !goes_on && !has_closed(s);
}

/* The load room decides about the plan; this is about what can be said with a line number. */
static bool check_amount(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    double expected = expected_before(s, s->phase_count), rate = last_rate(s);
    double missing = (double)s->devices.count - expected;
    if (s->devices.count > s->limits.devices)
        return scenario_document_fail(
            r->document, scenario_read_place(r, "devices.count"), e,
            "%llu devices are more than limits.devices (%llu); raise that limit on purpose",
            (unsigned long long)s->devices.count, (unsigned long long)s->limits.devices);
    if (s->devices.count == 0 && expected > (double)s->limits.devices)
        return scenario_check_fail(r, "load", e,
                                   "it starts more devices than limits.devices; raise that limit on purpose");
    if (!(expected > 0) && !(rate > 0) && !has_closed(s) && !takes_the_rest(s, s->phase_count - 1))
        return scenario_check_fail(r, "load", e, "every phase is a pause: no device would start");
    if (ends_early(s, missing))
        return scenario_check_fail(
            r, "load", e,
            load_phase_is_shape(&s->phases[s->phase_count - 1])
                ? "it ends before devices.count is reached; leave 'devices' out of the "
                  "last phase, and it takes the rest"
                : "it ends at rate 0 before devices.count is reached");
    if (missing > rate * YEAR_S && rate > 0)
        return scenario_check_fail(r, "load", e,
                                   "at its last rate devices.count is not reached within a year");
    return true;
}

/* What phases do not say themselves; the ceiling of the rate holds for those too that ask for none. */
static void complete(struct scenario *s)
{
    for (size_t i = 0; i < s->phase_count; i++) {
        load_phase_complete(&s->phases[i]);
        if (s->phases[i].kind == LOAD_CLOSED)
            s->phases[i].peak_per_s = s->limits.rate_per_s;
    }
}

bool scenario_check_load(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    bool measured = false;
    if (s->phase_count == 0)
        return scenario_check_fail(r, "load", e, "missing; for example  load: [{rate: 5/s, for: 1m}]");
    complete(s);
    for (size_t i = 0; i < s->phase_count; i++) {
        measured = measured || !s->phases[i].warm_up;
        if (!check_end(r, i, e) || !check_sense(r, i, e) || !check_name(r, i, e))
            return false;
    }
    if (!measured)
        return scenario_check_fail(r, "load", e, "every phase is a warm-up: nothing would be measured");
    return check_amount(r, e);
}
