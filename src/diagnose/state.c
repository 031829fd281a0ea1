/* The collector's tables, judged row by row; what needs several rows is kept and judged at the end.
 * Columns: src/evidence/README.md. An empty cell says nothing. */
#include "diagnose/digest.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define RA_USAGE "1.3.6.1.4.1.311.20.2.1" /* Certificate Request Agent */
#define CLIENT   "1.3.6.1.5.5.7.3.2"
#define DAY_US   (INT64_C(86400) * 1000000)

enum op { IS, HAS, LACKS, BELOW, ABOVE, FILLED };

/* One row of one table says it all. `name` is part of the row's first cell; NULL: any. */
static const struct rule {
    const char *table, *name, *column;
    enum op op;
    const char *value; /* alternatives separated by '|' */
    const char *mark;
} rules[] = {
    {"apppools", "SCEP", "State", IS, "Stopped|Stopping", "state-pool-stopped"},
    {"vdirs", "/mscep", "Anonymous", IS, "False", "state-anonymous"},
    {"vdirs", "/mscep", "SslFlags", HAS, "SslRequireCert", "state-client-cert"},
    {"vdirs", "/mscep", "SslFlags", HAS, "Ssl,|Ssl;|Ssl128", "state-ssl"},
    {"vdirs", "/mscep", "AccessPolicy", LACKS, "Execute", "state-execute"},
    {"vdirs", "/mscep", "AllowDoubleEscaping", IS, "False", "state-escaping"},
    {"vdirs", "/mscep", "MaxQueryString", BELOW, "8192", "state-max-query"},
    {"vdirs", "/mscep", "MaxUrl", BELOW, "8192", "state-max-url"},
    {"vdirs", "/mscep", "IpRestricted", IS, "True", "state-ip"},
    {"vdirs", "/mscep_admin", "DefaultDocuments", LACKS, "mscep.dll", "state-document"},
    {"vdirs", "/mscep", "AclDenied", IS, "True", "state-acl"},
    {"vdirs", "CertificateRegistrationSvc", "WindowsAuth", IS, "True", "state-crp-windows"},
    {"iis", "Feature:ISAPI", "Value", IS, "False|NotInstalled|Absent", "state-isapi-feature"},
    {"iis", "IsapiRestriction:mscep.dll", "Value", IS, "NotAllowed|Missing", "state-isapi-restriction"},
    {"iis", "ConfigurationError", "Value", FILLED, "", "state-configuration"},
    {"services", "W3SVC", "Status", IS, "Stopped|StopPending", "state-w3svc"},
    {"registry", "PasswordValidity\\PasswordValidity", "Value", BELOW, "10", "state-validity-short"},
    {"ca", NULL, "ServiceStatus", IS, "Stopped|StopPending", "state-ca-stopped"},
    {"ca", NULL, "PingMs", ABOVE, "15000", "state-ca-slow"},
    {"ca", NULL, "PingError", HAS, "0x80070005", "state-ca-denied"},
    {"ca", NULL, "PingError", HAS, "0x800706ba", "state-ca-unreachable"},
    {"ca", NULL, "Reachable", IS, "True", "state-ca-reachable"},
    {"ca", NULL, "CrlStatus", HAS, "Offline|Expired|Unknown|Failed", "state-ca-crl"},
    {"requests", NULL, "Disposition", HAS, "Pending|Under Submission", "state-pending"},
    {"network", ":135", "Result", IS, "timeout|refused|failed|unreachable", "state-rpc-blocked"},
    {"network", ":135", "Result", IS, "ok", "state-rpc-open"},
    {"network", ".crl", "Result", IS, "timeout|refused|failed|unreachable|dns|404|error", "state-cdp"},
    {"network", "manage.microsoft.com", "Result", IS, "timeout|refused|failed|unreachable|dns|error",
     "state-outbound"},
    {"network", "login.microsoftonline.com", "Result", IS, "timeout|refused|failed|unreachable|dns|error",
     "state-outbound"},
};

