/* Evidence of a failure: what was asked last, decoded, and what was heard. */
#include "engine/internal.h"

#include "base/text.h"
#include "pki/csr.h"
#include "scep/blot.h"
#include "scep/describe.h"

#define LINES_BYTES 65536

/* ---- kept until the end ---- */

static void move(struct buf *from, struct buf *to)
{
    *to = *from;
    buf_init(from, BYTES_MAX_MESSAGE);
}

/* A worker that still computes owns what it computes with; and a follow-up may fail before it asks. */
static bool has_asked(const struct phone *p, const struct outcome_follow_up *f)
{
    return !p->crypto.busy && (p->asked_us >= f->started_us || f->error.stage == STAGE_OTP);
}

void exemplar_keep(struct phone *p)
{
    for (size_t i = 0; p->trial == NULL && p->device.settled && i < OUTCOME_FOLLOW_COUNT; i++) {
        const struct outcome_follow_up *f = &p->device.outcome.follow[i];
        if (f->result != OUTCOME_NOT_OK || p->kept[i] != NULL || !has_asked(p, f))
            continue;
        struct kept *kept = calloc(1, sizeof *kept);
        if (kept == NULL)
            return; /* the failure counts without its exemplar */
        kept->sent = p->sent;
        move(&p->url, &kept->url);
        move(&p->headers, &kept->headers);
        move(&p->body, &kept->body);
        move(&p->csr, &kept->csr);
        move(&p->message, &kept->message);
        p->kept[i] = kept;
    }
}

void exemplar_clear(struct phone *p)
{
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        struct kept *kept = p->kept[i];
        if (kept == NULL)
            continue;
        buf_clear(&kept->url);
        buf_clear(&kept->headers);
        buf_clear(&kept->body);
        buf_wipe(&kept->csr); /* may hold the challenge */
        buf_clear(&kept->message);
        free(kept);
        p->kept[i] = NULL;
    }
}

/* ---- told ---- */

/* "name: value" lines, each with a prefix. */
static void put_prefixed(struct buf *out, const char *prefix, struct span lines)
{
    for (size_t at = 0; at < lines.len;) {
        const uint8_t *newline = memchr(lines.data + at, '\n', lines.len - at);
        size_t len = newline == NULL ? lines.len - at : (size_t)(newline - lines.data) - at;
        buf_append_text(out, prefix);
        buf_append(out, lines.data + at, len);
        buf_append_byte(out, '\n');
        at += len + 1;
    }
}

static void describe(void (*how)(struct span, struct buf *), const char *prefix, struct span what,
                     struct buf *out)
{
    struct buf lines;
    buf_init(&lines, LINES_BYTES);
    if (what.len > 0)
        how(what, &lines);
    put_prefixed(out, prefix, buf_span(&lines));
    buf_clear(&lines);
}

/* As it was sent, but for what is secret: any tool can decode it once more. Left out where there is no room for it. */
static void put_raw(struct buf *out, const char *name, struct span what, void (*blot)(struct buf *))
{
    struct buf copy, text;
    buf_init(&copy, BYTES_MAX_MESSAGE);
    buf_init(&text, 2 * BYTES_MAX_MESSAGE);
    buf_append_span(&copy, what);
    if (copy.len > 0)
        blot(&copy);
    if (copy.len > 0 && text_base64(buf_span(&copy), &text) &&
        text.len + strlen(name) + 3 <= out->max - out->len) {
        buf_appendf(out, "%s: ", name);
        buf_append_span(out, buf_span(&text));
        buf_append_byte(out, '\n');
    }
    buf_wipe(&copy);
    buf_clear(&text);
}

static void put_host(struct buf *out, struct span url)
{
    const uint8_t *scheme = url.len == 0 ? NULL : memmem(url.data, url.len, "://", 3);
    size_t from = scheme == NULL ? url.len : (size_t)(scheme - url.data) + 3, to = from;
    for (; to < url.len && url.data[to] != '/' && url.data[to] != '?'; to++) {
        if (url.data[to] == '@')
            from = to + 1;
    }
    buf_appendf(out, "header: Host: %.*s\n", (int)(to - from), (const char *)url.data + from);
}

/* As the scenario has it: variables are not filled in, so there is no secret in it. */
static void tell_page(const struct asked *a, struct buf *out)
{
    const struct engine_config *config = a->phone->engine->config;
    const struct challenge_config *c = &config->scenario->challenge;
    buf_appendf(out, "method: %s\n", c->post ? "POST" : "GET");
    put_host(out, a->url);
    buf_append_text(out, "header: User-Agent: " ENGINE_USER_AGENT "\n");
    for (size_t i = 0; i < c->header_count; i++)
        put_prefixed(out, "header: ", span_of_text(c->headers[i]));
    if (config->user != NULL)
        buf_append_text(out, "header: Authorization: [redacted]\n");
}

static bool has_csr(enum scep_message_type type)
{
    return type == SCEP_PKCS_REQ || type == SCEP_RENEWAL_REQ || type == SCEP_UPDATE_REQ;
}

static void tell_scep(const struct asked *a, struct buf *out)
{
    bool operation = a->sent->operation == PERSONA_PKI_OPERATION, post = operation && a->sent->post;
    buf_appendf(out, "method: %s\n", post ? "POST" : "GET");
    put_host(out, a->url);
    put_prefixed(out, "header: ", requests_headers(a->phone, post));
    if (post && a->message.len > 0)
        buf_appendf(out, "header: Content-Length: %zu\n", a->message.len);
    if (!operation)
        return;
    bool csr = has_csr(a->sent->message);
    describe(scep_describe_request, "message.", a->message, out);
    if (csr)
        describe(scep_describe_csr, "csr.", a->csr, out);
    put_raw(out, "message.der_base64", a->message, scep_blot_request);
    if (csr)
        put_raw(out, "csr.der_base64", a->csr, pki_csr_blot);
}

static void tell(const void *asked, struct buf *out)
{
    const struct asked *a = asked;
    const char *page = a->phone->engine->config->admin_url;
    if (page != NULL && span_equal_text(a->url, page))
        tell_page(a, out);
    else
        tell_scep(a, out);
}

static struct outcome_exemplar exemplar_of(const struct asked *a, const struct buf *headers,
                                           const struct buf *body)
{
    return (struct outcome_exemplar){.url = a->url,
                                     .headers = buf_span(headers),
                                     .body = buf_span(body),
                                     .tell_request = a->url.len > 0 ? tell : NULL,
                                     .asked = a};
}

void exemplar_hand(struct phone *p, struct asked asked[OUTCOME_FOLLOW_COUNT + 1])
{
    struct outcome *o = &p->device.outcome;
    for (size_t i = 0; i < OUTCOME_FOLLOW_COUNT; i++) {
        const struct kept *kept = p->kept[i];
        if (kept == NULL)
            continue;
        asked[i] = (struct asked){p, &kept->sent, buf_span(&kept->url), buf_span(&kept->csr),
                                  buf_span(&kept->message)};
        o->follow[i].exemplar = exemplar_of(&asked[i], &kept->headers, &kept->body);
    }
    if (o->end != OUTCOME_FAILED)
        return;
    struct asked *last = &asked[OUTCOME_FOLLOW_COUNT];
    *last = (struct asked){.phone = p, .sent = &p->sent, .url = buf_span(&p->url)};
    if (!p->crypto.busy) { /* else a worker may be writing them */
        last->csr = buf_span(&p->csr);
        last->message = buf_span(&p->message);
    }
    o->exemplar = exemplar_of(last, &p->headers, &p->body);
}
