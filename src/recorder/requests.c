/* The CA's request table (only waiting requests are ever issued later), as a collector finds it: requests that were refused (31), failed (30) or wait (9). */
#include "recorder/recording.h"

#include <stdio.h>

static const char *message_of(int disposition)
{
    return disposition == NDES_CA_PENDING  ? "Taken Under Submission"
           : disposition == NDES_CA_FAILED ? "Error Verifying Request Signature or Signing Certificate"
                                           : "Denied by Policy Module";
}

void recorder_request(const struct recorder_scene *scene)
{
    const struct ndes_ca_row *row = &scene->reply->ca_row;
    char number[16], when[32], account[256], code[16], disposition[8];
    if (row->number == 0)
        return;
    snprintf(number, sizeof number, "%u", (unsigned)row->number);
    snprintf(disposition, sizeof disposition, "%d", row->disposition);
    snprintf(code, sizeof code, "0x%08x", (unsigned)row->code);
    recorder_fill(scene, "{time}", when, sizeof when);
    recorder_fill(scene, "{account}", account, sizeof account);
    const struct {
        const char *column, *value;
    } cells[] = {
        {"SubmittedAt", when},        {"Requester", account},
        {"Template", "NDESDevice"},   {"StatusCode", row->code != 0 ? code : "0x0"},
        {"Disposition", disposition}, {"Message", message_of(row->disposition)},
    };
    struct traces *t = scene->recorder->nodes[scene->node];
    if (row->disposition == NDES_CA_ISSUED) {
        traces_state(t, "requests", number, "RequestId", "");
        return;
    }
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        traces_state(t, "requests", number, cells[i].column, cells[i].value);
}
