/* Enums as run.sqlite spells them, and back: a replay must not take an unknown word for a known one. */
#include "report/db_parts.h"

typedef const char *word_at(size_t i);

/* False: none of `count` words is this one. A row that says nothing says nothing known either. */
static bool find(const char *word, word_at *at, size_t count, size_t *out)
{
    for (size_t i = 0; word != NULL && i < count; i++) {
        const char *known = at(i);
        if (known != NULL && known[0] == word[0] && strcmp(known, word) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static const char *otp_at(size_t i)
{
    static const char *const ids[OUTCOME_OTP_KINDS] = {
        [OUTCOME_OTP_ASKED] = "otp_asked",   [OUTCOME_OTP_FETCHED] = "otp_fetched",
        [OUTCOME_OTP_FAILED] = "otp_failed", [OUTCOME_OTP_CACHE_FULL] = "otp_cache_full",
        [OUTCOME_OTP_SENT] = "otp_sent",     [OUTCOME_OTP_SPENT] = "otp_spent",
        [OUTCOME_OTP_BURNT] = "otp_burnt",   [OUTCOME_OTP_EXPIRED] = "otp_expired",
        [OUTCOME_OTP_LEFT] = "otp_left",
    };
    return ids[i];
}

const char *db_otp_id(enum outcome_otp_kind kind)
{
    return otp_at((size_t)kind);
}

bool db_otp_of(const char *id, enum outcome_otp_kind *out)
{
    size_t i = 0;
    bool found = find(id, otp_at, OUTCOME_OTP_KINDS, &i);
    *out = (enum outcome_otp_kind)i;
    return found;
}

static const char *challenge_at(size_t i)
{
    static const char *const ids[] = {[OUTCOME_CHALLENGE_UNKNOWN] = NULL,
                                      [OUTCOME_CHALLENGE_NONE] = "none",
                                      [OUTCOME_CHALLENGE_WORD] = "word",
                                      [OUTCOME_CHALLENGE_BLOB] = "blob"};
    return ids[i];
}

const char *db_challenge_id(enum outcome_challenge challenge)
{
    return challenge_at((size_t)challenge);
}

bool db_challenge_of(const char *id, enum outcome_challenge *out)
{
    size_t i = OUTCOME_CHALLENGE_UNKNOWN;
    bool found = id == NULL || find(id, challenge_at, OUTCOME_CHALLENGE_BLOB + 1, &i);
    *out = (enum outcome_challenge)i;
    return found;
}

static const char *result_at(size_t i)
{
    static const char *const ids[] = {
        [OUTCOME_NOT_TRIED] = "not_tried", [OUTCOME_OK] = "ok", [OUTCOME_NOT_OK] = "failed"};
    return ids[i];
}

const char *db_result_id(enum outcome_result result)
{
    return result_at((size_t)result);
}

bool db_result_of(const char *id, enum outcome_result *out)
{
    size_t i = 0;
    bool found = find(id, result_at, OUTCOME_NOT_OK + 1, &i);
    *out = (enum outcome_result)i;
    return found;
}

static const char *end_at(size_t i)
{
    return outcome_end_id((enum outcome_end)i);
}

bool db_end_of(const char *id, enum outcome_end *out)
{
    size_t i = 0;
    bool found = find(id, end_at, OUTCOME_UNSENT + 1, &i);
    *out = (enum outcome_end)i;
    return found;
}

static const char *follow_at(size_t i)
{
    return outcome_follow_id((enum outcome_follow)i);
}

bool db_follow_of(const char *id, enum outcome_follow *out)
{
    size_t i = 0;
    bool found = find(id, follow_at, OUTCOME_FOLLOW_COUNT, &i);
    *out = (enum outcome_follow)i;
    return found;
}

static const char *body_at(size_t i)
{
    return outcome_body_id((enum outcome_body)i);
}

bool db_body_of(const char *id, enum outcome_body *out)
{
    size_t i = 0;
    bool found = find(id, body_at, OUTCOME_BODY_COUNT, &i);
    *out = (enum outcome_body)i;
    return found;
}

static const char *stage_at(size_t i)
{
    return base_stage_id((enum stage)i);
}

bool db_stage_of(const char *id, enum stage *out)
{
    size_t i = 0;
    bool found = find(id, stage_at, STAGE_COUNT, &i);
    *out = (enum stage)i;
    return found;
}

static const char *reason_at(size_t i)
{
    return base_reason_id((enum reason)i);
}

bool db_reason_of(const char *id, enum reason *out)
{
    size_t i = 0;
    bool found = find(id, reason_at, REASON_COUNT, &i);
    *out = (enum reason)i;
    return found;
}

/* ---- what was wrong with a certificate ---- */

static const struct {
    const char *id;
    size_t offset;
} defects[] = {
    {"nonce_mismatch", offsetof(struct outcome, nonce_mismatch)},
    {"transaction_mismatch", offsetof(struct outcome, transaction_mismatch)},
    {"key_mismatch", offsetof(struct outcome, key_mismatch)},
    {"subject_mismatch", offsetof(struct outcome, subject_mismatch)},
    {"chain_failure", offsetof(struct outcome, chain_failure)},
    {"expectation_failure", offsetof(struct outcome, expectation_failure)},
    {"renewal_same_certificate", offsetof(struct outcome, renewal_same_certificate)},
    {"duplicate_otp", offsetof(struct outcome, duplicate_otp)},
    {"certificate_missing", offsetof(struct outcome, certificate_missing)},
};
#define DEFECT_COUNT (sizeof defects / sizeof defects[0])

void db_defects_text(const struct outcome *o, char out[DB_DEFECTS_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        if (*(const bool *)((const char *)o + defects[i].offset))
            used += (size_t)snprintf(out + used, DB_DEFECTS_BYTES - used, "%s%s", used > 0 ? ", " : "",
                                     defects[i].id);
    }
}

static bool mark(struct outcome *o, const char *word, size_t len)
{
    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        if (strlen(defects[i].id) == len && strncmp(defects[i].id, word, len) == 0) {
            *(bool *)((char *)o + defects[i].offset) = true;
            return true;
        }
    }
    return false;
}

bool db_defects_of(const char *text, struct outcome *o)
{
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        if (!mark(o, text, len))
            return false;
        text += len;
        text += strspn(text, ", ");
    }
    return true;
}
