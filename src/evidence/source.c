#include "evidence/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum encoding { BYTES, UTF16LE, UTF16BE };

struct source {
    int fd;             /* -1: memory */
    struct span memory; /* all of it */
    size_t memory_at;
    bool pipe;
    bool packed, packed_end;
    z_stream inflater;
    enum encoding encoding;
    uint32_t high; /* first half of a surrogate pair */
    const char *problem;
    uint64_t bytes;
    size_t packed_len; /* in packed_bytes; the inflater knows how far it is */
    uint8_t packed_bytes[32768];
    /* Unpacked, not yet decoded: the head of the file, later what UTF-16 is decoded from. */
    size_t raw_at, raw_len;
    uint8_t raw[65536];
    bool head_made;
    size_t head_at, head_len;
    uint8_t head[65536]; /* decoded */
};

/* Half a minute is longer than any record takes. */
static bool wait_for(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&one, 1, 30000);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static size_t read_file(struct source *s, uint8_t *out, size_t cap)
{
    if (s->fd < 0) {
        size_t got = s->memory.len - s->memory_at < cap ? s->memory.len - s->memory_at : cap;
        if (got > 0)
            memcpy(out, s->memory.data + s->memory_at, got);
        s->memory_at += got;
        return got;
    }
    if (s->pipe && !wait_for(s->fd)) {
        s->problem = "libevtx did not come to an end with it";
        return 0;
    }
    ssize_t got;
    do
        got = read(s->fd, out, cap);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        s->problem = "the medium cannot be read";
    return got < 0 ? 0 : (size_t)got;
}

/* True when there is input for the inflater. */
static bool feed(struct source *s)
{
    if (s->inflater.avail_in > 0)
        return true;
    s->packed_len = read_file(s, s->packed_bytes, sizeof s->packed_bytes);
    s->inflater.next_in = s->packed_bytes;
    s->inflater.avail_in = (uInt)s->packed_len;
    return s->packed_len > 0;
}

/* A .gz may be several packed files one after the other. */
static size_t read_unpacked(struct source *s, uint8_t *out, size_t cap)
{
    if (!s->packed)
        return read_file(s, out, cap);
    s->inflater.next_out = out;
    s->inflater.avail_out = (uInt)cap;
    while (s->inflater.avail_out == cap && !s->packed_end) {
        bool fed = feed(s);
        int result = fed ? inflate(&s->inflater, Z_NO_FLUSH) : Z_BUF_ERROR;
        if (result == Z_STREAM_END) {
            s->packed_end = !feed(s) || s->inflater.next_in[0] != 0x1F || inflateReset(&s->inflater) != Z_OK;
            continue;
        }
        if (result != Z_OK) {
            s->packed_end = true;
            if (s->problem == NULL)
                s->problem = fed ? "its compression is damaged" : "it was cut off while compressed";
        }
    }
    return cap - s->inflater.avail_out;
}

static bool look_packed(struct source *s)
{
    uint8_t magic[2] = {0, 0};
    if (s->fd < 0) {
        if (s->memory.len >= 2)
            memcpy(magic, s->memory.data, 2);
    } else if (pread(s->fd, magic, sizeof magic, 0) < 2)
        return true;
    s->packed = magic[0] == 0x1F && magic[1] == 0x8B;
    return !s->packed || inflateInit2(&s->inflater, 15 + 16) == Z_OK;
}

/* Text of wevtutil redirected by PowerShell is UTF-16LE; NULs in every other place tell when the mark is lost. */
static void look_encoding(struct source *s)
{
    const uint8_t *b = s->raw;
    if (s->raw_len >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
        s->raw_at = 3;
        return;
    }
    bool mark = s->raw_len >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF));
    if (mark) {
        s->encoding = b[0] == 0xFF ? UTF16LE : UTF16BE;
        s->raw_at = 2;
        return;
    }
    size_t nul[2] = {0, 0}, pairs = s->raw_len / 2 < 512 ? s->raw_len / 2 : 512;
    for (size_t i = 0; i < 2 * pairs; i++)
        nul[i % 2] += b[i] == 0;
    if (pairs >= 8 && nul[1] * 10 > pairs * 7 && nul[0] * 20 < pairs)
        s->encoding = UTF16LE;
    if (pairs >= 8 && nul[0] * 10 > pairs * 7 && nul[1] * 20 < pairs)
        s->encoding = UTF16BE;
}

static void fill_raw(struct source *s)
{
    memmove(s->raw, s->raw + s->raw_at, s->raw_len - s->raw_at);
    s->raw_len -= s->raw_at;
    s->raw_at = 0;
    size_t got;
    do {
        got = read_unpacked(s, s->raw + s->raw_len, sizeof s->raw - s->raw_len);
        s->raw_len += got;
        s->bytes += got;
    } while (got > 0 && s->raw_len < sizeof s->raw);
}

