#include "causes/causes.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_text(const struct cause *c, const char *what, const char *text)
{
    if (text == NULL || strlen(text) < 6 || strlen(text) > 900)
        fail_msg("%s: %s is missing, too short or too long: %s", c->id, what, text != NULL ? text : "NULL");
    size_t ticks = 0;
    for (const char *s = text; *s != '\0'; s++) {
        ticks += *s == '`';
        if ((unsigned char)*s < 0x20 || (s[0] == ' ' && s[1] == ' '))
            fail_msg("%s: odd white space in \"%s\"", c->id, text);
    }
    if (ticks % 2 != 0 || strstr(text, "``") != NULL)
        fail_msg("%s: a command is not closed in \"%s\"", c->id, text);
}

static void check_list(const struct cause *c, const char *what, const char *const *list)
{
    if (list == NULL || list[0] == NULL)
        fail_msg("%s: %s is empty", c->id, what);
    for (size_t i = 0; list[i] != NULL; i++)
        check_text(c, what, list[i]);
}

static void check_id(const char *id)
{
    for (const char *p = id; *p != '\0'; p++)
        assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-');
}

static void check_url(const struct cause *c, const char *url)
{
    size_t host = strncmp(url, "https://", 8) == 0 ? strcspn(url + 8, "/") : 0;
    if (host < 4 || memchr(url + 8, '.', host) == NULL || strpbrk(url, " <>\"`{}|\\^") != NULL ||
        strstr(url + 8, "//") != NULL)
        fail_msg("%s: \"%s\" is no URL", c->id, url);
}

static bool known_stage(const char *stage)
{
    for (int s = STAGE_NONE; s < STAGE_COUNT; s++) {
        if (strcmp(stage, base_stage_id((enum stage)s)) == 0)
            return true;
    }
    return strcmp(stage, "any") == 0;
}

static bool known_code(const char *code)
{
    static const char *const kinds[] = {"hresult 0x", "http ",    "win32 ", "event ",
                                        "logon 0xC",  "httperr ", "crp 0x", "text "};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(code, kinds[i], strlen(kinds[i])) == 0)
            return true;
    }
    return false;
}

static void check_stages(const struct cause *c)
{
    const char *const cells[] = {c->at.transport, c->at.bare, c->at.caps, c->at.ca_cert,
                                 c->at.otp,       c->at.post, c->at.get,  c->at.poll};
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        if (cells[i] == NULL || cells[i][0] == '\0' || strlen(cells[i]) > 100)
            fail_msg("%s: stage %zu of its signature", c->id, i);
    }
}

static void every_entry_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        check_id(c->id);
        check_text(c, "title", c->title);
        check_text(c, "signature", c->signature);
        check_text(c, "decided_by", c->decided_by);
        check_text(c, "ios", c->symptom_ios);
        check_text(c, "android", c->symptom_android);
        check_text(c, "windows", c->symptom_windows);
        check_text(c, "macos", c->symptom_macos);
        check_text(c, "console", c->symptom_console);
        check_list(c, "steps", c->steps);
        check_list(c, "resolution", c->resolution);
        check_list(c, "prevention", c->prevention);
        check_list(c, "sources", c->sources);
        check_stages(c);
        for (size_t k = 0; c->sources[k] != NULL; k++)
            check_url(c, c->sources[k]);
        for (size_t k = 0; c->codes != NULL && c->codes[k] != NULL; k++) {
            if (!known_code(c->codes[k]))
                fail_msg("%s: a code of no kind: \"%s\"", c->id, c->codes[k]);
        }
        assert_true(c->mode[0] != '\0' && strspn(c->mode, "*SIJ") == strlen(c->mode));
        assert_true(known_stage(c->stage));
        assert_ptr_equal(causes_find(c->id), c); /* ids are unique */
    }
    assert_null(causes_at(causes_count()));
    assert_null(causes_find("no-such-cause"));
}

static void every_documented_id_is_there(void **state)
{
    (void)state;
    FILE *f = fopen("unit/causes/ids.txt", "r");
    assert_non_null(f);
    char line[200];
    size_t ids = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        ids++;
        if (causes_find(line) == NULL)
            fail_msg("%s is not in the catalogue", line);
    }
    fclose(f);
    assert_true(ids == 134);
}

/* A class of one would promise look-alikes that nobody names; a cause without a class is told apart by what is seen. */
static void every_class_has_members(void **state)
{
    (void)state;
    for (size_t k = 0; k < causes_class_count(); k++) {
        const struct causes_class *class = causes_class_at(k);
        size_t members = 0;
        for (size_t i = 0; i < causes_count(); i++)
            members += causes_in_class(causes_at(i), class->id);
        if (members < 2 || class->split_by[0] == NULL)
            fail_msg("class %s has %zu members", class->id, members);
    }
    assert_null(causes_class_at(causes_class_count()));
    assert_false(causes_in_class(causes_find("app-pool-stopped"), "L"));
    assert_true(causes_in_class(causes_find("service-account-locked"), "L3"));
}

static void every_class_named_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        size_t named = c->class_id[0] != '\0', known = 0;
        for (const char *p = c->class_id; *p != '\0'; p++)
            named += *p == '/';
        for (size_t k = 0; k < causes_class_count(); k++)
            known += causes_in_class(c, causes_class_at(k)->id);
        if (named != known)
            fail_msg("%s: an unknown class in \"%s\"", c->id, c->class_id);
    }
}

static void groups_hold_everything(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t g = 0; g < causes_group_count(); g++) {
        const struct causes_group *group = causes_group_at(g);
        assert_true(group->count > 0 && strlen(group->title) > 2);
        assert_ptr_equal(causes_at(count), &group->causes[0]);
        count += group->count;
    }
    assert_int_equal(count, causes_count());
    assert_null(causes_group_at(causes_group_count()));
}

static void symptoms_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < causes_symptom_count(); i++) {
        const struct causes_symptom *s = causes_symptom_at(i);
        assert_true(s->where[0] != '\0' && s->shown[0] != '\0' && strlen(s->means) > 5);
    }
    assert_null(causes_symptom_at(causes_symptom_count()));
}

static void bases_have_names(void **state)
{
    (void)state;
    assert_string_equal(causes_basis_id(CAUSES_DOCUMENTED), "documented");
    assert_string_equal(causes_basis_id(CAUSES_OBSERVED), "observed");
    assert_string_equal(causes_basis_id(CAUSES_INFERRED), "inferred");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_complete), cmocka_unit_test(every_documented_id_is_there),
        cmocka_unit_test(every_class_has_members), cmocka_unit_test(every_class_named_is_known),
        cmocka_unit_test(groups_hold_everything),  cmocka_unit_test(symptoms_are_complete),
        cmocka_unit_test(bases_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
