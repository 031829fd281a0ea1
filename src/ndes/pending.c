#include "ndes/pending.h"

#include "base/hash.h"

#include <pthread.h>

#define BUCKETS 65536

/* Newest first in its chain; oldest first in the line of all. */
struct waiting {
    struct waiting *next;            /* chain of one bucket */
    struct waiting *older, *younger; /* line */
    uint64_t number, hash;
    int64_t since_us;
    unsigned polls;
    struct ndes_approval approval;
    bool renewal, taken, told;
    uint32_t ca_number;
    char transaction_id[SCEP_TRANSACTION_ID_MAX + 1];
    size_t subject_len, spki_len, content_len;
    uint8_t bytes[]; /* subject, key, content */
};

struct ndes_pending {
    pthread_mutex_t lock;
    int64_t remembered_us;
    uint64_t last_number;
    size_t count;
    struct waiting *oldest, *youngest;
    struct waiting *buckets[BUCKETS];
};

static struct span subject_of(const struct waiting *w)
{
    return span_of(w->bytes, w->subject_len);
}

static struct span spki_of(const struct waiting *w)
{
    return span_of(w->bytes + w->subject_len, w->spki_len);
}

static struct span content_of(const struct waiting *w)
{
    return span_of(w->bytes + w->subject_len + w->spki_len, w->content_len);
}

bool ndes_pending_new(int64_t remembered_us, struct ndes_pending **out, struct err *e)
{
    struct ndes_pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for pending requests");
    pthread_mutex_init(&pending->lock, NULL);
    pending->remembered_us = remembered_us;
    *out = pending;
    return true;
}

static void forget(struct ndes_pending *pending, struct waiting *w)
{
    struct waiting **link = &pending->buckets[w->hash % BUCKETS];
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    *(w->older != NULL ? &w->older->younger : &pending->oldest) = w->younger;
    *(w->younger != NULL ? &w->younger->older : &pending->youngest) = w->older;
    pending->count--;
    explicit_bzero(w->bytes, w->subject_len + w->spki_len + w->content_len);
    free(w);
}

static void forget_old(struct ndes_pending *pending, int64_t now_us)
{
    while (pending->oldest != NULL && pending->oldest->since_us + pending->remembered_us <= now_us)
        forget(pending, pending->oldest);
}

static void forget_all(struct ndes_pending *pending)
{
    while (pending->oldest != NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): none is older than the oldest, so that moves on */
        forget(pending, pending->oldest);
}

void ndes_pending_free(struct ndes_pending *pending)
{
    if (pending == NULL)
        return;
    forget_all(pending);
    pthread_mutex_destroy(&pending->lock);
    free(pending);
}

static struct waiting *make(const struct ndes_pending_request *request, int64_t now_us)
{
    size_t bytes = request->subject.len + request->spki.len + request->content.len;
    struct waiting *w = calloc(1, sizeof *w + bytes);
    if (w == NULL)
        return NULL;
    w->since_us = now_us;
    w->approval = request->approval;
    w->renewal = request->renewal;
    w->ca_number = request->ca_number;
    snprintf(w->transaction_id, sizeof w->transaction_id, "%s", request->transaction_id);
    w->hash = hash_span(span_of_text(w->transaction_id));
    const struct span parts[] = {request->subject, request->spki, request->content};
    size_t *const lengths[] = {&w->subject_len, &w->spki_len, &w->content_len};
    for (size_t i = 0, at = 0; i < 3; at += parts[i++].len) {
        *lengths[i] = parts[i].len;
        if (parts[i].len > 0)
            memcpy(w->bytes + at, parts[i].data, parts[i].len);
    }
    return w;
}

static void remember(struct ndes_pending *pending, struct waiting *w)
{
    struct waiting **bucket = &pending->buckets[w->hash % BUCKETS];
    w->number = ++pending->last_number;
    w->next = *bucket;
    *bucket = w;
    w->older = pending->youngest;
    *(w->older != NULL ? &w->older->younger : &pending->oldest) = w;
    pending->youngest = w;
    pending->count++;
}

