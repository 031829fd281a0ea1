/* Events of the System log (ndes.md D, G.5): documented under MS-WAS, MS-HTTPERR and the providers' own manifests. */
#include "traces/event_kinds.h"

#define POOL "AppPoolID?{pool}"

static const struct traces_kind kinds[] = {
    {"WAS 5002", TRACES_ERROR, 49152, 0, POOL,
     "Application pool '%1' is being automatically disabled due to a series of failures in the process(es) "
     "serving that application pool.",
     NULL, false},
    {"WAS 5009", TRACES_WARNING, 32768, 0, POOL "|ProcessID?{pid}|ExitCode?c0000374",
     "A process serving application pool '%1' terminated unexpectedly. The process id was '%2'. The process "
     "exit code was '0x%3'.",
     NULL, false},
    {"WAS 5010", TRACES_WARNING, 32768, 0, POOL "|ProcessID?{pid}",
     "A process serving application pool '%1' failed to respond to a ping. The process id was '%2'.", NULL,
     false},
    {"WAS 5011", TRACES_WARNING, 32768, 0, POOL "|ProcessID?{pid}|#?0x8007006D",
     "A process serving application pool '%1' suffered a fatal communication error with the Windows Process "
     "Activation Service. The process id was '%2'. The data field contains the error number.",
     NULL, false},
    {"WAS 5012", TRACES_WARNING, 32768, 0, POOL "|ProcessID?{pid}",
     "A process serving application pool '%1' exceeded time limits during start up. The process id was '%2'.",
     NULL, false},
    {"WAS 5013", TRACES_WARNING, 32768, 0, POOL "|ProcessID?{pid}",
     "A process serving application pool '%1' exceeded time limits during shut down. The process id was "
     "'%2'.",
     NULL, false},
    {"WAS 5021", TRACES_WARNING, 32768, 0, POOL "|#?0x8007052E",
     "The identity of application pool %1 is invalid. The user name or password that is specified for the "
     "identity may be incorrect, or the user may not have batch logon rights. If the identity is not "
     "corrected, the application pool will be disabled when the application pool receives its first request. "
     "If batch logon rights are causing the problem, the identity in the IIS configuration store must be "
     "changed after rights have been granted before Windows Process Activation Service (WAS) can retry the "
     "logon. If the identity remains invalid after the first request for the application pool is processed, "
     "the application pool will be disabled. The data field contains the error number.",
     NULL, false},
    {"WAS 5057", TRACES_WARNING, 32768, 0, POOL "|#?0x8007052E",
     "Application pool %1 has been disabled. Windows Process Activation Service (WAS) did not create a "
     "worker "
     "process to serve the application pool because the application pool identity is invalid.",
     NULL, false},
    {"WAS 5059", TRACES_ERROR, 49152, 0, POOL "|#",
     "Application pool %1 has been disabled. Windows Process Activation Service (WAS) encountered a failure "
     "when it started a worker process to serve the application pool.",
     NULL, false},
    {"WAS 5074", TRACES_INFORMATION, 16384, 0, "ProcessID?{pid}|" POOL,
     "A worker process with process id of '%1' serving application pool '%2' has requested a recycle because "
     "the worker process reached its allowed processing time limit.",
     NULL, false},
    {"WAS 5076", TRACES_INFORMATION, 16384, 0, "ProcessID?{pid}|" POOL,
     "A worker process with process id of '%1' serving application pool '%2' has requested a recycle because "
     "it reached its scheduled recycle time.",
     NULL, false},
    {"WAS 5077", TRACES_INFORMATION, 16384, 0, "ProcessID?{pid}|" POOL,
     "A worker process with process id of '%1' serving application pool '%2' has requested a recycle because "
     "it reached its virtual memory limit.",
     NULL, false},
    {"WAS 5079", TRACES_INFORMATION, 16384, 0, POOL,
     "An administrator has requested a recycle of all worker processes in application pool '%1'.", NULL,
     false},
    {"WAS 5080", TRACES_INFORMATION, 32768, 0, POOL,
     "The worker processes serving application pool '%1' are being recycled due to 1 or more configuration "
     "changes in the application pool properties which necessitate a restart of the processes.",
     NULL, false},
    {"WAS 5117", TRACES_INFORMATION, 16384, 0, "ProcessID?{pid}|" POOL,
     "A worker process with process id of '%1' serving application pool '%2' has requested a recycle because "
     "it reached its private bytes memory limit.",
     NULL, false},
    {"WAS 5186", TRACES_INFORMATION, 32768, 0, "param1?DefaultAppPool|param2?7124",
     "A worker process with process id of '%2' serving application pool '%1' was shutdown due to inactivity. "
     " "
     "Application Pool timeout configuration was set to 20 minutes.  A new worker process will be started "
     "when "
     "needed.",
     NULL, false},
    {"W3SVC 1004", TRACES_ERROR, 49152, 0, "UrlPrefix|SiteID?1|#",
     "The World Wide Web Publishing Service (WWW Service) did not register the URL prefix %1 for site %2. "
     "The "
     "site has been disabled. The data field contains the error number.",
     NULL, false},
    {"W3SVC 1007", TRACES_ERROR, 49152, 0, "UrlPrefix|SiteID?1|#",
     "The World Wide Web Publishing Service (WWW Service) did not register the URL prefix %1 for site %2. "
     "The "
     "necessary network binding may already be in use. The site has been disabled. The data field contains "
     "the error number.",
     NULL, false},
    {"HTTP 15005", TRACES_ERROR, 49152, 0, "DeviceObject|Endpoint",
     "Unable to bind to the underlying transport for %2. The IP Listen-Only list may contain a reference to "
     "an interface which may not exist on this machine.",
     NULL, false},
    {"HTTP 15007", TRACES_INFORMATION, 16384, 0, "DeviceObject|Url?https://*:443/",
     "Reservation for namespace identified by URL prefix %2 was successfully added.", NULL, false},
    {"HTTP 15021", TRACES_ERROR, 49152, 0, "DeviceObject?\\Device\\Http\\ReqQueue|Endpoint?0.0.0.0:443|#",
     "An error occurred while using SSL configuration for endpoint %2.  The error status code is contained "
     "within the returned data.",
     NULL, false},
    {"HTTP 15300", TRACES_WARNING, 32768, 0, "DeviceObject|Endpoint?0.0.0.0:443",
     "SSL Certificate Settings deleted for endpoint : %2 .", NULL, false},
    {"HTTP 15301", TRACES_WARNING, 32768, 0, "DeviceObject|Endpoint?0.0.0.0:443",
     "SSL Certificate Settings created by an admin process for endpoint : %2 .", NULL, false},
    {"SCM 7000", TRACES_ERROR, 49152, 0, "param1|param2",
     "The %1 service failed to start due to the following error: \r\n%2", NULL, false},
    {"SCM 7009", TRACES_ERROR, 49152, 0, "param1?30000|param2",
     "A timeout was reached (%1 milliseconds) while waiting for the %2 service to connect.", NULL, false},
    {"SCM 7023", TRACES_ERROR, 49152, 0, "param1|param2",
     "The %1 service terminated with the following error: \r\n%2", NULL, false},
    {"SCM 7024", TRACES_ERROR, 49152, 0, "param1|param2",
     "The %1 service terminated with the following service-specific error: \r\n%2", NULL, false},
    {"SCM 7031", TRACES_ERROR, 49152, 0, "param1|param2?1|param3?60000|param5?Restart the service",
     "The %1 service terminated unexpectedly.  It has done this %2 time(s).  The following corrective action "
     "will be taken in %3 milliseconds: %4.",
     NULL, false},
    {"SCM 7034", TRACES_ERROR, 49152, 0, "param1|param2?1",
     "The %1 service terminated unexpectedly.  It has done this %2 time(s).", NULL, false},
    {"SCM 7036", TRACES_INFORMATION, 16384, 0, "param1|param2", "The %1 service entered the %2 state.", NULL,
     false},
    {"SCM 7038", TRACES_ERROR, 49152, 0, "param1|param2?{account}|param3",
     "The %1 service was unable to log on as %2 with the currently configured password due to the following "
     "error: \r\n%3\r\n\r\nTo ensure that the service is configured properly, use the Services snap-in in "
     "Microsoft Management Console (MMC).",
     NULL, false},
    {"SCM 7040", TRACES_INFORMATION, 16384, 0, "param1|param2|param3|param4",
     "The start type of the %1 service was changed from %2 to %3.", NULL, false},
    {"SCM 7041", TRACES_ERROR, 49152, 0, "param1|param2?{account}",
     "The %1 service was unable to log on as %2 with the currently configured password due to the following "
     "error: \r\nLogon failure: the user has not been granted the requested logon type at this computer.",
     NULL, false},
    {"Schannel 36870", TRACES_ERROR, 0, 0, "Type?server|ErrorCode?0x8009030D|ErrorStatus?10001",
     "A fatal error occurred when attempting to access the TLS %1 credential private key. The error code "
     "returned from the cryptographic module is %2. The internal error state is %3.",
     NULL, false},
    {"Schannel 36871", TRACES_ERROR, 0, 0, "Type?server|ErrorStatus?10013",
     "A fatal error occurred while creating a TLS %1 credential. The internal error state is %2.", NULL,
     false},
    {"Schannel 36874", TRACES_ERROR, 0, 0, "param1?TLS 1.2",
     "An %1 connection request was received from a remote client application, but none of the cipher suites "
     "supported by the client application are supported by the server. The TLS connection request has "
     "failed.",
     NULL, false},
    {"Schannel 36887", TRACES_ERROR, 0, 0, "param1?46",
     "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is %1.",
     NULL, false},
    {"Schannel 36888", TRACES_ERROR, 0, 0, "param1?40|param2?1205",
     "A fatal alert was generated and sent to the remote endpoint. This may result in termination of the "
     "connection. The TLS protocol defined fatal error code is %1. The Windows SChannel error state is %2.",
     NULL, false},
    {"DCOM 10009", TRACES_ERROR, 0, 0, "param1?{ca-fqdn}",
     "DCOM was unable to communicate with the computer %1 using any of the configured protocols.", NULL,
     false},
    {"DCOM 10016", TRACES_WARNING, 0, 0,
     "param1?{2593F8B9-4EAF-457C-B68A-50F6B8EA6B54}|param2?{15C20B67-12E7-4BB6-92BB-7AFF07997402}",
     "The application-specific permission settings do not grant Local Activation permission for the COM "
     "Server application with CLSID \r\n%1\r\n and APPID \r\n%2\r\n to the user NT AUTHORITY\\SYSTEM SID "
     "(S-1-5-18) from address LocalHost (Using LRPC) running in the application container Unavailable.",
     NULL, false},
    {"DCOM 10028", TRACES_ERROR, 0, 0, "param1?{ca-fqdn}|param2?1a2c|param3?w3wp.exe",
     "DCOM was unable to communicate with the computer %1 using any of the configured protocols; requested "
     "by "
     "PID     %2 (C:\\Windows\\System32\\inetsrv\\%3).",
     NULL, false},
    {"DCOM 10036", TRACES_ERROR, 0, 0,
     "param1?{account}|param2?S-1-5-21-2722513726-2198987228-2052758583-1605|param3?{address}",
     "The server-side authentication level policy does not allow the user %1 SID (%2) from address %3 to "
     "activate DCOM server. Please raise the activation authentication level at least to "
     "RPC_C_AUTHN_LEVEL_PKT_INTEGRITY in client application.",
     NULL, false},
    {"DCOM 10037", TRACES_ERROR, 0, 0, "param1?w3wp.exe|param2?{pid}|param3?{ca-fqdn}",
     "Application %1 with PID %2 is requesting to activate CLSID {D99E6E74-FC88-11D0-B498-00A0C90312F3} on "
     "computer %3 with explicitly set authentication level at 2. The lowest activation authentication level "
     "required by DCOM is 5(RPC_C_AUTHN_LEVEL_PKT_INTEGRITY).",
     NULL, false},
    {"Kerberos 4", TRACES_ERROR, 16384, 0, "Server?{user}|TargetRealm?{domain}|Targetname?HTTP/{fqdn}",
     "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server %1. The target name used was "
     "%3. This indicates that the target server failed to decrypt the ticket provided by the client.",
     NULL, false},
    {"Kerberos 3", TRACES_ERROR, 16384, 0, "ErrorCode?0x7|Server?HTTP/{fqdn}",
     "A Kerberos error message was received: Error Code: %1 KDC_ERR_S_PRINCIPAL_UNKNOWN, Server Name: %2",
     NULL, false},
    {"Netlogon 5719", TRACES_ERROR, 0, 0, "?{netbios}|#?0xC000005E",
     "This computer was not able to set up a secure session with a domain controller in domain %1 due to the "
     "following: \r\nWe can't sign you in with this credential because your domain isn't available.",
     NULL, false},
    {"Tcpip 4227", TRACES_WARNING, 32768, 0, NULL,
     "TCP/IP failed to establish an outgoing connection because the selected local endpoint was recently "
     "used "
     "to connect to the same remote endpoint.",
     NULL, false},
    {"GroupPolicy 1502", TRACES_INFORMATION, 0, 0, "param1?3",
     "The Group Policy settings for the computer were processed successfully. New settings from %1 Group "
     "Policy objects were detected and applied.",
     NULL, false},
    {"GroupPolicy 1129", TRACES_ERROR, 0, 0, "param1?1222",
     "The processing of Group Policy failed because of lack of network connectivity to a domain controller.",
     NULL, false},
    {"Time 37", TRACES_INFORMATION, 0, 0, "param1?dc01 (ntp.d|0.0.0.0:123)",
     "The time provider NtpClient is currently receiving valid time data from %1.", NULL, false},
    {"Time 36", TRACES_WARNING, 0, 0, "param1?86400",
     "The time service has not synchronized the system time for %1 seconds because none of the time service "
     "providers provided a usable time stamp.",
     NULL, false},
    {"Time 50", TRACES_WARNING, 0, 0, "param1?5000|param2?900",
     "The time service detected a time difference of greater than %1 milliseconds for %2 seconds. The time "
     "difference might be caused by synchronization with low-accuracy time sources or by suboptimal network "
     "conditions.",
     NULL, false},
    {"Time 34", TRACES_ERROR, 0, 0, "param1?-172800",
     "The time service has detected that the system time needs to be changed by %1 seconds. The time service "
     "will not change the system time by more than 54000 seconds.",
     NULL, false},
    {"Kernel 1", TRACES_INFORMATION, 0, 5, "NewTime|OldTime|Reason?1",
     "The system time has changed to %1 from %2.\r\n\r\nChange Reason: An application or system component "
     "changed the time.",
     NULL, false},
    {"DNS 1014", TRACES_WARNING, 0, 1014, "QueryName?wpad.corp.local",
     "Name resolution for the name %1 timed out after none of the configured DNS servers responded.", NULL,
     false},
    {"Update 19", TRACES_INFORMATION, 0, 1,
     "updateTitle?Security Intelligence Update for Microsoft Defender Antivirus - KB2267602",
     "Installation Successful: Windows successfully installed the following update: %1", NULL, false},
    {"EventLog 6005", TRACES_INFORMATION, 32768, 0, NULL, "The Event log service was started.", NULL, false},
    {"EventLog 6006", TRACES_INFORMATION, 32768, 0, NULL, "The Event log service was stopped.", NULL, false},
    {"User32 1074", TRACES_INFORMATION, 32768, 0,
     "param1?C:\\Windows\\system32\\svchost.exe ({node})|param2?{node}|param3?Operating System: Service pack "
     "(Planned)|param5?restart|param7?NT AUTHORITY\\SYSTEM",
     "The process %1 has initiated the %4 of computer %2 on behalf of user %5 for the following reason: %3",
     NULL, false},
};
TRACES_KINDS(traces_kinds_system, kinds);
