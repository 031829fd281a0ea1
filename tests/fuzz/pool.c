// room: pki
#include "pki/pool.h"
#include "../support/fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers that do not belong together make a key that fails, nothing worse. */
static void use_key(const struct pki_key *key)
{
    static const uint8_t wrapped[128] = {1};
    struct buf out;
    buf_init(&out, 4096);
    if (pki_key_bits(key) <= 2048) {
        either_way(pki_key_sign(key, PKI_SHA256, span_of_text("x"), &out, NULL));
        either_way(pki_key_unwrap(key, PKI_RSA_PKCS1, span_of(wrapped, sizeof wrapped), &out, NULL));
    }
    buf_wipe(&out);
}

/* The file lives in memory; its path is our own descriptor. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!pki_init(NULL))
        abort();
    int fd = memfd_create("pool", MFD_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct pki_pool *pool = NULL;
    if (pki_pool_load(path, 0, &pool, NULL)) {
        if (pki_pool_count(pool) > 0)
            use_key(pki_pool_key(pool, 0));
        pki_pool_free(pool);
    }
    close(fd);
    return 0;
}
