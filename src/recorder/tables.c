/* Certificates and settings of this very server, for the tables that its collector would find. */
#include "recorder/recording.h"

#include "base/text.h"
#include "pki/algorithm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MSCEP  "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\"
#define LEGACY "Microsoft Strong Cryptographic Provider" /* a CNG provider would not do for RA keys (F.2.4) */
#define DAY_S  INT64_C(86400)

static void set(struct recorder *r, const char *table, const char *row, const char *column, const char *value)
{
    for (size_t n = 0; n < r->node_count; n++)
        traces_state(r->nodes[n], table, row, column, value);
}

/* "2026-05-09T21:30:11Z" */
static void date(int64_t unix_s, char out[32])
{
    text_utc(unix_s * 1000000, out, 32);
    char *point = strchr(out, '.');
    if (point != NULL)
        memcpy(point, "Z", 2);
}

static bool thumbprint(const struct pki_cert *cert, char out[RECORDER_THUMB], struct err *e)
{
    uint8_t digest[64];
    size_t len = 0;
    if (!pki_hash(PKI_SHA1, pki_cert_der(cert), digest, &len, e))
        return false;
    text_hex(span_of(digest, len), true, out);
    return true;
}

struct row {
    const char *thumb, *store, *subject, *issuer, *serial, *not_before, *not_after, *eku, *usage, *provider,
        *readers;
    bool key, self_signed;
};

static void add(struct recorder *r, const struct row *row)
{
    const struct {
        const char *column, *value;
    } cells[] = {
        {"Store", row->store},
        {"Subject", row->subject},
        {"Issuer", row->issuer},
        {"SerialNumber", row->serial},
        {"NotBefore", row->not_before},
        {"NotAfter", row->not_after},
        {"HasPrivateKey", row->key ? "True" : "False"},
        {"EnhancedKeyUsage", row->eku},
        {"KeyUsage", row->usage},
        {"Provider", row->key ? row->provider : ""},
        {"KeyReaders", row->readers},
        {"ChainStatus", "NoError"},
        {"SelfSigned", row->self_signed ? "True" : "False"},
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        set(r, "certificates", row->thumb, cells[i].column, cells[i].value);
}

static void name_text(struct span name, char *out, size_t bytes)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, bytes - 1);
    bool ok = pki_name_to_text(name, &text, &ignored) && buf_text(&text) != NULL;
    snprintf(out, bytes, "%s", ok ? buf_text(&text) : "");
    buf_clear(&text);
}

/* What a certificate says itself; `form` says the rest. */
static bool add_cert(struct recorder *r, const struct pki_cert *cert, const struct row *form,
                     char thumb[RECORDER_THUMB], struct err *e)
{
    char subject[256], issuer[256], serial[48] = "", before[32], after[32];
    struct span number = pki_cert_serial(cert);
    if (!thumbprint(cert, thumb, e))
        return false;
    if (number.len < sizeof serial / 2)
        text_hex(number, true, serial);
    name_text(pki_cert_subject(cert), subject, sizeof subject);
    name_text(pki_cert_issuer(cert), issuer, sizeof issuer);
    date(pki_cert_not_before(cert), before);
    date(pki_cert_not_after(cert), after);
    struct row row = *form;
    row.thumb = thumb;
    row.subject = subject;
    row.issuer = issuer;
    row.serial = serial;
    row.not_before = before;
    row.not_after = after;
    add(r, &row);
    return true;
}

