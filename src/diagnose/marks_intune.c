#include "diagnose/marks.h"

/* Connector events, policy module, registration point: ndes.md E.3, E.4, G.3. */

#define CONNECTOR(name, number, text)                                                                        \
    .id = (name), .kind = EVIDENCE_EVENTS, .anywhere = true,                                                 \
    .provider = "CertificateConnectors|NDESConnector|Intune Connector|Intune", .event = (number),            \
    .says = (text)
#define PLUGIN(name, text, what) .id = (name), .kind = EVIDENCE_PLUGIN, .words = (text), .says = (what)
#define CRP(name, text, what)                                                                                \
    .id = (name), .kind = EVIDENCE_SVCLOG, .anywhere = true, .words = (text), .says = (what)

/* The module left with an error: any but 0. */
static bool failed(const struct evidence_record *r)
{
    return !marks_says(r, "with 0x0");
}

#define SERVICE(name, text, what)                                                                            \
    .id = (name), .kind = EVIDENCE_EVENTS, .anywhere = true, .provider = "Service Control Manager",          \
    .event = 7036,                                                                                           \
    .words = "Intune|NDES Connector|Certificate Connector|NDESConnector|PFXCertificateConnector",            \
    .says = (text), .when = (what)

/* Reasons that Intune gives for a refused challenge: of one cause each. */
#define EXPIRED                                                                                              \
    "ChallengeExpired|challenge has expired|challenge expired|challenge password has "                       \
    "expired|0x411|ChallengeTimestamp|InvalidTimestamp"
#define MISMATCH                                                                                             \
    "SubjectNameMismatch|SubjectAltNameMismatch|KeyUsageMismatch|KeyLengthMismatch|"                         \
    "EnhancedKeyUsageMismatch|"                                                                              \
    "EkuMismatch|SubjectNameMissing|SubjectAltNameMissing|EnhancedKeyUsageMissing|RegisteredKeyMismatch|"    \
    "KeyIdentifier|"                                                                                         \
    "subject name mismatch|does not match|do not match"
#define TARGET "NoLongerTargeted|no longer targeted"
#define MISSING                                                                                              \
    "ChallengePasswordMissing|challenge password is "                                                        \
    "missing|ChallengeDecodingError|ChallengeDeserialization|ChallengeDecryption|RequestDecodingFailed|"     \
    "0x410"
#define SIGNING                                                                                              \
    "Signing certificate could not be retrieved|SigningCertificate|signing certificate|0x409|0x408"
#define OUTBOUND                                                                                             \
    "Unable to connect to the remote server|remote name could not be resolved|operation has timed out|"      \
    "NameResolutionFailure|ConnectFailure|could not reach|connection attempt failed|No such host"
#define VERSION "upgrade|outdated|unsupported version|no longer supported|not supported version|deprecated"

