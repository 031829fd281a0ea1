#include "base/secret.h"

#include "base/file.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

struct secret {
    size_t len;
    uint8_t value[];
};

bool secret_new(struct span value, struct secret **out, struct err *e)
{
    struct secret *s = calloc(1, sizeof *s + value.len + 1);
    if (s == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for a secret");
    s->len = value.len;
    if (value.len > 0)
        memcpy(s->value, value.data, value.len);
    *out = s;
    return true;
}

void secret_free(struct secret *s)
{
    if (s != NULL)
        OPENSSL_cleanse(s->value, s->len);
    free(s);
}

struct span secret_value(const struct secret *s)
{
    return span_of(s->value, s->len);
}

bool secret_from_env(const char *name, struct secret **out, struct err *e)
{
    char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "the environment variable %s is %s: set it to the password", name,
                       value == NULL ? "not set" : "empty");
    bool ok = secret_new(span_of_text(value), out, e);
    OPENSSL_cleanse(value, strlen(value));
    unsetenv(name);
    return ok;
}

bool secret_from_file(const char *path, struct secret **out, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_set_errno(e, REASON_USAGE, errno, "password file %s", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "password file %s %s", path,
                       S_ISREG(st.st_mode) ? "can be read by others: chmod 600 it" : "is not a regular file");
    struct buf content;
    buf_init(&content, 4096);
    bool ok = file_read(path, &content, e);
    if (ok && content.len > 0 && content.data[content.len - 1] == '\n')
        content.len--;
    if (ok && content.len > 0 && content.data[content.len - 1] == '\r')
        content.len--;
    if (ok && content.len == 0)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE, "password file %s is empty", path);
    ok = ok && secret_new(buf_span(&content), out, e);
    buf_wipe(&content);
    return ok;
}
