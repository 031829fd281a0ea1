/* The bodies that NDES, IIS and HTTP.sys send, byte for byte where a byte count is known (ndes.md A.5, B.8). */
#ifndef NDES_PAGES_H
#define NDES_PAGES_H

#include "ndes/exchange.h"

/* Who answers is part of the evidence: HTTP.sys in the kernel, or IIS in its worker process. */
enum ndes_error_page {
    NDES_ERROR_NONE,
    NDES_ERROR_KERNEL_TOO_LONG,    /* 400, request line or headers */
    NDES_ERROR_KERNEL_BAD_URL,     /* 400 */
    NDES_ERROR_KERNEL_BAD_HOST,    /* 400 */
    NDES_ERROR_KERNEL_UNAVAILABLE, /* 503, no application pool */
    NDES_ERROR_KERNEL_NOT_FOUND,   /* 404, of a service beside IIS */
    NDES_ERROR_KERNEL_401,         /* in the middle of a logon */
    NDES_ERROR_IIS_401,
    NDES_ERROR_IIS_403,
    NDES_ERROR_IIS_404,
    NDES_ERROR_IIS_405,
    NDES_ERROR_IIS_413,
    NDES_ERROR_IIS_500,
    NDES_ERROR_IIS_503,
    NDES_ERROR_IIS_EMPTY,    /* 200 and nothing */
    NDES_ERROR_IIS_DOWNLOAD, /* 200: mscep.dll as a file */
    /* A proxy in front that wants a logon of its own; the form of all three is inferred. */
    NDES_ERROR_PROXY_REDIRECT, /* 302 to its login page */
    NDES_ERROR_PROXY_LOGIN,    /* that page, with 200 */
    NDES_ERROR_PROXY_403,
    NDES_ERROR_RESET,       /* no page: RST, because the worker process died */
    NDES_ERROR_BAD_GATEWAY, /* 502 by an MDM in front of NDES: what it looks like is not published */
    NDES_ERROR_COUNT
};

enum ndes_otp_page {
    NDES_OTP_PAGE_PASSWORD,
    NDES_OTP_PAGE_CACHE_FULL,
    NDES_OTP_PAGE_NO_PERMISSION,
    NDES_OTP_PAGE_BLANK,   /* no body */
    NDES_OTP_PAGE_UNKNOWN, /* a body without password or known text, as in a language that nobody listed */
};

/* What a server speaks. */
enum ndes_language { NDES_ENGLISH, NDES_GERMAN, NDES_FRENCH, NDES_JAPANESE, NDES_LANGUAGE_COUNT };

struct ndes_otp_page_facts {
    enum ndes_language language;
    const char *thumbprint; /* "A656FA66 AB12B433 A2DA5CF7 CC153D9A": MD5 of the CA certificate */
    const char *password;   /* NDES_OTP_PAGE_PASSWORD */
    bool fixed;             /* the password is a static one: no "only once" */
    int64_t validity_min;
    unsigned cache_max;
};

/* Each sets status, headers and body of a reply that ndes_reply_init has prepared. A body that does not fit into memory
 * is left to the caller, who asks buf_ok. */
void ndes_page_error(enum ndes_error_page page, struct ndes_reply *reply);
/* UTF-16LE without byte-order mark, although its meta tag claims UTF-8. Status 200 in every variant. */
void ndes_page_otp(enum ndes_otp_page page, const struct ndes_otp_page_facts *facts,
                   struct ndes_reply *reply);
/* The frame of every page of NDES: status and headers with no body yet, and HTML around `text`. */
void ndes_page_start(struct ndes_reply *reply);
void ndes_page_frame(struct buf *out, const char *title, const char *text);
/* mscep.dll without an operation. */
void ndes_page_info(struct ndes_reply *reply);
/* The answer to a PKIOperation that NDES could not decode or decrypt: 200 and no CertRep (B.2). */
void ndes_page_not_scep(struct ndes_reply *reply);
/* 301 to `location` (absolute URL; below NDES_LOCATION_BYTES). */
void ndes_page_moved(const char *location, struct ndes_reply *reply);

#endif
