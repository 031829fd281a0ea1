#include "scenario/check.h"

#include "base/text.h"
#include "scenario/url.h"

#include <ctype.h>

#define NDES_PATH "/certsrv/mscep/mscep.dll"

/* The node of a key, or of the nearest map around it that is written down: where to point for what is missing. */
static int around(const struct scenario_reader *r, const char *path)
{
    char parent[96];
    snprintf(parent, sizeof parent, "%s", path);
    for (;;) {
        int node = scenario_read_place(r, parent);
        char *dot = strrchr(parent, '.');
        if (node != 0 || dot == NULL)
            return node;
        *dot = '\0';
    }
}

bool scenario_check_fail(const struct scenario_reader *r, const char *path, struct err *e, const char *what)
{
    return scenario_document_fail(r->document, around(r, path), e, "%s: %s", scenario_read_shown(r, path),
                                  what);
}

bool scenario_check_set(char **to, const char *text, struct err *e)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the scenario");
    free(*to);
    *to = copy;
    return true;
}

/* The file's name without folder and ending, in the characters that a name may have. */
static bool name_after_file(const struct scenario_reader *r, struct err *e)
{
    const char *slash = strrchr(r->document->name, '/');
    char name[65];
    snprintf(name, sizeof name, "%s", slash == NULL ? r->document->name : slash + 1);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    for (char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            *c = '-';
    }
    bool usable = isalnum((unsigned char)name[0]);
    return scenario_check_set(&r->scenario->name, usable ? name : "scenario", e);
}

/* The name becomes part of a folder's name. */
static bool check_name(const struct scenario_reader *r, struct err *e)
{
    const char *name = r->scenario->name;
    if (name == NULL)
        return name_after_file(r, e);
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c & 0x80) == 0 && isalnum((unsigned char)*c);
        if (!letter && (c == name || strchr("-_.", *c) == NULL))
            return scenario_check_fail(r, "name", e,
                                       "letters, digits, '-', '_' and '.' only: a folder is named after it");
    }
    return true;
}

static bool check_url(const struct scenario_reader *r, const char *path, const char *url,
                      struct scenario_url *out, struct err *e)
{
    struct err why = {0};
    return scenario_url_parse(url, out, &why) || scenario_check_fail(r, path, e, why.text);
}

/* A bare host is taken for an NDES: that is where its SCEP service lives. */
static bool add_ndes_path(char **target, const struct scenario_url *u, struct err *e)
{
    if (u->path[0] != '\0' && strcmp(u->path, "/") != 0)
        return true;
    char url[2048];
    int host_bytes = (int)(u->path - *target);
    snprintf(url, sizeof url, "%.*s%s", host_bytes, *target, NDES_PATH);
    return scenario_check_set(target, url, e);
}

/* Several servers: the first of them is what everybody else takes for the target. */
static bool check_urls(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    if (s->target.url != NULL)
        return scenario_check_fail(r, "target.urls", e, "either url or urls, not both");
    for (size_t i = 0; i < s->target.url_count; i++) {
        struct scenario_url u;
        struct err why = {0};
        if (!scenario_url_parse(s->target.urls[i], &u, &why))
            return scenario_document_fail(r->document, scenario_check_item(r, "target.urls", i), e,
                                          "target.urls[%zu]: %s", i, why.text);
        if (!add_ndes_path(&s->target.urls[i], &u, e))
            return false;
    }
    return scenario_check_set(&s->target.url, s->target.urls[0], e);
}

static bool check_sources(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    for (size_t i = 0; i < s->target.source_count; i++) {
        if (!scenario_is_address(s->target.sources[i]))
            return scenario_document_fail(r->document, scenario_check_item(r, "target.source_addresses", i),
                                          e, "target.source_addresses[%zu]: '%.40s' is no IP address", i,
                                          s->target.sources[i]);
    }
    return true;
}

