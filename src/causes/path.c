#include "causes/tables.h"

/* Between the device and the server: names, routes, TLS, proxies, clocks. */

static const struct cause path[] = {
    {
        .id = "dns-failure",
        .title = "The NDES host name does not resolve",
        .mode = "*",
        .stage = "dns",
        .class_id = "",
        .signature = "NXDOMAIN, SERVFAIL or a wrong address, before any connection.",
        AT_PATH("NXDOMAIN, SERVFAIL or a wrong address"),
        .decided_by = "Resolve the name inside and outside: `Resolve-DnsName <ndes-fqdn> -Server "
                      "<resolver>`. Nothing shows on the NDES server.",
        .codes = LIST("hresult 0x80072EE7"),
        .steps = LIST(
            "`Resolve-DnsName <ndes-fqdn>` on the device's network, on the server's and at a public resolver",
            "Compare with the host name in the SCEP profile, letter by letter"),
        .resolution = LIST("Publish the record where devices look (public zone, split DNS, VPN resolver)"),
        .prevention = LIST("Monitor the name from outside as well as inside"),
        SEEN_NETWORK,
        .sources = LIST(SRC_VALIDATE),
        .basis = CAUSES_DOCUMENTED,
        .not_simulated = "a name is looked up before anybody connects: this server never hears of it",
    },
    {
        .id = "network-path-blocked",
        .title = "The network path to the NDES server is blocked",
        .mode = "*",
        .stage = "tcp",
        .class_id = "L1",
        .runbook = LIST(RUN_CAUSE_PATH, RUN_STEP_PAGE),
        .signature = "No connection: either no answer until the time-out (a firewall drops) or an immediate "
                     "refusal (a firewall rejects, or nothing listens).",
        AT_PATH("time-out (dropped) or refused (rejected)"),
        .decided_by =
            "The IIS log of the NDES server (C:\\inetpub\\logs\\LogFiles\\W3SVC1) has no line at all for the "
            "time in question, while a request made on the server itself succeeds and shows up.",
        .codes = LIST("hresult 0x80072EE2", "hresult 0x80072EFD", "event Security 5152"),
        .steps = LIST("From where devices or the MDM connect: `Test-NetConnection <ndes-fqdn> -Port 443`",
                      "On the NDES server: `Invoke-WebRequest "
                      "'http://localhost/certsrv/mscep/mscep.dll?operation=GetCACaps' -UseBasicParsing`; "
                      "works here means that the path is the problem",
                      "Time-out means dropped: ask for the firewall's, WAF's and VPN's logs for this address "
                      "and time. Refused means rejected, or that W3SVC is down: `Get-Service W3SVC`",
                      "Direction matters: devices (or Jamf, or the application proxy) connect in to NDES; "
                      "the Intune connector connects out"),
        .resolution =
            LIST("Allow TCP 443 (80 where plain HTTP is published) from the devices' networks, the MDM or "
                 "the application proxy to the NDES server",
                 "On the server: `Get-NetFirewallRule -DisplayGroup 'World Wide Web Services*' | "
                 "Format-Table DisplayName,Enabled,Profile,Action`: enabled for the network's profile?",
                 "Test again from the same place, then with one device"),
        .prevention = LIST("Probe GetCACaps from outside every few minutes",
                           "Name the NDES flow in the firewall rule, so that nobody cleans it up"),
        SEEN_NETWORK,
        .sources = LIST(SRC_RUNBOOK, SRC_TS_DEVICE, SRC_TS_OVERVIEW),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "w3svc-stopped",
        .title = "IIS itself is stopped",
        .mode = "*",
        .stage = "tcp",
        .class_id = "L1/L4",
        .signature = "Connection refused at once; or 404 with Server: Microsoft-HTTPAPI/2.0 when another "
                     "service holds the port.",
        AT("refused; or ok when another HTTP.sys user holds the port", "- or 404 @hs", "- or 404 @hs",
           "- or 404 @hs", "- or 404 @hs", "- or 404 @hs", "- or 404 @hs", "- or 404 @hs"),
        .decided_by = "On the NDES server: `Get-Service W3SVC,WAS` shows Stopped; System log: Service "
                      "Control Manager 7036 for the World Wide Web Publishing Service.",
        .codes = LIST("event Service Control Manager 7036", "http 404"),
        .steps = LIST("`Get-Service W3SVC,WAS`",
                      "`Get-NetTCPConnection -LocalPort 443 -State Listen`: does anything listen? Whose "
                      "queue: `netsh http show servicestate`",
                      "`Get-WinEvent -FilterHashtable @{LogName='System';Id=7036,7031,7034} -MaxEvents 20`"),
        .resolution = LIST("`Start-Service W3SVC`; if it does not start, the System log says why",
                           "Set it to Automatic and look at who stopped it (updates, iisreset scripts)"),
        .prevention = LIST("Monitor the service and the port"),
        SEEN_NETWORK,
        .sources = LIST(SRC_IIS_STATUS),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "mdm-cannot-reach-ndes",
        .title = "The MDM cannot reach NDES",
        .mode = "J",
        .stage = "tcp",
        .class_id = "L1/L14",
        .signature =
            "With the MDM as SCEP proxy all profiles fail at once, whatever network the devices are on.",
        AT("time-out or refused, from the MDM only; the MDM's own, ok", "ok (the MDM's)", "ok (the MDM's)",
           "ok (the MDM's)", "-", "502 @px (the MDM's)", "502 @px (the MDM's)", "-"),
        .decided_by =
            "No line from the MDM's address in the IIS log; a request from the MDM's own host fails.",
        .steps = LIST("On the MDM (or its proxy): `curl -v "
                      "\"https://<ndes-fqdn>/certsrv/mscep/mscep.dll?operation=GetCACaps\"`",
                      "Search the IIS log for the MDM's address"),
        .resolution = LIST("Open the path from the MDM to NDES, also for the OTP page",
                           "For cloud-hosted MDMs publish NDES through an application proxy with "
                           "pre-authentication Passthrough"),
        .prevention = LIST("Probe from the MDM's host, not from a desk"),
        SEEN_NO_PASSWORD,
        .sources = LIST(SRC_JAMF_PROXY, SRC_JAMF),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-proxy-preauth-enabled",
        .title = "The application proxy asks for a logon of its own",
        .mode = "IJ",
        .stage = "any",
        .class_id = "L14",
        .signature =
            "A redirect to a login page (login.microsoftonline.com), the login page itself with 200, or 403 "
            "from something that is neither HTTP.sys nor IIS. Neither devices nor an MDM can fill in a form.",
        AT("ok (the proxy's certificate)", "302 to a logon page or 403 @px", "302 or 403 @px",
           "302 or 403 @px", "302 or 403 @px", "302 or 403 @px", "302 or 403 @px", "302 or 403 @px"),
        .decided_by = "Nothing reaches the IIS log; in the proxy's settings of this application "
                      "pre-authentication is not Passthrough.",
        .codes = LIST("http 302", "http 403"),
        .steps = LIST("Entra admin center > Enterprise applications > the NDES application > Application "
                      "proxy > Pre Authentication",
                      "Any other proxy or gateway: is the path /certsrv/ exempt from single sign-on?",
                      "Request GetCACaps directly at the NDES server, past the proxy"),
        .resolution = LIST("Set Pre Authentication to Passthrough, or exempt /certsrv/mscep/ from the logon",
                           "Do not publish /certsrv/mscep_admin/ to the Internet; reach it from inside"),
        .prevention = LIST("Probe GetCACaps through the proxy after each change of its policies"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_APP_PROXY, SRC_JAMF_PROXY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-proxy-bad-gateway",
        .title = "The proxy in front cannot talk to NDES",
        .mode = "*",
        .stage = "any",
        .class_id = "L14",
        .signature = "502 from something that is neither HTTP.sys nor IIS.",
        AT_ALL("502 @px"),
        .decided_by = "Nothing reaches the IIS log; the proxy's own log names the backend error (name, "
                      "certificate, connection).",
        .codes = LIST("http 502"),
        .steps = LIST("Request GetCACaps directly at the NDES server, past the proxy",
                      "Check the internal URL, its DNS name and its TLS certificate as the proxy sees them"),
        .resolution = LIST("Correct the internal URL; let the proxy trust the backend's certificate"),
        .prevention = LIST("Probe both sides of the proxy, so that the alarm names the side"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_HTTP_ERRORS, SRC_APP_PROXY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-proxy-connector-down",
        .title = "The application proxy's connector is down",
        .mode = "IJ",
        .stage = "any",
        .class_id = "L14",
        .signature = "504 from the proxy on every request, after its time-out.",
        AT_ALL("504 @px"),
        .decided_by = "Nothing reaches NDES. On the connector's host: the service \"Microsoft Entra private "
                      "network connector\" (older: \"Application Proxy Connector\") is stopped.",
        .codes = LIST("http 504"),
        .steps = LIST("Entra admin centre > Application proxy > Connectors: Active?",
                      "`Get-Service | Where-Object DisplayName -match 'connector'` on the connector's host"),
        .resolution = LIST("Start the service or the host; add a second connector to the group"),
        .prevention = LIST("Two connectors per group, on different hosts"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_HTTP_ERRORS, SRC_APP_PROXY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "app-proxy-wrong-url",
        .title = "The application proxy publishes the wrong path",
        .mode = "IJ",
        .stage = "any",
        .class_id = "L4",
        .signature = "404 from the proxy on every SCEP URL, while NDES answers when asked directly.",
        AT_ALL("404 @px"),
        .decided_by =
            "Nothing reaches NDES; the published application's internal URL differs from http(s)://<ndes>/ .",
        .codes = LIST("http 404"),
        .steps =
            LIST("Compare internal and external URL of the application", "Ask NDES directly, past the proxy"),
        .resolution = LIST("Publish the root of the NDES site, pre-authentication Passthrough"),
        .prevention = LIST("Validate with Validate-NDESUrl.ps1 after each change"),
        SEEN_HTTP_ERROR,
        .sources = LIST(SRC_APP_PROXY),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
    {
        .id = "clock-skew",
        .title = "Clocks of client and server differ",
        .mode = "*",
        .stage = "verify",
        .class_id = "",
        .signature = "Certificates look not yet valid or expired although their dates are right; the "
                     "server's Date header is minutes or more away from the client's clock. Kerberos gives "
                     "up at five minutes: \"Clock skew too great\".",
        AT("ok", "ok", "ok", "ok", "ok; Kerberos fails", "F, or S not yet valid", "F, or S not yet valid",
           "-"),
        .decided_by =
            "Visible from outside: Date header against a good clock. On the server: `w32tm /query /status`.",
        .codes = LIST("hresult 0x800B0101"),
        .steps =
            LIST("`w32tm /query /status` and `w32tm /stripchart /computer:<pdc> /samples:3` on NDES and CA",
                 "Check the clock of this machine, too"),
        .resolution = LIST("Repair time synchronisation: `w32tm /resync /rediscover`; a virtual machine must "
                           "follow the domain, not its host"),
        .prevention = LIST("Monitor the offset of NDES and CA"),
        SEEN_CA_REPLY,
        .sources = LIST(SRC_SCEPMAN),
        .basis = CAUSES_DOCUMENTED,
        .simulated = true,
    },
};

TABLE(causes_path, "The way to the server", path);
