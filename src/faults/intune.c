/* Faults of the Intune connector and its challenges (F.2.8). All look the same from outside: 403 on the bare URL, which is
 * healthy there (A.2), and a refusal. Its failInfo and HRESULT are inferred, no capture is known; whether the module's words
 * travel in the reply is not known either, so they do not. The OTP page is left alone, so that devices of any scenario come as
 * far as the refusal. */
#include "faults/rows.h"
#include "scep/types.h"

#define E_FAIL 0x80004005

/* Keys: whatever comes first, hresult, fail-info. */
static void refuse_challenges(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->at[NDES_OP_BARE] = NDES_ERROR_IIS_403;
    effects->module = (struct ndes_refusal){
        .set = true, .fail_info = (int)fault->value[2], .hresult = (uint32_t)fault->value[1]};
}

/* Enrollment goes well: what is wrong is behind it. */
static void issue_all_the_same(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->at[NDES_OP_BARE] = NDES_ERROR_IIS_403;
}

enum { OUTBOUND_REFUSED, OUTBOUND_ISSUED };
static const char *const outbound_faces[] = {"refused", "issued", NULL};

/* Without the cloud nothing can be verified; a connection that comes and goes only loses reports. */
static void outbound_blocked(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == OUTBOUND_REFUSED)
        refuse_challenges(fault, effects);
    else
        issue_all_the_same(fault, effects);
}

static const char *const connectors[] = {"unified", "legacy", NULL};
static const char *const missing_reasons[] = {"missing", "decoding", NULL};
static const char *const fields[] = {"subject", "san", "eku", "key-usage", "key-length", NULL};

#define KEYS_REFUSED KEY_HRESULT(E_FAIL), KEY_FAIL_INFO(SCEP_BAD_REQUEST)
#define KEY_CONNECTOR                                                                                        \
    {                                                                                                        \
        .name = "connector", .choices = connectors                                                           \
    }
#define CONNECTOR_KEY     "HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector\\"
#define CONNECTOR_PRODUCT "Certificate Connector for Microsoft Intune"
#define INTUNE_URL        "https://manage.microsoft.com/"
#define CANNOT_CONNECT    "System.Net.WebException: Unable to connect to the remote server"
/* The network is well: it is Intune that does not take the report. */
#define SERVICE_FAILS                                                                                        \
    "System.Net.WebException: The remote server returned an error: (503) Server Unavailable."
#define SERVICES(cell, value)                                                                                \
    ROW_STATE("services." cell, "NDESConnectorSvc", value),                                                  \
        ROW_STATE("services." cell, "PFXCertificateConnectorSvc", value)

/* A request of a device that the connector could not verify. With `nth` choice of the first key only; 0: any. */
#define ROW_NOT_VERIFIED(reason, nth)                                                                        \
    {                                                                                                        \
        .when = FAULT_TRACE_REQUEST, .kind = FAULT_TRACE_CONNECTOR, .op = NDES_OP_PKI_OPERATION,             \
        .what = "4005", .values = {"{device}", "{transaction}", reason}, .choice = nth                       \
    }
#define ROW_NOT_UPLOADED(reason, nth)                                                                        \
    {                                                                                                        \
        .when = FAULT_TRACE_REQUEST, .op = NDES_OP_PKI_OPERATION, .what = "Connector 4002",                  \
        .values = {"{device}", "{transaction}", reason}, .choice = nth                                       \
    }
/* The module calls, and nobody is there to hear it. */
#define ROWS_NOBODY_ANSWERS                                                                                  \
    ROW_AT(PKI_OPERATION, PLUGIN, "Calling VerifyRequest ..."),                                              \
        ROW_AT(PKI_OPERATION, PLUGIN, "Sending request to certificate registration point."),                 \
        ROW_AT(PKI_OPERATION, PLUGIN, "Verify challenge returns false"),                                     \
        ROW_AT(PKI_OPERATION, PLUGIN, "Exiting VerifyRequest with 0x80004005"),                              \
        ROW_AT(PKI_OPERATION, CONNECTOR, ""), ROW_AT(PKI_OPERATION, SVCLOG, ""),                             \
        ROW_AT(PKI_OPERATION, CRP, "")

