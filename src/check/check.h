/* The parts of `scepstorm check`: what it was told, what it found, and its stages. Everything runs on one thread, one request
 * after the other. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "diagnose/diagnose.h"
#include "http/http.h"
#include "prelude/challenges.h"
#include "scenario/scenario.h"
#include "scep/ca.h"

#include <jansson.h>

/* Exit codes of monitoring plugins. */
enum check_status { CHECK_OK = 0, CHECK_WARNING = 1, CHECK_CRITICAL = 2, CHECK_UNKNOWN = 3 };

#define CHECK_MAX_ADDRESSES 16

struct check_options {
    const char *url;
    const char *admin_url, *user, *password_env, *challenge_env, *auth;
    const char *authorized, *ca_file, *out, *baseline, *addresses;
    const char *textfile, *metrics_listen;
    const char *probes; /* comma-separated; NULL: no conformance */
    int64_t warn_days, crit_days;
    bool json, otp, enroll, probe;
};

/* Where the target is, from its URL and the DNS. */
struct check_place {
    char host[256];
    uint16_t port;
    bool tls;
    bool named; /* the host is a name, not an address */
    char addresses[CHECK_MAX_ADDRESSES][46];
    size_t count;
    const char *pinned; /* by --addresses: the first that takes connections; NULL: the name decides */
};

/* What is found. The worst status wins; the first words of that status lead the status line. */
struct check {
    struct check_options options;
    const char *const *versions; /* of the libraries in use, name and version in turn; NULL-terminated */
    struct scenario *scenario;
    struct prelude_challenges challenges; /* where passwords come from, once check_challenges opened it */
    bool challenges_open;
    struct check_web *web;
    struct live *live; /* --metrics-listen; NULL: nobody watches */
    struct check_place place;
    const char
        *node; /* the address that is looked at, where each is looked at by itself; NULL: any of the name's */
    enum check_status status;
    char words[400];
    struct buf perfdata; /* "name=value ..." */
    struct buf lines;    /* what follows the status line */
    json_t *stages;
    json_t *certificates; /* of GetCACert and TLS */
    json_t *limits;       /* found by --probe */
    json_t *timings;      /* milliseconds by stage */
    json_t *drift;        /* sentences */
    json_t *not_tried;    /* sentences */
    json_t *conformance;  /* as in summary.json, these two */
    json_t *diagnosis;

    /* What it met, for the diagnosis. */
    struct outcome failure; /* the last that failed; no error: none did */
    struct buf failed_url;  /* of that, where its length matters */
    struct outcome_target target;
    struct scep_ca *ca; /* as served; NULL: not read */
};

/* ---- from outside: options in, a look, what it found ---- */

/* Takes c->options (borrowed for the life of the check), and versions. check_close in any case.
 * Fails: what scenario_check_authorized and the rules for URLs fail with; REASON_NO_MEMORY. */
bool check_open(struct check *c, struct err *e) MUST_USE;
/* Everything that the options want; what is found stands in *c, and goes to the textfile and to who watches. */
void check_look(struct check *c);
/* Also closes c->live. */
void check_close(struct check *c);

/* ---- what stages tell ---- */

/* Raises the status when it is worse; UNKNOWN counts more than OK and less than WARNING. */
void check_tell(struct check *c, enum check_status status, const char *format, ...) PRINTF_LIKE(3, 4);
/* One stage in a sentence: into the lines and stages[]. `took_us` below 0: it has no time. */
void check_stage(struct check *c, const char *stage, enum check_status status, int64_t took_us,
                 const char *format, ...) PRINTF_LIKE(5, 6);
/* What was left out, and which flag would do it. */
void check_not_tried(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* The options as a scenario, whose rules for URLs, challenges and permission hold here too. The second is for a device with a
 * challenge that nobody gave out; *out is the caller's. */
bool check_scenario(struct check *c, struct err *e) MUST_USE;
bool check_scenario_made_up(const struct check *c, struct scenario **out, struct err *e) MUST_USE;

/* Opens c->challenges, once: a password is read from its variable only once. */
bool check_challenges(struct check *c, struct err *e) MUST_USE;

/* ---- one request after the other ---- */

struct check_ask {
    const char *url;
    const char *address; /* NULL: c->place.pinned for the target, else any of the name's */
    enum http_method method;
    struct span body; /* POST */
    enum stage stage;
    bool once; /* never sent twice: it costs a password */
    enum http_auth auth;
    const char *user;
    const struct secret *password;
    bool fresh;
};
struct check_page {
    struct err error;
    int status;
    bool timed_out;
    char server[64], location[256], authenticate[256];
    bool has_date, logon_complete;
    int64_t date_s;
    int64_t took_us;
    struct buf body;
};
bool check_web_open(struct check *c, struct err *e) MUST_USE;
void check_web_close(struct check *c);
/* Fills *page in any case; check_page_clear it. */
void check_ask(struct check *c, const struct check_ask *ask, struct check_page *page);
void check_page_clear(struct check_page *page);
/* GET of the target's URL with an operation (NULL: without) at one address (NULL: any). */
void check_get(struct check *c, const char *operation, const char *address, enum stage stage,
               struct check_page *page);
bool check_answered(const struct check_page *page); /* 200 */
bool check_is_html(const struct check_page *page);  /* somebody's page, made for people */
/* "HTTP 404 (iis)", or why there is no answer. */
const char *check_why(const struct check_page *page, char *out, size_t out_bytes);
/* "HTTP.sys" "IIS" "NDES" or the name of somebody else: who wrote the answer. */
const char *check_who(const struct check_page *page);
/* As a device would book it; `e`: what is wrong with the answer, NULL: the page's own error or status. */
void check_note_failure(struct check *c, const struct check_page *page, enum stage stage,
                        const struct err *e);

/* ---- the stages ---- */

/* DNS, TCP and TLS, each address for itself. Only tells: what does not work shows again when a request goes out. */
void check_net(struct check *c);
/* GET of the URL itself, GetCACaps, GetCACert: no password, no enrollment. False: the server was not reached, which is told. */
bool check_read(struct check *c);
/* Tells a certificate with its dates, purposes and issuer. Returns the days left. */
int64_t check_certificate(struct check *c, const struct pki_cert *cert, const char *role, int64_t now_s);
/* Whether revocation lists that certificates name by http can be had; on this machine or the target's host only. */
void check_crls(struct check *c);
/* Whether all addresses of the name have the same capabilities and certificates. */
void check_nodes(struct check *c);
/* --otp: the page by each scheme that the server offers and we can; each page is one password. */
void check_otp(struct check *c);
/* --probe: requests that are wrong on purpose. Takes no password and should enroll nothing. */
void check_probe(struct check *c);
/* --enroll, --conformance: a device, then every chosen probe beside a control of its own. */
void check_enroll(struct check *c);
/* --probe: a device with a password that nobody gave out. */
void check_made_up_password(struct check *c);
/* --baseline: saved when there is none, else every difference is told. */
void check_baseline(struct check *c);
/* What was found so far as metrics, and the same as a file for node_exporter: whoever reads it sees the old one or the new one. */
bool check_metrics(const struct check *c, bool open_metrics, struct buf *out, struct err *e) MUST_USE;
bool check_textfile(const struct check *c, struct err *e) MUST_USE;
/* The same to who watches, if anybody does. */
void check_show(struct check *c, bool over);
/* Names the likely causes of c->failure, if there is one: into the lines and into c->diagnosis. */
void check_diagnose(struct check *c);

#endif
