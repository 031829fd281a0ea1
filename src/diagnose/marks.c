#include "diagnose/marks.h"

#include "diagnose/codes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the tables, as one ---- */

static const struct marks *const tables[] = {&marks_iis,     &marks_httperr, &marks_ndes,
                                             &marks_windows, &marks_account, &marks_ca,
                                             &marks_intune,  &marks_state,   &marks_patterns};
#define TABLES (sizeof tables / sizeof tables[0])

size_t marks_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++)
        count += tables[i]->count;
    return count;
}

const struct mark *marks_at(size_t index)
{
    for (size_t i = 0; i < TABLES; i++) {
        if (index < tables[i]->count)
            return &tables[i]->list[index];
        index -= tables[i]->count;
    }
    return NULL;
}

const struct mark *marks_find(const char *id)
{
    for (size_t i = 0; i < marks_count(); i++) {
        if (strcmp(marks_at(i)->id, id) == 0)
            return marks_at(i);
    }
    return NULL;
}

/* ---- text ---- */

static bool span_has(struct span text, const char *word, size_t len)
{
    for (size_t i = 0; len > 0 && i + len <= text.len; i++) {
        if (strncasecmp((const char *)text.data + i, word, len) == 0)
            return true;
    }
    return false;
}

/* One of `words`, alternatives separated by '|'. */
static bool span_says(struct span text, const char *words)
{
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, "|");
        if (span_has(text, at, len))
            return true;
        at += len;
        at += *at == '|';
    }
    return false;
}

