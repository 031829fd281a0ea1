#include "pki/cert.h"

#include "pki/der.h"
#include "pki/extension.h"
#include "pki/fail.h"
#include "pki/oid.h"
#include "pki/signed.h"
#include "pki/spki.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>

#define MAX_CERT_BYTES 262144
#define MAX_PEM_BLOCKS 16

/* A certificate taken apart; spans into its DER. */
struct fields {
    struct pki_signed frame;
    struct span subject;
    struct span issuer;
    struct span serial;
    struct span spki;
    struct span ekus; /* content of the extension's SEQUENCE */
    struct span key_id;
    struct span extensions;
    int64_t not_before;
    int64_t not_after;
    bool has_key_usage;
    unsigned key_usage;
    bool is_ca;
};

struct pki_cert {
    atomic_int references;
    _Atomic(EVP_PKEY *) key_slot;
    _Atomic(EVP_PKEY *) *key; /* &key_slot: filled at first use, also through a const pointer */
    struct fields fields;
    uint8_t sha256[32];
    uint8_t der[];
};

#define OID(bytes)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)bytes, sizeof bytes - 1                                                             \
    }
const struct span PKI_EKU_CLIENT_AUTH = OID("\x2b\x06\x01\x05\x05\x07\x03\x02");
const struct span PKI_EKU_SERVER_AUTH = OID("\x2b\x06\x01\x05\x05\x07\x03\x01");
const struct span PKI_EKU_CERT_REQUEST_AGENT = OID("\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x01");

static void read_basic_constraints(struct fields *f, struct span value)
{
    struct der_reader r = der_reader_of(value);
    struct der_item item;
    if (!der_optional(&r, DER_SEQUENCE, &item))
        return;
    r = der_reader_of(item.content);
    f->is_ca = der_optional(&r, DER_BOOLEAN, &item) && item.content.len == 1 && item.content.data[0] != 0;
}

static void read_extension(struct fields *f, const struct pki_extension *x)
{
    struct der_reader r = der_reader_of(x->value);
    struct der_item item;
    if (span_equal(x->oid, PKI_OID_BASIC_CONSTRAINTS))
        read_basic_constraints(f, x->value);
    else if (span_equal(x->oid, PKI_OID_KEY_USAGE))
        f->has_key_usage = pki_key_usage_read(x->value, &f->key_usage);
    else if (span_equal(x->oid, PKI_OID_EXT_KEY_USAGE) && der_optional(&r, DER_SEQUENCE, &item))
        f->ekus = item.content;
    else if (span_equal(x->oid, PKI_OID_SUBJECT_KEY_ID) && der_optional(&r, DER_OCTET_STRING, &item))
        f->key_id = item.content;
}

/* What follows subjectPublicKeyInfo: two obsolete unique identifiers, then the extensions. */
static bool read_extensions(struct fields *f, struct der_reader *r, struct err *e)
{
    struct der_item item;
    der_optional(r, DER_CONTEXT_PRIMITIVE(1), &item);
    der_optional(r, DER_CONTEXT_PRIMITIVE(2), &item);
    if (!der_optional(r, DER_CONTEXT(3), &item))
        return true;
    struct der_reader inner = der_reader_of(item.content);
    if (!der_expect(&inner, DER_SEQUENCE, "extensions", &item, e))
        return false;
    f->extensions = item.content;
    inner = der_reader_of(item.content);
    while (!der_at_end(&inner)) {
        struct pki_extension x;
        if (!pki_extension_next(&inner, &x, e))
            return false;
        read_extension(f, &x);
    }
    return true;
}

static bool read_validity(struct fields *f, struct span validity, struct err *e)
{
    struct der_reader r = der_reader_of(validity);
    struct der_item from;
    struct der_item until;
    return der_next(&r, &from, e) && der_next(&r, &until, e) && der_time(&from, &f->not_before, e) &&
           der_time(&until, &f->not_after, e);
}

static bool read_tbs(struct fields *f, struct span tbs, struct err *e)
{
    struct der_reader r = der_reader_of(tbs);
    struct der_item serial;
    struct der_item item;
    struct der_item issuer;
    struct der_item validity;
    struct der_item subject;
    struct der_item spki;
    der_optional(&r, DER_CONTEXT(0), &item);
    if (!der_expect(&r, DER_INTEGER, "serial number", &serial, e) ||
        !der_expect(&r, DER_SEQUENCE, "signature algorithm", &item, e) ||
        !der_expect(&r, DER_SEQUENCE, "issuer", &issuer, e) ||
        !der_expect(&r, DER_SEQUENCE, "validity", &validity, e) ||
        !der_expect(&r, DER_SEQUENCE, "subject", &subject, e) ||
        !der_expect(&r, DER_SEQUENCE, "public key", &spki, e))
        return false;
    f->serial = serial.content;
    f->issuer = issuer.whole;
    f->subject = subject.whole;
    f->spki = spki.whole;
    return read_validity(f, validity.content, e) && read_extensions(f, &r, e);
}

static bool read_cert(struct span der, struct fields *f, struct err *e)
{
    return pki_signed_read(der, "certificate", &f->frame, e) && read_tbs(f, f->frame.body.content, e);
}

