#include "causes/tables.h"

/* From Apple's, Microsoft's and the libraries' documents, and from what people reported. */
static const struct causes_symptom symptoms[] = {
    {"iPhone, iPad", "22000", "The profile's key usage is none of 0, 1, 4, 5"},
    {"iPhone, iPad", "22001", "The device could not make a key"},
    {"iPhone, iPad", "22002", "GetCACert cannot be parsed: a page instead of certificates"},
    {"iPhone, iPad", "22003 \"The Registration Authority's response is invalid\"",
     "CA or RA certificates: chain, usage, dates, fingerprint (ca-fingerprint-mismatch, "
     "ca-renewed-ra-stale)"},
    {"iPhone, iPad", "22004 \"The SCEP server configuration is not supported\"",
     "GetCACert answered with an error page or the wrong Content-Type: see the HTTP status"},
    {"iPhone, iPad", "22005", "Network: name, connection, TLS, time-out"},
    {"iPhone, iPad", "22006", "GetCACaps names no SHA digest"},
    {"iPhone, iPad", "22007", "SUCCESS without a certificate"},
    {"iPhone, iPad", "22008", "The certificate belongs to another key"},
    {"iPhone, iPad", "22009, 22010, 22012", "The device's own store: restart it"},
    {"iPhone, iPad", "22011", "The recipient certificate is not RSA (an EC CA)"},
    {"iPhone, iPad", "22013 \"The SCEP server returned an invalid response\"",
     "Every refusal and every HTTP error at PKIOperation: only the server's logs tell more"},
    {"Mac", "MDM-SCEP:15001", "Generic: network, TLS, HTTP error"},
    {"Mac", "MDM-SCEP:15002, \"rejected the request\"", "Refused: password, template, CA"},
    {"Mac", "MDM-SCEP:14003",
     "No request could be made: a CA or RA certificate that is not RSA, or only one certificate"},
    {"Mac", "MDM-SCEP:14006", "The challenge is set up wrongly in the MDM"},
    {"Mac", "-67731", "RA certificates lack the key usages"},
    {"Mac", "-67843, -67815", "The fingerprint in the profile does not fit (ca-fingerprint-mismatch)"},
    {"Mac", "-25299", "The item is in the keychain already"},
    {"Windows", "Event 306, 36, 39",
     "Profile arrived; request made; certificate installed: all is well so far"},
    {"Windows", "Event 307", "Failed before PKIOperation: network, TLS, HTTP status, CA chain"},
    {"Windows", "Event 32, CertEnroll 87", "Refused at PKIOperation: the HRESULT inside says why"},
    {"Windows", "CertEnroll 86", "Failed at GetCACaps or GetCACert"},
    {"Windows", "0x80190000 + HTTP status",
     "0x801901F4 is 500, 0x801901F7 is 503, 0x80190194 is 404, 0x80190193 is 403"},
    {"Windows", "0x80072EE2, 0x80072EE7, 0x80072EFD, 0x80072EFE",
     "Time-out; name not found; no connection; connection broken"},
    {"Windows", "0x80072F8F, 0x80072F0D, 0x80072F78", "TLS: handshake; issuer unknown; invalid answer"},
    {"Windows", "\"The hash value is not correct\", 0x80091007",
     "Fingerprint in the profile (ca-fingerprint-mismatch)"},
    {"Windows", "0x8010002C", "The issued certificate does not match the request"},
    {"Android", "pkiStatus=2, failInfo",
     "Refused: 1 is the password or the decryption, 2 the request or the template"},
    {"Android", "TransportException", "The HTTP status is in its text"},
    {"Android", "CERT_INSTALL_REQUESTED, CERT_ACCESS_REQUESTED", "Waits for the user: no SCEP failure"},
    {"Intune", "0x87D1FDE8, -2016281112", "\"Remediation failed\": the device reported a failure, no more"},
    {"Intune", "0x87D1....",
     "A number of Intune's own: the device, or its MDM channel, reported a failure of the profile; none of "
     "them names a "
     "cause at the SCEP server: look for the device in the IIS log"},
    {"Intune", "-2016341112", "The iOS device was busy; it tries again"},
    {"Intune", "No status and no code",
     "Usual with SCEP profiles: look for the device in the IIS log (profile-not-delivered)"},
    {"Jamf Pro", "A failed command", "Holds the Mac's or the iPhone's text: look it up above"},
    {"Workspace ONE", "\"SCEP request failed\", 22013", "As on the iPhone"},
    {"Fleet", "\"SCEP PKIOperation failed: HTTP 500\"", "The status says it"},
};

size_t causes_symptom_count(void)
{
    return sizeof symptoms / sizeof symptoms[0];
}

const struct causes_symptom *causes_symptom_at(size_t index)
{
    return index < causes_symptom_count() ? &symptoms[index] : NULL;
}
