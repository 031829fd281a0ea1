/* Faults that keep NDES from starting, or show in what it starts with (F.2.4). */
#include "faults/rows.h"
#include "ndes/ca_errors.h"

#define CERT_EXPIRED UINT32_C(0x800b0101)

/* The error that event 2 and event 10 name. */
#define INVALID_PARAMETER "0x80070057", "The parameter is incorrect. "
#define FILE_NOT_FOUND    "0x80070002", "The system cannot find the file specified. "
#define BAD_KEY_STATE     "0x8009000b", "Key not valid for use in specified state. "
#define BAD_PROVIDER      "0x80090014", "Invalid provider type specified. "

/* Without a usable RA certificate. */
#define ROW_NO_RA(...)           ROW_FAILED_START("NDES 2", __VA_ARGS__), ROW_FAILED_START("NDES 10", __VA_ARGS__)
#define ROW_BOTH_RA(cell, value) ROW_STATE(cell, "{ra-sign}", value), ROW_STATE(cell, "{ra-encrypt}", value)
#define RA_SUBJECT               "CN=NDES-MSCEP-RA"

/* mscep.dll does not start: 500 after authentication, on every URL. */
static void does_not_start(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->restarted)
        effects->extension = NDES_ERROR_IIS_500;
}

enum { POST_OK, POST_REFUSED };
static const char *const posts[] = {"ok", "refused", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

/* Until the pool restarts only the dates tell; some CAs look at the RA certificate under a request and refuse (inferred). */
static void ra_expired(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->guise = NDES_GUISE_RA_AGED;
    if (fault->value[1] == POST_REFUSED)
        effects->ca = ndes_ca_refusal(CERT_EXPIRED, NDES_ENGLISH);
    does_not_start(fault, effects);
}

/* The certificates run out while the server runs. From then on the CA refuses what they sign, and no start succeeds. */
static void ra_expiring(const struct fault_setting *fault, struct ndes_effects *effects)
{
    int64_t left_us = fault->value[0] - effects->held_us;
    effects->guise = NDES_GUISE_RA_UNTIL;
    effects->guise_until_s = (effects->now_us + left_us) / 1000000;
    if (left_us > 0)
        return;
    if (fault->value[1] == POST_OK)
        effects->ca = ndes_ca_refusal(CERT_EXPIRED, NDES_ENGLISH);
    if (fault->restarted && fault->since_start_us < -left_us)
        effects->extension = NDES_ERROR_IIS_500;
}
static const char *const after_expiry[] = {"refused", "ok", NULL};

static void ra_of_other_ca(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->guise = NDES_GUISE_RA_OF_OTHER_CA;
    does_not_start(fault, effects);
}

static void ra_of_old_ca(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->guise = NDES_GUISE_RA_OF_OLD_CA;
}

enum { GET_FAILS, GET_OTHER };
static const char *const wrong_cas[] = {"fails", "other-ca", NULL};

/* The configured CA cannot be asked for its certificates, or is another one that can. */
static void wrong_ca(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == GET_OTHER)
        effects->guise = NDES_GUISE_OTHER_CA;
    else
        effects->at[NDES_OP_GET_CA_CERT] = NDES_ERROR_IIS_500;
}

/* Intune's challenges are passwords that NDES's own cache has never seen. */
static void module_missing(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->module_missing = true;
    effects->password = NDES_PASSWORD_UNKNOWN;
}

#define STARTS_NOT .keys = {FAULT_RESTARTED}, .apply = does_not_start