static bool text_says(const char *text, const char *words)
{
    return span_says(span_of_text(text), words);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* Event 7036 holds "W3SVC/4", the service's own name and state, as UTF-16LE in hex, whatever language its words have. "": nothing of
 * the kind. */
static void service_of(const struct evidence_event *e, char *out, size_t out_bytes)
{
    size_t len = 0;
    for (const char *at = e->binary; at != NULL && at[0] != '\0' && at[1] != '\0' && len + 1 < out_bytes;
         at += 4) {
        int high = digit_of(at[0]), low = digit_of(at[1]), c = high * 16 + low;
        if (high < 0 || low < 0 || c < ' ' || at[2] != '0' || at[3] != '0')
            break;
        out[len++] = (char)c;
    }
    out[len] = '\0';
}

static const char *service_state(const struct evidence_record *r, char *service, size_t bytes)
{
    service[0] = '\0';
    if (r->kind == EVIDENCE_EVENTS)
        service_of(&r->event, service, bytes);
    const char *slash = strrchr(service, '/');
    return slash != NULL && strlen(slash) == 2 ? slash : "";
}

bool marks_service_stopped(const struct evidence_record *r)
{
    static const char words[] =
        "stopped|beendet|angehalten|arr\xc3\xaat|detenid|arrestat|gestopt|interromp|parad|zatrzyman|zastaven|"
        "stoppad|stoppet|остановлен|停止|중지|durdur";
    char service[80];
    const char *state = service_state(r, service, sizeof service);
    return state[0] != '\0' ? strcmp(state, "/1") == 0 : marks_says(r, words);
}

bool marks_service_runs(const struct evidence_record *r)
{
    char service[80];
    const char *state = service_state(r, service, sizeof service);
    return state[0] != '\0' ? strcmp(state, "/4") == 0 : !marks_service_stopped(r);
}

bool marks_says(const struct evidence_record *r, const char *words)
{
    char service[80];
    if (r->kind == EVIDENCE_PLUGIN || r->kind == EVIDENCE_SVCLOG)
        return text_says(r->text.text, words);
    if (r->kind != EVIDENCE_EVENTS)
        return false;
    service_of(&r->event, service, sizeof service);
    if (text_says(r->event.message, words) || text_says(service, words))
        return true;
    for (size_t i = 0; i < r->event.data_count; i++) {
        if (text_says(r->event.data[i].value, words))
            return true;
    }
    return false;
}

const char *marks_data(const struct evidence_event *e, const char *name)
{
    for (size_t i = 0; i < e->data_count; i++) {
        if (strcasecmp(e->data[i].name, name) == 0)
            return e->data[i].value;
    }
    return "";
}

/* ---- codes ---- */

/* As a number of its own: not as part of a longer one. */
static bool has_number(const char *text, const char *number)
{
    size_t len = strlen(number);
    for (const char *at = text; (at = strcasestr(at, number)) != NULL; at++) {
        bool begins = at == text || isalnum((unsigned char)at[-1]) == 0;
        if (begins && isalnum((unsigned char)at[len]) == 0)
            return true;
    }
    return false;
}

static bool text_has_code(const char *text, uint32_t code)
{
    char forms[3][24];
    snprintf(forms[0], sizeof forms[0], "0x%x", (unsigned)code);
    snprintf(forms[1], sizeof forms[1], "%d", (int)(int32_t)code);
    snprintf(forms[2], sizeof forms[2], "%%%%%u", (unsigned)code);
    return has_number(text, forms[0]) || (code > 999 && has_number(text, forms[1])) ||
           strstr(text, forms[2]) != NULL;
}

static bool binary_has_code(const char *binary, uint32_t code)
{
    char bytes[9];
    snprintf(bytes, sizeof bytes, "%02x%02x%02x%02x", (unsigned)(code & 255), (unsigned)(code >> 8 & 255),
             (unsigned)(code >> 16 & 255), (unsigned)(code >> 24));
    return strcasestr(binary, bytes) != NULL;
}

static bool fields_have(const struct evidence_event *e, uint32_t code)
{
    if (text_has_code(e->message, code) || codes_of_text(e->message) == code)
        return true;
    for (size_t i = 0; i < e->data_count; i++) {
        const char *value = e->data[i].value;
        if (text_has_code(value, code) || codes_of_text(value) == code)
            return true;
    }
    return e->binary != NULL && binary_has_code(e->binary, code);
}

bool marks_has_code(const struct evidence_record *r, uint32_t code)
{
    if (r->kind == EVIDENCE_EVENTS)
        return fields_have(&r->event, code);
    return (r->kind == EVIDENCE_PLUGIN || r->kind == EVIDENCE_SVCLOG) && text_has_code(r->text.text, code);
}

/* The first failing HRESULT in a text; E_FAIL is a wrapper and counts for nothing here. */
static uint32_t code_in(const char *text)
{
    for (const char *at = text; (at = strcasestr(at, "0x8")) != NULL; at += 2) {
        char *end = NULL;
        unsigned long value = strtoul(at + 2, &end, 16);
        if (end - at == 10 && value != 0x80004005UL && value <= UINT32_MAX)
            return (uint32_t)value;
    }
    return 0;
}

uint32_t marks_code(const struct evidence_record *r)
{
    if (r->kind != EVIDENCE_EVENTS)
        return 0;
    const struct evidence_event *e = &r->event;
    for (size_t i = 0; i <= e->data_count; i++) {
        const char *text = i < e->data_count ? e->data[i].value : e->message;
        uint32_t code = code_in(text);
        if (code == 0)
            code = codes_of_text(text);
        if (code != 0)
            return code;
    }
    return marks_has_code(r, 0x80004005) ? 0x80004005 : 0;
}

/* ---- what a line asks for ---- */

static bool stem_is(const struct evidence_iis *line, const char *part)
{
    return span_has(line->stem, part, strlen(part));
}

static unsigned ask_of_query(const struct evidence_iis *line)
{
    bool post = span_equal_text(line->method, "POST");
    if (span_has(line->query, "operation=getcacaps", 19))
        return ASK_CAPS;
    if (span_has(line->query, "operation=getcacert", 19))
        return ASK_CERT;
    if (span_has(line->query, "operation=pkioperation", 22) || span_equal_text(line->query, "...")) {
        if (post)
            return ASK_POST;
        return line->query.len > 2048 || line->query.len == 3 ? ASK_GET | ASK_LONG : ASK_GET;
    }
    return post && line->query.len == 0 ? ASK_POST : 0;
}

unsigned marks_asks(const struct evidence_iis *line, const char *own_stem)
{
    if (stem_is(line, "/certificateregistrationsvc"))
        return stem_is(line, "notify") ? ASK_NOTIFY : ASK_VERIFY;
    if (stem_is(line, "/mscep_admin"))
        return ASK_OTP;
    bool ours = stem_is(line, "/mscep/mscep.dll") ||
                (own_stem[0] != '\0' && line->stem.len == strlen(own_stem) && stem_is(line, own_stem));
    unsigned asked = ask_of_query(line);
    if (ours)
        return asked != 0 ? asked : line->query.len == 0 ? ASK_BARE : ASK_FOLDER;
    if (stem_is(line, "/certsrv/") && asked != 0 && line->query.len > 0)
        return ASK_ASTRAY;
    return stem_is(line, "/certsrv/mscep") ? ASK_FOLDER : ASK_SITE;
}

/* ---- matching ---- */

static bool iis_matches(const struct mark *m, const struct evidence_iis *line, unsigned asks)
{
    if (m->asks != 0 && (m->asks & asks) == 0)
        return false;
    if (m->status != 0 && m->status != line->status)
        return false;
    if (m->sub == SUB_ABSENT ? line->substatus != -1 : m->sub != 0 && m->sub != SUB(line->substatus))
        return false;
    return m->win32 == 0 || m->win32 == SUB(line->win32);
}

/* HTTP.sys names the queue, which is the pool's, or only the URL. */
static bool httperr_ours(const struct evidence_httperr *h)
{
    return span_says(h->queue, "SCEP|NDES") || span_says(h->uri, "/certsrv/mscep");
}

static bool httperr_matches(const struct mark *m, const struct evidence_httperr *h)
{
    bool unnamed = h->uri.len == 0 && h->queue.len == 0; /* HTTP.sys gave up before it knew */
    if (m->asks == ASK_SITE ? !httperr_ours(h) && !unnamed : !httperr_ours(h))
        return false;
    if (m->status != 0 && m->status != h->status)
        return false;
    return m->reason == NULL || span_equal_text(h->reason, m->reason);
}

/* Part of the provider's or the channel's name; "=NDES" is the whole of it. */
static bool provider_is(const struct evidence_event *e, const char *names)
{
    for (const char *at = names; *at != '\0';) {
        size_t len = strcspn(at, "|");
        if (*at == '=' && strlen(e->provider) == len - 1 && strncasecmp(e->provider, at + 1, len - 1) == 0)
            return true;
        if (*at != '=' &&
            (span_has(span_of_text(e->provider), at, len) || span_has(span_of_text(e->channel), at, len)))
            return true;
        at += len;
        at += *at == '|';
    }
    return false;
}

static bool event_matches(const struct mark *m, const struct evidence_record *r)
{
    const struct evidence_event *e = &r->event;
    if (m->event != 0 && e->id != m->event && (m->or_event == 0 || e->id != m->or_event))
        return false;
    return m->provider == NULL || provider_is(e, m->provider);
}

bool marks_match(const struct mark *m, const struct evidence_record *r, unsigned asks)
{
    if (m->kind != r->kind)
        return false;
    if (m->kind == EVIDENCE_IIS && !iis_matches(m, &r->iis, asks))
        return false;
    if (m->kind == EVIDENCE_HTTPERR && !httperr_matches(m, &r->httperr))
        return false;
    if (m->kind == EVIDENCE_EVENTS && !event_matches(m, r))
        return false;
    if (m->kind == EVIDENCE_STATE && (m->table == NULL || strcasecmp(m->table, r->state.table) != 0))
        return false;
    if (m->code != 0 && !marks_has_code(r, m->code))
        return false;
    if (m->words != NULL && !marks_says(r, m->words))
        return false;
    return m->when == NULL || m->when(r);
}
