/* Probes: otherwise good requests that differ in one place each, and what a server should make of them.
 *
 * Each probe follows a control, an unaltered enrollment of the same kind right before it: only beside a control that was
 * enrolled does a refusal say anything about the difference. A refusal is judged by its reason. No sockets, no clocks:
 * the owner carries requests out and brings answers back. */
#ifndef CONFORMANCE_CONFORMANCE_H
#define CONFORMANCE_CONFORMANCE_H

#include "persona/persona.h"

#define CONFORMANCE_MAX        96 /* probes */
#define CONFORMANCE_TEXT_BYTES 256

/* What a conforming server does. OPEN: the rules leave it to the server; a refusal must give the right reason then. */
enum conformance_wants { CONFORMANCE_ACCEPT, CONFORMANCE_REFUSE, CONFORMANCE_OPEN };

enum conformance_challenge {
    CONFORMANCE_FRESH, /* a good one of its own, as any device has */
    CONFORMANCE_USED,  /* the control's */
    CONFORMANCE_WRONG, /* looks good, was never given out */
    CONFORMANCE_NONE,
};

/* A refusal: failInfo and what Microsoft's attribute adds to it. */
#define CONFORMANCE_NO_HRESULT  UINT32_C(0) /* the attribute is absent */
#define CONFORMANCE_ANY_HRESULT UINT32_C(1) /* absent or not, whatever its value */
struct conformance_reason {
    int fail_info; /* -1: end of the list */
    uint32_t hresult;
    bool
        acceptable; /* not what the rule names, but a server that says so has seen what is wrong; else: right */
};

/* What is different. All zero: nothing. */
struct conformance_change {
    int type;                  /* messageType; 0: PKCSReq */
    struct scep_oddity oddity; /* see there */
    bool replay;               /* the control's message once more */
    bool to_ca;                /* encrypted to the CA certificate instead of the RA's */
    bool other_key;            /* under the control's transactionID */
    bool cut_csr;              /* the second half of the PKCS#10 is missing */
    bool unsigned_csr;         /* its signature does not verify: no proof of possession */
    bool empty_subject;
    int64_t signing_time_s;                     /* signingTime, so far from now; 0: as the persona has it */
    enum persona_challenge_type challenge_type; /* AUTO: as the persona has it */
    unsigned get_bytes; /* by GET with a query of about this length; 0: as the persona sends it */
    bool algorithms;    /* these, instead of the persona's */
    enum pki_digest digest;
    enum pki_cipher cipher;
    enum pki_transport transport;
};

struct conformance_probe {
    const char *id; /* "corrupted-signature"; users select by it */
    const char *title;
    const char *rule; /* "RFC 8894 3.2.1.4" */
    const char *does; /* to an otherwise good request */
    enum conformance_wants wants;
    enum conformance_challenge challenge;
    enum persona_basis basis;                 /* of what is expected */
    const struct conformance_reason *reasons; /* ended by failInfo -1 */
    const int *http; /* HTTP statuses of known refusals outside SCEP, ended by 0; NULL: none. Skipped, too */
    unsigned announced; /* ACCEPT holds only with all of these SCEP_CAP_*, else OPEN */
    struct conformance_change change;
};

/* The table, static. NULL past the last. */
const struct conformance_probe *conformance_probe(size_t index);
size_t conformance_count(void);

/* Adds to the choice: "all", an id, or the beginning of several ("algorithms", "oversized-get").
 * Fails: REASON_USAGE, with the nearest id. */
bool conformance_choose(const char *word, bool chosen[CONFORMANCE_MAX], struct err *e) MUST_USE;

/* Requests. Run them on a worker. */

/* What the control sent and got; probes borrow from it. */
struct conformance_control {
    struct span message;
    const struct scep_transaction *transaction;
    struct span subject; /* DER Name */
    struct span signer;  /* DER */
    struct span spki;    /* of the certificate's key */
    const struct pki_key *signer_key;
    struct span challenge; /* used up by it; empty: none */
    const struct pki_cert *issued;
};
struct conformance_material {
    const struct persona *persona;
    const struct persona_choice *choice; /* what it makes of the server's capabilities */
    const struct persona_device *device; /* its challenge: used for CONFORMANCE_FRESH only */
    const struct pki_key *signer_key;    /* RSA */
    const struct scep_ca *ca;
    const struct conformance_control *control;
    bool key_reused; /* transactionIDs are not derived from the key */
    int64_t now_s;
};
/* What goes out, and what reading the answer needs. */
struct conformance_request {
    enum scep_message_type type;
    bool post;
    struct buf subject, signer, message;
    struct buf wanted_issuer, wanted_serial; /* GetCert */
    struct scep_transaction transaction;
    struct pki_key *own_key; /* when the probe brought one of its own; owned */
};

/* Whether the probe can be told anything by, before anything is sent: without RA there is no wrong recipient, a static
 * challenge is never used up. False: *why says so. `shared`: the challenge is good more than once. */
bool conformance_applies(const struct conformance_probe *probe, const struct scep_ca *ca, bool has_challenge,
                         bool shared, const char **why);
/* Owns:  *out is the caller's, filled as far as it came; conformance_request_clear it.
 * Fails: as the persona's functions do. */
bool conformance_make(const struct conformance_probe *probe, const struct conformance_material *m,
                      struct conformance_request *out, struct err *e) MUST_USE;
void conformance_request_clear(struct conformance_request *request);

/* Answers. */

/* Reads a CertRep as the probe's sender would: as scep_certrep_read. */
bool conformance_read(const struct conformance_probe *probe, const struct conformance_material *m,
                      const struct conformance_request *request, struct span body, struct scep_certrep *out,
                      struct err *e) MUST_USE;

enum conformance_verdict {
    CONFORMANCE_PASSED,
    CONFORMANCE_FAILED,
    CONFORMANCE_SKIPPED, /* nothing can be said: no SCEP answer, or the control was not enrolled */
    CONFORMANCE_ODD,     /* refused, but not for the reason that the rule names */
};
const char *conformance_verdict_id(enum conformance_verdict verdict); /* "passed" ... */

/* What came back. */
struct conformance_answer {
    const char *silence;              /* why there is no CertRep; NULL: there is one */
    int http_status;                  /* 0: no answer at all */
    const struct scep_certrep *reply; /* with its reading's error, or NULL; unless silent */
    const struct err *error;
    const struct pki_cert *control_issued;
    unsigned caps; /* SCEP_CAP_* */
};
struct conformance_finding {
    enum conformance_verdict verdict;
    char observed[CONFORMANCE_TEXT_BYTES];
};
/* The control was enrolled: judges what the probe met. */
struct conformance_finding conformance_judge(const struct conformance_probe *probe,
                                             const struct conformance_answer *answer);
/* "refused with badRequest, or badMessageCheck 0x80070490". `out` holds CONFORMANCE_TEXT_BYTES. */
void conformance_expected(const struct conformance_probe *probe, unsigned caps, char *out);

#endif
