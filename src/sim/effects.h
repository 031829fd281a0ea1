/* What is wrong with the simulated server at one moment, as plain data: faults write it, the site and the CA act on
 * it. Adding a fault is a row in a fault_*.c as long as its effect can be said here. */
#ifndef SIM_EFFECTS_H
#define SIM_EFFECTS_H

#include "sim/otp.h"
#include "sim/pages.h"

/* What a request asks for. */
enum sim_operation {
    SIM_OP_BARE, /* mscep.dll without an operation, or with one it does not know */
    SIM_OP_GET_CA_CAPS,
    SIM_OP_GET_CA_CERT,
    SIM_OP_GET_NEXT_CA_CERT,
    SIM_OP_PKI_OPERATION,
    SIM_OP_OTP, /* mscep_admin without an operation */
    SIM_OP_COUNT
};

/* What a connection attempt meets. */
enum sim_network {
    SIM_NETWORK_OPEN,
    SIM_NETWORK_REFUSE,
    SIM_NETWORK_DROP,  /* no answer to SYN */
    SIM_NETWORK_RESET, /* accepted, then RST as soon as the client has said something */
    SIM_NETWORK_STALL, /* accepted, then silence */
};

/* The TLS certificate that the web server shows. */
enum sim_web_cert {
    SIM_WEB_CERT_SOUND,
    SIM_WEB_CERT_EXPIRED,
    SIM_WEB_CERT_OTHER_NAME,
    SIM_WEB_CERT_OTHER_ISSUER, /* of a CA that nobody here knows */
    SIM_WEB_CERT_SELF_SIGNED,
    SIM_WEB_CERT_NO_INTERMEDIATE, /* of a CA below the simulated one, whose certificate is not sent */
    SIM_WEB_CERT_COUNT
};

enum sim_tls_offer {
    SIM_TLS_USUAL,
    SIM_TLS_UP_TO_1_1,
    SIM_TLS_1_3_ONLY,
    SIM_TLS_RARE_CIPHER, /* no cipher suite that clients of today have */
};

/* Below HTTP everybody meets the same: there is one port, and one certificate on it. */
struct sim_transport {
    enum sim_network network;
    bool mdm_only; /* the MDM in front of NDES meets that network; devices reach the MDM */
    enum sim_web_cert certificate;
    enum sim_tls_offer offer;
    bool client_certificate; /* the handshake asks for one */
};

/* Products that stand in front of NDES and answer in its place. */
enum sim_proxy {
    SIM_PROXY_AZURE, /* Microsoft Entra application proxy */
    SIM_PROXY_APP_GATEWAY,
    SIM_PROXY_NGINX,
    SIM_PROXY_APACHE,
    SIM_PROXY_HAPROXY,
    SIM_PROXY_F5,
    SIM_PROXY_SQUID,
    SIM_PROXY_COUNT
};

/* Bytes above which a request is refused, or mistreated; 0: where a healthy server has its limits. */
struct sim_limits {
    size_t proxy_url; /* by effects.proxy, with proxy_url_status */
    int proxy_url_status;
    size_t request; /* HTTP.sys: request line and headers, and each header */
    size_t url;     /* IIS maxUrl */
    size_t query;   /* IIS maxQueryString */
    size_t body;    /* IIS maxAllowedContentLength */
    enum sim_error_page body_page;
    size_t cut; /* what is longer is cut there */
    enum sim_cut cut_how;
};

/* A CertRep with pkiStatus FAILURE. */
struct sim_refusal {
    bool set;
    enum sim_error_page page; /* instead of a CertRep; SIM_ERROR_NONE: none */
    int fail_info;
    uint32_t hresult;     /* 0: left out */
    const char *text;     /* server message; static; NULL: none */
    const char *event;    /* that NDES logs with it: "NDES 29"; static; NULL: none */
    const char *logged;   /* its words, where it has any; static */
    bool by_ca;           /* the CA itself refused: NDES 31 has its words first */
    const char *ca_event; /* that the CA logs with it: "CA 53"; static; NULL: none */
};

