/* What is wrong with the simulated server at one moment, as plain data: faults write it, the site and the CA act on
 * it. Adding a fault is a row in a fault_*.c as long as its effect can be said here. */
#ifndef SIM_EFFECTS_H
#define SIM_EFFECTS_H

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
enum sim_network { SIM_NETWORK_OPEN, SIM_NETWORK_REFUSE, SIM_NETWORK_DROP };

/* A CertRep with pkiStatus FAILURE. */
struct sim_refusal {
    bool set;
    enum sim_error_page page; /* instead of a CertRep; SIM_ERROR_NONE: none */
    int fail_info;
    uint32_t hresult; /* 0: left out */
    const char *text; /* server message; static; NULL: none */
};

/* Requests that were to be issued at once wait instead. */
enum sim_hold {
    SIM_HOLD_NONE,
    SIM_HOLD_PENDING,   /* until this ends */
    SIM_HOLD_DENIED,    /* the first poll is told so */
    SIM_HOLD_FORGOTTEN, /* nobody remembers them */
};

struct sim_effects {
    uint32_t bitten; /* a bit for each fault that has a say here, in the order of sim_faults_at */
    enum sim_network network;
    enum sim_error_page in_front;         /* every URL, by a proxy: nothing reaches the server */
    enum sim_error_page kernel;           /* every URL, before authentication */
    enum sim_error_page extension;        /* every URL, after authentication: mscep.dll could not start */
    enum sim_error_page at[SIM_OP_COUNT]; /* one operation, after authentication */
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
    bool ra_expired;            /* GetCACert shows aged RA certificates */
    bool passwords_unknown;     /* no password that a client sends is in the cache */
    struct sim_refusal module;  /* by a policy module, in place of the password check */
    struct sim_refusal ca;      /* by the CA, after the password was accepted */
    enum sim_hold hold;
    const struct sim_refusal *forgotten; /* what a poll for a forgotten request gets; NULL: the usual */
};

#endif
