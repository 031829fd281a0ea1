#include "causes/causes.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const simulated[] = {"service-account-password-expired",
                                        "service-account-locked",
                                        "app-pool-stopped",
                                        "app-pool-identity-mismatch",
                                        "template-permission-denied",
                                        "ra-cert-expired",
                                        "connector-stopped",
                                        "connector-outdated",
                                        "network-path-blocked",
                                        "otp-cache-full",
                                        "password-wrong",
                                        "pending-approval",
                                        "approval-denied",
                                        "pending-forgotten",
                                        "otp-account-disabled",
                                        "otp-account-locked",
                                        "otp-account-password-expired",
                                        "otp-auth-failed",
                                        "otp-auth-scheme-mismatch",
                                        "otp-insufficient-permission",
                                        "otp-kerberos-spn",
                                        "otp-page-blank",
                                        "app-proxy-preauth-enabled"};
#define SIMULATED (sizeof simulated / sizeof simulated[0])

static const char *const runbook_causes[] = {
    "NDES service account password expired or account locked",
    "SCEP certificate template permissions — NDES service account lacks Enroll permission on template",
    "IIS Application Pool identity mismatch for NDES",
    "NDES registration authority (RA) certificates expired",
    "Connector (Intune Certificate Connector) outdated or service stopped",
    "Network path from Intune infrastructure to NDES FQDN blocked",
};

static void check_list(const struct cause *c, const char *const *list)
{
    assert_non_null(list);
    if (list[0] == NULL)
        fail_msg("%s: an empty list", c->id);
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strlen(list[i]) < 5 || strlen(list[i]) > 400)
            fail_msg("%s: \"%s\" is too short or too long (a missing comma?)", c->id, list[i]);
    }
}

static void check_text(const struct cause *c, const char *text)
{
    assert_non_null(text);
    if (strlen(text) < 10)
        fail_msg("%s: an empty text", c->id);
}

static void check_id(const char *id)
{
    for (const char *p = id; *p != '\0'; p++)
        assert_true(islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-');
}

static bool known_stage(const char *stage)
{
    for (int s = STAGE_NONE; s < STAGE_COUNT; s++) {
        if (strcmp(stage, base_stage_id((enum stage)s)) == 0)
            return true;
    }
    return strcmp(stage, "any") == 0;
}

static void every_entry_is_complete(void **state)
{
    (void)state;
    assert_true(causes_count() > 80);
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        check_id(c->id);
        check_text(c, c->title);
        check_text(c, c->signature);
        check_text(c, c->decided_by);
        check_text(c, c->symptom_ios);
        check_text(c, c->symptom_android);
        check_text(c, c->symptom_windows);
        check_text(c, c->symptom_macos);
        check_list(c, c->steps);
        check_list(c, c->resolution);
        check_list(c, c->prevention);
        check_list(c, c->sources);
        for (size_t k = 0; c->sources[k] != NULL; k++)
            assert_int_equal(strncmp(c->sources[k], "https://", 8), 0);
        assert_non_null(c->runbook);
        assert_non_null(c->class_id);
        assert_true(c->class_id[0] == '\0' || c->class_id[0] == 'L');
        assert_true(c->mode[0] != '\0' && strspn(c->mode, "*SIJ") == strlen(c->mode));
        assert_true(known_stage(c->stage));
        assert_ptr_equal(causes_find(c->id), c); /* ids are unique */
    }
    assert_null(causes_at(causes_count()));
    assert_null(causes_find("no-such-cause"));
}

static void simulated_causes_are_the_promised_ones(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < causes_count(); i++)
        count += causes_at(i)->simulated;
    assert_int_equal(count, SIMULATED);
    for (size_t i = 0; i < SIMULATED; i++) {
        const struct cause *c = causes_find(simulated[i]);
        assert_non_null(c);
        assert_true(c->simulated);
    }
}

static void runbook_causes_are_covered(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof runbook_causes / sizeof runbook_causes[0]; r++) {
        bool found = false;
        for (size_t i = 0; i < causes_count(); i++)
            found |= strcmp(causes_at(i)->runbook, runbook_causes[r]) == 0;
        if (!found)
            fail_msg("no cause covers \"%s\"", runbook_causes[r]);
    }
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
        cmocka_unit_test(every_entry_is_complete),
        cmocka_unit_test(simulated_causes_are_the_promised_ones),
        cmocka_unit_test(runbook_causes_are_covered),
        cmocka_unit_test(bases_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
