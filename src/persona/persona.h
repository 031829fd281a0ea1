/* The habits of real SCEP clients, as data: what an iPhone, a Windows laptop or a router puts on the wire, in which order,
 * and what it accepts. A persona is a plain value: copy it, change knobs by name, share it read-only between threads.
 *
 * Every value says what it rests on (documented, observed, inferred) and where that stands. */
#ifndef PERSONA_PERSONA_H
#define PERSONA_PERSONA_H

#include "scep/caps.h"
#include "scep/certrep.h"
#include "scep/transaction.h"

#define PERSONA_TEXT_BYTES 192
#define PERSONA_LIST_MAX   8
#define PERSONA_DEFAULT    "rfc8894"

enum persona_operation {
    PERSONA_GET_CA_CAPS,
    PERSONA_GET_CA_CERT,
    PERSONA_GET_NEXT_CA_CERT,
    PERSONA_PKI_OPERATION,
    PERSONA_OPERATION_COUNT
};
enum persona_url_order { PERSONA_URLS_IN_ORDER, PERSONA_URLS_RANDOM };
enum persona_http_version { PERSONA_HTTP_1_0, PERSONA_HTTP_1_1 };
enum persona_connection { PERSONA_CONNECTION_PER_DEVICE, PERSONA_CONNECTION_PER_REQUEST };
enum persona_post { PERSONA_POST_ANNOUNCED, PERSONA_POST_ALWAYS, PERSONA_POST_NEVER };
enum persona_escaping {
    PERSONA_ESCAPE_ALL,      /* + / = as %2B %2F %3D */
    PERSONA_ESCAPE_PADDING,  /* only = */
    PERSONA_ESCAPE_LINES,    /* base64 in lines of 64, each line end sent as %0A; + and = escaped, / not */
    PERSONA_ESCAPE_URL_SAFE, /* the alphabet of RFC 4648 section 5; = escaped */
};
enum persona_caps_error { PERSONA_CAPS_ERROR_STOPS, PERSONA_CAPS_ERROR_GOES_ON };
enum persona_content_type {
    PERSONA_CONTENT_TYPE_ANY,
    PERSONA_CONTENT_TYPE_BARE,  /* one of the two SCEP types, parameters ignored */
    PERSONA_CONTENT_TYPE_EXACT, /* the same, parameters not allowed */
};
/* Digests and ciphers where "as in the message" is a possible answer. */
enum persona_digest_rule { PERSONA_DIGEST_SAME, PERSONA_DIGEST_FIRST /* + enum pki_digest */ };
enum persona_cipher_rule { PERSONA_CIPHER_SAME, PERSONA_CIPHER_FIRST /* + enum pki_cipher */ };
enum persona_serial { PERSONA_SERIAL_RANDOM, PERSONA_SERIAL_ONE, PERSONA_SERIAL_TRANSACTION_ID };
enum persona_key_id { PERSONA_KEY_ID_NONE, PERSONA_KEY_ID_PLAIN, PERSONA_KEY_ID_CRITICAL };
enum persona_challenge_type {
    PERSONA_CHALLENGE_AUTO,      /* PrintableString where the characters allow, else UTF8String */
    PERSONA_CHALLENGE_PRINTABLE, /* a challenge with other characters is refused on the device */
    PERSONA_CHALLENGE_UTF8,
    PERSONA_CHALLENGE_IA5,
    PERSONA_CHALLENGE_T61,
};
enum persona_sid { PERSONA_SID_NONE, PERSONA_SID_EXTENSION, PERSONA_SID_URI };
enum persona_validity_unit {
    PERSONA_VALIDITY_NONE,
    PERSONA_VALIDITY_DAYS,
    PERSONA_VALIDITY_MONTHS,
    PERSONA_VALIDITY_YEARS
};
enum persona_poll_id { PERSONA_POLL_ID_REQUEST, PERSONA_POLL_ID_REPLY };
enum persona_retry_id { PERSONA_RETRY_SAME, PERSONA_RETRY_NEW };
enum persona_renewal {
    PERSONA_RENEWAL_REQ,
    PERSONA_RENEWAL_UPDATE_REQ,
    PERSONA_RENEWAL_PKCS_REQ_SIGNED, /* PKCSReq signed by the certificate held */
    PERSONA_RENEWAL_RE_ENROLL,       /* PKCSReq signed by a temporary certificate, as the first time */
};
enum persona_renewal_key { PERSONA_RENEWAL_KEY_NEW, PERSONA_RENEWAL_KEY_SAME };
enum persona_eku {
    PERSONA_EKU_CLIENT_AUTH,
    PERSONA_EKU_SERVER_AUTH,
    PERSONA_EKU_EMAIL_PROTECTION,
    PERSONA_EKU_SMARTCARD_LOGON,
    PERSONA_EKU_IPSEC_IKE,
    PERSONA_EKU_ANY,
    PERSONA_EKU_COUNT
};

