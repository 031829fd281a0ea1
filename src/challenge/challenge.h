/* Where challenges come from: describes sources, writes what is asked of them, reads what they answer. Fetches nothing. */
#ifndef CHALLENGE_CHALLENGE_H
#define CHALLENGE_CHALLENGE_H

#include "base/secret.h"

enum challenge_source {
    CHALLENGE_NONE,
    CHALLENGE_STATIC,
    CHALLENGE_MSCEP_ADMIN, /* NDES's page */
    CHALLENGE_HTTP,        /* an MDM's or a vendor's API */
    CHALLENGE_FILE,        /* passwords collected before */
    CHALLENGE_COMMAND,     /* a program prints them */
    CHALLENGE_INTUNE,      /* opaque blobs, minted by the simulator's stand-in for the cloud */
};
enum challenge_auth {
    CHALLENGE_AUTH_NONE,
    CHALLENGE_AUTH_BASIC,
    CHALLENGE_AUTH_NTLM,
    CHALLENGE_AUTH_NEGOTIATE, /* Kerberos */
    CHALLENGE_AUTH_ANY,       /* the best of what the server offers and the credentials allow */
};

/* As a scenario states it. Strings are owned by the scenario. What a source has no use for is refused there. */
struct challenge_config {
    enum challenge_source source;
    char *url; /* mscep_admin: NULL is derived from the target's URL; http and intune: a template */
    enum challenge_auth auth;
    char *user;
    char *password_env;  /* where the secret is; the static source takes the challenge itself the same way, */
    char *password_file; /* http without `auth` its token ({secret} in headers, body and URL) */
    char *keytab;        /* negotiate: key of `user`; NULL: ticket cache, or the password */
    char *ticket_cache;  /* negotiate; NULL: the process's default */
    bool anonymous_first; /* ask without credentials first, as browsers do; default false */
    unsigned outstanding; /* passwords held at once, by the whole run; default 3 */
    unsigned prefetch;    /* of these, fetched before a device asks; default 0 */
    unsigned
        connections; /* fetches at once, each on a connection of its own; default and at most `outstanding` */
    double rate_per_s; /* fetches; 0: no limit */
    int64_t
        lifetime_us; /* older ones are dropped unused; 0: they do not age. Default 57 min for mscep_admin, else 0 */
    int64_t timeout_us; /* of one fetch or command; 0: limits.request_timeout */
    bool post;          /* http */
    char **headers;     /* http: "Name: value" templates */
    size_t header_count;
    char *body;         /* http: template; NULL: none */
    char *content_type; /* http: of the body; default application/json */
    char *json;         /* http: where in a JSON answer the challenge is: "$.data[0].challenge" */
    char *regex; /* http: POSIX extended; group 1, or the whole match. Neither: the body is the challenge */
    char *file;  /* file: one per line, or CSV with `column` */
    char *column;
    char *journal;  /* file: what has been used; default FILE.used */
    char **command; /* command: program and arguments, no shell; {count} {index} {name} {subject} */
    size_t command_count;
    unsigned batch; /* command: passwords asked for at once, a line each; default 1 */
};

/* Loads the secret that the config points to; *out NULL when the source needs none. With a user but without a place for
 * the password (and no keytab, no ticket cache) it is asked for on the terminal; without a terminal that is an error. A
 * variable is read once: base/secret.h. */
bool challenge_secret(const struct challenge_config *config, struct secret **out, struct err *e) MUST_USE;

/* ---- pages: mscep_admin ---- */

enum challenge_page {
    CHALLENGE_PAGE_PASSWORD,
    CHALLENGE_PAGE_CACHE_FULL,
    CHALLENGE_PAGE_NO_PERMISSION,
    CHALLENGE_PAGE_BLANK,
    CHALLENGE_PAGE_LOGIN,         /* a form of a proxy or an identity provider, with 200 */
    CHALLENGE_PAGE_IIS_ERROR,     /* IIS's own error page, whatever the status */
    CHALLENGE_PAGE_HTTPSYS_ERROR, /* the kernel's */
    CHALLENGE_PAGE_UNKNOWN,
};
const char *challenge_page_id(enum challenge_page page); /* "password" "cache_full" ... */

struct challenge_page_facts {
    enum challenge_page kind;
    struct secret *password;   /* PASSWORD only; owned */
    bool single_use;           /* "can be used only once" */
    unsigned validity_minutes; /* from the page; 0: not stated */
    unsigned cache_size;       /* CACHE_FULL: from the page; 0: not stated */
    char ca_thumbprint[33];    /* MD5, 32 hex digits; empty: not shown */
    char title[80];            /* of a page that is none of NDES's; empty: none */
};

