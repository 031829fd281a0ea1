/* Events of the Application log (ndes.md D). NDES's own are known from published reports: GRADEV, GRAD2, GRAD10, GRAD31,
 * GRADCAT, ASKDS, JEFFB. */
#include "traces/event_kinds.h"

#define CODES "ErrorCode|ErrorMessage"

static const struct traces_kind kinds[] = {
    {"NDES 1", TRACES_INFORMATION, 0, 0, NULL, "The Network Device Enrollment Service started successfully.",
     NULL, false},
    {"NDES 2", TRACES_ERROR, 0, 0, "ErrorCode?0x80070057|ErrorMessage?The parameter is incorrect. ",
     "The Network Device Enrollment Service cannot be started (%1).  %2", "EVENT_MSCEP_FAILED_TO_LOAD",
     false},
    {"NDES 3", TRACES_INFORMATION, 0, 0, NULL, "The Network Device Enrollment Service has been stopped.",
     NULL, false},
    {"NDES 4", TRACES_ERROR, 0, 0, CODES, "The Network Device Enrollment Service cannot be stopped (%1).  %2",
     NULL, false},
    {"NDES 6", TRACES_ERROR, 0, 0, NULL,
     "The Network Device Enrollment Service cannot provide the password to the caller because the caller "
     "does "
     "not have Enroll permission on the configured certificate templates, or the certification authority "
     "does "
     "not issue them.",
     NULL, false}, /* gist documented, wording inferred */
    {"NDES 7", TRACES_ERROR, 0, 0, CODES,
     "The Network Device Enrollment Service failed to return the CA certificates to the caller (%1).  %2",
     NULL, false},
    {"NDES 8", TRACES_ERROR, 0, 0, CODES,
     "The Network Device Enrollment Service cannot retrieve information about the certification authority "
     "(%1).  %2",
     NULL, false},
    {"NDES 9", TRACES_ERROR, 0, 0, CODES,
     "The Network Device Enrollment Service cannot retrieve the CA certificate (%1).  %2", NULL,
     false}, /* wording inferred */
    {"NDES 10", TRACES_ERROR, 0, 0, "ErrorCode?0x80070057|ErrorMessage?The parameter is incorrect. ",
     "The Network Device Enrollment Service cannot retrieve one of its required certificates (%1).  %2",
     "EVENT_MSCEP_FAILED_RA_CERT", false},
    {"NDES 16", TRACES_ERROR, 0, 0, "ErrorCode?0x8009310b|ErrorMessage?ASN1 bad tag value met. ",
     "The Network Device Enrollment Service cannot decode the HTTP message from the client (%1).  %2",
     "EVENT_MSCEP_FAIL_TO_DECODE", false},
    {"NDES 17", TRACES_ERROR, 0, 0, "ErrorCode?0x8009310b|ErrorMessage?ASN1 bad tag value met. ",
     "The Network Device Enrollment Service cannot retrieve the transaction ID, the message type or the "
     "signing certificate from the client's PKCS7 message (%1).  %2",
     "EVENT_MSCEP_FAIL_TO_RETRIEVE_INFO", false},
    {"NDES 18", TRACES_ERROR, 0, 0, "ErrorCode?0x80090005|ErrorMessage?Bad Data. ",
     "The Network Device Enrollment Service cannot decrypt the client's PKCS7 message (%1).  %2",
     "EVENT_MSCEP_FAIL_TO_DECRYPT_INNER", false},
    {"NDES 19", TRACES_ERROR, 0, 0, CODES,
     "The Network Device Enrollment Service cannot process the client's message (%1).  %2", NULL,
     false}, /* wording inferred */
    {"NDES 28", TRACES_ERROR, 0, 0, CODES,
     "The Network Device Enrollment Service refused the renewal request (%1).  %2", NULL,
     false}, /* wording inferred */
    {"NDES 29", TRACES_ERROR, 0, 0, NULL,
     "The password in the certificate request cannot be verified. It may have been used already. Obtain a "
     "new "
     "password to submit with this request.",
     NULL, false},
    {"NDES 31", TRACES_ERROR, 0, 0, "ErrorCode|ErrorMessage?0x80004005",
     "The Network Device Enrollment Service cannot submit the certificate request (%1).  %2",
     "EVENT_MSCEP_FAIL_SUBMIT", false},
    {"NDES 49", TRACES_ERROR, 0, 0,
     "ErrorCode?0x8009000b|ErrorMessage?Key not valid for use in specified state. ",
     "The Network Device Enrollment Service cannot decrypt the static password (%1).  %2", NULL,
     false}, /* wording inferred */
    {"NDES 53", TRACES_ERROR, 0, 0, NULL,
     "The configured policy module for the Network Device Enrollment Service cannot be started.", NULL,
     false}, /* wording inferred */

    {"AppError 1000", TRACES_ERROR, 0, 100,
     "?w3wp.exe|?10.0.17763.1|=cfdb13d8|?ntdll.dll|=10.0.17763.5202|=a33f9d4e|?c0000374|=00000000000f9229|"
     "=1f4c",
     "Faulting application name: %1, version: %2, time stamp: 0x%3\r\nFaulting module name: %4, version: %5, "
     "time stamp: 0x%6\r\nException code: 0x%7\r\nFault offset: 0x%8\r\nFaulting process id: 0x%9",
     NULL, false},
    {"AppError 1002", TRACES_ERROR, 0, 101, "?w3wp.exe|?10.0.17763.1",
     "The program %1 version %2 stopped interacting with Windows and was closed.", NULL, false},
    {"WER 1001", TRACES_INFORMATION, 0, 0, "|?APPCRASH|?w3wp.exe",
     "Fault bucket %1, type 0\r\nEvent Name: %2\r\nResponse: Not available\r\n\r\nProblem signature:\r\nP1: "
     "%3",
     NULL, false},
    {"DotNet 1026", TRACES_ERROR, 0, 0, "?HpAgent.Monitor.exe|?System.IO.IOException",
     "Application: %1\r\nFramework Version: v4.0.30319\r\nDescription: The process was terminated due to an "
     "unhandled exception.\r\nException Info: %2",
     NULL, false},
    {"ASP 1309", TRACES_WARNING, 32768, 3, "?3005|?An unhandled exception has occurred.||",
     "Event code: %1\r\nEvent message: %2\r\nException type: %3\r\nException message: %4", NULL, false},
    {"ASP 1310", TRACES_WARNING, 32768, 3,
     "?3008|?A configuration error has occurred.|?ConfigurationErrorsException|"
     "?Access to the path 'C:\\Windows\\Temp' is denied.",
     "Event code: %1\r\nEvent message: %2\r\nException type: %3\r\nException message: %4", NULL, false},
    {"W3SVC-WP 2216", TRACES_ERROR, 49152, 0, "Url|ElapsedTime",
     "The script started from the URL '%1' with parameters '' has not responded within the configured "
     "timeout "
     "period. The HTTP server is terminating the script.",
     NULL, false},
    {"W3SVC-WP 2268", TRACES_ERROR, 49152, 0, "SiteName?/LM/W3SVC/1/ROOT|#",
     "Could not load all ISAPI filters for site '%1'. Therefore site startup aborted.", NULL, false},
    {"W3SVC-WP 2274", TRACES_ERROR, 49152, 0, "FilterPath|#",
     "ISAPI Filter '%1' could not be loaded due to a configuration problem.", NULL, false},
    {"W3SVC-WP 2280", TRACES_ERROR, 49152, 0, "ModuleDll?C:\\Windows\\System32\\inetsrv\\isapi.dll|#",
     "The Module DLL %1 failed to load.  The data is the error.", NULL, false},
    {"W3SVC-WP 2282", TRACES_ERROR, 49152, 0, "ModuleDll|#",
     "The Module DLL '%1' could not be loaded due to a configuration problem.", NULL, false},
    {"W3SVC-WP 2307", TRACES_ERROR, 49152, 0, "AppPoolId?{pool}|#",
     "The worker process for application pool '%1' encountered an error 'Configuration file is not "
     "well-formed XML' trying to read configuration data.",
     NULL, false},
    {"ESENT 102", TRACES_INFORMATION, 0, 1, "?svchost",
     "%1: The database engine (10.00.17763.0000) is starting a new instance (0).", NULL, false},
    {"ESENT 103", TRACES_INFORMATION, 0, 1, "?svchost", "%1: The database engine stopped the instance (0).",
     NULL, false},
    {"VSS 8224", TRACES_INFORMATION, 0, 0, NULL, "The VSS service is shutting down due to idle timeout.",
     NULL, false},
    {"SQL 18456", TRACES_AUDIT, 49152, 4, "?CORP\\svc-inventory|?10.20.4.77",
     "Login failed for user '%1'. Reason: Could not find a login matching the name provided. [CLIENT: %2]",
     NULL, true},
    {"SPP 16384", TRACES_INFORMATION, 16384, 0, "param1?2126-02-11T03:12:44Z",
     "Successfully scheduled Software Protection service for re-start at %1. Reason: RulesEngine.", NULL,
     false},
    {"Backup 190", TRACES_INFORMATION, 0, 0, "?NDES full backup",
     "Session %1 has finished with status Success.", NULL, false},
    {"AutoEnrollment 64", TRACES_WARNING, 32768, 0, "Context?local system|ObjId",
     "Certificate for %1 with Thumbprint %2 is about to expire or already expired.", NULL, false},
    {"AutoEnrollment 6", TRACES_ERROR, 49152, 0,
     "Context?local system|ErrorCode?0x800706ba|ErrorMessage?The RPC server is unavailable.",
     "Automatic certificate enrollment for %1 failed (%2) %3", NULL, false},
    {"CertEnroll 13", TRACES_ERROR, 49682, 0,
     "Context?local system|TemplateName|RequestId?N/A|CA?{ca-node}\\{ca}|ErrorCode?The RPC server is "
     "unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)",
     "Certificate enrollment for %1 failed to enroll for a %2 certificate with request ID %3 from %4 (%5).",
     NULL, false},
};
TRACES_KINDS(traces_kinds_application, kinds);
