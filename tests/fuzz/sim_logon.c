// room: sim
/* One connection's Authorization headers, a line each; an empty line sends none. NTLM messages are also taken as bytes. */
#include "../support/fake_acceptor.h"
#include "sim/logon.h"
#include "sim/ntlm.h"

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_message(struct span message)
{
    char who[64];
    struct span found = {0};
    struct buf mended;
    buf_init(&mended, BYTES_MAX_MESSAGE);
    if (sim_ntlm_find(message, &found) != SIM_NTLM_NONE &&
        (found.len > message.len || found.data < message.data))
        abort();
    if (sim_ntlm_who(message, who, sizeof who) && (who[0] == '\0' || strlen(who) >= sizeof who))
        abort();
    if (!sim_ntlm_mend(message, &mended) || mended.len < message.len)
        abort();
    buf_clear(&mended);
}

static void send_header(struct sim_logon *logon, const char *header, void **session)
{
    const struct sim_request request = {.method = "GET", .authorization = header, .session = session};
    const struct sim_effects effects = {0};
    struct sim_reply reply;
    sim_reply_init(&reply);
    enum sim_logon_verdict verdict = sim_logon_check(logon, &request, &effects, &reply);
    if (verdict == SIM_LOGON_REFUSED && (reply.authenticate[0] == '\0' || reply.substatus == 0))
        abort();
    if (memchr(reply.authenticate, 0, sizeof reply.authenticate) == NULL || fake_open < 0 || fake_open > 1)
        abort();
}

static void send_lines(struct sim_logon *logon, char *text)
{
    void *session = NULL;
    for (int i = 0; text != NULL && i < LINES_MAX; i++) {
        char *next = strchr(text, '\n');
        if (next != NULL)
            *next++ = '\0';
        send_header(logon, text[0] != '\0' ? text : NULL, &session);
        text = next;
    }
    sim_logon_forget(logon, session);
    if (fake_open != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sim_account account = {.name = "CONTOSO\\mdm"};
    struct sim_accounts *accounts = NULL;
    struct sim_logon *logon = NULL;
    struct err e = {0};
    read_message(span_of(data, size));
    if (!sim_accounts_new(&account, 1, 3, &accounts, &e))
        return 0;
    const struct sim_logon_config config = {.schemes =
                                                SIM_SCHEME_NEGOTIATE | SIM_SCHEME_NTLM | SIM_SCHEME_BASIC,
                                            .accounts = accounts,
                                            .acceptor = &fake_acceptor};
    char *text = strndup((const char *)data, size);
    if (text != NULL && sim_logon_new(&config, &logon, &e))
        send_lines(logon, text);
    sim_logon_free(logon);
    sim_accounts_free(accounts);
    free(text);
    return 0;
}