static bool check_addresses(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    for (size_t i = 0; i < s->target.address_count; i++) {
        if (!scenario_is_address(s->target.addresses[i]))
            return scenario_document_fail(r->document, scenario_check_item(r, "target.addresses", i), e,
                                          "target.addresses[%zu]: '%.40s' is no IP address", i,
                                          s->target.addresses[i]);
    }
    return s->target.address_count == 0 || s->target.url_count == 0 ||
           scenario_check_fail(r, "target.addresses", e, "they are those of one url, not of urls");
}

/* Its path would say nothing, and a password in it would be seen by everybody. */
static bool check_proxy(const struct scenario_reader *r, struct err *e)
{
    const struct scenario *s = r->scenario;
    struct scenario_url u;
    if (s->target.proxy == NULL)
        return true;
    if (!check_url(r, "target.proxy", s->target.proxy, &u, e))
        return false;
    if (u.path[0] != '\0' && strcmp(u.path, "/") != 0)
        return scenario_check_fail(r, "target.proxy", e,
                                   "host and port only, as in http://proxy.example:3128");
    if (u.port == 0)
        return scenario_check_fail(r, "target.proxy", e,
                                   "the port is missing, as in http://proxy.example:3128");
    return s->target.address_count == 0 ||
           scenario_check_fail(r, "target.proxy", e, "a proxy finds the address itself: addresses or proxy");
}

static bool check_target(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    struct scenario_url u;
    if (!check_sources(r, e) || (s->target.url_count > 0 && !check_urls(r, e)) || !check_addresses(r, e) ||
        !check_proxy(r, e))
        return false;
    if (s->target.url == NULL)
        return scenario_check_fail(r, "target.url", e,
                                   "missing; give the SCEP URL, or sim for the built-in simulator");
    s->target.sim = strcmp(s->target.url, "sim") == 0;
    if (s->target.sim) {
        free(s->target.url);
        s->target.url = NULL;
        return true;
    }
    if (scenario_read_place(r, "simulator") != 0)
        return scenario_check_fail(r, "simulator", e, "only with target.url: sim");
    return check_url(r, "target.url", s->target.url, &u, e) && add_ndes_path(&s->target.url, &u, e);
}

bool scenario_check_element(const struct scenario_reader *r, const struct scenario_key *list, int node,
                            void *element, struct err *e)
{
    if (strcmp(list->path, "simulator.accounts") == 0)
        return scenario_check_account(r, node, element, e);
    return strcmp(list->path, "load") != 0 || scenario_check_phase(r, node, element, e);
}

/* Where the i-th element of a list is written. */
int scenario_check_item(const struct scenario_reader *r, const char *list, size_t i)
{
    return scenario_document_node(r->document, scenario_read_place(r, list))->data.sequence.items.start[i];
}

/* "personas.ios.p95" wants a profile of that name. */
static bool is_about_nobody(const struct scenario *s, const char *path)
{
    if (strncmp(path, "personas.", 9) != 0)
        return false;
    size_t len = strcspn(path + 9, ".");
    for (size_t i = 0; i < s->devices.profile_count; i++) {
        const char *label = s->devices.profiles[i].label;
        if (strlen(label) == len && strncmp(label, path + 9, len) == 0)
            return false;
    }
    return true;
}

/* "phases.push.enrolled" wants a phase of that name. */
static bool check_slo_phase(const struct scenario *s, const char *path, struct err *why)
{
    char label[SCENARIO_PHASE_LABEL_BYTES], wanted[SCENARIO_PHASE_LABEL_BYTES], nearest[sizeof label] = "";
    if (strncmp(path, "phases.", 7) != 0)
        return true;
    snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(path + 7, "."), path + 7);
    for (size_t i = 0; i < s->phase_count; i++) {
        scenario_phase_label(s, i, label);
        if (strcmp(label, wanted) == 0)
            return true;
        const char *const words[] = {nearest, label, NULL};
        if (text_nearest(wanted, words) == label)
            memcpy(nearest, label, sizeof nearest);
    }
    return err_set(why, STAGE_SETUP, REASON_USAGE, "no phase in load is called '%.60s'%s%s%s", wanted,
                   nearest[0] != '\0' ? "; did you mean '" : "", nearest, nearest[0] != '\0' ? "'?" : "");
}