static const struct fault_kind kinds[] = {
    {.id = "ra-cert-expired",
     .keys = {{.name = "restarted", .choices = no_yes}, {.name = "post", .choices = posts}},
     .apply = ra_expired,
     /* the words of the key stand the other way round here */
     .traces = FAULT_TRACES(
         ROW_EVENT_WITH(ONSET, "AutoEnrollment 64", "local system", "{ra-sign}"),
         ROW_EVENT_WITH(ONSET, "AutoEnrollment 64", "local system", "{ra-encrypt}"),
         {.when = FAULT_TRACE_START, .what = "NDES 2", .values = {INVALID_PARAMETER}, .choice = 2},
         {.when = FAULT_TRACE_START, .what = "NDES 10", .values = {INVALID_PARAMETER}, .choice = 2},
         {.when = FAULT_TRACE_RESTART, .what = "NDES 2", .values = {INVALID_PARAMETER}, .choice = 1},
         {.when = FAULT_TRACE_RESTART, .what = "NDES 10", .values = {INVALID_PARAMETER}, .choice = 1},
         ROW_BOTH_RA("certificates.NotBefore", "{time-733d}"),
         ROW_BOTH_RA("certificates.NotAfter", "{time-3d}"),
         ROW_BOTH_RA("certificates.ChainStatus", "NotTimeValid"))},
    {.id = "ra-cert-expiring",
     .keys = {{.name = "in", .kind = FAULT_KEY_DURATION, .value = INT64_C(30) * 86400 * 1000000},
              {.name = "then", .choices = after_expiry}},
     .apply = ra_expiring,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "AutoEnrollment 64", "local system", "{ra-sign}"),
                            ROW_EVENT_WITH(ONSET, "AutoEnrollment 64", "local system", "{ra-encrypt}"),
                            ROW_BOTH_RA("certificates.NotAfter", "{time+key}"))},
    {.id = "ra-cert-missing",
     STARTS_NOT,
     .traces = FAULT_TRACES(ROW_NO_RA(INVALID_PARAMETER),
                            ROW_STATE("certificates.Thumbprint", "{ra-encrypt}", ""))},
    {.id = "ra-key-access-denied",
     STARTS_NOT,
     .traces = FAULT_TRACES(
         ROW_NO_RA(INVALID_PARAMETER), ROW_FAILED_START("CAPI2 70", RA_SUBJECT, "80090010", "Access denied."),
         ROW_BOTH_RA("certificates.KeyReaders", "NT AUTHORITY\\SYSTEM;BUILTIN\\Administrators"))},
    {.id = "ra-cert-wrong-ca",
     .keys = {FAULT_RESTARTED},
     .apply = ra_of_other_ca,
     .traces = FAULT_TRACES(ROW_NO_RA(INVALID_PARAMETER),
                            ROW_BOTH_RA("certificates.Issuer", "CN=Fabrikam Issuing CA 2"))},
    {.id = "ca-renewed-ra-stale",
     .apply = ra_of_old_ca,
     /* the RA certificates are older than the CA certificate beside them; nothing is logged */
     .traces = FAULT_TRACES(ROW_STATE("certificates.NotBefore", "{ca-cert}", "{time-1d}"),
                            ROW_STATE("certificates.NotAfter", "{ca-cert}", "{time+3650d}"),
                            ROW_STATE("ca.CertificateNotAfter", "{ca-fqdn}\\{ca}", "{time+3650d}"))},
    {.id = "ra-cert-revoked",
     STARTS_NOT,
     .traces =
         FAULT_TRACES(ROW_NO_RA(INVALID_PARAMETER),
                      ROW_FAILED_START("CAPI2 11", RA_SUBJECT, "80092010", "The certificate is revoked."),
                      ROW_BOTH_RA("certificates.ChainStatus", "Revoked"))},
    {.id = "crl-unreachable",
     STARTS_NOT,
     .traces = FAULT_TRACES(
         ROW_NO_RA(INVALID_PARAMETER),
         ROW_FAILED_START("CAPI2 11", RA_SUBJECT, "80092013",
                          "The revocation function was unable to check revocation because the revocation "
                          "server was offline."),
         ROW_BOTH_RA("certificates.ChainStatus", "RevocationStatusUnknown;OfflineRevocation"),
         ROW_STATE("network.Result", "http://pki.{domain}/CertEnroll/issuing.crl", "timeout"))},
    {.id = "ra-key-cng-provider",
     STARTS_NOT,
     .traces = FAULT_TRACES(
         ROW_NO_RA(BAD_PROVIDER),
         ROW_FAILED_START("CAPI2 70", RA_SUBJECT, "80090014", "Invalid provider type specified."),
         ROW_BOTH_RA("certificates.Provider", "Microsoft Software Key Storage Provider"))},
    {.id = "registry-inconsistent",
     STARTS_NOT,
     .traces = FAULT_TRACES(ROW_NO_RA(FILE_NOT_FOUND),
                            ROW_STATE("registry.Path", MSCEP_KEY "EnforcePassword\\EnforcePassword", ""))},
    {.id = "static-password-undecryptable",
     STARTS_NOT,
     .traces =
         FAULT_TRACES(ROW_FAILED_START("NDES 49", BAD_KEY_STATE), ROW_FAILED_START("NDES 2", BAD_KEY_STATE),
                      ROW_STATE("registry.Value", MSCEP_KEY "UseSinglePassword\\UseSinglePassword", "1"),
                      ROW_STATE("registry.Type", MSCEP_KEY "EncryptedPassword", "REG_BINARY"),
                      ROW_STATE("registry.Value", MSCEP_KEY "EncryptedPassword", "(232 bytes)"))},
    {.id = "static-password-key-unwritable",
     STARTS_NOT,
     .traces =
         FAULT_TRACES(ROW_FAILED_START("NDES 2", FILE_NOT_FOUND),
                      ROW_STATE("registry.Value", MSCEP_KEY "UseSinglePassword\\UseSinglePassword", "1"))},
    {.id = "policy-module-load-failed",
     STARTS_NOT,
     .traces = FAULT_TRACES(ROW_FAILED_START("NDES 53", NULL), ROW_FAILED_START("NDES 2", FILE_NOT_FOUND))},
    {.id = "policy-module-missing",
     .apply = module_missing,
     .traces =
         FAULT_TRACES(ROW_AT(PKI_OPERATION, PLUGIN, ""), ROW_AT(PKI_OPERATION, SVCLOG, ""),
                      ROW_AT(PKI_OPERATION, CRP, ""), ROW_AT(PKI_OPERATION, CONNECTOR, ""),
                      ROW_STATE("registry.Path", MSCEP_KEY "Modules\\NDESPolicy\\NDESCertThumbprint", ""))},
    {.id = "ca-config-wrong",
     .keys = {{.name = "how", .choices = wrong_cas}},
     .apply = wrong_ca,
     .traces = FAULT_TRACES({.when = FAULT_TRACE_START,
                             .what = "NDES 8",
                             .values = {"0x800706ba", "The RPC server is unavailable. "},
                             .choice = 1},
                            {.when = FAULT_TRACE_REQUEST,
                             .op = NDES_OP_GET_CA_CERT,
                             .what = "NDES 7",
                             .values = {"0x800706ba", "The RPC server is unavailable. "},
                             .choice = 1},
                            ROW_STATE("registry.Value", MSCEP_KEY "CAInfo\\Configuration",
                                      "CA02.fabrikam.example\\Fabrikam Issuing CA 2"))},
};
FAULT_FAMILY(faults_startup, kinds);