/* Requests that were to be issued at once wait instead. */
enum sim_hold {
    SIM_HOLD_NONE,
    SIM_HOLD_PENDING,   /* until this ends */
    SIM_HOLD_DENIED,    /* the first poll is told so */
    SIM_HOLD_FORGOTTEN, /* nobody remembers them */
};

/* Work queues up in front of the application pool (carried out by sim/station.c). */
struct sim_queue {
    int64_t service_us; /* one after the other takes so long; 0: there is no queue */
    unsigned length;    /* more than that are refused */
    bool by_iis;        /* IIS refuses, not HTTP.sys: with 500.13, or */
    bool by_503;        /* with 503.2 */
};

/* A limit on how many are somewhere at once, and what it answers to one more. */
struct sim_crowd {
    bool set;
    unsigned at_once; /* 0: nobody gets in, others take all the room */
    struct sim_refusal answer;
};

/* What load does to an operation (sim/station.h) in place of what is configured. All 0: nothing. */
struct sim_strain {
    int64_t median_us, p99_us; /* time to serve one; p99 0: the median each time. median 0: as configured */
    double factor;             /* that time is so many times as long; 0: once */
    unsigned servers;          /* so many are served at a time, the others wait in order; 0: as configured */
    struct sim_crowd crowd;    /* of those who wait and are served */
};

/* String types of a challengePassword; bits. */
enum {
    SIM_STRING_PRINTABLE = 1,
    SIM_STRING_UTF8 = 2,
    SIM_STRING_OTHER = 4,
};

/* Kinds of algorithms in a message; bits. */
enum {
    SIM_ALGORITHMS_OLD = 1, /* DES, 3DES, MD5, SHA-1: what FIPS mode forbids, and SHA-1 */
    SIM_ALGORITHMS_NEW = 2, /* AES, SHA-2: what an old server does not know */
};

/* Whose certificates GetCACert serves, and what the CA decides with. */
enum sim_guise {
    SIM_GUISE_OWN,
    SIM_GUISE_RA_AGED,        /* RA certificates that expired three days ago; same keys and serial numbers */
    SIM_GUISE_RA_UNTIL,       /* RA certificates that expire at `guise_until_s`; the same */
    SIM_GUISE_RA_OF_OTHER_CA, /* RA certificates that another CA issued */
    SIM_GUISE_RA_OF_OLD_CA, /* the CA has a new key and certificate, the RA certificates are those from before */
    SIM_GUISE_RA_RENEWED, /* RA certificates with new keys */
    SIM_GUISE_CA_AGED,    /* the CA certificate expired a day ago */
    SIM_GUISE_OTHER_CA,   /* another CA, with RA certificates of its own */
    SIM_GUISE_COUNT
};

/* What NDES makes of the password in a request, right as it may be. */
enum sim_password_trouble {
    SIM_PASSWORD_FINE,
    SIM_PASSWORD_UNKNOWN,
    SIM_PASSWORD_USED,
    SIM_PASSWORD_STRIPPED, /* somebody on the way took it out */
};

/* What NDES cannot do with a message; it answers with a page and logs an event of that number. */
enum sim_unread {
    SIM_READ,
    SIM_UNREAD_HTTP = 16,     /* cannot decode it */
    SIM_UNREAD_PKCS7 = 17,    /* no transaction id, type or signer */
    SIM_UNREAD_ENVELOPE = 18, /* cannot decrypt it */
};

/* How a CertRep differs from what the policy says, so that some clients cannot read it. */
enum sim_reply_form {
    SIM_REPLY_USUAL,
    SIM_REPLY_OAEP,
    SIM_REPLY_AES256,
    SIM_REPLY_DES3,
    SIM_REPLY_SHA512,
    SIM_REPLY_SHA1,
    SIM_REPLY_OTHER_SIGNER,    /* signed by a certificate that GetCACert does not show */
    SIM_REPLY_OTHER_RECIPIENT, /* encrypted to somebody else's key */
};

