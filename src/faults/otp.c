/* Faults of the page that hands out passwords (F.2.5), and of whoever fetches them (F.2.9). */
#include "faults/rows.h"

#define ADMIN_FOLDER "Default Web Site/CertSrv/mscep_admin"

static void show_page(enum ndes_otp_page page, int64_t language, struct ndes_effects *effects)
{
    effects->otp_page_replaced = true;
    effects->otp_page = page;
    effects->language = (enum ndes_language)language;
}

static void cache_full(const struct fault_setting *fault, struct ndes_effects *effects)
{
    show_page(NDES_OTP_PAGE_CACHE_FULL, fault->value[0], effects);
}

static void no_permission(const struct fault_setting *fault, struct ndes_effects *effects)
{
    show_page(NDES_OTP_PAGE_NO_PERMISSION, fault->value[0], effects);
}

/* The cache is as small as NDES makes it, whatever the simulator was started with: pushes of many profiles fill it. */
static void few_places(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->otp.max = (unsigned)fault->value[0];
}

static void one_for_all(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->otp.fixed = true;
}

enum { EMPTY_BODY, STRANGE_TEXT, IN_GERMAN, IN_FRENCH, IN_JAPANESE };
static const char *const blank_bodies[] = {"empty", "unknown", "german", "french", "japanese", NULL};
static const char *const start_logs[] = {"ok", "failed", NULL};

/* A page in another language has a password, though no text that clients look for. */
static void blank_page(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_language languages[] = {
        [IN_GERMAN] = NDES_GERMAN, [IN_FRENCH] = NDES_FRENCH, [IN_JAPANESE] = NDES_JAPANESE};
    int64_t body = fault->value[1];
    if (body >= IN_GERMAN)
        effects->language = languages[body];
    else
        show_page(body == STRANGE_TEXT ? NDES_OTP_PAGE_UNKNOWN : NDES_OTP_PAGE_BLANK, NDES_ENGLISH, effects);
}

/* Every logon completes and is refused; the win32 status is for the server's log only (E.1). */
static void logon_refused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->logon_status = fault->kind->code;
}

/* Two statuses for one cause. */
static const char *const expired_statuses[] = {"1330", "1907", NULL};
static const char *const disabled_statuses[] = {"1331", "1793", NULL};
static const char *const stored_wrong[] = {"1326", "1330", "1331", "1907", "1909", NULL};

static void logon_expired(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const uint32_t statuses[] = {NDES_LOGON_PASSWORD_EXPIRED, 1907};
    effects->logon_status = statuses[fault->value[0]];
}

static void logon_disabled(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const uint32_t statuses[] = {NDES_LOGON_DISABLED, 1793};
    effects->logon_status = statuses[fault->value[0]];
}

static void mdm_logon_refused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const uint32_t statuses[] = {NDES_LOGON_BAD_PASSWORD, NDES_LOGON_PASSWORD_EXPIRED,
                                        NDES_LOGON_DISABLED, 1907, NDES_LOGON_LOCKED};
    effects->logon_status = statuses[fault->value[0]];
}

/* What the page offers is not what the client has. */
static const char *const offers[] = {"negotiate-ntlm", "negotiate", "ntlm", "basic", NULL};

static void other_schemes(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const unsigned schemes[] = {NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM, NDES_SCHEME_NEGOTIATE,
                                       NDES_SCHEME_NTLM, NDES_SCHEME_BASIC};
    effects->schemes = schemes[fault->value[0]];
}

/* The ticket was made for another account's key. NTLM needs none. */
static void spn_missing(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->kerberos_broken = true;
}

enum { APPLICATION_GONE, SEGMENT_HIDDEN };
static const char *const removals[] = {"removed", "hidden", NULL};

static void page_removed(const struct fault_setting *fault, struct ndes_effects *effects)
{
    bool hidden = fault->value[0] == SEGMENT_HIDDEN;
    effects->before_logon[NDES_OP_OTP] = NDES_ERROR_IIS_404;
    effects->substatus = hidden ? 8 : 0;
    effects->win32 = hidden ? 0 : 2;
}

enum { POOL_OF_ALL, POOL_OF_PAGE };
static const char *const pools[] = {"all", "otp", NULL};

/* One pool serves both applications unless somebody has given the page one of its own. */
static void page_unavailable(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == POOL_OF_ALL)
        effects->kernel = NDES_ERROR_KERNEL_UNAVAILABLE;
    else
        effects->kernel_at[NDES_OP_OTP] = NDES_ERROR_KERNEL_UNAVAILABLE;
}

/* The module closes the information page and the OTP page (A.2, A.6). */
static void page_closed(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->at[NDES_OP_BARE] = effects->at[NDES_OP_OTP] = NDES_ERROR_IIS_403;
}

enum { FOLDER_403, FOLDER_404 };
static const char *const folder_pages[] = {"403", "404", NULL};

static void no_default_document(const struct fault_setting *fault, struct ndes_effects *effects)
{
    bool forbidden = fault->value[0] == FOLDER_403;
    effects->otp_folder = forbidden ? NDES_ERROR_IIS_403 : NDES_ERROR_IIS_404;
    effects->substatus = forbidden ? 14 : 0;
    effects->win32 = forbidden ? 0 : 2;
}

