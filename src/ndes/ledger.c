#include "ndes/ledger.h"

#include "base/hash.h"
#include "pki/der.h"

#include <pthread.h>

#define NONE UINT32_MAX

enum index_kind { BY_SERIAL, BY_TRANSACTION, BY_KEY, INDEX_COUNT };

struct entry {
    struct pki_cert *cert; /* NULL: not used yet */
    uint64_t hash[INDEX_COUNT];
    uint32_t next[INDEX_COUNT]; /* in its chain, newest first; NONE: the last */
    int64_t issued_us;
    bool renewal;
    char transaction_id[SCEP_TRANSACTION_ID_MAX + 1];
};

/* Entries are a ring in the order of issue; chains of slot numbers lead to them. */
struct ndes_ledger {
    pthread_mutex_t lock;
    size_t max;
    size_t next; /* slot that is filled next */
    struct entry *entries;
    uint32_t *heads[INDEX_COUNT];
};

/* What a search asks of an entry beyond its hash. */
struct question {
    enum index_kind index;
    struct span serial;
    const char *transaction_id;
    struct span spki, subject;
    bool of_kind, renewal;
    int64_t since_us;
};

static uint32_t *head_of(const struct ndes_ledger *ledger, enum index_kind index, uint64_t hash)
{
    return &ledger->heads[index][hash % ledger->max];
}

bool ndes_ledger_new(size_t max, struct ndes_ledger **out, struct err *e)
{
    struct ndes_ledger *ledger = calloc(1, sizeof *ledger);
    bool ok = ledger != NULL && max > 0 && max <= NDES_LEDGER_MAX;
    if (ok) {
        pthread_mutex_init(&ledger->lock, NULL);
        ledger->max = max;
        ledger->entries = calloc(max, sizeof *ledger->entries);
        ok = ledger->entries != NULL;
        for (size_t i = 0; i < INDEX_COUNT; i++) {
            ledger->heads[i] = malloc(max * sizeof *ledger->heads[i]);
            ok = ok && ledger->heads[i] != NULL;
            for (size_t k = 0; ok && k < max; k++)
                ledger->heads[i][k] = NONE;
        }
        if (!ok)
            ndes_ledger_free(ledger);
    } else {
        free(ledger);
    }
    if (!ok)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for %zu issued certificates", max);
    *out = ledger;
    return true;
}

void ndes_ledger_free(struct ndes_ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; ledger->entries != NULL && i < ledger->max; i++)
        pki_cert_free(ledger->entries[i].cert);
    for (size_t i = 0; i < INDEX_COUNT; i++)
        free(ledger->heads[i]);
    free(ledger->entries);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger);
}

static void unlink_entry(struct ndes_ledger *ledger, uint32_t slot)
{
    struct entry *gone = &ledger->entries[slot];
    for (enum index_kind i = 0; i < INDEX_COUNT; i++) {
        uint32_t *link = head_of(ledger, i, gone->hash[i]);
        while (*link != slot)
            link = &ledger->entries[*link].next[i];
        *link = gone->next[i];
    }
    pki_cert_free(gone->cert);
}

static void link_entry(struct ndes_ledger *ledger, uint32_t slot)
{
    struct entry *entry = &ledger->entries[slot];
    for (enum index_kind i = 0; i < INDEX_COUNT; i++) {
        uint32_t *head = head_of(ledger, i, entry->hash[i]);
        entry->next[i] = *head;
        *head = slot;
    }
}

void ndes_ledger_add(struct ndes_ledger *ledger, struct pki_cert *cert, const char *transaction_id,
                     bool renewal, int64_t now_us)
{
    pthread_mutex_lock(&ledger->lock);
    uint32_t slot = (uint32_t)ledger->next;
    struct entry *entry = &ledger->entries[slot];
    if (entry->cert != NULL)
        unlink_entry(ledger, slot);
    entry->cert = pki_cert_ref(cert);
    entry->issued_us = now_us;
    entry->renewal = renewal;
    snprintf(entry->transaction_id, sizeof entry->transaction_id, "%s", transaction_id);
    entry->hash[BY_SERIAL] = hash_span(der_integer_trimmed(pki_cert_serial(cert)));
    entry->hash[BY_TRANSACTION] = hash_span(span_of_text(entry->transaction_id));
    entry->hash[BY_KEY] = hash_span(pki_cert_spki(cert));
    link_entry(ledger, slot);
    ledger->next = (ledger->next + 1) % ledger->max;
    pthread_mutex_unlock(&ledger->lock);
}

static bool answers(const struct entry *entry, const struct question *q)
{
    const struct pki_cert *cert = entry->cert;
    if (q->serial.data != NULL && !span_equal(der_integer_trimmed(pki_cert_serial(cert)), q->serial))
        return false;
    if (q->transaction_id != NULL && strcmp(entry->transaction_id, q->transaction_id) != 0)
        return false;
    if (q->spki.data != NULL && !span_equal(pki_cert_spki(cert), q->spki))
        return false;
    if (q->of_kind && entry->renewal != q->renewal)
        return false;
    if (entry->issued_us < q->since_us)
        return false;
    return q->subject.data == NULL || pki_name_same_rdns(pki_cert_subject(cert), q->subject);
}

static struct pki_cert *find(struct ndes_ledger *ledger, const struct question *q, struct span key)
{
    uint64_t hash = hash_span(key);
    struct pki_cert *found = NULL;
    pthread_mutex_lock(&ledger->lock);
    uint32_t slot = *head_of(ledger, q->index, hash);
    for (; slot != NONE && found == NULL; slot = ledger->entries[slot].next[q->index]) {
        const struct entry *entry = &ledger->entries[slot];
        if (entry->hash[q->index] == hash && answers(entry, q))
            found = pki_cert_ref(entry->cert);
    }
    pthread_mutex_unlock(&ledger->lock);
    return found;
}

struct pki_cert *ndes_ledger_by_serial(struct ndes_ledger *ledger, struct span serial)
{
    struct span trimmed = der_integer_trimmed(serial);
    struct question q = {.index = BY_SERIAL, .serial = trimmed, .since_us = INT64_MIN};
    return find(ledger, &q, trimmed);
}

struct pki_cert *ndes_ledger_by_request(struct ndes_ledger *ledger, const char *transaction_id,
                                        struct span spki, bool renewal, int64_t since_us)
{
    struct question q = {.index = BY_TRANSACTION,
                         .transaction_id = transaction_id,
                         .spki = spki,
                         .of_kind = true,
                         .renewal = renewal,
                         .since_us = since_us};
    return find(ledger, &q, span_of_text(transaction_id));
}

struct pki_cert *ndes_ledger_by_poll(struct ndes_ledger *ledger, const char *transaction_id,
                                     struct span subject, int64_t since_us)
{
    struct question q = {
        .index = BY_TRANSACTION, .transaction_id = transaction_id, .subject = subject, .since_us = since_us};
    return find(ledger, &q, span_of_text(transaction_id));
}

struct pki_cert *ndes_ledger_by_key(struct ndes_ledger *ledger, struct span spki, struct span subject)
{
    struct question q = {.index = BY_KEY, .spki = spki, .subject = subject, .since_us = INT64_MIN};
    return find(ledger, &q, spki);
}
