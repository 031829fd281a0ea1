/* Faults of TLS (F.2.1). Below HTTP: the port and its certificate are the same for everybody. */
#include "faults/rows.h"

/* The alert that clients send, where they send one (RFC 8446 6.2); Schannel logs it. */
#define CERTIFICATE_EXPIRED "45"
#define CERTIFICATE_UNKNOWN "46"
#define UNKNOWN_CA          "48"

static void cert_expired(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->transport.certificate = NDES_WEB_CERT_EXPIRED;
}

static void cert_other_name(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->transport.certificate = NDES_WEB_CERT_OTHER_NAME;
}

static const char *const chains[] = {"other-ca", "self-signed", "no-intermediate", NULL};

static void chain_untrusted(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_web_cert certs[] = {NDES_WEB_CERT_OTHER_ISSUER, NDES_WEB_CERT_SELF_SIGNED,
                                               NDES_WEB_CERT_NO_INTERMEDIATE};
    effects->transport.certificate = certs[fault->value[0]];
}

/* HTTP.sys takes the connection, sees a ClientHello and has nothing to answer it with. */
static void binding_missing(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->transport.network = NDES_NETWORK_RESET;
}

static const char *const offers[] = {"tls1.1", "tls1.3", "rare-cipher", NULL};

static void version_mismatch(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_tls_offer offered[] = {NDES_TLS_UP_TO_1_1, NDES_TLS_1_3_ONLY,
                                                  NDES_TLS_RARE_CIPHER};
    effects->transport.offer = offered[fault->value[0]];
}

/* The handshake asks for a certificate and goes on without one; IIS then refuses. Over plain HTTP it wants TLS first. */
static void client_cert_required(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->transport.client_certificate = true;
    effects->iis = NDES_ERROR_IIS_403;
    effects->substatus = 7;
    effects->win32 = 5;
}

static void https_required(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->iis = NDES_ERROR_IIS_403;
    effects->substatus = 4;
    effects->win32 = 5;
}

static const struct fault_kind kinds[] = {
    {.id = "tls-cert-expired",
     .needs = FAULT_NEEDS_TLS,
     .apply = cert_expired,
     .traces = FAULT_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", CERTIFICATE_EXPIRED))},
    {.id = "tls-cert-name-mismatch",
     .needs = FAULT_NEEDS_TLS,
     .apply = cert_other_name,
     .traces = FAULT_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", CERTIFICATE_UNKNOWN))},
    {.id = "tls-chain-untrusted",
     .needs = FAULT_NEEDS_TLS,
     .keys = {{.name = "chain", .choices = chains}},
     .apply = chain_untrusted,
     .traces = FAULT_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36887", UNKNOWN_CA))},
    {.id = "tls-binding-missing",
     .needs = FAULT_NEEDS_TLS,
     .apply = binding_missing,
     .traces = FAULT_TRACES(
         ROW_EVENT_WITH(ONSET, "HTTP 15300", "\\Device\\Http\\ReqQueue", "0.0.0.0:443"),
         ROW_EACH_IF(0, 0, 30, "HTTP 15021", "\\Device\\Http\\ReqQueue", "0.0.0.0:443", "0xC0000225"))},
    {.id = "tls-version-mismatch",
     .needs = FAULT_NEEDS_TLS,
     .keys = {{.name = "offers", .choices = offers}},
     .apply = version_mismatch,
     .traces = FAULT_TRACES(ROW_EACH_IF(0, 0, 30, "Schannel 36874", "TLS 1.2"),
                            ROW_EACH_IF(0, 0, 30, "Schannel 36888", "40", "1205"))},
    {.id = "ssl-client-cert-required",
     .needs = FAULT_NEEDS_TLS,
     .apply = client_cert_required,
     .traces =
         FAULT_TRACES(ROW_STATE("vdirs.SslFlags", FOLDER_OF_DEVICES, "Ssl;SslNegotiateCert;SslRequireCert"),
                      ROW_STATE("vdirs.SslFlags", FOLDER_OF_CALLERS, "Ssl;SslNegotiateCert;SslRequireCert"))},
    {.id = "https-required",
     .needs = FAULT_NEEDS_PLAIN_HTTP,
     .apply = https_required,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.SslFlags", FOLDER_OF_DEVICES, "Ssl"),
                            ROW_STATE("vdirs.SslFlags", FOLDER_OF_CALLERS, "Ssl"))},
};
FAULT_FAMILY(faults_tls, kinds);
