#include "challenge/journal.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS     16
#define LINE_BYTES (DIGITS + 1)
#define MAX_BYTES  ((size_t)LINE_BYTES * 20000000)

struct challenge_journal {
    int fd;
    off_t end; /* of its last complete line */
    char *path;
};

bool challenge_print_of(struct span value, uint64_t *out)
{
    uint8_t digest[32];
    if (!span_sha256(value, digest))
        return false;
    *out = 0;
    for (size_t i = 0; i < sizeof *out; i++)
        *out = *out << 8 | digest[i];
    return true;
}

static bool read_line(const uint8_t *line, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        int c = line[i];
        bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
        if (!digit && !letter)
            return false;
        *out = *out << 4 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
    }
    return line[DIGITS] == '\n';
}

/* Half a line that begins as one of ours. */
static bool is_torn(struct span tail)
{
    for (size_t i = 0; i < tail.len; i++) {
        int c = tail.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return tail.len <= DIGITS;
}

static bool fail_line(const char *path, size_t line, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE,
                   "%.100s:%zu: no journal of used passwords; set challenge.journal to another file", path,
                   line);
}

static bool read_lines(struct challenge_journal *j, struct span text, void (*used)(void *, uint64_t),
                       void *user, struct err *e)
{
    size_t at = 0, line = 1;
    if (text.len == 0)
        return true;
    for (; text.len - at >= LINE_BYTES; at += LINE_BYTES, line++) {
        uint64_t print = 0;
        if (!read_line(text.data + at, &print))
            return fail_line(j->path, line, e);
        used(user, print);
    }
    j->end = (off_t)at;
    if (!is_torn(span_of(text.data + at, text.len - at)))
        return fail_line(j->path, line, e);
    return at == text.len || ftruncate(j->fd, j->end) == 0 ||
           err_set_errno(e, REASON_IO, errno, "cannot repair %.100s", j->path);
}

static bool lock(const struct challenge_journal *j, struct err *e)
{
    struct stat st;
    if (fstat(j->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s is not a regular file", j->path);
    if (flock(j->fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    return errno == EWOULDBLOCK
               ? err_set(e, STAGE_SETUP, REASON_USAGE,
                         "%.100s is locked: another run takes passwords from that file", j->path)
               : err_set_errno(e, REASON_IO, errno, "cannot lock %.100s", j->path);
}

static bool fill(struct challenge_journal *j, void (*used)(void *, uint64_t), void *user, struct err *e)
{
    struct buf text;
    buf_init(&text, MAX_BYTES);
    j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    bool ok = j->fd >= 0 || err_set_errno(e, REASON_USAGE, errno, "cannot open %.100s", j->path);
    ok = ok && lock(j, e) && file_read(j->path, &text, e) && read_lines(j, buf_span(&text), used, user, e);
    buf_clear(&text);
    return ok;
}

bool challenge_journal_open(const char *path, void (*used)(void *user, uint64_t print), void *user,
                            struct challenge_journal **out, struct err *e)
{
    struct challenge_journal *j = calloc(1, sizeof *j);
    if (j == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the journal");
    j->fd = -1;
    j->path = strdup(path);
    bool ok = j->path != NULL ? fill(j, used, user, e)
                              : err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the journal");
    if (!ok) {
        challenge_journal_close(j);
        return false;
    }
    *out = j;
    return true;
}

void challenge_journal_close(struct challenge_journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        close(journal->fd); /* the lock goes with it */
    free(journal->path);
    free(journal);
}

bool challenge_journal_add(struct challenge_journal *journal, uint64_t print, struct err *e)
{
    char line[LINE_BYTES + 1];
    snprintf(line, sizeof line, "%016llx\n", (unsigned long long)print);
    ssize_t put = pwrite(journal->fd, line, LINE_BYTES, journal->end);
    if (put == LINE_BYTES) {
        journal->end += LINE_BYTES;
        return true;
    }
    int failed_with = put < 0 ? errno : ENOSPC;
    if (ftruncate(journal->fd, journal->end) != 0)
        return err_set_errno(e, REASON_IO, failed_with, "cannot write nor repair %.100s", journal->path);
    return err_set_errno(e, REASON_IO, failed_with, "cannot write %.100s", journal->path);
}
