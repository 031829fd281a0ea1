/* What curl has no option for. */
#include "http/internal.h"

#include <openssl/ssl.h>

/* A device that waits for its answer holds no buffers for records, 33 KiB of them, until there is something to read. */
CURLcode http_tls_prepare(CURL *easy, void *ssl_ctx, void *user)
{
    (void)easy;
    (void)user;
    SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS);
    return CURLE_OK;
}