bool pki_cert_from_der(struct span der, struct pki_cert **out, struct err *e)
{
    if (der.len == 0 || der.len > MAX_CERT_BYTES)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "a certificate of %zu bytes", der.len);
    struct pki_cert *cert = calloc(1, sizeof *cert + der.len);
    if (cert == NULL)
        return err_set(e, STAGE_NONE, REASON_NO_MEMORY, "no memory for a certificate");
    atomic_init(&cert->references, 1);
    atomic_init(&cert->key_slot, NULL);
    cert->key = &cert->key_slot;
    memcpy(cert->der, der.data, der.len);
    size_t hash_len;
    if (!read_cert(span_of(cert->der, der.len), &cert->fields, e) ||
        !pki_hash(PKI_SHA256, pki_cert_der(cert), cert->sha256, &hash_len, e)) {
        pki_cert_free(cert);
        return false;
    }
    *out = cert;
    return true;
}

bool pki_cert_from_pem(struct span pem, struct pki_cert **out, struct err *e)
{
    bool found = false;
    bool ok = false;
    BIO *bio = pem.len > INT32_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    for (int i = 0; bio != NULL && !found && i < MAX_PEM_BLOCKS; i++) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long der_len = 0;
        if (PEM_read_bio(bio, &name, &header, &der, &der_len) != 1)
            break;
        found = strcmp(name, "CERTIFICATE") == 0;
        if (found)
            ok = pki_cert_from_der(span_of(der, (size_t)der_len), out, e);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_len);
    }
    BIO_free(bio);
    pki_forget_errors();
    return found ? ok : err_set(e, STAGE_NONE, REASON_MALFORMED, "no certificate in PEM form");
}

bool pki_cert_identity(struct span der, struct pki_cert_identity *out, struct err *e)
{
    struct fields f = {0};
    if (!read_cert(der, &f, e))
        return false;
    *out = (struct pki_cert_identity){.issuer = f.issuer, .serial = f.serial, .key_id = f.key_id};
    return true;
}

struct pki_cert *pki_cert_ref(struct pki_cert *cert)
{
    atomic_fetch_add_explicit(&cert->references, 1, memory_order_relaxed);
    return cert;
}

void pki_cert_free(struct pki_cert *cert)
{
    if (cert == NULL || atomic_fetch_sub_explicit(&cert->references, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(atomic_load(&cert->key_slot));
    free(cert);
}

struct span pki_cert_der(const struct pki_cert *cert)
{
    return cert->fields.frame.whole;
}

struct span pki_cert_subject(const struct pki_cert *cert)
{
    return cert->fields.subject;
}

struct span pki_cert_issuer(const struct pki_cert *cert)
{
    return cert->fields.issuer;
}

struct span pki_cert_serial(const struct pki_cert *cert)
{
    return cert->fields.serial;
}

struct span pki_cert_spki(const struct pki_cert *cert)
{
    return cert->fields.spki;
}

struct span pki_cert_subject_key_id(const struct pki_cert *cert)
{
    return cert->fields.key_id;
}

struct span pki_cert_extensions(const struct pki_cert *cert)
{
    return cert->fields.extensions;
}

/* Two threads may both decode; one wins, the other throws its copy away. */
EVP_PKEY *pki_cert_public_key(const struct pki_cert *cert)
{
    EVP_PKEY *key = atomic_load_explicit(cert->key, memory_order_acquire);
    if (key != NULL)
        return key;
    EVP_PKEY *fresh = NULL;
    if (!pki_spki_decode(cert->fields.spki, &fresh, NULL))
        return NULL;
    if (atomic_compare_exchange_strong(cert->key, &key, fresh))
        return fresh;
    EVP_PKEY_free(fresh);
    return key;
}

const uint8_t *pki_cert_sha256(const struct pki_cert *cert)
{
    return cert->sha256;
}

int64_t pki_cert_not_before(const struct pki_cert *cert)
{
    return cert->fields.not_before;
}

int64_t pki_cert_not_after(const struct pki_cert *cert)
{
    return cert->fields.not_after;
}

bool pki_cert_key_usage(const struct pki_cert *cert, unsigned *out_bits)
{
    if (cert->fields.has_key_usage)
        *out_bits = cert->fields.key_usage;
    return cert->fields.has_key_usage;
}

bool pki_cert_has_eku(const struct pki_cert *cert, struct span oid)
{
    struct der_reader r = der_reader_of(cert->fields.ekus);
    struct der_item item;
    while (!der_at_end(&r) && der_next(&r, &item, NULL)) {
        if (item.tag == DER_OID && span_equal(item.content, oid))
            return true;
    }
    return false;
}

bool pki_cert_is_ca(const struct pki_cert *cert)
{
    return cert->fields.is_ca;
}

bool pki_cert_is_rsa(const struct pki_cert *cert)
{
    return pki_spki_is_rsa(cert->fields.spki, NULL);
}

static bool verify_through_openssl(struct span whole, EVP_PKEY *key)
{
    const unsigned char *at = whole.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)whole.len);
    bool ok = x509 != NULL && X509_verify(x509, key) == 1;
    X509_free(x509);
    return ok;
}

bool pki_cert_issued_by(const struct pki_cert *cert, const struct pki_cert *issuer)
{
    return pki_signed_by(&cert->fields.frame, cert->fields.issuer, issuer, verify_through_openssl);
}
