#include "traces/internal.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const export_names[TRACES_EXPORT_COUNT] = {
    [TRACES_APPLICATION] = "application.xml",
    [TRACES_SYSTEM] = "system.xml",
    [TRACES_SECURITY] = "security.xml",
    [TRACES_CONNECTOR] = "connector.xml",
    [TRACES_CAPI2] = "capi2.xml",
    [TRACES_CA] = "ca.xml",
    [TRACES_DEVICE] = "device.xml",
};

/* A server that has run for a while has had events before. */
static const uint64_t first_records[TRACES_EXPORT_COUNT] = {
    [TRACES_APPLICATION] = 61020, [TRACES_SYSTEM] = 101090, [TRACES_SECURITY] = 1810170,
    [TRACES_CONNECTOR] = 128170,  [TRACES_CAPI2] = 30410,   [TRACES_CA] = 157480,
    [TRACES_DEVICE] = 4100,
};

/* The first failure is told, and kept for whoever closes. */
static void note_failure(const struct err *e, void *user)
{
    struct traces *t = user;
    pthread_mutex_lock(&t->failure_lock);
    bool first = !err_is_set(&t->failure);
    if (first)
        t->failure = *e;
    pthread_mutex_unlock(&t->failure_lock);
    if (first && t->on_failure != NULL)
        t->on_failure(e, t->user);
}

static bool failure_of(struct traces *t, struct err *e)
{
    pthread_mutex_lock(&t->failure_lock);
    bool failed = err_is_set(&t->failure);
    if (failed && e != NULL && !err_is_set(e))
        *e = t->failure;
    pthread_mutex_unlock(&t->failure_lock);
    return failed;
}

static bool copy(char *out, size_t bytes, const char *text, struct err *e)
{
    int len = snprintf(out, bytes, "%s", text);
    return (len >= 0 && (size_t)len < bytes) ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "'%.60s' is longer than %zu characters", text, bytes - 1);
}

/* "contoso.example" -> "CONTOSO", unless the account says. */
static void make_netbios(struct traces_facts *f)
{
    const char *slash = strchr(f->account, '\\');
    const char *from = slash != NULL ? f->account : f->domain;
    size_t len = slash != NULL ? (size_t)(slash - f->account) : strcspn(f->domain, ".");
    len = len < sizeof f->netbios ? len : sizeof f->netbios - 1;
    for (size_t i = 0; i < len; i++)
        f->netbios[i] = from[i] >= 'a' && from[i] <= 'z' ? (char)(from[i] - 'a' + 'A') : from[i];
    f->netbios[len] = '\0';
}

static bool take_config(struct traces *t, const struct traces_config *c, struct err *e)
{
    struct traces_facts *f = &t->facts;
    char beside[TRACES_PATH_BYTES + 8];
    snprintf(beside, sizeof beside, "%s/state", c->folder);
    if (!copy(t->folder, sizeof t->folder, c->folder, e) ||
        !copy(t->state_folder, sizeof t->state_folder, c->state != NULL ? c->state : beside, e) ||
        !copy(f->node, sizeof f->node, c->node, e) || !copy(f->domain, sizeof f->domain, c->domain, e) ||
        !copy(f->ca_node, sizeof f->ca_node, c->ca_node, e) ||
        !copy(f->ca, sizeof f->ca, c->ca_name != NULL ? c->ca_name : "Contoso Issuing CA", e) ||
        !copy(f->account, sizeof f->account, c->account, e) ||
        !copy(f->address, sizeof f->address, c->address, e))
        return false;
    make_netbios(f);
    t->port = c->port;
    t->tls = c->tls;
    t->connector = c->connector;
    t->on_failure = c->failed;
    t->user = c->user;
    return true;
}

/* A second run's lines in the first one's files would be worth nothing. */
static bool make_empty_folder(const char *path, struct err *e)
{
    if (!file_make_folder(path, e))
        return false;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return err_set_errno(e, REASON_IO, errno, "cannot read the folder %.120s", path);
    bool empty = true;
    for (const struct dirent *d; empty && (d = readdir(folder)) != NULL;)
        empty = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
    closedir(folder);
    return empty ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "the folder %.120s is not empty; name a new one", path);
}

static void init_writers(struct traces *t)
{
    traces_writer_init(&t->iis, "", note_failure, t);
    traces_writer_init(&t->httperr, "", note_failure, t);
    traces_writer_init(&t->plugin, "", note_failure, t);
    traces_writer_init(&t->svclog, "", note_failure, t);
    for (size_t i = 0; i < TRACES_EXPORT_COUNT; i++) {
        traces_writer_init(&t->exports[i], "</Events>\r\n", note_failure, t);
        t->records[i] = first_records[i];
    }
}

bool traces_open_export(struct traces *t, enum traces_export export, struct err *e)
{
    return traces_writer_open(&t->exports[export], t->folder, export_names[export], "<Events>", e);
}

static bool open_files(struct traces *t, struct err *e)
{
    for (size_t i = 0; i < TRACES_EXPORT_COUNT; i++) {
        if (i != TRACES_DEVICE && !traces_open_export(t, (enum traces_export)i, e))
            return false;
    }
    return !t->connector ||
           (traces_writer_open(&t->plugin, t->folder, "NDESPlugin.log", "", e) &&
            traces_writer_open(&t->svclog, t->folder, "CertificateRegistrationPoint_1.svclog", "", e));
}

bool traces_open(const struct traces_config *config, struct traces **out, struct err *e)
{
    struct traces *t = calloc(1, sizeof *t);
    if (t == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the simulated server's logs");
    pthread_mutex_init(&t->failure_lock, NULL);
    init_writers(t);
    if (!take_config(t, config, e) || !make_empty_folder(t->folder, e) ||
        !make_empty_folder(t->state_folder, e) || !traces_state_new(t, &t->state, e) || !open_files(t, e) ||
        (config->now_us != 0 && !traces_open_web(t, config->now_us, e))) {
        t->on_failure = NULL;
        traces_close(t, NULL);
        return false;
    }
    *out = t;
    return true;
}

bool traces_flush(struct traces *t, struct err *e)
{
    traces_writer_flush(&t->iis);
    traces_writer_flush(&t->httperr);
    traces_writer_flush(&t->plugin);
    traces_writer_flush(&t->svclog);
    for (size_t i = 0; i < TRACES_EXPORT_COUNT; i++)
        traces_writer_flush(&t->exports[i]);
    struct err tables = {0};
    if (t->state != NULL && !traces_state_write(t, &tables))
        note_failure(&tables, t);
    return !failure_of(t, e);
}

bool traces_close(struct traces *t, struct err *e)
{
    if (t == NULL)
        return true;
    bool ok = traces_flush(t, e);
    traces_writer_clear(&t->iis);
    traces_writer_clear(&t->httperr);
    traces_writer_clear(&t->plugin);
    traces_writer_clear(&t->svclog);
    for (size_t i = 0; i < TRACES_EXPORT_COUNT; i++)
        traces_writer_clear(&t->exports[i]);
    ok = !failure_of(t, e) && ok;
    traces_state_free(t->state);
    pthread_mutex_destroy(&t->failure_lock);
    free(t);
    return ok;
}
