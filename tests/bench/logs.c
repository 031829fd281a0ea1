/* logs MEGABYTES: how fast an IIS log is read in which one line of a thousand is SCEP's, and what `wc -l` and `grep -c` make of the
 * same file. The file is read once beforehand, so that no disk is measured. */
#include "bench.h"

#include "evidence/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_LINES 20000

static const char header[] = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"
                             "#Date: 2026-06-18 00:00:12\r\n#Fields: date time s-ip cs-method cs-uri-stem "
                             "cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status "
                             "sc-substatus sc-win32-status time-taken\r\n";

static bool one_line(struct buf *b, unsigned i)
{
    static const char *const paths[] = {"/",
                                        "/app/index.html",
                                        "/api/v1/items/",
                                        "/static/js/main.js",
                                        "/login",
                                        "/wsus/SimpleAuthWebService/SimpleAuth.asmx"};
    static const char *const agents[] = {
        "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/"
        "124.0.0.0+Safari/537.36",
        "Mozilla/5.0+(iPhone;+CPU+iPhone+OS+17_4+like+Mac+OS+X)+AppleWebKit/605.1.15", "curl/8.5.0"};
    static const unsigned statuses[] = {200, 200, 304, 404, 302};
    bool scep = i % 1000 == 7;
    return buf_appendf(b,
                       "2026-06-18 %02u:%02u:%02u 10.29.6.15 GET %s %s 443 - 10.0.%u.%u %s - %u 0 0 %u\r\n",
                       i / 3600 % 24, i / 60 % 60, i % 60, scep ? "/certsrv/mscep/mscep.dll" : paths[i % 6],
                       scep    ? "operation=GetCACaps&message=ca"
                       : i % 2 ? "-"
                               : "id=4711&x=abc",
                       i % 77, i % 250, agents[i % 3], scep ? 200 : statuses[i % 5], i % 500);
}

static void write_log(int fd, uint64_t bytes)
{
    struct buf block;
    struct err e = {0};
    buf_init(&block, (size_t)16 << 20);
    for (unsigned i = 0; i < BLOCK_LINES; i++)
        one_line(&block, i);
    if (!buf_ok(&block, STAGE_SETUP, &e))
        bench_die("a log", &e);
    ssize_t put = write(fd, header, sizeof header - 1);
    for (uint64_t written = 0; put > 0 && written < bytes; written += (uint64_t)put)
        put = write(fd, block.data, block.len);
    buf_clear(&block);
    if (put <= 0) {
        err_set_errno(&e, REASON_IO, errno, "cannot write the log");
        bench_die("a log", &e);
    }
}

static void count(const struct evidence_record *r, void *user)
{
    (void)r;
    (*(uint64_t *)user)++;
}

static int read_log(const char *path)
{
    uint64_t records = 0;
    struct err e = {0};
    struct evidence_sink sink = {.record = count, .user = &records};
    return evidence_read(path, EVIDENCE_IIS, NULL, &sink, &e) && records > 0 ? 0 : 1;
}

struct cost {
    double cpu_s, resident_mb;
};

/* In a process of its own; NULL: our reader. */
static struct cost cost_of(const char *path, const char *const *command)
{
    struct rusage usage = {0};
    struct err e = {0};
    int status = 0;
    pid_t pid = fork();
    if (pid == 0 && command == NULL)
        _exit(read_log(path));
    if (pid == 0) {
        dup2(memfd_create("count", 0), 1); /* grep stops early when nobody reads what it writes */
        execlp(command[0], command[0], command[1], command[2] == NULL ? path : command[2],
               command[2] == NULL ? NULL : path, NULL);
        _exit(127);
    }
    while (pid > 0 && wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        err_set(&e, STAGE_SETUP, REASON_IO, "a reader failed");
        bench_die(command == NULL ? "evidence" : command[0], &e);
    }
    struct timeval u = usage.ru_utime, s = usage.ru_stime;
    return (struct cost){.cpu_s = (double)(u.tv_sec + s.tv_sec) + (double)(u.tv_usec + s.tv_usec) / 1e6,
                         .resident_mb = (double)usage.ru_maxrss / 1024};
}

static double rate(double megabytes, struct cost cost)
{
    return megabytes / (cost.cpu_s > 0.001 ? cost.cpu_s : 0.001);
}

static bool measure(const char *path, double megabytes)
{
    static const char *const lines[] = {"wc", "-l", NULL}, *const words[] = {"grep", "-c", "/certsrv/", NULL};
    cost_of(path, lines);
    struct cost ours = cost_of(path, NULL), wc = cost_of(path, lines), grep = cost_of(path, words);
    char beside[120];
    snprintf(beside, sizeof beside, "%.0f MB of log; wc -l %.0f MB/s, grep -c %.0f MB/s", megabytes,
             rate(megabytes, wc), rate(megabytes, grep));
    bool fast = bench_row("IIS log with 0.1 % SCEP lines, read by one core", rate(megabytes, ours), ">=", 300,
                          " MB/s", beside);
    return bench_row("memory for that", ours.resident_mb, "<=", 64, " MB",
                     "the reader's process, all of it") &&
           fast;
}

int bench_logs(int argc, char **argv)
{
    char path[] = "/tmp/scepstorm-bench-XXXXXX";
    unsigned long megabytes = argc == 1 ? strtoul(argv[0], NULL, 10) : 0;
    int fd = megabytes > 0 && megabytes <= 65536 ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0)
        return 2;
    write_log(fd, (uint64_t)megabytes << 20);
    struct stat st;
    bool met = fstat(fd, &st) == 0 && measure(path, (double)st.st_size / 1e6);
    close(fd);
    unlink(path);
    return met ? 0 : 1;
}
