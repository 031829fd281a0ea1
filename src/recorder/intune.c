/* What Intune's policy module, registration point and connector write about one message (ndes.md E.4, G.3). A row of a fault
 * stands in the place of the healthy form of its kind. */
#include "recorder/recording.h"

#include <stdio.h>
#include <string.h>

#define CRP "/CertificateRegistrationSvc/Certificate/"

#define NOTIFY_US 2000 /* the module does not wait long for that */

enum { ROWS_MAX = 32 };

/* The rows for this message, each with the setting of its fault. */
struct rows {
    size_t count;
    const struct fault_trace *row[ROWS_MAX];
    const struct fault_setting *setting[ROWS_MAX];
};

static struct rows gather(const struct recorder_scene *scene)
{
    struct rows rows = {0};
    struct recorder_rows_at at = {0};
    const struct fault_setting *setting = NULL;
    const struct fault_trace *row;
    while (rows.count < ROWS_MAX &&
           (row = recorder_next(scene, NDES_OP_PKI_OPERATION, &at, &setting)) != NULL) {
        rows.row[rows.count] = row;
        rows.setting[rows.count++] = setting;
    }
    return rows;
}

/* Writes the rows of a kind. False: there are none, the healthy form is due. */
static bool replaced(const struct recorder_scene *scene, const struct rows *rows, enum fault_trace_kind kind)
{
    bool any = false;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i]->kind != kind)
            continue;
        struct recorder_scene scene_of = *scene;
        scene_of.setting = rows->setting[i];
        recorder_row(&scene_of, 0, rows->row[i]);
        any = true;
    }
    return any;
}

static void plugin(const struct recorder_scene *s, const char *const *lines)
{
    for (size_t i = 0; lines[i] != NULL; i++)
        traces_plugin(s->recorder->nodes[s->node], s->now_us, lines[i]);
}

static void plugin_verify(const struct recorder_scene *s, const struct rows *rows, bool verified)
{
    static const char *const right[] = {
        "Calling VerifyRequest ...", "Sending request to certificate registration point.",
        "Verify challenge returns true", "Exiting VerifyRequest with 0x0", NULL};
    static const char *const wrong[] = {
        "Calling VerifyRequest ...", "Sending request to certificate registration point.",
        "Verify challenge returns false", "Exiting VerifyRequest with 0x80004005", NULL};
    if (!replaced(s, rows, FAULT_TRACE_PLUGIN))
        plugin(s, verified ? right : wrong);
}

/* The second number of a refusal in the registration point's log is not documented: the phases that failed are. */
static void svclog_verify(const struct recorder_scene *s, const struct rows *rows, bool verified)
{
    static const char *const right[] = {
        "Validation Phase 1 finished with status True.", "Validation Phase 2 finished with status True.",
        "Validation Phase 3 finished with status True.", "VerifyRequest Finished with status True"};
    static const char *const wrong[] = {
        "Validation Phase 1 finished with status True.", "Validation Phase 2 finished with status False.",
        "Validation Phase 3 finished with status False.", "VerifyRequest Finished with status False"};
    if (replaced(s, rows, FAULT_TRACE_SVCLOG))
        return;
    for (size_t i = 0; i < 4; i++)
        traces_svclog(s->recorder->nodes[s->node], s->now_us, verified ? right[i] : wrong[i]);
}

static void crp_line(const struct recorder_scene *s, const char *what, int status, unsigned substatus,
                     uint32_t win32, int64_t taken_us)
{
    struct traces_iis line = {
        .when_us = s->now_us + taken_us,
        .method = "POST",
        .stem = what,
        .client = s->recorder->address,
        .agent = "NDES_Plugin",
        .port = 443,
        .status = status,
        .substatus = substatus,
        .win32 = win32,
        .taken_us = taken_us,
    };
    recorder_iis(s->recorder, s->node, &line, s->now_us);
}

static void crp_verify(const struct recorder_scene *s, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->row[i]->kind != FAULT_TRACE_CRP)
            continue;
        int status = 0;
        unsigned substatus = 0, win32 = 0;
        if (sscanf(rows->row[i]->what, "%d %u %u", &status, &substatus, &win32) == 3)
            crp_line(s, CRP "VerifyRequest", status, substatus, win32, s->taken_us / 2);
        return;
    }
    crp_line(s, CRP "VerifyRequest", 201, 0, 0, s->taken_us / 2);
}

static void connector(const struct recorder_scene *s, const char *kind, const char *reason)
{
    const char *values[] = {"{device}", "{transaction}", reason, NULL};
    recorder_event(s, kind, values);
}

/* What came after a verified request. Waiting for somebody's approval is the end for now. */
static void finish(const struct recorder_scene *s)
{
    static const char *const notify[] = {"Calling Notify ...", "Exiting Notify with 0x0", NULL};
    const struct ndes_reply *reply = s->reply;
    if (!reply->issued && reply->refused_for == NULL && reply->notes[0].event == NULL)
        return;
    if (reply->issued)
        connector(s, "Connector 4006", NULL);
    else
        connector(s, "Connector 4007", "The certification authority refused the request.");
    plugin(s, notify);
    crp_line(s, CRP "Notify", 204, 0, 0, NOTIFY_US);
    connector(s, "Connector 4008", NULL);
}

void recorder_intune(const struct recorder_scene *scene)
{
    const struct rows rows = gather(scene);
    bool verified = scene->reply->asked_ca;
    plugin_verify(scene, &rows, verified);
    svclog_verify(scene, &rows, verified);
    crp_verify(scene, &rows);
    bool silent = false;
    for (size_t i = 0; i < rows.count; i++)
        silent = silent || (rows.row[i]->kind == FAULT_TRACE_CONNECTOR && rows.row[i]->what[0] == '\0');
    if (!silent)
        connector(scene, "Connector 4003", NULL);
    const char *why = scene->reply->refused_for != NULL ? scene->reply->refused_for : "Unspecified error";
    if (!replaced(scene, &rows, FAULT_TRACE_CONNECTOR))
        connector(scene, verified ? "Connector 4004" : "Connector 4005", verified ? NULL : why);
    if (verified)
        finish(scene);
}
