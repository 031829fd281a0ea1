#include "logon/accounts.h"

#include <stdatomic.h>
#include <strings.h>

struct logon_accounts {
    struct logon_account at[LOGON_ACCOUNTS_MAX];
    _Atomic unsigned wrong[LOGON_ACCOUNTS_MAX]; /* passwords in a row */
    size_t count;
    unsigned lock_after;
};

static bool check_name(const char *name, struct err *e)
{
    size_t len = strlen(name);
    if (len == 0 || len >= LOGON_ACCOUNT_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "a user name has 1 to %d characters",
                       LOGON_ACCOUNT_BYTES - 1);
    if (strpbrk(name, ":#\r\n") != NULL)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "the user name '%.40s' holds a character that no name has", name);
    return true;
}

bool logon_accounts_new(const struct logon_account *accounts, size_t count, unsigned lock_after,
                        struct logon_accounts **out, struct err *e)
{
    if (count > LOGON_ACCOUNTS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "at most %d users, not %zu", LOGON_ACCOUNTS_MAX, count);
    for (size_t i = 0; i < count; i++) {
        if (!check_name(accounts[i].name, e))
            return false;
    }
    struct logon_accounts *made = calloc(1, sizeof *made);
    if (made == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the users");
    for (size_t i = 0; i < count; i++) {
        made->at[i] = accounts[i];
        atomic_init(&made->wrong[i], 0);
    }
    made->count = count;
    made->lock_after = lock_after;
    *out = made;
    return true;
}

void logon_accounts_free(struct logon_accounts *accounts)
{
    free(accounts);
}

size_t logon_accounts_count(const struct logon_accounts *accounts)
{
    return accounts->count;
}

const struct logon_account *logon_accounts_at(const struct logon_accounts *accounts, size_t index)
{
    return &accounts->at[index];
}

/* A name taken apart; `domain` is empty when it was not said as DOMAIN\. */
struct who {
    struct span domain, user;
};

static struct who read_name(struct span name)
{
    const uint8_t *slash = name.len > 0 ? memchr(name.data, '\\', name.len) : NULL;
    if (slash != NULL) {
        size_t len = (size_t)(slash - name.data);
        return (struct who){.domain = span_of(name.data, len),
                            .user = span_of(slash + 1, name.len - len - 1)};
    }
    const uint8_t *at = name.len > 0 ? memchr(name.data, '@', name.len) : NULL;
    return (struct who){.user = span_of(name.data, at != NULL ? (size_t)(at - name.data) : name.len)};
}

static bool same(struct span a, struct span b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0);
}

size_t logon_accounts_find(const struct logon_accounts *accounts, struct span name)
{
    struct who asked = read_name(name);
    for (size_t i = 0; i < accounts->count; i++) {
        struct who known = read_name(span_of_text(accounts->at[i].name));
        bool domains = asked.domain.len == 0 || known.domain.len == 0 || same(asked.domain, known.domain);
        if (domains && same(asked.user, known.user))
            return i;
    }
    return LOGON_ACCOUNT_NOBODY;
}

enum ndes_logon_status logon_accounts_logon(struct logon_accounts *accounts, size_t index, bool right)
{
    if (index >= accounts->count)
        return right ? NDES_LOGON_OK : NDES_LOGON_BAD_PASSWORD;
    _Atomic unsigned *wrong = &accounts->wrong[index];
    unsigned seen = atomic_load(wrong);
    for (;;) {
        if (accounts->lock_after > 0 && seen >= accounts->lock_after)
            return NDES_LOGON_LOCKED;
        unsigned next = right ? 0 : seen < UINT32_MAX ? seen + 1 : seen;
        if (atomic_compare_exchange_weak(wrong, &seen, next))
            return right ? NDES_LOGON_OK : NDES_LOGON_BAD_PASSWORD;
    }
}
