#include "ndes/front.h"

#include "ndes/proxies.h"

bool ndes_front_answers(const struct ndes_request *request, const struct ndes_effects *effects,
                        struct ndes_reply *reply)
{
    const struct ndes_limits *limits = &effects->limits;
    if (effects->in_front != NDES_ERROR_NONE)
        ndes_page_error(effects->in_front, reply);
    else if (effects->proxy_status != 0) {
        ndes_proxy_page(effects->proxy, effects->proxy_status, reply);
        reply->delay_us += effects->proxy_delay_us;
    } else if (limits->proxy_url != 0 && request->target.len > limits->proxy_url)
        ndes_proxy_page(effects->proxy, limits->proxy_url_status, reply);
    else
        return false;
    return true;
}

static struct span first(struct span s, size_t bytes)
{
    return span_of(s.data, s.len < bytes ? s.len : bytes);
}

struct ndes_request ndes_front_passes(const struct ndes_request *request, const struct ndes_effects *effects)
{
    struct ndes_request passed = *request;
    const uint8_t *query = passed.target.len > 0 ? memchr(passed.target.data, '?', passed.target.len) : NULL;
    if (effects->strips_query && query != NULL)
        passed.target = first(passed.target, (size_t)(query - passed.target.data));
    if (effects->strips_body)
        passed.body = first(passed.body, 0);
    if (effects->limits.cut_how == NDES_CUT_REQUEST) {
        passed.target = first(passed.target, effects->limits.cut);
        passed.body = first(passed.body, effects->limits.cut);
    }
    size_t gone = request->target.len - passed.target.len;
    passed.head_bytes -= passed.head_bytes > gone ? gone : 0;
    return passed;
}

static bool is_there(const struct ndes_effects *effects)
{
    return effects->limits.proxy_url != 0 || effects->strips_query || effects->strips_body ||
           effects->proxy_rewrites;
}

/* A page of its own for what went wrong behind it. */
static void rewrite(const struct ndes_effects *effects, struct ndes_reply *reply)
{
    enum ndes_layer layer = reply->layer;
    ndes_proxy_page(effects->proxy, reply->cut == NDES_CUT_RESET ? 502 : reply->status, reply);
    reply->cut = NDES_CUT_NOTHING;
    reply->layer = layer;
}

/* Only answers to messages are long enough to be cut; GetCACert is left alone, so that a device gets that far. */
static void cut(enum ndes_operation operation, const struct ndes_limits *limits, struct ndes_reply *reply)
{
    bool drips = limits->cut_how == NDES_CUT_DRIP;
    if (!drips && (operation != NDES_OP_PKI_OPERATION || reply->body.len <= limits->cut))
        return;
    if (limits->cut_how == NDES_CUT_REPLY)
        reply->body.len = limits->cut;
    else
        reply->cut = limits->cut_how;
    reply->cut_at = limits->cut;
}

void ndes_front_returns(enum ndes_operation operation, const struct ndes_effects *effects,
                        struct ndes_reply *reply)
{
    bool failed = reply->status >= 500 || reply->cut == NDES_CUT_RESET;
    if (effects->proxy_rewrites && failed && reply->layer != NDES_LAYER_FRONT)
        rewrite(effects, reply);
    else if (is_there(effects))
        ndes_proxy_passes(effects->proxy, reply);
    if (effects->limits.cut_how > NDES_CUT_REQUEST)
        cut(operation, &effects->limits, reply);
}