static bool has_any(const char *text, const char *words, bool whole)
{
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, "|");
        for (const char *t = text; *t != '\0'; t++) {
            if (strncasecmp(t, at, len) == 0 && (!whole || (t == text && t[len] == '\0')))
                return true;
        }
        at += len;
        at += *at == '|';
    }
    return false;
}

/* "2026-05-09T21:30:11Z"; EVIDENCE_NO_TIME: no date. Days are counted as in the civil calendar from March. */
static int64_t date_us(const char *text)
{
    int year, month, day, hour = 0, minute = 0, second = 0;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) < 3)
        return EVIDENCE_NO_TIME;
    if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1970)
        return EVIDENCE_NO_TIME;
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return ((days * 24 + hour) * 60 + minute) * INT64_C(60000000) + second * INT64_C(1000000);
}

static int64_t number(const char *text)
{
    int64_t n = -1;
    struct err ignored = {0};
    return text_parse_int(text, 0, INT64_MAX, &n, &ignored) ? n : -1;
}

/* When the tables were made; the end of the logs where the collector does not say. */
static int64_t now_us(const struct diagnose_logs *d)
{
    return d->state.collected_us != 0 ? d->state.collected_us : d->now_us;
}

static bool holds(const struct rule *rule, const char *cell)
{
    if (cell[0] == '\0')
        return false;
    switch (rule->op) {
    case IS:
        return has_any(cell, rule->value, true);
    case HAS:
        return has_any(cell, rule->value, false);
    case LACKS:
        return !has_any(cell, rule->value, false);
    case BELOW:
        return number(cell) >= 0 && number(cell) < number(rule->value);
    case ABOVE:
        return number(cell) > number(rule->value);
    case FILLED:
        return true;
    }
    return false;
}

static void say(struct diagnose_logs *d, const char *mark, const struct evidence_record *r)
{
    char example[160];
    const struct evidence_state *row = &r->state;
    snprintf(example, sizeof example, "%.40s: %.100s", row->table,
             row->cell_count > 0 ? row->cell[0].value : "");
    digest_add(d, mark, 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, example);
}

/* ---- tables that need more than a rule ---- */

static void earliest(int64_t *kept_us, const char *date)
{
    int64_t us = date_us(date);
    if (us != EVIDENCE_NO_TIME && (*kept_us == 0 || us < *kept_us))
        *kept_us = us;
}

static void on_ca(struct diagnose_logs *d, const struct evidence_record *r)
{
    earliest(&d->state.ca_until_us, evidence_state_cell(&r->state, "CertificateNotAfter"));
    earliest(&d->state.crl_until_us, evidence_state_cell(&r->state, "CrlNextUpdate"));
}

static void on_account(struct diagnose_logs *d, const struct evidence_record *r)
{
    const struct evidence_state *row = &r->state;
    bool enabled = has_any(evidence_state_cell(row, "Enabled"), "True", true);
    bool locked = has_any(evidence_state_cell(row, "LockedOut"), "True", true);
    bool expired = has_any(evidence_state_cell(row, "PasswordExpired"), "True", true);
    if (!has_any(evidence_state_cell(row, "Role"), "pool", false))
        return;
    const char *name = evidence_state_cell(row, "Name"), *slash = strrchr(name, '\\');
    snprintf(d->state.pool_role, sizeof d->state.pool_role, "%s", slash != NULL ? slash + 1 : name);
    int64_t set_us = date_us(evidence_state_cell(row, "PasswordLastSet"));
    d->state.password_set_us = set_us != EVIDENCE_NO_TIME ? set_us : 0;
    if (evidence_state_cell(row, "Enabled")[0] == '\0')
        return;
    if (!enabled)
        say(d, "state-account-disabled", r);
    if (locked)
        say(d, "state-account-locked", r);
    if (expired)
        say(d, "state-account-expired", r);
    if (enabled && !locked && !expired)
        say(d, "state-account-fine", r);
}

