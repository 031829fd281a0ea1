/* bench NAME ARGUMENT ...: see scripts/bench.sh. */
#include "bench.h"

#include "pki/algorithm.h"

#include <sys/prctl.h>

void bench_die(const char *what, const struct err *e)
{
    fprintf(stderr, "bench: %s: %s\n", what, e->text);
    exit(1);
}

bool bench_row(const char *name, double value, const char *relation, double target, const char *unit,
               const char *beside)
{
    bool met = strcmp(relation, "<=") == 0 ? value <= target : value >= target;
    printf("| %s | %.2f%s | %s %g%s | %s | %s |\n", name, value, unit, relation, target, unit,
           met ? "met" : "**MISSED**", beside);
    fflush(stdout);
    return met;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} benchmarks[] = {
    {"cost", bench_cost},       {"rsa", bench_rsa},         {"timer", bench_timer},
    {"waiting", bench_waiting}, {"polling", bench_polling}, {"planned", bench_planned},
    {"scale", bench_scale},     {"logs", bench_logs},       {"report", bench_report},
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
    fprintf(stderr, "usage: bench NAME ARGUMENT ...: see scripts/bench.sh\n");
    return 2;
}