/* "follow_ups.get_crl.ok" wants get_crl in devices.then; the word that is missing there, or NULL. */
static const char *missing_follow_up(const struct scenario *s, const char *path)
{
    static const struct {
        const char *path, *then;
    } figures[SCENARIO_THEN_COUNT] = {
        [SCENARIO_THEN_RENEW] = {"follow_ups.renewal.", "renew"},
        [SCENARIO_THEN_GET_CERT] = {"follow_ups.get_cert.", "get_cert"},
        [SCENARIO_THEN_GET_CRL] = {"follow_ups.get_crl.", "get_crl"},
        [SCENARIO_THEN_GET_NEXT_CA_CERT] = {"follow_ups.get_next_ca_cert.", "get_next_ca_cert"},
    };
    const char *missing = NULL;
    for (size_t i = 0; i < SCENARIO_THEN_COUNT; i++) {
        if (strncmp(path, figures[i].path, strlen(figures[i].path)) == 0)
            missing = figures[i].then;
    }
    for (size_t i = 0; missing != NULL && i < s->devices.then_count; i++) {
        if (strcmp(figures[s->devices.then[i]].then, missing) == 0)
            missing = NULL;
    }
    return missing;
}

/* What is no slip of the pen but will never have data. */
static bool check_slo_applies(const struct scenario *s, const char *path, struct err *why)
{
    if (is_about_nobody(s, path))
        return err_set(why, STAGE_SETUP, REASON_USAGE, "there is no such profile in devices.profiles");
    if (!check_slo_phase(s, path, why))
        return false;
    if (strncmp(path, "conformance.", 12) == 0 && s->conformance.word_count == 0)
        return err_set(why, STAGE_SETUP, REASON_USAGE,
                       "no probes are made: add  conformance: {probes: [all]}");
    const char *missing = missing_follow_up(s, path);
    return missing == NULL ||
           err_set(why, STAGE_SETUP, REASON_USAGE, "no device does that: add %s to devices.then", missing);
}

static bool check_slo(const struct scenario_reader *r, struct err *e)
{
    for (size_t i = 0; i < r->scenario->slo_count; i++) {
        struct scenario_slo slo;
        struct err why = {0};
        if (!scenario_slo_parse(r->scenario->slo[i], &slo, &why) ||
            !check_slo_applies(r->scenario, slo.path, &why))
            return scenario_document_fail(r->document, scenario_check_item(r, "slo", i), e, "slo[%zu]: %s", i,
                                          why.text);
    }
    return true;
}

static bool check_conformance(const struct scenario_reader *r, struct err *e)
{
    struct scenario *s = r->scenario;
    for (size_t i = 0; i < s->conformance.word_count; i++) {
        struct err why = {0};
        if (!conformance_choose(s->conformance.words[i], s->conformance.chosen, &why))
            return scenario_document_fail(r->document, scenario_check_item(r, "conformance.probes", i), e,
                                          "conformance.probes[%zu]: %s", i, why.text);
    }
    bool places = s->challenge.source == CHALLENGE_MSCEP_ADMIN || s->challenge.source == CHALLENGE_HTTP ||
                  s->challenge.source == CHALLENGE_INTUNE;
    if (s->conformance.word_count > 0 && places && s->challenge.outstanding < 2)
        return scenario_check_fail(
            r, "challenge.outstanding", e,
            "a probe may keep a password while devices want theirs: with conformance probes it "
            "must be at least 2");
    return scenario_read_place(r, "conformance") == 0 || s->conformance.word_count > 0 ||
           scenario_check_fail(r, "conformance.probes", e, "missing; for example  probes: [all]");
}

bool scenario_check(struct scenario_reader *r, struct err *e)
{
    return check_name(r, e) && check_target(r, e) && scenario_check_challenge(r, e) &&
           scenario_check_devices(r, e) && scenario_check_load(r, e) && check_conformance(r, e) &&
           check_slo(r, e);
}
