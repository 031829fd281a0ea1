/* May these runs be held against each other, and what must be known when they are? */
#include "compare/parts.h"

static const struct compare_run *run_at(const struct compare *c, size_t i)
{
    return i < c->base->count ? c->base->items[i] : c->now->items[i - c->base->count];
}

static size_t run_count(const struct compare *c)
{
    return c->base->count + c->now->count;
}

/* What one run is by itself. */
static void look_at(struct compare *c, const struct compare_run *run, bool is_base)
{
    if (run->interrupted)
        words_say(&c->problems, "%s was interrupted: run it again", run->name);
    if (run->shard)
        words_say(&c->problems, "%s is a shard: merge it with the others first (scepstorm merge)", run->name);
    if (strcmp(run->validity, "invalid") == 0)
        words_say(&c->problems, "%s is invalid, this machine was the limit: %s", run->name, run->reasons);
    else if (strcmp(run->validity, "valid") != 0)
        words_say(&c->warnings, "%s is suspect: %s", run->name, run->reasons);
    if (is_base && run->stopped_early[0] != '\0')
        words_say(&c->problems, "%s stopped early (%s): it is no base", run->name, run->stopped_early);
    else if (run->stopped_early[0] != '\0')
        words_say(&c->warnings, "%s stopped early: %s", run->name, run->stopped_early);
    if (is_base && run->enrolled == 0)
        words_say(&c->problems, "%s is no base: nobody enrolled", run->name);
}

static void line_of(const char *text, char out[120])
{
    size_t blanks = strspn(text, " ");
    int len = (int)strcspn(text + blanks, "\n");
    snprintf(out, 120, "%.*s", len, text + blanks);
    if (len == 0)
        snprintf(out, 120, "nothing");
}

/* The first line in which the loads differ says most. */
static void look_at_plan(struct compare *c, const struct compare_run *first, const struct compare_run *run)
{
    const char *a = first->plan, *b = run->plan;
    if (strcmp(a, b) == 0)
        return;
    char here[120], there[120];
    for (size_t same = strcspn(a, "\n"); same == strcspn(b, "\n") && memcmp(a, b, same) == 0;
         same = strcspn(a, "\n")) {
        a += same + (a[same] == '\n');
        b += same + (b[same] == '\n');
    }
    line_of(a, here);
    line_of(b, there);
    words_say(&c->problems, "%s was another load than %s: '%s' there, '%s' here", run->name, first->name,
              here, there);
}

static bool is_same_run(const struct compare_run *a, const struct compare_run *b)
{
    return a->started_us == b->started_us && a->duration_us == b->duration_us && a->seed == b->seed &&
           a->enrolled == b->enrolled;
}

/* Each run that is there again is named once, beside the first. */
static void look_for_twins(struct compare *c)
{
    for (size_t k = 1; k < run_count(c); k++) {
        size_t i = 0;
        while (i < k && !is_same_run(run_at(c, i), run_at(c, k)))
            i++;
        if (i < k)
            words_say(&c->problems, "%s and %s are the same run", run_at(c, i)->name, run_at(c, k)->name);
    }
}

static void look_at_tools(struct compare *c)
{
    const struct compare_run *first = run_at(c, 0);
    for (size_t i = c->base->count; i < run_count(c); i++) {
        const struct compare_run *run = run_at(c, i);
        bool tool = strcmp(first->version, run->version) != 0;
        if (tool || strcmp(first->libraries, run->libraries) != 0)
            words_say(&c->warnings, "%s was made by another program (%s%s%s) than %s (%s%s%s)", run->name,
                      tool ? run->version : "", tool ? "" : "libraries: ", tool ? "" : run->libraries,
                      first->name, tool ? first->version : "",
                      tool ? "" : "libraries: ", tool ? "" : first->libraries);
        else if (first->cores != run->cores)
            words_say(&c->warnings, "%s had %llu cores, %s had %llu: another machine?", run->name,
                      (unsigned long long)run->cores, first->name, (unsigned long long)first->cores);
        else
            continue;
        return; /* once is enough */
    }
}

static bool has_seed(const struct compare_runs *runs, uint64_t seed)
{
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->items[i]->seed == seed)
            return true;
    }
    return false;
}

/* The seed decides when devices come: if no seed is on both sides, part of a difference may be that. */
static void look_at_seeds(struct compare *c)
{
    for (size_t i = 0; i < c->now->count; i++) {
        if (has_seed(c->base, c->now->items[i]->seed))
            return;
    }
    words_say(&c->warnings,
              "no seed is on both sides: part of a difference may come from the plan of arrivals");
}

void usable_look(struct compare *c)
{
    for (size_t i = 0; i < run_count(c); i++) {
        look_at(c, run_at(c, i), i < c->base->count);
        look_at_plan(c, run_at(c, 0), run_at(c, i));
    }
    look_for_twins(c);
    look_at_tools(c);
    look_at_seeds(c);
}
