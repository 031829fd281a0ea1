/* Faults between the policy module and the registration point of older connectors (E.4, F.2.8). What each leaves in
 * NDESPlugin.log and in the registration point's part of the IIS log is documented there; the reply is as in fault_intune.c. */
#include "faults/rows.h"
#include "scep/types.h"

enum { FACE_REFUSED, FACE_500, FACE_503 };
static const char *const faces[] = {"refused", "500", "503", NULL};

/* Keys: face, hresult, fail-info. Some reports have 500 or 503 in place of the refusal (MS-TS-DEV). */
static void module_fails(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->at[NDES_OP_BARE] = NDES_ERROR_IIS_403;
    switch (fault->value[0]) {
    case FACE_REFUSED:
        effects->module = (struct ndes_refusal){
            .set = true, .fail_info = (int)fault->value[2], .hresult = (uint32_t)fault->value[1]};
        break;
    case FACE_500:
        effects->at[NDES_OP_PKI_OPERATION] = NDES_ERROR_IIS_500;
        break;
    case FACE_503:
        effects->kernel = NDES_ERROR_KERNEL_UNAVAILABLE;
        break;
    }
}

#define KEYS                                                                                                 \
    .keys = {{.name = "face", .choices = faces}, KEY_HRESULT(0x80004005), KEY_FAIL_INFO(SCEP_BAD_REQUEST)},  \
    .apply = module_fails

#define ROW_PLUGIN(line)   ROW_AT(PKI_OPERATION, PLUGIN, line)
#define ROW_CRP(line)      ROW_AT(PKI_OPERATION, CRP, line)
#define ROW_NO_SVCLOG      ROW_AT(PKI_OPERATION, SVCLOG, "")
#define ROW_LEGACY(reason) ROW_AT_WITH(PKI_OPERATION, EVENT, "NDESConnector 20502", reason), ROW_NO_CONNECTOR
#define ROW_NO_CONNECTOR   ROW_AT(PKI_OPERATION, CONNECTOR, "")
#define ROWS_SENT                                                                                            \
    ROW_PLUGIN("Calling VerifyRequest ..."), ROW_PLUGIN("Sending request to certificate registration "       \
                                                        "point.")
#define ROWS_PAGE(page)                                                                                      \
    ROWS_SENT,                                                                                               \
        ROW_PLUGIN("Verify challenge returns <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "    \
                   "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n<html "                        \
                   "xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head>\r\n<title>" page                       \
                   "</title>\r\n</head>\r\n<body>\r\n <h2>" page "</h2>\r\n</body>\r\n</html>"),             \
        ROW_PLUGIN("Exiting VerifyRequest with 0x80004005")
#define FORBIDDEN "403 - Forbidden: Access is denied."
#define CRP_VDIR  "Default Web Site/CertificateRegistrationSvc"

/* An intermediate where only roots belong. */
#define STRAY "3FA2B7C81D90E46572AB19C3D4E5F60718293A4B"

static const struct fault_kind kinds[] = {
    {.id = "crp-client-cert-untrusted",
     KEYS,
     .traces =
         FAULT_TRACES(ROWS_PAGE(FORBIDDEN), ROW_CRP("403 16 2148204809"), ROW_NO_SVCLOG, ROW_NO_CONNECTOR,
                      ROW_STATE("certificates.ChainStatus", "{module-cert}", "UntrustedRoot"))},
    {.id = "crp-temp-permission",
     KEYS,
     .traces = FAULT_TRACES(
         ROWS_PAGE("500 - Internal server error."), ROW_CRP("500 0 0"), ROW_NO_SVCLOG, ROW_NO_CONNECTOR,
         ROW_EVENT_WITH(ONSET, "WAS 5009", "CertificateRegistrationPoint", "6732", "c0000374"),
         ROW_EVENT(ONSET, "ASP 1310"))},
    {.id = "crp-tls-name-mismatch",
     KEYS,
     .traces = FAULT_TRACES(
         ROWS_SENT, ROW_PLUGIN("WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID"),
         ROW_PLUGIN("Failed to send http request /CertificateRegistrationSvc/Certificate/VerifyRequest. "
                    "Error 12175"),
         ROW_PLUGIN("Exiting VerifyRequest with 0x80072f8f"), ROW_CRP(""), ROW_NO_SVCLOG, ROW_NO_CONNECTOR)},
    {.id = "crp-windows-auth",
     KEYS,
     .traces = FAULT_TRACES(ROWS_PAGE("401 - Unauthorized: Access is denied due to invalid credentials."),
                            ROW_CRP("401 2 5"), ROW_NO_SVCLOG, ROW_NO_CONNECTOR,
                            ROW_STATE("vdirs.WindowsAuth", CRP_VDIR, "True"),
                            ROW_STATE("vdirs.Anonymous", CRP_VDIR, "False"))},
    {.id = "intermediate-in-root-store",
     KEYS,
     .traces = FAULT_TRACES(ROWS_PAGE(FORBIDDEN), ROW_CRP("403 16 2148204809"), ROW_NO_SVCLOG,
                            ROW_NO_CONNECTOR, ROW_STATE("certificates.Store", STRAY, "Root"),
                            ROW_STATE("certificates.Subject", STRAY, "CN=Contoso Policy CA"),
                            ROW_STATE("certificates.Issuer", STRAY, "CN=Contoso Root CA"),
                            ROW_STATE("certificates.NotBefore", STRAY, "{time-900d}"),
                            ROW_STATE("certificates.NotAfter", STRAY, "{time+2700d}"),
                            ROW_STATE("certificates.HasPrivateKey", STRAY, "False"),
                            ROW_STATE("certificates.ChainStatus", STRAY, "NoError"),
                            ROW_STATE("certificates.SelfSigned", STRAY, "False"))},
    {.id = "policy-challenge-verify-false",
     KEYS,
     .traces = FAULT_TRACES(ROWS_SENT, ROW_PLUGIN("Verify challenge returns false"),
                            ROW_PLUGIN("Exiting VerifyRequest with 0x80004005"),
                            ROW_LEGACY("The challenge could not be verified."))},
    {.id = "policy-client-cert-expired",
     KEYS,
     .traces = FAULT_TRACES(ROWS_SENT, ROW_CRP("403 17 2148204801"), ROW_NO_SVCLOG, ROW_NO_CONNECTOR,
                            ROW_STATE("certificates.NotBefore", "{module-cert}", "{time-367d}"),
                            ROW_STATE("certificates.NotAfter", "{module-cert}", "{time-2d}"),
                            ROW_STATE("certificates.ChainStatus", "{module-cert}", "NotTimeValid"))},
};
FAULT_FAMILY(faults_registration, kinds);
