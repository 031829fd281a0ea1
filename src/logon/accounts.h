/* Who may log on to the OTP page, with which password, and which of them Active Directory has locked. Any thread. */
#ifndef LOGON_ACCOUNTS_H
#define LOGON_ACCOUNTS_H

#include "base/secret.h"
#include "ndes/exchange.h"

#define LOGON_ACCOUNTS_MAX   16
#define LOGON_ACCOUNT_BYTES  256 /* of a name, with its NUL */
#define LOGON_ACCOUNT_NOBODY SIZE_MAX

/* Borrowed strings. Letter case of names does not count. */
struct logon_account {
    const char *name; /* "svc-mdm", or with its NetBIOS domain: "CONTOSO\svc-mdm" */
    const struct secret *password;
    bool no_enroll; /* may log on, but lacks Enroll on the templates */
};

struct logon_accounts;

/* `lock_after`: wrong passwords in a row until an account is locked for good; 0: never.
 * Fails: REASON_USAGE (a name that cannot be one, more than LOGON_ACCOUNTS_MAX), REASON_NO_MEMORY. */
bool logon_accounts_new(const struct logon_account *accounts, size_t count, unsigned lock_after,
                        struct logon_accounts **out, struct err *e) MUST_USE;
void logon_accounts_free(struct logon_accounts *accounts);

size_t logon_accounts_count(const struct logon_accounts *accounts);
const struct logon_account *logon_accounts_at(const struct logon_accounts *accounts, size_t index);

/* Which account "user", "DOMAIN\user" or "user@realm" is; LOGON_ACCOUNT_NOBODY when none. A domain counts only where both
 * sides state one as DOMAIN\: who leaves it out means the server's own, and a realm is no NetBIOS name. */
size_t logon_accounts_find(const struct logon_accounts *accounts, struct span name);

/* One logon with a right or a wrong password, as the domain controller counts it: a right one forgets the wrong ones, but a
 * locked account stays out whatever it shows. */
enum ndes_logon_status logon_accounts_logon(struct logon_accounts *accounts, size_t index, bool right);

#endif