/* What a client checks before it takes a certificate: SCEP_CHECK_* (RFC 8894), and beyond the message: */
enum {
    PERSONA_CHECK_KEY = 1 << 16,      /* the certificate is for the requested key */
    PERSONA_CHECK_SUBJECT = 1 << 17,  /* and for the requested subject */
    PERSONA_CHECK_CHAIN = 1 << 18,    /* it chains to the CA certificates */
    PERSONA_CHECK_VALIDITY = 1 << 19, /* it is within its validity period */
};

/* Lists hold enum values of the knob's words, in order of preference. */
struct persona_list {
    uint8_t count;
    uint8_t items[PERSONA_LIST_MAX];
};
struct persona_message {
    bool present; /* false: no message parameter at all */
    char text[64];
};

/* Every knob: field, its C type, kind, words it may take, least and most, what it means.
 * Kinds: TEXT char array · FLAG yes or no · NUMBER unsigned · TIME microseconds · SHARE 0 to 1 · CHOICE one word ·
 * LIST words in order · SET words as bits · MESSAGE text or the word `absent`. */
/* clang-format off */
#define PERSONA_KNOBS(X) \
    /* requests */ \
    X(order,                    struct persona_list,          LIST,    operations,     1, 8,      "requests before PKIOperation") \
    X(url_suffix,               persona_text,                 TEXT,    NULL,           0, 0,      "appended to a URL that ends in mscep.dll") \
    X(url_order,                enum persona_url_order,       CHOICE,  url_orders,     0, 0,      "which of several URLs first") \
    X(message_get_ca_caps,      struct persona_message,       MESSAGE, NULL,           0, 0,      "message= of GetCACaps") \
    X(message_get_ca_cert,      struct persona_message,       MESSAGE, NULL,           0, 0,      "message= of GetCACert") \
    X(message_get_next_ca_cert, struct persona_message,       MESSAGE, NULL,           0, 0,      "message= of GetNextCACert") \
    X(message_post,             struct persona_message,       MESSAGE, NULL,           0, 0,      "message= of a PKIOperation by POST") \
    X(user_agent,               persona_text,                 TEXT,    NULL,           0, 0,      "User-Agent; empty: no such header") \
    X(headers,                  persona_text,                 TEXT,    NULL,           0, 0,      "further request headers, \" | \" between them") \
    X(http_version,             enum persona_http_version,    CHOICE,  http_versions,  0, 0,      "HTTP version of requests") \
    X(connection,               enum persona_connection,      CHOICE,  connections,    0, 0,      "how long a connection lives") \
    X(post,                     enum persona_post,            CHOICE,  posts,          0, 0,      "when PKIOperation goes by POST") \
    X(post_content_type,        persona_text,                 TEXT,    NULL,           0, 0,      "Content-Type of a POST; empty: no such header") \
    X(get_escaping,             enum persona_escaping,        CHOICE,  escapings,      0, 0,      "how base64 is escaped in a GET") \
    X(request_timeout,          int64_t,                      TIME,    NULL,           0, 3600,   "time-out of one request; 0: the scenario's") \
    X(think_time,               int64_t,                      TIME,    NULL,           0, 3600,   "pause before each request but the first") \
    X(caps_http_error,          enum persona_caps_error,      CHOICE,  caps_errors,    0, 0,      "what an HTTP error at GetCACaps does") \
    X(http_status,              bool,                         FLAG,    NULL,           0, 0,      "the HTTP status is looked at") \
    X(ca_content_type,          enum persona_content_type,    CHOICE,  content_types,  0, 0,      "Content-Type wanted of GetCACert") \
    /* algorithms */ \
    X(caps_exact_case,          bool,                         FLAG,    NULL,           0, 0,      "capability words count only in exact case") \
    X(caps_standard,            bool,                         FLAG,    NULL,           0, 0,      "SCEPStandard is understood") \
    X(digests,                  struct persona_list,          LIST,    digests,        0, 5,      "preferred digests, the first announced wins") \
    X(digest_default,           enum pki_digest,              CHOICE,  digests,        0, 0,      "digest when none of them is announced") \
    X(digest_required,          bool,                         FLAG,    NULL,           0, 0,      "stops when capabilities list none of the digests") \
    X(ciphers,                  struct persona_list,          LIST,    ciphers,        0, 5,      "preferred ciphers, the first announced wins") \
    X(cipher_default,           enum pki_cipher,              CHOICE,  ciphers,        0, 0,      "cipher when none of them is announced") \
    X(key_transport,            enum pki_transport,           CHOICE,  transports,     0, 0,      "how the content key is encrypted") \
    X(encoding,                 enum scep_encoding,           CHOICE,  encodings,      0, 0,      "encoding of pkiMessages") \
    X(transaction_id,           enum scep_id_form,            CHOICE,  id_forms,       0, 0,      "form of the transactionID") \
    X(signing_time,             bool,                         FLAG,    NULL,           0, 0,      "signingTime attribute present") \
    /* temporary signer certificate */ \
    X(signer_subject,           persona_text,                 TEXT,    NULL,           0, 0,      "csr: that subject; cn: its CN alone; uuid: CN=random UUID; or a name") \
    X(signer_digest,            enum persona_digest_rule,     CHOICE,  digest_rules,   0, 0,      "digest of its signature") \
    X(signer_serial,            enum persona_serial,          CHOICE,  serials,        0, 0,      "its serial number") \
    X(signer_backdate,          int64_t,                      TIME,    NULL,           0, 31536000, "notBefore lies this long ago") \
    X(signer_days,              unsigned,                     NUMBER,  NULL,           1, 36500,  "from now to its notAfter, in days") \
    X(signer_key_usage,         unsigned,                     SET,     key_usages,     0, 0,      "its key usage; none: no extension") \
    X(signer_subject_key_id,    bool,                         FLAG,    NULL,           0, 0,      "it has a subjectKeyIdentifier") \
    X(signer_authority_key_id,  enum persona_key_id,          CHOICE,  key_ids,        0, 0,      "its authorityKeyIdentifier") \
    /* CSR */ \
    X(csr_digest,               enum persona_digest_rule,     CHOICE,  digest_rules,   0, 0,      "digest of the CSR's signature") \
    X(csr_extra_rdn,            persona_text,                 TEXT,    NULL,           0, 0,      "RDN added to the subject; {cn} {serial} {address}") \
    X(csr_key_usage,            unsigned,                     SET,     key_usages,     0, 0,      "requested key usage; none: no extension") \
    X(csr_key_usage_critical,   bool,                         FLAG,    NULL,           0, 0,      "requested key usage is critical") \
    X(csr_eku,                  struct persona_list,          LIST,    ekus,           0, 6,      "requested extended key usage") \
    X(challenge_type,           enum persona_challenge_type,  CHOICE,  challenge_types, 0, 0,     "string type of challengePassword") \
    X(csr_sid,                  enum persona_sid,             CHOICE,  sids,           0, 0,      "where a SID goes when the device has one") \
    X(csr_validity_unit,        enum persona_validity_unit,   CHOICE,  validity_units, 0, 0,      "validity asked for as Windows name-value pairs") \
    X(csr_validity_count,       unsigned,                     NUMBER,  NULL,           0, 10000,  "how many of that unit") \
    /* PENDING, failures, renewal */ \
    X(polls,                    unsigned,                     NUMBER,  NULL,           0, 100000, "CertPolls after PENDING, at most") \
    X(poll_interval,            int64_t,                      TIME,    NULL,           0, 604800, "pause before a CertPoll") \
    X(poll_first_at_once,       bool,                         FLAG,    NULL,           0, 0,      "the first CertPoll comes without the pause") \
    X(poll_jitter,              double,                       SHARE,   NULL,           0, 0,      "the pause varies by this share, up and down") \
    X(poll_for,                 int64_t,                      TIME,    NULL,           0, 31536000, "polling ends after this time; 0: only by count") \
    X(poll_digest,              enum persona_digest_rule,     CHOICE,  digest_rules,   0, 0,      "digest of CertPoll") \
    X(poll_cipher,              enum persona_cipher_rule,     CHOICE,  cipher_rules,   0, 0,      "cipher of CertPoll") \
    X(poll_transaction_id,      enum persona_poll_id,         CHOICE,  poll_ids,       0, 0,      "whose transactionID a CertPoll carries") \
    X(failure_retries,          unsigned,                     NUMBER,  NULL,           0, 1000,   "new attempts after FAILURE") \
    X(failure_delay,            int64_t,                      TIME,    NULL,           0, 604800, "pause before such an attempt") \
    X(http_retries,             unsigned,                     NUMBER,  NULL,           0, 1000,   "new attempts after an HTTP or network error") \
    X(http_delay,               int64_t,                      TIME,    NULL,           0, 604800, "pause before such an attempt") \
    X(retry_transaction_id,     enum persona_retry_id,        CHOICE,  retry_ids,      0, 0,      "transactionID of a new attempt") \
    X(renewal,                  enum persona_renewal,         CHOICE,  renewals,       0, 0,      "how a certificate is renewed") \
    X(renewal_key,              enum persona_renewal_key,     CHOICE,  renewal_keys,   0, 0,      "key of a renewal") \
    X(checks,                   unsigned,                     SET,     checks,         0, 0,      "what is checked of a CertRep and its certificate")
