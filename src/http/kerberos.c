#include "http/kerberos.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <krb5.h>

#define NAME_BYTES 96

struct kerberos {
    const struct http_kerberos *want;
    krb5_context context;
    krb5_ccache cache;
    krb5_principal client, service;
    char client_name[NAME_BYTES], service_name[NAME_BYTES]; /* for messages */
    bool mapped; /* the realm of DOMAIN\user is the default one, for want of a better */
};

/* The usual reasons, as the person reads them who has to act on them. */
static const struct {
    krb5_error_code code;
    const char *text;
} usual[] = {
    {KRB5_KDC_UNREACH, "no KDC answers: is it up, is port 88 open, are the names in krb5.conf right?"},
    {KRB5_REALM_UNKNOWN, "no KDC is known for that realm: name one in krb5.conf or DNS; is the realm right "
                         "(mostly capitals)?"},
    {KRB5_REALM_CANT_RESOLVE, "the KDC's host name is not resolved: check krb5.conf and DNS"},
    {KRB5_CONFIG_NODEFREALM,
     "there is no default realm: write the user as name@REALM, or set default_realm in "
     "krb5.conf"},
    {KRB5_CONFIG_CANTOPEN, "krb5.conf cannot be read"},
    {KRB5_CONFIG_BADFORMAT, "krb5.conf has an error"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, "the KDC knows no such account"},
    {KRB5KDC_ERR_WRONG_REALM, "the account belongs to another realm: write it as name@REALM"},
    {KRB5KDC_ERR_CLIENT_REVOKED, "the account is locked or disabled"},
    {KRB5KDC_ERR_NAME_EXP, "the account has expired"},
    {KRB5KDC_ERR_KEY_EXP, "its password has expired"},
    {KRB5KDC_ERR_PREAUTH_FAILED, "the password is wrong"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, "the password is wrong"},
    {KRB5KDC_ERR_ETYPE_NOSUPP,
     "KDC and client share no encryption type: check the account's and krb5.conf's"},
    {KRB5KRB_AP_ERR_SKEW, "the clocks of KDC and client are more than 5 minutes apart: set them"},
    {KRB5_KDCREP_SKEW, "the clocks of KDC and client are more than 5 minutes apart: set them"},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, "the tickets have expired: get new ones with kinit"},
    {KRB5KRB_AP_ERR_TKT_NYV, "the tickets are not valid yet: compare the clocks"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN,
     "the KDC knows no such service: is the URL's host the server's name (not "
     "an alias or address)? Else: setspn -S HTTP/host account"},
    {KRB5_FCC_NOFILE, "there is no ticket cache: get tickets with kinit, or give a keytab or a password"},
    {KRB5_CC_NOTFOUND, "the ticket cache holds no ticket to start with: get one with kinit"},
    {KRB5_CC_FORMAT, "this is no ticket cache"},
    {KRB5_CC_BADNAME, "this names no ticket cache"},
    {KRB5_KT_NOTFOUND, "the keytab has no key for that name: compare klist -k"},
    {KRB5_KEYTAB_BADVNO, "this is no keytab"},
    {KRB5_PARSE_MALFORMED, "this is no name of an account"},
    {ENOENT, "there is no such file"},
    {EACCES, "the file may not be read"},
};

/* What counts against the account, and what a logon by NTLM would run into as well. */
static bool is_refusal(const struct kerberos *k, krb5_error_code code)
{
    bool wrong = code == KRB5KDC_ERR_PREAUTH_FAILED || code == KRB5KRB_AP_ERR_BAD_INTEGRITY;
    bool closed =
        code == KRB5KDC_ERR_CLIENT_REVOKED || code == KRB5KDC_ERR_NAME_EXP || code == KRB5KDC_ERR_KEY_EXP;
    return k->want->password != NULL && k->want->keytab == NULL && (wrong || closed);
}

static const char *words_for(const struct kerberos *k, krb5_error_code code)
{
    bool wrong = code == KRB5KDC_ERR_PREAUTH_FAILED || code == KRB5KRB_AP_ERR_BAD_INTEGRITY;
    if (wrong && k->want->keytab != NULL)
        return "the key in the keytab is not the account's: was it made before the last change of password?";
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (usual[i].code == code)
            return usual[i].text;
    }
    return NULL;
}

