#include "cli/shard.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"

/* Which machine this is, as far as anybody else needs to know: another one after the next boot. */
static void tell_host(char out[17])
{
    struct buf id;
    uint8_t hash[32];
    struct err ignored = {0};
    char hex[2 * sizeof hash + 1];
    buf_init(&id, 4096);
    if (file_read("/proc/sys/kernel/random/boot_id", &id, &ignored) && id.len > 0 &&
        span_sha256(buf_span(&id), hash)) {
        text_hex(span_of(hash, sizeof hash), false, hex);
        snprintf(out, 17, "%.16s", hex);
    }
    buf_clear(&id);
}

/* A hash of the salt tells whose salts are the same; of 128 random bits nobody finds out more. */
static bool name_salt(struct shard *s)
{
    static const char label[] = "scepstorm shard salt";
    uint8_t both[sizeof label + SHARD_SALT_BYTES], hash[32];
    char hex[2 * sizeof hash + 1];
    memcpy(both, label, sizeof label);
    memcpy(both + sizeof label, s->salt, SHARD_SALT_BYTES);
    bool ok = span_sha256(span_of(both, sizeof both), hash);
    explicit_bzero(both, sizeof both);
    text_hex(span_of(hash, sizeof hash), false, hex);
    snprintf(s->facts.salt, sizeof s->facts.salt, "%.16s", hex);
    return ok;
}

static bool take_salt(struct shard *s, struct err *e)
{
    struct secret *text = NULL;
    struct buf bytes;
    struct err why = {0};
    if (getenv(SHARD_SALT_ENV) == NULL)
        return true;
    buf_init(&bytes, 64);
    bool ok = secret_from_env(SHARD_SALT_ENV, &text, &why) &&
              text_unhex((const char *)secret_value(text).data, &bytes, &why) &&
              bytes.len == SHARD_SALT_BYTES;
    if (ok) {
        memcpy(s->salt, bytes.data, SHARD_SALT_BYTES);
        s->has_salt = name_salt(s);
    }
    secret_free(text);
    buf_wipe(&bytes);
    return ok ||
           err_set(e, STAGE_SETUP, REASON_USAGE,
                   SHARD_SALT_ENV " must be 32 hex digits, the same random ones for all shards (openssl rand "
                                  "-hex 16)");
}

bool shard_open(struct shard *s, unsigned index, unsigned count, struct err *e)
{
    *s = (struct shard){.facts = {.index = index, .count = count}};
    if (index == 0)
        return true;
    tell_host(s->facts.host);
    return take_salt(s, e);
}

void shard_clear(struct shard *s)
{
    explicit_bzero(s->salt, sizeof s->salt);
}
