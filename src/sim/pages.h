/* The bodies that NDES, IIS and HTTP.sys send, byte for byte where a byte count is known (ndes.md A.5, B.8). */
#ifndef SIM_PAGES_H
#define SIM_PAGES_H

#include "sim/exchange.h"

/* Who answers is part of the evidence: HTTP.sys in the kernel, or IIS in its worker process. */
enum sim_error_page {
    SIM_ERROR_NONE,
    SIM_ERROR_KERNEL_TOO_LONG,    /* 400, request line or headers */
    SIM_ERROR_KERNEL_BAD_URL,     /* 400 */
    SIM_ERROR_KERNEL_BAD_HOST,    /* 400 */
    SIM_ERROR_KERNEL_UNAVAILABLE, /* 503, no application pool */
    SIM_ERROR_KERNEL_NOT_FOUND,   /* 404, of a service beside IIS */
    SIM_ERROR_KERNEL_401,         /* in the middle of a logon */
    SIM_ERROR_IIS_401,
    SIM_ERROR_IIS_403,
    SIM_ERROR_IIS_404,
    SIM_ERROR_IIS_405,
    SIM_ERROR_IIS_413,
    SIM_ERROR_IIS_500,
    SIM_ERROR_IIS_503,
    SIM_ERROR_IIS_EMPTY,    /* 200 and nothing */
    SIM_ERROR_IIS_DOWNLOAD, /* 200: mscep.dll as a file */
    /* A proxy in front that wants a logon of its own; the form of all three is inferred. */
    SIM_ERROR_PROXY_REDIRECT, /* 302 to its login page */
    SIM_ERROR_PROXY_LOGIN,    /* that page, with 200 */
    SIM_ERROR_PROXY_403,
    SIM_ERROR_RESET,       /* no page: RST, because the worker process died */
    SIM_ERROR_BAD_GATEWAY, /* 502 by an MDM in front of NDES: what it looks like is not published */
    SIM_ERROR_COUNT
};

enum sim_otp_page {
    SIM_OTP_PAGE_PASSWORD,
    SIM_OTP_PAGE_CACHE_FULL,
    SIM_OTP_PAGE_NO_PERMISSION,
    SIM_OTP_PAGE_BLANK,   /* no body */
    SIM_OTP_PAGE_UNKNOWN, /* a body without password or known text, as in a language that nobody listed */
};

/* What a server speaks. */
enum sim_language { SIM_ENGLISH, SIM_GERMAN, SIM_FRENCH, SIM_JAPANESE, SIM_LANGUAGE_COUNT };

struct sim_otp_page_facts {
    enum sim_language language;
    const char *thumbprint; /* "A656FA66 AB12B433 A2DA5CF7 CC153D9A": MD5 of the CA certificate */
    const char *password;   /* SIM_OTP_PAGE_PASSWORD */
    bool fixed;             /* the password is a static one: no "only once" */
    int64_t validity_min;
    unsigned cache_max;
};

/* Each sets status, headers and body of a reply that sim_reply_init has prepared. A body that does not fit into memory
 * is left to the caller, who asks buf_ok. */
void sim_page_error(enum sim_error_page page, struct sim_reply *reply);
/* UTF-16LE without byte-order mark, although its meta tag claims UTF-8. Status 200 in every variant. */
void sim_page_otp(enum sim_otp_page page, const struct sim_otp_page_facts *facts, struct sim_reply *reply);
/* The frame of every page of NDES: status and headers with no body yet, and HTML around `text`. */
void sim_page_start(struct sim_reply *reply);
void sim_page_frame(struct buf *out, const char *title, const char *text);
/* mscep.dll without an operation. */
void sim_page_info(struct sim_reply *reply);
/* The answer to a PKIOperation that NDES could not decode or decrypt: 200 and no CertRep (B.2). */
void sim_page_not_scep(struct sim_reply *reply);
/* 301 to `location` (absolute URL; below SIM_LOCATION_BYTES). */
void sim_page_moved(const char *location, struct sim_reply *reply);

#endif
