#include "logon/logon.h"

#include "base/text.h"
#include "logon/ntlm.h"
#include "ndes/notes.h"
#include "ndes/url.h"

#include <stdatomic.h>
#include <strings.h>

#define TOKEN_MAX ((size_t)64 * 1024) /* decoded; a Kerberos ticket with many groups has 48 KiB */
#define LEGS_MAX  6                   /* SPNEGO around NTLM takes 3 */

#define BASIC_REALM "Basic realm=\"NDES\""

/* Win32 status of 401 (ndes.md E.1). */
#define ACCESS_DENIED  UINT32_C(5)
#define NO_CREDENTIALS UINT32_C(0x8009030e) /* the middle leg of NTLM, too */
#define LOGON_DENIED   UINT32_C(0x8009030c)
#define INVALID_TOKEN  UINT32_C(0x80090308)

struct logon {
    struct logon_config config;
    _Atomic unsigned restarts;
};

/* One connection. */
struct session {
    unsigned restarts; /* as of the logon's when it began */
    bool known;        /* somebody is logged on */
    bool no_enroll;
    char name[LOGON_ACCOUNT_BYTES]; /* who */
    void *context;                  /* an exchange that is half done */
    enum ndes_scheme scheme;
    unsigned legs;
};

static const struct scheme {
    enum ndes_scheme bit;
    const char *word, *announced;
} schemes[] = {
    {NDES_SCHEME_NEGOTIATE, "Negotiate", "Negotiate"},
    {NDES_SCHEME_NTLM, "NTLM", "NTLM"},
    {NDES_SCHEME_BASIC, "Basic", BASIC_REALM},
};
#define SCHEME_COUNT (sizeof schemes / sizeof *schemes)

bool logon_new(const struct logon_config *config, struct logon **out, struct err *e)
{
    struct logon *logon = calloc(1, sizeof *logon);
    if (logon == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the logons");
    logon->config = *config;
    atomic_init(&logon->restarts, 0);
    *out = logon;
    return true;
}

void logon_free(struct logon *logon)
{
    free(logon);
}

void logon_restart(struct logon *logon)
{
    atomic_fetch_add(&logon->restarts, 1);
}

static void drop_exchange(const struct logon *logon, struct session *session)
{
    if (session->context != NULL)
        logon->config.acceptor->drop(logon->config.acceptor->user, session->context);
    session->context = NULL;
    session->legs = 0;
}

static void start_over(struct logon *logon, struct session *session)
{
    drop_exchange(logon, session);
    *session = (struct session){.restarts = atomic_load(&logon->restarts)};
}

void logon_forget(struct logon *logon, void *session)
{
    if (session == NULL)
        return;
    drop_exchange(logon, session);
    free(session);
}

/* NULL: nothing can be kept for this connection. */
static struct session *session_of(struct logon *logon, const struct ndes_request *request)
{
    if (request->session == NULL)
        return NULL;
    struct session *session = *request->session;
    if (session == NULL) {
        *request->session = session = calloc(1, sizeof *session);
        if (session != NULL)
            start_over(logon, session);
    } else if (session->restarts != atomic_load(&logon->restarts)) {
        start_over(logon, session);
    }
    return session;
}

static void log_as(struct ndes_reply *reply, unsigned substatus, uint32_t win32)
{
    reply->substatus = substatus;
    reply->win32 = win32;
}

/* All schemes, one line each. */
static enum logon_verdict refuse(unsigned offered, unsigned substatus, uint32_t win32,
                                 struct ndes_reply *reply)
{
    size_t used = 0;
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if ((offered & schemes[i].bit) != 0)
            used += (size_t)snprintf(reply->authenticate + used, sizeof reply->authenticate - used, "%s%s",
                                     used > 0 ? "\n" : "", schemes[i].announced);
    }
    log_as(reply, substatus, win32);
    return LOGON_REFUSED;
}

/* After a whole logon: Windows audits it. `name` is who it was, as far as that is known. */
static enum logon_verdict refuse_as(const char *name, unsigned offered, uint32_t win32,
                                    struct ndes_reply *reply)
{
    ndes_note_logon(win32, name, reply);
    return refuse(offered, 1, win32, reply);
}

