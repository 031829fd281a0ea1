/* The supply of one-time passwords, told: counts, and what Little's law makes of them. */
#include "report/parts.h"

#include "base/text.h"

#define NDES_CACHE    5                   /* PasswordMax as installed */
#define NDES_VALIDITY INT64_C(3600000000) /* PasswordValidity as installed */
#define MINUTE        INT64_C(60000000)
#define NEAR          0.8
#define ENOUGH        20 /* passwords used, for a rate that means something */

static bool is_ndes(const struct outcome_otp *o)
{
    return o->source != NULL && strcmp(o->source, "mscep_admin") == 0;
}

static double validity_us(const struct outcome_otp *o)
{
    if (o->page_minutes > 0)
        return (double)o->page_minutes * (double)MINUTE;
    return (double)(is_ndes(o) ? NDES_VALIDITY : o->lifetime_us);
}

/* Lost passwords tell in the long run, a rate tells at once; so many of them that they fill the cache do, too. */
static bool came_near(const struct report_run *run, const struct measure_otp *figures,
                      const struct otp_capacity *c)
{
    uint64_t enrolled = measure_devices(run->measure).enrolled;
    double rate = run->duration_us > 0 ? (double)enrolled * 3600e6 / (double)run->duration_us : 0;
    bool all_taken = figures->outstanding_max >= c->places; /* else arrivals waited for something else */
    bool fast = figures->used >= ENOUGH && c->lossless_per_hour > 0 && rate >= NEAR * c->lossless_per_hour;
    return figures->cache_full > 0 || (run->otp->held_back && all_taken) || fast || c->lost >= c->places;
}

struct otp_capacity otp_capacity(const struct report_run *run)
{
    struct otp_capacity c = {0};
    if (run->otp == NULL || run->otp->limit == 0)
        return c;
    const struct outcome_otp *o = run->otp;
    struct measure_otp figures = measure_otp(run->measure);
    uint64_t wasted = figures.lost + figures.unanswered + figures.expired;
    c.assumed = o->page_cache == 0 && is_ndes(o);
    c.cache = c.assumed ? NDES_CACHE : o->page_cache;
    c.places = c.cache > 0 && c.cache < o->limit ? c.cache : o->limit;
    c.wasted = figures.fetched > 0 ? (double)wasted / (double)figures.fetched : 0;
    c.hold_us = histogram_mean(figures.hold);
    c.validity_us = validity_us(o);
    c.place_us = measure_otp_place_us(c.hold_us, c.wasted, c.validity_us);
    c.per_hour = measure_otp_per_hour(c.places, c.place_us);
    c.lossless_per_hour = measure_otp_per_hour(c.places, c.hold_us);
    c.lost = wasted;
    c.near = c.per_hour > 0 && came_near(run, &figures, &c);
    return c;
}

/* ---- words ---- */

/* Appends; what does not fit is cut. */
static void say(char *out, size_t out_bytes, const char *format, ...) PRINTF_LIKE(3, 4);
static void say(char *out, size_t out_bytes, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, out_bytes - used, format, args);
    va_end(args);
}

static void say_count(char *out, size_t out_bytes, const char *before, uint64_t n, const char *what)
{
    char number[32];
    words_count(n, number, sizeof number);
    if (n > 0)
        say(out, out_bytes, "%s%s %s", before, number, what);
}

void words_otp(const struct report_run *run, char *out, size_t out_bytes)
{
    struct measure_otp o = measure_otp(run->measure);
    char fetched[32], used[32];
    out[0] = '\0';
    if (o.asked == 0 || run->otp == NULL)
        return;
    words_count(o.fetched, fetched, sizeof fetched);
    words_count(o.used, used, sizeof used);
    say(out, out_bytes, "%s fetched%s%s, %s used", fetched, run->otp->scheme != NULL ? " by " : "",
        run->otp->scheme != NULL ? run->otp->scheme : "", used);
    if (run->otp->fell_back)
        say(out, out_bytes, " (Negotiate failed before: scepstorm causes otp-kerberos-spn)");
    say_count(out, out_bytes, ", ", o.burnt, "of devices that got no certificate");
    say_count(out, out_bytes, ", ", o.expired, "too old");
    say_count(out, out_bytes, ", ", o.left, "left over");
    say_count(out, out_bytes, "; ", o.failed, o.failed == 1 ? "fetch failed" : "fetches failed");
    say_count(out, out_bytes, ", ", o.cache_full, "of them at a full cache");
    if (o.cache_full_onsets > 1)
        say_count(out, out_bytes, " (", o.cache_full_onsets, "times anew)");
    if (run->otp->limit > 0)
        say(out, out_bytes, "; at most %u held at once, allowed are %u", o.outstanding_max, run->otp->limit);
}

static void say_places(const struct report_run *run, const struct otp_capacity *c, char *out,
                       size_t out_bytes)
{
    if (c->cache > 0 && c->cache <= run->otp->limit)
        say(out, out_bytes, "With this cache of %u%s, ", c->cache,
            c->assumed ? " (NDES as installed; the page did not say)" : "");
    else
        say(out, out_bytes, "With %u password%s at once (challenge.outstanding), ", c->places,
            c->places == 1 ? "" : "s");
}

