/* A PKI that is the same in every process: two throw-away keys, certificates made of them with fixed serials and dates.
 * Fuzz targets and the makers of their seeds share it. Include it from one file of a program. */
#ifndef SUPPORT_FUZZ_PKI_H
#define SUPPORT_FUZZ_PKI_H

#include "scep/certrep.h"

#define FUZZ_NOW_S INT64_C(1767225600)

/* clang-format off */
static const char fuzz_ca_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDBv3NGt6ZjbduKaHLDRPEI2vxbhCXv7E2NmUUp4pDurbwdOukE\n"
    "68BGUG4VrJhGdFIa0dViMHcKExWV/q9/LxzvwJjWAqsfh4aszYHnvvipZolqGL8k\n"
    "iixmcycgllLPi1EK5Wdd7Uefy/SFT/fn/U5jWD8alXWwrBFzf26uDTdTYwIDAQAB\n"
    "AoGAGPB/8jZpoJrfi61uOFyDelRV76HPEFcmlHeKQ536cf7DHDAdFpkSIvrvcLLK\n"
    "1ybZ+sHP6de7OvzB5pDmHkT+QFTSr+CjnWl5Dw0wembOMFzbo0a9q7hWOjkO7QMz\n"
    "YetFkZdKbF3LtXmADn/25fcAZgQ1TzgNp+b8yZb2XIoFmQECQQDw/pPShx0ew+nr\n"
    "VCwFwME8k/h1NiC7jQ0z4QKTW7uNpoZGaCYYLFvtmFkYrXw9DuaFaSCT4bA12xrL\n"
    "+LTS1gaDAkEAzc/Ek1PFzinNAvd8oBLo689TOHH/nn69aTzzV1C/TijaafOTWYjl\n"
    "wkYUqq9asxEWel3x1QDilObSdRIW1ZDpoQJBAIVTQjKpn1mi52nS8lvobL932W/3\n"
    "FxrLiS9XX5ZonJVcOFMBUXn0KJOEwl3dtKsO8EeEhoppxJO2+Nc5a8hsscMCQQCo\n"
    "yIUblY4YvuskTbZkyF1AVeyX09WgM6w+S//8UXoyLQrB7UGgIcbbBgIY4GnvhEn8\n"
    "3GJhHrKzDoD2BXm4d3lBAkA77HvZGNB8SLqY2YGjuxKKceeGu/Dut6P+FDXU8sSu\n"
    "k8tRvN2/1xg1COyCZm2K1zhjQB+FC6XsIaFmKSzv/P6a\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char fuzz_device_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDSqsBfCG9UXLqWSVa4VBC/VIqYz5XPtRTa2kAWz3Jz56vK9tMJ\n"
    "T4EX5taRrrJ8chu7I0tG4xmSw5QusZhLvb3I9ZJlHjtgSI2Hd9w4s+VWsl0vZdLO\n"
    "UwG53MLbJE4eTnywyjbU5J/0cTi9fxGfUYzXsBezPPLBYylkOOOBSMTQ0wIDAQAB\n"
    "AoGBALBoOcSajJdJOxmj+hFKm+eLxK9njNyslvUYs3gmaIH0KqBABcITKFe6fkzp\n"
    "zB53cw9G479NZlnGmqxrHMu37FX5YYnd28AfJvEibIt+owSEOGZVXeLn+p7Hi4KC\n"
    "OlsqvdECsL2VZCtQ4d62e+n8rjHAx7RIgJw4txHFbIQ5q2ghAkEA7/KkF8M5SYJ7\n"
    "qmwlntIwlCNlnVKoQxLBzqTi7jg9VJ/bUcOSeOcxMlmqXPmc51Yt4WRxjDjzNEJ2\n"
    "MXbc+1ynAwJBAODCpUbytzDLA/8elw22GpqttMPBZOJDNjx74Zj2HBCPyVD6UE6r\n"
    "oyRjbmTSKTuPWA1Xf+FuergM/Nn5S/bK3fECQQDS9x4pOl8i75N1WpKVGi7WAG02\n"
    "Lld8aYB3BGf1lQLvZYF6WR5uKK8LmuR7zIeUqiO6uQpQhD3oo8qxYNWYN3UrAkAx\n"
    "rvVIDKkwEQCOKZ3sev/Ah3t49kwts/vOPPgujuC/THmM+/g6m7hRd+VURhy1PMeT\n"
    "E2+CTqC0BLL0ICaJpGiRAkB9H1hZt/Z2TEXhAzXLxTGouFMjcywlIlpsqLtjROoZ\n"
    "WPboi8I8KEKCIeN1Evpyl2kdrw/Rf/xPGAYKPxoXS+EQ\n"
    "-----END RSA PRIVATE KEY-----\n";
/* clang-format on */

static struct {
    struct pki_key *ca_key, *device_key;
    struct pki_cert *ca, *signer;
    struct scep_ca *bundle;
    struct buf subject;
    struct scep_transaction transaction;
} fuzz;

static inline void fuzz_need(bool ok)
{
    if (!ok)
        abort();
}

static inline struct pki_cert *fuzz_cert(const char *subject, const char *issuer, const struct pki_key *key,
                                         bool ca, uint8_t serial)
{
    struct buf subject_der;
    struct buf issuer_der;
    struct buf der;
    buf_init(&subject_der, 1000);
    buf_init(&issuer_der, 1000);
    buf_init(&der, 10000);
    fuzz_need(pki_name_from_text(subject, &subject_der, NULL) &&
              pki_name_from_text(issuer, &issuer_der, NULL));
    struct pki_cert_spec spec = {
        .subject = buf_span(&subject_der),
        .issuer = buf_span(&issuer_der),
        .spki = pki_key_spki(key),
        .serial = span_of(&serial, 1),
        .not_before = FUZZ_NOW_S - 100,
        .not_after = FUZZ_NOW_S + 100,
        .ca = ca,
        .key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT | (ca ? PKI_KU_CERT_SIGN : 0u),
    };
    struct pki_cert *cert = NULL;
    const struct pki_key *by = strcmp(subject, issuer) == 0 ? key : fuzz.ca_key;
    fuzz_need(pki_cert_make(&spec, by, PKI_SHA256, &der, NULL) &&
              pki_cert_from_der(buf_span(&der), &cert, NULL));
    buf_clear(&subject_der);
    buf_clear(&issuer_der);
    buf_clear(&der);
    return cert;
}

/* Once per process; freed by nobody. The transaction's nonce is all zeros. */
static inline void fuzz_pki_open(void)
{
    if (fuzz.bundle != NULL)
        return;
    fuzz_need(pki_init(NULL));
    fuzz_need(pki_key_from_pem(span_of_text(fuzz_ca_pem), &fuzz.ca_key, NULL));
    fuzz_need(pki_key_from_pem(span_of_text(fuzz_device_pem), &fuzz.device_key, NULL));
    fuzz.ca = fuzz_cert("CN=CA", "CN=CA", fuzz.ca_key, true, 1);
    fuzz.signer = fuzz_cert("CN=d", "CN=d", fuzz.device_key, false, 2);
    fuzz_need(scep_ca_parse(pki_cert_der(fuzz.ca), &fuzz.bundle, NULL));
    buf_init(&fuzz.subject, 100);
    fuzz_need(pki_name_from_text("CN=d", &fuzz.subject, NULL));
    memcpy(fuzz.transaction.id, "T", 2);
}

#endif
