// room: report
/* What run.sqlite says about a run, when somebody else has written it: refused, or read in bounds and written as it was read. */
#include "report/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static char *write_again(const struct report_run *run)
{
    json_t *tree = facts_tree(run);
    char *text = json_dumps(tree, 0);
    must(text != NULL);
    json_decref(tree);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct facts first = {0}, second = {0};
    struct err e = {0};
    json_t *tree = json_loadb((const char *)data, size, 0, NULL);
    if (facts_read(tree, &first, &e)) {
        char *text = write_again(&first.run);
        must(facts_read(json_loads(text, 0, NULL), &second, &e));
        char *again = write_again(&second.run);
        must(strcmp(text, again) == 0);
        free(text);
        free(again);
    } else {
        must(e.text[0] != '\0');
    }
    facts_clear(&first);
    facts_clear(&second);
    return 0;
}
