/* The table against itself, and against the page for people. */
#include "scenario/schema.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void paths_are_unique_and_have_parents(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_key_count; i++) {
        const char *path = scenario_keys[i].path;
        assert_int_equal(scenario_key_find(path), (int)i);
        char parent[96];
        snprintf(parent, sizeof parent, "%s", path);
        char *dot = strrchr(parent, '.');
        if (dot == NULL)
            continue;
        *dot = '\0';
        bool element = strlen(parent) > 2 && strcmp(parent + strlen(parent) - 2, "[]") == 0;
        if (element)
            parent[strlen(parent) - 2] = '\0';
        int above = scenario_key_find(parent);
        assert_true(above >= 0 && above < (int)i);
        assert_int_equal(scenario_keys[above].type, element ? SCENARIO_LIST : SCENARIO_MAP);
    }
}

static void choices_have_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_key_count; i++) {
        if (scenario_keys[i].type == SCENARIO_CHOICE)
            assert_non_null(scenario_keys[i].choices);
    }
}

/* Operations have the same keys; those of one are described. */
static const char *described(const char *path)
{
    static char shared[96];
    const char *dot = strncmp(path, "simulator.latency.", 18) == 0 ? strchr(path + 18, '.') : NULL;
    snprintf(shared, sizeof shared, "simulator.latency.pki_operation%s", dot == NULL ? "" : dot);
    return dot == NULL ? path : shared;
}

/* A row "| `path` | type | default | ..." for every key, with the default that the program uses. */
static void readme_has_every_key(void **state)
{
    (void)state;
    struct buf readme;
    struct err e = {0};
    buf_init(&readme, 1 << 20);
    assert_true(file_read("../scenarios/README.md", &readme, &e));
    const char *text = buf_text(&readme);
    size_t missing = 0;
    for (size_t i = 0; i < scenario_key_count; i++) {
        const struct scenario_key *key = &scenario_keys[i];
        char row[160];
        snprintf(row, sizeof row, "| `%s` |", described(key->path));
        const char *found = strstr(text, row);
        const char *end = found == NULL ? NULL : strchr(found, '\n');
        char fallback[96];
        snprintf(fallback, sizeof fallback, "| `%s` |", key->fallback == NULL ? "" : key->fallback);
        const char *there =
            found == NULL || key->fallback == NULL ? found : strstr(found + strlen(row) - 1, fallback);
        if (end == NULL || there == NULL || there > end) {
            print_error("scenarios/README.md: no row %s with the default %s\n", row,
                        key->fallback == NULL ? "(none)" : fallback);
            missing++;
        }
    }
    buf_clear(&readme);
    assert_int_equal(missing, 0);
}

/* What the page names as a key exists. */
static void readme_invents_no_key(void **state)
{
    (void)state;
    struct buf readme;
    struct err e = {0};
    buf_init(&readme, 1 << 20);
    assert_true(file_read("../scenarios/README.md", &readme, &e));
    for (const char *at = buf_text(&readme); (at = strstr(at, "\n| `")) != NULL;) {
        at += 4;
        char path[96] = "";
        size_t len = strcspn(at, "`");
        if (strncmp(at + len, "` |", 3) != 0)
            continue; /* a table about something else */
        if (len < sizeof path)
            memcpy(path, at, len);
        if (scenario_key_find(path) < 0)
            fail_msg("scenarios/README.md: there is no key '%s'", path);
    }
    buf_clear(&readme);
}

/* The page's own examples are scenarios. */
static void readme_examples_load(void **state)
{
    (void)state;
    struct buf readme;
    struct err e = {0};
    size_t examples = 0;
    buf_init(&readme, 1 << 20);
    assert_true(file_read("../scenarios/README.md", &readme, &e));
    for (const char *at = buf_text(&readme); (at = strstr(at, "```yaml\n")) != NULL; examples++) {
        at += strlen("```yaml\n");
        const char *end = strstr(at, "```");
        assert_non_null(end);
        struct scenario *s = NULL;
        if (!scenario_parse("README.md", span_of(at, (size_t)(end - at)), NULL, 0, &s, &e))
            fail_msg("%s", e.text);
        scenario_free(s);
        at = end + 3;
    }
    buf_clear(&readme);
    assert_true(examples >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_unique_and_have_parents),
        cmocka_unit_test(choices_have_words),
        cmocka_unit_test(readme_has_every_key),
        cmocka_unit_test(readme_invents_no_key),
        cmocka_unit_test(readme_examples_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
