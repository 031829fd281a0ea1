#include "compare/statistics.h"

#include <math.h>
#include <stdbool.h>

void family_adjust(const double *chance, const double *weight, size_t count, double *adjusted)
{
    bool done[FAMILY_MAX] = {false};
    double left = 0, highest = 0;
    count = count < FAMILY_MAX ? count : FAMILY_MAX;
    for (size_t i = 0; i < count; i++)
        left += weight[i];
    for (size_t step = 0; step < count; step++) {
        size_t next = count;
        for (size_t i = 0; i < count; i++) {
            if (!done[i] && (next == count || chance[i] / weight[i] < chance[next] / weight[next]))
                next = i;
        }
        highest = fmax(highest, fmin(1, chance[next] / weight[next] * left));
        adjusted[next] = highest;
        left -= weight[next];
        done[next] = true;
    }
}
