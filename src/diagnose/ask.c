/* Questions to what the logs showed, and the end of their reading: local times become UTC. */
#include "diagnose/digest.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ANCHORS 2048
#define QUARTER     (INT64_C(900) * 1000000)

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- the offset ---- */

static size_t anchors(const struct diagnose_logs *d, bool local, int64_t out[MAX_ANCHORS])
{
    size_t count = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        /* What failing requests write at the same moment: the line of IIS, and the event beside it. */
        bool event = seen->mark->kind == EVIDENCE_EVENTS && seen->mark->problem != NULL;
        bool request = (seen->mark->kind == EVIDENCE_IIS && (seen->mark->asks & (ASK_PKI | ASK_OTP)) != 0) ||
                       (seen->mark->kind == EVIDENCE_HTTPERR && seen->mark->problem != NULL);
        if (seen->local != local || !(local ? event || seen->mark->kind == EVIDENCE_PLUGIN : request))
            continue;
        for (size_t k = 0; k < seen->time_count && count < MAX_ANCHORS; k++)
            out[count++] = seen->times[k];
    }
    return count;
}

static bool detect(const struct diagnose_logs *d, int64_t *out)
{
    int64_t *local = malloc(MAX_ANCHORS * sizeof *local), *utc = malloc(MAX_ANCHORS * sizeof *utc);
    bool found = false;
    if (local != NULL && utc != NULL) {
        size_t locals = anchors(d, true, local), utcs = anchors(d, false, utc);
        found = evidence_detect_offset(local, locals, utc, utcs, out);
    }
    free(local);
    free(utc);
    return found;
}

static bool begins(const struct diagnose_logs *d, bool local, int64_t *out)
{
    bool found = false;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        const char *id = seen->mark->problem;
        bool down = id != NULL && (strcmp(id, "pool-down") == 0 || strcmp(id, "start-failed") == 0);
        if (!down || seen->local != local || seen->first_us == EVIDENCE_NO_TIME)
            continue;
        *out = found && *out < seen->first_us ? *out : seen->first_us;
        found = true;
    }
    return found;
}

/* A pool that goes down says so within minutes of the first request that is turned away. */
static bool by_onset(const struct diagnose_logs *d, int64_t *out)
{
    int64_t local = 0, utc = 0;
    if (!begins(d, true, &local) || !begins(d, false, &utc))
        return false;
    int64_t apart = local - utc, nearest = (apart + (apart < 0 ? -QUARTER : QUARTER) / 2) / QUARTER * QUARTER;
    *out = nearest;
    return llabs(apart - nearest) < QUARTER / 3 && llabs(nearest) <= 56 * QUARTER;
}

/* What an event or the collector says is exact; else the coincidences decide; else the times stay as they are. */
static void find_offset(struct diagnose_logs *d)
{
    int64_t offset = 0;
    if (d->clock_hint_us != EVIDENCE_NO_TIME)
        offset = d->clock_hint_us;
    else if (!detect(d, &offset) && !by_onset(d, &offset))
        return;
    d->offset_known = true;
    d->offset_us = offset;
}

static void move_span(struct diagnose_logs *d, struct span_us *span)
{
    if (!span->local || span->count == 0 || span->first_us == EVIDENCE_NO_TIME)
        return;
    span->first_us -= d->offset_us;
    span->last_us -= d->offset_us;
}

static void move_seen(struct diagnose_logs *d, struct seen *seen)
{
    if (seen->local && seen->first_us != EVIDENCE_NO_TIME) {
        seen->first_us -= d->offset_us;
        seen->last_us -= d->offset_us;
        for (size_t k = 0; k < seen->time_count; k++)
            seen->times[k] -= d->offset_us;
    }
    seen->local = false;
    qsort(seen->times, seen->time_count, sizeof seen->times[0], by_time);
}

static bool foreign_pool(const struct diagnose_logs *d, const struct seen *seen)
{
    return seen->mark->scoped && !seen->mark->anywhere && !digest_own_pool(d, seen->scope);
}

/* Pools were learnt while reading: what other pools did goes now. */
static void drop_foreign(struct diagnose_logs *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        if (!foreign_pool(d, &d->seen[i])) {
            if (kept != i)
                d->seen[kept] = d->seen[i];
            kept++;
        }
    }
    d->seen_count = kept;
}