static void on_collector(struct diagnose_logs *d, const struct evidence_record *r)
{
    const char *name = evidence_state_cell(&r->state, "Name"),
               *value = evidence_state_cell(&r->state, "Value");
    if (strcasecmp(name, "CollectedAt") == 0 && date_us(value) != EVIDENCE_NO_TIME)
        d->state.collected_us = date_us(value);
    int64_t minutes = 0;
    struct err ignored = {0};
    if (strcasecmp(name, "UtcOffsetMinutes") == 0 && text_parse_int(value, -840, 840, &minutes, &ignored))
        d->clock_hint_us = minutes * 60 * 1000000;
}

static void on_ra(struct diagnose_logs *d, const struct evidence_record *r)
{
    const struct evidence_state *row = &r->state;
    const char *status = evidence_state_cell(row, "ChainStatus"),
               *provider = evidence_state_cell(row, "Provider");
    unsigned at = d->state.ra < MAX_RA_CERTS ? d->state.ra : MAX_RA_CERTS - 1;
    d->state.ra++;
    int64_t from_us = date_us(evidence_state_cell(row, "NotBefore"));
    if (from_us != EVIDENCE_NO_TIME && from_us > d->state.ra_from_us)
        d->state.ra_from_us = from_us;
    d->state.ra_not_after_us[at] = date_us(evidence_state_cell(row, "NotAfter"));
    snprintf(d->state.issuers[at], sizeof d->state.issuers[at], "%s", evidence_state_cell(row, "Issuer"));
    snprintf(d->state.reader_lists[at], sizeof d->state.reader_lists[at], "%s",
             evidence_state_cell(row, "KeyReaders"));
    if (has_any(status, "Revoked", true) || has_any(status, "Revoked;", false))
        say(d, "state-ra-revoked", r);
    else if (has_any(status, "RevocationStatusUnknown|OfflineRevocation", false))
        say(d, "state-ra-crl", r);
    else if (has_any(status, "UntrustedRoot|PartialChain", false))
        say(d, "state-ra-chain", r);
    d->state.ra_good += has_any(status, "NoError", true);
    if (has_any(provider, "Key Storage Provider", false))
        say(d, "state-ra-cng", r);
}

static void on_certificate(struct diagnose_logs *d, const struct evidence_record *r)
{
    const struct evidence_state *row = &r->state;
    const char *store = evidence_state_cell(row, "Store"),
               *usage = evidence_state_cell(row, "EnhancedKeyUsage");
    d->state.certificates = true;
    if (strcasecmp(store, "Root") == 0)
        say(d,
            strcasecmp(evidence_state_cell(row, "SelfSigned"), "False") == 0 ? "state-intermediate"
                                                                             : "state-no-intermediate",
            r);
    if (strcasecmp(store, "My") != 0)
        return;
    if (has_any(usage, RA_USAGE, false))
        on_ra(d, r);
    else if (has_any(usage, CLIENT, false))
        earliest(&d->state.client_until_us, evidence_state_cell(row, "NotAfter"));
}

static void on_registry(struct diagnose_logs *d, const struct evidence_record *r)
{
    static const char *const templates[] = {"MSCEP\\SignatureTemplate", "MSCEP\\EncryptionTemplate",
                                            "MSCEP\\GeneralPurposeTemplate"};
    const char *path = evidence_state_cell(&r->state, "Path"),
               *value = evidence_state_cell(&r->state, "Value");
    bool mscep = has_any(path, "\\MSCEP\\", false);
    d->state.registry |= mscep;
    d->state.mscep_values += mscep;
    d->state.enforce |= has_any(path, "EnforcePassword\\EnforcePassword", false);
    d->state.module |= has_any(path, "Modules\\NDESPolicy", false);
    d->state.signing |= has_any(path, "NDESConnector\\SigningCertificate", false) && value[0] != '\0';
    d->state.connector_key |= has_any(path, "MicrosoftIntune\\NDESConnector", false);
    if (has_any(path, "UseSinglePassword\\UseSinglePassword", false) && value[0] != '\0')
        say(d, strcmp(value, "0") == 0 ? "state-dynamic" : "state-static", r);
    if (has_any(path, "CAType\\CAType", false) && strcmp(value, "0") == 0)
        say(d, "state-standalone", r);
    if (has_any(path, "CAInfo\\Configuration", false)) {
        const char *name = strrchr(value, '\\');
        snprintf(d->state.ca, sizeof d->state.ca, "%s", name != NULL ? name + 1 : value);
    }
    for (size_t i = 0; i < 3; i++) {
        if (has_any(path, templates[i], false))
            snprintf(d->state.templates[i], sizeof d->state.templates[i], "%s", value);
    }
}

