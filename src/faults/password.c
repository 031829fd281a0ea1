/* Faults of the password in the request (F.2.6). */
#include "faults/rows.h"
#include "ndes/refusals.h"

static void password_stripped(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->password = NDES_PASSWORD_STRIPPED;
}

static void password_unknown(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->password = NDES_PASSWORD_UNKNOWN;
}

/* Passwords live shorter than it takes to use them. The page and the registry say so, in minutes. */
static void password_short_lived(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->otp.validity_set = true;
    effects->otp.validity_us = fault->value[0];
}

static void refuse_with(int64_t hresult, struct ndes_effects *effects)
{
    effects->password_refusal = NDES_REFUSE_PASSWORD_UNKNOWN;
    effects->password_refusal.hresult = (uint32_t)hresult;
}

enum { HANDED_OUT_TWICE, CALLED_USED };
static const char *const reuses[] = {"twice", "every", NULL};

/* One password in the profiles of two devices: the second one is too late. Or every one was used by somebody before. */
static void password_reused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    if (fault->value[0] == HANDED_OUT_TWICE)
        effects->otp.twice = true;
    else
        effects->password = NDES_PASSWORD_USED;
    refuse_with(fault->value[1], effects);
}

static void pool_recycles(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->restart_every_us = fault->value[0];
}

static const char *const strings[] = {"not-printable", "utf8", "printable", "any", NULL};

/* NDES reads PrintableString (B.2). What it makes of another type is not known: no password of its own. */
static void password_unreadable(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const unsigned types[] = {NDES_STRING_UTF8 | NDES_STRING_OTHER, NDES_STRING_UTF8,
                                     NDES_STRING_PRINTABLE,
                                     NDES_STRING_PRINTABLE | NDES_STRING_UTF8 | NDES_STRING_OTHER};
    effects->unreadable_string = types[fault->value[0]];
    refuse_with(fault->value[1], effects);
}

#define KEY_EVERY                                                                                            \
    {                                                                                                        \
        .name = "every", .kind = FAULT_KEY_DURATION, .value = INT64_C(10) * 1000000                          \
    }

/* Two servers behind one address; the connection decides which one a request meets. */
static void two_nodes(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->nodes = NDES_OTP_NODES;
}

static const struct fault_kind kinds[] = {
    {.id = "lb-node-affinity-missing", .apply = two_nodes},
    {.id = "password-already-used",
     .keys = {{.name = "how", .choices = reuses}, KEY_HRESULT(0x800B0110)},
     .apply = password_reused},
    {.id = "password-bad-encoding",
     .keys = {{.name = "unreadable", .choices = strings}, KEY_HRESULT(0x80070490)},
     .apply = password_unreadable},
    {.id = "password-expired",
     .keys = {{.name = "validity", .kind = FAULT_KEY_DURATION, .value = 0}},
     .apply = password_short_lived,
     .traces =
         FAULT_TRACES(ROW_STATE("registry.Value", MSCEP_KEY "PasswordValidity\\PasswordValidity", "{key}"))},
    {.id = "password-lost-on-recycle", .keys = {KEY_EVERY}, .apply = pool_recycles},
    {.id = "password-missing", .apply = password_stripped},
    {.id = "password-wrong", .apply = password_unknown},
};
FAULT_FAMILY(faults_password, kinds);
