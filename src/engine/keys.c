/* Which key for what. A device's own key is RSA from the pool, or a fresh EC key; replies are encrypted to the signer of a
 * message, so an EC device signs with an RSA key of the pool. */
#include "engine/internal.h"

static bool is_ec(const struct engine *en)
{
    return en->config->scenario->devices.key_type == SCENARIO_KEY_EC;
}

static struct pki_key *pool_key(const struct engine *en, uint64_t index)
{
    return pki_pool_key(en->config->keys, (size_t)(index % pki_pool_count(en->config->keys)));
}

static bool renews_with_another(const struct scenario *s)
{
    bool renews = false, another = false;
    for (size_t i = 0; i < s->devices.then_count; i++)
        renews |= s->devices.then[i] == SCENARIO_THEN_RENEW;
    for (size_t i = 0; i < s->devices.profile_count; i++)
        another |= s->devices.profiles[i].persona.renewal_key == PERSONA_RENEWAL_KEY_NEW;
    return renews && another && s->devices.key_type == SCENARIO_KEY_RSA;
}

uint64_t engine_keys_wanted(const struct scenario *scenario, uint64_t devices)
{
    return renews_with_another(scenario) ? 2 * devices : devices;
}

bool keys_suffice(const struct engine *en, uint64_t device)
{
    return is_ec(en) || en->config->scenario->devices.key_reuse || device < pki_pool_count(en->config->keys);
}

static void take(struct pki_key **place, struct pki_key *key)
{
    struct pki_key *old = *place;
    *place = key != NULL ? pki_key_ref(key) : NULL;
    pki_key_free(old);
}

/* Another key than the one in use: the next of the pool, or one that no enrollment uses. */
static bool choose_another(struct phone *p, struct err *e)
{
    const struct engine *en = p->engine;
    uint64_t count = pki_pool_count(en->config->keys), device = p->device.outcome.device;
    bool reuse = en->config->scenario->devices.key_reuse;
    uint64_t index = reuse ? device + 1 : load_plan_whole(en->config->plan) + device;
    if (count < 2 || (!reuse && index >= count))
        return err_set(e, STAGE_KEY, REASON_KEYS_EXHAUSTED,
                       "the pool of %llu keys has none left for the renewal", (unsigned long long)count);
    take(&p->key, pool_key(en, index));
    return true;
}

bool keys_choose(struct phone *p, struct err *e)
{
    bool renews = p->device.errand == DEVICE_RENEWS;
    if (renews && p->persona->renewal_key == PERSONA_RENEWAL_KEY_SAME)
        take(&p->key, p->held_key);
    else if (is_ec(p->engine))
        take(&p->key, NULL);
    else if (renews)
        return choose_another(p, e);
    else
        take(&p->key, pool_key(p->engine, p->device.outcome.device));
    return true;
}

struct pki_key *keys_for_signer(const struct phone *p)
{
    bool own = p->key != NULL && pki_key_is_rsa(p->key);
    return own ? p->key : pool_key(p->engine, p->device.outcome.device);
}

void keys_hold(struct phone *p)
{
    pki_cert_free(p->held);
    p->held = pki_cert_ref(p->reply.issued);
    take(&p->held_key, p->key);
}

void keys_clear(struct phone *p)
{
    take(&p->key, NULL);
    take(&p->signer_key, NULL);
    take(&p->held_key, NULL);
    pki_cert_free(p->held);
    p->held = NULL;
}
