#include "measure/otp.h"

#include "measure/parts.h"

/* A week; what comes later is counted in the last second. */
#define MAX_SECONDS ((size_t)7 * 24 * 3600)
#define HOUR_US     3600e6

bool supply_init(struct supply *s, struct err *e)
{
    *s = (struct supply){0};
    return histogram_new(&s->fetch, e) && histogram_new(&s->age, e) && histogram_new(&s->hold, e);
}

void supply_clear(struct supply *s)
{
    histogram_free(s->fetch);
    histogram_free(s->age);
    histogram_free(s->hold);
    free(s->seconds);
    *s = (struct supply){0};
}

/* ---- over time ---- */

static bool reserve(struct supply *s, size_t count)
{
    if (count <= s->cap)
        return true;
    size_t cap = s->cap == 0 ? 256 : s->cap;
    while (cap < count)
        cap *= 2;
    struct measure_otp_second *seconds = realloc(s->seconds, cap * sizeof *seconds);
    if (seconds == NULL)
        return false;
    s->seconds = seconds;
    s->cap = cap;
    return true;
}

/* A second begins with what was held when the last one ended. Events come in order; a straggler joins the last second.
 * Without memory the series ends early, which no other figure depends on. */
static void note_held(struct supply *s, int64_t at_us, unsigned held)
{
    size_t second = at_us < 0 ? 0 : (size_t)(at_us / 1000000);
    if (second >= MAX_SECONDS)
        second = MAX_SECONDS - 1;
    if (second >= s->count && !reserve(s, second + 1))
        return;
    for (; s->count <= second; s->count++)
        s->seconds[s->count] = (struct measure_otp_second){s->held, s->held};
    struct measure_otp_second *last = &s->seconds[s->count - 1];
    last->held = s->held = held;
    if (held > last->held_max)
        last->held_max = held;
}

/* ---- events ---- */

static void fetch_failed(struct supply *s, const struct outcome_otp_event *event)
{
    s->figures.failed++;
    histogram_record(s->fetch, event->took_us);
}

static void cache_full(struct supply *s, const struct outcome_otp_event *event)
{
    fetch_failed(s, event);
    if (s->figures.cache_full++ == 0)
        s->figures.cache_full_first_us = event->at_us;
    s->figures.cache_full_last_us = event->at_us;
    if (s->full)
        return;
    s->full = true;
    s->figures.cache_full_onsets++;
    if (event->held > s->figures.onset_held_max)
        s->figures.onset_held_max = event->held;
}

static void count_event(struct supply *s, const struct outcome_otp_event *event)
{
    switch (event->kind) {
    case OUTCOME_OTP_ASKED:
        s->figures.asked++;
        break;
    case OUTCOME_OTP_FETCHED:
        s->figures.fetched++;
        s->full = false;
        histogram_record(s->fetch, event->took_us);
        break;
    case OUTCOME_OTP_FAILED:
        fetch_failed(s, event);
        break;
    case OUTCOME_OTP_CACHE_FULL:
        cache_full(s, event);
        break;
    case OUTCOME_OTP_SENT:
        s->figures.used++;
        histogram_record(s->age, event->age_us);
        break;
    case OUTCOME_OTP_SPENT:
        histogram_record(s->hold, event->took_us + event->age_us);
        break;
    case OUTCOME_OTP_BURNT:
        s->figures.burnt++;
        break;
    case OUTCOME_OTP_EXPIRED:
        s->figures.expired++;
        break;
    case OUTCOME_OTP_LEFT:
        s->figures.left++;
        break;
    case OUTCOME_OTP_KINDS:
        break;
    }
}

void supply_event(struct supply *s, const struct outcome_otp_event *event)
{
    count_event(s, event);
    note_held(s, event->at_us, event->held);
    if (event->held > s->figures.outstanding_max)
        s->figures.outstanding_max = event->held;
}

/* Whatever a server answers as SCEP, it has looked at the password; but one that it does not know stays in its cache under
 * its right value. */
void supply_device(struct supply *s, const struct outcome *o)
{
    bool sent = o->otp_fingerprint != 0, answered = o->body == OUTCOME_BODY_CERTREP;
    bool unknown = o->has_hresult && o->hresult == 0x80070490;
    s->figures.unanswered += sent && o->end == OUTCOME_FAILED && (!answered || unknown);
}

struct measure_otp supply_figures(const struct supply *s)
{
    struct measure_otp out = s->figures;
    uint64_t known = out.used + out.expired + out.left;
    out.lost = out.fetched > known ? out.fetched - known : 0;
    out.fetch = s->fetch;
    out.age = s->age;
    out.hold = s->hold;
    return out;
}

/* ---- arithmetic ---- */

double measure_otp_place_us(double hold_us, double wasted, double validity_us)
{
    return (1 - wasted) * hold_us + wasted * validity_us;
}

double measure_otp_per_hour(unsigned places, double place_us)
{
    return place_us > 0 ? places * HOUR_US / place_us : 0;
}