static void on_pool(struct diagnose_logs *d, const struct evidence_record *r)
{
    d->state.pools = true;
    if (strcasecmp(evidence_state_cell(&r->state, "Name"), "SCEP") != 0)
        return;
    d->state.pool_listed = true;
    d->state.pool = evidence_state_cell(&r->state, "State")[0] != '\0';
    const char *user = evidence_state_cell(&r->state, "UserName"), *slash = strrchr(user, '\\');
    snprintf(d->account, sizeof d->account, "%s", slash != NULL ? slash + 1 : user);
    for (char *c = d->account; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void on_service(struct diagnose_logs *d, const struct evidence_record *r)
{
    const char *shown = evidence_state_cell(&r->state, "DisplayName"),
               *name = evidence_state_cell(&r->state, "Name");
    if (!has_any(shown, "Intune|NDES Connector", false) &&
        !has_any(name, "NDESConnector|PFXCertificateConnector", false))
        return;
    bool runs = has_any(evidence_state_cell(&r->state, "Status"), "Running", true);
    say(d, runs ? "state-connector-runs" : "state-connector", r);
}

/* Versions of the connector carry year and month: 6.2406.0.1001. Supported for six months. */
static void on_software(struct diagnose_logs *d, const struct evidence_record *r)
{
    int major, stamp;
    if (!has_any(evidence_state_cell(&r->state, "Name"), "Connector", false) ||
        sscanf(evidence_state_cell(&r->state, "Version"), "%9d.%4d", &major, &stamp) != 2 || stamp < 1801)
        return;
    char month[16];
    snprintf(month, sizeof month, "20%02d-%02d-01", stamp / 100 % 100, stamp % 100);
    earliest(&d->state.connector_month_us, month);
}

static void on_right(struct diagnose_logs *d, const struct evidence_record *r)
{
    const char *right = evidence_state_cell(&r->state, "Right"),
               *who = evidence_state_cell(&r->state, "Accounts");
    bool granted = has_any(who, "IIS_IUSRS|S-1-5-32-568", false) ||
                   (d->account[0] != '\0' && has_any(who, d->account, false));
    if (strcasecmp(right, "SeBatchLogonRight") == 0 && !granted)
        say(d, "state-batch", r);
    if (strcasecmp(right, "SeImpersonatePrivilege") == 0 && !granted)
        say(d, "state-impersonate", r);
}

static void on_spn(struct diagnose_logs *d, const struct evidence_record *r)
{
    const char *spn = evidence_state_cell(&r->state, "Spn"),
               *account = evidence_state_cell(&r->state, "Account");
    if (d->account[0] != '\0' && account[0] != '\0' && has_any(spn, "HTTP/", false) &&
        !has_any(account, d->account, false))
        say(d, "state-spn", r);
}

static bool is_named(const struct diagnose_logs *d, const char *template)
{
    for (size_t i = 0; i < 3; i++) {
        if (template[0] != '\0' && strcasecmp(d->state.templates[i], template) == 0)
            return true;
    }
    return false;
}

/* Without a known pool account every account may be it. */
static bool of_pool(const struct diagnose_logs *d, const char *account)
{
    return d->account[0] == '\0' || account[0] == '\0' || has_any(account, d->account, false);
}

static void on_template(struct diagnose_logs *d, const struct evidence_record *r)
{
    const struct evidence_state *row = &r->state;
    const char *name = evidence_state_cell(row, "Name"), *shown = evidence_state_cell(row, "DisplayName");
    if (is_named(d, shown) && strcasecmp(name, shown) != 0)
        say(d, "state-template-display", r);
    if (d->state.templates[0][0] != '\0' && !is_named(d, name))
        return;
    bool published = has_any(evidence_state_cell(row, "Published"), "True", true);
    if (evidence_state_cell(row, "Published")[0] != '\0')
        say(d, published ? "state-template-published" : "state-template-unpublished", r);
    if (has_any(evidence_state_cell(row, "Enroll"), "False", true))
        say(d,
            of_pool(d, evidence_state_cell(row, "Account")) ? "state-template-enroll"
                                                            : "state-template-caller",
            r);
    if (has_any(evidence_state_cell(row, "SubjectFromAd"), "True", true))
        say(d, "state-template-subject", r);
    if (has_any(evidence_state_cell(row, "RequiresApproval"), "True", true))
        say(d, "state-template-approval", r);
    if (number(evidence_state_cell(row, "RaSignatures")) > 0)
        say(d, "state-template-signatures", r);
}

static void on_binding(struct diagnose_logs *d, const struct evidence_record *r)
{
    d->state.bindings = true;
    d->state.https |= has_any(evidence_state_cell(&r->state, "Binding"), "https", false) &&
                      evidence_state_cell(&r->state, "CertificateThumbprint")[0] != '\0';
}

static const struct {
    const char *table;
    void (*row)(struct diagnose_logs *d, const struct evidence_record *r);
} readers[] = {{"collector", on_collector},
               {"certificates", on_certificate},
               {"registry", on_registry},
               {"apppools", on_pool},
               {"services", on_service},
               {"software", on_software},
               {"rights", on_right},
               {"spns", on_spn},
               {"templates", on_template},
               {"bindings", on_binding},
               {"ca", on_ca},
               {"accounts", on_account}};

void state_record(struct diagnose_logs *d, const struct evidence_record *r)
{
    const struct evidence_state *row = &r->state;
    const char *name = row->cell_count > 0 ? row->cell[0].value : "";
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcasecmp(rules[i].table, row->table) == 0 &&
            (rules[i].name == NULL || has_any(name, rules[i].name, false)) &&
            holds(&rules[i], evidence_state_cell(row, rules[i].column)))
            say(d, rules[i].mark, r);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcasecmp(readers[i].table, row->table) == 0)
            readers[i].row(d, r);
    }
}

