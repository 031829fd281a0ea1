// room: logon
/* One connection's Authorization headers, a line each; an empty line sends none. NTLM messages are also taken as bytes. */
#include "logon/logon.h"
#include "../support/fake_acceptor.h"
#include "logon/ntlm.h"

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_message(struct span message)
{
    char who[64];
    struct span found = {0};
    struct buf mended;
    buf_init(&mended, BYTES_MAX_MESSAGE);
    if (logon_ntlm_find(message, &found) != LOGON_NTLM_NONE &&
        (found.len > message.len || found.data < message.data))
        abort();
    if (logon_ntlm_who(message, who, sizeof who) && (who[0] == '\0' || strlen(who) >= sizeof who))
        abort();
    if (!logon_ntlm_mend(message, &mended) || mended.len < message.len)
        abort();
    buf_clear(&mended);
}

static void send_header(struct logon *logon, const char *header, void **session)
{
    const struct ndes_request request = {.method = "GET", .authorization = header, .session = session};
    const struct ndes_effects effects = {0};
    struct ndes_reply reply;
    ndes_reply_init(&reply);
    enum logon_verdict verdict = logon_check(logon, &request, &effects, &reply);
    if (verdict == LOGON_REFUSED && (reply.authenticate[0] == '\0' || reply.substatus == 0))
        abort();
    if (memchr(reply.authenticate, 0, sizeof reply.authenticate) == NULL || fake_open < 0 || fake_open > 1)
        abort();
}

static void send_lines(struct logon *logon, char *text)
{
    void *session = NULL;
    for (int i = 0; text != NULL && i < LINES_MAX; i++) {
        char *next = strchr(text, '\n');
        if (next != NULL)
            *next++ = '\0';
        send_header(logon, text[0] != '\0' ? text : NULL, &session);
        text = next;
    }
    logon_forget(logon, session);
    if (fake_open != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct logon_account account = {.name = "CONTOSO\\mdm"};
    struct logon_accounts *accounts = NULL;
    struct logon *logon = NULL;
    struct err e = {0};
    read_message(span_of(data, size));
    if (!logon_accounts_new(&account, 1, 3, &accounts, &e))
        return 0;
    const struct logon_config config = {.schemes =
                                            NDES_SCHEME_NEGOTIATE | NDES_SCHEME_NTLM | NDES_SCHEME_BASIC,
                                        .accounts = accounts,
                                        .acceptor = &fake_acceptor};
    char *text = strndup((const char *)data, size);
    if (text != NULL && logon_new(&config, &logon, &e))
        send_lines(logon, text);
    logon_free(logon);
    logon_accounts_free(accounts);
    free(text);
    return 0;
}
