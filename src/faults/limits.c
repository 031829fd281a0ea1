/* Faults that depend on how long a request is, and what it looks like (B.7, F.2.1, F.2.2). Defaults of the limits are those of
 * the products; where these are out of every request's reach, it says so. */
#include "faults/rows.h"
#include "ndes/proxies.h"

#define KEY_LIMIT(bytes)                                                                                     \
    {                                                                                                        \
        .name = "limit", .kind = FAULT_KEY_NUMBER, .value = (bytes), .min = 64, .max = 1000000000            \
    }

static const char *const proxy_statuses[] = {"414", "400", "403", "404", "502", NULL};

static const char *const by_nginx_first[] = {"nginx", "apache", "haproxy",     "f5",
                                             "squid", "azure",  "app-gateway", NULL};
static const enum ndes_proxy proxies[] = {NDES_PROXY_NGINX,      NDES_PROXY_APACHE, NDES_PROXY_HAPROXY,
                                          NDES_PROXY_F5,         NDES_PROXY_SQUID,  NDES_PROXY_AZURE,
                                          NDES_PROXY_APP_GATEWAY};

/* 2 to 8 kB are usual. */
static void proxy_url(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const int statuses[] = {414, 400, 403, 404, 502};
    effects->limits.proxy_url = (size_t)fault->value[0];
    effects->limits.proxy_url_status = statuses[fault->value[1]];
    effects->proxy = proxies[fault->value[2]];
}

static void request_length(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->limits.request = (size_t)fault->value[0];
}

static void url_length(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->limits.url = (size_t)fault->value[0];
}

static void query_length(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->limits.query = (size_t)fault->value[0];
}

static const char *const body_faces[] = {"404", "413", NULL};

/* IIS's own limit is 30000000: what bites is far below it. */
static void body_length(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_error_page pages[] = {NDES_ERROR_IIS_404, NDES_ERROR_IIS_413};
    effects->limits.body = (size_t)fault->value[0];
    effects->limits.body_page = pages[fault->value[1]];
}

static void double_escape(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->double_escape_blocked = true;
}

static const char *const post_faces[] = {"405", "404", "500", NULL};
static const char *const post_caps[] = {"without", "empty", "as-always", NULL};

/* Servers before KB2483564 do not claim POST; where somebody filters the verb, they do. */
static void no_post(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_error_page pages[] = {NDES_ERROR_IIS_405, NDES_ERROR_IIS_404, NDES_ERROR_IIS_500};
    static const char *const caps[] = {"Renewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n", "", NULL};
    effects->post = pages[fault->value[0]];
    effects->caps = caps[fault->value[1]];
}

static const char *const cuts[] = {"request", "reply", "connection", NULL};

static void truncated(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_cut how[] = {NDES_CUT_REQUEST, NDES_CUT_REPLY, NDES_CUT_CONNECTION};
    effects->limits.cut = (size_t)fault->value[0];
    effects->limits.cut_how = how[fault->value[1]];
}

enum { STRIPS_BOTH, STRIPS_QUERY, STRIPS_BODY };
static const char *const stripped[] = {"both", "query", "body", NULL};

static void stripping(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->strips_query = fault->value[0] != STRIPS_BODY;
    effects->strips_body = fault->value[0] != STRIPS_QUERY;
    effects->proxy = (enum ndes_proxy)fault->value[1];
}

#define HTTP_KEY "HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\"

static const struct fault_kind kinds[] = {
    {.id = "proxy-url-too-long",
     .keys = {KEY_LIMIT(2048),
              {.name = "status", .choices = proxy_statuses},
              {.name = "by", .choices = by_nginx_first}},
     .apply = proxy_url},
    {.id = "httpsys-request-too-long",
     .keys = {KEY_LIMIT(16384)},
     .apply = request_length,
     .traces = FAULT_TRACES(ROW_STATE("registry.Value", HTTP_KEY "MaxFieldLength", "{key}"),
                            ROW_STATE("registry.Value", HTTP_KEY "MaxRequestBytes", "{key}"))},
    {.id = "iis-url-too-long",
     .keys = {KEY_LIMIT(4096)},
     .apply = url_length,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.MaxUrl", FOLDER_OF_DEVICES, "{key}"))},
    {.id = "iis-query-too-long",
     .keys = {KEY_LIMIT(2048)},
     .apply = query_length,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.MaxQueryString", FOLDER_OF_DEVICES, "{key}"))},
    {.id = "iis-body-too-large",
     .keys = {KEY_LIMIT(1024), {.name = "face", .choices = body_faces}},
     .apply = body_length,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.MaxContentLength", FOLDER_OF_DEVICES, "{key}"))},
    {.id = "double-escape-blocked",
     .apply = double_escape,
     .traces = FAULT_TRACES(ROW_STATE("vdirs.AllowDoubleEscaping", FOLDER_OF_DEVICES, "False"))},
    {.id = "post-not-accepted",
     .keys = {{.name = "face", .choices = post_faces}, {.name = "caps", .choices = post_caps}},
     .apply = no_post},
    {.id = "payload-truncated",
     .keys = {KEY_LIMIT(2048), {.name = "cuts", .choices = cuts}},
     .apply = truncated},
    {.id = "proxy-strips-query-or-body",
     .keys = {{.name = "strips", .choices = stripped}, {.name = "by", .choices = ndes_proxy_choices}},
     .apply = stripping},
};
FAULT_FAMILY(faults_limits, kinds);
