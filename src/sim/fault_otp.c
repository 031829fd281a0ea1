/* Faults of the page that hands out passwords (F.2.5). */
#include "sim/acceptor.h"
#include "sim/fault_kinds.h"

static void cache_full(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->otp_page_replaced = true;
    effects->otp_page = SIM_OTP_PAGE_CACHE_FULL;
}

static void no_permission(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->otp_page_replaced = true;
    effects->otp_page = SIM_OTP_PAGE_NO_PERMISSION;
}

enum { EMPTY_BODY, STRANGE_TEXT };
static const char *const blank_bodies[] = {"empty", "unknown", NULL};

static void blank_page(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    effects->otp_page_replaced = true;
    effects->otp_page = fault->value[0] == STRANGE_TEXT ? SIM_OTP_PAGE_UNKNOWN : SIM_OTP_PAGE_BLANK;
}

/* Every logon completes and is refused; the win32 status is for the server's log only (E.1). */
static void logon_refused(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    effects->logon_status = fault->kind->code;
}

/* What the page offers is not what the client has. */
static const char *const offers[] = {"negotiate-ntlm", "negotiate", "ntlm", "basic", NULL};

static void other_schemes(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    static const unsigned schemes[] = {SIM_SCHEME_NEGOTIATE | SIM_SCHEME_NTLM, SIM_SCHEME_NEGOTIATE,
                                       SIM_SCHEME_NTLM, SIM_SCHEME_BASIC};
    effects->schemes = schemes[fault->value[0]];
}

/* The ticket was made for another account's key. NTLM needs none. */
static void spn_missing(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->kerberos_broken = true;
}

static const struct sim_fault_kind kinds[] = {
    {.id = "otp-account-disabled", .code = SIM_LOGON_DISABLED, .apply = logon_refused},
    {.id = "otp-account-locked", .code = SIM_LOGON_LOCKED, .apply = logon_refused},
    {.id = "otp-account-password-expired", .code = SIM_LOGON_PASSWORD_EXPIRED, .apply = logon_refused},
    {.id = "otp-auth-failed", .code = SIM_LOGON_BAD_PASSWORD, .apply = logon_refused},
    {.id = "otp-auth-scheme-mismatch",
     .keys = {{.name = "offers", .choices = offers}},
     .apply = other_schemes},
    {.id = "otp-cache-full", .apply = cache_full},
    {.id = "otp-insufficient-permission", .apply = no_permission},
    {.id = "otp-kerberos-spn", .apply = spn_missing},
    {.id = "otp-page-blank", .keys = {{.name = "body", .choices = blank_bodies}}, .apply = blank_page},
};
SIM_FAULT_FAMILY(sim_faults_otp, kinds);
