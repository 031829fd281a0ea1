// room: compare
/* A file that says it is a baseline: read, and what was read is compared with itself and told. */
#include "compare/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(const struct compare_runs *runs)
{
    struct compare c;
    struct err e = {0};
    struct compare_options options = compare_defaults();
    options.force = true;
    if (compare_sides(runs, runs, &options, &c, &e)) {
        for (int form = 0; form < COMPARE_FORMS; form++) {
            struct buf out;
            buf_init(&out, REPORT_MAX_FILE_BYTES);
            if (!compare_render(&c, (enum compare_form)form, &out, &e))
                abort();
            buf_clear(&out);
        }
    }
    compare_clear(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compare_runs runs = {0};
    struct buf plan;
    struct err e = {0};
    if (size > 200000)
        return 0;
    buf_init(&plan, BYTES_MAX_MESSAGE);
    if (compare_runs_parse(span_of(data, size), "@fuzz", &runs, &e))
        hold(&runs);
    (void)!compare_plan(span_of(data, size), &plan);
    buf_clear(&plan);
    compare_runs_clear(&runs);
    return 0;
}
