#include "evidence/parts.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counting years from March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, year_of_era = y % 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

bool when_make(int64_t year, int64_t month, int64_t day, int64_t *out_us)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > days[month - 1] + (month == 2 && leap))
        return false;
    *out_us = days_of(year, month, day) * DAY_US;
    return true;
}

static int64_t take_number(struct span *s)
{
    size_t len = 0;
    while (len < s->len && s->data[len] >= '0' && s->data[len] <= '9')
        len++;
    int64_t n = scan_number(span_of(s->data, len), INT64_C(1000000000000));
    *s = span_of(s->data + len, s->len - len);
    return n;
}

static bool take_byte(struct span *s, const char *any)
{
    if (s->len == 0 || s->data[0] == 0 || strchr(any, s->data[0]) == NULL)
        return false;
    *s = span_of(s->data + 1, s->len - 1);
    return true;
}

static bool take_date(struct span *s, int64_t *out_us)
{
    int64_t year = take_number(s);
    if (!take_byte(s, "-"))
        return false;
    int64_t month = take_number(s);
    if (!take_byte(s, "-"))
        return false;
    return when_make(year, month, take_number(s), out_us);
}

/* Digits after the point, as microseconds. */
static int64_t take_fraction(struct span *s)
{
    int64_t us = 0, unit = SECOND_US / 10;
    while (s->len > 0 && s->data[0] >= '0' && s->data[0] <= '9') {
        us += (s->data[0] - '0') * unit;
        unit /= 10;
        *s = span_of(s->data + 1, s->len - 1);
    }
    return us;
}

/* The seconds may be missing. A leap second counts as the second before. */
static bool take_clock(struct span *s, int64_t *out_us)
{
    int64_t hour = take_number(s);
    if (hour < 0 || hour > 23 || !take_byte(s, ":."))
        return false;
    int64_t minute = take_number(s), second = 0, fraction = 0;
    if (take_byte(s, ":.")) {
        second = take_number(s);
        if (take_byte(s, ".,"))
            fraction = take_fraction(s);
    }
    if (minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    *out_us = (hour * 3600 + minute * 60 + (second == 60 ? 59 : second)) * SECOND_US + fraction;
    return true;
}

bool when_date(struct span s, int64_t *out_us)
{
    return take_date(&s, out_us) && s.len == 0;
}

bool when_clock(struct span s, int64_t *out_us)
{
    return take_clock(&s, out_us) && s.len == 0;
}

/* "Z" "+02:00" "-0700" */
static bool take_zone(struct span *s, int64_t *out_us)
{
    *out_us = 0;
    if (take_byte(s, "Zz"))
        return true;
    bool minus = s->len > 0 && s->data[0] == '-';
    if (!take_byte(s, "+-"))
        return false;
    int64_t hours = take_number(s), minutes = 0;
    if (take_byte(s, ":"))
        minutes = take_number(s);
    else if (hours >= 100) {
        minutes = hours % 100;
        hours /= 100;
    }
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    *out_us = (hours * 60 + minutes) * 60 * SECOND_US * (minus ? -1 : 1);
    return true;
}

bool when_iso(struct span s, int64_t *out_us, bool *zoned)
{
    int64_t day, clock, zone = 0;
    s = scan_trim(s);
    if (!take_date(&s, &day) || !take_byte(&s, "Tt ") || !take_clock(&s, &clock))
        return false;
    take_byte(&s, " ");
    *zoned = s.len > 0;
    if (s.len > 0 && (!take_zone(&s, &zone) || s.len > 0))
        return false;
    *out_us = day + clock - zone;
    return true;
}

/* ---- dates as a country writes them ---- */

struct pieces {
    int64_t number[3];
    uint8_t separator; /* after the first number */
    int64_t clock_us;  /* of a twelve-hour clock made whole */
    bool noons;
};

static void skip_to_digit(struct span *s)
{
    while (s->len > 0 && (s->data[0] < '0' || s->data[0] > '9'))
        *s = span_of(s->data + 1, s->len - 1);
}

static bool has_any(struct span s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (scan_find_word(s, *words) != NULL)
            return true;
    }
    return false;
}

