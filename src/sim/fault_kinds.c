/* What each fault does, told in wire facts (ndes.md F.2, sections B.2, B.3, A.2, A.6): who answers, with what, on which
 * URL. Nothing here knows what diagnosis looks for. A later fault wins where two contradict each other. */
#include "sim/fault_kinds.h"

#include "scep/types.h"
#include "sim/acceptor.h"
#include "sim/refusals.h"
#include "sim/sim.h"

/* A pool whose identity cannot log on does not start: HTTP.sys answers. Microsoft's Intune page reports 500 for the same
 * causes (B.3), hence the choice. */
enum { FACE_503, FACE_500, FACE_ENROLL };
static const char *const pool_faces[] = {"503", "500", NULL};
static const char *const identity_faces[] = {"503", "500", "enroll", NULL};

static const struct sim_refusal template_denied = {
    .set = true,
    .fail_info = SCEP_BAD_REQUEST,
    .hresult = UINT32_C(0x80094012),
    .text = "The permissions on the certificate template do not allow the current user to enroll for this "
            "type of "
            "certificate. 0x80094012 (-2146877422 CERTSRV_E_TEMPLATE_DENIED) Denied by Policy Module",
};

static void pool_down(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    switch (settings->choice) {
    case FACE_503:
        effects->kernel = SIM_ERROR_KERNEL_UNAVAILABLE;
        break;
    case FACE_500:
        effects->extension = SIM_ERROR_IIS_500;
        break;
    case FACE_ENROLL: /* the wrong account runs the pool well, but may not enroll */
        effects->ca = template_denied;
        break;
    }
}

enum { FACE_OF_ACCOUNT, FACE_OF_CALLER };
static const char *const permission_faces[] = {"enroll", "otp", NULL};

/* The service account lacks Enroll: the CA refuses. The caller of the OTP page lacks it: the page says so. */
static void template_permission(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    if (settings->choice == FACE_OF_CALLER) {
        effects->otp_page_replaced = true;
        effects->otp_page = SIM_OTP_PAGE_NO_PERMISSION;
    } else {
        effects->ca = template_denied;
    }
}

enum { NOT_RESTARTED, RESTARTED };
static const char *const no_yes[] = {"no", "yes", NULL};

/* Until the pool restarts only the dates tell; afterwards mscep.dll does not start. */
static void ra_expired(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    if (settings->choice == RESTARTED)
        effects->extension = SIM_ERROR_IIS_500;
    else
        effects->ra_expired = true;
}

/* An Intune-attached server whose challenge cannot be verified: 403 on the bare URL is healthy there (A.2). The HRESULT is
 * inferred, no capture is known. The OTP page is left alone, so that devices of any scenario come as far as the refusal. */
static void connector(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    effects->at[SIM_OP_BARE] = SIM_ERROR_IIS_403;
    effects->module =
        (struct sim_refusal){.set = true, .fail_info = SCEP_BAD_REQUEST, .hresult = settings->hresult};
}

static const char *const blockings[] = {"refuse", "drop", NULL};

static void network_blocked(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    static const enum sim_network states[] = {SIM_NETWORK_REFUSE, SIM_NETWORK_DROP};
    effects->network = states[settings->choice];
}

static void cache_full(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->otp_page_replaced = true;
    effects->otp_page = SIM_OTP_PAGE_CACHE_FULL;
}

static void no_permission(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->otp_page_replaced = true;
    effects->otp_page = SIM_OTP_PAGE_NO_PERMISSION;
}

enum { EMPTY_BODY, STRANGE_TEXT };
static const char *const blank_bodies[] = {"empty", "unknown", NULL};

static void blank_page(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    effects->otp_page_replaced = true;
    effects->otp_page = settings->choice == STRANGE_TEXT ? SIM_OTP_PAGE_UNKNOWN : SIM_OTP_PAGE_BLANK;
}

/* Every logon completes and is refused; the win32 status is for the server's log only (E.1). */
static void logon_refused(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    effects->logon_status = settings->hresult;
}

/* What the page offers is not what the client has. */
static const char *const offers[] = {"negotiate-ntlm", "negotiate", "ntlm", "basic", NULL};

static void other_schemes(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    static const unsigned schemes[] = {SIM_SCHEME_NEGOTIATE | SIM_SCHEME_NTLM, SIM_SCHEME_NEGOTIATE,
                                       SIM_SCHEME_NTLM, SIM_SCHEME_BASIC};
    effects->schemes = schemes[settings->choice];
}

