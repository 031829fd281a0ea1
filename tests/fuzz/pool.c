// room: pki
#include "pki/pool.h"
#include "../support/fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
        for (size_t i = 0; i < pki_pool_count(pool); i++)
            (void)pki_key_bits(pki_pool_key(pool, i));
        pki_pool_free(pool);
    }
    close(fd);
    return 0;
}
