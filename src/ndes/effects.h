/* What is wrong with the simulated server at one moment, as plain data: faults write it, the site and the CA act on
 * it. Adding a fault is a row in room `faults` as long as its effect can be said here. */
#ifndef NDES_EFFECTS_H
#define NDES_EFFECTS_H

#include "ndes/otp.h"
#include "ndes/pages.h"

/* What a request asks for. */
enum ndes_operation {
    NDES_OP_BARE, /* mscep.dll without an operation, or with one it does not know */
    NDES_OP_GET_CA_CAPS,
    NDES_OP_GET_CA_CERT,
    NDES_OP_GET_NEXT_CA_CERT,
    NDES_OP_PKI_OPERATION,
    NDES_OP_OTP, /* mscep_admin without an operation */
    NDES_OP_COUNT
};

/* What a connection attempt meets. */
enum ndes_network {
    NDES_NETWORK_OPEN,
    NDES_NETWORK_REFUSE,
    NDES_NETWORK_DROP,  /* no answer to SYN */
    NDES_NETWORK_RESET, /* accepted, then RST as soon as the client has said something */
    NDES_NETWORK_STALL, /* accepted, then silence */
};

/* The TLS certificate that the web server shows. */
enum ndes_web_cert {
    NDES_WEB_CERT_SOUND,
    NDES_WEB_CERT_EXPIRED,
    NDES_WEB_CERT_OTHER_NAME,
    NDES_WEB_CERT_OTHER_ISSUER, /* of a CA that nobody here knows */
    NDES_WEB_CERT_SELF_SIGNED,
    NDES_WEB_CERT_NO_INTERMEDIATE, /* of a CA below the simulated one, whose certificate is not sent */
    NDES_WEB_CERT_COUNT
};

enum ndes_tls_offer {
    NDES_TLS_USUAL,
    NDES_TLS_UP_TO_1_1,
    NDES_TLS_1_3_ONLY,
    NDES_TLS_RARE_CIPHER, /* no cipher suite that clients of today have */
};

/* Below HTTP everybody meets the same: there is one port, and one certificate on it. */
struct ndes_transport {
    enum ndes_network network;
    bool mdm_only; /* the MDM in front of NDES meets that network; devices reach the MDM */
    enum ndes_web_cert certificate;
    enum ndes_tls_offer offer;
    bool client_certificate; /* the handshake asks for one */
};

/* Products that stand in front of NDES and answer in its place. */
enum ndes_proxy {
    NDES_PROXY_AZURE, /* Microsoft Entra application proxy */
    NDES_PROXY_APP_GATEWAY,
    NDES_PROXY_NGINX,
    NDES_PROXY_APACHE,
    NDES_PROXY_HAPROXY,
    NDES_PROXY_F5,
    NDES_PROXY_SQUID,
    NDES_PROXY_COUNT
};

/* Bytes above which a request is refused, or mistreated; 0: where a healthy server has its limits. */
struct ndes_limits {
    size_t proxy_url; /* by effects.proxy, with proxy_url_status */
    int proxy_url_status;
    size_t request; /* HTTP.sys: request line and headers, and each header */
    size_t url;     /* IIS maxUrl */
    size_t query;   /* IIS maxQueryString */
    size_t body;    /* IIS maxAllowedContentLength */
    enum ndes_error_page body_page;
    size_t cut; /* what is longer is cut there */
    enum ndes_cut cut_how;
};

/* A CertRep with pkiStatus FAILURE. */
struct ndes_refusal {
    bool set;
    enum ndes_error_page page; /* instead of a CertRep; NDES_ERROR_NONE: none */
    int fail_info;
    uint32_t hresult;     /* 0: left out */
    const char *text;     /* server message; static; NULL: none */
    const char *event;    /* that NDES logs with it: "NDES 29"; static; NULL: none */
    const char *logged;   /* its words, where it has any; static */
    bool by_ca;           /* the CA itself refused: NDES 31 has its words first */
    const char *ca_event; /* that the CA logs with it: "CA 53"; static; NULL: none */
};

