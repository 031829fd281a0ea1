/* Where challenges come from. Describes sources and parses what they answer; fetches nothing. */
#ifndef CHALLENGE_CHALLENGE_H
#define CHALLENGE_CHALLENGE_H

#include "base/secret.h"

enum challenge_source { CHALLENGE_NONE, CHALLENGE_STATIC, CHALLENGE_MSCEP_ADMIN };
enum challenge_auth { CHALLENGE_AUTH_NONE, CHALLENGE_AUTH_BASIC };

/* As a scenario states it. Strings are owned by the scenario. */
struct challenge_config {
    enum challenge_source source;
    char *url; /* mscep_admin; NULL: derived from the target's URL */
    enum challenge_auth auth;
    char *user;
    char *password_env; /* where the secret is; the static source takes the challenge itself the same way */
    char *password_file;
    unsigned outstanding; /* passwords held at once; default 3 */
};

/* Loads the secret that the config points to; *out NULL when the source needs none. */
bool challenge_secret(const struct challenge_config *config, struct secret **out, struct err *e) MUST_USE;

enum challenge_page {
    CHALLENGE_PAGE_PASSWORD,
    CHALLENGE_PAGE_CACHE_FULL,
    CHALLENGE_PAGE_NO_PERMISSION,
    CHALLENGE_PAGE_BLANK,
    CHALLENGE_PAGE_UNKNOWN,
};

struct challenge_page_facts {
    enum challenge_page kind;
    struct secret *password;   /* PASSWORD only; owned */
    bool single_use;           /* "can be used only once" */
    unsigned validity_minutes; /* from the page; 0: not stated */
    unsigned cache_size;       /* CACHE_FULL: from the page; 0: not stated */
    char ca_thumbprint[33];    /* MD5, 32 hex digits; empty: not shown */
};

/* Classifies an mscep_admin page by its bytes: UTF-16LE with or without BOM, UTF-8, whatever its meta tag claims; any
 * language as long as a password pattern stands apart from the thumbprint. Never fails but for memory: what
 * it does not know is UNKNOWN. */
bool challenge_page_read(struct span body, struct challenge_page_facts *out, struct err *e) MUST_USE;
void challenge_page_clear(struct challenge_page_facts *facts);

/* "https://h/certsrv/mscep/mscep.dll" -> "https://h/certsrv/mscep_admin/". */
bool challenge_admin_url(const char *scep_url, struct buf *out, struct err *e) MUST_USE;

#endif
