#include "load/needs.h"

#include "base/text.h"

#include <math.h>
#include <stdarg.h>

int64_t load_linger_us(const struct load_machine *machine)
{
    return machine->time_wait_reused ? LOAD_TIME_WAIT_REUSED : LOAD_TIME_WAIT_US;
}

static void PRINTF_LIKE(2, 3) say(char out[200], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out, 200, format, args);
    va_end(args);
}

static struct load_need need(double needed, double available)
{
    return (struct load_need){
        .applies = true, .needed = needed, .available = available, .ok = needed <= available};
}

static struct load_need in_flight(const struct load_demand *d, const struct load_supply *s)
{
    struct load_need n = need((double)d->in_flight, (double)s->in_flight_limit);
    char service[32];
    text_duration(s->service_us, service, sizeof service);
    say(n.how, "Little: rate x %s per device, where they overlap most; limits.in_flight", service);
    if (!n.ok)
        say(n.advice, "raise limits.in_flight to %.0f, or those above it wait and count as start lag",
            n.needed);
    return n;
}

static struct load_need descriptors(const struct load_demand *d, const struct load_supply *s,
                                    const struct load_machine *m)
{
    uint64_t at_once = d->in_flight < s->in_flight_limit ? d->in_flight : s->in_flight_limit;
    uint64_t pages = s->passwords ? s->outstanding : 0;
    struct load_need n = need((double)(at_once + pages + LOAD_BASE_DESCRIPTORS), (double)m->descriptors);
    say(n.how, "one for each of %llu devices in flight, %llu for passwords, %d others; the hard limit",
        (unsigned long long)at_once, (unsigned long long)pages, LOAD_BASE_DESCRIPTORS);
    if (!n.ok)
        say(n.advice, "ulimit -Hn %.0f (systemd: LimitNOFILE=), or limits.in_flight: %llu", n.needed,
            (unsigned long long)(m->descriptors > pages + LOAD_BASE_DESCRIPTORS
                                     ? m->descriptors - pages - LOAD_BASE_DESCRIPTORS
                                     : 1));
    return n;
}

/* A port is taken for one address and port of the server, from its connection until TIME_WAIT is over. */
static struct load_need ports(const struct load_demand *d, const struct load_supply *s,
                              const struct load_machine *m)
{
    double needed = ceil((double)d->lingering * s->connections_per_device);
    struct load_need n = need(needed, (double)m->ports * s->source_addresses);
    say(n.how,
        "connections: %.3g for each of %llu devices within %lld s (TIME_WAIT%s) and their own time; %u "
        "source "
        "address%s",
        s->connections_per_device, (unsigned long long)d->lingering, (long long)(load_linger_us(m) / 1000000),
        m->time_wait_reused ? ", taken again" : "", s->source_addresses,
        s->source_addresses == 1 ? "" : "es");
    if (!n.ok)
        say(n.advice,
            "sysctl net.ipv4.ip_local_port_range='1024 65535', %.0f addresses in target.source_addresses, or "
            "less load",
            ceil(needed / (double)m->ports));
    return n;
}

static struct load_need memory(const struct load_demand *d, const struct load_supply *s,
                               const struct load_machine *m)
{
    uint64_t at_once = d->in_flight < s->in_flight_limit ? d->in_flight : s->in_flight_limit;
    double each = s->tls ? LOAD_DEVICE_BYTES_TLS : LOAD_DEVICE_BYTES, processes = s->simulator_here ? 2 : 1;
    struct load_need n =
        need(processes * (LOAD_BASE_BYTES + each * (double)at_once), (double)m->memory_bytes);
    n.applies = m->memory_bytes > 0;
    say(n.how, "%d MiB and %.0f KiB for each device in flight%s", LOAD_BASE_BYTES >> 20, each / 1024,
        s->simulator_here ? ", twice: the simulator is here too" : "");
    if (!n.ok)
        say(n.advice, "a machine with more memory, or a lower limits.in_flight");
    return n;
}

static struct load_need keys(const struct load_supply *s)
{
    struct load_need n = need((double)s->keys_wanted, (double)s->keys);
    n.applies = s->keys_wanted > 0;
    say(n.how, "no key twice (devices.key.reuse: false)");
    if (!n.ok)
        say(n.advice, "scepstorm keygen POOL --count %.0f, or reuse: true", n.needed - n.available);
    return n;
}

static struct load_need password_cache(const struct load_supply *s)
{
    struct load_need n = need(s->outstanding, s->password_cache);
    char each[32];
    text_duration(s->password_validity_us / (s->password_cache > 0 ? s->password_cache : 1), each,
                  sizeof each);
    n.applies = s->cached;
    say(n.how, "challenge.outstanding, in NDES's cache; it bears one lost password every %s", each);
    if (!n.ok)
        say(n.advice, "challenge.outstanding: %u, or PasswordMax in the server's registry",
            s->password_cache);
    return n;
}

/* Little once more: places / the time that a password keeps its place. */
static double supplied_per_s(const struct load_supply *s, unsigned places)
{
    double by_places = places / ((double)s->service_us / 1e6);
    bool limited = s->fetches_per_s > 0 && (!s->passwords || s->fetches_per_s < by_places);
    return limited ? s->fetches_per_s : by_places;
}

static struct load_need password_rate(const struct load_demand *d, const struct load_supply *s)
{
    unsigned places = s->cached && s->password_cache < s->outstanding ? s->password_cache : s->outstanding;
    struct load_need n = need(d->peak_per_s, supplied_per_s(s, places));
    char service[32], rate[48] = "";
    text_duration(s->service_us, service, sizeof service);
    if (s->fetches_per_s > 0)
        snprintf(rate, sizeof rate, ", challenge.rate %g/s", s->fetches_per_s);
    n.applies = s->passwords || s->fetches_per_s > 0;
    if (s->passwords)
        say(n.how, "Little: %u places / %s from fetch to answer%s; %llu passwords in all", places, service,
            rate, (unsigned long long)d->count);
    else
        say(n.how, "challenge.rate; %llu passwords in all", (unsigned long long)d->count);
    if (!n.ok)
        say(n.advice, "%smore challenge.outstanding%s, or less load: devices will wait, as start lag",
            s->cached ? "a larger cache and " : "", s->fetches_per_s > 0 ? " or challenge.rate" : "");
    return n;
}

void load_needs_of(const struct load_demand *total, const struct load_supply *supply,
                   const struct load_machine *machine, struct load_need out[LOAD_NEED_COUNT])
{
    out[LOAD_NEED_IN_FLIGHT] = in_flight(total, supply);
    out[LOAD_NEED_DESCRIPTORS] = descriptors(total, supply, machine);
    out[LOAD_NEED_PORTS] = ports(total, supply, machine);
    out[LOAD_NEED_MEMORY] = memory(total, supply, machine);
    out[LOAD_NEED_KEYS] = keys(supply);
    out[LOAD_NEED_PASSWORD_CACHE] = password_cache(supply);
    out[LOAD_NEED_PASSWORD_RATE] = password_rate(total, supply);
}
