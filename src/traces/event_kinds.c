#include "traces/event_kinds.h"

#include <stdlib.h>
#include <string.h>

/* The account of the pool, of an invented domain; what runs as LocalSystem. */
#define SID_POOL   "S-1-5-21-2722513726-2198987228-2052758583-1605"
#define SID_SYSTEM "S-1-5-18"

#define CONNECTOR "Microsoft-Intune-CertificateConnectors"

static const struct traces_provider providers[] = {
    {"NDES", "Microsoft-Windows-NetworkDeviceEnrollmentService", "{73144342-19d1-47a4-94de-d38e6a054ad5}",
     NULL, "Application", TRACES_APPLICATION, false, SID_POOL},
    {"WAS", "Microsoft-Windows-WAS", "{524B5D04-133C-4A62-8362-64E8EDB9CE40}", "WAS", "System", TRACES_SYSTEM,
     true, NULL},
    {"W3SVC", "Microsoft-Windows-IIS-W3SVC", "{05448E22-93DE-4A7A-BBA5-92E27486A8BE}", "W3SVC", "System",
     TRACES_SYSTEM, true, NULL},
    {"W3SVC-WP", "Microsoft-Windows-IIS-W3SVC-WP", "{670080D9-742A-4187-8D16-41143D1290BD}", "W3SVC-WP",
     "Application", TRACES_APPLICATION, true, NULL},
    {"HTTP", "Microsoft-Windows-HttpEvent", "{7b6bc78c-898b-4170-bbf8-1a469ea43fc5}", "HTTP", "System",
     TRACES_SYSTEM, true, NULL},
    {"SCM", "Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}", "Service Control Manager",
     "System", TRACES_SYSTEM, false, NULL},
    {"Schannel", "Schannel", "{1F678132-5938-4686-9FDC-C8FF68F15C85}", NULL, "System", TRACES_SYSTEM, false,
     SID_SYSTEM},
    {"DCOM", "Microsoft-Windows-DistributedCOM", "{1B562E86-B7AA-4131-BADC-B6F3A001407E}", "DCOM", "System",
     TRACES_SYSTEM, false, SID_SYSTEM},
    {"Kerberos", "Microsoft-Windows-Security-Kerberos", "{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}", "Kerberos",
     "System", TRACES_SYSTEM, true, NULL},
    {"Netlogon", "NETLOGON", NULL, NULL, "System", TRACES_SYSTEM, true, NULL},
    {"Tcpip", "Tcpip", NULL, NULL, "System", TRACES_SYSTEM, true, NULL},
    {"GroupPolicy", "Microsoft-Windows-GroupPolicy", "{aea1b4fa-97d1-45f2-a64c-4d69fffd92c9}", NULL, "System",
     TRACES_SYSTEM, false, SID_SYSTEM},
    {"Time", "Microsoft-Windows-Time-Service", "{06EDCFEB-0FD0-4E53-ACCA-A6F8BBF81BCB}", NULL, "System",
     TRACES_SYSTEM, false, "S-1-5-19"},
    {"Kernel", "Microsoft-Windows-Kernel-General", "{A68CA8B7-004F-D7B6-A698-07E2DE0F1F5D}", NULL, "System",
     TRACES_SYSTEM, false, SID_SYSTEM},
    {"DNS", "Microsoft-Windows-DNS-Client", "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}", NULL, "System",
     TRACES_SYSTEM, false, "S-1-5-20"},
    {"Update", "Microsoft-Windows-WindowsUpdateClient", "{945a8954-c147-4acd-923f-40c45405a658}", NULL,
     "System", TRACES_SYSTEM, false, SID_SYSTEM},
    {"EventLog", "EventLog", NULL, NULL, "System", TRACES_SYSTEM, true, NULL},
    {"User32", "User32", "{b0aa8734-56f7-41cc-b2f4-de228e98b946}", "User32", "System", TRACES_SYSTEM, true,
     SID_SYSTEM},
    {"AppError", "Application Error", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"WER", "Windows Error Reporting", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"DotNet", ".NET Runtime", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"ASP", "ASP.NET 4.0.30319.0", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"ESENT", "ESENT", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"VSS", "VSS", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"SQL", "MSSQLSERVER", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"SPP", "Microsoft-Windows-Security-SPP", "{E23B33B0-C8C9-472C-A5F9-F2BDFEA0F156}",
     "Software Protection Platform Service", "Application", TRACES_APPLICATION, true, NULL},
    {"Backup", "Veeam Agent", NULL, NULL, "Application", TRACES_APPLICATION, true, NULL},
    {"AutoEnrollment", "Microsoft-Windows-CertificateServicesClient-AutoEnrollment",
     "{F0DB7EF8-B6F3-4005-9937-FEB77B9E1B43}", "AutoEnrollment", "Application", TRACES_APPLICATION, true,
     NULL},
    {"CertEnroll", "Microsoft-Windows-CertificateServicesClient-CertEnroll",
     "{54164045-7C50-4905-963F-E5BC1EEF0CCA}", "CertEnroll", "Application", TRACES_APPLICATION, true, NULL},
    {"Security", "Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-A5BA-3E3B0328C30D}", NULL,
     "Security", TRACES_SECURITY, false, NULL},
    {"CAPI2", "Microsoft-Windows-CAPI2", "{5bbca4a8-b209-48dc-a8c7-b23d3e5216fb}", NULL,
     "Microsoft-Windows-CAPI2/Operational", TRACES_CAPI2, false, SID_POOL},
    {"CA", "Microsoft-Windows-CertificationAuthority", "{6A71D062-9AFE-4F35-AD08-52134F85DFB9}", NULL,
     "Application", TRACES_CA, false, SID_SYSTEM},
    {"Device", "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider",
     "{3da494e4-0fe2-415C-b895-fb5265c5c83b}", NULL,
     "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin", TRACES_DEVICE, false,
     SID_SYSTEM},
    {"Connector", CONNECTOR, NULL, NULL, CONNECTOR "/Operational", TRACES_CONNECTOR, false, SID_SYSTEM},
    {"ConnectorAdmin", CONNECTOR, NULL, NULL, CONNECTOR "/Admin", TRACES_CONNECTOR, false, SID_SYSTEM},
    {"NDESConnector", "NDESConnector", NULL, NULL, "Microsoft Intune Connector", TRACES_CONNECTOR, true,
     NULL},
};
#define PROVIDER_COUNT (sizeof providers / sizeof providers[0])

