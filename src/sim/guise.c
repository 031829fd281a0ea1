#include "sim/guise.h"

#include <pthread.h>

#define DAY       INT64_C(86400)
#define DATES_MAX 32

struct dated {
    int64_t until_s;
    struct sim_identity *identity;
};

struct sim_guises {
    const struct sim_identity *own;
    pthread_mutex_t lock;
    struct sim_identity *made[SIM_GUISE_COUNT];
    struct dated dates[DATES_MAX];
    size_t date_count;
};

bool sim_guises_new(const struct sim_identity *own, struct sim_guises **out, struct err *e)
{
    struct sim_guises *guises = calloc(1, sizeof *guises);
    if (guises == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for certificates");
    guises->own = own;
    pthread_mutex_init(&guises->lock, NULL);
    *out = guises;
    return true;
}

void sim_guises_free(struct sim_guises *guises)
{
    if (guises == NULL)
        return;
    for (size_t i = 0; i < SIM_GUISE_COUNT; i++)
        sim_identity_free(guises->made[i]);
    for (size_t i = 0; i < guises->date_count; i++)
        sim_identity_free(guises->dates[i].identity);
    pthread_mutex_destroy(&guises->lock);
    free(guises);
}

/* The RA certificates anew, by `issuer`, for the keys that `id` has. */
static bool reissue_ra(struct sim_identity *id, const struct sim_identity *issuer,
                       const struct sim_identity *serials, int64_t until_s, struct err *e)
{
    pki_cert_free(id->sign);
    pki_cert_free(id->encrypt);
    id->sign = id->encrypt = NULL;
    return sim_identity_make_ra(id, issuer, serials, until_s, e);
}

static bool new_key(struct pki_key **key, struct err *e)
{
    unsigned bits = pki_key_bits(*key);
    pki_key_free(*key);
    *key = NULL;
    return pki_key_generate_rsa(bits, key, e);
}

/* The same name, but for another CA; the key is there. */
static bool replace_ca(struct sim_identity *id, const char *name, int64_t until_s, struct err *e)
{
    pki_cert_free(id->ca);
    id->ca = NULL;
    return sim_identity_make_ca(id, name, until_s, e);
}

static bool another_ca(struct sim_identity *id, struct err *e)
{
    return new_key(&id->ca_key, e) &&
           replace_ca(id, "CN=Fabrikam Issuing CA 2", id->made_s + 7 * 365 * DAY, e);
}

static bool age_ra(struct sim_identity *id, const struct sim_identity *own, int64_t until_s, struct err *e)
{
    return reissue_ra(id, own, own, until_s, e);
}

static bool expire_ra(struct sim_identity *id, const struct sim_identity *own, int64_t until_s, struct err *e)
{
    (void)until_s;
    return reissue_ra(id, own, own, own->made_s - 3 * DAY, e);
}

static bool ra_of_other(struct sim_identity *id, const struct sim_identity *own, int64_t until_s,
                        struct err *e)
{
    (void)until_s;
    struct sim_identity *other = NULL;
    bool ok = sim_identity_copy(own, &other, e) && another_ca(other, e) &&
              reissue_ra(id, other, NULL, own->made_s + 200 * DAY, e);
    sim_identity_free(other);
    return ok;
}

static bool renew_ca(struct sim_identity *id, const struct sim_identity *own, int64_t until_s, struct err *e)
{
    (void)until_s;
    return new_key(&id->ca_key, e) && replace_ca(id, NULL, own->made_s + 10 * 365 * DAY, e);
}

static bool renew_ra(struct sim_identity *id, const struct sim_identity *own, int64_t until_s, struct err *e)
{
    (void)until_s;
    return new_key(&id->sign_key, e) && new_key(&id->encrypt_key, e) &&
           reissue_ra(id, own, NULL, own->made_s + 729 * DAY, e);
}

static bool expire_ca(struct sim_identity *id, const struct sim_identity *own, int64_t until_s, struct err *e)
{
    (void)until_s;
    return replace_ca(id, NULL, own->made_s - DAY, e);
}

static bool be_another(struct sim_identity *id, const struct sim_identity *own, int64_t until_s,
                       struct err *e)
{
    (void)until_s;
    return another_ca(id, e) && new_key(&id->sign_key, e) && new_key(&id->encrypt_key, e) &&
           reissue_ra(id, id, NULL, own->made_s + 700 * DAY, e);
}

/* Changes a copy of the server's own identity. */
static bool (*const makers[SIM_GUISE_COUNT])(struct sim_identity *id, const struct sim_identity *own,
                                             int64_t until_s, struct err *e) = {
    [SIM_GUISE_RA_AGED] = expire_ra,          [SIM_GUISE_RA_UNTIL] = age_ra,
    [SIM_GUISE_RA_OF_OTHER_CA] = ra_of_other, [SIM_GUISE_RA_OF_OLD_CA] = renew_ca,
    [SIM_GUISE_RA_RENEWED] = renew_ra,        [SIM_GUISE_CA_AGED] = expire_ca,
    [SIM_GUISE_OTHER_CA] = be_another,
};

static struct sim_identity *make(const struct sim_identity *own, enum sim_guise guise, int64_t until_s,
                                 struct err *e)
{
    struct sim_identity *id = NULL;
    bool ok = sim_identity_copy(own, &id, e) && makers[guise](id, own, until_s, e) &&
              sim_identity_make_bundle(id, e);
    if (ok)
        return id;
    sim_identity_free(id);
    return NULL;
}

static const struct sim_identity *get_dated(struct sim_guises *guises, int64_t until_s, struct err *e)
{
    for (size_t i = 0; i < guises->date_count; i++) {
        if (guises->dates[i].until_s == until_s || i == DATES_MAX - 1)
            return guises->dates[i].identity;
    }
    struct sim_identity *made = make(guises->own, SIM_GUISE_RA_UNTIL, until_s, e);
    if (made != NULL)
        guises->dates[guises->date_count++] = (struct dated){until_s, made};
    return made;
}

static const struct sim_identity *get(struct sim_guises *guises, enum sim_guise guise, struct err *e)
{
    if (guises->made[guise] == NULL)
        guises->made[guise] = make(guises->own, guise, 0, e);
    return guises->made[guise];
}

const struct sim_identity *sim_guises_get(struct sim_guises *guises, enum sim_guise guise, int64_t until_s,
                                          struct err *e)
{
    if (guise == SIM_GUISE_OWN)
        return guises->own;
    pthread_mutex_lock(&guises->lock);
    const struct sim_identity *id =
        guise == SIM_GUISE_RA_UNTIL ? get_dated(guises, until_s, e) : get(guises, guise, e);
    pthread_mutex_unlock(&guises->lock);
    return id;
}
