#include "scenario/scenario.h"

#include "base/file.h"
#include "base/text.h"
#include "scenario/check.h"
#include "scenario/csv.h"

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_profile(struct scenario_profile *p)
{
    for (size_t i = 0; p->settings != NULL && i < p->setting_count; i++) {
        free(p->settings[i].knob);
        free(p->settings[i].value);
    }
    free(p->settings);
    free(p->name);
}

static void free_challenge(struct challenge_config *c)
{
    char *const texts[] = {c->url,          c->user,   c->password_env, c->password_file, c->keytab,
                           c->ticket_cache, c->body,   c->content_type, c->json,          c->regex,
                           c->file,         c->column, c->journal};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free_texts(c->headers, c->header_count);
    free_texts(c->command, c->command_count);
}

/* What is more than a run's own simulator has. */
static void free_server(struct scenario *s)
{
    char *const texts[] = {s->simulator.listen, s->simulator.auth, s->simulator.keytab, s->simulator.service,
                           s->simulator.challenge_env};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; s->simulator.accounts != NULL && i < s->simulator.account_count; i++) {
        free(s->simulator.accounts[i].user);
        free(s->simulator.accounts[i].password_env);
        free(s->simulator.accounts[i].password_file);
    }
    free(s->simulator.accounts);
    for (size_t i = 0; i < SCENARIO_LATENCY_COUNT; i++)
        free(s->simulator.latency[i].file);
}

void scenario_free(struct scenario *s)
{
    if (s == NULL)
        return;
    free(s->name);
    free(s->target.url);
    free_texts(s->target.urls, s->target.url_count);
    free(s->target.authorized);
    free_texts(s->target.sources, s->target.source_count);
    free_texts(s->target.addresses, s->target.address_count);
    free(s->target.proxy);
    free(s->target.ca_file);
    free(s->simulator.caps);
    free(s->simulator.reply.digest);
    free(s->simulator.reply.cipher);
    free(s->simulator.reply.transport);
    free_texts(s->simulator.faults, s->simulator.fault_count);
    free(s->simulator.logs);
    free(s->simulator.noise);
    free_server(s);
    free_challenge(&s->challenge);
    free(s->devices.subject);
    free(s->devices.marker);
    free(s->devices.key_pool);
    free_texts(s->devices.san, s->devices.san_count);
    free(s->devices.sid);
    free(s->devices.csv);
    scenario_csv_free(s->devices.rows);
    free(s->devices.renewal_how);
    free(s->devices.renewal_key);
    for (size_t i = 0; s->devices.profiles != NULL && i < s->devices.profile_count; i++)
        free_profile(&s->devices.profiles[i]);
    free(s->devices.profiles);
    free(s->phases);
    free_texts(s->conformance.words, s->conformance.word_count);
    free_texts(s->slo, s->slo_count);
    free(s);
}

static bool fill(struct scenario *s, const struct scenario_document *d, struct span text, struct err *e)
{
    uint8_t digest[32];
    if (!span_sha256(text, digest))
        return err_set(e, STAGE_SETUP, REASON_CRYPTO, "SHA-256 does not work here");
    text_hex(span_of(digest, sizeof digest), false, s->sha256);
    struct scenario_reader r = {.document = d, .scenario = s};
    return scenario_read(&r, e) && scenario_check(&r, e);
}

bool scenario_parse(const char *name, struct span text, const struct scenario_override *overrides,
                    size_t override_count, struct scenario **out, struct err *e)
{
    struct scenario_document d;
    if (!scenario_document_parse(name, text, &d, e))
        return false;
    d.overrides = overrides;
    bool ok = true;
    for (size_t i = 0; ok && i < override_count; i++)
        ok = scenario_document_override(&d, i, e);
    struct scenario *s = ok ? calloc(1, sizeof *s) : NULL;
    if (ok && s == NULL)
        ok = err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    ok = ok && fill(s, &d, text, e);
    scenario_document_clear(&d);
    if (!ok) {
        scenario_free(s);
        return false;
    }
    *out = s;
    return true;
}

const char *scenario_latency_word(enum scenario_latency_op op)
{
    static const char *const words[SCENARIO_LATENCY_COUNT] = {
        [SCENARIO_LATENCY_GET_CA_CAPS] = "get_ca_caps",
        [SCENARIO_LATENCY_GET_CA_CERT] = "get_ca_cert",
        [SCENARIO_LATENCY_GET_NEXT_CA_CERT] = "get_next_ca_cert",
        [SCENARIO_LATENCY_PKI_OPERATION] = "pki_operation",
        [SCENARIO_LATENCY_OTP] = "otp",
    };
    return words[op];
}

bool scenario_latency_is_set(const struct scenario_latency *latency)
{
    return latency->fixed_us > 0 || latency->median_us > 0 || latency->p99_us > 0 || latency->file != NULL;
}

static bool parse_simulator(const char *name, struct span text, struct scenario **out, struct err *e)
{
    struct scenario_document d;
    if (!scenario_document_parse(name, text, &d, e))
        return false;
    struct scenario *s = calloc(1, sizeof *s);
    bool ok = s != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulator");
    struct scenario_reader r = {.document = &d, .scenario = s, .root = "simulator"};
    if (ok)
        s->alone = s->target.sim = true;
    ok = ok && scenario_read(&r, e) && scenario_check_alone(&r, e);
    scenario_document_clear(&d);
    if (!ok)
        scenario_free(s);
    else
        *out = s;
    return ok;
}

bool scenario_load_simulator(const char *path, struct scenario **out, struct err *e)
{
    struct buf text;
    buf_init(&text, SCENARIO_MAX_BYTES + 1);
    struct err why = {0};
    bool ok = file_read(path, &text, &why) || err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s", why.text);
    ok = ok && parse_simulator(path, buf_span(&text), out, e);
    buf_clear(&text);
    return ok;
}

bool scenario_load(const char *path, const struct scenario_override *overrides, size_t override_count,
                   struct scenario **out, struct err *e)
{
    struct buf text;
    buf_init(&text, SCENARIO_MAX_BYTES + 1);
    struct err why = {0};
    bool ok = file_read(path, &text, &why) || err_set(e, STAGE_SETUP, REASON_SCENARIO, "%s", why.text);
    ok = ok && scenario_parse(path, buf_span(&text), overrides, override_count, out, e);
    buf_clear(&text);
    return ok;
}