static bool fail(const struct kerberos *k, krb5_error_code code, const char *whose, struct err *e)
{
    const char *note =
        k->mapped && whose == k->client_name ? " (default realm, since DOMAIN\\user names none)" : "";
    const char *words = words_for(k, code), *foreign = NULL;
    if (words == NULL)
        words = foreign = krb5_get_error_message(k->context, code);
    err_set(e, STAGE_OTP, is_refusal(k, code) ? REASON_OTP_AUTH_REFUSED : REASON_OTP_TICKET,
            "Kerberos, %s%s: %s", whose, note, words);
    if (foreign != NULL)
        krb5_free_error_message(k->context, foreign);
    return false;
}

static void name_of(const struct kerberos *k, krb5_principal principal, char out[NAME_BYTES])
{
    char *text = NULL;
    if (krb5_unparse_name(k->context, principal, &text) == 0)
        snprintf(out, NAME_BYTES, "%s", text);
    krb5_free_unparsed_name(k->context, text);
    size_t len = strlen(out);
    if (len > 0 && out[len - 1] == '@') /* the KDC decides on the realm */
        out[len - 1] = '\0';
}

/* 'EXAMPLE\svc': a NetBIOS name is no realm and cannot be turned into one, so the default realm is taken; a DNS name before the
 * backslash is the realm in small letters. */
static bool without_backslash(struct kerberos *k, const char *domain, const char *user, char *out,
                              size_t bytes)
{
    size_t len = (size_t)(user - domain - 1);
    k->mapped = memchr(domain, '.', len) == NULL;
    int n = k->mapped ? snprintf(out, bytes, "%s", user)
                      : snprintf(out, bytes, "%s@%.*s", user, (int)len, domain);
    if (n < 0 || (size_t)n >= bytes)
        return false;
    for (char *c = out + strlen(user); *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return true;
}

static bool name_client(struct kerberos *k, struct err *e)
{
    const char *user = k->want->user;
    char name[256];
    if (user == NULL)
        return true;
    const char *backslash = strchr(user, '\\');
    snprintf(k->client_name, NAME_BYTES, "%s", user);
    if (backslash != NULL && !without_backslash(k, user, backslash + 1, name, sizeof name))
        return fail(k, KRB5_PARSE_MALFORMED, k->client_name, e);
    krb5_error_code code = krb5_parse_name(k->context, backslash == NULL ? user : name, &k->client);
    if (code != 0)
        return fail(k, code, k->client_name, e);
    name_of(k, k->client, k->client_name);
    return true;
}

static bool name_service(struct kerberos *k, struct err *e)
{
    char *host = NULL;
    CURLU *url = curl_url();
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, k->want->url, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    curl_url_cleanup(url);
    if (!ok)
        return err_set(e, STAGE_OTP, REASON_USAGE, "no host in the URL %s", k->want->url);
    snprintf(k->service_name, NAME_BYTES, "HTTP/%s", host);
    /* As GSS-API does it for curl, canonical names and all: it must find this very ticket. */
    krb5_error_code code = krb5_sname_to_principal(k->context, host, "HTTP", KRB5_NT_SRV_HST, &k->service);
    curl_free(host);
    if (code != 0)
        return fail(k, code, k->service_name, e);
    name_of(k, k->service, k->service_name);
    return true;
}

static bool store(struct kerberos *k, krb5_creds *ticket, struct err *e)
{
    krb5_error_code code = krb5_cc_new_unique(k->context, "MEMORY", NULL, &k->cache);
    if (code == 0)
        code = krb5_cc_initialize(k->context, k->cache, ticket->client);
    if (code == 0)
        code = krb5_cc_store_cred(k->context, k->cache, ticket);
    return code == 0 || fail(k, code, k->client_name, e);
}

/* The first name in the keytab, unless the user is stated. */
static krb5_error_code client_of_keytab(struct kerberos *k, krb5_keytab keytab)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry = {0};
    if (k->client != NULL)
        return 0;
    krb5_error_code code = krb5_kt_start_seq_get(k->context, keytab, &cursor);
    if (code != 0)
        return code;
    code = krb5_kt_next_entry(k->context, keytab, &entry, &cursor);
    krb5_kt_end_seq_get(k->context, keytab, &cursor);
    if (code == KRB5_KT_END)
        return KRB5_KT_NOTFOUND;
    if (code != 0)
        return code;
    code = krb5_copy_principal(k->context, entry.principal, &k->client);
    krb5_free_keytab_entry_contents(k->context, &entry);
    if (code == 0)
        name_of(k, k->client, k->client_name);
    return code;
}

