/* Events of the CA, of certificate validation and of Intune's connector. CA: [documented: AD CS events]. Connector:
 * [documented: MS-CONN, MS-TS-POL]; the form of its data is inferred. CAPI2: after an export of a real log. */
#include "traces/event_kinds.h"

#define DENIED "RequestId|Reason|SubjectName"
#define CHAIN  "param1?0|CAName?{ca}|ErrorMessage"

#define DEVICE "\r\n\r\nProperties:\r\nDeviceId: %1\r\nTransactionId: %2"

/* The connector writes one text; so its data are the message. */
#define CONNECTOR_OK(number, text)                                                                           \
    {                                                                                                        \
        "Connector " number, TRACES_INFORMATION, 0, 0, "Message=" text DEVICE, "%1", NULL, false             \
    }
#define CONNECTOR_FAILED(number, text)                                                                       \
    {                                                                                                        \
        "Connector " number, TRACES_ERROR, 0, 0, "Message=" text DEVICE "\r\n\r\nException: %3", "%1", NULL, \
            false                                                                                            \
    }
#define LEGACY(number, level, text)                                                                          \
    {                                                                                                        \
        "NDESConnector " number, level, 0, 0, "Message=" text, "%1", NULL, false                             \
    }

/* %1 subject, %2 result code without 0x, %3 result text */
#define CAPI2_CHAIN(element, status)                                                                         \
    "<" element "><Certificate fileRef='2A3F9BD4E1C05D6077A18C3F62B94E58D3017AC6.cer' subjectName='%1'/>"    \
    "<AdditionalStore/><ExtendedKeyUsage/><Flags value='40000000'/><ChainEngineInfo context='machine'/>"     \
    "<CertificateChain chainRef='{5C0B6C5E-7C36-4C68-9D5A-6C2F0E3B1A77}'><TrustStatus>" status               \
    "</TrustStatus></CertificateChain><EventAuxInfo ProcessName='w3wp.exe'/>"                                \
    "<CorrelationAuxInfo TaskId='{9D6D0F33-2D55-4F5E-8E70-3B4C9B7F5A10}' SeqNumber='2'/>"                    \
    "<Result value='%2'>%3</Result></" element ">"

