#include "recorder/noise.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 5000 /* at most, after a long pause */

struct teller {
    struct recorder_noise *noise;
    const struct recorder_noise_server *server;
    struct traces *t;
    int64_t when_us;
};

static unsigned below(const struct teller *tell, unsigned bound)
{
    return (unsigned)random_below(&tell->noise->chance, bound);
}

/* Addresses of documentation nets for strangers, private ones for one's own. */
static const char *stranger(const struct teller *tell, char out[32])
{
    static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};
    snprintf(out, 32, "%s.%u", nets[below(tell, 3)], 2 + below(tell, 250));
    return out;
}

static const char *own_machine(const struct teller *tell, char out[32])
{
    snprintf(out, 32, "10.70.%u.%u", 1 + below(tell, 18), 2 + below(tell, 250));
    return out;
}

/* ---- web traffic ---- */

static void web(const struct teller *tell, const struct traces_iis *form)
{
    struct traces_iis line = *form;
    line.when_us = tell->when_us;
    line.taken_us = (int64_t)(1 + below(tell, 60)) * 1000;
    traces_iis(tell->t, &line);
}

static void probe(const struct teller *tell)
{
    const struct traces_iis line = {.method = "GET",
                                    .stem = "/certsrv/mscep/mscep.dll",
                                    .client = "10.20.4.5",
                                    .agent = "check_http/v2.3.3 (nagios-plugins 2.3.3)",
                                    .status = tell->server->module ? 403 : 200};
    if (tell->server->serving)
        web(tell, &line);
}

static void scanner(const struct teller *tell)
{
    static const struct {
        const char *stem, *query;
        int status;
        unsigned substatus;
        uint32_t win32;
    } visits[] = {
        {"/", NULL, 200, 0, 0},
        {"/favicon.ico", NULL, 404, 0, 2},
        {"/.env", NULL, 404, 0, 2},
        {"/wp-login.php", NULL, 404, 0, 2},
        {"/owa/auth/logon.aspx", NULL, 404, 0, 2},
        {"/boaform/admin/formLogin", "username=admin&psd=admin", 404, 0, 2},
        {"/certsrv/", NULL, 401, 2, 5},
        {"/aspnet_client/", NULL, 403, 14, 0},
        {"/cgi-bin/../../etc/passwd", NULL, 404, 0, 2},
        {"/.git/config", NULL, 404, 8, 0},
        {"/index.php", "s=/Index/\\think\\app/invokefunction", 400, 0, 0},
    };
    static const char *const agents[] = {
        "Mozilla/5.0 zgrab/0.x", "python-requests/2.31.0", "Go-http-client/1.1",
        "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)"};
    char client[32];
    unsigned i = below(tell, sizeof visits / sizeof *visits);
    const struct traces_iis line = {.method = "GET",
                                    .stem = visits[i].stem,
                                    .query = visits[i].query,
                                    .client = stranger(tell, client),
                                    .agent = agents[below(tell, sizeof agents / sizeof *agents)],
                                    .status = visits[i].status,
                                    .substatus = visits[i].substatus,
                                    .win32 = visits[i].win32};
    web(tell, &line);
}

static void crl_fetch(const struct teller *tell)
{
    char client[32];
    const struct traces_iis line = {.method = "GET",
                                    .stem = "/CertEnroll/Contoso Issuing CA 2.crl",
                                    .client = own_machine(tell, client),
                                    .agent = "Microsoft-CryptoAPI/10.0",
                                    .port = 80,
                                    .status = below(tell, 3) == 0 ? 200 : 304};
    web(tell, &line);
}

/* Updates for the company's machines, from the same server. */
static void updates(const struct teller *tell)
{
    char client[32];
    bool failed = below(tell, 12) == 0;
    const struct traces_iis line = {.method = "POST",
                                    .stem = "/ClientWebService/client.asmx",
                                    .client = own_machine(tell, client),
                                    .agent = "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.31",
                                    .port = 8530,
                                    .status = failed ? 500 : 200,
                                    .win32 = failed ? 64 : 0};
    web(tell, &line);
}

