/* Faults of messages: what server and client cannot read of each other's, renewals, and certificates that clients do not
 * expect (F.2.6, F.2.9). What a client's mistake provokes is done by a server that would meet it everywhere. */
#include "faults/rows.h"
#include "ndes/ca_errors.h"
#include "ndes/refusals.h"

/* The answer to what cannot be read: its form is known from one report, so there is a choice (Doubts 11). */
static const char *const unread_answers[] = {"page", "empty", "500", NULL};

static void leave_unread(enum ndes_unread how, int64_t answer, struct ndes_effects *effects)
{
    static const enum ndes_error_page pages[] = {NDES_ERROR_NONE, NDES_ERROR_IIS_EMPTY, NDES_ERROR_IIS_500};
    effects->unread = how;
    effects->unread_page = pages[answer];
}

static void not_for_us(const struct fault_setting *fault, struct ndes_effects *effects)
{
    leave_unread(NDES_UNREAD_ENVELOPE, fault->value[0], effects);
}

static const char *const malformed_events[] = {"17", "16", NULL};

static void malformed(const struct fault_setting *fault, struct ndes_effects *effects)
{
    leave_unread(fault->value[1] == 0 ? NDES_UNREAD_PKCS7 : NDES_UNREAD_HTTP, fault->value[0], effects);
}

enum { ALL_REFUSED, CERTIFICATES_RENEWED };
static const char *const stale_forms[] = {"refused", "renewed", NULL};

/* Whoever enrolls through the MDM uses its old copy; or the certificates are new from now on, and only what is encrypted to
 * the old ones fails. */
static void stale_ra(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->guise = NDES_GUISE_RA_RENEWED;
    if (fault->value[0] == ALL_REFUSED)
        effects->unread = NDES_UNREAD_ENVELOPE;
}

static const char *const algorithm_kinds[] = {"all", "old", "new", NULL};

/* The HRESULT is inferred; other servers send none. */
static void algorithms_refused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const unsigned kinds[] = {NDES_ALGORITHMS_OLD | NDES_ALGORITHMS_NEW, NDES_ALGORITHMS_OLD,
                                     NDES_ALGORITHMS_NEW};
    effects->algorithms = kinds[fault->value[0]];
    effects->algorithm = NDES_REFUSE_ALGORITHM;
    effects->algorithm.hresult = (uint32_t)fault->value[1];
}

static void types_refused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->basic_types_only = true;
}

static const char *const reply_forms[] = {"oaep", "aes256", "des3",         "sha512",
                                          "sha1", "signer", "other-client", NULL};

static void reply_unreadable(const struct fault_setting *fault, struct ndes_effects *effects)
{
    static const enum ndes_reply_form forms[] = {
        NDES_REPLY_OAEP, NDES_REPLY_AES256,       NDES_REPLY_DES3,           NDES_REPLY_SHA512,
        NDES_REPLY_SHA1, NDES_REPLY_OTHER_SIGNER, NDES_REPLY_OTHER_RECIPIENT};
    effects->reply_form = forms[fault->value[0]];
}

/* failInfo and HRESULT of a refused renewal were never recorded, but for one (B.2). */
static void renewals_refused(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->renewal = NDES_REFUSE_RENEWAL;
    effects->renewal.hresult = (uint32_t)fault->value[0];
    effects->renewal.fail_info = (int)fault->value[1];
}

/* The CA says no, and NDES calls it a renewal that was refused. */
static void renewals_refused_by_ca(const struct fault_setting *fault, struct ndes_effects *effects)
{
    effects->renewal = ndes_ca_refusal((uint32_t)fault->value[0], (enum ndes_language)fault->value[2]);
    effects->renewal.fail_info = (int)fault->value[1];
    effects->renewal.event = "NDES 28";
}

static void renewals_with_password(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->renewal_password = true;
}

