#include "ndes/otp.h"

#include "base/hash.h"
#include "base/random.h"
#include "base/text.h"

#include <pthread.h>

/* Used passwords that are remembered, so that a second use is told from a wrong password. */
#define USED_KEPT 16384

struct entry {
    uint64_t fingerprint; /* finds it fast; the text decides */
    int64_t issued_us;
    unsigned node;
    char text[NDES_OTP_TEXT_BYTES];
};

struct ndes_otp {
    pthread_mutex_t lock;
    struct ndes_otp_config config;
    char *fixed;
    struct entry *entries; /* of all nodes; dense, in no order */
    size_t count;
    size_t held[NDES_OTP_NODES]; /* by each */
    uint64_t used[USED_KEPT];    /* ring of fingerprints */
    size_t used_count;
    char made_up[NDES_OTP_TEXT_BYTES]; /* the static password of ndes_otp_twist.fixed; "": not yet */
    char again[NDES_OTP_TEXT_BYTES];   /* to be handed out a second time; "": none */
};

static const struct ndes_otp_twist straight = {0};

static bool check(const struct ndes_otp_config *c, struct err *e)
{
    if (c->max < 1 || c->max > NDES_OTP_MAX_CACHE)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the password cache holds 1 to %d passwords, not %u",
                       NDES_OTP_MAX_CACHE, c->max);
    if (c->bytes < 4 || c->bytes > NDES_OTP_MAX_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "one-time passwords have 4 to %d bytes, not %u",
                       NDES_OTP_MAX_BYTES, c->bytes);
    if (c->validity_us <= 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "one-time passwords must be valid for some time");
    if (c->fixed != NULL && (c->fixed[0] == '\0' || strlen(c->fixed) >= NDES_OTP_TEXT_BYTES))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "the static password has 1 to %d characters",
                       NDES_OTP_TEXT_BYTES - 1);
    return true;
}

/* The static password: given, or made up like any other. NULL and no error: there is none. */
static bool make_fixed(const struct ndes_otp_config *c, char **out, struct err *e)
{
    uint8_t bytes[NDES_OTP_MAX_BYTES];
    char text[NDES_OTP_TEXT_BYTES] = "";
    *out = NULL;
    if (c->fixed == NULL && !c->single)
        return true;
    if (c->fixed == NULL) {
        if (!random_bytes(bytes, c->bytes, e))
            return false;
        text_hex(span_of(bytes, c->bytes), true, text);
    }
    *out = strdup(c->fixed != NULL ? c->fixed : text);
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
    return *out != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the password cache");
}

bool ndes_otp_new(const struct ndes_otp_config *config, struct ndes_otp **out, struct err *e)
{
    char *fixed = NULL;
    if (!check(config, e) || !make_fixed(config, &fixed, e))
        return false;
    struct ndes_otp *otp = calloc(1, sizeof *otp);
    struct entry *entries = calloc((size_t)config->max * NDES_OTP_NODES, sizeof *entries);
    if (otp == NULL || entries == NULL) {
        free(otp);
        free(entries);
        free(fixed);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the password cache");
    }
    pthread_mutex_init(&otp->lock, NULL);
    otp->config = *config;
    otp->config.fixed = otp->fixed = fixed;
    otp->entries = entries;
    *out = otp;
    return true;
}

void ndes_otp_free(struct ndes_otp *otp)
{
    if (otp == NULL)
        return;
    pthread_mutex_destroy(&otp->lock);
    if (otp->fixed != NULL)
        explicit_bzero(otp->fixed, strlen(otp->fixed));
    explicit_bzero(otp->entries, (size_t)otp->config.max * NDES_OTP_NODES * sizeof *otp->entries);
    free(otp->fixed);
    free(otp->entries);
    explicit_bzero(otp, sizeof *otp);
    free(otp);
}

static void drop(struct ndes_otp *otp, size_t index)
{
    struct entry *last = &otp->entries[--otp->count];
    otp->held[otp->entries[index].node]--;
    otp->entries[index] = *last;
    explicit_bzero(last, sizeof *last);
}

static bool expired(const struct ndes_otp *otp, const struct ndes_otp_twist *twist, const struct entry *entry,
                    int64_t now_us)
{
    int64_t validity_us = twist->validity_set ? twist->validity_us : otp->config.validity_us;
    return now_us - entry->issued_us >= validity_us;
}

static void drop_expired(struct ndes_otp *otp, const struct ndes_otp_twist *twist, int64_t now_us)
{
    for (size_t i = otp->count; i-- > 0;) {
        if (expired(otp, twist, &otp->entries[i], now_us))
            drop(otp, i);
    }
}

static bool make_text(const struct ndes_otp *otp, char out[NDES_OTP_TEXT_BYTES], struct err *e)
{
    uint8_t bytes[NDES_OTP_MAX_BYTES];
    bool ok = random_bytes(bytes, otp->config.bytes, e);
    if (ok)
        text_hex(span_of(bytes, otp->config.bytes), true, out);
    explicit_bzero(bytes, sizeof bytes);
    return ok;
}

