/* Every line of the user's runbook leads to causes, and each of them says what the line says. */
#include "causes/causes.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a line says, in words: each of a cause's words must be in its text; alternatives with a bar. */
static const struct line {
    const char *begins;
    const char *words[6];
} lines[] = {
    {"Intune: Device configuration profile shows 'Failed'", {"Intune", "Failed"}},
    {"NDES server IIS logs show HTTP 403 or 500", {"IIS log|from IIS|@iis", "403|500"}},
    {"Windows Event Log on NDES server: Event ID 26", {"26", "password", "event"}},
    {"NDES OTP challenge URL returns blank page or 503", {"OTP page", "blank|503"}},
    {"Devices enrolled but certificate missing", {"certificate", "store|device", "not|no|none"}},
    {"NDES service account password expired or account locked", {"service account", "expired|locked"}},
    {"SCEP certificate template permissions", {"Enroll", "template", "service account"}},
    {"IIS Application Pool identity mismatch", {"application pool", "identity", "account"}},
    {"NDES registration authority (RA) certificates expired", {"RA", "expired", "registration authority"}},
    {"Connector (Intune Certificate Connector) outdated", {"connector", "stopped|too old"}},
    {"Network path from Intune infrastructure", {"path", "blocked", "NDES"}},
    {"Test NDES connectivity from a device or proxy", {"mscep_admin|GetCACaps", "NDES", "page|503|connect"}},
    {"Check NDES Application Pool in IIS Manager", {"pool", "SCEP", "started|Stopped|crash|identity"}},
    {"Verify NDES service account", {"account", "pool", "expired|locked|log on as a service|identity"}},
    {"Check RA certs",
     {"RA cert", "CEP Encryption|1.3.6.1.4.1.311.20.2.1", "certlm.msc|Cert:\\LocalMachine\\My"}},
    {"In CA certificate templates", {"template", "CA", "Enroll|-CATemplates"}},
    {"If using Intune Certificate Connector",
     {"Get-Service", "Microsoft Intune Connector",
      "C:\\ProgramData\\Microsoft\\Intune Certificate Connector\\"}},
    {"Reset NDES service account password", {"Reset the password", "Identity", "pool"}},
    {"Renew expired RA certificates", {"Renew both RA certificates", "re-installing NDES"}},
    {"Fix template permissions", {"Read and Enroll", "service account", "template"}},
    {"Restart Intune Certificate Connector", {"connector", "iisreset|restart"}},
    {"Test end-to-end with a new device enrollment", {"one device"}},
    {"Set service account password to never-expire", {"never expire", "Managed Service Account"}},
    {"Monitor RA certificate expiry", {"60 days", "notAfter"}},
    {"Document NDES build", {"Document", "account", "pool", "template"}},
};
#define LINES (sizeof lines / sizeof lines[0])

static const char *const sections[] = {"Indicators", "Likely causes", "Diagnostic steps", "Resolution path",
                                       "Prevention"};

static size_t reached;

static bool word_in(const char *text, const char *word, size_t len)
{
    for (; strlen(text) >= len; text++) {
        if (strncasecmp(text, word, len) == 0)
            return true;
    }
    return false;
}

static bool says(const char *text, const char *alternatives)
{
    for (const char *word = alternatives;; word += strcspn(word, "|") + 1) {
        if (word_in(text, word, strcspn(word, "|")))
            return true;
        if (word[strcspn(word, "|")] == '\0')
            return false;
    }
}

static void add(char *text, size_t bytes, const char *more)
{
    size_t len = strlen(text);
    snprintf(text + len, bytes - len, "%s\n", more);
}

/* All that a reader of the cause gets to see, but for the runbook's own words. */
static const char *whole_text(const struct cause *c)
{
    static char text[20000];
    const char *const *const lists[] = {c->steps, c->resolution, c->prevention};
    text[0] = '\0';
    add(text, sizeof text, c->title);
    add(text, sizeof text, c->signature);
    add(text, sizeof text, c->at.caps);
    add(text, sizeof text, c->decided_by);
    add(text, sizeof text, c->symptom_console);
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        for (size_t i = 0; lists[k][i] != NULL; i++)
            add(text, sizeof text, lists[k][i]);
    }
    assert_true(strlen(text) + 1 < sizeof text);
    return text;
}

static bool covers(const struct cause *c, const char *line)
{
    for (size_t i = 0; c->runbook != NULL && c->runbook[i] != NULL; i++) {
        if (strcmp(c->runbook[i], line) == 0)
            return true;
    }
    return false;
}

static const struct line *words_of(const char *line)
{
    for (size_t i = 0; i < LINES; i++) {
        if (strncmp(line, lines[i].begins, strlen(lines[i].begins)) == 0)
            return &lines[i];
    }
    fail_msg("no words for the line \"%s\"", line);
    return NULL;
}

static void check_line(const char *line)
{
    const struct line *words = words_of(line);
    size_t ids = 0;
    printf("%s\n   ", line);
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        if (!covers(c, line))
            continue;
        ids++;
        printf(" %s", c->id);
        for (size_t k = 0; words->words[k] != NULL; k++) {
            if (!says(whole_text(c), words->words[k]))
                fail_msg("%s covers \"%s\" but never says \"%s\"", c->id, line, words->words[k]);
        }
    }
    printf("\n");
    if (ids == 0)
        fail_msg("no cause covers \"%s\"", line);
    reached++;
}

/* Lines of the five sections: "- text", or a hyphen alone and the text below it. */
static void every_line_leads_to_causes(void **state)
{
    (void)state;
    FILE *f = fopen("unit/causes/runbook.txt", "r");
    assert_non_null(f);
    char line[1000];
    bool inside = false;
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        bool heading = strcmp(line, "Tools") == 0;
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
            heading |= strcmp(line, sections[i]) == 0;
        if (heading)
            inside = strcmp(line, "Tools") != 0;
        const char *text = strncmp(line, "- ", 2) == 0 ? line + 2 : line;
        if (inside && !heading && text[0] != '\0' && strcmp(text, "-") != 0)
            check_line(text);
    }
    fclose(f);
    assert_int_equal(reached, LINES);
}

/* What entries call lines of the runbook are lines of it. */
static void no_line_is_invented(void **state)
{
    (void)state;
    static char book[10000];
    FILE *f = fopen("unit/causes/runbook.txt", "r");
    assert_non_null(f);
    book[fread(book, 1, sizeof book - 1, f)] = '\0';
    fclose(f);
    for (size_t i = 0; i < causes_count(); i++) {
        const struct cause *c = causes_at(i);
        for (size_t k = 0; c->runbook != NULL && c->runbook[k] != NULL; k++) {
            if (strstr(book, c->runbook[k]) == NULL)
                fail_msg("%s: \"%s\" is not in the runbook", c->id, c->runbook[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_leads_to_causes),
        cmocka_unit_test(no_line_is_invented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
