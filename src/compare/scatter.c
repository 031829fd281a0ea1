#include "compare/statistics.h"

#include <math.h>

/* What is believed about the scatter between runs of one server before any is seen: its median, and the range around that,
 * as factors of e. Wide enough that a few runs overrule it; scripts/compare-power.sh measures what comes of it. */
#define USUAL_SCATTER 0.025
#define RANGE         0.7
#define LEAST         0.001 /* of the grid */
#define MOST          2.0

static double normal_above(double z)
{
    return 0.5 * erfc(z * M_SQRT1_2);
}

struct moments {
    double mean, squares, noise; /* squares: around the mean; noise: mean variance from within */
};

static struct moments moments_of(const struct scatter_value *values, size_t count)
{
    struct moments m = {0};
    for (size_t i = 0; i < count; i++) {
        m.mean += values[i].value / (double)count;
        m.noise += values[i].variance / (double)count;
    }
    for (size_t i = 0; i < count; i++)
        m.squares += (values[i].value - m.mean) * (values[i].value - m.mean);
    return m;
}

/* The logarithm of how likely this scatter is, before and after what one side shows. */
static double before(double scatter)
{
    double off = log(scatter / USUAL_SCATTER) / RANGE;
    return -off * off / 2;
}

static double likelihood(const struct moments *m, size_t count, double scatter)
{
    double variance = scatter * scatter + m->noise;
    return -0.5 * (double)(count - 1) * log(variance) - m->squares / (2 * variance);
}

void scatter_of(const struct scatter_value *base, size_t base_count, const struct scatter_value *now,
                size_t now_count, struct scatter *out)
{
    struct moments b = moments_of(base, base_count), n = moments_of(now, now_count);
    double best = -HUGE_VAL, sum = 0;
    out->change = n.mean - b.mean;
    for (size_t i = 0; i < SCATTER_GRID; i++) {
        double scatter = LEAST * pow(MOST / LEAST, (double)i / (SCATTER_GRID - 1));
        out->weight[i] =
            before(scatter) + likelihood(&b, base_count, scatter) + likelihood(&n, now_count, scatter);
        out->errors[i] = sqrt((scatter * scatter + b.noise) / (double)base_count +
                              (scatter * scatter + n.noise) / (double)now_count);
        best = fmax(best, out->weight[i]);
    }
    for (size_t i = 0; i < SCATTER_GRID; i++)
        sum += out->weight[i] = exp(out->weight[i] - best);
    out->error = 0;
    for (size_t i = 0; i < SCATTER_GRID; i++) {
        out->weight[i] /= sum;
        out->error += out->weight[i] * out->errors[i] * out->errors[i];
    }
    out->error = sqrt(out->error);
}

double scatter_above(const struct scatter *s, double change)
{
    double chance = 0;
    for (size_t i = 0; i < SCATTER_GRID; i++)
        chance += s->weight[i] * normal_above(change / s->errors[i]);
    return chance;
}

double scatter_bound(const struct scatter *s, double chance)
{
    double low = 0, high = 64 * MOST;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(scatter_above(s, middle) > chance ? &low : &high) = middle;
    }
    return high;
}