void digest_close(struct diagnose_logs *d)
{
    if (d->closed)
        return;
    d->closed = true;
    find_offset(d);
    drop_foreign(d);
    for (size_t i = 0; i < d->seen_count; i++)
        move_seen(d, &d->seen[i]);
    for (size_t i = 0; i < COVER_COUNT; i++) {
        move_span(d, &d->cover[i]);
        if (d->cover[i].count > 0 && d->cover[i].last_us != EVIDENCE_NO_TIME &&
            d->cover[i].last_us > d->now_us)
            d->now_us = d->cover[i].last_us;
    }
    if (d->latest_us != 0 && d->now_us > d->latest_us) /* one wrong year would age every certificate */
        d->now_us = d->latest_us;
    state_close(d);
    patterns_look(d);
}

/* ---- questions ---- */

uint64_t digest_count_at(const struct diagnose_logs *d, const char *mark, unsigned node)
{
    uint64_t count = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        if (strcmp(d->seen[i].mark->id, mark) == 0 && (node == 0 || d->seen[i].node == node))
            count += d->seen[i].count;
    }
    return count;
}

uint64_t digest_count(const struct diagnose_logs *d, const char *mark)
{
    return digest_count_at(d, mark, 0);
}

static size_t first_from(const struct seen *seen, int64_t from_us)
{
    size_t low = 0, high = seen->time_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seen->times[middle] < from_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t digest_between(const struct diagnose_logs *d, const char *mark, int64_t from_us, int64_t to_us)
{
    uint64_t count = 0;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        if (strcmp(seen->mark->id, mark) != 0 || seen->first_us == EVIDENCE_NO_TIME)
            continue;
        if (seen->first_us >= from_us && seen->last_us <= to_us)
            count += seen->count;
        else
            count += (uint64_t)(first_from(seen, to_us < INT64_MAX ? to_us + 1 : to_us) -
                                first_from(seen, from_us)) *
                     seen->stride;
    }
    return count;
}

uint64_t digest_posts_below(const struct diagnose_logs *d, uint64_t bytes)
{
    uint64_t count = 0;
    for (size_t i = 0; i < POST_BUCKETS && (i + 1) * BUCKET_BYTES <= bytes; i++)
        count += d->posts[i];
    return count;
}

bool digest_span(const struct diagnose_logs *d, const char *mark, int64_t *first_us, int64_t *last_us)
{
    bool found = false;
    for (size_t i = 0; i < d->seen_count; i++) {
        const struct seen *seen = &d->seen[i];
        if (strcmp(seen->mark->id, mark) != 0 || seen->first_us == EVIDENCE_NO_TIME)
            continue;
        if (!found || seen->first_us < *first_us)
            *first_us = seen->first_us;
        if (!found || seen->last_us > *last_us)
            *last_us = seen->last_us;
        found = true;
    }
    return found;
}

struct diagnose_read diagnose_logs_read(const struct diagnose_logs *logs)
{
    struct diagnose_read out = {.files = logs->files,
                                .file_count = logs->file_count,
                                .offset_known = logs->offset_known,
                                .offset_us = logs->offset_us,
                                .first_us = EVIDENCE_NO_TIME,
                                .last_us = EVIDENCE_NO_TIME,
                                .lost = logs->lost,
                                .contradiction_count = logs->contradiction_count};
    memcpy(out.contradictions, logs->contradictions, sizeof out.contradictions);
    for (size_t i = 0; i < logs->file_count; i++)
        out.local_times |= logs->files[i].local_time && logs->files[i].records > 0;
    for (size_t i = 0; i < COVER_COUNT; i++) {
        const struct span_us *span = &logs->cover[i];
        if (span->count == 0 || span->first_us == EVIDENCE_NO_TIME)
            continue;
        if (out.first_us == EVIDENCE_NO_TIME || span->first_us < out.first_us)
            out.first_us = span->first_us;
        if (out.last_us == EVIDENCE_NO_TIME || span->last_us > out.last_us)
            out.last_us = span->last_us;
    }
    return out;
}
