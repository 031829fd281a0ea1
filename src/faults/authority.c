/* Faults of the certification authority (F.2.7). */
#include "faults/rows.h"
#include "ndes/ca_errors.h"
#include "ndes/refusals.h"

/* The CA refuses, or the way to it does. Keys: hresult, fail-info, language. */
static void ca_refuses(const struct fault_setting *fault, struct ndes_effects *effects)
{
    int64_t hresult = fault->value[0];
    const struct fault_key *usual = &fault->kind->keys[0];
    effects->ca = ndes_ca_refusal((uint32_t)(hresult != 0 ? hresult : usual->value),
                                  (enum ndes_language)fault->value[2]);
    effects->ca.hresult = (uint32_t)hresult; /* without it the words stay */
    effects->ca.fail_info = (int)fault->value[1];
}

/* The same after a while. Keys: the same and `after`. */
static void ca_refuses_late(const struct fault_setting *fault, struct ndes_effects *effects)
{
    ca_refuses(fault, effects);
    effects->ca_delay_us = fault->value[3];
}

enum { FACE_OF_ACCOUNT, FACE_OF_CALLER };
static const char *const permission_faces[] = {"enroll", "otp", NULL};

/* The service account lacks Enroll: the CA refuses. The caller of the OTP page lacks it: the page says so. */
static void refused_by_template(uint32_t hresult, const struct fault_setting *fault,
                                struct ndes_effects *effects)
{
    enum ndes_language language = (enum ndes_language)fault->value[2];
    if (fault->value[0] == FACE_OF_CALLER) {
        effects->otp_page_replaced = true;
        effects->otp_page = NDES_OTP_PAGE_NO_PERMISSION;
        effects->language = language;
        return;
    }
    effects->ca = ndes_ca_refusal(hresult, language);
    effects->ca.hresult = (uint32_t)fault->value[1];
}

static void template_permission(const struct fault_setting *fault, struct ndes_effects *effects)
{
    refused_by_template(UINT32_C(0x80094012), fault, effects);
}

static void template_not_published(const struct fault_setting *fault, struct ndes_effects *effects)
{
    refused_by_template(UINT32_C(0x80094800), fault, effects);
}

/* The CA's queue: nobody decides while this lasts (F.2.7). */
static void approval_pending(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->hold = NDES_HOLD_PENDING;
}

static void approval_denied(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->hold = NDES_HOLD_DENIED;
}

enum { SAYS_BAD_REQUEST, SAYS_BAD_CERT_ID };
static const char *const forgetful_answers[] = {"badRequest", "badCertId", NULL};

/* Which failInfo a poll then gets is not known: 2 or 4. */
static void approval_forgotten(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->hold = NDES_HOLD_FORGOTTEN;
    effects->forgotten =
        fault->value[0] == SAYS_BAD_CERT_ID ? &NDES_REFUSE_NOT_PENDING_ID : &NDES_REFUSE_NOT_PENDING;
}

enum { CHAIN_REFUSED, CHAIN_SHOWN };
static const char *const expiry_faces[] = {"refused", "served", NULL};

/* A certificate of the chain is out of date: the CA refuses, or GetCACert shows it. */
static void chain_expired(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == CHAIN_SHOWN)
        effects->guise = NDES_GUISE_CA_AGED;
    else
        effects->ca = ndes_ca_refusal(UINT32_C(0x800b0101), (enum ndes_language)fault->value[1]);
}

/* No session is free; or so many are, and the others are refused under load only. */
static void sessions_exhausted(const struct fault_setting *fault, struct ndes_effects *effects)
{
    struct ndes_refusal answer = ndes_ca_refusal(UINT32_C(0x8009400f), (enum ndes_language)fault->value[1]);
    if (fault->value[0] == 0)
        effects->ca = answer;
    else
        effects->strain[NDES_OP_PKI_OPERATION].crowd =
            (struct ndes_crowd){.set = true, .at_once = (unsigned)fault->value[0], .answer = answer};
}

/* One after the other, each in its time: the more there are, the longer they wait. */
static void ca_slow(const struct fault_setting *fault, struct ndes_effects *effects)
{
    struct ndes_strain *strain = &effects->strain[NDES_OP_PKI_OPERATION];
    strain->median_us = fault->value[0];
    strain->servers = (unsigned)fault->value[1];
}

