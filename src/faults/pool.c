/* Faults of the application pool and its account (F.2.3, B.3). */
#include "faults/rows.h"
#include "ndes/refusals.h"

static const char *const stops[] = {"was", "by-hand", NULL};

/* WAS says that it has disabled the pool; who stops it by hand may leave no event (G.5), and another word in HTTPERR. */
static void stopped(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const char *const reasons[] = {"AppOffline", "Disabled"};
    effects->kernel = NDES_ERROR_KERNEL_UNAVAILABLE;
    effects->httperr = reasons[fault->value[0]];
}

enum { CRASH_502 = 2 };
static const char *const crash_faces[] = {"reset", "500", "502", NULL};

/* Rapid-fail protection: five in five minutes. The 502 is a proxy's, which gets the reset. */
static void crashing(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_error_page pages[] = {NDES_ERROR_RESET, NDES_ERROR_IIS_500, NDES_ERROR_RESET};
    effects->crash_page = pages[fault->value[0]];
    effects->crashes = (unsigned)fault->value[1];
    if (fault->value[0] == CRASH_502) {
        effects->proxy_rewrites = true;
        effects->proxy = NDES_PROXY_APP_GATEWAY;
    }
}

/* A pool whose identity cannot log on does not start: HTTP.sys answers. Microsoft's Intune page reports 500 for the same
 * causes (B.3), hence the choice. A worker process that runs goes on running until the pool starts again. */
enum { FACE_503, FACE_500, FACE_OTHER };
static const char *const identity_faces[] = {"503", "500", "enroll", NULL};
static const char *const expiry_faces[] = {"503", "500", "changed", NULL};
static const char *const pool_faces[] = {"503", "500", NULL};

static void pool_down(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (!fault->restarted)
        return;
    if (fault->value[0] == FACE_500)
        effects->extension = NDES_ERROR_IIS_500;
    else
        effects->kernel = NDES_ERROR_KERNEL_UNAVAILABLE;
}

/* The wrong account may run the pool well, and lack Enroll. */
static void other_identity(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == FACE_OTHER && fault->restarted)
        effects->ca = NDES_REFUSE_TEMPLATE_DENIED;
    else
        pool_down(fault, effects);
}

static const char *const disablings[] = {"disabled", "account-expired", NULL};

static void account_off(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->restarted)
        effects->kernel = NDES_ERROR_KERNEL_UNAVAILABLE;
}

static void no_impersonation(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->extension = NDES_ERROR_IIS_500;
    effects->win32 = 1346;
}

static const char *const recyclers[] = {"by-hand", "schedule", "configuration", NULL};

static void recycled(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->restart_every_us = fault->value[1] > 0 ? fault->value[1] : INT64_MAX;
    effects->slow_start_us = fault->value[2];
}

/* What the start of a pool leaves whose account cannot log on, with choice `first` of the first key; `second`, 1 or 2, is that of
 * FAULT_RESTARTED. Logon type 4 is a batch job's. */
#define ROWS_OF_START_(first, second, moment, status, substatus, reason, win32)                              \
    ROW_EVENT_IF(first, second, moment, "Security 4625", "{account}", status, substatus, "4", "-", reason),  \
        ROW_EVENT_IF(first, second, moment, "WAS 5021", "SCEP", win32),                                      \
        ROW_EVENT_IF(first, second, moment, "WAS 5057", "SCEP", win32),                                      \
        ROW_STATE_IF(first, second, moment, "apppools.State", "SCEP", "Stopped")
#define ROWS_NO_LOGON(first, ...)                                                                            \
    ROWS_OF_START(first, 1, START, __VA_ARGS__), ROWS_OF_START(first, 2, RESTART, __VA_ARGS__)
#define ROWS_OF_START(first, second, moment, ...) ROWS_OF_START_(first, second, moment, __VA_ARGS__)

/* With 500 the pool runs; what cannot log on is only seen by the Security log. */
#define ROW_LOGON_ALONE(...)              ROW_LOGON_AT(1, START, __VA_ARGS__), ROW_LOGON_AT(2, RESTART, __VA_ARGS__)
#define ROW_LOGON_AT(second, moment, ...) ROW_LOGON_AT_(second, moment, __VA_ARGS__)
#define ROW_LOGON_AT_(second, moment, status, substatus, reason)                                             \
    ROW_EVENT_IF(2, second, moment, "Security 4625", "{account}", status, substatus, "4", "-", reason)

#define BAD_PASSWORD "0xC000006D", "0xC000006A", "%%2313", "0x8007052E"
#define EXPIRED      "0xC000006E", "0xC0000071", "%%2309"
#define LOCKED       "0xC0000234", "0x0", "%%2307"
#define DISABLED     "0xC000006E", "0xC0000072", "%%2310", "0x80070533"
#define ACCOUNT_OVER "0xC000006E", "0xC0000193", "%%2305", "0x80070701"
#define NO_RIGHT     "0xC000015B", "0x0", "%%2308", "0x80070569"

#define KEY_FACE(choices_)                                                                                   \
    {                                                                                                        \
        .name = "face", .choices = (choices_)                                                                \
    }

#define OTHER_ACCOUNT "CONTOSO\\svc-web"

