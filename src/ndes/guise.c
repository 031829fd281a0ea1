#include "ndes/guise.h"

#include <pthread.h>

#define DAY       INT64_C(86400)
#define DATES_MAX 32

struct dated {
    int64_t until_s;
    struct ndes_identity *identity;
};

struct ndes_guises {
    const struct ndes_identity *own;
    pthread_mutex_t lock;
    struct ndes_identity *made[NDES_GUISE_COUNT];
    struct dated dates[DATES_MAX];
    size_t date_count;
};

bool ndes_guises_new(const struct ndes_identity *own, struct ndes_guises **out, struct err *e)
{
    struct ndes_guises *guises = calloc(1, sizeof *guises);
    if (guises == NULL)
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for certificates");
    guises->own = own;
    pthread_mutex_init(&guises->lock, NULL);
    *out = guises;
    return true;
}

void ndes_guises_free(struct ndes_guises *guises)
{
    if (guises == NULL)
        return;
    for (size_t i = 0; i < NDES_GUISE_COUNT; i++)
        ndes_identity_free(guises->made[i]);
    for (size_t i = 0; i < guises->date_count; i++)
        ndes_identity_free(guises->dates[i].identity);
    pthread_mutex_destroy(&guises->lock);
    free(guises);
}

/* The RA certificates anew, by `issuer`, for the keys that `id` has. */
static bool reissue_ra(struct ndes_identity *id, const struct ndes_identity *issuer,
                       const struct ndes_identity *serials, int64_t until_s, struct err *e)
{
    pki_cert_free(id->sign);
    pki_cert_free(id->encrypt);
    id->sign = id->encrypt = NULL;
    return ndes_identity_make_ra(id, issuer, serials, until_s, e);
}

static bool new_key(struct pki_key **key, struct err *e)
{
    unsigned bits = pki_key_bits(*key);
    pki_key_free(*key);
    *key = NULL;
    return pki_key_generate_rsa(bits, key, e);
}

/* The same name, but for another CA; the key is there. */
static bool replace_ca(struct ndes_identity *id, const char *name, int64_t until_s, struct err *e)
{
    pki_cert_free(id->ca);
    id->ca = NULL;
    return ndes_identity_make_ca(id, name, until_s, e);
}

static bool another_ca(struct ndes_identity *id, struct err *e)
{
    return new_key(&id->ca_key, e) &&
           replace_ca(id, "CN=Fabrikam Issuing CA 2", id->made_s + 7 * 365 * DAY, e);
}

static bool age_ra(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s, struct err *e)
{
    return reissue_ra(id, own, own, until_s, e);
}

static bool expire_ra(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                      struct err *e)
{
    (void)until_s;
    return reissue_ra(id, own, own, own->made_s - 3 * DAY, e);
}

static bool ra_of_other(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                        struct err *e)
{
    (void)until_s;
    struct ndes_identity *other = NULL;
    bool ok = ndes_identity_copy(own, &other, e) && another_ca(other, e) &&
              reissue_ra(id, other, NULL, own->made_s + 200 * DAY, e);
    ndes_identity_free(other);
    return ok;
}

static bool renew_ca(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                     struct err *e)
{
    (void)until_s;
    return new_key(&id->ca_key, e) && replace_ca(id, NULL, own->made_s + 10 * 365 * DAY, e);
}

static bool renew_ra(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                     struct err *e)
{
    (void)until_s;
    return new_key(&id->sign_key, e) && new_key(&id->encrypt_key, e) &&
           reissue_ra(id, own, NULL, own->made_s + 729 * DAY, e);
}

static bool expire_ca(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                      struct err *e)
{
    (void)until_s;
    return replace_ca(id, NULL, own->made_s - DAY, e);
}

static bool be_another(struct ndes_identity *id, const struct ndes_identity *own, int64_t until_s,
                       struct err *e)
{
    (void)until_s;
    return another_ca(id, e) && new_key(&id->sign_key, e) && new_key(&id->encrypt_key, e) &&
           reissue_ra(id, id, NULL, own->made_s + 700 * DAY, e);
}

/* Changes a copy of the server's own identity. */
static bool (*const makers[NDES_GUISE_COUNT])(struct ndes_identity *id, const struct ndes_identity *own,
                                              int64_t until_s, struct err *e) = {
    [NDES_GUISE_RA_AGED] = expire_ra,          [NDES_GUISE_RA_UNTIL] = age_ra,
    [NDES_GUISE_RA_OF_OTHER_CA] = ra_of_other, [NDES_GUISE_RA_OF_OLD_CA] = renew_ca,
    [NDES_GUISE_RA_RENEWED] = renew_ra,        [NDES_GUISE_CA_AGED] = expire_ca,
    [NDES_GUISE_OTHER_CA] = be_another,
};

static struct ndes_identity *make(const struct ndes_identity *own, enum ndes_guise guise, int64_t until_s,
                                  struct err *e)
{
    struct ndes_identity *id = NULL;
    bool ok = ndes_identity_copy(own, &id, e) && makers[guise](id, own, until_s, e) &&
              ndes_identity_make_bundle(id, e);
    if (ok)
        return id;
    ndes_identity_free(id);
    return NULL;
}

static const struct ndes_identity *get_dated(struct ndes_guises *guises, int64_t until_s, struct err *e)
{
    for (size_t i = 0; i < guises->date_count; i++) {
        if (guises->dates[i].until_s == until_s || i == DATES_MAX - 1)
            return guises->dates[i].identity;
    }
    struct ndes_identity *made = make(guises->own, NDES_GUISE_RA_UNTIL, until_s, e);
    if (made != NULL)
        guises->dates[guises->date_count++] = (struct dated){until_s, made};
    return made;
}

static const struct ndes_identity *get(struct ndes_guises *guises, enum ndes_guise guise, struct err *e)
{
    if (guises->made[guise] == NULL)
        guises->made[guise] = make(guises->own, guise, 0, e);
    return guises->made[guise];
}

const struct ndes_identity *ndes_guises_get(struct ndes_guises *guises, enum ndes_guise guise,
                                            int64_t until_s, struct err *e)
{
    if (guise == NDES_GUISE_OWN)
        return guises->own;
    pthread_mutex_lock(&guises->lock);
    const struct ndes_identity *id =
        guise == NDES_GUISE_RA_UNTIL ? get_dated(guises, until_s, e) : get(guises, guise, e);
    pthread_mutex_unlock(&guises->lock);
    return id;
}
