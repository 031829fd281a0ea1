#include "evidence/parts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <sys/stat.h>

#define MAX_DEPTH 8
#define MAX_FILES 10000

struct walk {
    const struct evidence_options *options;
    const struct evidence_sink *sink;
    size_t below; /* where the path below the user's folder begins */
    size_t files;
    char path[PATH_MAX];
};

/* Folders that say nothing about whose logs are in them. */
static bool is_nameless(struct span name)
{
    static const char *const words[] = {"state",   "logs",     "logfiles", "httperr", "events",
                                        "inetpub", "system32", "evidence", "iis",     NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        if (scan_equal(name, words[i]))
            return true;
    }
    return name.len > 5 && scan_equal(span_of(name.data, 5), "W3SVC");
}

/* The first folder below the user's that can be a server's name. */
static void node_of(const char *below, char *out, size_t out_bytes)
{
    out[0] = '\0';
    for (const char *slash; (slash = strchr(below, '/')) != NULL; below = slash + 1) {
        struct span name = span_of(below, (size_t)(slash - below));
        if (is_nameless(name))
            continue;
        snprintf(out, out_bytes, "%.*s", (int)(name.len < out_bytes ? name.len : out_bytes - 1), below);
        return;
    }
}

/* Counted, so that nobody thinks it was read. */
static void tell_unread(struct walk *w, const char *problem)
{
    struct evidence_file file = {.path = w->path + w->below, .problem = problem, .damaged = 1};
    if (w->sink->file != NULL)
        w->sink->file(&file, w->sink->user);
}

static bool one_file(struct walk *w, struct err *e)
{
    char node[64];
    struct err mine = {0};
    node_of(w->path + w->below, node, sizeof node);
    w->files++;
    if (read_one(w->path, w->path + w->below, node, EVIDENCE_UNKNOWN, w->options, w->sink, &mine))
        return true;
    if (mine.reason == REASON_NO_MEMORY)
        return err_set(e, mine.stage, mine.reason, "%s", mine.text);
    tell_unread(w, "it cannot be opened");
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_wanted(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool walk_folder(struct walk *w, unsigned depth, struct err *e);

static bool one_entry(struct walk *w, unsigned depth, struct err *e)
{
    struct stat st;
    if (w->files > MAX_FILES || lstat(w->path, &st) != 0)
        return true;
    if (w->files == MAX_FILES)
        tell_unread(w, "the folder has more files than are read: this one and what follows is left out");
    else if (S_ISLNK(st.st_mode))
        tell_unread(w, "links are not followed");
    else if (S_ISDIR(st.st_mode) && depth >= MAX_DEPTH)
        tell_unread(w, "the folders are too deep");
    else if (S_ISDIR(st.st_mode))
        return walk_folder(w, depth + 1, e);
    else if (S_ISREG(st.st_mode))
        return one_file(w, e);
    else
        tell_unread(w, "it is no regular file");
    w->files++;
    return true;
}

/* w->path is the folder's; it is the same again afterwards. */
static bool walk_folder(struct walk *w, unsigned depth, struct err *e)
{
    struct dirent **entries;
    int count = scandir(w->path, &entries, is_wanted, by_name);
    if (count < 0 && depth > 1) {
        tell_unread(w, "the folder cannot be opened");
        return true;
    }
    if (count < 0)
        return err_set_errno(e, REASON_IO, errno, "cannot open the folder %s", w->path);
    size_t len = strlen(w->path);
    bool ok = true;
    for (int i = 0; i < count; i++) {
        int wrote = snprintf(w->path + len, sizeof w->path - len, "/%s", entries[i]->d_name);
        if (ok && wrote > 0 && (size_t)wrote < sizeof w->path - len)
            ok = one_entry(w, depth, e);
        w->path[len] = '\0';
        free(entries[i]);
    }
    free(entries);
    return ok;
}

bool evidence_read_folder(const char *folder, const struct evidence_options *options,
                          const struct evidence_sink *sink, struct err *e)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    struct walk *w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory to read %s", folder);
    bool ok;
    if (len == 0 || len + 2 >= sizeof w->path) {
        ok = err_set_errno(e, REASON_IO, ENAMETOOLONG, "cannot open the folder %.80s", folder);
    } else {
        *w = (struct walk){.options = options, .sink = sink, .below = len + 1};
        snprintf(w->path, sizeof w->path, "%.*s", (int)len, folder);
        ok = walk_folder(w, 1, e);
    }
    free(w);
    return ok;
}