static const struct fault_kind kinds[] = {
    {.id = "app-pool-stopped",
     .keys = {{.name = "how", .choices = stops}},
     .apply = stopped,
     .traces = FAULT_TRACES(ROW_EVENT_IF(1, 0, ONSET, "WAS 5059", "SCEP"),
                            ROW_STATE("apppools.State", "SCEP", "Stopped"))},
    {.id = "app-pool-crashing",
     .keys = {KEY_FACE(crash_faces),
              {.name = "crashes", .kind = FAULT_KEY_NUMBER, .value = 5, .min = 1, .max = 1000}},
     .apply = crashing,
     .traces = FAULT_TRACES(ROW_EVENT(CRASH, "AppError 1000"), ROW_EVENT(CRASH, "WAS 5011"),
                            ROW_EVENT(CRASH, "WAS 5009"), ROW_EVENT(DISABLE, "WAS 5002"),
                            ROW_STATE_IF(0, 0, DISABLE, "apppools.State", "SCEP", "Stopped"))},
    {.id = "app-pool-identity-mismatch",
     .keys = {KEY_FACE(identity_faces), FAULT_RESTARTED},
     .apply = other_identity,
     .traces =
         FAULT_TRACES(ROWS_NO_LOGON(1, BAD_PASSWORD),
                      ROW_EVENT_IF(2, 1, START, "NDES 2", "0x80070057", "The parameter is incorrect. "),
                      ROW_EVENT_IF(2, 1, START, "NDES 10", "0x80070057", "The parameter is incorrect. "),
                      ROW_EVENT_IF(2, 2, RESTART, "NDES 2", "0x80070057", "The parameter is incorrect. "),
                      ROW_EVENT_IF(2, 2, RESTART, "NDES 10", "0x80070057", "The parameter is incorrect. "),
                      ROW_STATE("apppools.UserName", "SCEP", OTHER_ACCOUNT))},
    {.id = "service-account-password-expired",
     .keys = {KEY_FACE(expiry_faces), FAULT_RESTARTED},
     .apply = pool_down,
     .traces = FAULT_TRACES(ROWS_NO_LOGON(1, EXPIRED, "0x80070532"), ROW_LOGON_ALONE(EXPIRED),
                            ROWS_NO_LOGON(3, BAD_PASSWORD),
                            ROW_STATE_IF(1, 0, ONSET, "accounts.PasswordExpired", "{account}", "True"),
                            ROW_STATE_IF(2, 0, ONSET, "accounts.PasswordExpired", "{account}", "True"),
                            ROW_STATE_IF(3, 0, ONSET, "accounts.PasswordLastSet", "{account}", "{time}"))},
    {.id = "service-account-locked",
     .keys = {KEY_FACE(pool_faces), FAULT_RESTARTED},
     .apply = pool_down,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "Security 4740", "{account}"),
                            ROWS_NO_LOGON(1, LOCKED, "0x80070775"), ROW_LOGON_ALONE(LOCKED),
                            ROW_STATE("accounts.LockedOut", "{account}", "True"))},
    {.id = "service-account-disabled",
     .keys = {{.name = "how", .choices = disablings}, FAULT_RESTARTED},
     .apply = account_off,
     .traces = FAULT_TRACES(ROWS_NO_LOGON(1, DISABLED), ROWS_NO_LOGON(2, ACCOUNT_OVER),
                            ROW_STATE_IF(1, 0, ONSET, "accounts.Enabled", "{account}", "False"))},
    {.id = "service-account-logon-right-missing",
     .keys = {KEY_FACE(pool_faces), FAULT_RESTARTED},
     .apply = pool_down,
     .traces = FAULT_TRACES(ROW_EVENT(ONSET, "GroupPolicy 1502"), ROWS_NO_LOGON(1, NO_RIGHT),
                            ROW_LOGON_ALONE("0xC000015B", "0x0", "%%2308"),
                            ROW_STATE("rights.Accounts", "SeBatchLogonRight", "BUILTIN\\Administrators"),
                            ROW_STATE("accounts.Groups", "{account}", "Domain Users"))},
    {.id = "impersonation-right-missing",
     .apply = no_impersonation,
     .traces = FAULT_TRACES(ROW_STATE("rights.Accounts", "SeImpersonatePrivilege",
                                      "NT AUTHORITY\\LOCAL SERVICE;NT AUTHORITY\\NETWORK "
                                      "SERVICE;BUILTIN\\Administrators;NT AUTHORITY\\SERVICE"))},
    {.id = "app-pool-recycled",
     .keys = {{.name = "how", .choices = recyclers},
              {.name = "every", .kind = FAULT_KEY_DURATION},
              {.name = "slow", .kind = FAULT_KEY_DURATION, .value = INT64_C(2) * 1000000}},
     .apply = recycled,
     .traces = FAULT_TRACES(ROW_EVENT_IF(1, 0, START, "WAS 5079", NULL),
                            ROW_EVENT_IF(2, 0, START, "WAS 5076", NULL),
                            ROW_EVENT_IF(3, 0, START, "WAS 5080", NULL),
                            ROW_STATE_IF(2, 0, ONSET, "apppools.RecyclePeriodMinutes", "SCEP", "1740"))},
};
FAULT_FAMILY(faults_pool, kinds);
