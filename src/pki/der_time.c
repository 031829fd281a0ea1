/* ASN.1 times to seconds and back, on the proleptic Gregorian calendar; no time zone of the machine is asked. */
#include "pki/der.h"

#define DAY_S 86400

/* Days since 1970-01-01. Years start in March here, so that the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month + (shifted_month < 10 ? 3 : -9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

/* Takes `digits` decimal digits off the front; -1 when they are not there. */
static int64_t take(struct span *s, size_t digits)
{
    if (s->len < digits)
        return -1;
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (s->data[i] < '0' || s->data[i] > '9')
            return -1;
        value = value * 10 + (s->data[i] - '0');
    }
    *s = span_of(s->data + digits, s->len - digits);
    return value;
}

/* "Z", "+0130", "-0500"; nothing means UTC, as GeneralizedTime of careless encoders. */
static bool take_zone(struct span *s, int64_t *out_offset_s)
{
    *out_offset_s = 0;
    if (s->len == 0)
        return true;
    uint8_t sign = s->data[0];
    *s = span_of(s->data + 1, s->len - 1);
    if (sign == 'Z')
        return s->len == 0;
    int64_t hours = take(s, 2);
    int64_t minutes = take(s, 2);
    if ((sign != '+' && sign != '-') || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || s->len > 0)
        return false;
    *out_offset_s = (hours * 60 + minutes) * 60 * (sign == '+' ? 1 : -1);
    return true;
}

static void skip_fraction(struct span *s)
{
    if (s->len == 0 || (s->data[0] != '.' && s->data[0] != ','))
        return;
    do
        *s = span_of(s->data + 1, s->len - 1);
    while (s->len > 0 && s->data[0] >= '0' && s->data[0] <= '9');
}

static bool parse_time(struct span s, bool generalized, int64_t *out)
{
    int64_t year = take(&s, generalized ? 4 : 2);
    if (!generalized && year >= 0)
        year += year < 50 ? 2000 : 1900;
    int64_t month = take(&s, 2);
    int64_t day = take(&s, 2);
    int64_t hour = take(&s, 2);
    int64_t minute = take(&s, 2);
    int64_t second = 0;
    if (s.len > 0 && s.data[0] >= '0' && s.data[0] <= '9')
        second = take(&s, 2);
    skip_fraction(&s);
    int64_t offset;
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60 || !take_zone(&s, &offset))
        return false;
    *out = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second - offset;
    return true;
}

bool der_time(const struct der_item *item, int64_t *out_unix_s, struct err *e)
{
    bool known = item->tag == DER_UTC_TIME || item->tag == DER_GENERALIZED_TIME;
    if (!known || !parse_time(item->content, item->tag == DER_GENERALIZED_TIME, out_unix_s))
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: not a time");
    return true;
}

void der_put_time(struct buf *b, int64_t unix_s)
{
    int64_t days = unix_s / DAY_S - (unix_s % DAY_S < 0);
    int64_t rest = unix_s - days * DAY_S;
    int64_t year;
    int64_t month;
    int64_t day;
    date_of(days, &year, &month, &day);
    if (year < 0 || year > 9999) {
        b->failed = true;
        return;
    }
    bool utc_time = year >= 1950 && year <= 2049;
    size_t mark = der_begin(b, utc_time ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    buf_appendf(b, "%0*d%02d%02d%02d%02d%02dZ", utc_time ? 2 : 4, (int)(utc_time ? year % 100 : year),
                (int)month, (int)day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    der_end(b, mark);
}
