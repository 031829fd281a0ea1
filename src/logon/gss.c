#include "logon/gss.h"

#include "base/text.h"
#include "logon/nthash.h"
#include "logon/ntlm.h"

#include <errno.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <pthread.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH_BYTES  512
#define USERS_BYTES ((size_t)LOGON_ACCOUNTS_MAX * 512)
#define FRAME_BYTES 16 /* within which a first token says its mechanism */
#define TOKEN_MAX   ((size_t)64 * 1024 + 64)

/* Without a service in front of it the name stays out of the challenge, as on Windows: a client that asked for another name
 * (an alias, an address) would refuse to go on. */
#define NTLM_NAME "@NDES"
/* Of no known type, so that nobody looks at this machine's own /etc/krb5.keytab. */
#define NO_KEYTAB "none:"

#define NTLM_SIGNATURE "NTLMSSP"

struct logon_gss {
    struct logon_acceptor acceptor;
    int users; /* file in memory; -1: none */
    gss_cred_id_t ntlm;
    gss_cred_id_t krb5;                     /* a bare ticket, without SPNEGO */
    gss_cred_id_t spnego_ntlm, spnego_krb5; /* two, because their names differ */
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static char krb5_oid[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
static char ntlm_oid[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static char spnego_oid[] = "\x2b\x06\x01\x05\x05\x02";
static gss_OID_desc krb5 = {sizeof krb5_oid - 1, krb5_oid};
static gss_OID_desc ntlm = {sizeof ntlm_oid - 1, ntlm_oid};
static gss_OID_desc spnego = {sizeof spnego_oid - 1, spnego_oid};

static bool same_oid(gss_const_OID a, gss_const_OID b)
{
    return a->length == b->length && memcmp(a->elements, b->elements, a->length) == 0;
}

static bool has_mechanism(gss_const_OID wanted)
{
    OM_uint32 minor;
    gss_OID_set all = GSS_C_NO_OID_SET;
    if (gss_indicate_mechs(&minor, &all) != GSS_S_COMPLETE)
        return false;
    bool found = false;
    for (size_t i = 0; i < all->count; i++)
        found = found || same_oid(&all->elements[i], wanted);
    gss_release_oid_set(&minor, &all);
    return found;
}

static void message_of(OM_uint32 status, int kind, gss_OID mechanism, char *out, size_t out_bytes)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    out[0] = '\0';
    if (gss_display_status(&minor, status, kind, mechanism, &more, &text) == GSS_S_COMPLETE)
        snprintf(out, out_bytes, "%.*s", (int)text.length, (const char *)text.value);
    gss_release_buffer(&minor, &text);
}

/* Whether another account differs in its domain alone. */
static bool has_namesake(const struct logon_accounts *accounts, size_t index)
{
    const char *slash = strchr(logon_accounts_at(accounts, index)->name, '\\');
    const char *user = slash != NULL ? slash + 1 : logon_accounts_at(accounts, index)->name;
    for (size_t i = 0; i < logon_accounts_count(accounts); i++) {
        const char *other = strchr(logon_accounts_at(accounts, i)->name, '\\');
        other = other != NULL ? other + 1 : logon_accounts_at(accounts, i)->name;
        if (i != index && strcasecmp(user, other) == 0)
            return true;
    }
    return false;
}

/* One line of the user file, in the form that Samba has: "user:id:LM hash:NT hash:...". There is no LM hash: a password whose
 * hash is zero does not exist. The domain is left out where it can be, because gss-ntlmssp computes with the one of the file,
 * and clients with the one that was typed, in whatever letter case; the logon looks at it afterwards. */
static bool add_user(const struct logon_accounts *accounts, size_t index, struct buf *out, struct err *e)
{
    static const char no_hash[] = "00000000000000000000000000000000";
    const struct logon_account *account = logon_accounts_at(accounts, index);
    uint8_t hash[LOGON_NTHASH_BYTES];
    char hex[2 * LOGON_NTHASH_BYTES + 1];
    struct span password = account->password != NULL ? secret_value(account->password) : span_of(NULL, 0);
    if (!logon_nthash(password, hash))
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "the password of '%.40s' is longer than %d characters or not UTF-8", account->name,
                       LOGON_NTHASH_PASSWORD);
    const char *slash = strchr(account->name, '\\');
    const char *name = slash != NULL && !has_namesake(accounts, index) ? slash + 1 : account->name;
    text_hex(span_of(hash, sizeof hash), true, hex);
    buf_appendf(out, "%s:0:%s:%s:\n", name, no_hash, hex);
    explicit_bzero(hash, sizeof hash);
    explicit_bzero(hex, sizeof hex);
    return buf_ok(out, STAGE_SETUP, e);
}

static bool write_users(struct logon_gss *g, struct span lines, struct err *e)
{
    g->users = memfd_create("users", MFD_CLOEXEC);
    if (g->users < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot keep the users in memory");
    for (size_t done = 0; done < lines.len;) {
        ssize_t wrote = write(g->users, lines.data + done, lines.len - done);
        if (wrote < 0 && errno != EINTR)
            return err_set_errno(e, REASON_IO, errno, "cannot keep the users in memory");
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool make_users(struct logon_gss *g, const struct logon_accounts *accounts, struct err *e)
{
    struct buf lines;
    buf_init(&lines, USERS_BYTES);
    bool ok = true;
    for (size_t i = 0; ok && i < logon_accounts_count(accounts); i++)
        ok = add_user(accounts, i, &lines, e);
    ok = ok && write_users(g, buf_span(&lines), e);
    buf_wipe(&lines);
    return ok;
}

/* What a credential is made of. */
struct wish {
    gss_OID mechanism; /* NTLM itself, or SPNEGO around `inside` */
    gss_OID inside;    /* NULL: nothing */
    const char *name;
    const char *users;  /* path of NTLM's user file; NULL: none */
    const char *keytab; /* MIT's name of Kerberos' keys */
};

static bool refuse_credential(const struct wish *wish, OM_uint32 major, OM_uint32 minor, struct err *e)
{
    char text[160];
    gss_OID mechanism = wish->inside != NULL ? wish->inside : wish->mechanism;
    message_of(minor != 0 ? minor : major, minor != 0 ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, mechanism, text,
               sizeof text);
    if (same_oid(mechanism, &krb5))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "keytab '%.80s' has no usable key for %s: %s",
                       wish->keytab, wish->name, text);
    return err_set(e, STAGE_SETUP, REASON_IO, "gss-ntlmssp cannot be used: %s", text);
}

static bool acquire(const struct wish *wish, gss_cred_id_t *out, struct err *e)
{
    gss_key_value_element_desc pairs[] = {
        {"keytab", wish->keytab}, {"rcache", "none:"}, {"ntlmssp_keyfile", wish->users}};
    const gss_key_value_set_desc store = {wish->users != NULL ? 3 : 2, pairs};
    gss_OID_set_desc outer = {1, wish->mechanism}, inner = {1, wish->inside};
    char text[PATH_BYTES];
    snprintf(text, sizeof text, "%s", wish->name);
    gss_buffer_desc name_text = {strlen(text), text};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor, ignored;
    OM_uint32 major = gss_import_name(&minor, &name_text, GSS_C_NT_HOSTBASED_SERVICE, &name);
    if (major == GSS_S_COMPLETE)
        major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &outer, GSS_C_ACCEPT, &store, out, NULL,
                                      NULL);
    if (major == GSS_S_COMPLETE && wish->inside != NULL)
        major = gss_set_neg_mechs(&minor, *out, &inner);
    bool ok = major == GSS_S_COMPLETE || refuse_credential(wish, major, minor, e);
    gss_release_name(&ignored, &name);
    return ok;
}

static bool acquire_ntlm(struct logon_gss *g, const struct logon_gss_config *config, struct err *e)
{
    if (!has_mechanism(&ntlm)) {
        if (config->schemes == NDES_SCHEME_NEGOTIATE && config->keytab != NULL)
            return true; /* Kerberos alone will do */
        return err_set(
            e, STAGE_SETUP, REASON_IO,
            "NTLM needs gss-ntlmssp, which is not installed (Debian: apt install gss-ntlmssp); without "
            "it there are --auth basic and --auth none");
    }
    char path[64];
    if (!make_users(g, config->accounts, e))
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", g->users);
    struct wish wish = {.mechanism = &ntlm, .name = NTLM_NAME, .users = path, .keytab = NO_KEYTAB};
    if (!acquire(&wish, &g->ntlm, e))
        return false;
    wish.mechanism = &spnego;
    wish.inside = &ntlm;
    return acquire(&wish, &g->spnego_ntlm, e);
}

static bool acquire_krb5(struct logon_gss *g, const struct logon_gss_config *config, struct err *e)
{
    if (config->keytab == NULL || (config->schemes & NDES_SCHEME_NEGOTIATE) == 0)
        return true;
    if (access(config->keytab, R_OK) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "cannot read the keytab '%.80s': %s", config->keytab,
                       strerror(errno));
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "FILE:%s", config->keytab);
    struct wish wish = {
        .mechanism = &krb5, .name = config->service != NULL ? config->service : "HTTP", .keytab = path};
    if (!acquire(&wish, &g->krb5, e)) /* SPNEGO would not mind a keytab without keys */
        return false;
    wish.mechanism = &spnego;
    wish.inside = &krb5;
    return acquire(&wish, &g->spnego_krb5, e);
}

/* A context goes with whatever opens it: NTLM or a ticket as such, or SPNEGO. Who starts with a ticket is served by Kerberos if there is a
 * keytab; else SPNEGO answers that it wants NTLM. */
static gss_cred_id_t choose(const struct logon_gss *g, enum ndes_scheme scheme, struct span token)
{
    bool mentions = memmem(token.data, token.len, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE) != NULL;
    bool raw = mentions && memcmp(token.data, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE) == 0;
    if (raw || scheme == NDES_SCHEME_NTLM)
        return g->ntlm;
    if (mentions || g->spnego_krb5 == GSS_C_NO_CREDENTIAL)
        return g->spnego_ntlm;
    bool framed = memmem(token.data, token.len < FRAME_BYTES ? token.len : FRAME_BYTES, spnego_oid,
                         sizeof spnego_oid - 1) != NULL;
    return framed ? g->spnego_krb5 : g->krb5;
}

struct context {
    gss_cred_id_t credential; /* borrowed */
    gss_ctx_id_t gss;
};

static bool take_name(gss_name_t name, char *out, size_t out_bytes)
{
    OM_uint32 minor;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    bool ok = gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE && text.length < out_bytes;
    if (ok)
        snprintf(out, out_bytes, "%.*s", (int)text.length, (const char *)text.value);
    gss_release_buffer(&minor, &text);
    return ok;
}

static enum logon_accept accept_token(struct context *context, struct span token, struct logon_accepted *out)
{
    union { /* GSS-API declares input writable and leaves it alone */
        const uint8_t *ours;
        void *gss;
    } bytes = {.ours = token.data};
    gss_buffer_desc input = {token.len, bytes.gss}, output = GSS_C_EMPTY_BUFFER;
    gss_name_t name = GSS_C_NO_NAME;
    gss_OID mechanism = GSS_C_NO_OID;
    OM_uint32 minor;
    OM_uint32 major =
        gss_accept_sec_context(&minor, &context->gss, context->credential, &input, GSS_C_NO_CHANNEL_BINDINGS,
                               &name, &mechanism, &output, NULL, NULL, NULL);
    bool kept = buf_append(&out->token, output.value, output.length);
    enum logon_accept result = LOGON_ACCEPT_REFUSED;
    if (kept && major == GSS_S_CONTINUE_NEEDED)
        result = LOGON_ACCEPT_MORE;
    else if (kept && major == GSS_S_COMPLETE && take_name(name, out->name, sizeof out->name))
        result = LOGON_ACCEPT_DONE;
    out->vouched = mechanism != GSS_C_NO_OID && same_oid(mechanism, &krb5);
    gss_release_buffer(&minor, &output);
    gss_release_name(&minor, &name);
    return result;
}

static enum logon_accept step_locked(struct context *context, struct span token, struct logon_accepted *out)
{
    struct buf mended;
    buf_init(&mended, TOKEN_MAX);
    enum logon_accept result = LOGON_ACCEPT_REFUSED;
    if (logon_ntlm_mend(token, &mended)) {
        pthread_mutex_lock(&one_at_a_time);
        result = accept_token(context, buf_span(&mended), out);
        pthread_mutex_unlock(&one_at_a_time);
    }
    buf_wipe(&mended);
    return result;
}

static enum logon_accept step(void *user, enum ndes_scheme scheme, void **slot, struct span token,
                              struct logon_accepted *out)
{
    const struct logon_gss *g = user;
    struct context *context = *slot;
    if (token.len == 0)
        return LOGON_ACCEPT_REFUSED;
    if (context == NULL) {
        *slot = context = calloc(1, sizeof *context);
        if (context == NULL)
            return LOGON_ACCEPT_REFUSED;
        context->credential = choose(g, scheme, token);
    }
    if (context->credential == GSS_C_NO_CREDENTIAL)
        return LOGON_ACCEPT_REFUSED;
    return step_locked(context, token, out);
}

static void drop(void *user, void *slot)
{
    (void)user;
    struct context *context = slot;
    if (context == NULL)
        return;
    OM_uint32 minor;
    pthread_mutex_lock(&one_at_a_time);
    if (context->gss != GSS_C_NO_CONTEXT)
        gss_delete_sec_context(&minor, &context->gss, GSS_C_NO_BUFFER);
    pthread_mutex_unlock(&one_at_a_time);
    free(context);
}

bool logon_gss_new(const struct logon_gss_config *config, struct logon_gss **out, struct err *e)
{
    struct logon_gss *g = calloc(1, sizeof *g);
    if (g == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the logons");
    g->users = -1;
    g->ntlm = g->krb5 = g->spnego_ntlm = g->spnego_krb5 = GSS_C_NO_CREDENTIAL;
    g->acceptor = (struct logon_acceptor){.step = step, .drop = drop, .user = g};
    if (!acquire_ntlm(g, config, e) || !acquire_krb5(g, config, e)) {
        logon_gss_free(g);
        return false;
    }
    *out = g;
    return true;
}

void logon_gss_free(struct logon_gss *gss)
{
    if (gss == NULL)
        return;
    OM_uint32 minor;
    gss_release_cred(&minor, &gss->ntlm);
    gss_release_cred(&minor, &gss->krb5);
    gss_release_cred(&minor, &gss->spnego_ntlm);
    gss_release_cred(&minor, &gss->spnego_krb5);
    if (gss->users >= 0)
        close(gss->users);
    free(gss);
}

const struct logon_acceptor *logon_gss_acceptor(const struct logon_gss *gss)
{
    return &gss->acceptor;
}
