/* A bundle, taken apart where nobody else looks. Whoever made it is not trusted: only files of a run are written, under names that
 * are ours, and none twice. */
#include "report/bundle_parts.h"

#include "archive/archive.h"
#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct unpack {
    const char *file;             /* the archive */
    const char *folder;           /* where its files go */
    char top[ARCHIVE_NAME_BYTES]; /* the folder in it that they lie in: "run/", or "" */
    bool any;
    int fd; /* of the file at hand; -1: it is none of a run's, and passed over */
    bool run;
};

/* ---- files ---- */

/* "run/evidence/01.json" -> "evidence/01.json". The first file says what lies above all of them. */
static const char *below_top(struct unpack *u, const char *name)
{
    if (!u->any) {
        size_t len = strcspn(name, "/");
        bool top = name[len] == '/' && strncmp(name, BUNDLE_EVIDENCE, strlen(BUNDLE_EVIDENCE)) != 0;
        snprintf(u->top, sizeof u->top, "%.*s", top ? (int)len + 1 : 0, name);
        u->any = true;
    }
    size_t len = strlen(u->top);
    return strncmp(name, u->top, len) == 0 ? name + len : name;
}

static bool cannot(const struct unpack *u, const char *what, struct err *e)
{
    return err_set_errno(e, REASON_IO, errno, "cannot unpack %.80s: %.60s", u->file, what);
}

static bool on_file(void *user, const char *name, uint64_t bytes, struct err *e)
{
    struct unpack *u = user;
    char path[PATH_MAX];
    const char *ours = below_top(u, name);
    bool database = strcmp(ours, "run.sqlite") == 0;
    if (!bundle_knows(ours))
        return true;
    if (!database && bytes > REPORT_MAX_FILE_BYTES)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s: %.80s in it is too large", u->file, ours);
    u->run |= database;
    snprintf(path, sizeof path, "%s/%s", u->folder, ours);
    u->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (u->fd < 0 && errno == EEXIST)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s: %.80s is in it twice", u->file, ours);
    return u->fd >= 0 || cannot(u, ours, e);
}

static bool on_data(void *user, struct span piece, struct err *e)
{
    const struct unpack *u = user;
    while (u->fd >= 0 && piece.len > 0) {
        ssize_t put = write(u->fd, piece.data, piece.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return cannot(u, "choose another place with TMPDIR", e);
        piece = span_of(piece.data + put, piece.len - (size_t)put);
    }
    return true;
}

static bool on_end(void *user, struct err *e)
{
    struct unpack *u = user;
    int fd = u->fd;
    u->fd = -1;
    return fd < 0 || close(fd) == 0 || cannot(u, "a file", e);
}

/* ---- is it what it was? ---- */

static bool is_other(const char *file, const char *name, struct err *e)
{
    return err_set(e, STAGE_SETUP, REASON_USAGE, "%.80s: %.80s is not what its MANIFEST says", file, name);
}

/* "<64 hex digits>  name" */
static bool check_line(const struct unpack *u, char *line, struct err *e)
{
    char path[PATH_MAX], hex[65];
    uint8_t sha256[32];
    uint64_t bytes = 0;
    if (strlen(line) < 67 || strncmp(line + 64, "  ", 2) != 0 || !bundle_knows(line + 66))
        return is_other(u->file, "a file", e);
    struct err why = {0};
    snprintf(path, sizeof path, "%s/%s", u->folder, line + 66);
    if (!file_sha256(path, sha256, &bytes, &why))
        return is_other(u->file, line + 66, e);
    text_hex(span_of(sha256, 32), false, hex);
    return strncmp(hex, line, 64) == 0 || is_other(u->file, line + 66, e);
}

/* A folder that somebody packed himself has no MANIFEST. */
static bool check_manifest(const struct unpack *u, struct err *e)
{
    char path[PATH_MAX];
    struct buf text;
    snprintf(path, sizeof path, "%s/" BUNDLE_MANIFEST, u->folder);
    if (access(path, F_OK) != 0)
        return true;
    buf_init(&text, BYTES_MAX_MESSAGE);
    bool ok = file_read(path, &text, e) && buf_text(&text) != NULL;
    for (char *line = (char *)text.data; ok && line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char *next = line[len] == '\0' ? NULL : line + len + 1;
        line[len] = '\0';
        ok = check_line(u, line, e);
        line = next;
    }
    buf_clear(&text);
    return ok;
}

/* ---- the folder ---- */

static char *make_folder(struct err *e)
{
    char path[PATH_MAX], inner[PATH_MAX];
    const char *place = getenv("TMPDIR");
    int len = snprintf(path, sizeof path - 32, "%s/scepstorm-XXXXXX",
                       place == NULL || place[0] == '\0' ? "/tmp" : place);
    errno = ENAMETOOLONG;
    if (len < 0 || (size_t)len >= sizeof path - 32 || mkdtemp(path) == NULL) {
        err_set_errno(e, REASON_IO, errno, "cannot make a folder in TMPDIR");
        return NULL;
    }
    snprintf(inner, sizeof inner, "%.*s/evidence", PATH_MAX - 32, path);
    char *out = strdup(path);
    if (out != NULL && mkdir(inner, 0700) == 0)
        return out;
    free(out);
    rmdir(path);
    err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no room for a bundle");
    return NULL;
}

bool bundle_unpack(const char *file, char **folder, struct err *e)
{
    struct unpack u = {.file = file, .fd = -1};
    char *made = make_folder(e);
    if (made == NULL)
        return false;
    u.folder = made;
    struct archive_sink sink = {.user = &u, .file = on_file, .data = on_data, .end = on_end};
    bool ok = archive_read(file, &sink, e);
    if (u.fd >= 0)
        close(u.fd);
    if (ok && !u.run)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE, "%.120s holds no results of a run: there is no run.sqlite",
                     file);
    if (ok && check_manifest(&u, e)) {
        *folder = made;
        return true;
    }
    bundle_remove(made);
    return false;
}

/* Only files lie in it, and in evidence/. */
static void empty(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
}

void bundle_remove(char *folder)
{
    char inner[PATH_MAX];
    if (folder == NULL)
        return;
    snprintf(inner, sizeof inner, "%s/evidence", folder);
    empty(inner);
    rmdir(inner);
    empty(folder);
    rmdir(folder);
    free(folder);
}
