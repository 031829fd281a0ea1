/* Passwords in a file, each handed out once. Memory holds where they are and their hashes, not the passwords. */
#include "challenge/journal.h"
#include "challenge/parts.h"
#include "challenge/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    struct challenge_row row;
    uint64_t print;
    bool used;
};

struct challenge_list {
    char *path;
    bool csv;
    int fd;
    struct challenge_journal *journal;
    struct entry *entries;
    size_t count, cap;
    size_t next; /* all before it are used */
    size_t left;
    uint32_t *slots; /* entry + 1 by its print, open addressing; 0: free */
    size_t slot_count;
};

/* ---- entries by print ---- */

static uint32_t *find_slot(const struct challenge_list *l, uint64_t print)
{
    size_t at = (size_t)print & (l->slot_count - 1);
    while (l->slots[at] != 0 && l->entries[l->slots[at] - 1].print != print)
        at = (at + 1) & (l->slot_count - 1);
    return &l->slots[at];
}

/* At most half full. The cost of growing is paid back by the entries that fit in. */
static bool grow(struct challenge_list *l)
{
    size_t cap = l->cap == 0 ? 1024 : 2 * l->cap;
    struct entry *entries = realloc(l->entries, cap * sizeof *entries);
    if (entries == NULL)
        return false;
    l->entries = entries;
    l->cap = cap;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (slots == NULL)
        return false;
    free(l->slots);
    l->slots = slots;
    l->slot_count = 2 * cap;
    for (size_t i = 0; i < l->count; i++)
        *find_slot(l, l->entries[i].print) = (uint32_t)i + 1;
    return true;
}

static bool add(void *user, const struct challenge_row *row, struct span value, struct err *e)
{
    struct challenge_list *l = user;
    uint64_t print = 0;
    if (!challenge_print_of(value, &print))
        return err_set(e, STAGE_SETUP, REASON_CRYPTO, "SHA-256 does not work here");
    if (l->count == CHALLENGE_ROWS_MAX)
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s has more than %d passwords", l->path,
                       CHALLENGE_ROWS_MAX);
    if (l->count == l->cap && !grow(l))
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the list of passwords");
    uint32_t *slot = find_slot(l, print);
    if (*slot != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.100s:%u: the same password stands in line %u; each is good for one device", l->path,
                       (unsigned)row->line, (unsigned)l->entries[*slot - 1].row.line);
    l->entries[l->count++] = (struct entry){.row = *row, .print = print};
    *slot = (uint32_t)l->count;
    return true;
}

static void mark_used(void *user, uint64_t print)
{
    struct challenge_list *l = user;
    uint32_t slot = l->slot_count > 0 ? *find_slot(l, print) : 0;
    if (slot != 0 && !l->entries[slot - 1].used) {
        l->entries[slot - 1].used = true;
        l->left--;
    }
}

/* ---- opening ---- */

static bool open_private(struct challenge_list *l, struct err *e)
{
    struct stat st;
    l->fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (l->fd < 0 || fstat(l->fd, &st) != 0)
        return err_set_errno(e, REASON_USAGE, errno, "cannot open %.100s", l->path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s is not a regular file", l->path);
    if ((st.st_mode & 077) != 0)
        return err_set(e, STAGE_SETUP, REASON_USAGE,
                       "%.100s holds passwords and can be read by others: chmod 600 it", l->path);
    /* Its journal is locked, too; but each run may have been told another one. */
    return flock(l->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK ||
           err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s is locked: another run takes passwords from it",
                   l->path);
}

/* Beside the file itself, whatever links lead there. */
static bool open_journal(struct challenge_list *l, const char *written, struct err *e)
{
    struct buf path;
    char *real = written == NULL ? realpath(l->path, NULL) : NULL;
    buf_init(&path, 4096 + 8);
    buf_append_text(&path, written != NULL ? written : real != NULL ? real : l->path);
    free(real);
    buf_append_text(&path, written != NULL ? "" : ".used");
    const char *text = buf_text(&path);
    l->left = l->count;
    bool ok = text != NULL ? challenge_journal_open(text, mark_used, l, &l->journal, e)
                           : buf_ok(&path, STAGE_SETUP, e);
    buf_clear(&path);
    return ok;
}

bool challenge_list_open(const struct challenge_config *config, struct challenge_list **out, struct err *e)
{
    struct challenge_list *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the list of passwords");
    l->fd = -1;
    l->csv = config->column != NULL;
    l->path = strdup(config->file);
    bool ok =
        l->path != NULL || err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the list of passwords");
    ok = ok && open_private(l, e) && challenge_rows_read(l->fd, l->path, config->column, add, l, e);
    if (ok && l->count == 0)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE, "%.100s holds no password", l->path);
    ok = ok && open_journal(l, config->journal, e);
    if (!ok) {
        challenge_list_close(l);
        return false;
    }
    *out = l;
    return true;
}

void challenge_list_close(struct challenge_list *list)
{
    if (list == NULL)
        return;
    challenge_journal_close(list->journal);
    if (list->fd >= 0)
        close(list->fd);
    free(list->entries);
    free(list->slots);
    free(list->path);
    free(list);
}

uint64_t challenge_list_left(const struct challenge_list *list)
{
    return list->left;
}

/* ---- taking ---- */

/* The file may have been edited since: only what was counted is handed out. */
static bool read_value(const struct challenge_list *l, const struct entry *entry, struct buf *value,
                       struct err *e)
{
    struct buf written;
    buf_init(&written, entry->row.bytes + 1);
    uint8_t *to = buf_reserve(&written, entry->row.bytes);
    ssize_t got = to == NULL ? 0 : pread(l->fd, to, entry->row.bytes, (off_t)entry->row.offset);
    written.len = got > 0 ? (size_t)got : 0;
    uint64_t print = 0;
    bool same = written.len == entry->row.bytes && challenge_row_value(buf_span(&written), l->csv, value) &&
                challenge_print_of(buf_span(value), &print) && print == entry->print;
    buf_wipe(&written);
    return same || err_set(e, STAGE_OTP, REASON_IO, "%.100s was changed while it is in use", l->path);
}

bool challenge_list_take(struct challenge_list *list, struct secret **out, struct err *e)
{
    while (list->next < list->count && list->entries[list->next].used)
        list->next++;
    if (list->next == list->count)
        return err_set(e, STAGE_OTP, REASON_OTP_EXHAUSTED, "all %zu passwords in %.100s are used",
                       list->count, list->path);
    struct entry *entry = &list->entries[list->next];
    struct buf value;
    buf_init(&value, entry->row.bytes + 1);
    bool ok = read_value(list, entry, &value, e) && challenge_journal_add(list->journal, entry->print, e);
    if (ok) { /* whatever comes next, it is used */
        entry->used = true;
        list->left--;
    }
    ok = ok && secret_new(buf_span(&value), out, e);
    buf_wipe(&value);
    return ok;
}
