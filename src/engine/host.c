#include "engine/host.h"

#include "base/clock.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define QUICK_US 1000 /* two clocks read within this time belong together */

/* Files of /proc and /sys: short, and gone in a read or two. Empty when there is no such file. */
static void read_text(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *room;
    ssize_t n = 0;
    buf_reset(out);
    while (fd >= 0 && (room = buf_reserve(out, 4096)) != NULL && (n = read(fd, room, 4096)) > 0)
        out->len += (size_t)n;
    if (fd >= 0)
        close(fd);
}

/* The next line, without its end; false behind the last. */
static bool take_line(struct span *text, struct span *line)
{
    if (text->len == 0)
        return false;
    const uint8_t *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    *line = span_of(text->data, len);
    len += end != NULL;
    *text = span_of(text->data + len, text->len - len);
    return true;
}

uint64_t host_field(struct span text, const char *name)
{
    size_t len = strlen(name);
    uint64_t value = 0;
    for (struct span line; take_line(&text, &line);) {
        if (line.len <= len || memcmp(line.data, name, len) != 0 || line.data[len] != ' ')
            continue;
        for (size_t i = len + 1; i < line.len && line.data[i] >= '0' && line.data[i] <= '9'; i++)
            value = value * 10 + (uint64_t)(line.data[i] - '0');
        return value;
    }
    return 0;
}

static bool has_word(struct span list, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= list.len; i++) {
        bool begins = i == 0 || list.data[i - 1] == ',';
        bool ends = i + len == list.len || list.data[i + len] == ',';
        if (begins && ends && memcmp(list.data + i, word, len) == 0)
            return true;
    }
    return false;
}

/* Lines are "hierarchy:controllers:path"; version 2 has hierarchy 0 and no controllers. */
bool host_cpu_stat(struct span cgroups, char *out, size_t out_bytes)
{
    bool found = false;
    for (struct span line; take_line(&cgroups, &line);) {
        const uint8_t *first = memchr(line.data, ':', line.len);
        const uint8_t *end = line.data + line.len;
        const uint8_t *second = first == NULL ? NULL : memchr(first + 1, ':', (size_t)(end - first - 1));
        if (second == NULL)
            continue;
        struct span controllers = span_of(first + 1, (size_t)(second - first - 1));
        bool old = has_word(controllers, "cpu");
        if (!old && (controllers.len > 0 || found))
            continue;
        bool root = end - second == 2; /* ":/" */
        snprintf(out, out_bytes, "/sys/fs/cgroup%s%.*s/cpu.stat", old ? "/cpu" : "",
                 root ? 0 : (int)(end - second - 1), (const char *)second + 1);
        found = true;
        if (old)
            return true;
    }
    return found;
}

static void read_numbers(struct host *h)
{
    char path[512];
    struct buf text;
    struct rusage usage = {0};
    buf_init(&text, (size_t)256 << 10);
    read_text("/proc/self/cgroup", &text);
    bool has_quota = host_cpu_stat(buf_span(&text), path, sizeof path);
    if (has_quota)
        read_text(path, &text);
    h->throttled = has_quota ? host_field(buf_span(&text), "nr_throttled") : 0;
    read_text("/proc/vmstat", &text);
    h->swapped_in = host_field(buf_span(&text), "pswpin");
    buf_clear(&text);
    getrusage(RUSAGE_SELF, &usage);
    h->major_faults = (uint64_t)usage.ru_majflt;
    h->loop_cpu_us = clock_thread_cpu_us();
}

/* False when something came between the two readings. */
static bool read_offset(int64_t *out)
{
    int64_t before = clock_monotonic_us(), wall = clock_wall_us(), after = clock_monotonic_us();
    *out = wall - before;
    return after - before < QUICK_US;
}

void host_begin(struct host *h)
{
    *h = (struct host){0};
    read_numbers(h);
    read_offset(&h->offset_us);
}

/* A clock that is slewed moves by some microseconds between two looks, one that is set jumps. */
void host_look(struct host *h)
{
    int64_t offset_us;
    if (!read_offset(&offset_us))
        return;
    int64_t step_us = offset_us > h->offset_us ? offset_us - h->offset_us : h->offset_us - offset_us;
    if (step_us > h->step_us)
        h->step_us = step_us;
    h->offset_us = offset_us;
}

/* Pages swapped in are the whole machine's: they count when this process waited for pages, too. */
void host_end(struct host *h, struct outcome_generator *out)
{
    struct host now = {0};
    read_numbers(&now);
    host_look(h);
    out->loop_cpu_us = now.loop_cpu_us - h->loop_cpu_us;
    out->throttled = now.throttled - h->throttled;
    out->swapped_in = now.major_faults > h->major_faults ? now.swapped_in - h->swapped_in : 0;
    out->clock_step_us = h->step_us;
}
