/* .evtx, by libevtx. That library is an alpha of 2018 and the files come from anywhere, so it works in a process of its own, within
 * limits, and hands XML over a pipe: if it crashes or never ends, the file counts as damaged and the diagnosis goes on. */
#include "evidence/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <libevtx.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER_BYTES   4096
#define CHUNK_BYTES    65536
#define MAX_FILE_BYTES ((uint64_t)4 << 30)
#define MAX_MEMORY     ((rlim_t)1 << 30)
#define MAX_CPU_S      1800

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- the child ---- */

#if !SANITIZED
/* What this process has mapped already, and MAX_MEMORY beyond: the parent may be a large one. */
static rlim_t memory_limit(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm != NULL && fscanf(statm, "%lu", &pages) != 1)
        pages = 0;
    if (statm != NULL)
        fclose(statm);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + MAX_MEMORY;
}
#endif

static void limit(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CPU, &(struct rlimit){MAX_CPU_S, MAX_CPU_S});
#if !SANITIZED /* the sanitizer's shadow alone is larger */
    rlim_t memory = memory_limit();
    setrlimit(RLIMIT_AS, &(struct rlimit){memory, memory});
#endif
}

static bool write_out(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

/* The record's XML and a line's end; what cannot be read becomes an element that is none. */
static bool write_record(libevtx_file_t *file, int index, int fd)
{
    static const char unreadable[] = "<Event></Event>\n";
    libevtx_record_t *record = NULL;
    uint8_t *xml = NULL;
    size_t size = 0;
    bool ok = libevtx_file_get_record_by_index(file, index, &record, NULL) == 1 &&
              libevtx_record_get_utf8_xml_string_size(record, &size, NULL) == 1 && size > 1 &&
              size <= 16 * EVIDENCE_MAX_UNIT;
    if (ok)
        xml = malloc(size);
    ok = xml != NULL && libevtx_record_get_utf8_xml_string(record, xml, size, NULL) == 1;
    bool wrote = ok ? write_out(fd, xml, size - 1) && write_out(fd, (const uint8_t *)"\n", 1)
                    : write_out(fd, (const uint8_t *)unreadable, sizeof unreadable - 1);
    free(xml);
    if (record != NULL)
        libevtx_record_free(&record, NULL);
    return wrote;
}

static bool write_records(const char *path, int fd)
{
    libevtx_file_t *file = NULL;
    int count = 0;
    if (libevtx_file_initialize(&file, NULL) != 1 ||
        libevtx_file_open(file, path, LIBEVTX_OPEN_READ, NULL) != 1 ||
        libevtx_file_get_number_of_records(file, &count, NULL) != 1)
        return false;
    bool ok = true;
    for (int i = 0; i < count && ok; i++)
        ok = write_record(file, i, fd);
    return ok;
}

_Noreturn static void child(int fd_in, int fd_out)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd_in);
    limit();
    _exit(write_records(path, fd_out) ? 0 : 1);
}

/* ---- this process ---- */

/* The file on the disk, unpacked, without a name. -1: it cannot be had. */
static int unpacked_copy(struct source *s)
{
    FILE *copy = tmpfile();
    uint8_t *chunk = malloc(EVIDENCE_CHUNK);
    bool ok = copy != NULL && chunk != NULL;
    for (size_t got; ok && (got = source_read(s, chunk, EVIDENCE_CHUNK)) > 0;)
        ok = source_bytes(s) <= MAX_FILE_BYTES && fwrite(chunk, 1, got, copy) == got;
    ok = ok && fflush(copy) == 0;
    int fd = ok ? fcntl(fileno(copy), F_DUPFD_CLOEXEC, 0) : -1;
    if (copy != NULL)
        fclose(copy);
    free(chunk);
    return fd;
}

/* libevtx passes over chunks that are none without a word. */
static void look_at_chunks(struct reading *r, int fd)
{
    static const char magic[8] = "ElfChnk", unused[8] = "";
    char begin[8];
    for (uint64_t at = HEADER_BYTES; at < r->file.bytes; at += CHUNK_BYTES) {
        bool read = pread(fd, begin, sizeof begin, (off_t)at) == sizeof begin;
        if (read && memcmp(begin, magic, sizeof magic) != 0 && memcmp(begin, unused, sizeof unused) != 0)
            reading_damaged(r);
    }
}

/* Windows writes whole chunks. Of one that is cut libevtx says nothing. */
static void finish(struct reading *r, pid_t pid, bool stop)
{
    int status = 0;
    bool cut = r->file.bytes < HEADER_BYTES || (r->file.bytes - HEADER_BYTES) % CHUNK_BYTES != 0;
    if (stop)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool read = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (read && !cut)
        return;
    reading_damaged(r);
    if (*r->file.problem == '\0')
        r->file.problem = read ? "it is cut off" : "libevtx cannot read it, or not to its end";
}

static void read_pipe(struct reading *r, int fd, pid_t pid)
{
    struct source *pipe_end = NULL;
    r->no_lines = true;
    if (source_pipe(fd, &pipe_end, NULL)) {
        reading_run(r, pipe_end, &reader_events_xml);
        r->file.problem = source_problem(pipe_end);
    } else {
        r->no_memory = true;
    }
    r->file.lines = 0;
    finish(r, pid, pipe_end == NULL || *r->file.problem != '\0');
    source_close(pipe_end);
}

static int file_for(struct reading *r, struct source *s)
{
    int plain = source_plain_fd(s);
    int fd = plain >= 0 ? fcntl(plain, F_DUPFD_CLOEXEC, 0) : unpacked_copy(s);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0)
        r->file.bytes = (uint64_t)st.st_size;
    return fd;
}

void evtx_read(struct reading *r, struct source *s)
{
    int ends[2] = {-1, -1};
    int fd = file_for(r, s);
    r->file.kind = EVIDENCE_EVENTS;
    pid_t pid = fd >= 0 && pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid == 0)
        child(fd, ends[1]);
    if (fd >= 0) {
        look_at_chunks(r, fd);
        close(fd);
    }
    if (ends[1] >= 0)
        close(ends[1]);
    if (pid > 0) {
        read_pipe(r, ends[0], pid);
        return;
    }
    if (ends[0] >= 0)
        close(ends[0]);
    reading_damaged(r);
    r->file.problem = "there is no room for a copy that libevtx could read";
}
