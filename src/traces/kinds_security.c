/* Events of the Security log ([documented: Windows auditing], ndes.md D, G.5). Who failed to log on is the caller's %1. */
#include "traces/event_kinds.h"

#define TASK_LOGON    12544
#define TASK_SPECIAL  12548
#define TASK_ACCOUNT  13824
#define TASK_POLICY   13569
#define TASK_KERBEROS 14337
#define TASK_NTLM     14336
#define TASK_DROP     12809
#define TASK_KEY      12290

#define BY_SYSTEM                                                                                            \
    "SubjectUserSid=S-1-5-18|SubjectUserName={node}$|SubjectDomainName={netbios}|SubjectLogonId=0x3e7"

static const struct traces_kind kinds[] = {
    /* %1 account, %2 Status, %3 SubStatus, %4 LogonType, %5 client address, %6 FailureReason */
    {"Security 4625", TRACES_AUDIT, 0, TASK_LOGON,
     BY_SYSTEM
     "|TargetUserSid=S-1-0-0|TargetUserName=%u1|TargetDomainName=%d1|Status=%2|FailureReason=%6|SubStatus=%3|"
     "LogonType=%4|LogonProcessName=Advapi  |AuthenticationPackageName=Negotiate|WorkstationName={node}|"
     "TransmittedServices=-|LmPackageName=-|KeyLength=0|ProcessId=0x4a8|"
     "ProcessName=C:\\Windows\\System32\\svchost.exe|IpAddress=%5|IpPort=-",
     "An account failed to log on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\t%1\r\n\tAccount "
     "Name:\t\t%2\r\n\tAccount Domain:\t\t%3\r\n\tLogon ID:\t\t%4\r\n\r\nLogon Type:\t\t\t%11\r\n\r\nAccount "
     "For Which Logon Failed:\r\n\tSecurity ID:\t\t%5\r\n\tAccount Name:\t\t%6\r\n\tAccount "
     "Domain:\t\t%7\r\n\r\nFailure Information:\r\n\tFailure "
     "Reason:\t\t%9\r\n\tStatus:\t\t\t%8\r\n\tSub Status:\t\t%10\r\n\r\nProcess Information:\r\n\tCaller "
     "Process ID:\t%18\r\n\tCaller Process Name:\t%19\r\n\r\nNetwork Information:\r\n\tWorkstation "
     "Name:\t%14\r\n\tSource Network Address:\t%20\r\n\tSource Port:\t\t%21\r\n\r\nDetailed Authentication "
     "Information:\r\n\tLogon Process:\t\t%12\r\n\tAuthentication Package:\t%13",
     NULL, true},
    /* %1 account, %2 LogonType, %3 client address */
    {"Security 4624", TRACES_AUDIT, 0, TASK_LOGON,
     BY_SYSTEM
     "|TargetUserSid=S-1-5-21-2722513726-2198987228-2052758583-1605|TargetUserName=%u1|TargetDomainName=%d1|"
     "TargetLogonId=0x1c3a5f|LogonType=%2|LogonProcessName=NtLmSsp |AuthenticationPackageName=NTLM|"
     "WorkstationName=-|IpAddress=%3|IpPort=0",
     "An account was successfully logged on.\r\n\r\nLogon Type:\t\t\t%9\r\n\r\nNew Logon:\r\n\tAccount "
     "Name:\t\t%6\r\n\tAccount Domain:\t\t%7\r\n\r\nNetwork Information:\r\n\tSource Network Address:\t%13",
     NULL, false},
    {"Security 4634", TRACES_AUDIT, 0, 12545,
     "TargetUserSid=S-1-5-21-2722513726-2198987228-2052758583-1605|TargetUserName=%u1|TargetDomainName=%d1|"
     "TargetLogonId=0x1c3a5f|LogonType=%2",
     "An account was logged off.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%2\r\n\tAccount Domain:\t\t%3", NULL,
     false},
    {"Security 4648", TRACES_AUDIT, 0, TASK_LOGON,
     BY_SYSTEM "|TargetUserName=%u1|TargetDomainName=%d1|TargetServerName=localhost|ProcessId=0x4a8|"
               "ProcessName=C:\\Windows\\System32\\svchost.exe|IpAddress=-|IpPort=-",
     "A logon was attempted using explicit credentials.\r\n\r\nAccount Whose Credentials Were "
     "Used:\r\n\tAccount Name:\t\t%5\r\n\tAccount Domain:\t\t%6",
     NULL, false},
    {"Security 4672", TRACES_AUDIT, 0, TASK_SPECIAL, BY_SYSTEM "|PrivilegeList=SeSecurityPrivilege",
     "Special privileges assigned to new logon.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%2", NULL, false},
    {"Security 4704", TRACES_AUDIT, 0, TASK_POLICY, BY_SYSTEM "|TargetSid=%1|PrivilegeList=%2",
     "A user right was assigned.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%5\r\n\r\nNew Right:\r\n\tUser "
     "Right:\t\t%6",
     NULL, false},
    {"Security 4705", TRACES_AUDIT, 0, TASK_POLICY, BY_SYSTEM "|TargetSid=%1|PrivilegeList=%2",
     "A user right was removed.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%5\r\n\r\nRemoved "
     "Right:\r\n\tUser Right:\t\t%6",
     NULL, false},
    {"Security 4717", TRACES_AUDIT, 0, TASK_POLICY, BY_SYSTEM "|TargetSid=%1|AccessGranted=%2",
     "System security access was granted to an account.\r\n\r\nAccount Modified:\r\n\tAccount "
     "Name:\t\t%5\r\n\r\nAccess Granted:\r\n\tAccess Right:\t\t%6",
     NULL, false},
    {"Security 4718", TRACES_AUDIT, 0, TASK_POLICY, BY_SYSTEM "|TargetSid=%1|AccessRemoved=%2",
     "System security access was removed from an account.\r\n\r\nAccount Modified:\r\n\tAccount "
     "Name:\t\t%5\r\n\r\nAccess Removed:\r\n\tAccess Right:\t\t%6",
     NULL, false},
    {"Security 4723", TRACES_AUDIT, 0, TASK_ACCOUNT,
     "TargetUserName=%u1|TargetDomainName=%d1|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-"
     "1605|" BY_SYSTEM,
     "An attempt was made to change an account's password.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%1",
     NULL, false},
    {"Security 4724", TRACES_AUDIT, 0, TASK_ACCOUNT,
     "TargetUserName=%u1|TargetDomainName=%d1|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-"
     "1605|" BY_SYSTEM,
     "An attempt was made to reset an account's password.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%1",
     NULL, false},
    {"Security 4725", TRACES_AUDIT, 0, TASK_ACCOUNT,
     "TargetUserName=%u1|TargetDomainName=%d1|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-"
     "1605|" BY_SYSTEM,
     "A user account was disabled.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%1", NULL, false},
    {"Security 4740", TRACES_AUDIT, 0, TASK_ACCOUNT,
     "TargetUserName=%u1|TargetDomainName={node}|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-"
     "1605|" BY_SYSTEM,
     "A user account was locked out.\r\n\r\nAccount That Was Locked Out:\r\n\tSecurity "
     "ID:\t\t%3\r\n\tAccount "
     "Name:\t\t%1\r\n\r\nAdditional Information:\r\n\tCaller Computer Name:\t%2",
     NULL, false},
    {"Security 4767", TRACES_AUDIT, 0, TASK_ACCOUNT,
     "TargetUserName=%u1|TargetDomainName=%d1|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-"
     "1605|" BY_SYSTEM,
     "A user account was unlocked.\r\n\r\nTarget Account:\r\n\tAccount Name:\t\t%1", NULL, false},
    /* %1 account, %2 Status, %3 client address */
    {"Security 4768", TRACES_AUDIT, 0, 14339,
     "TargetUserName=%u1|TargetDomainName=%d1|TargetSid=S-1-0-0|ServiceName=krbtgt/{netbios}|Status=%2|"
     "IpAddress=%3",
     "A Kerberos authentication ticket (TGT) was requested.\r\n\r\nAccount Information:\r\n\tAccount "
     "Name:\t\t%1\r\n\r\nAdditional Information:\r\n\tResult Code:\t\t%5",
     NULL, true},
    {"Security 4769", TRACES_AUDIT, 0, TASK_KERBEROS,
     "TargetUserName=%u1|TargetDomainName=%d1|ServiceName=%3|Status=%2|IpAddress=-",
     "A Kerberos service ticket was requested.\r\n\r\nAccount Information:\r\n\tAccount "
     "Name:\t\t%1\r\n\r\nService Information:\r\n\tService Name:\t\t%3\r\n\r\nAdditional "
     "Information:\r\n\tFailure Code:\t\t%4",
     NULL, true},
    {"Security 4771", TRACES_AUDIT, 0, 14339,
     "TargetUserName=%u1|TargetSid=S-1-5-21-2722513726-2198987228-2052758583-1605|ServiceName=krbtgt/"
     "{netbios}|"
     "TicketOptions=0x40810010|Status=%2|PreAuthType=2|IpAddress=%3",
     "Kerberos pre-authentication failed.\r\n\r\nAccount Information:\r\n\tAccount "
     "Name:\t\t%1\r\n\r\nAdditional Information:\r\n\tFailure Code:\t\t%5",
     NULL, true},
    {"Security 4776", TRACES_AUDIT, 0, TASK_NTLM,
     "PackageName=MICROSOFT_AUTHENTICATION_PACKAGE_V1_0|TargetUserName=%u1|Workstation={node}|Status=%2",
     "The computer attempted to validate the credentials for an account.\r\n\r\nAuthentication "
     "Package:\t%1\r\nLogon Account:\t%2\r\nSource Workstation:\t%3\r\nError Code:\t%4",
     NULL, true},
    /* %1 source address, %2 source port, %3 destination address, %4 destination port */
    {"Security 5152", TRACES_AUDIT, 0, TASK_DROP,
     "ProcessId=0|Application=-|Direction=%%14592|SourceAddress=%1|SourcePort=%2|DestAddress=%3|DestPort=%4|"
     "Protocol=6|FilterRTID=68104|LayerName=%%14597|LayerRTID=13",
     "The Windows Filtering Platform has blocked a packet.\r\n\r\nNetwork Information:\r\n\tSource "
     "Address:\t\t%4\r\n\tSource Port:\t\t%5\r\n\tDestination Address:\t%6\r\n\tDestination "
     "Port:\t\t%7\r\n\tProtocol:\t\t%8",
     NULL, true},
    {"Security 5157", TRACES_AUDIT, 0, 12810,
     "ProcessID=4|Application=System|Direction=%%14592|SourceAddress=%1|SourcePort=%2|DestAddress=%3|"
     "DestPort=%4|Protocol=6|FilterRTID=68104|LayerName=%%14610|LayerRTID=44",
     "The Windows Filtering Platform has blocked a connection.\r\n\r\nNetwork Information:\r\n\tSource "
     "Address:\t\t%4\r\n\tSource Port:\t\t%5\r\n\tDestination Address:\t%6\r\n\tDestination "
     "Port:\t\t%7\r\n\tProtocol:\t\t%8",
     NULL, true},
    /* %1 account, %2 KeyName, %3 ReturnCode */
    {"Security 5058", TRACES_AUDIT, 0, TASK_KEY,
     "SubjectUserSid=S-1-5-21-2722513726-2198987228-2052758583-1605|SubjectUserName=%u1|SubjectDomainName=%"
     "d1|"
     "ProviderName=Microsoft Software Key Storage Provider|KeyName=%2|KeyType=%%2499|Operation=%%2458|"
     "ReturnCode=%3",
     "Key file operation.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%2\r\n\r\nCryptographic Parameters:\r\n\tKey "
     "Name:\t%5\r\n\r\nKey File Operation Information:\r\n\tReturn Code:\t%8",
     NULL, true},
    {"Security 5061", TRACES_AUDIT, 0, TASK_KEY,
     "SubjectUserSid=S-1-5-21-2722513726-2198987228-2052758583-1605|SubjectUserName=%u1|SubjectDomainName=%"
     "d1|"
     "ProviderName=Microsoft Software Key Storage Provider|AlgorithmName=RSA|KeyName=%2|KeyType=%%2499|"
     "Operation=%%2480|ReturnCode=%3",
     "Cryptographic operation.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%2\r\n\r\nCryptographic "
     "Parameters:\r\n\tKey Name:\t%6\r\n\r\nCryptographic Operation:\r\n\tReturn Code:\t%9",
     NULL, true},
};
TRACES_KINDS(traces_kinds_security, kinds);
