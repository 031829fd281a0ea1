#include "pki/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC           "SCEPSTORM-KEYS 1\n"
#define MAGIC_BYTES     (sizeof MAGIC - 1)
#define LENGTH_BYTES    4
#define MAX_ENTRY_BYTES 16384
#define MAX_KEYS        10000000

struct pki_pool {
    struct pki_key **keys;
    size_t count;
    size_t room;
    bool torn;
};

bool pki_pool_new(struct pki_pool **out, struct err *e)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL || err_set(e, STAGE_KEY, REASON_NO_MEMORY, "no memory for the key pool");
}

void pki_pool_free(struct pki_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->count; i++)
        pki_key_free(pool->keys[i]);
    free(pool->keys);
    free(pool);
}

bool pki_pool_was_torn(const struct pki_pool *pool)
{
    return pool->torn;
}

size_t pki_pool_count(const struct pki_pool *pool)
{
    return pool->count;
}

struct pki_key *pki_pool_key(const struct pki_pool *pool, size_t index)
{
    return pool->keys[index];
}

bool pki_pool_add(struct pki_pool *pool, struct pki_key *key, struct err *e)
{
    if (pool->count == pool->room) {
        size_t room = pool->room == 0 ? 64 : pool->room * 2;
        struct pki_key **keys = room > MAX_KEYS ? NULL : reallocarray(pool->keys, room, sizeof *keys);
        if (keys == NULL)
            return err_set(e, STAGE_KEY, REASON_NO_MEMORY, "no memory for %zu keys", room);
        pool->keys = keys;
        pool->room = room;
    }
    pool->keys[pool->count++] = pki_key_ref(key);
    return true;
}

/* How much of `len` bytes at `at` the file has; less only at its end. */
static bool read_at(int fd, uint64_t at, uint8_t *out, size_t len, size_t *out_got)
{
    *out_got = 0;
    while (*out_got < len) {
        ssize_t got = pread(fd, out + *out_got, len - *out_got, (off_t)(at + *out_got));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        *out_got += (size_t)got;
    }
    return true;
}

enum entry { ENTRY_WHOLE, ENTRY_END, ENTRY_TORN, ENTRY_BAD, ENTRY_UNREADABLE };

/* The entry at `at`; `size` is the file's. An impossible length is damage, not a torn write. */
static enum entry find_entry(int fd, uint64_t at, uint64_t size, size_t *out_len)
{
    uint8_t length[LENGTH_BYTES];
    size_t got;
    if (at == size)
        return ENTRY_END;
    if (!read_at(fd, at, length, sizeof length, &got))
        return ENTRY_UNREADABLE;
    if (got < sizeof length)
        return ENTRY_TORN;
    uint32_t len =
        (uint32_t)length[0] << 24 | (uint32_t)length[1] << 16 | (uint32_t)length[2] << 8 | length[3];
    if (len == 0 || len > MAX_ENTRY_BYTES)
        return ENTRY_BAD;
    *out_len = len;
    return at + LENGTH_BYTES + len <= size ? ENTRY_WHOLE : ENTRY_TORN;
}

static bool read_entry(int fd, uint64_t at, size_t len, const char *path, struct pki_pool *pool,
                       struct err *e)
{
    uint8_t der[MAX_ENTRY_BYTES];
    size_t got;
    struct pki_key *key = NULL;
    struct err why = {0};
    bool ok = read_at(fd, at, der, len, &got) && got == len;
    if (!ok)
        err_set_errno(e, REASON_IO, errno, "cannot read %s", path);
    else if (!pki_key_from_der(span_of(der, len), &key, &why))
        ok = err_set(e, STAGE_KEY, REASON_MALFORMED, "%s: key %zu is damaged (%s)", path, pool->count + 1,
                     why.text);
    else
        ok = pki_pool_add(pool, key, e);
    pki_key_free(key);
    OPENSSL_cleanse(der, len);
    return ok;
}

static bool check_magic(int fd, const char *path, struct err *e)
{
    uint8_t magic[MAGIC_BYTES];
    size_t got;
    if (!read_at(fd, 0, magic, sizeof magic, &got))
        return err_set_errno(e, REASON_IO, errno, "cannot read %s", path);
    if (got != sizeof magic || memcmp(magic, MAGIC, sizeof magic) != 0)
        return err_set(e, STAGE_KEY, REASON_MALFORMED, "%s is not a key pool (scepstorm keygen makes them)",
                       path);
    return true;
}