static const struct traces_kind kinds[] = {
    {"CA 7", TRACES_WARNING, 0, 0, DENIED,
     "Active Directory Certificate Services denied request %1 because %2.  The request was for %3.", NULL,
     false},
    {"CA 10", TRACES_ERROR, 0, 0, CHAIN,
     "Active Directory Certificate Services could not build a certificate chain for CA certificate %1 for "
     "%2. "
     " %3.",
     NULL, false}, /* gist documented, wording inferred */
    {"CA 21", TRACES_ERROR, 0, 0, "RequestId|ErrorCode|SubjectName",
     "Active Directory Certificate Services could not process request %1 due to an error: %2.  The request "
     "was for %3.",
     NULL, false},
    {"CA 22", TRACES_ERROR, 0, 0, "RequestId|ErrorCode|SubjectName|AdditionalInformation",
     "Active Directory Certificate Services could not process request %1 due to an error: %2.  The request "
     "was for %3.  Additional information: %4",
     NULL, false},
    {"CA 26", TRACES_INFORMATION, 0, 0, "CACommonName?{ca}|DomainController?\\\\DC01.{domain}",
     "Active Directory Certificate Services for %1 was started.  DC=%2", NULL, false},
    {"CA 38", TRACES_INFORMATION, 0, 0, "CACommonName?{ca}",
     "Active Directory Certificate Services for %1 was stopped.", NULL, false},
    {"CA 42", TRACES_ERROR, 0, 0, CHAIN,
     "Could not build a certificate chain for CA certificate %1 for %2. %3.", NULL, false},
    {"CA 44", TRACES_ERROR, 0, 0, "PolicyModuleDescription?Windows default|MethodName?Initialize|ErrorCode",
     "The \"%1\" Policy Module \"%2\" method returned an error. %3", NULL, false},
    {"CA 48", TRACES_WARNING, 0, 0, CHAIN,
     "Revocation status for a certificate in the chain for CA certificate %1 for %2 could not be verified "
     "because a server is currently unavailable.  %3.",
     NULL, false},
    {"CA 49", TRACES_WARNING, 0, 0, CHAIN,
     "Revocation status for a certificate in the chain for CA certificate %1 for %2 could not be verified "
     "because no information is available describing how to check the revocation status.  %3.",
     NULL, false},
    {"CA 51", TRACES_ERROR, 0, 0, CHAIN,
     "A certificate in the chain for CA certificate %1 for %2 has been revoked.  %3.", NULL, false},
    {"CA 53", TRACES_WARNING, 0, 0, DENIED "|AdditionalInformation?Denied by Policy Module",
     "Active Directory Certificate Services denied request %1 because %2.  The request was for %3.  "
     "Additional information: %4",
     NULL, false},
    {"CA 58", TRACES_ERROR, 0, 0, CHAIN,
     "A certificate in the chain for CA certificate %1 for %2 has expired.  %3.", NULL, false},
    {"CA 65", TRACES_ERROR, 0, 0, "KeyIndex?0|Url|ErrorCode",
     "Active Directory Certificate Services could not publish a Base CRL for key %1 to the following "
     "location: %2.  %3.",
     NULL, false},
    {"CA 77", TRACES_WARNING, 0, 0, "PolicyModuleDescription?Windows default|Warning",
     "The \"%1\" Policy Module logged the following warning: %2", NULL, false},
    {"CA 93", TRACES_WARNING, 0, 0, "CertIndex?0|CAName?{ca}",
     "The certificate (#%1) of Active Directory Certificate Services %2 does not exist in the certificate "
     "store at CN=NTAuthCertificates,CN=Public Key Services,CN=Services in the Active Directory's "
     "configuration container.  The directory replication may not be completed.",
     NULL, false},
    {"CA 100", TRACES_ERROR, 0, 0, "CAName?{ca}|ErrorCode",
     "Active Directory Certificate Services did not start: Could not load or verify the current CA "
     "certificate.  %1 %2.",
     NULL, false},

    {"CAPI2 11", TRACES_ERROR, 0, 11,
     CAPI2_CHAIN("CertGetCertificateChain", "<ErrorStatus value='%2'/><InfoStatus value='100'/>"),
     "For more details for this event, please refer to the \"Details\" section", NULL, false},
    {"CAPI2 30", TRACES_ERROR, 0, 30,
     CAPI2_CHAIN("CertVerifyCertificateChainPolicy", "<ErrorStatus value='%2'/><InfoStatus value='100'/>"),
     "For more details for this event, please refer to the \"Details\" section", NULL, false},
    {"CAPI2 41", TRACES_ERROR, 0, 41,
     "<CertVerifyRevocation><Certificate fileRef='2A3F9BD4E1C05D6077A18C3F62B94E58D3017AC6.cer' "
     "subjectName='%1'/><IssuerCertificate subjectName='{ca}'/><Flags value='4'/>"
     "<EventAuxInfo ProcessName='w3wp.exe'/><Result value='%2'>%3</Result></CertVerifyRevocation>",
     "For more details for this event, please refer to the \"Details\" section", NULL, false},
    /* %1 URL, %2 result code, %3 text */
    {"CAPI2 53", TRACES_ERROR, 0, 53,
     "<CryptRetrieveObjectByUrlWire><URL scheme='http'>%1</URL><Object type='CONTEXT_OID_CRL'/>"
     "<Timeout>PT15S</Timeout><EventAuxInfo ProcessName='w3wp.exe'/><Result value='%2'>%3</Result>"
     "</CryptRetrieveObjectByUrlWire>",
     "For more details for this event, please refer to the \"Details\" section", NULL, false},
    {"CAPI2 70", TRACES_ERROR, 0, 70,
     "<CryptAcquireCertificatePrivateKey><Certificate "
     "fileRef='2A3F9BD4E1C05D6077A18C3F62B94E58D3017AC6.cer' subjectName='%1'/><Flags value='41'/>"
     "<EventAuxInfo ProcessName='w3wp.exe'/><Result value='%2'>%3</Result>"
     "</CryptAcquireCertificatePrivateKey>",
     "For more details for this event, please refer to the \"Details\" section", NULL, false},
    {"CAPI2 90", TRACES_INFORMATION, 0, 90,
     "<X509Objects><Certificate fileRef='2A3F9BD4E1C05D6077A18C3F62B94E58D3017AC6.cer' subjectName='%1'/>"
     "<EventAuxInfo ProcessName='svchost.exe'/></X509Objects>",
     "For more details for this event, please refer to the \"Details\" section", NULL, false},

    /* [documented: MS-TS-DEV] but for the words of 307, which are inferred */
    {"Device 32", TRACES_ERROR, 0, 0, "Result", "SCEP: Certificate enroll failed. Result: (%1).", NULL,
     false},
    {"Device 36", TRACES_INFORMATION, 0, 0, NULL, "SCEP: Certificate request generated successfully.", NULL,
     false},
    {"Device 39", TRACES_INFORMATION, 0, 0, NULL, "SCEP: Certificate installed successfully.", NULL, false},
    {"Device 306", TRACES_INFORMATION, 0, 0, "UniqueId|Result?The operation completed successfully.",
     "SCEP: CspExecute for UniqueId : (%1) Result : (%2).", NULL, false},
    {"Device 307", TRACES_ERROR, 0, 0, "Result", "SCEP: Certificate install failed. Result: (%1).", NULL,
     false},

    CONNECTOR_OK("4000", "Successfully uploaded the issued certificate record to Intune."),
    CONNECTOR_FAILED("4001", "Failed to record the issued certificate."),
    CONNECTOR_FAILED("4002", "Failed to upload the issued certificate record to Intune."),
    CONNECTOR_OK("4003", "Successfully received a SCEP request from a device."),
    CONNECTOR_OK("4004", "Successfully verified a SCEP request with Intune."),
    CONNECTOR_FAILED("4005", "Failed to verify a SCEP request with Intune."),
    CONNECTOR_OK("4006", "Successfully issued certificate for a SCEP request."),
    CONNECTOR_FAILED("4007", "Failed to issue certificate for SCEP request."),
    CONNECTOR_OK("4008", "Successfully notified Intune of the result for a SCEP request."),
    CONNECTOR_FAILED("4009",
                     "Failed to notify Intune of the result for a SCEP request. It will be tried again."),
    CONNECTOR_FAILED("4010",
                     "Failed to notify Intune of the result for a SCEP request and to keep it for later."),

    LEGACY("10010", TRACES_INFORMATION, "The NDES connector service was started."),
    LEGACY("10020", TRACES_WARNING, "The NDES connector service was stopped."),
    LEGACY("10100", TRACES_INFORMATION, "The connector's enrollment certificate was renewed. %1"),
    LEGACY("10102", TRACES_ERROR, "The connector's enrollment certificate could not be renewed. %1"),
    LEGACY("10301", TRACES_WARNING, "Retrieving the connector's enrollment certificate: %1"),
    LEGACY("10302", TRACES_ERROR, "The connector's enrollment certificate could not be retrieved. %1"),
    LEGACY("20500", TRACES_INFORMATION, "The certificate registration point verified a request. %1"),
    LEGACY("20501", TRACES_WARNING, "The certificate registration point could not verify a request yet. %1"),
    LEGACY("20502", TRACES_ERROR, "The certificate registration point failed to verify a request. %1"),
    LEGACY("20600", TRACES_INFORMATION, "The status of a certificate was uploaded to Intune. %1"),
    LEGACY("20602", TRACES_ERROR, "The status of a certificate could not be uploaded to Intune. %1"),
};
TRACES_KINDS(traces_kinds_pki, kinds);
