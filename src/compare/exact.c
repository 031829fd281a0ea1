#include "compare/statistics.h"

#include <math.h>

#define MAX_TERMS 20000
#define HALVINGS  200

/* The continued fraction of the incomplete beta function, by Lentz's method (Numerical analysis calls it DLMF 8.17.22). */
static double fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < MAX_TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int i = 0; i < 2; i++) {
            double term = i == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            f *= c * d;
        }
        if (fabs(c * d - 1) < 1e-14)
            break;
    }
    return f;
}

/* The regularised incomplete beta function I_x(a, b); a, b > 0. */
static double beta_below(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    /* The fraction converges fast on one side of the mean only. */
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a : 1 - front * fraction(b, a, 1 - x) / b;
}

static double beta_quantile(double chance, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < HALVINGS && high - low > 1e-15; i++) {
        double middle = (low + high) / 2;
        *(beta_below(middle, a, b) < chance ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

struct exact_interval exact_share(double events, double trials, double confidence)
{
    double outside = (1 - confidence) / 2;
    struct exact_interval out = {0, 1};
    if (trials <= 0)
        return out;
    if (events > 0)
        out.low = beta_quantile(outside, events, trials - events + 1);
    if (events < trials)
        out.high = beta_quantile(1 - outside, events + 1, trials - events);
    return out;
}

double exact_design_effect(const uint64_t *events, const uint64_t *trials, size_t runs)
{
    double all_events = 0, all = 0, chi = 0;
    for (size_t i = 0; i < runs; i++) {
        all_events += (double)events[i];
        all += (double)trials[i];
    }
    double share = all > 0 ? all_events / all : 0;
    if (runs < 2 || share <= 0 || share >= 1)
        return 1;
    for (size_t i = 0; i < runs; i++) {
        double expected = (double)trials[i] * share, off = (double)events[i] - expected;
        if (expected > 0)
            chi += off * off / (expected * (1 - share));
    }
    return fmax(1, chi / (double)(runs - 1));
}

static double log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

double exact_more(uint64_t base, uint64_t base_trials, uint64_t now, uint64_t now_trials)
{
    double n = (double)now_trials, m = (double)base_trials, events = (double)(base + now), k = (double)now;
    double last = fmin(n, events);
    if (k <= fmax(0, events - m)) /* as few as there can be */
        return 1;
    double term = exp(log_choose(n, k) + log_choose(m, events - k) - log_choose(n + m, events)), sum = term;
    for (; k < last && term > sum * 1e-16; k++) {
        term *= (n - k) * (events - k) / ((k + 1) * (m - events + k + 1));
        sum += term;
    }
    return fmin(1, sum);
}
