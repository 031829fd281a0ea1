/* The simulated server as a function, without sockets and in virtual time: one rig per test, one identity per program. Include
 * it from one file of a program, after cmocka; link sim. */
#ifndef SUPPORT_SIM_RIG_H
#define SUPPORT_SIM_RIG_H

#include "base/text.h"
#include "sim/site.h"
#include "sim_device.h"

#define NOW    (INT64_C(1780000000) * 1000000)
#define MINUTE INT64_C(60000000)
#ifndef RIG_NEXT_CA
#define RIG_NEXT_CA false /* define it as true before including to have a successor of the CA */
#endif

static struct ndes_identity *identity;
static struct pki_key *device_key, *short_key;

struct rig {
    struct ndes_otp *otp;
    struct ndes_otp *challenges; /* of the proxy mode */
    struct faults *faults;
    struct ndes_ca *ca;
    struct sim_site *site;
    struct secret *password;
    struct logon_accounts *accounts;
    struct logon *logon;
    struct scep_ca *served; /* GetCACert, read */
    int64_t now_us;
};

static inline struct rig *make_rig_with(const char *fault, const struct ndes_policy *policy,
                                        const char *device_challenge)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err e = {0};
    struct ndes_otp_config otp = {.max = 5, .validity_us = 60 * MINUTE, .bytes = 8};
    assert_true(ndes_otp_new(&otp, &r->otp, &e));
    assert_true(faults_parse(&fault, fault != NULL, &r->faults, &e));
    struct ndes_otp_config challenges = {
        .max = 5, .validity_us = 60 * MINUTE, .bytes = 16, .fixed = device_challenge};
    assert_true(policy->mode != NDES_PROXY || ndes_otp_new(&challenges, &r->challenges, &e));
    struct ndes_ca_spec ca = {
        .policy = *policy, .identity = identity, .otp = r->otp, .challenges = r->challenges};
    assert_true(ndes_ca_new(&ca, &r->ca, &e));
    assert_true(secret_new(span_of_text("secret"), &r->password, &e));
    const struct logon_account account = {.name = "mdm", .password = r->password};
    assert_true(logon_accounts_new(&account, 1, 0, &r->accounts, &e));
    const struct logon_config logon = {.schemes = NDES_SCHEME_BASIC, .accounts = r->accounts};
    assert_true(logon_new(&logon, &r->logon, &e));
    struct sim_site_config site = {
        .identity = identity,
        .ca = r->ca,
        .otp = r->otp,
        .faults = r->faults,
        .logon = r->logon,
        .otp_max = 5,
        .otp_validity_us = 60 * MINUTE,
        .caps = ndes_policy_caps(policy),
        .mode = policy->mode,
        .challenges = r->challenges,
        .challenges_fixed = device_challenge != NULL,
        .challenge_validity_us = 60 * MINUTE,
    };
    assert_true(sim_site_new(&site, &r->site, &e));
    assert_true(scep_ca_parse(buf_span(&identity->ca_certs), &r->served, &e));
    r->now_us = NOW;
    faults_start(r->faults, NOW);
    return r;
}

static inline struct rig *make_rig(const char *fault)
{
    return make_rig_with(fault, &NDES_POLICY_DEFAULTS, NULL);
}

static inline void free_rig(struct rig *r)
{
    scep_ca_free(r->served);
    sim_site_free(r->site);
    logon_free(r->logon);
    logon_accounts_free(r->accounts);
    ndes_ca_free(r->ca);
    ndes_otp_free(r->otp);
    ndes_otp_free(r->challenges);
    faults_free(r->faults);
    secret_free(r->password);
    free(r);
}

static inline struct ndes_reply ask(struct rig *r, const char *method, const char *target, struct span body)
{
    struct ndes_request request = {
        .method = method,
        .target = span_of_text(target),
        .host = "ndes.example",
        .authorization = "Basic bWRtOnNlY3JldA==", /* mdm:secret */
        .body = body,
        .local = true,
        .now_us = r->now_us,
    };
    struct ndes_reply reply;
    sim_site_answer(r->site, &request, &reply);
    return reply;
}

static inline struct ndes_reply get(struct rig *r, const char *target)
{
    return ask(r, "GET", target, span_of(NULL, 0));
}

static inline void assert_page(struct rig *r, const char *target, int status, const char *server)
{
    struct ndes_reply reply = get(r, target);
    if (reply.status != status || strcmp(reply.server, server) != 0)
        fail_msg("%s: %d by %s", target, reply.status, reply.server);
    buf_clear(&reply.body);
}

