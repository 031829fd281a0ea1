/* Faults on the way to the server (F.2.1). Products differ; forms of their pages are inferred (ndes/proxies.h). */
#include "faults/rows.h"
#include "ndes/proxies.h"

enum { HOW_DRIP = 4 };
static const char *const blockings[] = {"refuse", "drop", "reset", "stall", "drip", NULL};
static const char *const blockers[] = {"network", "server", NULL};
static const char *const mdm_blockings[] = {"refuse", "drop", NULL};

/* The last one lets everything through, a few bytes at a time. */
static void network_blocked(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_network states[] = {NDES_NETWORK_REFUSE, NDES_NETWORK_DROP, NDES_NETWORK_RESET,
                                               NDES_NETWORK_STALL, NDES_NETWORK_OPEN};
    effects->transport.network = states[fault->value[0]];
    if (fault->value[0] == HOW_DRIP)
        effects->limits.cut_how = NDES_CUT_DRIP;
}

/* With the MDM as proxy devices still reach it, and it has nothing to give them. In the other modes whoever asks is the MDM. */
static void mdm_blocked(const struct fault_setting *fault, struct ndes_effects *effects)
{
    network_blocked(fault, effects);
    effects->transport.mdm_only = true;
}

enum { STOPPED_REFUSED };
static const char *const stopped_faces[] = {"refused", "404", NULL};

/* HTTP.sys lives in the kernel: while somebody else has URLs on the port it answers, and knows none of ours. */
static void w3svc_stopped(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->kernel = NDES_ERROR_KERNEL_NOT_FOUND;
    if (fault->value[0] == STOPPED_REFUSED)
        effects->transport.network = NDES_NETWORK_REFUSE;
}

static const char *const gates[] = {"redirect", "page", "403", NULL};

/* Nothing gets past the proxy: 302 to a login page, that page itself, or 403 (F.2.1). */
static void proxy_login(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_error_page pages[] = {NDES_ERROR_PROXY_REDIRECT, NDES_ERROR_PROXY_LOGIN,
                                                 NDES_ERROR_PROXY_403};
    effects->in_front = pages[fault->value[0]];
}

/* The proxy in front has nothing but `code` to say; `after` it has waited for whoever is behind it. */
static void proxy_fails(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->proxy = (enum ndes_proxy)fault->value[0];
    effects->proxy_status = (int)fault->kind->code;
    effects->proxy_delay_us = fault->value[1];
}
#define KEY_BY                                                                                               \
    {                                                                                                        \
        .name = "by", .choices = ndes_proxy_choices                                                          \
    }
#define KEY_AFTER                                                                                            \
    {                                                                                                        \
        .name = "after", .kind = FAULT_KEY_DURATION                                                          \
    }

enum { CLOCK_AHEAD, CLOCK_BEHIND };
static const char *const directions[] = {"ahead", "behind", NULL};

/* Five minutes are what Kerberos bears. */
static void clock_skew(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const int64_t kerberos_us = INT64_C(300) * 1000000;
    effects->clock_us = fault->value[1] == CLOCK_BEHIND ? -fault->value[0] : fault->value[0];
    effects->kerberos_broken = effects->kerberos_broken || fault->value[0] > kerberos_us;
}

static const struct fault_kind kinds[] = {
    {.id = "network-path-blocked",
     .keys = {{.name = "how", .choices = blockings}, {.name = "by", .choices = blockers}},
     .apply = network_blocked,
     .traces =
         FAULT_TRACES(ROW_EACH_IF(2, 2, 15, "Security 5152", "198.51.100.7", "50312", "{address}", "443"),
                      ROW_EACH_IF(1, 2, 15, "Security 5157", "198.51.100.7", "50312", "{address}", "443"))},
    {.id = "w3svc-stopped",
     .keys = {{.name = "face", .choices = stopped_faces}},
     .apply = w3svc_stopped,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "SCM 7036", "World Wide Web Publishing Service", "stopped"),
                            ROW_STATE("services.Status", "W3SVC", "Stopped"),
                            ROW_STATE("apppools.State", "SCEP", "Stopped"),
                            ROW_EVENT_WITH(END, "SCM 7036", "World Wide Web Publishing Service", "running"))},
    {.id = "mdm-cannot-reach-ndes",
     .keys = {{.name = "how", .choices = mdm_blockings}},
     .apply = mdm_blocked},
    {.id = "app-proxy-preauth-enabled", .keys = {{.name = "how", .choices = gates}}, .apply = proxy_login},
    {.id = "app-proxy-bad-gateway", .keys = {KEY_BY, KEY_AFTER}, .code = 502, .apply = proxy_fails},
    {.id = "app-proxy-connector-down", .keys = {KEY_BY, KEY_AFTER}, .code = 504, .apply = proxy_fails},
    {.id = "app-proxy-wrong-url", .keys = {KEY_BY, KEY_AFTER}, .code = 404, .apply = proxy_fails},
    {.id = "clock-skew",
     .keys = {{.name = "by", .kind = FAULT_KEY_DURATION, .value = INT64_C(600) * 1000000},
              {.name = "server", .choices = directions}},
     .apply = clock_skew,
     .traces = FAULT_TRACES(ROW_EVENT_WITH(ONSET, "Time 36", "86400"))},
};
FAULT_FAMILY(faults_path, kinds);
