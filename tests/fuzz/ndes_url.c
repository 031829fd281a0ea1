// room: ndes
/* What a client can put on a request line and into an Authorization header. */
#include "ndes/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct span message)
{
    struct buf out;
    struct err e = {0};
    buf_init(&out, BYTES_MAX_MESSAGE);
    bool ok = ndes_url_message(message, &out, &e);
    if (!ok && e.reason == REASON_NONE)
        abort();
    buf_clear(&out);
}

static void read_basic(const char *header)
{
    char name[32];
    struct buf password;
    buf_init(&password, BYTES_MAX_MESSAGE);
    if (ndes_url_basic(header, name, sizeof name, &password) && strlen(name) >= sizeof name)
        abort();
    buf_wipe(&password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    struct ndes_url url = ndes_url_parse(input);
    if ((unsigned)url.operation >= NDES_OP_COUNT)
        abort();
    bool inside = url.message.len == 0 ||
                  (url.message.data >= data && url.message.data + url.message.len <= data + size);
    if (!inside)
        abort();
    decode(url.message);
    decode(input);
    char *header = strndup((const char *)data, size);
    if (header != NULL)
        read_basic(header);
    free(header);
    return 0;
}