/* clang-format on */

typedef char persona_text[PERSONA_TEXT_BYTES];

#define PERSONA_AS_ID(field, type, kind, words, least, most, doc) PERSONA_KNOB_##field,
enum persona_knob_id { PERSONA_KNOBS(PERSONA_AS_ID) PERSONA_KNOB_COUNT };
#undef PERSONA_AS_ID

enum persona_basis {
    PERSONA_UNSET,
    PERSONA_DOCUMENTED, /* specification, vendor's documentation, published source of the component */
    PERSONA_OBSERVED,   /* somebody's public log, capture, or reverse engineering: true for that version */
    PERSONA_INFERRED,   /* our conclusion; nobody published it */
    PERSONA_OVERRIDDEN, /* set by the user */
};
const char *persona_basis_name(enum persona_basis basis);

struct persona {
    char name[32];
    const char *summary; /* one line, static */
#define PERSONA_AS_FIELD(field, type, kind, words, least, most, doc) type field;
    PERSONA_KNOBS(PERSONA_AS_FIELD)
#undef PERSONA_AS_FIELD
    struct {
        enum persona_basis basis;
        const char *source; /* static */
    } basis[PERSONA_KNOB_COUNT];
};

/* The tables. */

/* Names of all personas, NULL-terminated, static. */
const char *const *persona_names(void);
/* Copies a persona. Fails: REASON_USAGE, with the nearest name. */
bool persona_find(const char *name, struct persona *out, struct err *e) MUST_USE;

