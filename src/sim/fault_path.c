/* Faults on the way to the server (F.2.1). */
#include "sim/fault_kinds.h"

static const char *const blockings[] = {"refuse", "drop", NULL};

static void network_blocked(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    static const enum sim_network states[] = {SIM_NETWORK_REFUSE, SIM_NETWORK_DROP};
    effects->transport.network = states[fault->value[0]];
}

static const char *const gates[] = {"redirect", "page", "403", NULL};

/* Nothing gets past the proxy: 302 to a login page, that page itself, or 403 (F.2.1). */
static void proxy_login(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    static const enum sim_error_page pages[] = {SIM_ERROR_PROXY_REDIRECT, SIM_ERROR_PROXY_LOGIN,
                                                SIM_ERROR_PROXY_403};
    effects->in_front = pages[fault->value[0]];
}

static const struct sim_fault_kind kinds[] = {
    {.id = "network-path-blocked", .keys = {{.name = "how", .choices = blockings}}, .apply = network_blocked},
    {.id = "app-proxy-preauth-enabled", .keys = {{.name = "how", .choices = gates}}, .apply = proxy_login},
};
SIM_FAULT_FAMILY(sim_faults_path, kinds);
