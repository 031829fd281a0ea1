#include "base/pairs.h"

#include "check.h"

enum { NAME, SIZE };
static const char *const keys[] = {[NAME] = "name", [SIZE] = "size", NULL};

/* Keeps what it is given: "name=a;size=3;". */
static bool keep(void *user, size_t key, const char *value, struct err *e)
{
    char *told = user;
    if (strcmp(value, "bad") == 0)
        return err_set(e, STAGE_SETUP, REASON_LIMIT, "no good");
    size_t used = strlen(told);
    snprintf(told + used, 100 - used, "%s=%s;", keys[key], value);
    return true;
}

static void hands_on_what_it_reads_in_order(void **state)
{
    (void)state;
    char told[100] = "";
    unsigned given = 0;
    struct err e = {0};
    CHECK_OK(pairs_read("size=3,name=a=b", keys, keep, told, &given, &e), &e);
    assert_string_equal(told, "size=3;name=a=b;");
    assert_int_equal(given, 1u << NAME | 1u << SIZE);
    CHECK_OK(pairs_read("name=", keys, keep, told, NULL, &e), &e);
    assert_string_equal(told, "size=3;name=a=b;name=;");
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "'' is not of the form key=value"},
        {"size=3,", "'' is not of the form key=value"},
        {"size", "'size' is not of the form key=value"},
        {"siez=3", "there is no key 'siez'; did you mean 'size'?"},
        {"colour=3", "there is no key 'colour'; it takes name, size"},
        {"size=3,name=a,size=4", "size: given twice"},
        {"size=bad", "size: no good"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char told[100] = "";
        struct err e = {0};
        assert_false(pairs_read(cases[i].text, keys, keep, told, NULL, &e));
        assert_string_equal(e.text, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_what_it_reads_in_order),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
