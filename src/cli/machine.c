#include "cli/machine.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_BY_DEFAULT 28232

void machine_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* what it did not give is noticed by whoever counts */
}

bool machine_has_address(const char *address)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, "0", &hints, &found) != 0)
        return false;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return ok;
}

static uint64_t descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    return limit.rlim_max == RLIM_INFINITY ? UINT32_MAX : limit.rlim_max;
}

/* The numbers that a small file begins with; how many there are of the two. */
static int read_numbers(const char *path, unsigned long long out[2])
{
    char line[128] = "";
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    char *got = fgets(line, sizeof line, f);
    fclose(f);
    return got == NULL ? 0 : sscanf(line, "%llu %llu", &out[0], &out[1]);
}

static uint64_t ports(void)
{
    unsigned long long range[2] = {0};
    if (read_numbers("/proc/sys/net/ipv4/ip_local_port_range", range) < 2 || range[1] < range[0])
        return PORTS_BY_DEFAULT;
    return range[1] - range[0] + 1;
}

/* 1: everywhere, 2: on loopback only. */
static bool time_wait_reused(bool target_is_here)
{
    unsigned long long mode[2] = {0};
    return read_numbers("/proc/sys/net/ipv4/tcp_tw_reuse", mode) > 0 &&
           (mode[0] == 1 || (mode[0] == 2 && target_is_here));
}

static uint64_t free_memory(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f != NULL && kib == 0 && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "MemAvailable: %llu kB", &kib);
    if (f != NULL)
        fclose(f);
    return kib * 1024;
}

/* In a container less may be allowed than there is. */
static uint64_t allowed_memory(void)
{
    unsigned long long most[2], used[2];
    if (read_numbers("/sys/fs/cgroup/memory.max", most) < 1 ||
        read_numbers("/sys/fs/cgroup/memory.current", used) < 1)
        return UINT64_MAX;
    return most[0] > used[0] ? most[0] - used[0] : 0;
}

void machine_look(bool target_is_here, struct load_machine *out)
{
    uint64_t is_free = free_memory(), allowed = allowed_memory();
    *out = (struct load_machine){
        .descriptors = descriptors(),
        .ports = ports(),
        .time_wait_reused = time_wait_reused(target_is_here),
        .memory_bytes = is_free > allowed ? allowed : is_free,
    };
}
