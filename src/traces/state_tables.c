/* What the collector finds on a server that is as it should be: columns as in src/evidence/README.md, values after ndes.md
 * A.1, C and the prerequisites of MS-VALCFG. Certificates are told by whoever made them. */
#include "traces/state_tables.h"

#define MSCEP          "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\"
#define HTTP           "HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\"
#define NDES_CONNECTOR "HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector\\"

static const char *const collector[] = {
    "Version|1",    "Computer|{node}",    "Domain|{domain}",
    "CollectedAt|", "UtcOffsetMinutes|0", "OS|Microsoft Windows Server 2019 Standard",
    "Build|17763",  "IsElevated|True",    NULL,
};

static const char *const none[] = {NULL};

static const char *const registry[] = {
    MSCEP "SignatureTemplate|REG_SZ|NDESDevice",
    MSCEP "EncryptionTemplate|REG_SZ|NDESDevice",
    MSCEP "GeneralPurposeTemplate|REG_SZ|NDESDevice",
    MSCEP "CAInfo\\Configuration|REG_SZ|{ca-fqdn}\\{ca}",
    MSCEP "CAType\\CAType|REG_DWORD|1",
    MSCEP "CertsInMYStore\\CertsInMYStore|REG_DWORD|1",
    MSCEP "EnforcePassword\\EnforcePassword|REG_DWORD|1",
    MSCEP "PasswordMax\\PasswordMax|REG_DWORD|5",
    MSCEP "PasswordValidity\\PasswordValidity|REG_DWORD|60",
    MSCEP "PasswordLength\\PasswordLength|REG_DWORD|8",
    MSCEP "PasswordVDir\\PasswordVDir|REG_SZ|CertSrv/mscep_admin",
    MSCEP "UseSinglePassword\\UseSinglePassword|REG_DWORD|0",
    HTTP "MaxFieldLength|REG_DWORD|65534",
    HTTP "MaxRequestBytes|REG_DWORD|65534",
    NULL,
};
static const char *const registry_connector[] = {
    MSCEP "Modules\\NDESPolicy\\NDESCertThumbprint|REG_SZ|",
    NDES_CONNECTOR "SigningCertificate|REG_SZ|present",
    NDES_CONNECTOR "PfxSigningCertificate|REG_SZ|present",
    NULL,
};

static const char *const apppools[] = {
    "SCEP|Started|SpecificUser|{account}|True|1000|1|True|0|0",
    "DefaultAppPool|Started|ApplicationPoolIdentity||True|1000|1|True|20|1740",
    "WsusPool|Started|NetworkService||True|2000|1|True|0|0",
    NULL,
};
static const char *const apppools_connector[] = {
    "CertificateRegistrationPoint|Started|LocalSystem||True|1000|1|True|20|1740",
    NULL,
};

#define MSCEP_FOLDER "%windir%\\system32\\CertSrv\\mscep"

static const char *const vdirs[] = {
    "Default Web Site/CertSrv/mscep|" MSCEP_FOLDER "|SCEP|True|True|False|True|None|Read;Execute|4096|65536|"
    "30000000|True|False|mscep.dll|False",
    "Default Web Site/CertSrv/mscep_admin|" MSCEP_FOLDER "|SCEP|False|True|False|True|None|Read;Execute|4096|"
    "65536|30000000|True|False|mscep.dll|False",
    NULL,
};
static const char *const vdirs_connector[] = {
    "Default Web Site/CertificateRegistrationSvc|C:\\Program Files\\Microsoft "
    "Intune\\NDESPolicyModule\\CertificateRegistrationSvc|CertificateRegistrationPoint|True|False|False|True|"
    "Ssl;SslNegotiateCert;SslRequireCert|Read;Script|65534|65534|30000000|False|False||False",
    NULL,
};

static const char *const bindings[] = {
    "http/*:80:|Default Web Site|Started|",
    NULL,
};

static const char *const iis[] = {
    "Feature:ISAPI-Ext|Installed",
    "Feature:ISAPI-Filter|Installed",
    "Feature:Windows-Auth|Installed",
    "Feature:Request-Filtering|Installed",
    "IsapiRestriction:mscep.dll|Allowed",
    "ConfigurationError|",
    NULL,
};

static const char *const services[] = {
    "W3SVC|World Wide Web Publishing Service|Running|Automatic|LocalSystem",
    "WAS|Windows Process Activation Service|Running|Manual|LocalSystem",
    "HTTP|HTTP Service|Running|Manual|",
    "CryptSvc|Cryptographic Services|Running|Automatic|NT AUTHORITY\\NetworkService",
    "RpcSs|Remote Procedure Call (RPC)|Running|Automatic|NT AUTHORITY\\NetworkService",
    "W32Time|Windows Time|Running|Automatic|NT AUTHORITY\\LocalService",
    NULL,
};
static const char *const services_connector[] = {
    "PFXCertificateConnectorSvc|PFX Create Certificate Connector for Microsoft "
    "Intune|Running|Automatic|LocalSystem",
    "NDESConnectorSvc|Intune Connector Service|Running|Automatic|LocalSystem",
    NULL,
};