static bool add_certs(struct recorder *r, struct err *e)
{
    static const struct row sign = {.store = "My",
                                    .eku = "1.3.6.1.4.1.311.20.2.1",
                                    .usage = "DigitalSignature",
                                    .provider = LEGACY,
                                    .readers =
                                        "NT AUTHORITY\\SYSTEM;BUILTIN\\Administrators;CONTOSO\\svc-ndes",
                                    .key = true};
    static const struct row encrypt = {.store = "My",
                                       .eku = "1.3.6.1.4.1.311.20.2.1",
                                       .usage = "KeyEncipherment",
                                       .provider = LEGACY,
                                       .readers =
                                           "NT AUTHORITY\\SYSTEM;BUILTIN\\Administrators;CONTOSO\\svc-ndes",
                                       .key = true};
    static const struct row ca = {.store = "Root",
                                  .eku = "",
                                  .usage = "DigitalSignature;KeyCertSign;CrlSign",
                                  .provider = "",
                                  .readers = "",
                                  .self_signed = true};
    static const struct row web = {.store = "My",
                                   .eku = "1.3.6.1.5.5.7.3.1",
                                   .usage = "DigitalSignature;KeyEncipherment",
                                   .provider = "Microsoft RSA SChannel Cryptographic Provider",
                                   .readers = "NT AUTHORITY\\SYSTEM;BUILTIN\\Administrators",
                                   .key = true};
    const struct ndes_identity *id = r->config.identity;
    return add_cert(r, id->sign, &sign, r->certs.sign, e) &&
           add_cert(r, id->encrypt, &encrypt, r->certs.encrypt, e) &&
           add_cert(r, id->ca, &ca, r->certs.ca, e) &&
           (r->config.web == NULL || add_cert(r, r->config.web, &web, r->certs.web, e));
}

/* The client certificate with which Intune's module talks to its registration point: it is not on this wire, so only the
 * tables know it. */
static void add_module_cert(struct recorder *r)
{
    char before[32], after[32];
    int64_t now_s = r->config.identity->made_s;
    snprintf(r->certs.module, sizeof r->certs.module, "5C1E90B7D24A6F83E05B7719CD2486AF3310D9E2");
    date(now_s - 90 * DAY_S, before);
    date(now_s + 640 * DAY_S, after);
    const struct row row = {.thumb = r->certs.module,
                            .store = "My",
                            .subject = "CN=NDES01.contoso.example",
                            .issuer = r->ca_name,
                            .serial = "1D00000007A4C19E3B5F2080000000000007",
                            .not_before = before,
                            .not_after = after,
                            .eku = "1.3.6.1.5.5.7.3.2;1.3.6.1.5.5.7.3.1",
                            .usage = "DigitalSignature;KeyEncipherment",
                            .provider = "Microsoft RSA SChannel Cryptographic Provider",
                            .readers = "NT AUTHORITY\\SYSTEM;BUILTIN\\Administrators;CONTOSO\\svc-ndes",
                            .key = true};
    add(r, &row);
    set(r, "registry", MSCEP "Modules\\NDESPolicy\\NDESCertThumbprint", "Value", r->certs.module);
}

/* A connector of two months ago: its version carries year and month, and Intune supports it for six. */
static void add_connector(struct recorder *r)
{
    static const char product[] = "Certificate Connector for Microsoft Intune";
    char installed[32], version[32];
    date(r->config.identity->made_s - 60 * DAY_S, installed);
    snprintf(version, sizeof version, "6.%.2s%.2s.12.0", installed + 2, installed + 5);
    set(r, "software", product, "Version", version);
    set(r, "software", product, "InstalledAt", installed);
}

static void add_settings(struct recorder *r)
{
    const struct recorder_config *c = &r->config;
    char text[160], after[32], crl[32];
    snprintf(text, sizeof text, "%u", c->otp_max);
    set(r, "registry", MSCEP "PasswordMax\\PasswordMax", "Value", text);
    snprintf(text, sizeof text, "%" PRId64, (c->otp_validity_us + 59999999) / 60000000);
    set(r, "registry", MSCEP "PasswordValidity\\PasswordValidity", "Value", text);
    set(r, "registry", MSCEP "UseSinglePassword\\UseSinglePassword", "Value", c->otp_static ? "1" : "0");
    date(pki_cert_not_after(c->identity->ca), after);
    date(c->identity->made_s + 7 * DAY_S, crl);
    snprintf(text, sizeof text, "CA01.contoso.example\\%s", r->ca_name);
    set(r, "ca", text, "CertificateNotAfter", after);
    set(r, "ca", text, "CrlNextUpdate", crl);
    if (c->web == NULL)
        return;
    set(r, "bindings", "https/*:443:", "Site", "Default Web Site");
    set(r, "bindings", "https/*:443:", "State", "Started");
    set(r, "bindings", "https/*:443:", "CertificateThumbprint", r->certs.web);
}

bool recorder_tables(struct recorder *r, struct err *e)
{
    if (!add_certs(r, e))
        return false;
    add_settings(r);
    if (r->module) {
        add_module_cert(r);
        add_connector(r);
    }
    return true;
}
