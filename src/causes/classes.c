#include "causes/tables.h"

#include <string.h>

static const struct causes_class classes[] = {
    {"L1", "No TCP connection to the server",
     LIST("A second place to connect from; a time-out means dropped, a refusal means that nothing listens",
          "No line at all in the IIS log: the path. Lines from elsewhere: one path only",
          "`Get-Service W3SVC,WAS` on the server")},
    {"L2", "503 with Server: Microsoft-HTTPAPI/2.0 on every URL",
     LIST("System log, source WAS: 5021/5057 is the identity, 5002 (with Application Error 1000) crashes, "
          "5059 alone or "
          "nothing a stop by hand",
          "Identity: status and sub-status of Security 4625: 0xC000006A wrong password, 0xC0000071 expired, "
          "0xC0000234 "
          "locked, 0xC0000072 disabled, 0xC000015B logon right",
          "HTTPERR says QueueFull: load, not a dead pool (see L13)")},
    {"L3", "500 with Server: Microsoft-IIS on every URL",
     LIST("IIS log, sub-status and win32: 500 19 configuration, 500 0 1346 impersonation, 401 3 file "
          "permissions",
          "The code in NDES event 2: 0x80070057 RA certificates, 0x80070002 registry or module, 0x8009000B "
          "static "
          "password, 0x800700EA handlers; with event 53 the policy module",
          "RA certificates: dates, issuer, key permissions, `certutil -verify -urlfetch`, in this order",
          "A GetCACert saved earlier shows expiry and a wrong CA from outside")},
    {"L4", "404 on every NDES URL",
     LIST("Server header: HTTP.sys (IIS is not there), IIS, or something in front",
          "IIS log, sub-status: 0 path or role, 2 ISAPI restriction, 17 ISAPI feature; no line: the proxy's "
          "URL")},
    {"L5", "PKIOperation by GET fails when it is long; POST and short GETs work",
     LIST("Lengthen the URL step by step: fails at about 2048 of query (maxQueryString), 4096 (maxUrl), 16 k "
          "(HTTP.sys); elsewhere a proxy",
          "Who answers: HTTP.sys (HTTPERR FieldLength, RequestLength), IIS (404.14, 404.15), or nothing "
          "logged: the proxy",
          "The other way round, POST fails and GET works: whatever its length, the verb is refused (405, "
          "404.6); above a length, maxAllowedContentLength (404.13, 413)")},
    {"L6", "PKIOperation: FAILURE with 0x80070490, a password that NDES does not know",
     LIST("The client's records: age above PasswordValidity: expired; in an earlier success: used; all from "
          "before a "
          "moment: recycle; a steady fraction: another node",
          "None of these: wrong, or in a string type that NDES does not read",
          "NDES event 29 is the same for all of them")},
    {"L6c", "Renewals are refused, enrollments work",
     LIST("Subject, dates and template of the old certificate against the request",
          "NDES event 28; CA event 53 for the template",
          "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CAType`: 0 is a standalone CA")},
    {"L7", "PKIOperation: FAILURE with 0x80094800 or 0x80094012, a template not offered, or not to us",
     LIST("`certutil -CATemplates` on the CA against the three names in the MSCEP registry key",
          "0x80094012: first who asks (CA event 53 names the requester): the account that was set up for "
          "NDES lacks Enroll, or the pool runs as another one")},
    {"L8", "PKIOperation: FAILURE with 0x800706BA or 0x80070005, the CA is not reached",
     LIST("Time: 20 to 60 seconds is a firewall, under 2 seconds a stopped service or a refusal",
          "`certutil -config \"<ca-host>\\<CA name>\" -ping` on the NDES server",
          "CA: Security 4625 type 3 is the logon right; DistributedCOM 10036/10028 is DCOM")},
    {"L9", "401 on the OTP page after a complete logon",
     LIST("IIS log, win32: 1326 password, 1330/1907 expired, 1331/1793 disabled, 1909 locked, 2148074252 SPN",
          "From outside: a second account, then the same account by NTLM only")},
    {"L9b", "OTP page: \"You do not have sufficient permission to enroll with SCEP\"",
     LIST("NDES event 6 has one text for both: compare the caller with the Security tab of the three "
          "templates, then "
          "the templates with `certutil -CATemplates`")},
    {"L10", "PKIOperation answers 200, but not with a CertRep",
     LIST("NDES events: 16/17 cannot read it, 18 cannot decrypt it, none: it never arrived",
          "Does it depend on size? IIS log field cs-bytes against what was sent",
          "Fetch GetCACert afresh and encrypt to the RA certificate with keyEncipherment")},
    {"L11", "Intune: PKIOperation is refused, GetCACaps and GetCACert are fine",
     LIST("Not to be told apart from outside. In this order: connector events 4003 to 4005, NDESPlugin.log, "
          "IIS log of "
          "the registration point, its svclog")},
    {"L12", "The wire is fine, but the certificate is not where it should be",
     LIST("Device: event 39 installed; 32/307 not", "Connector: 4000 reported, 4002 not",
          "No line in the IIS log: the profile never arrived",
          "Client: can it verify and decrypt the answer?")},
    {"L13", "Slow, or 5xx under load only",
     LIST("Does it follow the number of requests in flight?",
          "HTTPERR QueueFull; IIS log, time-taken by operation: OTP page or PKIOperation?",
          "Only PKIOperation is slow: the CA (ca-slow); everything is: the server or what stands in front")},
    {"L14", "Something between device and NDES answers instead",
     LIST("Server and Via headers, host of the redirect",
          "The same request straight to the server, past the proxy; the IIS log has no line for the first "
          "one")},
    {"L15", "403 on SCEP operations",
     LIST("IIS log, sub-status: 1 execute, 4 needs https, 6 address, 7 client certificate, 14 default "
          "document",
          "403 on the bare URL alone is healthy with the Intune policy module")},
    {"L16", "The TLS handshake fails before any certificate is judged",
     LIST("`netsh http show sslcert`: is there a binding for this address and port?",
          "Try TLS 1.2 and 1.3 one by one; System log, source Schannel: 36871, 36874")},
};

size_t causes_class_count(void)
{
    return sizeof classes / sizeof classes[0];
}

const struct causes_class *causes_class_at(size_t index)
{
    return index < causes_class_count() ? &classes[index] : NULL;
}

bool causes_in_class(const struct cause *c, const char *class_id)
{
    size_t len = strlen(class_id);
    for (const char *at = c->class_id; *at != '\0';) {
        size_t here = strcspn(at, "/");
        if (here == len && strncmp(at, class_id, len) == 0)
            return true;
        at += here;
        at += strspn(at, "/");
    }
    return false;
}

bool causes_look_alike(const struct cause *a, const struct cause *b)
{
    for (size_t i = 0; i < causes_class_count(); i++) {
        if (causes_in_class(a, classes[i].id) && causes_in_class(b, classes[i].id))
            return true;
    }
    return false;
}
