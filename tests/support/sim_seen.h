/* Enrollments against a rig (sim_rig.h) whose outcome may be anything: a page, a CertRep, or none. Include it after sim_rig.h. */
#ifndef SUPPORT_SIM_SEEN_H
#define SUPPORT_SIM_SEEN_H

#include "sim_rig.h"

#define SECOND INT64_C(1000000)

/* What came of an operation. */
struct seen {
    int status;
    const char *server;
    bool certrep; /* the content type says so */
    struct err e; /* of reading it */
    struct scep_certrep rep;
    struct ndes_reply reply; /* its body is gone */
};

/* An enrollment that a device would make: certificates from GetCACert, a password from the page; where the page has none, one
 * that is known otherwise. */
static inline void have_password(struct rig *r, char out[NDES_OTP_TEXT_BYTES])
{
    struct ndes_reply reply = get(r, OTP);
    struct buf page;
    buf_init(&page, 1 << 16);
    struct err e = {0};
    bool paged =
        reply.status == 200 && text_to_utf8(buf_span(&reply.body), &page) && find_password(&page, out);
    assert_true(paged || ndes_otp_issue(r->otp, r->now_us, out, &e));
    buf_clear(&page);
    buf_clear(&reply.body);
}

static inline void take_ca_certs(struct rig *r)
{
    struct ndes_reply reply = get(r, CERT);
    struct scep_ca *ca = NULL;
    struct err e = {0};
    if (reply.status == 200 && scep_ca_parse(buf_span(&reply.body), &ca, &e)) {
        scep_ca_free(r->served);
        r->served = ca;
    }
    buf_clear(&reply.body);
}

static inline void post(struct rig *r, struct sim_device *d, struct seen *out)
{
    *out = (struct seen){0};
    if (d->cipher == PKI_DES_CBC)
        d->cipher = PKI_AES128_CBC;
    struct ndes_reply reply = operate(r, d);
    out->reply = reply;
    out->status = reply.status;
    out->server = reply.server;
    out->certrep = reply.content_type != NULL && strcmp(reply.content_type, "application/x-pki-message") == 0;
    if (out->certrep)
        (void)!sim_device_read(d, r->served, buf_span(&reply.body), &out->rep, &out->e);
    buf_clear(&reply.body);
    sim_device_clear(d);
}

static inline void enroll_once(struct rig *r, struct seen *out)
{
    char password[NDES_OTP_TEXT_BYTES] = "";
    take_ca_certs(r);
    have_password(r, password);
    post(r, &(struct sim_device){.password = password}, out);
}

static inline void forget(struct seen *s)
{
    if (s->certrep)
        scep_certrep_clear(&s->rep);
}

#endif