static bool issue_fixed(struct ndes_otp *otp, char *out, struct err *e)
{
    bool ok = otp->made_up[0] != '\0' || make_text(otp, otp->made_up, e);
    memcpy(out, otp->made_up, sizeof otp->made_up);
    return ok;
}

/* The second caller's turn. False: it is nobody's. */
static bool issue_again(struct ndes_otp *otp, char *out)
{
    memcpy(out, otp->again, sizeof otp->again);
    explicit_bzero(otp->again, sizeof otp->again);
    return out[0] != '\0';
}

/* Expired ones are swept only when room is needed: a lookup judges its own entry. */
static bool issue(struct ndes_otp *otp, const struct ndes_otp_twist *twist, int64_t now_us, char *out,
                  struct err *e)
{
    bool limited = twist->max > 0 && twist->max < otp->config.max;
    size_t max = limited ? twist->max : otp->config.max;
    if (otp->held[twist->node] >= max)
        drop_expired(otp, twist, now_us);
    out[0] = '\0';
    if (otp->held[twist->node] >= max)
        return true;
    struct entry *entry = &otp->entries[otp->count];
    if (!make_text(otp, entry->text, e))
        return false;
    otp->count++;
    otp->held[twist->node]++;
    entry->node = twist->node;
    entry->fingerprint = hash_span(span_of_text(entry->text));
    entry->issued_us = now_us;
    memcpy(out, entry->text, sizeof entry->text);
    if (twist->twice)
        memcpy(otp->again, entry->text, sizeof otp->again);
    return true;
}

bool ndes_otp_issue_twisted(struct ndes_otp *otp, const struct ndes_otp_twist *twist, int64_t now_us,
                            char out[NDES_OTP_TEXT_BYTES], struct err *e)
{
    if (otp->fixed != NULL) {
        memcpy(out, otp->fixed, strlen(otp->fixed) + 1);
        return true;
    }
    pthread_mutex_lock(&otp->lock);
    bool ok = true;
    if (twist->fixed)
        ok = issue_fixed(otp, out, e);
    else if (!twist->twice || !issue_again(otp, out))
        ok = issue(otp, twist, now_us, out, e);
    pthread_mutex_unlock(&otp->lock);
    return ok;
}

bool ndes_otp_issue(struct ndes_otp *otp, int64_t now_us, char out[NDES_OTP_TEXT_BYTES], struct err *e)
{
    return ndes_otp_issue_twisted(otp, &straight, now_us, out, e);
}

static bool was_used(const struct ndes_otp *otp, uint64_t hash)
{
    size_t kept = otp->used_count < USED_KEPT ? otp->used_count : USED_KEPT;
    for (size_t i = 0; i < kept; i++) {
        if (otp->used[i] == hash)
            return true;
    }
    return false;
}

static enum ndes_otp_verdict use(struct ndes_otp *otp, const struct ndes_otp_twist *twist,
                                 struct span password, int64_t now_us)
{
    if (otp->made_up[0] != '\0' && span_equal_secret(password, span_of_text(otp->made_up)))
        return NDES_OTP_ACCEPTED;
    uint64_t hash = hash_span(password);
    for (size_t i = 0; i < otp->count; i++) {
        const struct entry *entry = &otp->entries[i];
        if (entry->fingerprint != hash || entry->node != twist->node ||
            !span_equal_secret(password, span_of_text(entry->text)))
            continue;
        bool late = expired(otp, twist, entry, now_us);
        drop(otp, i);
        if (late)
            return NDES_OTP_UNKNOWN;
        otp->used[otp->used_count++ % USED_KEPT] = hash + twist->node;
        return NDES_OTP_ACCEPTED;
    }
    return was_used(otp, hash + twist->node) ? NDES_OTP_USED : NDES_OTP_UNKNOWN;
}

enum ndes_otp_verdict ndes_otp_use_twisted(struct ndes_otp *otp, const struct ndes_otp_twist *twist,
                                           struct span password, int64_t now_us)
{
    if (password.len == 0)
        return NDES_OTP_MISSING;
    if (otp->fixed != NULL)
        return span_equal_secret(password, span_of_text(otp->fixed)) ? NDES_OTP_ACCEPTED : NDES_OTP_UNKNOWN;
    pthread_mutex_lock(&otp->lock);
    enum ndes_otp_verdict verdict = use(otp, twist, password, now_us);
    pthread_mutex_unlock(&otp->lock);
    return verdict;
}

enum ndes_otp_verdict ndes_otp_use(struct ndes_otp *otp, struct span password, int64_t now_us)
{
    return ndes_otp_use_twisted(otp, &straight, password, now_us);
}

void ndes_otp_restart(struct ndes_otp *otp)
{
    pthread_mutex_lock(&otp->lock);
    explicit_bzero(otp->entries, otp->count * sizeof *otp->entries);
    explicit_bzero(otp->again, sizeof otp->again);
    otp->count = 0;
    memset(otp->held, 0, sizeof otp->held);
    otp->used_count = 0;
    pthread_mutex_unlock(&otp->lock);
}