#define IIS    "Microsoft-IIS/10.0"
#define KERNEL "Microsoft-HTTPAPI/2.0"
#define CAPS   "/certsrv/mscep/mscep.dll?operation=GetCACaps"
#define CERT   "/certsrv/mscep/mscep.dll?operation=GetCACert&message=x"
#define PKI    "/certsrv/mscep/mscep.dll?operation=PKIOperation"
#define BARE   "/certsrv/mscep/mscep.dll"
#define OTP    "/certsrv/mscep_admin/"

/* The OTP page as text. */
static inline struct buf otp_page(struct rig *r)
{
    struct ndes_reply reply = get(r, OTP);
    assert_int_equal(reply.status, 200);
    struct buf text;
    buf_init(&text, 1 << 16);
    assert_true(text_to_utf8(buf_span(&reply.body), &text));
    assert_non_null(buf_text(&text));
    buf_clear(&reply.body);
    return text;
}

/* Whether a page has a password, and which. */
static inline bool find_password(struct buf *page, char out[NDES_OTP_TEXT_BYTES])
{
    const char *at = buf_text(page) != NULL ? strstr(buf_text(page), "password is: <B> ") : NULL;
    return at != NULL && sscanf(at, "password is: <B> %16[0-9A-F] </B>", out) == 1;
}

static inline void fetch_password(struct rig *r, char out[NDES_OTP_TEXT_BYTES])
{
    struct buf page = otp_page(r);
    assert_true(find_password(&page, out));
    buf_clear(&page);
}

/* One PKIOperation by POST, of a device that says only what is special about it. */
static inline struct ndes_reply operate(struct rig *r, struct sim_device *d)
{
    if (d->subject == NULL)
        d->subject = "CN=phone-7,OU=scepstorm";
    if (d->key == NULL)
        d->key = device_key;
    if (d->digest == PKI_MD5)
        d->digest = PKI_SHA256;
    d->now_s = r->now_us / 1000000;
    struct err made = {0};
    if (!sim_device_make(d, r->served, &made))
        fail_msg("the request: %s", made.text);
    return ask(r, "POST", PKI, buf_span(&d->message));
}

/* The result is that of scep_certrep_read. */
static inline bool enroll(struct rig *r, struct sim_device *d, struct scep_certrep *rep, struct err *e)
{
    struct ndes_reply reply = operate(r, d);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/x-pki-message");
    bool ok = sim_device_read(d, r->served, buf_span(&reply.body), rep, e);
    buf_clear(&reply.body);
    sim_device_clear(d);
    return ok;
}

static inline void assert_refused(struct rig *r, struct sim_device *d, int fail_info, uint32_t hresult)
{
    struct scep_certrep rep;
    struct err e = {0};
    assert_false(enroll(r, d, &rep, &e));
    if (e.reason != REASON_SCEP_FAILURE || rep.fail_info != fail_info || rep.hresult != hresult)
        fail_msg("%s: failInfo %d, HRESULT 0x%08x", base_reason_id(e.reason), rep.fail_info,
                 (unsigned)rep.hresult);
    assert_true(rep.one_byte_content);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
}

static inline void assert_enrolls(struct rig *r, const char *password)
{
    struct sim_device d = {.password = password, .cipher = PKI_AES128_CBC};
    struct scep_certrep rep;
    struct err e = {0};
    if (!enroll(r, &d, &rep, &e))
        fail_msg("%s: %s", base_reason_id(e.reason), e.text);
    assert_int_equal(rep.violated, 0);
    scep_certrep_clear(&rep);
}

static inline int make_keys(void **state)
{
    (void)state;
    struct err e = {0};
    struct ndes_identity_spec spec = {
        .ca_bits = 2048, .ra_bits = 2048, .now_s = NOW / 1000000, .next_ca = RIG_NEXT_CA};
    bool ok = pki_init(&e) && ndes_identity_new(&spec, &identity, &e) &&
              pki_key_generate_rsa(2048, &device_key, &e) && pki_key_generate_rsa(1024, &short_key, &e);
    if (!ok)
        fprintf(stderr, "%s\n", e.text);
    return ok ? 0 : 1;
}

static inline int free_keys(void **state)
{
    (void)state;
    ndes_identity_free(identity);
    pki_key_free(device_key);
    pki_key_free(short_key);
    pki_cleanup();
    return 0;
}

#endif