/* English, Spanish, Japanese, Chinese, Korean, Greek, Hungarian. Before or after the time. */
static const char *const mornings[] = {
    "AM", "a.\xC2\xA0m", "a.\xE2\x80\xAFm", "a. m", "a.m", "午前", "上午", "오전", "πμ", "de.", NULL};
static const char *const evenings[] = {
    "PM", "p.\xC2\xA0m", "p.\xE2\x80\xAFm", "p. m", "p.m", "午後", "下午", "오후", "μμ", "du.", NULL};

static bool take_noon(struct span s, struct pieces *p)
{
    bool evening = has_any(s, evenings);
    p->noons = evening || has_any(s, mornings);
    int64_t hours = p->clock_us / (3600 * SECOND_US);
    if (!p->noons || hours > 12)
        return true;
    if (hours == 12 && !evening)
        p->clock_us -= 12 * 3600 * SECOND_US;
    if (hours < 12 && evening)
        p->clock_us += 12 * 3600 * SECOND_US;
    return true;
}

static bool take_pieces(struct span s, struct pieces *p)
{
    *p = (struct pieces){0};
    if (s.len > 80)
        return false;
    for (size_t i = 0; i < 3; i++) {
        skip_to_digit(&s);
        p->number[i] = take_number(&s);
        if (p->number[i] < 0)
            return false;
        if (i == 0 && s.len > 0)
            p->separator = s.data[0];
    }
    struct span words = s;
    skip_to_digit(&s);
    return take_clock(&s, &p->clock_us) && take_noon(words, p);
}

static int64_t full_year(int64_t year)
{
    return year < 70 ? 2000 + year : year < 100 ? 1900 + year : year;
}

static bool compose(const struct pieces *p, bool month_first, int64_t *out_us)
{
    const int64_t *n = p->number;
    int64_t day;
    bool ok = n[0] > 31
                  ? when_make(n[0], n[1], n[2], &day)
                  : when_make(full_year(n[2]), month_first ? n[0] : n[1], month_first ? n[1] : n[0], &day);
    if (ok)
        *out_us = day + p->clock_us;
    return ok;
}

bool when_local(struct span s, bool month_first, int64_t *out_us, bool *zoned)
{
    struct pieces p;
    if (when_iso(s, out_us, zoned))
        return true;
    *zoned = false;
    return take_pieces(scan_trim(s), &p) && compose(&p, month_first, out_us);
}

static void note_side(struct when_side *side, const struct pieces *p, bool month_first)
{
    int64_t us;
    if (!compose(p, month_first, &us))
        return;
    if (side->valid == 0)
        side->low = side->high = us;
    else if (us > side->last)
        side->steps_up++;
    else if (us < side->last)
        side->steps_down++;
    side->low = us < side->low ? us : side->low;
    side->high = us > side->high ? us : side->high;
    side->last = us;
    side->valid++;
}

void when_note(struct when_survey *survey, struct span s)
{
    struct pieces p;
    int64_t us;
    bool zoned;
    if (when_iso(s, &us, &zoned) || !take_pieces(scan_trim(s), &p) || p.number[0] > 31)
        return;
    survey->dots += p.separator == '.';
    survey->noons += p.noons;
    note_side(&survey->day_first, &p, false);
    note_side(&survey->month_first, &p, true);
}

/* Exports are sorted, one way or the other: steps against the direction tell a wrong reading. */
static uint64_t disorder(const struct when_side *side)
{
    return side->steps_up < side->steps_down ? side->steps_up : side->steps_down;
}

struct when_order when_decide(const struct when_survey *survey)
{
    const struct when_side *d = &survey->day_first, *m = &survey->month_first;
    if (d->valid != m->valid)
        return (struct when_order){.month_first = m->valid > d->valid};
    if (survey->dots > 0 && survey->dots * 2 > d->valid)
        return (struct when_order){.month_first = false};
    if (disorder(d) != disorder(m))
        return (struct when_order){.month_first = disorder(m) < disorder(d)};
    int64_t span_d = d->high - d->low, span_m = m->high - m->low;
    bool month_first = span_d == span_m ? survey->noons > 0 : span_m < span_d;
    return (struct when_order){.month_first = month_first, .doubtful = d->valid > 0 && d->low != m->low};
}
