/* Behind an MDM that is a SCEP proxy, NDES sees the MDM alone: it fetches a password for each message and sends the message on
 * (ndes.md E.5). What devices ask the MDM for is not in NDES's logs. The sequence is that of other MDMs; for Jamf it is
 * inferred. */
#include "recorder/recording.h"

#define MDM       "10.20.4.60"
#define MDM_AGENT "Apache-HttpClient/4.5.14 (Java/17.0.9)"

#define OTP_PAGE "/certsrv/mscep_admin/"
#define SCEP     "/certsrv/mscep/mscep.dll"

#define NO_CREDENTIALS UINT32_C(0x8009030e)

static void line(const struct recorder_scene *s, struct traces_iis form)
{
    form.client = MDM;
    form.agent = MDM_AGENT;
    form.when_us = s->now_us + form.taken_us;
    recorder_iis(s->recorder, s->node, &form, s->now_us);
}

/* One leg of the way to a password. */
static void leg(const struct recorder_scene *s, const char *user, int status, unsigned substatus,
                uint32_t win32)
{
    const struct traces_iis form = {.method = "GET",
                                    .stem = OTP_PAGE,
                                    .user = user,
                                    .status = status,
                                    .substatus = substatus,
                                    .win32 = win32};
    line(s, form);
}

static void message(const struct recorder_scene *s)
{
    const struct traces_iis form = {.method = "POST",
                                    .stem = SCEP,
                                    .query = "operation=PKIOperation",
                                    .status = 200,
                                    .taken_us = s->taken_us};
    line(s, form);
}

static void refused_by_kernel(const struct recorder_scene *s, const struct ndes_effects *effects)
{
    const struct traces_httperr form = {
        .when_us = s->now_us,
        .client = MDM,
        .client_port = 49152 + (unsigned)(s->now_us % 16000),
        .version = "HTTP/1.1",
        .method = "GET",
        .uri = OTP_PAGE,
        .status = 503,
        .reason = effects->httperr != NULL ? effects->httperr : "AppOffline",
        .queue = "SCEP",
    };
    traces_httperr(s->recorder->nodes[s->node], &form);
}

/* Three requests for a password by NTLM, with what the last one gets. */
static void fetch(const struct recorder_scene *s, const struct ndes_effects *effects)
{
    leg(s, NULL, 401, 2, 5);
    leg(s, NULL, 401, 1, NO_CREDENTIALS);
    bool broken = effects->extension != NDES_ERROR_NONE || effects->at[NDES_OP_OTP] != NDES_ERROR_NONE;
    if (effects->logon_status != 0)
        leg(s, NULL, 401, 1, effects->logon_status);
    else if (broken)
        leg(s, s->recorder->otp_user, 500, effects->substatus, effects->win32);
    else
        leg(s, s->recorder->otp_user, 200, 0, 0);
}

bool recorder_proxy(const struct recorder_scene *s)
{
    const struct ndes_reply *reply = s->reply;
    struct ndes_effects effects = {0};
    bool answered = reply->status == 200;
    bool passed_on = reply->asked_ca || reply->notes[0].event != NULL;
    if (answered && !passed_on)
        return false; /* the MDM's own affair */
    faults_holding(s->recorder->config.faults, s->now_us, &effects);
    if (!answered && effects.transport.network != NDES_NETWORK_OPEN)
        return false;
    if (!answered && effects.kernel != NDES_ERROR_NONE) {
        refused_by_kernel(s, &effects);
        return true;
    }
    fetch(s, &effects);
    if (answered)
        message(s);
    return true;
}