static const struct mark intune[] = {
    {CONNECTOR("conn-4003", 4003, "connector event 4003: a request arrived")},
    {CONNECTOR("conn-4004", 4004, "connector event 4004: a challenge was verified")},
    {CONNECTOR("conn-4006", 4006, "connector event 4006: a certificate was issued")},
    {CONNECTOR("conn-4000", 4000, "connector event 4000: a certificate was reported")},
    {CONNECTOR("conn-4008", 4008, "connector event 4008: Intune was told")},
    {CONNECTOR("conn-4005", 4005, "connector event 4005: Intune did not verify a challenge"),
     .problem = "intune", .weight = 2,
     .speaks = SPEAKS({"connector-stopped", 0.02}, {"policy-client-cert-expired", 0.1},
                      {"crp-client-cert-untrusted", 0.1}, {"intermediate-in-root-store", 0.1},
                      {"crp-tls-name-mismatch", 0.1}, {"crp-temp-permission", 0.1}, {"crp-windows-auth", 0.1},
                      {"intune-challenge-expired", 2}, {"intune-challenge-mismatch", 2})},
    {CONNECTOR("conn-4005-expired", 4005, "connector event 4005: the challenge has expired"),
     .words = EXPIRED, .speaks = SPEAKS({"intune-challenge-expired", 2000})},
    {CONNECTOR("conn-4005-mismatch", 4005,
               "connector event 4005: the request is not what the profile asks for"),
     .words = MISMATCH, .speaks = SPEAKS({"intune-challenge-mismatch", 2000})},
    {CONNECTOR("conn-4005-target", 4005, "connector event 4005: the profile no longer targets the device"),
     .words = TARGET, .speaks = SPEAKS({"intune-profile-not-targeted", 5000})},
    {CONNECTOR("conn-4005-missing", 4005, "connector event 4005: the challenge is missing or cannot be read"),
     .words = MISSING, .speaks = SPEAKS({"intune-challenge-missing", 2000})},
    {CONNECTOR("conn-4005-outbound", 4005, "connector event 4005: the connector does not reach Intune"),
     .words = OUTBOUND, .speaks = SPEAKS({"connector-outbound-blocked", 300})},
    {CONNECTOR("conn-4005-version", 4005, "connector event 4005: the connector is too old"), .words = VERSION,
     .speaks = SPEAKS({"connector-outdated", 500})},
    {CONNECTOR("conn-4005-signing", 4005,
               "connector event 4005: the connector's signing certificate is missing"),
     .words = SIGNING, .speaks = SPEAKS({"connector-signing-cert-missing", 500})},
    {CONNECTOR("conn-4007", 4007, "connector event 4007: a certificate could not be issued")},
    {CONNECTOR("conn-4002", 4002, "connector event 4002: an upload failed"), .or_event = 20602,
     .problem = "report", .speaks = SPEAKS({"issued-not-reported", 20}, {"connector-outbound-blocked", 10})},
    {CONNECTOR("conn-4010", 4010, "connector event 4010: Intune could not be told"), .or_event = 4009,
     .problem = "report", .speaks = SPEAKS({"issued-not-reported", 20}, {"connector-outbound-blocked", 8})},
    {CONNECTOR("conn-4001", 4001, "connector event 4001: the record of an issued certificate failed"),
     .problem = "report", .speaks = SPEAKS({"issued-not-reported", 20})},
    {CONNECTOR("conn-outbound", 4002, "connector: the network to Intune fails"), .or_event = 10102,
     .words = OUTBOUND, .speaks = SPEAKS({"connector-outbound-blocked", 12})},
    {CONNECTOR("conn-10010", 10010, "connector event 10010: the connector started")},
    {CONNECTOR("conn-10020", 10020, "connector event 10020: the connector stopped"),
     .speaks = SPEAKS({"connector-stopped", 40})},
    {CONNECTOR("conn-10102", 10102, "connector event 10102: no connection to Intune"), .problem = "report",
     .speaks = SPEAKS({"connector-outbound-blocked", 200}, {"connector-stopped", 0.3})},
    {CONNECTOR("conn-10302", 10302, "connector event 10302: a certificate of the connector"),
     .speaks = SPEAKS({"connector-signing-cert-missing", 15})},
    {SERVICE("conn-service-stopped", "Service Control Manager 7036: the connector's service stopped",
             marks_service_stopped),
     .speaks = SPEAKS({"connector-stopped", 60})},
    {SERVICE("conn-service-running", "Service Control Manager 7036: the connector's service runs",
             marks_service_runs)},

    {PLUGIN("plugin-send", "Sending request to certificate registration point",
            "NDESPlugin.log: the module asks the registration point")},
    {PLUGIN("plugin-true", "Verify challenge returns true", "NDESPlugin.log: challenges are verified")},
    {PLUGIN("plugin-false", "Verify challenge returns false",
            "NDESPlugin.log: the registration point refuses the challenge"),
     .problem = "intune",
     .speaks = SPEAKS({"policy-challenge-verify-false", 20}, {"intune-challenge-expired", 6},
                      {"intune-challenge-mismatch", 6}, {"connector-signing-cert-missing", 6},
                      {"intune-profile-not-targeted", 6}, {"connector-stopped", 0.05},
                      {"policy-client-cert-expired", 0.02}, {"crp-client-cert-untrusted", 0.02},
                      {"crp-tls-name-mismatch", 0.02}, {"crp-temp-permission", 0.05},
                      {"crp-windows-auth", 0.02}, {"intermediate-in-root-store", 0.02})},
    {PLUGIN("plugin-403", "403 - Forbidden|403.16|Forbidden: Access is denied",
            "NDESPlugin.log: the registration point answers with a page, 403 - Forbidden"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-client-cert-untrusted", 60}, {"intermediate-in-root-store", 30},
                      {"policy-client-cert-expired", 4}, {"connector-stopped", 0.05})},
    {PLUGIN("plugin-401", "401 - Unauthorized",
            "NDESPlugin.log: the registration point answers with a page, 401 - Unauthorized"),
     .problem = "intune", .speaks = SPEAKS({"crp-windows-auth", 600})},
    {PLUGIN("plugin-500", "500 - Internal server error",
            "NDESPlugin.log: the registration point answers with a page, 500"),
     .problem = "intune", .speaks = SPEAKS({"crp-temp-permission", 60})},
    {PLUGIN("plugin-503", "503 Service Unavailable|Service Unavailable",
            "NDESPlugin.log: the registration point answers 503"),
     .problem = "intune", .speaks = SPEAKS({"connector-stopped", 10}, {"crp-temp-permission", 5})},
    {PLUGIN("plugin-cn", "CERT_CN_INVALID",
            "NDESPlugin.log: the registration point's certificate lacks the name that is asked for"),
     .problem = "intune", .speaks = SPEAKS({"crp-tls-name-mismatch", 5000})},
    {PLUGIN("plugin-12175", "Error 12175|0x80072f8f",
            "NDESPlugin.log: Error 12175, no TLS with the registration point"),
     .problem = "intune",
     .speaks = SPEAKS({"crp-tls-name-mismatch", 100}, {"connector-stopped", 0.05},
                      {"policy-client-cert-expired", 1.5})},
    {PLUGIN("plugin-12029", "Error 12029|0x80072efd",
            "NDESPlugin.log: Error 12029, nobody listens at the registration point"),
     .problem = "intune",
     .speaks = SPEAKS({"connector-stopped", 40}, {"crp-tls-name-mismatch", 0.05},
                      {"policy-client-cert-expired", 0.05}, {"crp-client-cert-untrusted", 0.02},
                      {"intune-challenge-expired", 0.02}, {"intune-challenge-mismatch", 0.02},
                      {"connector-outbound-blocked", 0.3}, {"connector-outdated", 0.3})},
    {PLUGIN("plugin-12002", "Error 12002|0x80072ee2",
            "NDESPlugin.log: Error 12002, the registration point does not answer in time"),
     .problem = "intune", .speaks = SPEAKS({"connector-stopped", 6}, {"connector-outbound-blocked", 4})},
    {PLUGIN("plugin-12007", "Error 12007|0x80072ee7",
            "NDESPlugin.log: Error 12007, the registration point's name is unknown"),
     .problem = "intune", .speaks = SPEAKS({"connector-stopped", 2}, {"crp-tls-name-mismatch", 0.5})},
    {PLUGIN("plugin-cert", "12044|12185|CLIENT_AUTH_CERT|certificate context|client certificate",
            "NDESPlugin.log: the module has no client certificate to show"),
     .problem = "intune", .speaks = SPEAKS({"policy-client-cert-expired", 60})},
    {PLUGIN("plugin-failed", "Exiting VerifyRequest with 0x",
            "NDESPlugin.log: VerifyRequest ends with an error"),
     .when = failed, .problem = "intune"},
    {PLUGIN("plugin-exit", "Exiting VerifyRequest with", "NDESPlugin.log: VerifyRequest ends")},

    {CRP("crp-true", "status True", "svclog: the registration point verified requests")},
    {CRP("crp-false", "status False", "svclog: the registration point refused requests"),
     .problem = "intune"},
    {CRP("crp-signing", SIGNING, "svclog: Signing certificate could not be retrieved"), .problem = "intune",
     .speaks = SPEAKS({"connector-signing-cert-missing", 5000})},
    {CRP("crp-expired", EXPIRED, "svclog: the challenge has expired (0x411)"), .problem = "intune",
     .speaks = SPEAKS({"intune-challenge-expired", 2000})},
    {CRP("crp-mismatch", MISMATCH, "svclog: the request is not what the profile asks for"),
     .problem = "intune", .speaks = SPEAKS({"intune-challenge-mismatch", 2000})},
    {CRP("crp-target", TARGET, "svclog: the profile no longer targets the device"), .problem = "intune",
     .speaks = SPEAKS({"intune-profile-not-targeted", 5000})},
    {CRP("crp-missing", MISSING, "svclog: the challenge is missing or cannot be read"), .problem = "intune",
     .speaks = SPEAKS({"intune-challenge-missing", 1000})},
    {CRP("crp-outbound", OUTBOUND, "svclog: the connector does not reach Intune"),
     .speaks = SPEAKS({"connector-outbound-blocked", 100})},

    /* devices, where somebody exported their log */
    {.id = "device-39",
     .kind = EVIDENCE_EVENTS,
     .anywhere = true,
     .provider = "DeviceManagement-Enterprise",
     .event = 39,
     .says = "device event 39: the certificate was installed"},
    {.id = "device-32",
     .kind = EVIDENCE_EVENTS,
     .anywhere = true,
     .provider = "DeviceManagement-Enterprise",
     .event = 32,
     .or_event = 307,
     .says = "device events 32 and 307: the certificate was not installed",
     .problem = "device",
     .speaks = SPEAKS({"device-cert-not-installed", 20})},
    {.id = "device-32-root",
     .kind = EVIDENCE_EVENTS,
     .anywhere = true,
     .provider = "DeviceManagement-Enterprise",
     .event = 32,
     .or_event = 307,
     .code = 0x800B0109,
     .says = "device event 32: a root that the device does not trust (0x800B0109)",
     .speaks = SPEAKS({"device-cert-not-installed", 4}, {"ca-renewed-ra-stale", 4})},
};
const struct marks marks_intune = {intune, sizeof intune / sizeof intune[0]};
