#include "compare/statistics.h"

#include <math.h>

/* Stretches must be longer than bursts and yet many enough to tell a variance. */
#define STRETCHES    16
#define LEAST_VALUES 10

double noise_of_share(const uint8_t *below, size_t count, double share)
{
    if (count == 0)
        return 1;
    double independent = share * (1 - share) / (double)count, squares = 0;
    size_t stretches = count / LEAST_VALUES < STRETCHES ? count / LEAST_VALUES : STRETCHES;
    if (stretches < 4)
        return sqrt(independent);
    double centre = 0;
    for (size_t k = 0; k < count; k++)
        centre += (double)below[k] / (double)count;
    for (size_t i = 0; i < stretches; i++) {
        size_t from = count * i / stretches, to = count * (i + 1) / stretches, inside = 0;
        for (size_t k = from; k < to; k++)
            inside += below[k];
        double off = (double)inside / (double)(to - from) - centre;
        squares += off * off;
    }
    return sqrt(fmax(independent, squares / (double)(stretches * (stretches - 1))));
}