#define SECONDS(n)         (INT64_C(1000000) * (n))
#define KEYS_REFUSED(code) KEY_HRESULT(code), KEY_FAIL_INFO(SCEP_BAD_REQUEST), KEY_LANGUAGE
#define KEY_AFTER(us)                                                                                        \
    {                                                                                                        \
        .name = "after", .kind = FAULT_KEY_DURATION, .value = (us)                                           \
    }
#define KEYS_TEMPLATE(code) {.name = "face", .choices = permission_faces}, KEY_HRESULT(code), KEY_LANGUAGE

#define CA_ROW              "{ca-fqdn}\\{ca}"
#define DEVICE_TEMPLATE     "NDESDevice"
#define ROW_CA(cell, value) ROW_STATE("ca." cell, CA_ROW, value)
#define RPC_DOWN            "The RPC server is unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)"
#define RPC_DENIED          "Access is denied. 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)"
#define REVOCATION_OFFLINE                                                                                   \
    "The revocation function was unable to check revocation because the revocation server was offline. "     \
    "0x80092013 (-2146885613 CRYPT_E_REVOCATION_OFFLINE)"
#define CHAIN_EXPIRED                                                                                        \
    "A required certificate is not within its validity period when verifying against the current system "    \
    "clock or the timestamp in the signed file. 0x800b0101 (-2146762495 CERT_E_EXPIRED)"