/* Classifies a page by its bytes: UTF-16LE with or without BOM, UTF-8, whatever its meta tag claims; any
 * language as long as a password pattern stands apart from the thumbprint. Never fails but for memory: what
 * it does not know is UNKNOWN. */
bool challenge_page_read(struct span body, struct challenge_page_facts *out, struct err *e) MUST_USE;
void challenge_page_clear(struct challenge_page_facts *facts);
/* A page as evidence: what may be a password is replaced by its length. Appends UTF-8, cut to 64 KiB of input. */
bool challenge_page_redact(struct span body, struct buf *out, struct err *e) MUST_USE;

/* "https://h/certsrv/mscep/mscep.dll" -> "https://h/certsrv/mscep_admin/". */
bool challenge_admin_url(const char *scep_url, struct buf *out, struct err *e) MUST_USE;

/* ---- requests and answers: http, intune ---- */

/* For whom a challenge is asked. Borrowed. */
struct challenge_device {
    uint64_t index;
    const char *name; /* as in devices.subject's {name} */
    const char *profile;
    const char *run;
    const char *subject; /* text: "CN=ios-7,OU=scepstorm" */
    const char *const *san;
    size_t san_count;
};

/* Ready for HTTP. All may hold the secret: challenge_request_clear wipes them. */
struct challenge_request {
    bool post;
    struct buf url;
    struct buf headers; /* "Name: value\n" lines, Content-Type among them when there is a body */
    struct buf body;
};

/* Whether a challenge is good for the device only that it was asked for: the templates speak of the device. Such a challenge
 * is neither prefetched nor passed on. */
bool challenge_is_per_device(const struct challenge_config *config);
/* Templates filled in; values are escaped as the place wants it (URL, header; JSON, XML or form by content type). In JSON {san}
 * brings its brackets and quotes along, elsewhere commas stand between. `device` may be NULL for a challenge that is fetched
 * ahead; its variables are empty then.
 * Fails: REASON_NO_MEMORY, REASON_LIMIT, REASON_USAGE (a line break for a header). `out` is initialised here; clear it in any
 * case. */
bool challenge_request_make(const struct challenge_config *config, const char *url,
                            const struct challenge_device *device, const struct secret *secret,
                            struct challenge_request *out, struct err *e) MUST_USE;
void challenge_request_clear(struct challenge_request *request);
/* The challenge in the body of a 2xx answer. Fails: STAGE_OTP, REASON_OTP_ANSWER, saying what was expected where; never
 * quoting the body. */
bool challenge_answer_read(const struct challenge_config *config, struct span body, struct secret **out,
                           struct err *e) MUST_USE;
/* For checking a scenario: whether templates, JSON path, regular expression make sense. Fails: REASON_SCENARIO; the text begins
 * with the key, "challenge.json: ..." or "challenge.headers[1]: ...". */
bool challenge_config_check(const struct challenge_config *config, struct err *e) MUST_USE;

/* ---- lists: file, command ---- */

/* Passwords in a file (0600), each handed out once, also across runs: a journal beside it remembers which (by a hash). One
 * process at a time: the journal is locked. Memory holds where they are, not what they are. */
struct challenge_list;
/* Fails: REASON_USAGE with file (and line): unreadable, no such column, locked by another run, a password twice. */
bool challenge_list_open(const struct challenge_config *config, struct challenge_list **out,
                         struct err *e) MUST_USE;
void challenge_list_close(struct challenge_list *list);
uint64_t challenge_list_left(const struct challenge_list *list);
/* The next one; it is in the journal before this returns. Fails: REASON_OTP_EXHAUSTED, REASON_IO. */
bool challenge_list_take(struct challenge_list *list, struct secret **out, struct err *e) MUST_USE;

/* The arguments of the command with their variables filled in: NULL-terminated, one allocation for free(). */
bool challenge_command_make(const struct challenge_config *config, unsigned count,
                            const struct challenge_device *device, char ***out, struct err *e) MUST_USE;
/* Takes one line of a command's output from *rest. NULL in *out when there is none left. An empty line, or one longer
 * than 16 KiB, is a failure: REASON_OTP_COMMAND. */
bool challenge_line_take(struct span *rest, struct secret **out, struct err *e) MUST_USE;

#endif