/* ---- at the end ---- */

static void judge_dates(struct diagnose_logs *d)
{
    for (unsigned i = 0; i < d->state.ra && i < MAX_RA_CERTS; i++) {
        int64_t until = d->state.ra_not_after_us[i];
        if (until == EVIDENCE_NO_TIME || now_us(d) == EVIDENCE_NO_TIME)
            continue;
        d->state.ra_valid += until >= now_us(d);
        if (until < now_us(d))
            digest_add(d, "state-ra-expired", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, d->state.issuers[i]);
        else if (until < now_us(d) + 60 * DAY_US)
            digest_add(d, "state-ra-expiring", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, d->state.issuers[i]);
    }
}

static void judge_keys(struct diagnose_logs *d)
{
    unsigned readable = 0, known = 0;
    for (unsigned i = 0; i < d->state.ra && i < MAX_RA_CERTS; i++) {
        if (d->account[0] == '\0' || d->state.reader_lists[i][0] == '\0')
            continue;
        known++;
        readable += has_any(d->state.reader_lists[i], d->account, false) ||
                    has_any(d->state.reader_lists[i], "IIS_IUSRS|NETWORK SERVICE", false);
    }
    if (known > 0)
        digest_add(d, readable == known ? "state-ra-readable" : "state-ra-key", 0, 1, EVIDENCE_NO_TIME,
                   EVIDENCE_NO_TIME, d->account);
}

