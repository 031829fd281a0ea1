/* Temporary signer certificates that are made once per key and profile, and used by every device of that key. Saves one
 * private operation per enrollment; real devices never do that, so a scenario has to ask for it. */
#include "engine/internal.h"

#include <stdatomic.h>

#define NAME_BYTES 512

struct certificate {
    size_t len;
    uint8_t der[];
};

struct signers {
    struct engine *engine;
    size_t keys, profiles;
    _Atomic(struct certificate *) made[]; /* by profile, then key; NULL: nobody needed it yet */
};

bool signers_new(struct engine *en, struct signers **out, struct err *e)
{
    const struct scenario *s = en->config->scenario;
    if (!s->devices.signer_pooled || en->config->keys == NULL)
        return true;
    size_t keys = pki_pool_count(en->config->keys), profiles = s->devices.profile_count;
    *out = calloc(1, sizeof **out + keys * profiles * sizeof *(*out)->made);
    if (*out == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for the signer certificates");
    (*out)->engine = en;
    (*out)->keys = keys;
    (*out)->profiles = profiles;
    return true;
}

void signers_free(struct signers *signers)
{
    for (size_t i = 0; signers != NULL && i < signers->keys * signers->profiles; i++)
        free(atomic_load(&signers->made[i]));
    free(signers);
}

static bool make(const struct phone *p, size_t key, int64_t now_s, struct certificate **out, struct err *e)
{
    char text[NAME_BYTES];
    struct buf name, der;
    buf_init(&name, NAME_BYTES);
    buf_init(&der, BYTES_MAX_MESSAGE);
    snprintf(text, sizeof text, "CN=signer-%zu,%s", key, p->engine->config->scenario->devices.marker);
    bool ok = pki_name_from_text(text, &name, e) &&
              persona_signer(p->persona, buf_span(&name), p->signer_key, &p->transaction, &p->device.choice,
                             now_s, &der, e);
    *out = ok ? malloc(sizeof **out + der.len) : NULL;
    if (*out != NULL) {
        (*out)->len = der.len;
        memcpy((*out)->der, der.data, der.len);
    }
    buf_clear(&name);
    buf_clear(&der);
    return *out != NULL || (ok && err_set(e, STAGE_BUILD, REASON_NO_MEMORY, "no memory for a certificate"));
}

/* Two workers may make the same one at the same time: the first to put it down wins. */
bool signers_get(struct signers *signers, const struct phone *p, int64_t now_s, struct span *out,
                 struct err *e)
{
    size_t key = (size_t)(p->device.outcome.device % signers->keys);
    _Atomic(struct certificate *) *place = &signers->made[p->device.outcome.profile * signers->keys + key];
    struct certificate *found = atomic_load(place), *mine = NULL;
    if (found == NULL && !make(p, key, now_s, &mine, e))
        return false;
    if (found == NULL && !atomic_compare_exchange_strong(place, &found, mine))
        free(mine);
    else if (mine != NULL)
        found = mine;
    *out = span_of(found->der, found->len);
    return true;
}
