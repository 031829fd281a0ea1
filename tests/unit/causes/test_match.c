#include "causes/causes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct answer {
    const char *query;
    const char *id;
    enum causes_match match;
} answers[] = {
    {"0x80094012", "template-permission-denied", CAUSES_CODE},
    {"0X80094012", "template-permission-denied", CAUSES_CODE},
    {"-2146877422", "template-permission-denied", CAUSES_CODE},
    {"-2147023728", "password-wrong", CAUSES_CODE},
    {"2148204809", "crp-client-cert-untrusted", CAUSES_CODE},
    {"80070490", "password-wrong", CAUSES_CODE},
    {"2147943568", "password-wrong", CAUSES_CODE},
    {"HRESULT: 0x80070490", "password-wrong", CAUSES_CODE},
    {"0x80070775", "otp-account-locked", CAUSES_CODE}, /* win32 1909 */
    {"1909", "otp-account-locked", CAUSES_CODE},
    {"404.14", "iis-url-too-long", CAUSES_CODE},
    {"404 14", "iis-url-too-long", CAUSES_CODE},
    {"404 14 0", "iis-url-too-long", CAUSES_CODE},
    {"404.1", "iis-url-too-long", CAUSES_NO_MATCH},
    {"HTTP 503", "app-pool-stopped", CAUSES_CODE},
    {"0x801901F7", "app-pool-stopped", CAUSES_CODE},
    {"0x801901F7", "ra-cert-missing", CAUSES_SHOWN},
    {"500 0 1346", "impersonation-right-missing", CAUSES_CODE},
    {"1346", "impersonation-right-missing", CAUSES_CODE},
    {"event 5057", "service-account-locked", CAUSES_CODE},
    {"Event ID 29", "password-expired", CAUSES_CODE},
    {"EventID: 29", "password-expired", CAUSES_CODE},
    {"NDES 29", "password-expired", CAUSES_CODE},
    {"NDES event 29", "password-expired", CAUSES_CODE},
    {"29", "password-expired", CAUSES_CODE},
    {"IIS 500.19", "iis-config-invalid", CAUSES_CODE},
    {"500.19", "iis-config-invalid", CAUSES_CODE},
    {"0xC0000234", "service-account-locked", CAUSES_CODE},
    {"queuefull", "app-pool-queue-full", CAUSES_CODE},
    {"the password cache is full", "otp-cache-full", CAUSES_CODE},
    {"MDM-SCEP:15002", "password-wrong", CAUSES_SHOWN},
    {"22005", "network-path-blocked", CAUSES_SHOWN},
    {"22005", "password-wrong", CAUSES_NO_MATCH},
    {"Caller Computer Name", "service-account-locked", CAUSES_MENTIONED},
    {"", "password-wrong", CAUSES_NO_MATCH},
    {"event ", "password-wrong", CAUSES_NO_MATCH},
    {"event id: ", "password-wrong", CAUSES_NO_MATCH},
    {"0x", "password-wrong", CAUSES_NO_MATCH},
    {"no such words", "password-wrong", CAUSES_NO_MATCH},
};

static void questions_find_their_causes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct cause *c = causes_find(answers[i].id);
        assert_non_null(c);
        if (causes_match(c, answers[i].query) != answers[i].match)
            fail_msg("'%s': %s matches as %d", answers[i].query, c->id, causes_match(c, answers[i].query));
    }
}

/* A code is no use when it cannot be asked for. */
static void every_code_finds_its_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        for (size_t k = 0; c->codes != NULL && c->codes[k] != NULL; k++) {
            const char *value = strchr(c->codes[k], ' ') + 1;
            if (causes_match(c, value) != CAUSES_CODE)
                fail_msg("%s is not found by \"%s\"", c->id, value);
        }
    }
}

static size_t symptoms_for(const char *query)
{
    size_t found = 0;
    for (size_t i = 0; i < causes_symptom_count(); i++)
        found += causes_symptom_matches(causes_symptom_at(i), query);
    return found;
}

static void what_devices_show_is_known(void **state)
{
    (void)state;
    assert_int_equal(symptoms_for("22003"), 1);
    assert_int_equal(symptoms_for("-67843"), 1);
    assert_int_equal(symptoms_for("MDM-SCEP:14006"), 1);
    assert_int_equal(symptoms_for("0x87d1fde8"), 2);
    assert_int_equal(symptoms_for("-2016281112"), 2);
    assert_int_equal(symptoms_for("0x87D13B67"), 1);
    assert_int_equal(symptoms_for("-2147012894"), 1); /* 0x80072EE2 */
    assert_int_equal(symptoms_for("event 307"), 1);
    assert_int_equal(symptoms_for("22099"), 0);
}

static void long_questions_do_no_harm(void **state)
{
    (void)state;
    char query[5000];
    memset(query, '0', sizeof query - 1);
    query[sizeof query - 1] = '\0';
    assert_true(causes_match(causes_at(0), query) == CAUSES_NO_MATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_find_their_causes),
        cmocka_unit_test(every_code_finds_its_cause),
        cmocka_unit_test(what_devices_show_is_known),
        cmocka_unit_test(long_questions_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
