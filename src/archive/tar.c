#include "archive/tar.h"

#include <stdio.h>
#include <string.h>

/* Where things stand in a head. */
static const struct field {
    size_t at, len;
} NAME = {0, 100}, MODE = {100, 8}, UID = {108, 8}, GID = {116, 8}, SIZE = {124, 12}, MTIME = {136, 12},
  CHECKSUM = {148, 8}, KIND = {156, 1}, MAGIC = {257, 6}, VERSION = {263, 2}, PREFIX = {345, 155};

/* The sum of all bytes, those of the sum itself taken as spaces. */
static unsigned checksum(const uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= CHECKSUM.at && i < CHECKSUM.at + CHECKSUM.len ? ' ' : block[i];
    return sum;
}

/* ---- writing ---- */

static void put_text(uint8_t *block, struct field f, const char *text, size_t len)
{
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a full field has no NUL */
    memcpy(block + f.at, text, len < f.len ? len : f.len);
}

static void put_octal(uint8_t *block, struct field f, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%0*llo", (int)f.len - 1, (unsigned long long)value);
    put_text(block, f, digits, (size_t)len);
}

bool tar_head_write(const char *name, uint64_t bytes, int64_t mtime_s, uint8_t out[TAR_BLOCK], struct err *e)
{
    const char *slash = strrchr(name, '/');
    size_t prefix = slash == NULL ? 0 : (size_t)(slash - name);
    const char *last = slash == NULL ? name : slash + 1;
    if (prefix > PREFIX.len || strlen(last) > NAME.len || last[0] == '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE, "'%.120s' is too long a name for an archive", name);
    if (bytes >= ARCHIVE_MAX_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.120s is too large for an archive", name);
    memset(out, 0, TAR_BLOCK);
    put_text(out, PREFIX, name, prefix);
    put_text(out, NAME, last, strlen(last));
    put_octal(out, MODE, 0644);
    put_octal(out, UID, 0);
    put_octal(out, GID, 0);
    put_octal(out, SIZE, bytes);
    put_octal(out, MTIME, mtime_s < 0 ? 0 : (uint64_t)mtime_s);
    put_text(out, KIND, "0", 1);
    put_text(out, MAGIC, "ustar", 6);
    put_text(out, VERSION, "00", 2);
    char sum[8];
    snprintf(sum, sizeof sum, "%06o", checksum(out));
    put_text(out, CHECKSUM, sum, 7);
    out[CHECKSUM.at + 7] = ' ';
    return true;
}

/* ---- reading ---- */

static bool damaged(struct err *e, const char *what)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "the archive is damaged, or is none: %s", what);
}

/* Octal digits, spaces before and a space or NUL behind them. */
static bool take_octal(const uint8_t *block, struct field f, uint64_t *out)
{
    size_t i = f.at, end = f.at + f.len;
    *out = 0;
    while (i < end && block[i] == ' ')
        i++;
    size_t first = i;
    for (; i < end && block[i] >= '0' && block[i] <= '7'; i++)
        *out = *out * 8 + (uint64_t)(block[i] - '0');
    return i > first && (i == end || block[i] == ' ' || block[i] == '\0');
}

static size_t text_len(const uint8_t *block, struct field f)
{
    const uint8_t *end = memchr(block + f.at, '\0', f.len);
    return end == NULL ? f.len : (size_t)(end - block) - f.at;
}

/* No way out of the folder, and nothing that a shell or a terminal would take for more than a name. */
static bool is_safe(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '\\')
            return false;
    }
    while (*name != '\0') {
        size_t len = strcspn(name, "/");
        if (len == 0 || (len == 1 && name[0] == '.') || (len == 2 && strncmp(name, "..", 2) == 0))
            return false;
        name += len;
        name += *name == '/';
    }
    return true;
}

static bool take_name(const uint8_t *block, struct tar_head *out, struct err *e)
{
    size_t prefix = text_len(block, PREFIX), len = text_len(block, NAME);
    if (prefix + len + 2 > sizeof out->name)
        return damaged(e, "a name is too long");
    snprintf(out->name, sizeof out->name, "%.*s%s%.*s", (int)prefix, (const char *)block + PREFIX.at,
             prefix > 0 ? "/" : "", (int)len, (const char *)block + NAME.at);
    if (strncmp(out->name, "./", 2) == 0) /* as tar writes what lies in "." */
        memmove(out->name, out->name + 2, strlen(out->name) - 1);
    if ((out->name[0] == '\0' && out->kind == TAR_FILE) || !is_safe(out->name))
        return damaged(e, "a name in it leads elsewhere");
    return true;
}

static bool take_kind(uint8_t letter, enum tar_kind *out)
{
    static const struct {
        uint8_t letter;
        enum tar_kind kind;
    } kinds[] = {{'0', TAR_FILE}, {'\0', TAR_FILE}, {'5', TAR_FOLDER}, {'x', TAR_REMARK}, {'g', TAR_REMARK}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        *out = kinds[i].kind;
        if (kinds[i].letter == letter)
            return true;
    }
    return false;
}

static bool is_zero(const uint8_t block[TAR_BLOCK])
{
    return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

bool tar_head_read(const uint8_t block[TAR_BLOCK], struct tar_head *out, struct err *e)
{
    uint64_t sum = 0;
    *out = (struct tar_head){.kind = TAR_END};
    if (is_zero(block))
        return true;
    if (memcmp(block + MAGIC.at, "ustar", 5) != 0 || !take_octal(block, CHECKSUM, &sum) ||
        sum != checksum(block))
        return damaged(e, "a file's head is not where it should be");
    if (!take_octal(block, SIZE, &out->bytes) || out->bytes >= ARCHIVE_MAX_BYTES)
        return damaged(e, "a file in it is too large");
    if (!take_kind(block[KIND.at], &out->kind))
        return damaged(e, "it holds something that is neither a file nor a folder");
    return take_name(block, out, e);
}