/* "Negotiate <token>"; nothing when there is no token. False: it does not fit. */
static bool hand_back(const struct scheme *scheme, struct span token, struct ndes_reply *reply)
{
    if (token.len == 0)
        return true;
    struct buf text;
    buf_init(&text, sizeof reply->authenticate);
    bool ok = buf_appendf(&text, "%s ", scheme->word) && text_base64(token, &text) &&
              text.len < sizeof reply->authenticate && buf_text(&text) != NULL;
    if (ok)
        memcpy(reply->authenticate, text.data, text.len + 1);
    buf_clear(&text);
    return ok;
}

/* Which scheme a header asks for, and its token as text. NULL: none that we know. */
static const struct scheme *read_header(const char *header, struct span *token)
{
    size_t word = strcspn(header, " ");
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (strlen(schemes[i].word) != word || strncasecmp(header, schemes[i].word, word) != 0)
            continue;
        const char *rest = header + word + strspn(header + word, " ");
        *token = span_of_text(rest);
        return &schemes[i];
    }
    return NULL;
}

static enum logon_verdict verdict_of(const struct logon *logon, size_t account)
{
    bool listed = account != LOGON_ACCOUNT_NOBODY;
    return listed && logon_accounts_at(logon->config.accounts, account)->no_enroll ? LOGON_NO_ENROLL
                                                                                   : LOGON_WELCOME;
}

static enum logon_verdict check_basic(struct logon *logon, const char *header, unsigned offered,
                                      const struct ndes_effects *effects, struct ndes_reply *reply)
{
    char name[LOGON_ACCOUNT_BYTES] = "";
    struct buf password;
    buf_init(&password, TOKEN_MAX);
    struct logon_accounts *accounts = logon->config.accounts;
    uint32_t status = NDES_LOGON_BAD_PASSWORD;
    size_t account = LOGON_ACCOUNT_NOBODY;
    if (ndes_url_basic(header, name, sizeof name, &password))
        account = logon_accounts_find(accounts, span_of_text(name));
    if (account != LOGON_ACCOUNT_NOBODY) {
        const struct secret *right = logon_accounts_at(accounts, account)->password;
        bool same = right != NULL && span_equal_secret(buf_span(&password), secret_value(right));
        status = logon_accounts_logon(accounts, account, same);
    }
    buf_wipe(&password);
    if (effects->logon_status != 0)
        status = effects->logon_status;
    if (status != 0)
        return refuse_as(name, offered, status, reply);
    snprintf(reply->user, sizeof reply->user, "%s", name);
    return verdict_of(logon, account);
}

/* The last message was wrong. NTLM names the account that the domain controller counts it against. */
static uint32_t blame(struct logon *logon, struct span token, char name[LOGON_ACCOUNT_BYTES])
{
    struct span message;
    if (logon_ntlm_find(token, &message) != LOGON_NTLM_AUTHENTICATE ||
        !logon_ntlm_who(message, name, LOGON_ACCOUNT_BYTES))
        return logon_ntlm_find(token, NULL) == LOGON_NTLM_NONE ? LOGON_DENIED : INVALID_TOKEN;
    size_t account = logon_accounts_find(logon->config.accounts, span_of_text(name));
    return logon_accounts_logon(logon->config.accounts, account, false);
}

/* Somebody has proven a name: an account of ours, or one of the realm's. */
static uint32_t admit(struct logon *logon, struct session *session, const struct logon_accepted *accepted)
{
    size_t account = logon_accounts_find(logon->config.accounts, span_of_text(accepted->name));
    bool right = account != LOGON_ACCOUNT_NOBODY || accepted->vouched;
    uint32_t status = logon_accounts_logon(logon->config.accounts, account, right);
    if (status == NDES_LOGON_OK) {
        session->known = true;
        session->no_enroll = verdict_of(logon, account) == LOGON_NO_ENROLL;
        snprintf(session->name, sizeof session->name, "%s", accepted->name);
    }
    return status;
}

struct leg {
    const struct scheme *scheme;
    struct span token;
    const struct ndes_effects *effects;
    unsigned offered;
};

static enum logon_verdict welcome(const struct session *session, struct ndes_reply *reply)
{
    snprintf(reply->user, sizeof reply->user, "%s", session->name);
    return session->no_enroll ? LOGON_NO_ENROLL : LOGON_WELCOME;
}