static const struct fault_kind kinds[] = {
    {.id = "mdm-otp-bottleneck",
     .keys = {{.name = "places", .kind = FAULT_KEY_NUMBER, .value = 5, .min = 1, .max = NDES_OTP_MAX_CACHE}},
     .apply = few_places,
     .traces = FAULT_TRACES(ROW_STATE("registry.Value", MSCEP_KEY "PasswordMax\\PasswordMax", "{key}"))},
    {.id = "mdm-otp-credential-invalid",
     .keys = {{.name = "status", .choices = stored_wrong}},
     .apply = mdm_logon_refused},
    {.id = "mscep-admin-default-doc-missing",
     .keys = {{.name = "page", .choices = folder_pages}},
     .apply = no_default_document,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.DefaultDocuments", ADMIN_FOLDER, ""))},
    {.id = "otp-account-disabled",
     .keys = {{.name = "status", .choices = disabled_statuses}},
     .apply = logon_disabled},
    {.id = "otp-account-locked",
     .code = NDES_LOGON_LOCKED,
     .apply = logon_refused,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "Security 4740", "{otp-user}"))},
    {.id = "otp-account-password-expired",
     .keys = {{.name = "status", .choices = expired_statuses}},
     .apply = logon_expired},
    {.id = "otp-auth-failed", .code = NDES_LOGON_BAD_PASSWORD, .apply = logon_refused},
    {.id = "otp-auth-scheme-mismatch",
     .keys = {{.name = "offers", .choices = offers}},
     .apply = other_schemes,
     .traces = FAULT_TRACES({.kind = FAULT_TRACE_STATE,
                             .what = "vdirs.WindowsAuth",
                             .values = {ADMIN_FOLDER, "False"},
                             .choice = 4},
                            {.kind = FAULT_TRACE_STATE,
                             .what = "vdirs.BasicAuth",
                             .values = {ADMIN_FOLDER, "True"},
                             .choice = 4})},
    {.id = "otp-cache-full", .keys = {KEY_LANGUAGE}, .apply = cache_full},
    {.id = "otp-endpoint-503",
     .keys = {{.name = "pool", .choices = pools}},
     .apply = page_unavailable,
     .traces = FAULT_TRACES(
         {.what = "WAS 5059", .values = {"{pool}"}, .choice = 1},
         {.what = "WAS 5059", .values = {"SCEP-Admin"}, .choice = 2},
         {.kind = FAULT_TRACE_STATE, .what = "apppools.State", .values = {"{pool}", "Stopped"}, .choice = 1},
         {.kind = FAULT_TRACE_STATE,
          .what = "apppools.State",
          .values = {"SCEP-Admin", "Stopped"},
          .choice = 2},
         {.kind = FAULT_TRACE_STATE,
          .what = "vdirs.Pool",
          .values = {ADMIN_FOLDER, "SCEP-Admin"},
          .choice = 2})},
    {.id = "otp-endpoint-removed",
     .keys = {{.name = "how", .choices = removals}},
     .apply = page_removed,
     .traces = FAULT_TRACES(
         {.kind = FAULT_TRACE_STATE, .what = "vdirs.Path", .values = {ADMIN_FOLDER, ""}, .choice = 1})},
    {.id = "otp-insufficient-permission",
     .keys = {KEY_LANGUAGE},
     .apply = no_permission,
     .traces = FAULT_TRACES(ROW_STATE("templates.Account", "NDESDevice", "{otp-user}"),
                            ROW_STATE("templates.Enroll", "NDESDevice", "False"))},
    {.id = "otp-kerberos-spn",
     .apply = spn_missing,
     .traces = FAULT_TRACES(ROW_STATE("spns.Account", "HTTP/{fqdn}", "{netbios}\\svc-intranet"))},
    {.id = "otp-page-blank",
     .keys = {{.name = "start", .choices = start_logs}, {.name = "body", .choices = blank_bodies}},
     .apply = blank_page,
     .traces = FAULT_TRACES({.when = FAULT_TRACE_START, .what = "NDES 2", .choice = 2},
                            {.when = FAULT_TRACE_START, .what = "NDES 10", .choice = 2})},
    {.id = "otp-static-mode",
     .apply = one_for_all,
     .traces =
         FAULT_TRACES(ROW_STATE("registry.Value", MSCEP_KEY "UseSinglePassword\\UseSinglePassword", "1"),
                      ROW_STATE("registry.Type", MSCEP_KEY "EncryptedPassword", "REG_BINARY"),
                      ROW_STATE("registry.Value", MSCEP_KEY "EncryptedPassword", "(232 bytes)"))},
    {.id = "otp-with-policy-module",
     .apply = page_closed,
     .traces = FAULT_TRACES(
         ROW_STATE("registry.Type", MSCEP_KEY "Modules\\NDESPolicy\\NDESCertThumbprint", "REG_SZ"),
         ROW_STATE("registry.Value", MSCEP_KEY "Modules\\NDESPolicy\\NDESCertThumbprint", "{module-cert}"))},
};
FAULT_FAMILY(faults_otp, kinds);
