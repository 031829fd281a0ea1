#include "diagnose/marks.h"

/* The certification authority's own log, and what Windows says of its service. */

#define CERTSVC                                                                                              \
    "Active Directory Certificate Services|Active Directory-Zertifikatdienste|CertSvc|Services de "          \
    "certificats Active Directory"
#define CA(name, number, text)                                                                               \
    .id = (name), .kind = EVIDENCE_EVENTS, .anywhere = true, .provider = "CertificationAuthority|=CertSvc",  \
    .event = (number), .says = (text)
#define SCM(name, number, text)                                                                              \
    .id = (name), .kind = EVIDENCE_EVENTS, .anywhere = true, .provider = "Service Control Manager",          \
    .event = (number), .words = CERTSVC, .says = (text)

static const struct mark ca[] = {
    {CA("ca-53", 53, "CA event 53: the CA denied a request"), .or_event = 7, .problem = "ca"},
    {CA("ca-21", 21, "CA event 21: a request could not be processed"), .or_event = 22, .problem = "ca",
     .speaks = SPEAKS({"ca-crl-offline", 2})},
    {CA("ca-10", 10, "CA event 10: the CA's chain cannot be built"),
     .speaks = SPEAKS({"ca-cert-expired", 10})},
    {CA("ca-100", 100, "CA event 100: the service did not start"),
     .speaks = SPEAKS({"ca-service-stopped", 60}, {"ca-cert-expired", 5})},
    {CA("ca-100-expired", 100,
        "CA event 100: the service did not start, a certificate is not within its validity"),
     .code = 0x800B0101, .speaks = SPEAKS({"ca-cert-expired", 100})},
    {CA("ca-100-revocation", 100, "CA event 100: the service did not start, revocation cannot be checked"),
     .code = 0x80092013, .speaks = SPEAKS({"ca-crl-offline", 60})},
    {CA("ca-93", 93, "CA event 93: the CA's certificate is not in NTAuth")},
    {CA("ca-66", 66, "CA event 66: a CRL could not be published"), .or_event = 65,
     .speaks = SPEAKS({"ca-crl-offline", 8})},
    {CA("ca-48", 48, "CA event 48: revocation of the CA's own chain cannot be checked"),
     .speaks = SPEAKS({"ca-crl-offline", 15})},
    {CA("ca-38", 38, "CA event 38: the service stopped"), .speaks = SPEAKS({"ca-service-stopped", 40})},
    {CA("ca-26", 26, "CA event 26: the service started")},
    {SCM("certsvc-stopped", 7036,
         "Service Control Manager 7036: Active Directory Certificate Services stopped"),
     .when = marks_service_stopped, .speaks = SPEAKS({"ca-service-stopped", 150})},
    {SCM("certsvc-running", 7036, "Service Control Manager 7036: Active Directory Certificate Services run"),
     .when = marks_service_runs},
    {SCM("certsvc-died", 7031,
         "Service Control Manager 7031: Active Directory Certificate Services terminated"),
     .or_event = 7034, .speaks = SPEAKS({"ca-service-stopped", 150})},
};
const struct marks marks_ca = {ca, sizeof ca / sizeof ca[0]};
