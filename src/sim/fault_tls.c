/* Faults of TLS (F.2.1). Below HTTP: the port and its certificate are the same for everybody. */
#include "sim/fault_rows.h"

/* The alert that clients send, where they send one (RFC 8446 6.2); Schannel logs it. */
#define CERTIFICATE_EXPIRED "45"
#define CERTIFICATE_UNKNOWN "46"
#define UNKNOWN_CA          "48"

static void cert_expired(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->transport.certificate = SIM_WEB_CERT_EXPIRED;
}

static void cert_other_name(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->transport.certificate = SIM_WEB_CERT_OTHER_NAME;
}

static const char *const chains[] = {"other-ca", "self-signed", "no-intermediate", NULL};

static void chain_untrusted(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    static const enum sim_web_cert certs[] = {SIM_WEB_CERT_OTHER_ISSUER, SIM_WEB_CERT_SELF_SIGNED,
                                              SIM_WEB_CERT_NO_INTERMEDIATE};
    effects->transport.certificate = certs[fault->value[0]];
}

/* HTTP.sys takes the connection, sees a ClientHello and has nothing to answer it with. */
static void binding_missing(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->transport.network = SIM_NETWORK_RESET;
}

static const char *const offers[] = {"tls1.1", "tls1.3", "rare-cipher", NULL};

static void version_mismatch(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    static const enum sim_tls_offer offered[] = {SIM_TLS_UP_TO_1_1, SIM_TLS_1_3_ONLY, SIM_TLS_RARE_CIPHER};
    effects->transport.offer = offered[fault->value[0]];
}

/* The handshake asks for a certificate and goes on without one; IIS then refuses. Over plain HTTP it wants TLS first. */
static void client_cert_required(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->transport.client_certificate = true;
    effects->iis = SIM_ERROR_IIS_403;
    effects->substatus = 7;
    effects->win32 = 5;
}

static void https_required(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->iis = SIM_ERROR_IIS_403;
    effects->substatus = 4;
    effects->win32 = 5;
}

static const struct sim_fault_kind kinds[] = {
    {.id = "tls-cert-expired",
     .needs = SIM_NEEDS_TLS,
     .apply = cert_expired,
     .traces = SIM_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", CERTIFICATE_EXPIRED))},
    {.id = "tls-cert-name-mismatch",
     .needs = SIM_NEEDS_TLS,
     .apply = cert_other_name,
     .traces = SIM_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", CERTIFICATE_UNKNOWN))},
    {.id = "tls-chain-untrusted",
     .needs = SIM_NEEDS_TLS,
     .keys = {{.name = "chain", .choices = chains}},
     .apply = chain_untrusted,
     .traces = SIM_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", UNKNOWN_CA))},
    {.id = "tls-binding-missing",
     .needs = SIM_NEEDS_TLS,
     .apply = binding_missing,
     .traces = SIM_TRACES(
         ROW_EVENT_WITH(ONSET, "HTTP 15300", "\\Device\\Http\\ReqQueue", "0.0.0.0:443"),
         ROW_EACH_IF(0, 0, 30, "HTTP 15021", "\\Device\\Http\\ReqQueue", "0.0.0.0:443", "0xC0000225"))},
    {.id = "tls-version-mismatch",
     .needs = SIM_NEEDS_TLS,
     .keys = {{.name = "offers", .choices = offers}},
     .apply = version_mismatch,
     .traces = SIM_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36874", "TLS 1.2"),
                          ROW_EACH_IF(0, 0, 30, "Schannel 36888", "40", "1205"))},
    {.id = "ssl-client-cert-required",
     .needs = SIM_NEEDS_TLS,
     .apply = client_cert_required,
     .traces =
         SIM_TRACES(ROW_STATE("vdirs.SslFlags", FOLDER_OF_DEVICES, "Ssl;SslNegotiateCert;SslRequireCert"),
                    ROW_STATE("vdirs.SslFlags", FOLDER_OF_CALLERS, "Ssl;SslNegotiateCert;SslRequireCert"))},
    {.id = "https-required",
     .needs = SIM_NEEDS_PLAIN_HTTP,
     .apply = https_required,
     .traces = SIM_TRACES(ROW_STATE("vdirs.SslFlags", FOLDER_OF_DEVICES, "Ssl"),
                          ROW_STATE("vdirs.SslFlags", FOLDER_OF_CALLERS, "Ssl"))},
};
SIM_FAULT_FAMILY(sim_faults_tls, kinds);