static bool start(struct source *s, struct err *e)
{
    if (!look_packed(s))
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to unpack a log");
    fill_raw(s);
    if (!source_is_evtx(s))
        look_encoding(s);
    return true;
}

bool source_open(const char *path, struct source **out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot open %s", path);
    struct stat st;
    struct source *s = calloc(1, sizeof *s);
    bool ok = s != NULL;
    if (!ok)
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read %s", path);
    if (ok && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))
        ok = err_set(e, STAGE_SETUP, REASON_IO, "%s is not a regular file", path);
    if (!ok) {
        free(s);
        close(fd);
        return false;
    }
    s->fd = fd;
    *out = s;
    if (start(s, e))
        return true;
    source_close(s);
    return false;
}

bool source_memory(struct span bytes, struct source **out, struct err *e)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read a log");
    s->fd = -1;
    s->memory = bytes;
    *out = s;
    if (start(s, e))
        return true;
    source_close(s);
    return false;
}

bool source_pipe(int fd, struct source **out, struct err *e)
{
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        close(fd);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read a log");
    }
    s->fd = fd;
    s->pipe = true;
    *out = s;
    return true;
}

void source_close(struct source *s)
{
    if (s == NULL)
        return;
    if (s->packed)
        inflateEnd(&s->inflater);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

bool source_rewind(struct source *s)
{
    if (s->fd >= 0 && lseek(s->fd, 0, SEEK_SET) != 0)
        return false;
    if (s->packed)
        inflateEnd(&s->inflater);
    int fd = s->fd;
    struct span memory = s->memory;
    *s = (struct source){.fd = fd, .memory = memory};
    return start(s, NULL);
}

static size_t put_utf8(uint32_t code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    out[0] = (uint8_t)(lead[len] | code);
    return len;
}

/* One unit of UTF-16; a lone half of a pair becomes U+FFFD. At most six bytes. */
static size_t decode_unit(struct source *s, uint32_t unit, uint8_t *out)
{
    size_t len = 0;
    bool low = unit >= 0xDC00 && unit <= 0xDFFF;
    if (s->high != 0 && low)
        unit = 0x10000 + ((s->high - 0xD800) << 10) + (unit - 0xDC00);
    else if (s->high != 0)
        len = put_utf8(0xFFFD, out);
    else if (low)
        unit = 0xFFFD;
    s->high = unit >= 0xD800 && unit <= 0xDBFF ? unit : 0;
    return s->high != 0 ? len : len + put_utf8(unit, out + len);
}

static size_t decode(struct source *s, uint8_t *out, size_t cap)
{
    if (s->raw_len - s->raw_at < 2)
        fill_raw(s);
    size_t len = 0;
    while (s->raw_len - s->raw_at >= 2 && len + 6 <= cap) {
        const uint8_t *b = s->raw + s->raw_at;
        uint32_t unit = s->encoding == UTF16LE ? (uint32_t)(b[0] | b[1] << 8) : (uint32_t)(b[1] | b[0] << 8);
        s->raw_at += 2;
        len += decode_unit(s, unit, out + len);
        /* A pair's first half alone must not look like the end. */
        if (len == 0 && s->raw_len - s->raw_at < 2)
            fill_raw(s);
    }
    return len;
}

static size_t read_text(struct source *s, uint8_t *out, size_t cap)
{
    if (s->encoding != BYTES)
        return decode(s, out, cap);
    size_t left = s->raw_len - s->raw_at;
    if (left > 0) {
        size_t got = left < cap ? left : cap;
        memcpy(out, s->raw + s->raw_at, got);
        s->raw_at += got;
        return got;
    }
    size_t got = read_unpacked(s, out, cap);
    s->bytes += got;
    return got;
}

struct span source_head(struct source *s)
{
    if (!s->head_made) {
        s->head_len = read_text(s, s->head, sizeof s->head);
        s->head_made = true;
    }
    return span_of(s->head + s->head_at, s->head_len - s->head_at);
}

size_t source_read(struct source *s, uint8_t *out, size_t cap)
{
    size_t left = s->head_len - s->head_at;
    if (left == 0)
        return read_text(s, out, cap);
    size_t got = left < cap ? left : cap;
    memcpy(out, s->head + s->head_at, got);
    s->head_at += got;
    return got;
}

bool source_is_evtx(const struct source *s)
{
    return s->raw_at == 0 && s->raw_len >= 8 && memcmp(s->raw, "ElfFile", 8) == 0;
}

int source_plain_fd(const struct source *s)
{
    return s->packed ? -1 : s->fd;
}

uint64_t source_bytes(const struct source *s)
{
    return s->bytes;
}

const char *source_problem(const struct source *s)
{
    return s->problem == NULL ? "" : s->problem;
}