enum persona_kind {
    PERSONA_TEXT,
    PERSONA_FLAG,
    PERSONA_NUMBER,
    PERSONA_TIME,
    PERSONA_SHARE,
    PERSONA_CHOICE,
    PERSONA_LIST,
    PERSONA_SET,
    PERSONA_MESSAGE
};
struct persona_word {
    const char *name;
    unsigned value; /* SET: a bit */
};
struct persona_knob {
    const char *name; /* "user_agent" */
    enum persona_kind kind;
    const struct persona_word *words; /* CHOICE, LIST, SET; ended by a NULL name */
    int64_t least, most;              /* NUMBER; TIME in seconds; LIST: how many */
    const char *doc;
    size_t offset; /* in struct persona */
};
/* PERSONA_KNOB_COUNT of them, by enum persona_knob_id. Static. */
const struct persona_knob *persona_knobs(void);

/* Sets one knob from its text: "yes", "5", "10s", "30%", a word, "sha256, sha1" (LIST, SET; "none": empty), any text.
 * Fails: REASON_USAGE, naming knob and value, what is possible, and the nearest word. *p is untouched then. */
bool persona_override(struct persona *p, const char *knob, const char *value, struct err *e) MUST_USE;
/* The text of a value, as persona_override takes it. Appends. */
void persona_value(const struct persona *p, enum persona_knob_id knob, struct buf *out);
/* For people: per knob its value, what it means, what it rests on. Appends. */
bool persona_describe(const struct persona *p, struct buf *out, struct err *e) MUST_USE;

/* Requests: what goes over HTTP. Pure functions, any thread. */