static enum logon_verdict take_leg(struct logon *logon, struct session *session, const struct leg *leg,
                                   struct logon_accepted *accepted, struct ndes_reply *reply)
{
    const struct logon_acceptor *acceptor = logon->config.acceptor;
    bool ticket =
        leg->scheme->bit == NDES_SCHEME_NEGOTIATE && logon_ntlm_find(leg->token, NULL) == LOGON_NTLM_NONE;
    enum logon_accept result = LOGON_ACCEPT_REFUSED;
    if (!(ticket && leg->effects->kerberos_broken) && ++session->legs <= LEGS_MAX)
        result = acceptor->step(acceptor->user, leg->scheme->bit, &session->context, leg->token, accepted);
    if (result == LOGON_ACCEPT_MORE && hand_back(leg->scheme, buf_span(&accepted->token), reply)) {
        log_as(reply, 1, NO_CREDENTIALS);
        return LOGON_CONTINUE;
    }
    drop_exchange(logon, session);
    uint32_t status = result == LOGON_ACCEPT_DONE ? admit(logon, session, accepted)
                                                  : blame(logon, leg->token, accepted->name);
    if (leg->effects->logon_status != 0)
        status = leg->effects->logon_status;
    if (status != NDES_LOGON_OK || !hand_back(leg->scheme, buf_span(&accepted->token), reply)) {
        session->known = false;
        return refuse_as(accepted->name, leg->offered, status != NDES_LOGON_OK ? status : LOGON_DENIED,
                         reply);
    }
    return welcome(session, reply);
}

/* A new exchange begins with another scheme, or with the first message of NTLM; whoever was logged on is not any more. */
static enum logon_verdict check_exchange(struct logon *logon, struct session *session, const struct leg *leg,
                                         struct ndes_reply *reply)
{
    if (logon->config.acceptor == NULL || session == NULL)
        return refuse(leg->offered, 1, LOGON_DENIED, reply);
    session->known = false;
    if (session->scheme != leg->scheme->bit || logon_ntlm_find(leg->token, NULL) == LOGON_NTLM_NEGOTIATE)
        drop_exchange(logon, session);
    session->scheme = leg->scheme->bit;
    struct logon_accepted accepted = {0};
    buf_init(&accepted.token, TOKEN_MAX);
    enum logon_verdict verdict = take_leg(logon, session, leg, &accepted, reply);
    buf_wipe(&accepted.token);
    return verdict;
}

static enum logon_verdict check_token(struct logon *logon, struct session *session, const struct leg *text,
                                      struct ndes_reply *reply)
{
    struct buf token;
    struct err ignored = {0};
    struct leg leg = *text;
    buf_init(&token, TOKEN_MAX);
    enum logon_verdict verdict;
    if (text_unbase64(text->token, &token, &ignored) && token.len > 0) {
        leg.token = buf_span(&token);
        verdict = check_exchange(logon, session, &leg, reply);
    } else {
        if (session != NULL)
            start_over(logon, session);
        verdict = refuse(leg.offered, 1, INVALID_TOKEN, reply);
    }
    buf_wipe(&token);
    return verdict;
}

enum logon_verdict logon_check(struct logon *logon, const struct ndes_request *request,
                               const struct ndes_effects *effects, struct ndes_reply *reply)
{
    struct leg leg = {.effects = effects, .offered = logon->config.schemes};
    if (effects->schemes != 0)
        leg.offered = effects->schemes;
    if (leg.offered == 0)
        return LOGON_WELCOME;
    struct session *session = session_of(logon, request);
    if (request->authorization == NULL) {
        if (session != NULL && session->known)
            return welcome(session, reply);
        if (session != NULL)
            drop_exchange(logon, session);
        return refuse(leg.offered, 2, ACCESS_DENIED, reply);
    }
    leg.scheme = read_header(request->authorization, &leg.token);
    if (leg.scheme == NULL || (leg.offered & leg.scheme->bit) == 0)
        return refuse(leg.offered, 2, ACCESS_DENIED, reply);
    if (leg.scheme->bit == NDES_SCHEME_BASIC)
        return check_basic(logon, request->authorization, leg.offered, effects, reply);
    return check_token(logon, session, &leg, reply);
}
