#include "causes/tables.h"

/* The policy module and, with connectors older than 2021, the certificate registration point behind it. */

#define REFUSED_AT_PKI "GetCACaps and GetCACert answer, every PKIOperation is refused."

#define SHOW_PLUGIN_LOG                                                                                      \
    "`Get-Content \"$env:ProgramFiles\\Microsoft Intune\\NDESPolicyModule\\Logs\\NDESPlugin.log\" -Tail "    \
    "200`"

static const struct cause registration[] = {
    {
        .id = "policy-challenge-verify-false",
        .title = "The policy module rejects the challenge",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by =
            "NDESPlugin.log: \"Verify challenge returns false\"; the CRP svclog of the same minute says why.",
        .codes = LIST("text Verify challenge returns false"),
        .steps =
            LIST(SHOW_PLUGIN_LOG, "Then the svclog of the same minute: `Get-ChildItem "
                                  "\"$env:ProgramFiles\\Microsoft Intune\\NDESConnectorSvc\\Logs\\Logs\" | "
                                  "Sort-Object LastWriteTime -Descending | Select-Object -First 5`"),
        .resolution = LIST("Repair what the svclog names: connector certificate, expired challenge, profile"),
        .prevention = LIST("Move to the current connector, which logs events instead"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "policy-client-cert-expired",
        .title = "The policy module's client certificate has expired",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI " In some reports 500 or 503.",
        AT_INTUNE("F, or 500/503"),
        .decided_by = "NDESPlugin.log stops at \"Sending request to certificate registration point.\"; the "
                      "certificate named by NDESCertThumbprint is expired or gone.",
        .codes = LIST("http 403.17", "text Sending request to certificate registration point"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy`",
                      "Is that thumbprint there and valid? `Get-ChildItem Cert:\\LocalMachine\\My | "
                      "Format-List Thumbprint,Subject,NotAfter`"),
        .resolution = LIST("Renew it (client authentication), update NDESCertThumbprint, iisreset"),
        .prevention = LIST("Calendar entry before notAfter"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "crp-client-cert-untrusted",
        .title = "The registration point does not trust the policy module's certificate",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "IIS log of the CRP: 403 with sub-status 16 and win32 2148204809.",
        .codes = LIST("http 403.16", "win32 2148204809", "hresult 0x800B0109"),
        .steps = LIST(SHOW_IIS_LINES(" 403 16 ")),
        .resolution = LIST("Use a certificate with client authentication from a trusted CA; clean the Root "
                           "store of intermediates"),
        .prevention = LIST("Roots in Root, intermediates in Intermediate"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "intermediate-in-root-store",
        .title = "Intermediate certificates sit in the Trusted Root store",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI " In some reports 503 on everything.",
        AT_INTUNE("F, or 503 on everything"),
        .decided_by = "`Get-ChildItem Cert:\\LocalMachine\\Root | Where-Object {$_.Issuer -ne $_.Subject}` "
                      "lists any; IIS log of the CRP: 403 16.",
        .codes = LIST("http 403.16", "win32 2148204809", "http 503"),
        .steps = LIST("`Get-ChildItem Cert:\\LocalMachine\\Root | Where-Object {$_.Issuer -ne $_.Subject} | "
                      "Format-List Subject,Issuer,Thumbprint`"),
        .resolution = LIST("Move them to Intermediate Certification Authorities (and fix the group policy "
                           "that puts them there), iisreset"),
        .prevention = LIST("Check the Root store after CA renewals"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY, SRC_TS_DEVICE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "crp-tls-name-mismatch",
        .title = "The registration point's TLS certificate lacks the internal name",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "NDESPlugin.log: WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID and Error 12175.",
        .codes =
            LIST("text 12175", "text WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID", "hresult 0x80072F8F"),
        .steps = LIST(SHOW_PLUGIN_LOG),
        .resolution = LIST("Bind a certificate with internal and external name as SANs"),
        .prevention = LIST("Keep the list of names in the build document"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "crp-temp-permission",
        .title = "The registration point may not write to its temporary folder",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI,
        AT_INTUNE("F"),
        .decided_by = "IIS log of the CRP: 500 for POST .../VerifyRequest; events 5009 (exit 0xC0000374) and "
                      "ASP.NET 1310.",
        .codes = LIST("http 500", "event WAS 5009", "event ASP.NET 1310", "text 0xC0000374"),
        .steps = LIST("`icacls $env:windir\\Temp`",
                      "`Get-WinEvent -FilterHashtable @{LogName='Application';Id=1310} -MaxEvents 5`"),
        .resolution = LIST("`icacls $env:windir\\Temp /grant '<pool account>:(OI)(CI)M'`, then `iisreset`"),
        .prevention = LIST("Keep hardening scripts away from C:\\Windows\\Temp"),
        SEEN_REFUSED,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "crp-windows-auth",
        .title = "Windows authentication is on at the registration point",
        .mode = "I",
        .stage = "pki_operation",
        .class_id = "L11/L2",
        .signature = REFUSED_AT_PKI " Or 500/503.",
        AT_INTUNE("F, or 500/503"),
        .decided_by = "IIS log of the CRP: 401 with sub-status 2 for CertificateRegistrationSvc.",
        .codes = LIST("http 401.2"),
        .steps = LIST("IIS Manager > CertificateRegistrationSvc > Authentication"),
        .resolution =
            LIST("Switch Windows authentication off there; anonymous on, client certificates required"),
        .prevention = LIST("Do not set authentication at site level"),
        SEEN_REFUSED,
        .sources = LIST(SRC_HTTP_ERRORS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
};

TABLE(causes_registration, "Intune: policy module and registration point", registration);