static const char *const accounts[] = {
    "{account}|pool|True|False|False|2026-01-15T09:12:44Z|True|IIS_IUSRS;Domain Users",
    NULL,
};

static const char *const rights[] = {
    "SeBatchLogonRight|BUILTIN\\Administrators;BUILTIN\\IIS_IUSRS;{account}",
    "SeServiceLogonRight|NT SERVICE\\ALL SERVICES;{account}",
    "SeInteractiveLogonRight|BUILTIN\\Administrators;{account}",
    "SeImpersonatePrivilege|NT AUTHORITY\\LOCAL SERVICE;NT AUTHORITY\\NETWORK "
    "SERVICE;BUILTIN\\Administrators;BUILTIN\\IIS_IUSRS;NT AUTHORITY\\SERVICE",
    "SeDenyBatchLogonRight|",
    "SeDenyNetworkLogonRight|",
    NULL,
};

static const char *const spns[] = {
    "HTTP/{fqdn}|{account}",
    "HTTP/{node}|{account}",
    NULL,
};

static const char *const templates[] = {
    "NDESDevice|NDES Device|True|{account}|True|True|2048|False|False|0|Microsoft Software Key Storage "
    "Provider",
    "CEPEncryption|CEP Encryption|True|{account}|True|True|2048|False|False|0|Microsoft Strong Cryptographic "
    "Provider",
    "EnrollmentAgentOffline|Exchange Enrollment Agent (Offline request)|True|{account}|True|True|2048|False|"
    "False|0|Microsoft Strong Cryptographic Provider",
    NULL,
};

static const char *const ca[] = {
    "{ca-fqdn}\\{ca}|True||4|Running|||NoError|20",
    NULL,
};

static const char *const software[] = {
    "Microsoft .NET Framework|4.7.03190|2025-11-12T00:00:00Z",
    NULL,
};
static const char *const software_connector[] = {
    "Certificate Connector for Microsoft Intune||",
    NULL,
};

static const char *const network[] = {
    "{ca-fqdn}|dns|ok|1",
    "{ca-fqdn}:135|tcp|ok|1",
    "http://pki.{domain}/CertEnroll/issuing.crl|http|ok|6",
    NULL,
};
static const char *const network_connector[] = {
    "https://manage.microsoft.com/|http|ok|84",
    NULL,
};

const struct traces_table_form traces_tables[] = {
    {"collector", "Name|Value", collector, NULL},
    {"certificates",
     "Thumbprint|Store|Subject|Issuer|SerialNumber|NotBefore|NotAfter|HasPrivateKey|EnhancedKeyUsage|"
     "KeyUsage|"
     "Provider|KeyReaders|ChainStatus|SelfSigned",
     none, NULL},
    {"registry", "Path|Type|Value", registry, registry_connector},
    {"apppools",
     "Name|State|IdentityType|UserName|AutoStart|QueueLength|MaxProcesses|RapidFailProtection|"
     "IdleTimeoutMinutes|RecyclePeriodMinutes",
     apppools, apppools_connector},
    {"vdirs",
     "Path|PhysicalPath|Pool|Anonymous|WindowsAuth|BasicAuth|UseKernelMode|SslFlags|AccessPolicy|MaxUrl|"
     "MaxQueryString|MaxContentLength|AllowDoubleEscaping|IpRestricted|DefaultDocuments|AclDenied",
     vdirs, vdirs_connector},
    {"bindings", "Binding|Site|State|CertificateThumbprint", bindings, NULL},
    {"iis", "Name|Value", iis, NULL},
    {"services", "Name|DisplayName|Status|StartMode|Account", services, services_connector},
    {"accounts", "Name|Role|Enabled|LockedOut|PasswordExpired|PasswordLastSet|PasswordNeverExpires|Groups",
     accounts, NULL},
    {"rights", "Right|Accounts", rights, NULL},
    {"spns", "Spn|Account", spns, NULL},
    {"templates",
     "Name|DisplayName|Published|Account|Enroll|Read|MinimumKeySize|SubjectFromAd|RequiresApproval|"
     "RaSignatures|Provider",
     templates, NULL},
    {"ca",
     "Config|Reachable|PingError|PingMs|ServiceStatus|CertificateNotAfter|CrlNextUpdate|CrlStatus|"
     "DbSessionCount",
     ca, NULL},
    {"requests", "RequestId|SubmittedAt|Requester|Template|StatusCode|Disposition|Message", none, NULL},
    {"software", "Name|Version|InstalledAt", software, software_connector},
    {"network", "Target|Test|Result|Milliseconds", network, network_connector},
};
const size_t traces_table_count = sizeof traces_tables / sizeof traces_tables[0];
