/* bench NAME SCENARIO.yaml [NUMBER]: see scripts/bench.sh. */
#include "bench.h"

#include "pki/algorithm.h"

#include <sys/prctl.h>

void bench_die(const char *what, const struct err *e)
{
    fprintf(stderr, "bench: %s: %s\n", what, e->text);
    exit(1);
}

bool bench_row(const char *name, double value, const char *relation, double target, const char *unit)
{
    bool met = strcmp(relation, "<=") == 0 ? value <= target : value >= target;
    printf("%-44s %8.2f %s %.2f%s %s\n", name, value, relation, target, unit, met ? "met" : "missed");
    fflush(stdout);
    return met;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} benchmarks[] = {
    {"enroll", bench_enroll},
    {"waiting", bench_waiting},
    {"polling", bench_polling},
    {"scale", bench_scale},
};

int main(int argc, char **argv)
{
    struct err e = {0};
    for (size_t i = 0; argc >= 3 && i < sizeof benchmarks / sizeof *benchmarks; i++) {
        if (strcmp(argv[1], benchmarks[i].name) != 0)
            continue;
        if (!pki_init(&e))
            bench_die("OpenSSL", &e);
        int code = benchmarks[i].run(argc - 2, argv + 2);
        pki_cleanup();
        return code;
    }
    fprintf(stderr, "usage: bench enroll|waiting|polling|scale SCENARIO.yaml [NUMBER ...]\n");
    return 2;
}
