/* The rows that faults have about their traces, carried out (faults/kinds.h). */
#include "recorder/recording.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_US INT64_C(86400000000)

/* "2026-05-09T21:30:11Z", as the tables have it. */
static void put_time(int64_t us, char *out, size_t bytes)
{
    text_utc(us, out, bytes);
    char *point = strchr(out, '.');
    if (point != NULL)
        memcpy(point, "Z", 2);
}

static void put_key(const struct fault_setting *setting, char *out, size_t bytes)
{
    const struct fault_key *key = &setting->kind->keys[0];
    int64_t value = setting->value[0];
    if (key->name == NULL)
        return;
    switch (key->kind) {
    case FAULT_KEY_CHOICE:
        snprintf(out, bytes, "%s", key->choices[value]);
        break;
    case FAULT_KEY_CODE:
        snprintf(out, bytes, "0x%08" PRIx32, (uint32_t)value);
        break;
    case FAULT_KEY_NUMBER:
        snprintf(out, bytes, "%" PRId64, value);
        break;
    case FAULT_KEY_DURATION:
        snprintf(out, bytes, "%" PRId64, value / 60000000);
        break;
    }
}

/* "time", "time-3d", "time+30d", "time+key". False: something else. */
static bool fill_time(const struct recorder_scene *s, const char *word, char *out, size_t bytes)
{
    if (strncmp(word, "time", 4) != 0)
        return false;
    int64_t at = s->now_us;
    const char *rest = word + 4;
    if (strcmp(rest, "+key") == 0)
        at += s->setting != NULL ? s->setting->value[0] : 0;
    else if (rest[0] == '+' || rest[0] == '-')
        at += strtol(rest, NULL, 10) * DAY_US;
    put_time(at, out, bytes);
    return true;
}