static bool from_keytab(struct kerberos *k, struct err *e)
{
    krb5_keytab keytab = NULL;
    krb5_creds ticket = {0};
    if (k->client == NULL)
        snprintf(k->client_name, NAME_BYTES, "keytab %s", k->want->keytab);
    krb5_error_code code = krb5_kt_resolve(k->context, k->want->keytab, &keytab);
    if (code == 0)
        code = client_of_keytab(k, keytab);
    if (code == 0)
        code = krb5_get_init_creds_keytab(k->context, &ticket, k->client, keytab, 0, NULL, NULL);
    if (keytab != NULL)
        krb5_kt_close(k->context, keytab);
    bool ok = code == 0 ? store(k, &ticket, e) : fail(k, code, k->client_name, e);
    krb5_free_cred_contents(k->context, &ticket);
    return ok;
}

static bool from_password(struct kerberos *k, struct err *e)
{
    krb5_creds ticket = {0};
    if (k->client == NULL)
        return err_set(e, STAGE_OTP, REASON_USAGE, "Kerberos: a password needs a user (name@REALM)");
    const char *password = (const char *)secret_value(k->want->password).data;
    krb5_error_code code =
        krb5_get_init_creds_password(k->context, &ticket, k->client, password, NULL, NULL, 0, NULL, NULL);
    bool ok = code == 0 ? store(k, &ticket, e) : fail(k, code, k->client_name, e);
    krb5_free_cred_contents(k->context, &ticket);
    return ok;
}

static bool from_cache(struct kerberos *k, struct err *e)
{
    krb5_principal owner = NULL;
    char where[NAME_BYTES + 16], owner_name[NAME_BYTES] = "";
    const char *path = k->want->ticket_cache;
    krb5_error_code code =
        path == NULL ? krb5_cc_default(k->context, &k->cache) : krb5_cc_resolve(k->context, path, &k->cache);
    snprintf(where, sizeof where, "ticket cache %s", path != NULL ? path : krb5_cc_default_name(k->context));
    if (code == 0)
        code = krb5_cc_get_principal(k->context, k->cache, &owner);
    if (code != 0)
        return fail(k, code, where, e);
    name_of(k, owner, owner_name);
    bool same = k->client == NULL || krb5_principal_compare(k->context, owner, k->client);
    krb5_free_principal(k->context, k->client);
    k->client = owner;
    return same || err_set(e, STAGE_OTP, REASON_OTP_TICKET, "Kerberos: %s is %s's, not %s's", where,
                           owner_name, k->client_name);
}

static bool fetch_service_ticket(struct kerberos *k, int64_t *end_s, struct err *e)
{
    krb5_creds want = {.client = k->client, .server = k->service}, *ticket = NULL;
    krb5_error_code code = krb5_get_credentials(k->context, 0, k->cache, &want, &ticket);
    if (code != 0)
        return fail(k, code, k->service_name, e);
    *end_s = (uint32_t)
                 ticket->times.endtime; /* never later than the ticket it was got with; unsigned until 2106 */
    krb5_free_creds(k->context, ticket);
    return true;
}

static bool publish(const struct kerberos *k, struct err *e)
{
    char *name = NULL;
    krb5_error_code code = krb5_cc_get_full_name(k->context, k->cache, &name);
    bool ok = code == 0 && setenv("KRB5CCNAME", name, 1) == 0;
    krb5_free_string(k->context, name);
    return ok || err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for the name of the ticket cache");
}

static bool prepare(struct kerberos *k, int64_t *end_s, struct err *e)
{
    krb5_error_code code = krb5_init_context(&k->context);
    if (code != 0)
        return fail(k, code, "set-up", e);
    if (!name_client(k, e) || !name_service(k, e))
        return false;
    bool got = k->want->keytab != NULL     ? from_keytab(k, e)
               : k->want->password != NULL ? from_password(k, e)
                                           : from_cache(k, e);
    return got && fetch_service_ticket(k, end_s, e) && publish(k, e);
}

bool http_kerberos_prepare(const struct http_kerberos *want, int64_t *end_s, struct err *e)
{
    struct kerberos k = {.want = want};
    bool ok = prepare(&k, end_s, e);
    bool ours = want->keytab != NULL || want->password != NULL;
    if (k.context == NULL)
        return ok;
    krb5_free_principal(k.context, k.client);
    krb5_free_principal(k.context, k.service);
    if (k.cache != NULL && ours && !ok)
        krb5_cc_destroy(k.context, k.cache);
    else if (k.cache != NULL)
        krb5_cc_close(k.context, k.cache); /* a cache in memory lives on by its name */
    krb5_free_context(k.context);
    return ok;
}