static void judge_issuers(struct diagnose_logs *d)
{
    for (unsigned i = 0; d->state.ca[0] != '\0' && i < d->state.ra && i < MAX_RA_CERTS; i++) {
        if (d->state.issuers[i][0] != '\0' && !has_any(d->state.issuers[i], d->state.ca, false))
            digest_add(d, "state-ra-wrong-ca", 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, d->state.issuers[i]);
    }
}

static void add_if(struct diagnose_logs *d, bool condition, const char *mark)
{
    if (condition)
        digest_add(d, mark, 0, 1, EVIDENCE_NO_TIME, EVIDENCE_NO_TIME, "");
}

static bool past(const struct diagnose_logs *d, int64_t until_us)
{
    return until_us != 0 && now_us(d) != EVIDENCE_NO_TIME && until_us < now_us(d);
}

static void judge_other_dates(struct diagnose_logs *d)
{
    add_if(d, past(d, d->state.ca_until_us), "state-ca-expired");
    add_if(d, d->state.ca_until_us != 0 && !past(d, d->state.ca_until_us), "state-ca-valid");
    add_if(d, past(d, d->state.crl_until_us), "state-ca-crl");
    add_if(d, past(d, d->state.client_until_us), "state-client-expired");
    if (d->state.connector_month_us != 0)
        add_if(d, true,
               past(d, d->state.connector_month_us + 215 * DAY_US) ? "state-connector-old"
                                                                   : "state-connector-new");
}

static void judge_identity(struct diagnose_logs *d)
{
    bool known = d->account[0] != '\0' && d->state.pool_role[0] != '\0';
    bool same = known && strcasecmp(d->account, d->state.pool_role) == 0;
    int64_t set_us = d->state.password_set_us, now = now_us(d);
    add_if(d, known && !same, "state-identity");
    add_if(d, same, "state-identity-right");
    add_if(d, set_us != 0 && now != EVIDENCE_NO_TIME && now - set_us < 2 * DAY_US && now >= set_us - DAY_US,
           "state-password-set");
}

void state_close(struct diagnose_logs *d)
{
    judge_identity(d);
    judge_other_dates(d);
    judge_dates(d);
    judge_keys(d);
    judge_issuers(d);
    bool whole = d->state.ra >= 2 && d->state.ra_valid >= d->state.ra;
    bool wrong = digest_count(d, "state-ra-wrong-ca") + digest_count(d, "state-ra-cng") +
                     digest_count(d, "state-ra-revoked") + digest_count(d, "state-ra-chain") >
                 0;
    add_if(d,
           d->state.ra_from_us != 0 && now_us(d) != EVIDENCE_NO_TIME &&
               now_us(d) - d->state.ra_from_us < 8 * DAY_US,
           "state-ra-new");
    add_if(d, d->state.certificates && d->state.ra < 2, "state-ra-missing");
    add_if(d, whole && !wrong, "state-ra-fine");
    add_if(d, whole && d->state.ra_good == d->state.ra, "state-ra-checked");
    add_if(d, d->state.registry && d->state.mscep_values >= 3 && !d->state.enforce, "state-registry");
    add_if(d, d->state.registry && d->state.mscep_values >= 8 && d->state.enforce, "state-registry-whole");
    add_if(d, d->state.registry && d->state.module, "state-module");
    add_if(d, d->state.registry && d->state.mscep_values >= 3 && !d->state.module, "state-no-module");
    add_if(d, d->state.connector_key && !d->state.signing, "state-signing");
    add_if(d, d->state.pools && !d->state.pool_listed, "state-pool-missing");
    add_if(d, d->state.pool, "state-pool-there");
    add_if(d, d->state.bindings && !d->state.https, "state-no-tls-binding");
}
