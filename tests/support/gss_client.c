#include "gss_client.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <pthread.h>
#include <stdlib.h>

struct gss_client {
    gss_OID mechanism;
    gss_cred_id_t credential;
    gss_name_t target;
    gss_ctx_id_t context;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static char ntlm_oid[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static char spnego_oid[] = "\x2b\x06\x01\x05\x05\x02";
static gss_OID_desc ntlm = {sizeof ntlm_oid - 1, ntlm_oid};
static gss_OID_desc spnego = {sizeof spnego_oid - 1, spnego_oid};

static gss_name_t name_of(const char *text, gss_OID type)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", text);
    gss_buffer_desc bytes = {strlen(copy), copy};
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor;
    return gss_import_name(&minor, &bytes, type, &name) == GSS_S_COMPLETE ? name : GSS_C_NO_NAME;
}

/* With a hash, because gss-ntlmssp leaks when it computes it. */
static bool acquire(struct gss_client *c, const char *user, const char *nt_hash)
{
    gss_key_value_element_desc pair = {"ntlmssp_nthash", nt_hash};
    const gss_key_value_set_desc store = {1, &pair};
    gss_OID_set_desc outer = {1, c->mechanism}, inner = {1, &ntlm};
    gss_name_t name = name_of(user, GSS_C_NT_USER_NAME);
    OM_uint32 minor;
    bool ok = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &outer, GSS_C_INITIATE, &store,
                                    &c->credential, NULL, NULL) == GSS_S_COMPLETE;
    if (ok && c->mechanism == &spnego)
        ok = gss_set_neg_mechs(&minor, c->credential, &inner) == GSS_S_COMPLETE;
    gss_release_name(&minor, &name);
    return ok;
}

struct gss_client *gss_client_new(bool in_spnego, const char *user, const char *nt_hash)
{
    struct gss_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    pthread_mutex_lock(&one_at_a_time);
    c->mechanism = in_spnego ? &spnego : &ntlm;
    c->target = name_of("HTTP@localhost", GSS_C_NT_HOSTBASED_SERVICE);
    bool ok = acquire(c, user, nt_hash);
    pthread_mutex_unlock(&one_at_a_time);
    if (ok)
        return c;
    gss_client_free(c);
    return NULL;
}

void gss_client_free(struct gss_client *c)
{
    if (c == NULL)
        return;
    OM_uint32 minor;
    pthread_mutex_lock(&one_at_a_time);
    if (c->context != GSS_C_NO_CONTEXT)
        gss_delete_sec_context(&minor, &c->context, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &c->credential);
    gss_release_name(&minor, &c->target);
    pthread_mutex_unlock(&one_at_a_time);
    free(c);
}

bool gss_client_step(struct gss_client *c, struct span token, struct buf *out)
{
    union {
        const uint8_t *ours;
        void *gss;
    } bytes = {.ours = token.data};
    gss_buffer_desc input = {token.len, bytes.gss}, output = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    pthread_mutex_lock(&one_at_a_time);
    OM_uint32 major = gss_init_sec_context(&minor, c->credential, &c->context, c->target, c->mechanism, 0, 0,
                                           GSS_C_NO_CHANNEL_BINDINGS, &input, NULL, &output, NULL, NULL);
    bool ok = !GSS_ERROR(major) && buf_append(out, output.value, output.length);
    gss_release_buffer(&minor, &output);
    pthread_mutex_unlock(&one_at_a_time);
    return ok;
}