static void idle_connection(const struct teller *tell)
{
    char client[32];
    const struct traces_httperr line = {.when_us = tell->when_us,
                                        .client = below(tell, 2) == 0 ? stranger(tell, client)
                                                                      : own_machine(tell, client),
                                        .client_port = 49152 + below(tell, 16000),
                                        .reason = "Timer_ConnectionIdle"};
    traces_httperr(tell->t, &line);
}

static void bad_request(const struct teller *tell)
{
    static const struct {
        const char *uri, *reason;
        int status;
    } kinds[] = {
        {"/%%32%65", "URL", 400}, {"/", "Hostname", 400},
        {"/", "NotFound", 404},   {NULL, "Timer_MinBytesPerSecond", 0},
        {"/", "Verb", 400},
    };
    char client[32];
    unsigned i = below(tell, sizeof kinds / sizeof *kinds);
    const struct traces_httperr line = {.when_us = tell->when_us,
                                        .client = stranger(tell, client),
                                        .client_port = 49152 + below(tell, 16000),
                                        .version = "HTTP/1.1",
                                        .method = "GET",
                                        .uri = kinds[i].uri,
                                        .status = kinds[i].status,
                                        .reason = kinds[i].reason};
    traces_httperr(tell->t, &line);
}

/* ---- events ---- */

/* One of a few variants of an event. */
struct variant {
    const char *kind;
    const char *values[6];
};

static void one_of(const struct teller *tell, const struct variant *variants, size_t count)
{
    const struct variant *v = &variants[below(tell, (unsigned)count)];
    const char *values[7] = {NULL};
    memcpy(values, v->values, sizeof v->values);
    traces_event(tell->t, tell->when_us, v->kind, values);
}
#define ONE_OF(tell, variants) one_of(tell, variants, sizeof variants / sizeof variants[0])

static void services(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"SCM 7036", {"WinHTTP Web Proxy Auto-Discovery Service", "running"}},
        {"SCM 7036", {"WinHTTP Web Proxy Auto-Discovery Service", "stopped"}},
        {"SCM 7036", {"Windows Modules Installer", "running"}},
        {"SCM 7036", {"Windows Modules Installer", "stopped"}},
        {"SCM 7036", {"Software Protection", "running"}},
        {"SCM 7036", {"Software Protection", "stopped"}},
        {"SCM 7040", {"Background Intelligent Transfer Service", "auto start", "demand start", "BITS"}},
    };
    ONE_OF(tell, kinds);
}

static void system_chatter(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"GroupPolicy 1502", {NULL}},
        {"Time 37", {NULL}},
        {"DCOM 10016", {NULL}},
        {"Update 19", {NULL}},
        {"DNS 1014", {"wpad.corp.local"}},
        {"DCOM 10016", {NULL}},
        {"WAS 5186", {NULL}},
    };
    ONE_OF(tell, kinds);
}

static void tls_chatter(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"Schannel 36887", {"46"}},
        {"Schannel 36887", {"70"}},
        {"Schannel 36874", {"TLS 1.0"}},
    };
    ONE_OF(tell, kinds);
}

static void application_chatter(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"ESENT 102", {NULL}}, {"ESENT 103", {NULL}},  {"VSS 8224", {NULL}},
        {"SPP 16384", {NULL}}, {"Backup 190", {NULL}}, {"SQL 18456", {NULL}},
    };
    ONE_OF(tell, kinds);
}

static void other_application(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"DotNet 1026", {"HpAgent.Monitor.exe", "System.IO.IOException"}},
        {"AppError 1000", {"HpAgent.Monitor.exe", "4.1.0.0", "KERNELBASE.dll", "e0434352"}},
    };
    ONE_OF(tell, kinds);
}

static void other_pool(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"WAS 5011", {"WsusPool", "3643"}}, {"WAS 5074", {"4116", "WsusPool"}},
        {"WAS 5117", {"4116", "WsusPool"}}, {"WAS 5186", {"DefaultAppPool", "7124"}},
        {"WAS 5079", {"DefaultAppPool"}},
    };
    ONE_OF(tell, kinds);
}

