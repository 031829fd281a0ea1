/* GetCACaps (RFC 8894 3.5.2). */
#ifndef SCEP_CAPS_H
#define SCEP_CAPS_H

#include "scep/types.h"

enum {
    SCEP_CAP_AES = 1 << 0,
    SCEP_CAP_DES3 = 1 << 1,
    SCEP_CAP_GET_NEXT_CA_CERT = 1 << 2,
    SCEP_CAP_POST = 1 << 3, /* POSTPKIOperation */
    SCEP_CAP_RENEWAL = 1 << 4,
    SCEP_CAP_SHA1 = 1 << 5,
    SCEP_CAP_SHA256 = 1 << 6,
    SCEP_CAP_SHA512 = 1 << 7,
    SCEP_CAP_STANDARD = 1 << 8, /* implies AES, POST and SHA-256: those bits are set too */
    SCEP_CAP_UPDATE = 1 << 9,   /* drafts */
};

/* Case-insensitive, LF or CRLF, blanks trimmed, unknown words ignored. Never fails: an empty or odd body has
 * no capabilities. */
unsigned scep_caps_parse(struct span body);
/* The same as a client sees it that compares words byte by byte (`exact_case`), or does not know SCEPStandard. */
unsigned scep_caps_parse_as(struct span body, bool exact_case, bool knows_standard);
/* The words as sent (trimmed), at most `max`; for reports. Returns how many; each span points into body. */
size_t scep_caps_words(struct span body, struct span *out, size_t max);

/* Best common choice as RFC 8894 3.5.2 advises: AES-128 over 3DES; SHA-256 over SHA-512 over SHA-1. */
enum pki_cipher scep_caps_cipher(unsigned caps);
enum pki_digest scep_caps_digest(unsigned caps);

#endif
