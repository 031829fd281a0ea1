/* The memory that libcurl works with, wiped when it gives it back.
 *
 * Curl keeps copies of credentials in its handles and connections, and of Authorization lines in its buffers, and frees them
 * as they are. Whoever gets that memory next would find them. */
#include "http/internal.h"

#include <malloc.h>

static void wipe_and_free(void *block)
{
    if (block != NULL)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

/* Never in place: realloc would leave what it moves behind. */
static void *move(void *block, size_t size)
{
    void *larger = malloc(size);
    if (larger == NULL || block == NULL)
        return larger;
    size_t old = malloc_usable_size(block);
    memcpy(larger, block, old < size ? old : size);
    wipe_and_free(block);
    return larger;
}

bool http_library_open(struct err *e)
{
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move, strdup, calloc) == CURLE_OK)
        return true;
    return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "libcurl cannot be set up");
}

void http_library_close(void)
{
    curl_global_cleanup();
}
