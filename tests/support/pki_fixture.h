/* A small PKI for tests: CA, two RA certificates as NDES has them, keys made ahead (tests/vectors/keys). Link pki or
 * scep; the working directory is tests/. */
#ifndef SUPPORT_PKI_FIXTURE_H
#define SUPPORT_PKI_FIXTURE_H

#include "base/file.h"
#include "check.h"
#include "pki/cert.h"

#define FIXTURE_NOW_S INT64_C(1767225600) /* 2026-01-01 */
#define FIXTURE_DAY_S INT64_C(86400)

/* For cmocka_run_group_tests. */
static inline int start_pki(void **state)
{
    (void)state;
    struct err e = {0};
    CHECK_OK(pki_init(&e), &e);
    return 0;
}

static inline int stop_pki(void **state)
{
    (void)state;
    pki_cleanup();
    return 0;
}

static inline struct buf fixture_file(const char *path)
{
    struct err e = {0};
    struct buf content;
    buf_init(&content, (size_t)1 << 20);
    CHECK_OK(file_read(path, &content, &e), &e);
    return content;
}

static inline struct pki_key *fixture_key(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "vectors/keys/%s.pem", name);
    struct err e = {0};
    struct buf pem = fixture_file(path);
    struct pki_key *key = NULL;
    CHECK_OK(pki_key_from_pem(buf_span(&pem), &key, &e), &e);
    buf_wipe(&pem);
    return key;
}

static inline struct pki_cert *fixture_cert_file(const char *path)
{
    struct err e = {0};
    struct buf pem = fixture_file(path);
    struct pki_cert *cert = NULL;
    CHECK_OK(pki_cert_from_pem(buf_span(&pem), &cert, &e), &e);
    buf_clear(&pem);
    return cert;
}

/* DER Name; buf_clear it. */
static inline struct buf fixture_name(const char *text)
{
    struct err e = {0};
    struct buf der;
    buf_init(&der, 65536);
    CHECK_OK(pki_name_from_text(text, &der, &e), &e);
    return der;
}

struct fixture_cert {
    const char *subject;
    const char *issuer; /* NULL: the subject */
    const struct pki_key *key;
    const struct pki_key *issuer_key; /* NULL: the key */
    bool ca;
    unsigned key_usage;
    bool request_agent;
    int64_t from_day; /* relative to FIXTURE_NOW_S; 0 to 0 means -30 to 365 */
    int64_t until_day;
    uint8_t serial; /* last octet of nineteen, as Windows makes them */
};

static inline struct pki_cert *fixture_make_cert(const struct fixture_cert *f)
{
    struct err e = {0};
    uint8_t serial[19] = {0x47, 0, 0, 0, 2, 0xf5, 0x40, 0x0d};
    serial[18] = f->serial;
    bool usual = f->from_day == 0 && f->until_day == 0;
    struct buf subject = fixture_name(f->subject);
    struct buf issuer = fixture_name(f->issuer != NULL ? f->issuer : f->subject);
    struct pki_cert_spec spec = {
        .subject = buf_span(&subject),
        .issuer = buf_span(&issuer),
        .spki = pki_key_spki(f->key),
        .serial = span_of(serial, sizeof serial),
        .not_before = FIXTURE_NOW_S + (usual ? -30 : f->from_day) * FIXTURE_DAY_S,
        .not_after = FIXTURE_NOW_S + (usual ? 365 : f->until_day) * FIXTURE_DAY_S,
        .ca = f->ca,
        .key_usage = f->key_usage,
        .ekus = &PKI_EKU_CERT_REQUEST_AGENT,
        .eku_count = f->request_agent ? 1 : 0,
    };
    struct buf der;
    buf_init(&der, 65536);
    struct pki_cert *cert = NULL;
    const struct pki_key *by = f->issuer_key != NULL ? f->issuer_key : f->key;
    CHECK_OK(pki_cert_make(&spec, by, PKI_SHA256, &der, &e), &e);
    CHECK_OK(pki_cert_from_der(buf_span(&der), &cert, &e), &e);
    buf_clear(&subject);
    buf_clear(&issuer);
    buf_clear(&der);
    return cert;
}

#define FIXTURE_CA_NAME "DC=org,DC=example,CN=example-CA"

struct fixture {
    struct pki_key *ca_key, *ra_sign_key, *ra_encrypt_key, *device_key, *other_key;
    struct pki_cert *ca, *ra_sign, *ra_encrypt;
};

static inline void fixture_open(struct fixture *f)
{
    struct err e = {0};
    CHECK_OK(pki_init(&e), &e);
    f->ca_key = fixture_key("rsa2048-ca");
    f->ra_sign_key = fixture_key("rsa2048-ra-sign");
    f->ra_encrypt_key = fixture_key("rsa2048-ra-encrypt");
    f->device_key = fixture_key("rsa2048-device");
    f->other_key = fixture_key("rsa2048-other");
    f->ca = fixture_make_cert(&(struct fixture_cert){.subject = FIXTURE_CA_NAME,
                                                     .key = f->ca_key,
                                                     .ca = true,
                                                     .key_usage = PKI_KU_CERT_SIGN | PKI_KU_CRL_SIGN,
                                                     .serial = 1});
    f->ra_sign = fixture_make_cert(&(struct fixture_cert){.subject = "C=US,CN=host-MSCEP-RA",
                                                          .issuer = FIXTURE_CA_NAME,
                                                          .key = f->ra_sign_key,
                                                          .issuer_key = f->ca_key,
                                                          .key_usage = PKI_KU_DIGITAL_SIGNATURE,
                                                          .request_agent = true,
                                                          .serial = 2});
    f->ra_encrypt = fixture_make_cert(&(struct fixture_cert){.subject = "C=US,CN=host-MSCEP-RA",
                                                             .issuer = FIXTURE_CA_NAME,
                                                             .key = f->ra_encrypt_key,
                                                             .issuer_key = f->ca_key,
                                                             .key_usage = PKI_KU_KEY_ENCIPHERMENT,
                                                             .request_agent = true,
                                                             .serial = 3});
}

static inline void fixture_close(struct fixture *f)
{
    struct pki_key *keys[] = {f->ca_key, f->ra_sign_key, f->ra_encrypt_key, f->device_key, f->other_key};
    struct pki_cert *certs[] = {f->ca, f->ra_sign, f->ra_encrypt};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        pki_key_free(keys[i]);
    for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++)
        pki_cert_free(certs[i]);
    pki_cleanup();
}

#endif