struct sim_effects {
    uint32_t bitten; /* a bit for each fault that has a say here, in the order of sim_faults_at */
    int64_t now_us;  /* set before a fault is applied: wall clock, and */
    int64_t held_us; /* for how long it has held */
    struct sim_transport transport;
    enum sim_error_page in_front; /* every URL, by a proxy: nothing reaches the server */
    enum sim_proxy proxy;         /* which */
    int proxy_status;             /* every URL gets this status from `proxy`; 0: none does */
    int64_t proxy_delay_us;       /* after so long */
    bool proxy_rewrites;          /* `proxy` shows a page of its own in place of any 5xx */
    bool strips_query, strips_body;
    struct sim_limits limits;
    unsigned crashes; /* so many requests kill the worker process, then the pool is disabled; 0: none */
    enum sim_error_page crash_page; /* what a client gets of it; SIM_ERROR_NONE: RST */
    int64_t slow_start_us;          /* the first answer after a start of the pool takes so much longer */
    int64_t clock_us;               /* how far the server's clock is ahead */
    unsigned nodes;                 /* servers behind the one address; 0: one */
    unsigned node;                  /* the one that got this request, from 0 */
    enum sim_error_page kernel;     /* every URL, before authentication */
    enum sim_error_page iis;        /* every URL, by IIS, before authentication */
    bool double_escape_blocked;     /* by IIS */
    enum sim_error_page post;       /* POST to mscep.dll; SIM_ERROR_NONE: it is served */
    const char *caps;               /* GetCACaps answers this instead; NULL: as always. Static */
    bool logon_everywhere;          /* mscep wants a logon as mscep_admin does */
    enum sim_error_page extension;  /* every URL, after authentication: mscep.dll could not start */
    enum sim_error_page at[SIM_OP_COUNT];           /* one operation, after authentication */
    enum sim_error_page before_logon[SIM_OP_COUNT]; /* one operation, before authentication */
    enum sim_error_page kernel_at[SIM_OP_COUNT];    /* one operation, by HTTP.sys */
    enum sim_error_page
        otp_folder; /* the OTP page where the URL does not name mscep.dll, after authentication */
    int64_t
        restart_every_us; /* the pool is recycled at the onset, then so often (INT64_MAX: no more); 0: it is not */
    /* What the server's own logs say beside a page from above; a client never sees it. */
    unsigned substatus;  /* IIS log */
    uint32_t win32;      /* IIS log */
    const char *httperr; /* s-reason in HTTPERR for `kernel`; NULL: AppOffline */
    unsigned
        schemes; /* of enum sim_scheme, offered on the OTP page in place of those configured; 0: the latter */
    uint32_t logon_status; /* every complete logon is refused with this win32 status; 0: none is */
    bool kerberos_broken;  /* tickets are not accepted: the SPN is on the wrong account */
    bool otp_page_replaced;
    enum sim_otp_page otp_page; /* when replaced */
    enum sim_language language; /* of the OTP page */
    struct sim_otp_twist otp;   /* of the password cache */
    enum sim_guise guise;
    int64_t guise_until_s;
    enum sim_password_trouble password;
    struct sim_refusal password_refusal; /* of a password that is not right, in place of the usual one */
    unsigned unreadable_string; /* of SIM_STRING_*: types of challengePassword that NDES does not read */
    bool module_missing;        /* the policy module is not registered */
    enum sim_unread unread;
    enum sim_error_page unread_page; /* instead of the page with 200 */
    struct sim_refusal algorithm;    /* of messages with an algorithm of `algorithms` */
    unsigned algorithms;             /* SIM_ALGORITHMS_* */
    bool basic_types_only;           /* enrollments and polls, whatever is configured */
    enum sim_reply_form reply_form;
    struct sim_refusal renewal; /* of every renewal */
    bool renewal_password;      /* renewals need a password as enrollments do */
    struct sim_refusal module;  /* by a policy module, in place of the password check */
    struct sim_refusal ca;      /* by the CA, after the password was accepted */
    int64_t ca_delay_us;        /* what takes the CA an answer, or its absence, longer than usual */
    enum sim_hold hold;
    const struct sim_refusal *forgotten; /* what a poll for a forgotten request gets; NULL: the usual */
    int64_t delay_us[SIM_OP_COUNT];      /* every answer comes so much later; nobody queues for that */
    struct sim_strain strain[SIM_OP_COUNT];
    struct sim_queue queue; /* of the application pool, for whatever operation */
};

#endif