static const char *or_dash(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

/* A device's name in Intune, made of its transaction so that all its events agree. */
static void put_device(const char *transaction, char *out, size_t bytes)
{
    uint64_t a = UINT64_C(0xcbf29ce484222325), b = UINT64_C(0x9e3779b97f4a7c15);
    for (const char *c = transaction; *c != '\0'; c++) {
        a = (a ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
        b = (b + (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    snprintf(out, bytes, "%08x-%04x-4%03x-a%03x-%012" PRIx64, (unsigned)(a >> 32), (unsigned)(a & 0xffff),
             (unsigned)(a >> 16 & 0xfff), (unsigned)(b & 0xfff), b >> 16);
}

/* False: no such word. */
static bool fill_word(const struct recorder_scene *s, const char *word, char *out, size_t bytes)
{
    const struct recorder *r = s->recorder;
    char node[16], fqdn[64];
    snprintf(node, sizeof node, "NDES%02u", s->node < RECORDER_NODES ? s->node + 1 : 1);
    snprintf(fqdn, sizeof fqdn, "%s.contoso.example", node);
    const struct {
        const char *word, *value;
    } words[] = {
        {"account", "CONTOSO\\svc-ndes"},
        {"user", "svc-ndes"},
        {"pool", "SCEP"},
        {"node", node},
        {"fqdn", fqdn},
        {"domain", "contoso.example"},
        {"netbios", "CONTOSO"},
        {"ca", r->ca_name},
        {"ca-node", "CA01"},
        {"ca-fqdn", "CA01.contoso.example"},
        {"address", r->address},
        {"pid", "6732"},
        {"otp-user", r->otp_user},
        {"subject", s->reply != NULL ? or_dash(s->reply->subject) : "-"},
        {"transaction", s->reply != NULL ? or_dash(s->reply->transaction) : "-"},
        {"client", s->request != NULL ? or_dash(s->request->client) : "-"},
        {"ra-sign", r->certs.sign},
        {"ra-encrypt", r->certs.encrypt},
        {"ca-cert", r->certs.ca},
        {"tls-cert", r->certs.web},
        {"module-cert", r->certs.module},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) == 0) {
            snprintf(out, bytes, "%s", words[i].value);
            return true;
        }
    }
    if (strcmp(word, "key") == 0 && s->setting != NULL) {
        put_key(s->setting, out, bytes);
        return true;
    }
    if (strcmp(word, "device") == 0) {
        put_device(s->reply != NULL ? s->reply->transaction : "", out, bytes);
        return true;
    }
    return fill_time(s, word, out, bytes);
}

void recorder_fill(const struct recorder_scene *scene, const char *text, char *out, size_t bytes)
{
    size_t used = 0;
    while (*text != '\0' && used + 1 < bytes) {
        char word[24] = "", value[RECORDER_TEXT] = "";
        const char *end = text[0] == '{' ? strchr(text, '}') : NULL;
        size_t len = end != NULL ? (size_t)(end - text) - 1 : sizeof word;
        if (len < sizeof word) {
            memcpy(word, text + 1, len);
            word[len] = '\0';
        }
        if (word[0] != '\0' && fill_word(scene, word, value, sizeof value)) {
            int put = snprintf(out + used, bytes - used, "%s", value);
            used = put > 0 && (size_t)put < bytes - used ? used + (size_t)put : bytes - 1;
            text = end + 1;
            continue;
        }
        out[used++] = *text++;
    }
    out[used] = '\0';
}

/* Each node that a scene is about. */
static bool is_about(const struct recorder_scene *s, size_t node)
{
    return s->node >= s->recorder->node_count || s->node == node;
}

void recorder_event(const struct recorder_scene *scene, const char *kind, const char *const *values)
{
    char filled[6][RECORDER_TEXT];
    for (size_t n = 0; n < scene->recorder->node_count; n++) {
        const char *pointers[7] = {NULL};
        struct recorder_scene here = *scene;
        if (!is_about(scene, n))
            continue;
        here.node = (unsigned)n;
        for (size_t i = 0; i < 6 && values != NULL && values[i] != NULL; i++) {
            recorder_fill(&here, values[i], filled[i], sizeof filled[i]);
            pointers[i] = filled[i];
        }
        traces_event(scene->recorder->nodes[n], scene->now_us, kind, pointers);
    }
}

bool recorder_row_applies(const struct fault_setting *setting, const struct fault_trace *row)
{
    return (row->choice == 0 || setting->value[0] == row->choice - 1) &&
           (row->choice2 == 0 || setting->value[1] == row->choice2 - 1);
}

static void save(struct recorder *r, size_t fault, const struct fault_trace *row, const char *table,
                 const char *key, const char *column)
{
    for (size_t i = 0; i < r->saved_count; i++) {
        const struct recorder_saved *s = &r->saved[i];
        if (s->fault == fault && s->row == row && strcmp(s->key, key) == 0)
            return;
    }
    if (r->saved_count == RECORDER_SAVED)
        return;
    struct buf before;
    buf_init(&before, RECORDER_TEXT * 8);
    struct recorder_saved *saved = &r->saved[r->saved_count];
    *saved = (struct recorder_saved){.fault = fault, .row = row};
    snprintf(saved->key, sizeof saved->key, "%s", key);
    if (traces_state_get(r->nodes[0], table, key, column, &before))
        saved->before = strdup(before.len > 0 && buf_text(&before) != NULL ? buf_text(&before) : "");
    r->saved_count += saved->before != NULL;
    buf_clear(&before);
}

/* "apppools.State" */
static const char *split(const char *what, char *table, size_t bytes)
{
    size_t len = strcspn(what, ".");
    snprintf(table, bytes, "%.*s", (int)len, what);
    return what[len] == '.' ? what + len + 1 : "";
}

/* A CA is known by its configuration string. */
static void find_key(const struct recorder_scene *s, const char *table, char *key, size_t bytes)
{
    if (strcmp(table, "ca") == 0 && strchr(key, '\\') == NULL)
        snprintf(key, bytes, "CA01.contoso.example\\%s", s->recorder->ca_name);
}

static void set_cell(const struct recorder_scene *s, size_t fault, const struct fault_trace *row)
{
    char table[32], key[RECORDER_TEXT], value[RECORDER_TEXT] = "";
    const char *column = split(row->what, table, sizeof table);
    recorder_fill(s, row->values[0] != NULL ? row->values[0] : "", key, sizeof key);
    find_key(s, table, key, sizeof key);
    if (row->values[1] != NULL)
        recorder_fill(s, row->values[1], value, sizeof value);
    if (row->when != FAULT_TRACE_REQUEST && row->when != FAULT_TRACE_END)
        save(s->recorder, fault, row, table, key, column);
    for (size_t n = 0; n < s->recorder->node_count; n++) {
        if (is_about(s, n))
            traces_state(s->recorder->nodes[n], table, key, column, value);
    }
}

void recorder_restore(struct recorder *r, size_t fault)
{
    size_t kept = 0;
    for (size_t i = r->saved_count; i-- > 0;) { /* the latest first */
        struct recorder_saved *s = &r->saved[i];
        if (s->fault != fault)
            continue;
        char table[32];
        const char *column = split(s->row->what, table, sizeof table);
        for (size_t n = 0; n < r->node_count; n++)
            traces_state(r->nodes[n], table, s->key, column, s->before);
        free(s->before);
        s->before = NULL;
    }
    for (size_t i = 0; i < r->saved_count; i++) {
        if (r->saved[i].before != NULL)
            r->saved[kept++] = r->saved[i];
    }
    r->saved_count = kept;
}

/* "500 0 0": a line of the registration point that stands for itself, without a request. */
static void put_text(const struct recorder_scene *s, const struct fault_trace *row)
{
    char text[RECORDER_TEXT * 2];
    recorder_fill(s, row->what, text, sizeof text);
    for (size_t n = 0; n < s->recorder->node_count; n++) {
        if (!is_about(s, n))
            continue;
        if (row->kind == FAULT_TRACE_PLUGIN)
            traces_plugin(s->recorder->nodes[n], s->now_us, text);
        else
            traces_svclog(s->recorder->nodes[n], s->now_us, text);
    }
}

void recorder_row(const struct recorder_scene *scene, size_t fault, const struct fault_trace *row)
{
    char connector[32];
    switch (row->kind) {
    case FAULT_TRACE_EVENT:
        recorder_event(scene, row->what, row->values);
        return;
    case FAULT_TRACE_PLUGIN:
    case FAULT_TRACE_SVCLOG:
        if (row->what[0] != '\0')
            put_text(scene, row);
        return;
    case FAULT_TRACE_CONNECTOR:
        snprintf(connector, sizeof connector, "%s%s", strchr(row->what, ' ') != NULL ? "" : "Connector ",
                 row->what);
        if (row->what[0] != '\0')
            recorder_event(scene, connector, row->values);
        return;
    case FAULT_TRACE_STATE:
        set_cell(scene, fault, row);
        return;
    case FAULT_TRACE_CRP: /* belongs to a request (recorder_intune) */
        return;
    }
}

bool recorder_needs_module(const struct fault_kind *kind)
{
    for (const struct fault_trace *row = kind->traces; row != NULL && row->what != NULL; row++) {
        bool own = row->kind != FAULT_TRACE_EVENT && row->kind != FAULT_TRACE_STATE && row->what[0] != '\0';
        if (own || strncmp(row->what, "Connector ", 10) == 0 || strncmp(row->what, "NDESConnector ", 14) == 0)
            return true;
    }
    return false;
}

void recorder_rows(const struct recorder_scene *scene, size_t fault, unsigned whens)
{
    const struct fault_trace *row = scene->setting->kind->traces;
    for (; row != NULL && row->what != NULL; row++) {
        if ((whens & 1u << row->when) != 0 && recorder_row_applies(scene->setting, row))
            recorder_row(scene, fault, row);
    }
}

void recorder_every(const struct recorder_scene *scene, size_t fault)
{
    const struct fault_trace *row = scene->setting->kind->traces;
    for (size_t i = 0; row != NULL && row->what != NULL && i < RECORDER_EVERY; row++, i++) {
        int64_t *last_us = &scene->recorder->every_us[fault][i];
        bool due = *last_us == 0 || scene->now_us - *last_us >= (int64_t)row->period_s * 1000000;
        if (row->when != FAULT_TRACE_EVERY || !due || !recorder_row_applies(scene->setting, row))
            continue;
        *last_us = scene->now_us;
        recorder_row(scene, fault, row);
    }
}

const struct fault_trace *recorder_next(const struct recorder_scene *scene, enum ndes_operation op,
                                        struct recorder_rows_at *at, const struct fault_setting **setting)
{
    const struct faults *faults = scene->recorder->config.faults;
    for (; at->fault < faults_count(faults); at->fault++, at->row = 0) {
        int64_t from_us, for_us;
        *setting = faults_at(faults, at->fault, &from_us, &for_us);
        const struct fault_trace *rows = (*setting)->kind->traces;
        if ((scene->reply->bitten & UINT32_C(1) << at->fault) == 0 || rows == NULL)
            continue;
        while (rows[at->row].what != NULL) {
            const struct fault_trace *row = &rows[at->row++];
            bool right_op = row->op == NDES_OP_COUNT || row->op == op;
            if (row->when == FAULT_TRACE_REQUEST && right_op && recorder_row_applies(*setting, row))
                return row;
        }
    }
    return NULL;
}
