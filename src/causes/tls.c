#include "causes/tables.h"

/* Handshakes, and what IIS demands of a connection. */

/* The certificate as clients get it, whatever they would think of it. */
#define SHOW_SERVED_CERT                                                                                     \
    "`$t = New-Object Net.Sockets.TcpClient('<ndes-fqdn>', 443); $s = New-Object "                           \
    "Net.Security.SslStream($t.GetStream(), $false, {$true}); $s.AuthenticateAsClient('<ndes-fqdn>'); "      \
    "New-Object Security.Cryptography.X509Certificates.X509Certificate2($s.RemoteCertificate) | "            \
    "Format-List Subject,DnsNameList,Issuer,NotAfter`"

static const struct cause tls[] = {
    {
        .id = "tls-cert-expired",
        .title = "The web server's TLS certificate has expired",
        .mode = "*",
        .stage = "tls",
        .class_id = "",
        .signature = "The TLS handshake fails; the served certificate is past its notAfter.",
        AT_PATH("certificate past its notAfter"),
        .decided_by = "Visible from outside: " SHOW_SERVED_CERT "",
        .codes = LIST("hresult 0x80072F8F"),
        .steps = LIST("Look at the certificate in a browser, from the devices' side of any proxy",
                      "On the server: `netsh http show sslcert`, and certlm.msc > Personal"),
        .resolution = LIST("Renew the certificate and select it in the binding (IIS Manager > site > "
                           "Bindings), on every node and on the proxy"),
        .prevention = LIST("Alert at 30 and 14 days; renew automatically"),
        SEEN_TLS,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "tls-cert-name-mismatch",
        .title = "The TLS certificate has another name than the SCEP URL",
        .mode = "*",
        .stage = "tls",
        .class_id = "",
        .signature = "The TLS handshake fails; no subject alternative name matches the host in the profile.",
        AT_PATH("no SAN matches the host of the URL"),
        .decided_by =
            "Visible from outside: compare the certificate's names with the URL in the SCEP profile.",
        .codes = LIST("hresult 0x80072F8F", "hresult 0x800B010F"),
        .steps = LIST(SHOW_SERVED_CERT),
        .resolution = LIST("Issue a certificate with the external and the internal name as SANs, bind it"),
        .prevention = LIST("Keep the list of names in the build document"),
        SEEN_TLS,
        .sources = LIST(SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "tls-chain-untrusted",
        .title = "Devices do not trust the issuer of the TLS certificate",
        .mode = "*",
        .stage = "tls",
        .class_id = "",
        .signature = "The TLS handshake fails with an unknown issuer; often only a missing intermediate.",
        AT_PATH("issuer unknown to the device"),
        .decided_by = "Visible from outside, with the roots that devices have: `openssl s_client -connect "
                      "<ndes-fqdn>:443 -CAfile roots.pem -showcerts`.",
        .codes = LIST("hresult 0x80072F0D", "hresult 0x80072F8F", "hresult 0x800B0109", "hresult 0x800B010A"),
        .steps =
            LIST("Does the server send the intermediate? Look for \"unable to get local issuer certificate\"",
                 "Is the trusted-root profile assigned to the same group as the SCEP profile?"),
        .resolution = LIST("Install the intermediate in the server's Intermediate Certification Authorities "
                           "store and rebind",
                           "Assign the trusted-root profile to the same group; or use a public certificate"),
        .prevention = LIST("Test with a device that was just reset"),
        SEEN_TLS,
        .sources = LIST(SRC_TS_OVERVIEW),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "tls-binding-missing",
        .title = "No certificate is bound to the HTTPS port",
        .mode = "*",
        .stage = "tls",
        .class_id = "L16",
        .signature = "TCP connects, then the server resets the connection during the handshake, whatever TLS "
                     "version is offered.",
        AT_PATH("TCP ok, reset during the handshake"),
        .decided_by = "`netsh http show sslcert` on the server lists no binding for this address and port, "
                      "or one whose certificate hash is no longer in the machine's Personal store. Nothing "
                      "in IIS log or HTTPERR.",
        .codes = LIST("hresult 0x80072EFE", "hresult 0x80072F8F", "event HttpEvent 15021"),
        .steps = LIST("`netsh http show sslcert`: a line for 0.0.0.0:443 or the host name?",
                      "Is that certificate there, with its key? `Get-ChildItem Cert:\\LocalMachine\\My | "
                      "Format-List Thumbprint,Subject,NotAfter,HasPrivateKey`",
                      "Event 15021 of HttpEvent in the System log: the binding's certificate cannot be used"),
        .resolution = LIST(
            "IIS Manager > Default Web Site > Bindings > https > Edit: select the certificate (a private key "
            "must be with it)",
            "From outside: `curl.exe -v https://<ndes-fqdn>/certsrv/mscep/mscep.dll?operation=GetCACaps`"),
        .prevention = LIST("Let the renewal script bind the new certificate before it deletes the old one",
                           "Probe by HTTPS, not by ping or port"),
        SEEN_TLS,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "tls-version-mismatch",
        .title = "Device and server have no TLS version in common",
        .mode = "*",
        .stage = "tls",
        .class_id = "L16",
        .signature = "The handshake ends with alert protocol_version or handshake_failure: the server offers "
                     "TLS 1.3 only, or 1.1 and older only, or no cipher suite that the client knows.",
        AT_PATH("alert protocol_version or handshake_failure"),
        .decided_by =
            "System log of the server, source Schannel: 36874 (no common cipher suite or version) or 36871. "
            "From outside: `curl.exe -v --tlsv1.2 --tls-max 1.2` works or fails against `--tlsv1.3`.",
        .codes =
            LIST("event Schannel 36871", "event Schannel 36874", "hresult 0x80072F8F", "hresult 0x80072F78"),
        .steps =
            LIST("`Get-WinEvent -FilterHashtable @{LogName='System';ProviderName='Schannel'} -MaxEvents 20 | "
                 "Format-List TimeCreated,Id,Message`",
                 "`curl.exe -v --tlsv1.2 --tls-max 1.2 https://<ndes-fqdn>/`, then with 1.3",
                 "Which versions are off: `reg query "
                 "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols /s`",
                 "Is there a proxy or load balancer in front? Then its TLS settings count, not the server's"),
        .resolution = LIST("Enable TLS 1.2 on whatever ends TLS (SCHANNEL\\Protocols\\TLS 1.2\\Server: "
                           "Enabled=1, DisabledByDefault=0), restart the server",
                           "Keep 1.2 beside 1.3 as long as devices need it"),
        .prevention = LIST("Try a hardening baseline on one node, with one device of each platform"),
        SEEN_TLS,
        .sources = LIST(SRC_SCEPMAN),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "ssl-client-cert-required",
        .title = "IIS wants a client certificate from the devices",
        .mode = "*",
        .stage = "any",
        .class_id = "L15",
        .runbook = LIST(RUN_SEEN_STATUS),
        .signature = "The handshake asks for a client certificate; 403 from IIS on every SCEP URL, because a "
                     "device that enrolls has none yet.",
        AT("asks for a client certificate", "403 @iis", "403 @iis", "403 @iis", "403 @iis", "403 @iis",
           "403 @iis", "403 @iis"),
        .decided_by = "IIS log: 403 with sub-status 7 and win32 5 (\"403 7 5\") for /certsrv/mscep.",
        .codes = LIST("http 403.7", "win32 5"),
        .steps = LIST(SHOW_IIS_LINES(" 403 7 "),
                      "`" APPCMD "list config \"Default Web Site/CertSrv/mscep\" /section:access`: sslFlags "
                      "without SslRequireCert is right"),
        .resolution = LIST("IIS Manager > CertSrv/mscep and CertSrv/mscep_admin > SSL Settings > Client "
                           "certificates: Ignore",
                           "Require belongs to CertificateRegistrationSvc only (old Intune connector)"),
        .prevention =
            LIST("Set SSL settings on the virtual directory that needs them, never on the whole site"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_IIS_STATUS, SRC_TS_POLICY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "https-required",
        .title = "The site requires HTTPS, the profile says http://",
        .mode = "*",
        .stage = "any",
        .class_id = "L15",
        .signature = "403 from IIS on every SCEP URL over plain HTTP; the same URL with https:// answers.",
        AT_ALL("403 @iis"),
        .decided_by = "IIS log: 403 with sub-status 4 and win32 5 (\"403 4 5\"), s-port 80.",
        .codes = LIST("http 403.4", "win32 5"),
        .steps = LIST(SHOW_IIS_LINES(" 403 4 "), "The SCEP URL in the profile: http or https?",
                      "A proxy in front that ends TLS and goes on in plain HTTP looks the same"),
        .resolution = LIST("Write https:// into the profile, or let the proxy speak HTTPS to NDES",
                           "Or lift Require SSL for CertSrv/mscep: SCEP messages are encrypted by "
                           "themselves; mscep_admin keeps it, since it carries logons and passwords"),
        .prevention = LIST("Note scheme, host and path of the SCEP URL in the build document"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_IIS_STATUS),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
};

TABLE(causes_tls, "TLS", tls);
