/* One HTTP exchange without a socket: what the site is asked, what it answers. */
#ifndef NDES_EXCHANGE_H
#define NDES_EXCHANGE_H

#include "base/bytes.h"

/* All spans and strings borrowed for the duration of the call. */
struct ndes_request {
    const char *method;        /* "GET" */
    struct span target;        /* path and query as on the request line, escapes untouched */
    size_t head_bytes;         /* request line and headers; 0: not known */
    size_t field_bytes;        /* the longest header; 0: not known */
    const char *host;          /* Host header; NULL: absent */
    bool http_1_0;             /* may come without a host */
    const char *authorization; /* Authorization header; NULL: absent */
    struct span body;
    bool body_too_large; /* beyond BYTES_MAX_MESSAGE; `body` is empty then */
    bool tls;
    bool local;          /* the client is on this machine */
    bool of_page;        /* a web page may have made it ask */
    uint64_t connection; /* the same for every request of one connection */
    void **
        session; /* what the site remembers of this connection until it closes; NULL: it can remember nothing */
    int64_t now_us;       /* wall clock */
    int64_t monotonic_us; /* the same moment, for durations */
    /* For the server's logs. */
    const char *client; /* address; NULL: not known */
    unsigned client_port;
    const char *agent; /* User-Agent; NULL: absent */
};

#define NDES_LOCATION_BYTES 320

#define NDES_AUTHENTICATE_BYTES 4096

/* What is written down about a reply besides the line in the IIS log: an event with its data in order, as in
 * traces/kinds_*.c. Says what happened, whether a fault made it happen or a client. */
struct ndes_note {
    const char *event;   /* "NDES 31", "CA 53", "Security 4625"; static; NULL: none */
    char values[6][256]; /* "{client}": the address that the request came from */
};
#define NDES_NOTES 2

/* How a client can log on to the OTP page; bits. */
enum ndes_scheme {
    NDES_SCHEME_NEGOTIATE = 1,
    NDES_SCHEME_NTLM = 2,
    NDES_SCHEME_BASIC = 4,
};

/* What Windows writes as win32 status behind a 401.1 (ndes.md E.1). */
enum ndes_logon_status {
    NDES_LOGON_OK = 0,
    NDES_LOGON_BAD_PASSWORD = 1326,
    NDES_LOGON_PASSWORD_EXPIRED = 1330,
    NDES_LOGON_DISABLED = 1331,
    NDES_LOGON_LOCKED = 1909,
};

/* A row of the CA's request table. */
enum { NDES_CA_PENDING = 9, NDES_CA_ISSUED = 20, NDES_CA_FAILED = 30, NDES_CA_DENIED = 31 };
struct ndes_ca_row {
    uint32_t number; /* 0: none */
    int disposition; /* NDES_CA_* */
    uint32_t code;
};

/* Who answered, which is: whose log has a line about it. */
enum ndes_layer {
    NDES_LAYER_IIS,
    NDES_LAYER_KERNEL, /* HTTP.sys */
    NDES_LAYER_FRONT,  /* something in front: the server knows nothing of the request */
};

/* What becomes of a message, or of the answer, on a way that cannot carry it whole. */
enum ndes_cut {
    NDES_CUT_NOTHING,
    NDES_CUT_REQUEST,    /* the server gets the beginning */
    NDES_CUT_REPLY,      /* the client gets the beginning, in a reply that claims to be whole */
    NDES_CUT_CONNECTION, /* the client gets the beginning, then the connection ends */
    NDES_CUT_RESET,      /* RST in place of an answer */
    NDES_CUT_DRIP,       /* the answer comes a few bytes at a time */
};

/* Headers are static strings where they are pointers; NULL or "": not sent. */
struct ndes_reply {
    int status;
    const char *server;
    const char *content_type;
    char authenticate[NDES_AUTHENTICATE_BYTES]; /* WWW-Authenticate, a header for each line */
    char location[NDES_LOCATION_BYTES];         /* "": none */
    bool close;                                 /* the connection ends after this reply */
    int64_t delay_us;    /* it leaves so long after the request came; what making it takes is part of that */
    const char *headers; /* further ones: "Name: value", a line each */
    enum ndes_cut cut;
    size_t cut_at; /* NDES_CUT_CONNECTION: bytes of the body that get through */
    /* What the server's own logs would have; the client never sees it. */
    enum ndes_layer layer;
    unsigned substatus;
    uint32_t win32;
    const char *httperr; /* s-reason in HTTPERR, of what HTTP.sys answers; NULL: not logged there */
    unsigned node;       /* the server behind the address that answered, from 0 */
    int64_t clock_us;    /* how far its clock is ahead; the Date header shows it */
    bool crashed;        /* the worker process died of this request */
    bool pool_disabled;  /* and that was once too often */
    bool asked_ca;       /* the CA had a say */
    struct ndes_ca_row ca_row;
    struct ndes_note notes[NDES_NOTES];
    uint32_t bitten;         /* faults that had a say; bits as in struct ndes_effects */
    char user[256];          /* who is logged on; "": nobody */
    char transaction[132];   /* of the message */
    char subject[256];       /* that a certificate was asked for, as text */
    bool issued;             /* it was */
    const char *refused_for; /* the words of a refusal; static; NULL: none */
    struct buf body;
};

static inline void ndes_reply_init(struct ndes_reply *reply)
{
    *reply = (struct ndes_reply){0};
    buf_init(&reply->body, BYTES_MAX_MESSAGE);
}

#endif