/* A server of another CA, sound in itself: only who knows the right fingerprint sees anything. */
static void another_ca(const struct fault_setting *fault, struct ndes_effects *effects)
{
    (void)fault;
    effects->guise = NDES_GUISE_OTHER_CA;
}

#define KEY_ANSWER                                                                                           \
    {                                                                                                        \
        .name = "answer", .choices = unread_answers                                                          \
    }
#define NDES_TEMPLATE(value)                                                                                 \
    ROW_STATE("registry.Value", MSCEP_KEY "SignatureTemplate", value),                                       \
        ROW_STATE("registry.Value", MSCEP_KEY "EncryptionTemplate", value),                                  \
        ROW_STATE("registry.Value", MSCEP_KEY "GeneralPurposeTemplate", value)

static const struct fault_kind kinds[] = {
    {.id = "ca-fingerprint-mismatch", .apply = another_ca},
    {.id = "client-crypto-incompatible",
     .keys = {{.name = "reply", .choices = reply_forms}},
     .apply = reply_unreadable},
    {.id = "malformed-pkimessage",
     .keys = {KEY_ANSWER, {.name = "event", .choices = malformed_events}},
     .apply = malformed},
    {.id = "mdm-stale-ra-certs",
     .keys = {{.name = "how", .choices = stale_forms}},
     .apply = stale_ra,
     .traces = FAULT_TRACES(ROW_STATE("certificates.NotBefore", "{ra-sign}", "{time-1d}"),
                            ROW_STATE("certificates.NotBefore", "{ra-encrypt}", "{time-1d}"),
                            ROW_STATE("certificates.NotAfter", "{ra-sign}", "{time+729d}"),
                            ROW_STATE("certificates.NotAfter", "{ra-encrypt}", "{time+729d}"))},
    {.id = "message-encrypted-to-wrong-cert", .keys = {KEY_ANSWER}, .apply = not_for_us},
    {.id = "renewal-needs-challenge", .apply = renewals_with_password},
    {.id = "renewal-signer-expired",
     .keys = {KEY_HRESULT(0x800B0101), KEY_FAIL_INFO(SCEP_BAD_REQUEST)},
     .apply = renewals_refused},
    {.id = "renewal-subject-mismatch",
     .keys = {KEY_HRESULT(0x80094806), KEY_FAIL_INFO(SCEP_BAD_REQUEST)},
     .apply = renewals_refused,
     .traces = FAULT_TRACES(ROW_STATE("templates.SubjectFromAd", "NDESDevice", "True"))},
    {.id = "renewal-unsupported-ca",
     .keys = {KEY_HRESULT(0), KEY_FAIL_INFO(SCEP_BAD_REQUEST)},
     .apply = renewals_refused,
     .traces = FAULT_TRACES(ROW_STATE("registry.Value", MSCEP_KEY "CAType\\CAType", "0"))},
    {.id = "renewal-wrong-template",
     .keys = {KEY_HRESULT(0x80094802), KEY_FAIL_INFO(SCEP_BAD_REQUEST), KEY_LANGUAGE},
     .apply = renewals_refused_by_ca,
     .traces = FAULT_TRACES(NDES_TEMPLATE("NDESDevice2"),
                            ROW_STATE("templates.DisplayName", "NDESDevice2", "NDES Device 2"),
                            ROW_STATE("templates.Published", "NDESDevice2", "True"),
                            ROW_STATE("templates.Account", "NDESDevice2", "{account}"),
                            ROW_STATE("templates.Enroll", "NDESDevice2", "True"),
                            ROW_STATE("templates.Read", "NDESDevice2", "True"))},
    {.id = "unsupported-algorithm",
     .keys = {{.name = "algorithms", .choices = algorithm_kinds}, KEY_HRESULT(0x80090008)},
     .apply = algorithms_refused},
    {.id = "unsupported-message-type", .apply = types_refused},
};
FAULT_FAMILY(faults_messages, kinds);
