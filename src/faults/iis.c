/* Faults of IIS: what it refuses before mscep.dll has a say, and what it has too much of (F.2.2, E.1). */
#include "faults/rows.h"

/* By IIS, as its log has it. */
struct refusal {
    enum ndes_error_page page;
    unsigned substatus;
    uint32_t win32;
};

static void log_as(struct refusal refusal, struct ndes_effects *effects)
{
    effects->substatus = refusal.substatus;
    effects->win32 = refusal.win32;
}

/* Before authentication. */
static void refuse_all(struct refusal refusal, struct ndes_effects *effects)
{
    effects->iis = refusal.page;
    log_as(refusal, effects);
}

/* After authentication, where the handler would run. */
static void refuse_handler(struct refusal refusal, struct ndes_effects *effects)
{
    effects->extension = refusal.page;
    log_as(refusal, effects);
}

/* The profile's path leads nowhere; callers of the OTP page know a right one. */
static void wrong_url(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    for (enum ndes_operation op = NDES_OP_BARE; op < NDES_OP_COUNT; op++) {
        if (op != NDES_OP_OTP)
            effects->before_logon[op] = NDES_ERROR_IIS_404;
    }
    log_as((struct refusal){NDES_ERROR_IIS_404, 0, 2}, effects);
}

static void not_configured(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    refuse_all((struct refusal){NDES_ERROR_IIS_404, 0, 2}, effects);
}

static void isapi_not_allowed(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    refuse_handler((struct refusal){NDES_ERROR_IIS_404, 2, 1260}, effects);
}

enum { FEATURE_404, FEATURE_DOWNLOAD };
static const char *const feature_faces[] = {"404", "download", NULL};

/* A file is read, not posted to. */
static void isapi_missing(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == FEATURE_404) {
        refuse_handler((struct refusal){NDES_ERROR_IIS_404, 17, 0}, effects);
        return;
    }
    refuse_handler((struct refusal){NDES_ERROR_IIS_DOWNLOAD, 0, 0}, effects);
    effects->post = NDES_ERROR_IIS_405;
}

static const char *const acl_faces[] = {"401", "500", NULL};

/* Nobody who logs on is let in, and anonymous callers are not either. */
static void acl_denied(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const struct refusal refusals[] = {{NDES_ERROR_IIS_401, 3, 5}, {NDES_ERROR_IIS_500, 0, 5}};
    refuse_handler(refusals[fault->value[0]], effects);
}

static void config_invalid(const struct fault_setting *fault, struct ndes_effects *effects)
{
    refuse_all((struct refusal){NDES_ERROR_IIS_500, 19, (uint32_t)fault->value[0]}, effects);
}

static const char *const handler_faces[] = {"500.0", "500.21", NULL};

static void handler_conflict(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const struct refusal refusals[] = {{NDES_ERROR_IIS_500, 0, 0}, {NDES_ERROR_IIS_500, 21, 0}};
    refuse_handler(refusals[fault->value[0]], effects);
}

/* One worker process, one request after the other: a queue grows as soon as more come than it can serve. The real length is
 * 1000, which takes a storm to fill. */
static void queue_full(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->queue = (struct ndes_queue){.length = (unsigned)fault->value[0], .service_us = fault->value[1]};
}

enum { BUSY_500, BUSY_503 };
static const char *const busy_faces[] = {"500", "503", NULL};

static void busy(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->queue = (struct ndes_queue){
        .length = (unsigned)fault->value[1],
        .service_us = fault->value[2],
        .by_iis = true,
        .by_503 = fault->value[0] == BUSY_503,
    };
}
#define KEY_QUEUE(words)                                                                                     \
    {                                                                                                        \
        .name = (words), .kind = FAULT_KEY_NUMBER, .value = 20, .min = 1, .max = 100000                      \
    }
#define KEY_SERVICE                                                                                          \
    {                                                                                                        \
        .name = "service", .kind = FAULT_KEY_DURATION, .value = 50000                                        \
    }

static void execute_denied(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    refuse_handler((struct refusal){NDES_ERROR_IIS_403, 1, 5}, effects);
}

static const char *const restrictions[] = {"address", "concurrent", "rate", NULL};

/* Static addresses, or dynamic restrictions by concurrent requests and by rate. Together with fraction and of=devices: for
 * some sources only. */
static void ip_restricted(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const unsigned substatus[] = {6, 501, 502};
    refuse_all((struct refusal){NDES_ERROR_IIS_403, substatus[fault->value[0]], 0}, effects);
}

static void anonymous_disabled(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->logon_everywhere = true;
}

#define ROW_BOTH_FOLDERS(cell, value)                                                                        \
    ROW_STATE(cell, FOLDER_OF_DEVICES, value), ROW_STATE(cell, FOLDER_OF_CALLERS, value)

static const struct fault_kind kinds[] = {
    {.id = "wrong-scep-url", .apply = wrong_url},
    {.id = "role-not-configured",
     .apply = not_configured,
     .traces = FAULT_TRACES(ROW_STATE("apppools.State", "SCEP", ""), ROW_BOTH_FOLDERS("vdirs.Pool", ""))},
    {.id = "isapi-not-allowed",
     .apply = isapi_not_allowed,
     .traces = FAULT_TRACES(ROW_STATE("iis.Value", "IsapiRestriction:mscep.dll", "NotAllowed"))},
    {.id = "isapi-feature-missing",
     .keys = {{.name = "face", .choices = feature_faces}},
     .apply = isapi_missing,
     .traces = FAULT_TRACES(ROW_STATE("iis.Value", "Feature:ISAPI-Ext", "Available"),
                            ROW_STATE("iis.Value", "Feature:ISAPI-Filter", "Available"))},
    {.id = "file-acl-denied",
     .keys = {{.name = "face", .choices = acl_faces}},
     .apply = acl_denied,
     .traces = FAULT_TRACES(ROW_BOTH_FOLDERS("vdirs.AclDenied", "True"))},
    {.id = "iis-config-invalid",
     .keys = {{.name = "win32", .kind = FAULT_KEY_CODE, .value = INT64_C(0x8007000d)}},
     .apply = config_invalid,
     .traces = FAULT_TRACES(ROW_STATE("iis.Value", "ConfigurationError",
                                      "applicationHost.config(1187): Configuration file is not well-formed "
                                      "XML"))},
    {.id = "handler-order-conflict",
     .keys = {{.name = "face", .choices = handler_faces}},
     .apply = handler_conflict,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(START, "NDES 2", "0x800700ea", "More data is available. "))},
    {.id = "app-pool-queue-full", .keys = {KEY_QUEUE("queue"), KEY_SERVICE}, .apply = queue_full},
    {.id = "server-busy",
     .keys = {{.name = "face", .choices = busy_faces}, KEY_QUEUE("at-once"), KEY_SERVICE},
     .apply = busy},
    {.id = "execute-denied",
     .apply = execute_denied,
     .traces = FAULT_TRACES(ROW_BOTH_FOLDERS("vdirs.AccessPolicy", "Read"))},
    {.id = "ip-restricted",
     .keys = {{.name = "by", .choices = restrictions}},
     .apply = ip_restricted,
     .traces = FAULT_TRACES(ROW_BOTH_FOLDERS("vdirs.IpRestricted", "True"))},
    {.id = "anonymous-disabled",
     .apply = anonymous_disabled,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.Anonymous", FOLDER_OF_DEVICES, "False"))},
};
FAULT_FAMILY(faults_iis, kinds);