bool ndes_pending_add(struct ndes_pending *pending, const struct ndes_pending_request *request,
                      int64_t now_us, struct err *e)
{
    struct waiting *w = make(request, now_us);
    if (w == NULL)
        return err_set(e, STAGE_PKI_OPERATION, REASON_NO_MEMORY, "no memory for a pending request");
    pthread_mutex_lock(&pending->lock);
    forget_old(pending, now_us);
    if (pending->count == NDES_PENDING_MAX)
        forget(pending, pending->oldest);
    remember(pending, w);
    pthread_mutex_unlock(&pending->lock);
    return true;
}

static struct waiting *find(const struct ndes_pending *pending, const char *transaction_id,
                            struct span subject, struct span spki)
{
    uint64_t hash = hash_span(span_of_text(transaction_id));
    struct waiting *w = pending->buckets[hash % BUCKETS];
    for (; w != NULL; w = w->next) {
        if (w->hash == hash && strcmp(w->transaction_id, transaction_id) == 0 &&
            (spki.len == 0 || span_equal(spki_of(w), spki)) &&
            (subject.len == 0 || pki_name_same_rdns(subject_of(w), subject)))
            return w;
    }
    return NULL;
}

static bool decided(const struct waiting *w, bool fault_over, int64_t now_us)
{
    switch (w->approval.when) {
    case NDES_APPROVAL_NONE:
        return true;
    case NDES_APPROVAL_POLLS:
        return w->polls >= w->approval.polls;
    case NDES_APPROVAL_TIME:
        return now_us - w->since_us >= w->approval.after_us;
    case NDES_APPROVAL_FAULT:
        return fault_over;
    }
    return false;
}

static enum ndes_poll judge(struct waiting *w, bool fault_over, int64_t now_us, struct buf *content)
{
    w->polls += w->polls < UINT32_MAX;
    if (w->taken || !decided(w, fault_over, now_us))
        return NDES_POLL_WAITS;
    if (w->approval.deny)
        return NDES_POLL_DENIED;
    if (!buf_append_span(content, content_of(w)))
        return NDES_POLL_WAITS;
    w->taken = true;
    return NDES_POLL_APPROVED;
}

struct ndes_poll_answer ndes_pending_poll(struct ndes_pending *pending, const char *transaction_id,
                                          struct span subject, struct span spki, bool fault_over,
                                          int64_t now_us, struct buf *content)
{
    struct ndes_poll_answer answer = {.verdict = NDES_POLL_UNKNOWN};
    pthread_mutex_lock(&pending->lock);
    forget_old(pending, now_us);
    struct waiting *w = find(pending, transaction_id, subject, spki);
    if (w != NULL) {
        answer.verdict = judge(w, fault_over, now_us, content);
        answer.number = w->number;
        answer.renewal = w->renewal;
        answer.first = !w->told;
        w->told = w->told || answer.verdict == NDES_POLL_DENIED;
        answer.ca_number = w->ca_number;
    }
    pthread_mutex_unlock(&pending->lock);
    return answer;
}

/* It may have been forgotten meanwhile. */
void ndes_pending_done(struct ndes_pending *pending, const char *transaction_id, uint64_t number, bool issued)
{
    pthread_mutex_lock(&pending->lock);
    struct waiting *w = pending->buckets[hash_span(span_of_text(transaction_id)) % BUCKETS];
    while (w != NULL && w->number != number)
        w = w->next;
    if (w != NULL && issued)
        forget(pending, w);
    else if (w != NULL)
        w->taken = false;
    pthread_mutex_unlock(&pending->lock);
}

void ndes_pending_restart(struct ndes_pending *pending)
{
    pthread_mutex_lock(&pending->lock);
    forget_all(pending);
    pthread_mutex_unlock(&pending->lock);
}

size_t ndes_pending_count(struct ndes_pending *pending)
{
    pthread_mutex_lock(&pending->lock);
    size_t count = pending->count;
    pthread_mutex_unlock(&pending->lock);
    return count;
}
