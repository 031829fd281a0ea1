#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, const char *path, struct buf *out, struct err *e)
{
    for (;;) {
        uint8_t chunk[16384];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(e, REASON_IO, errno, "cannot read %s", path);
        if (got == 0)
            return true;
        if (!buf_append(out, chunk, (size_t)got))
            return err_set(e, STAGE_SETUP, REASON_LIMIT, "%s is larger than %zu bytes", path, out->max);
    }
}

/* -1: cannot be read, or is none. */
static int open_regular(const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        err_set_errno(e, REASON_IO, errno, "cannot open %s", path);
    } else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(e, STAGE_SETUP, REASON_IO, "%s is not a regular file", path);
        close(fd);
        fd = -1;
    }
    return fd;
}

bool file_read(const char *path, struct buf *out, struct err *e)
{
    int fd = open_regular(path, e);
    bool ok = fd >= 0 && read_all(fd, path, out, e);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool digest_all(int fd, EVP_MD_CTX *digest, const char *path, uint64_t *bytes, struct err *e)
{
    uint8_t chunk[1 << 16];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(e, REASON_IO, errno, "cannot read %s", path);
        *bytes += (uint64_t)got;
        if (EVP_DigestUpdate(digest, chunk, (size_t)got) != 1)
            return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no SHA-256 of %s", path);
    }
    return true;
}

bool file_sha256(const char *path, uint8_t out[32], uint64_t *bytes, struct err *e)
{
    int fd = open_regular(path, e);
    if (fd < 0)
        return false;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    *bytes = 0;
    bool ok = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    if (!ok)
        err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no SHA-256 of %s", path);
    ok = ok && digest_all(fd, digest, path, bytes, e) && EVP_DigestFinal_ex(digest, out, NULL) == 1;
    EVP_MD_CTX_free(digest);
    close(fd);
    return ok;
}

static bool write_all(int fd, struct span content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.data, content.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content = span_of(content.data + put, content.len - (size_t)put);
    }
    return true;
}

bool file_write(const char *path, struct span content, unsigned mode, struct err *e)
{
    char temporary[PATH_MAX];
    int used = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (used < 0 || (size_t)used >= sizeof temporary)
        return err_set_errno(e, REASON_IO, ENAMETOOLONG, "cannot write %s", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot write %s", path);
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, content);
    int failed_with = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        failed_with = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        failed_with = errno;
    }
    if (!ok) {
        unlink(temporary);
        return err_set_errno(e, REASON_IO, failed_with, "cannot write %s", path);
    }
    return true;
}

static bool make_one(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool file_make_folder(const char *path, struct err *e)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return err_set_errno(e, REASON_IO, ENAMETOOLONG, "cannot make the folder %.80s", path);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (!make_one(part))
            return err_set_errno(e, REASON_IO, errno, "cannot make the folder %s", part);
        part[i] = '/';
    }
    struct stat st;
    if (!make_one(part))
        return err_set_errno(e, REASON_IO, errno, "cannot make the folder %s", path);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set_errno(e, REASON_IO, ENOTDIR, "cannot make the folder %s", path);
    return true;
}