/* What this device makes of a GetCACaps body (empty: none was to be had). */
struct persona_choice {
    unsigned caps; /* SCEP_CAP_* as this device sees them */
    bool post;
    enum pki_digest digest;
    enum pki_cipher cipher;
};
/* Fails: REASON_UNSUPPORTED_ALGORITHM at STAGE_GET_CA_CAPS when the device insists on a digest that is not listed. */
bool persona_choose(const struct persona *p, struct span caps_body, struct persona_choice *out,
                    struct err *e) MUST_USE;

/* The URL of a request, appended. `message`: the pkiMessage of a PKIOperation by GET, else empty. `url` may have a query of
 * its own. */
bool persona_url(const struct persona *p, const char *url, enum persona_operation operation, bool post,
                 struct span message, struct buf *out, struct err *e) MUST_USE;
/* "Name: value\n" per header, appended: all that this device sends but for Host and Content-Length. */
bool persona_headers(const struct persona *p, bool post, struct buf *out, struct err *e) MUST_USE;
/* "GetCACaps" ... */
const char *persona_operation_name(enum persona_operation operation);
/* Whether GetCACert's Content-Type is what the device wants. */
bool persona_takes_ca_type(const struct persona *p, const char *content_type);

/* Messages: persona, device and secrets in, bytes out. Run them on a worker. */

/* Who the device is, beyond its habits. Everything borrowed. */
struct persona_device {
    uint64_t index;
    const char *subject;    /* text for pki_name_from_text; csr_extra_rdn is added here */
    const char *const *san; /* "dns:a.example" "email:" "uri:" "upn:" "ip:" */
    size_t san_count;
    const char *sid;           /* "S-1-5-21-..."; NULL: none */
    struct span challenge;     /* empty: no attribute */
    const struct pki_key *key; /* in the CSR; RSA or EC */
};

/* Subject as this device writes it: DER Name, appended. */
bool persona_subject(const struct persona *p, const struct persona_device *device, struct buf *out,
                     struct err *e) MUST_USE;
/* The CSR, appended. Wipe it: it holds the challenge. `subject` as persona_subject made it. */
bool persona_csr(const struct persona *p, const struct persona_device *device, struct span subject,
                 const struct persona_choice *choice, struct buf *out, struct err *e) MUST_USE;
/* Nonce and transactionID. `key`: the CSR's. With `reused` the ID is random, but of the same form: derived from a
 * key that is used again it would make servers return the earlier certificate. */
bool persona_transaction(const struct persona *p, const struct pki_key *key, bool reused,
                         struct scep_transaction *out, struct err *e) MUST_USE;
/* The temporary self-signed certificate, DER appended. `key` must be RSA (replies are encrypted to it): the device's own, or
 * one of its own for EC devices. */
bool persona_signer(const struct persona *p, struct span subject, const struct pki_key *key,
                    const struct scep_transaction *transaction, const struct persona_choice *choice,
                    int64_t now_s, struct buf *out, struct err *e) MUST_USE;

struct persona_message_spec {
    enum scep_message_type type; /* SCEP_CERT_POLL goes by the poll_ knobs */
    struct span content;         /* PKCS#10, IssuerAndSubject ... */
    const struct scep_transaction *transaction;
    const struct pki_cert *recipient;
    struct span signer_cert; /* DER: the temporary one, or the certificate held */
    const struct pki_key *signer_key;
    int64_t now_s;
};
/* The pkiMessage, appended. */
bool persona_message(const struct persona *p, const struct persona_choice *choice,
                     const struct persona_message_spec *spec, struct buf *out, struct err *e) MUST_USE;

/* Behaviour over time. */

/* The pause before CertPoll number `poll` (1 is the first), microseconds. `draw` in [0, 1). */
int64_t persona_poll_delay(const struct persona *p, unsigned poll, double draw);
/* Whether one more CertPoll is allowed after `done` of them and `waited_us` since the first PENDING. */
bool persona_polls_on(const struct persona *p, unsigned done, int64_t waited_us);

/* Verdict. */

/* PERSONA_CHECK_* or SCEP_CHECK_* that a reason stands for; 0 when none. */
unsigned persona_check_of(enum reason reason);
/* Whether this device takes a certificate of which these checks failed. */
static inline bool persona_accepts(const struct persona *p, unsigned failed_checks)
{
    return (p->checks & failed_checks) == 0;
}

#endif