static const struct fault_kind kinds[] = {
    {.id = "approval-denied",
     .apply = approval_denied,
     .traces = FAULT_TRACES(ROW_STATE("templates.RequiresApproval", DEVICE_TEMPLATE, "True"))},
    {.id = "ca-cert-expired",
     .keys = {{.name = "face", .choices = expiry_faces}, KEY_LANGUAGE},
     .apply = chain_expired,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "CA 10", "0", "{ca}", CHAIN_EXPIRED),
                            {.what = "CA 100", .values = {"{ca}", CHAIN_EXPIRED}, .choice = 2},
                            ROW_CA("CertificateNotAfter", "{time-1d}"))},
    {.id = "ca-crl-offline",
     .keys = {KEYS_REFUSED(0x80092013)},
     .apply = ca_refuses,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "CA 48", "0", "{ca}", REVOCATION_OFFLINE),
                            ROW_CA("CrlStatus", "RevocationStatusUnknown;OfflineRevocation"),
                            ROW_CA("CrlNextUpdate", "{time-2d}"))},
    {.id = "ca-db-sessions-exhausted",
     .keys = {{.name = "sessions", .kind = FAULT_KEY_NUMBER, .value = 0, .min = 0, .max = 100000},
              KEY_LANGUAGE},
     .apply = sessions_exhausted,
     .traces = FAULT_TRACES(ROW_CA("DbSessionCount", "{key}"))},
    {.id = "ca-enroll-denied", .keys = {KEYS_REFUSED(0x80094011)}, .apply = ca_refuses},
    {.id = "ca-network-logon-denied",
     .keys = {KEYS_REFUSED(0x800706ba), KEY_AFTER(SECONDS(1) / 5)},
     .apply = ca_refuses_late,
     .traces = FAULT_TRACES(ROW_AT_WITH(PKI_OPERATION, EVENT, "CA-Security 4625", "{account}", "0xC000015B",
                                        "0x0", "3", "{address}", "%%2308"),
                            ROW_CA("Reachable", "False"), ROW_CA("PingError", RPC_DENIED))},
    {.id = "ca-service-stopped",
     .keys = {KEYS_REFUSED(0x800706ba), KEY_AFTER(SECONDS(1))},
     .apply = ca_refuses_late,
     .traces = FAULT_TRACES(
         ROW_EVENT_WITH(ONSET, "CA 38", "{ca}"),
         ROW_EVENT_WITH(ONSET, "CA-SCM 7036", "Active Directory Certificate Services", "stopped"),
         ROW_CA("Reachable", "False"), ROW_CA("PingError", RPC_DOWN), ROW_CA("PingMs", "1030"),
         ROW_CA("ServiceStatus", "Stopped"))},
    {.id = "ca-slow",
     .keys = {{.name = "each", .kind = FAULT_KEY_DURATION, .value = SECONDS(3)},
              {.name = "at-once", .kind = FAULT_KEY_NUMBER, .value = 2, .min = 1, .max = 1000}},
     .apply = ca_slow,
     .traces = FAULT_TRACES(ROW_CA("PingMs", "2870"))},
    {.id = "ca-suspended", .keys = {KEYS_REFUSED(0x80094006)}, .apply = ca_refuses},
    {.id = "ca-unreachable-rpc",
     .keys = {KEYS_REFUSED(0x800706ba), KEY_AFTER(SECONDS(21))},
     .apply = ca_refuses_late,
     .traces =
         FAULT_TRACES(ROW_CA("Reachable", "False"), ROW_CA("PingError", RPC_DOWN), ROW_CA("PingMs", "21044"),
                      ROW_CA("ServiceStatus", ""), ROW_STATE("network.Result", "{ca-fqdn}:135", "timeout"),
                      ROW_STATE("network.Milliseconds", "{ca-fqdn}:135", "21002"))},
    {.id = "dcom-denied",
     .keys = {KEYS_REFUSED(0x80070005), KEY_AFTER(SECONDS(1) / 5)},
     .apply = ca_refuses_late,
     .traces = FAULT_TRACES(ROW_AT_WITH(PKI_OPERATION, EVENT, "CA-DCOM 10036", "{account}"),
                            ROW_AT(PKI_OPERATION, EVENT, "DCOM 10028"), ROW_CA("Reachable", "False"),
                            ROW_CA("PingError", RPC_DENIED))},
    {.id = "key-too-short",
     .keys = {KEYS_REFUSED(0x80094811)},
     .apply = ca_refuses,
     .traces = FAULT_TRACES(ROW_STATE("templates.MinimumKeySize", DEVICE_TEMPLATE, "4096"))},
    {.id = "name-constraint-violation", .keys = {KEYS_REFUSED(0x800b0114)}, .apply = ca_refuses},
    {.id = "pending-approval",
     .apply = approval_pending,
     .traces = FAULT_TRACES(ROW_STATE("templates.RequiresApproval", DEVICE_TEMPLATE, "True"))},
    {.id = "pending-forgotten",
     .keys = {{.name = "answer", .choices = forgetful_answers}},
     .apply = approval_forgotten,
     .traces = FAULT_TRACES(ROW_STATE("templates.RequiresApproval", DEVICE_TEMPLATE, "True"))},
    {.id = "ra-signature-rejected",
     .keys = {KEYS_REFUSED(0x80094809)},
     .apply = ca_refuses,
     .traces = FAULT_TRACES(ROW_STATE("templates.RaSignatures", DEVICE_TEMPLATE, "1"))},
    {.id = "subject-info-required",
     .keys = {KEYS_REFUSED(0x8009480f)},
     .apply = ca_refuses,
     .traces = FAULT_TRACES(ROW_STATE("templates.SubjectFromAd", DEVICE_TEMPLATE, "True"))},
    {.id = "subject-invalid", .keys = {KEYS_REFUSED(0x80094001)}, .apply = ca_refuses},
    {.id = "template-name-mismatch",
     .keys = {KEYS_REFUSED(0x80094800)},
     .apply = ca_refuses,
     .traces = FAULT_TRACES(ROW_STATE("registry.Value", MSCEP_KEY "SignatureTemplate", "NDES Device"),
                            ROW_STATE("registry.Value", MSCEP_KEY "EncryptionTemplate", "NDES Device"),
                            ROW_STATE("registry.Value", MSCEP_KEY "GeneralPurposeTemplate", "NDES Device"))},
    {.id = "template-not-published",
     .keys = {KEYS_TEMPLATE(0x80094800)},
     .apply = template_not_published,
     .traces = FAULT_TRACES(ROW_STATE("templates.Published", DEVICE_TEMPLATE, "False"))},
    {.id = "template-permission-denied",
     .keys = {KEYS_TEMPLATE(0x80094012)},
     .apply = template_permission,
     .traces = FAULT_TRACES({.kind = FAULT_TRACE_STATE,
                             .what = "templates.Enroll",
                             .values = {DEVICE_TEMPLATE, "False"},
                             .choice = 1})},
};
FAULT_FAMILY(faults_authority, kinds);