static const struct traces_kinds *const tables[] = {
    &traces_kinds_application,
    &traces_kinds_system,
    &traces_kinds_security,
    &traces_kinds_pki,
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

const struct traces_kind *traces_kind_at(size_t index)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        if (index < tables[t]->count)
            return &tables[t]->kinds[index];
        index -= tables[t]->count;
    }
    return NULL;
}

static const struct traces_kind *kind_of(const char *name)
{
    const struct traces_kind *kind;
    for (size_t i = 0; (kind = traces_kind_at(i)) != NULL; i++) {
        if (strcmp(kind->name, name) == 0)
            return kind;
    }
    return NULL;
}

static const struct traces_provider *provider_of(const char *name)
{
    const char *space = strrchr(name, ' ');
    size_t len = space != NULL ? (size_t)(space - name) : 0;
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (strlen(providers[i].prefix) == len && strncmp(providers[i].prefix, name, len) == 0)
            return &providers[i];
    }
    return NULL;
}

const struct traces_kind *traces_kind_find(const char *name, const struct traces_provider **provider,
                                           enum traces_export *export, unsigned *id)
{
    bool elsewhere = strncmp(name, "CA-", 3) == 0;
    const char *own = elsewhere ? name + 3 : name;
    const struct traces_kind *kind = kind_of(own);
    const struct traces_provider *who = kind != NULL ? provider_of(own) : NULL;
    if (who == NULL)
        return NULL;
    if (provider != NULL)
        *provider = who;
    if (export != NULL)
        *export = elsewhere ? TRACES_CA : who->export;
    if (id != NULL)
        *id = (unsigned)strtoul(strrchr(own, ' ') + 1, NULL, 10);
    return kind;
}