static bool check_private(int fd, const char *path, uint64_t *out_size, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set_errno(e, REASON_IO, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, STAGE_KEY, REASON_IO, "%s is not a regular file", path);
    if ((st.st_mode & 077) != 0)
        return err_set(e, STAGE_KEY, REASON_IO,
                       "%s holds private keys but others may open it (mode %04o); chmod 600 it", path,
                       (unsigned)(st.st_mode & 07777));
    *out_size = (uint64_t)st.st_size;
    return true;
}

static bool load_entries(int fd, const char *path, uint64_t size, size_t limit, struct pki_pool *pool,
                         struct err *e)
{
    uint64_t at = MAGIC_BYTES;
    while (limit == 0 || pool->count < limit) {
        size_t len = 0;
        switch (find_entry(fd, at, size, &len)) {
        case ENTRY_END:
            return true;
        case ENTRY_TORN:
            pool->torn = true;
            return true;
        case ENTRY_BAD:
            return err_set(e, STAGE_KEY, REASON_MALFORMED, "%s is damaged after key %zu", path, pool->count);
        case ENTRY_UNREADABLE:
            return err_set_errno(e, REASON_IO, errno, "cannot read %s", path);
        case ENTRY_WHOLE:
            if (!read_entry(fd, at + LENGTH_BYTES, len, path, pool, e))
                return false;
            at += LENGTH_BYTES + len;
        }
    }
    return true;
}

bool pki_pool_load(const char *path, size_t limit, struct pki_pool **out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot open key pool %s", path);
    struct pki_pool *pool = NULL;
    uint64_t size;
    bool ok = check_private(fd, path, &size, e) && check_magic(fd, path, e) && pki_pool_new(&pool, e) &&
              load_entries(fd, path, size, limit, pool, e);
    close(fd);
    if (!ok) {
        pki_pool_free(pool);
        return false;
    }
    *out = pool;
    return true;
}

/* Where the next entry goes: after the last whole one, so that a torn tail is written over. */
static bool find_end(int fd, const char *path, uint64_t size, uint64_t *out_end, struct err *e)
{
    *out_end = MAGIC_BYTES;
    for (;;) {
        size_t len = 0;
        enum entry entry = find_entry(fd, *out_end, size, &len);
        if (entry == ENTRY_END || entry == ENTRY_TORN)
            return true;
        if (entry != ENTRY_WHOLE)
            return err_set(e, STAGE_KEY, REASON_MALFORMED, "%s is damaged at byte %llu", path,
                           (unsigned long long)*out_end);
        *out_end += LENGTH_BYTES + len;
    }
}

static bool write_at(int fd, uint64_t at, struct span s)
{
    while (s.len > 0) {
        ssize_t put = pwrite(fd, s.data, s.len, (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        at += (uint64_t)put;
        s = span_of(s.data + put, s.len - (size_t)put);
    }
    return true;
}

static bool put_entry(int fd, const char *path, struct span entry, struct err *e)
{
    uint64_t size;
    uint64_t end = MAGIC_BYTES;
    if (!check_private(fd, path, &size, e))
        return false;
    bool fresh = size == 0;
    if (!fresh && (!check_magic(fd, path, e) || !find_end(fd, path, size, &end, e)))
        return false;
    if ((end < size && ftruncate(fd, (off_t)end) != 0) ||
        (fresh && !write_at(fd, 0, span_of(MAGIC, MAGIC_BYTES))) || !write_at(fd, end, entry))
        return err_set_errno(e, REASON_IO, errno, "cannot write %s", path);
    return true;
}

bool pki_pool_append(const char *path, const struct pki_key *key, struct err *e)
{
    struct buf entry;
    buf_init(&entry, LENGTH_BYTES + MAX_ENTRY_BYTES);
    buf_append(&entry, (const uint8_t[LENGTH_BYTES]){0}, LENGTH_BYTES);
    bool ok = pki_key_to_der(key, &entry, e);
    if (ok) {
        size_t len = entry.len - LENGTH_BYTES;
        for (size_t i = 0; i < LENGTH_BYTES; i++)
            entry.data[i] = (uint8_t)(len >> 8 * (LENGTH_BYTES - 1 - i));
    }
    int fd = ok ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600) : -1;
    if (ok && fd < 0)
        ok = err_set_errno(e, REASON_IO, errno, "cannot open key pool %s", path);
    if (fd >= 0) {
        ok = flock(fd, LOCK_EX) == 0 ? put_entry(fd, path, buf_span(&entry), e)
                                     : err_set_errno(e, REASON_IO, errno, "cannot lock %s", path);
        close(fd);
    }
    buf_wipe(&entry);
    return ok;
}