/* The ticket was made for another account's key. NTLM needs none. */
static void spn_missing(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->kerberos_broken = true;
}

static const char *const gates[] = {"redirect", "page", "403", NULL};

/* Nothing gets past the proxy: 302 to a login page, that page itself, or 403 (F.2.1). */
static void proxy_login(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    static const enum sim_error_page pages[] = {SIM_ERROR_PROXY_REDIRECT, SIM_ERROR_PROXY_LOGIN,
                                                SIM_ERROR_PROXY_403};
    effects->in_front = pages[settings->choice];
}

static void passwords_unknown(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->passwords_unknown = true;
}

/* The CA's queue: nobody decides while this lasts (F.2.7). */
static void approval_pending(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->hold = SIM_HOLD_PENDING;
}

static void approval_denied(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    (void)settings;
    effects->hold = SIM_HOLD_DENIED;
}

enum { SAYS_BAD_REQUEST, SAYS_BAD_CERT_ID };
static const char *const forgetful_answers[] = {"badRequest", "badCertId", NULL};

/* Which failInfo a poll then gets is not known: 2 or 4. */
static void approval_forgotten(const struct sim_fault_settings *settings, struct sim_effects *effects)
{
    effects->hold = SIM_HOLD_FORGOTTEN;
    effects->forgotten =
        settings->choice == SAYS_BAD_CERT_ID ? &SIM_REFUSE_NOT_PENDING_ID : &SIM_REFUSE_NOT_PENDING;
}

#define E_FAIL UINT32_C(0x80004005)

static const struct sim_fault_kind kinds[] = {
    {.id = "app-pool-identity-mismatch", .key = {"face", identity_faces}, .apply = pool_down},
    {.id = "app-pool-stopped", .apply = pool_down},
    {.id = "app-proxy-preauth-enabled", .key = {"how", gates}, .apply = proxy_login},
    {.id = "approval-denied", .apply = approval_denied},
    {.id = "connector-outdated", .key = {"hresult", NULL}, .hresult = E_FAIL, .apply = connector},
    {.id = "connector-stopped", .key = {"hresult", NULL}, .hresult = E_FAIL, .apply = connector},
    {.id = "network-path-blocked", .key = {"how", blockings}, .apply = network_blocked},
    {.id = "otp-account-disabled", .hresult = SIM_LOGON_DISABLED, .apply = logon_refused},
    {.id = "otp-account-locked", .hresult = SIM_LOGON_LOCKED, .apply = logon_refused},
    {.id = "otp-account-password-expired", .hresult = SIM_LOGON_PASSWORD_EXPIRED, .apply = logon_refused},
    {.id = "otp-auth-failed", .hresult = SIM_LOGON_BAD_PASSWORD, .apply = logon_refused},
    {.id = "otp-auth-scheme-mismatch", .key = {"offers", offers}, .apply = other_schemes},
    {.id = "otp-cache-full", .apply = cache_full},
    {.id = "otp-insufficient-permission", .apply = no_permission},
    {.id = "otp-kerberos-spn", .apply = spn_missing},
    {.id = "otp-page-blank", .key = {"body", blank_bodies}, .apply = blank_page},
    {.id = "password-wrong", .apply = passwords_unknown},
    {.id = "pending-approval", .apply = approval_pending},
    {.id = "pending-forgotten", .key = {"answer", forgetful_answers}, .apply = approval_forgotten},
    {.id = "ra-cert-expired", .key = {"restarted", no_yes}, .apply = ra_expired},
    {.id = "service-account-locked", .key = {"face", pool_faces}, .apply = pool_down},
    {.id = "service-account-password-expired", .key = {"face", pool_faces}, .apply = pool_down},
    {.id = "template-permission-denied", .key = {"face", permission_faces}, .apply = template_permission},
};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

const struct sim_fault_kind *sim_fault_kind_find(const char *id)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].id, id) == 0)
            return &kinds[i];
    }
    return NULL;
}

const char *sim_fault_id(size_t index)
{
    return index < KIND_COUNT ? kinds[index].id : NULL;
}

const char *sim_fault_key(size_t index, const char *const **choices)
{
    const struct sim_fault_key *key = index < KIND_COUNT ? &kinds[index].key : NULL;
    *choices = key != NULL ? key->choices : NULL;
    return key != NULL ? key->name : NULL;
}