/* Requests that were to be issued at once wait instead. */
enum ndes_hold {
    NDES_HOLD_NONE,
    NDES_HOLD_PENDING,   /* until this ends */
    NDES_HOLD_DENIED,    /* the first poll is told so */
    NDES_HOLD_FORGOTTEN, /* nobody remembers them */
};

/* Work queues up in front of the application pool (carried out by sim/station.c). */
struct ndes_queue {
    int64_t service_us; /* one after the other takes so long; 0: there is no queue */
    unsigned length;    /* more than that are refused */
    bool by_iis;        /* IIS refuses, not HTTP.sys: with 500.13, or */
    bool by_503;        /* with 503.2 */
};

/* A limit on how many are somewhere at once, and what it answers to one more. */
struct ndes_crowd {
    bool set;
    unsigned at_once; /* 0: nobody gets in, others take all the room */
    struct ndes_refusal answer;
};

/* What load does to an operation (sim/station.h) in place of what is configured. All 0: nothing. */
struct ndes_strain {
    int64_t median_us, p99_us; /* time to serve one; p99 0: the median each time. median 0: as configured */
    double factor;             /* that time is so many times as long; 0: once */
    unsigned servers;          /* so many are served at a time, the others wait in order; 0: as configured */
    struct ndes_crowd crowd;   /* of those who wait and are served */
};

/* String types of a challengePassword; bits. */
enum {
    NDES_STRING_PRINTABLE = 1,
    NDES_STRING_UTF8 = 2,
    NDES_STRING_OTHER = 4,
};

/* Kinds of algorithms in a message; bits. */
enum {
    NDES_ALGORITHMS_OLD = 1, /* DES, 3DES, MD5, SHA-1: what FIPS mode forbids, and SHA-1 */
    NDES_ALGORITHMS_NEW = 2, /* AES, SHA-2: what an old server does not know */
};

/* Whose certificates GetCACert serves, and what the CA decides with. */
enum ndes_guise {
    NDES_GUISE_OWN,
    NDES_GUISE_RA_AGED,        /* RA certificates that expired three days ago; same keys and serial numbers */
    NDES_GUISE_RA_UNTIL,       /* RA certificates that expire at `guise_until_s`; the same */
    NDES_GUISE_RA_OF_OTHER_CA, /* RA certificates that another CA issued */
    NDES_GUISE_RA_OF_OLD_CA, /* the CA has a new key and certificate, the RA certificates are those from before */
    NDES_GUISE_RA_RENEWED, /* RA certificates with new keys */
    NDES_GUISE_CA_AGED,    /* the CA certificate expired a day ago */
    NDES_GUISE_OTHER_CA,   /* another CA, with RA certificates of its own */
    NDES_GUISE_COUNT
};

/* What NDES makes of the password in a request, right as it may be. */
enum ndes_password_trouble {
    NDES_PASSWORD_FINE,
    NDES_PASSWORD_UNKNOWN,
    NDES_PASSWORD_USED,
    NDES_PASSWORD_STRIPPED, /* somebody on the way took it out */
};

/* What NDES cannot do with a message; it answers with a page and logs an event of that number. */
enum ndes_unread {
    NDES_READ,
    NDES_UNREAD_HTTP = 16,     /* cannot decode it */
    NDES_UNREAD_PKCS7 = 17,    /* no transaction id, type or signer */
    NDES_UNREAD_ENVELOPE = 18, /* cannot decrypt it */
};

/* How a CertRep differs from what the policy says, so that some clients cannot read it. */
enum ndes_reply_form {
    NDES_REPLY_USUAL,
    NDES_REPLY_OAEP,
    NDES_REPLY_AES256,
    NDES_REPLY_DES3,
    NDES_REPLY_SHA512,
    NDES_REPLY_SHA1,
    NDES_REPLY_OTHER_SIGNER,    /* signed by a certificate that GetCACert does not show */
    NDES_REPLY_OTHER_RECIPIENT, /* encrypted to somebody else's key */
};

