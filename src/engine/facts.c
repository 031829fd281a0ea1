/* What the target shows of itself, and what the generator costs. */
#include "base/text.h"
#include "engine/internal.h"
#include "pki/algorithm.h"

#include <ctype.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENOUGH_IN_FLIGHT 100 /* below this, memory per device would be noise */

/* The second of the numbers in a file of /proc; 0 when it cannot be read. */
static uint64_t second_number(const char *path)
{
    char text[128];
    unsigned long long first = 0, second = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return sscanf(text, "%llu %llu", &first, &second) == 2 ? second : 0;
}

static uint64_t resident_bytes(void)
{
    return second_number("/proc/self/statm") * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* How long this thread stood in line for a processor: what a machine busy with other things looks like from inside. */
static int64_t cpu_wait_us(void)
{
    return (int64_t)(second_number("/proc/thread-self/schedstat") / 1000);
}

static unsigned usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

void facts_begin(struct engine *en)
{
    en->cpu_start_us = clock_process_cpu_us();
    en->cpu_wait_start_us = cpu_wait_us();
    en->rss_start = resident_bytes();
    host_begin(&en->host);
    en->result->generator.cores = usable_cores();
    snprintf(en->result->target.url, sizeof en->result->target.url, "%s", en->config->scep_url);
}

/* Memory per device is taken where most are in flight. */
void facts_sample(struct engine *en)
{
    host_look(&en->host);
    if (en->in_flight < ENOUGH_IN_FLIGHT || en->in_flight <= en->rss_in_flight)
        return;
    uint64_t rss = resident_bytes();
    en->rss_in_flight = en->in_flight;
    if (rss > en->rss_start)
        en->result->generator.bytes_per_device = (rss - en->rss_start) / en->in_flight;
}

void facts_end(struct engine *en)
{
    struct outcome_generator *g = &en->result->generator;
    struct http_stats stats = http_stats(en->http);
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    g->cpu_us = clock_process_cpu_us() - en->cpu_start_us;
    g->cpu_wait_us = cpu_wait_us() - en->cpu_wait_start_us;
    g->wall_us = engine_now(en);
    g->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    g->open_connections_max = stats.open_max;
    g->requests = stats.requests;
    g->limit_errors = stats.limit_errors;
    host_end(&en->host, g);
}

static bool is_word(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!isalnum(s.data[i]) && strchr("-_.", s.data[i]) == NULL)
            return false;
    }
    return s.len > 0;
}

static void note_caps(struct outcome_target *t, struct span body)
{
    struct span words[OUTCOME_MAX_CAPS];
    size_t count = scep_caps_words(body, words, OUTCOME_MAX_CAPS);
    for (size_t i = 0; i < count; i++) {
        if (is_word(words[i]))
            snprintf(t->caps[t->cap_count++], sizeof t->caps[0], "%.*s", (int)words[i].len,
                     (const char *)words[i].data);
    }
}

void facts_answer(struct engine *en, enum persona_operation operation, const struct http_response *r)
{
    struct outcome_target *t = &en->result->target;
    if (t->server_header[0] == '\0')
        snprintf(t->server_header, sizeof t->server_header, "%s", r->server);
    if (!t->has_date_skew && r->has_date) {
        t->has_date_skew = true;
        t->date_skew_s = r->date_s - clock_wall_us() / SECOND_US;
    }
    if (operation == PERSONA_GET_CA_CAPS && r->status == 200 && t->cap_count == 0)
        note_caps(t, buf_span(&r->body));
}

static void put_name(struct span der, char *out, size_t out_bytes)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, BYTES_MAX_MESSAGE);
    if (pki_name_to_text(der, &text, &ignored))
        snprintf(out, out_bytes, "%.*s", (int)text.len, (const char *)text.data);
    buf_clear(&text);
}

static void note_certificates(struct outcome_target *t, const struct scep_ca *ca)
{
    if (t->cert_count > 0)
        return;
    for (size_t i = 0; i < scep_ca_count(ca) && i < OUTCOME_MAX_CERTS; i++) {
        const struct pki_cert *cert = scep_ca_cert(ca, i);
        struct outcome_target_cert *c = &t->certs[t->cert_count++];
        snprintf(c->role, sizeof c->role, "%s", scep_role_name(scep_ca_role(ca, i)));
        put_name(pki_cert_subject(cert), c->subject, sizeof c->subject);
        put_name(pki_cert_issuer(cert), c->issuer, sizeof c->issuer);
        device_serial_text(pki_cert_serial(cert), c->serial, sizeof c->serial);
        text_hex(span_of(pki_cert_sha256(cert), 32), false, c->sha256);
        c->not_before = pki_cert_not_before(cert);
        c->not_after = pki_cert_not_after(cert);
    }
}

static struct ca_entry *find(struct engine *en, const uint8_t *hash)
{
    for (size_t i = 0; i < ENGINE_CA_CACHE; i++) {
        if (en->ca_cache[i].ca != NULL && memcmp(en->ca_cache[i].hash, hash, 32) == 0)
            return &en->ca_cache[i];
    }
    return NULL;
}

static struct ca_entry *parse(struct engine *en, struct span body, const uint8_t *hash, struct err *e)
{
    struct scep_ca *ca = NULL;
    if (!scep_ca_parse(body, &ca, e))
        return NULL;
    note_certificates(&en->result->target, ca);
    struct ca_entry *entry = &en->ca_cache[en->ca_next++ % ENGINE_CA_CACHE];
    scep_ca_free(entry->ca);
    *entry = (struct ca_entry){.ca = ca, .checked_s = -1};
    memcpy(entry->hash, hash, sizeof entry->hash);
    return entry;
}

bool facts_ca(struct engine *en, struct span body, struct scep_ca **out, struct err *e)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t len = 0;
    if (!pki_hash(PKI_SHA256, body, hash, &len, e))
        return false;
    struct ca_entry *entry = find(en, hash);
    if (entry == NULL && (entry = parse(en, body, hash, e)) == NULL)
        return false;
    int64_t now_s = clock_wall_us() / SECOND_US;
    if (entry->checked_s != now_s) {
        entry->checked_s = now_s;
        entry->verdict = (struct err){0};
        if (!scep_ca_check(entry->ca, now_s, &entry->verdict))
            err_set(&entry->verdict, STAGE_GET_CA_CERT, REASON_INTERNAL, "refused without a reason");
    }
    if (err_is_set(&entry->verdict)) {
        *e = entry->verdict;
        return false;
    }
    *out = scep_ca_ref(entry->ca);
    return true;
}