static void logons(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"Security 4624", {"CONTOSO\\svc-backup", "3", "10.20.4.77"}},
        {"Security 4624", {"CONTOSO\\adm-berg", "10", "10.20.4.31"}},
        {"Security 4634", {"CONTOSO\\svc-backup", "3"}},
        {"Security 4625", {"administrator", "0xC000006D", "0xC000006A", "3", "203.0.113.99", "%%2313"}},
        {"Security 4625",
         {"CONTOSO\\svc-inventory", "0xC000006D", "0xC0000064", "3", "10.20.4.77", "%%2313"}},
        {"Security 4672", {NULL}},
    };
    ONE_OF(tell, kinds);
}

static void capi2(const struct teller *tell)
{
    static const struct variant kinds[] = {
        {"CAPI2 90", {"svchost.exe"}},
        {"CAPI2 90", {"NDES01.contoso.example"}},
        {"CAPI2 53",
         {"ctldl.windowsupdate.com/msdownload/update/v3/static/trustedr/en/authrootstl.cab", "102",
          "The operation timed out"}},
    };
    ONE_OF(tell, kinds);
}

/* How often each comes on the average, in seconds; 0: not at this level. */
static const struct source {
    void (*tell)(const struct teller *tell);
    double light_s, heavy_s;
} sources[] = {
    {probe, 5, 1},
    {scanner, 12, 0.5},
    {crl_fetch, 6, 0.25},
    {updates, 0, 0.5},
    {idle_connection, 8, 0.5},
    {bad_request, 45, 3},
    {services, 20, 2},
    {system_chatter, 20, 2},
    {tls_chatter, 45, 3},
    {application_chatter, 20, 2},
    {other_application, 60, 6},
    {other_pool, 0, 8},
    {logons, 15, 1},
    {capi2, 30, 3},
};
#define SOURCE_COUNT (sizeof sources / sizeof sources[0])
_Static_assert(SOURCE_COUNT <= RECORDER_NOISE_SOURCES, "a place for each source");

bool recorder_noise_parse(const char *text, enum recorder_noise_level *out, struct err *e)
{
    static const char *const words[] = {"none", "light", "heavy"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum recorder_noise_level)i;
            return true;
        }
    }
    return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.40s' is none of none, light, heavy", text);
}

void recorder_noise_init(struct recorder_noise *noise, enum recorder_noise_level level, uint64_t seed)
{
    *noise = (struct recorder_noise){.level = level};
    random_seed(&noise->chance, seed, 0x6e6f697365);
}

/* INT64_MAX: never. */
static int64_t after(struct recorder_noise *noise, size_t source, int64_t now_us)
{
    double mean_s = noise->level == RECORDER_NOISE_LIGHT ? sources[source].light_s : sources[source].heavy_s;
    return mean_s > 0 ? now_us + 1 + (int64_t)(random_exponential(&noise->chance, mean_s) * 1e6) : INT64_MAX;
}

static void begin(struct recorder_noise *noise, int64_t now_us)
{
    noise->begun = true;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        noise->due_us[i] = after(noise, i, now_us - RECORDER_NOISE_BEFORE_US);
}

void recorder_noise_until(struct recorder_noise *noise, const struct recorder_noise_server *server,
                          int64_t now_us, struct traces *t)
{
    if (noise->level == RECORDER_NOISE_NONE)
        return;
    if (!noise->begun)
        begin(noise, now_us);
    for (unsigned told = 0; told < AT_ONCE; told++) {
        size_t first = 0;
        for (size_t i = 1; i < SOURCE_COUNT; i++) {
            if (noise->due_us[i] < noise->due_us[first])
                first = i;
        }
        if (noise->due_us[first] > now_us)
            return;
        const struct teller tell = {noise, server, t, noise->due_us[first] + server->clock_us};
        sources[first].tell(&tell);
        noise->due_us[first] = after(noise, first, noise->due_us[first]);
    }
}