static void say_lost(const struct otp_capacity *c, char *out, size_t out_bytes)
{
    char count[32], validity[32], rate[32];
    if (c->lost == 0 || c->validity_us <= 0)
        return;
    words_count(c->lost, count, sizeof count);
    words_count((uint64_t)c->per_hour, rate, sizeof rate);
    text_duration((int64_t)c->validity_us, validity, sizeof validity);
    say(out, out_bytes,
        "; %s password%s never came back to the server, which keeps %s for %s: if devices go on to lose so "
        "many, %s per hour remain",
        count, c->lost == 1 ? "" : "s", c->lost == 1 ? "its place" : "their places", validity, rate);
}

void words_otp_capacity(const struct report_run *run, char *out, size_t out_bytes)
{
    struct otp_capacity c = otp_capacity(run);
    char hold[32], rate[32];
    out[0] = '\0';
    if (c.per_hour <= 0)
        return;
    text_duration((int64_t)c.hold_us, hold, sizeof hold);
    words_count((uint64_t)c.lossless_per_hour, rate, sizeof rate);
    say_places(run, &c, out, out_bytes);
    if (c.hold_us > 0)
        say(out, out_bytes, "a password is held %s on average: %s devices per hour at most", hold, rate);
    else
        say(out, out_bytes, "no password was used up");
    say_lost(&c, out, out_bytes);
}

/* What would let more through: the narrower of the two, or both. */
static const char *what_to_raise(const struct report_run *run, const struct otp_capacity *c)
{
    if (c->cache == 0 || c->cache == run->otp->limit)
        return "raise challenge.outstanding (and the server's cache)";
    if (c->cache < run->otp->limit)
        return "raise the server's cache";
    return "raise challenge.outstanding (the server has room for more)";
}

/* A server that is slow to answer makes passwords scarce: then it is the limit after all, by way of the supply. */
void words_otp_limit(const struct report_run *run, char *out, size_t out_bytes)
{
    struct otp_capacity c = otp_capacity(run);
    struct measure_otp o = measure_otp(run->measure);
    double before_us = histogram_mean(o.fetch) + histogram_mean(o.age), hold_us = histogram_mean(o.hold);
    char rate[32];
    words_count((uint64_t)c.lossless_per_hour, rate, sizeof rate);
    out[0] = '\0';
    if (c.places == 0 || (o.asked > 0 && o.outstanding_max < c.places)) {
        say(out, out_bytes, "fetches came too slowly; raise challenge.connections or challenge.rate");
        return;
    }
    if (hold_us > 0 && hold_us - before_us > hold_us / 2)
        say(out, out_bytes,
            "the password supply was the limit, and the answers to the requests take up most of the "
            "time that a password is held");
    else
        say(out, out_bytes, "the password supply, not the CA, was the limit");
    if (c.lossless_per_hour > 0)
        say(out, out_bytes, ": at most %s devices per hour", rate);
    say(out, out_bytes, "; %s", what_to_raise(run, &c));
}

/* ---- summary.json ---- */

static json_t *seconds(double us)
{
    return json_real(us / 1e6);
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *capacity_json(const struct report_run *run)
{
    struct otp_capacity c = otp_capacity(run);
    if (c.places == 0)
        return json_null();
    json_t *out = json_object();
    json_object_set_new(out, "places", count(c.places));
    json_object_set_new(out, "cache", c.cache == 0 ? json_null() : count(c.cache));
    json_object_set_new(out, "cache_assumed", json_boolean(c.assumed));
    json_object_set_new(out, "hold_s", seconds(c.hold_us));
    json_object_set_new(out, "wasted", json_real(c.wasted));
    json_object_set_new(out, "validity_s", seconds(c.validity_us));
    json_object_set_new(out, "per_hour", c.per_hour > 0 ? json_real(c.per_hour) : json_null());
    json_object_set_new(out, "lossless_per_hour",
                        c.lossless_per_hour > 0 ? json_real(c.lossless_per_hour) : json_null());
    json_object_set_new(out, "near", json_boolean(c.near));
    return out;
}

/* Without a source of one-time passwords all of it is 0: none were fetched. */
json_t *otp_json(const struct report_run *run)
{
    static const struct outcome_otp none;
    const struct outcome_otp *o = run->otp == NULL ? &none : run->otp;
    struct measure_otp f = measure_otp(run->measure);
    json_t *out = json_object();
    json_object_set_new(out, "source", summary_string(o->source));
    json_object_set_new(out, "scheme", summary_string(o->scheme));
    json_object_set_new(out, "fell_back", json_boolean(o->fell_back));
    json_object_set_new(out, "fetched", count(f.fetched));
    json_object_set_new(out, "used", count(f.used));
    json_object_set_new(out, "burnt", count(f.burnt));
    json_object_set_new(out, "expired", count(f.expired));
    json_object_set_new(out, "left", count(f.left));
    json_object_set_new(out, "lost", count(f.lost));
    json_object_set_new(out, "unanswered", count(f.unanswered));
    json_object_set_new(out, "failed", count(f.failed));
    json_object_set_new(out, "cache_full", count(f.cache_full));
    json_object_set_new(out, "cache_full_onsets", count(f.cache_full_onsets));
    json_object_set_new(out, "outstanding_max", count(f.outstanding_max));
    json_object_set_new(out, "limit", count(o->limit));
    json_object_set_new(out, "held_back", json_boolean(o->held_back));
    json_object_set_new(out, "age_at_use_ms", summary_histogram(f.age));
    json_object_set_new(out, "fetch_ms", summary_histogram(f.fetch));
    json_object_set_new(out, "hold_ms", summary_histogram(f.hold));
    json_object_set_new(out, "capacity", capacity_json(run));
    return out;
}