static const struct fault_kind kinds[] = {
    {.id = "connector-outbound-blocked",
     .keys = {{.name = "face", .choices = outbound_faces}, KEYS_REFUSED},
     .apply = outbound_blocked,
     .traces = FAULT_TRACES(ROW_NOT_VERIFIED(CANNOT_CONNECT, 1), ROW_NOT_UPLOADED(CANNOT_CONNECT, 2),
                            {.when = FAULT_TRACE_EVERY,
                             .period_s = 300,
                             .what = "Connector 4002",
                             .values = {"", "", CANNOT_CONNECT}},
                            {.what = "NDESConnector 10102", .values = {CANNOT_CONNECT}},
                            ROW_STATE("network.Result", INTUNE_URL, "timeout"),
                            ROW_STATE("network.Milliseconds", INTUNE_URL, "21010"))},
    {.id = "connector-outdated",
     .keys = {KEY_CONNECTOR, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES(ROW_NOT_VERIFIED("The version of this connector is not supported any more.", 0),
                            ROW_STATE("software.Version", CONNECTOR_PRODUCT, "6.2208.5.0"),
                            ROW_STATE("software.InstalledAt", CONNECTOR_PRODUCT, "{time-620d}"))},
    {.id = "connector-signing-cert-missing",
     .keys = {KEY_CONNECTOR, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces =
         FAULT_TRACES(ROW_NOT_VERIFIED("Signing certificate could not be retrieved", 0),
                      ROW_AT(PKI_OPERATION, SVCLOG, "Validation Phase 1 finished with status True."),
                      ROW_AT(PKI_OPERATION, SVCLOG, "Signing certificate could not be retrieved. Code 0x409"),
                      ROW_AT(PKI_OPERATION, SVCLOG, "Validation Phase 2 finished with status False."),
                      ROW_AT(PKI_OPERATION, SVCLOG, "VerifyRequest Finished with status False"),
                      ROW_STATE("registry.Path", CONNECTOR_KEY "SigningCertificate", ""))},
    {.id = "connector-stopped",
     .keys = {KEY_CONNECTOR, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES({.what = "NDESConnector 10020", .choice = 2},
                            {.when = FAULT_TRACE_END, .what = "NDESConnector 10010", .choice = 2},
                            ROW_EVENT_WITH(ONSET, "SCM 7036", "Intune Connector Service", "stopped"),
                            ROW_EVENT_WITH(END, "SCM 7036", "Intune Connector Service", "running"),
                            ROWS_NOBODY_ANSWERS, SERVICES("Status", "Stopped"))},
    {.id = "device-cert-not-installed",
     .apply = issue_all_the_same,
     .traces = FAULT_TRACES(ROW_AT(PKI_OPERATION, EVENT, "Device 36"),
                            ROW_AT_WITH(PKI_OPERATION, EVENT, "Device 307", "0x800B0109"),
                            ROW_AT_WITH(PKI_OPERATION, EVENT, "Device 32", "0x800B0109"))},
    {.id = "intune-challenge-expired",
     .keys = {KEY_CONNECTOR, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES(ROW_NOT_VERIFIED("ChallengeExpired", 1),
                            {.when = FAULT_TRACE_REQUEST,
                             .op = NDES_OP_PKI_OPERATION,
                             .what = "NDESConnector 20502",
                             .values = {"Challenge expired. Code 0x411"},
                             .choice = 2},
                            {.when = FAULT_TRACE_REQUEST,
                             .kind = FAULT_TRACE_CONNECTOR,
                             .op = NDES_OP_PKI_OPERATION,
                             .what = "",
                             .choice = 2},
                            ROW_AT(PKI_OPERATION, SVCLOG, "Validation Phase 1 finished with status True."),
                            ROW_AT(PKI_OPERATION, SVCLOG, "Challenge expired. Code 0x411"),
                            ROW_AT(PKI_OPERATION, SVCLOG, "Validation Phase 2 finished with status False."),
                            ROW_AT(PKI_OPERATION, SVCLOG, "VerifyRequest Finished with status False"))},
    {.id = "intune-challenge-mismatch",
     .keys = {{.name = "field", .choices = fields}, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES(
         ROW_NOT_VERIFIED("SubjectNameMismatch", 1), ROW_NOT_VERIFIED("SubjectAltNameMismatch", 2),
         ROW_NOT_VERIFIED("EnhancedKeyUsageMismatch", 3), ROW_NOT_VERIFIED("KeyUsageMismatch", 4),
         ROW_NOT_VERIFIED("KeyLengthMismatch", 5))},
    {.id = "intune-challenge-missing",
     .keys = {{.name = "reason", .choices = missing_reasons}, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES(ROW_NOT_VERIFIED("ChallengePasswordMissing", 1),
                            ROW_NOT_VERIFIED("ChallengeDecodingError", 2))},
    {.id = "intune-profile-not-targeted",
     .keys = {KEY_CONNECTOR, KEYS_REFUSED},
     .apply = refuse_challenges,
     .traces = FAULT_TRACES(ROW_NOT_VERIFIED("ScepProfileNoLongerTargetedToTheClient", 0))},
    {.id = "issued-not-reported",
     .keys = {KEY_CONNECTOR},
     .apply = issue_all_the_same,
     .traces = FAULT_TRACES(ROW_NOT_UPLOADED(SERVICE_FAILS, 1), {.when = FAULT_TRACE_REQUEST,
                                                                 .op = NDES_OP_PKI_OPERATION,
                                                                 .what = "NDESConnector 20602",
                                                                 .values = {SERVICE_FAILS},
                                                                 .choice = 2})},
};
FAULT_FAMILY(faults_intune, kinds);