struct ndes_effects {
    uint32_t bitten; /* a bit for each fault that has a say here, in the order of faults_at */
    int64_t now_us;  /* set before a fault is applied: wall clock, and */
    int64_t held_us; /* for how long it has held */
    struct ndes_transport transport;
    enum ndes_error_page in_front; /* every URL, by a proxy: nothing reaches the server */
    enum ndes_proxy proxy;         /* which */
    int proxy_status;              /* every URL gets this status from `proxy`; 0: none does */
    int64_t proxy_delay_us;        /* after so long */
    bool proxy_rewrites;           /* `proxy` shows a page of its own in place of any 5xx */
    bool strips_query, strips_body;
    struct ndes_limits limits;
    unsigned crashes; /* so many requests kill the worker process, then the pool is disabled; 0: none */
    enum ndes_error_page crash_page; /* what a client gets of it; NDES_ERROR_NONE: RST */
    int64_t slow_start_us;           /* the first answer after a start of the pool takes so much longer */
    int64_t clock_us;                /* how far the server's clock is ahead */
    unsigned nodes;                  /* servers behind the one address; 0: one */
    unsigned node;                   /* the one that got this request, from 0 */
    enum ndes_error_page kernel;     /* every URL, before authentication */
    enum ndes_error_page iis;        /* every URL, by IIS, before authentication */
    bool double_escape_blocked;      /* by IIS */
    enum ndes_error_page post;       /* POST to mscep.dll; NDES_ERROR_NONE: it is served */
    const char *caps;                /* GetCACaps answers this instead; NULL: as always. Static */
    bool logon_everywhere;           /* mscep wants a logon as mscep_admin does */
    enum ndes_error_page extension;  /* every URL, after authentication: mscep.dll could not start */
    enum ndes_error_page at[NDES_OP_COUNT];           /* one operation, after authentication */
    enum ndes_error_page before_logon[NDES_OP_COUNT]; /* one operation, before authentication */
    enum ndes_error_page kernel_at[NDES_OP_COUNT];    /* one operation, by HTTP.sys */
    enum ndes_error_page
        otp_folder; /* the OTP page where the URL does not name mscep.dll, after authentication */
    int64_t
        restart_every_us; /* the pool is recycled at the onset, then so often (INT64_MAX: no more); 0: it is not */
    /* What the server's own logs say beside a page from above; a client never sees it. */
    unsigned substatus;  /* IIS log */
    uint32_t win32;      /* IIS log */
    const char *httperr; /* s-reason in HTTPERR for `kernel`; NULL: AppOffline */
    unsigned
        schemes; /* of enum ndes_scheme, offered on the OTP page in place of those configured; 0: the latter */
    uint32_t logon_status; /* every complete logon is refused with this win32 status; 0: none is */
    bool kerberos_broken;  /* tickets are not accepted: the SPN is on the wrong account */
    bool otp_page_replaced;
    enum ndes_otp_page otp_page; /* when replaced */
    enum ndes_language language; /* of the OTP page */
    struct ndes_otp_twist otp;   /* of the password cache */
    enum ndes_guise guise;
    int64_t guise_until_s;
    enum ndes_password_trouble password;
    struct ndes_refusal password_refusal; /* of a password that is not right, in place of the usual one */
    unsigned unreadable_string; /* of NDES_STRING_*: types of challengePassword that NDES does not read */
    bool module_missing;        /* the policy module is not registered */
    enum ndes_unread unread;
    enum ndes_error_page unread_page; /* instead of the page with 200 */
    struct ndes_refusal algorithm;    /* of messages with an algorithm of `algorithms` */
    unsigned algorithms;              /* NDES_ALGORITHMS_* */
    bool basic_types_only;            /* enrollments and polls, whatever is configured */
    enum ndes_reply_form reply_form;
    struct ndes_refusal renewal; /* of every renewal */
    bool renewal_password;       /* renewals need a password as enrollments do */
    struct ndes_refusal module;  /* by a policy module, in place of the password check */
    struct ndes_refusal ca;      /* by the CA, after the password was accepted */
    int64_t ca_delay_us;         /* what takes the CA an answer, or its absence, longer than usual */
    enum ndes_hold hold;
    const struct ndes_refusal *forgotten; /* what a poll for a forgotten request gets; NULL: the usual */
    int64_t delay_us[NDES_OP_COUNT];      /* every answer comes so much later; nobody queues for that */
    struct ndes_strain strain[NDES_OP_COUNT];
    struct ndes_queue queue; /* of the application pool, for whatever operation */
};

#endif
