/* Faults of the certification authority (F.2.7). */
#include "sim/fault_kinds.h"
#include "sim/refusals.h"

enum { FACE_OF_ACCOUNT, FACE_OF_CALLER };
static const char *const permission_faces[] = {"enroll", "otp", NULL};

/* The service account lacks Enroll: the CA refuses. The caller of the OTP page lacks it: the page says so. */
static void template_permission(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    if (fault->value[0] == FACE_OF_CALLER) {
        effects->otp_page_replaced = true;
        effects->otp_page = SIM_OTP_PAGE_NO_PERMISSION;
    } else {
        effects->ca = SIM_REFUSE_TEMPLATE_DENIED;
    }
}

/* The CA's queue: nobody decides while this lasts (F.2.7). */
static void approval_pending(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->hold = SIM_HOLD_PENDING;
}

static void approval_denied(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    (void)fault;
    effects->hold = SIM_HOLD_DENIED;
}

enum { SAYS_BAD_REQUEST, SAYS_BAD_CERT_ID };
static const char *const forgetful_answers[] = {"badRequest", "badCertId", NULL};

/* Which failInfo a poll then gets is not known: 2 or 4. */
static void approval_forgotten(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    effects->hold = SIM_HOLD_FORGOTTEN;
    effects->forgotten =
        fault->value[0] == SAYS_BAD_CERT_ID ? &SIM_REFUSE_NOT_PENDING_ID : &SIM_REFUSE_NOT_PENDING;
}

static const struct sim_fault_kind kinds[] = {
    {.id = "template-permission-denied",
     .keys = {{.name = "face", .choices = permission_faces}},
     .apply = template_permission},
    {.id = "approval-denied", .apply = approval_denied},
    {.id = "pending-approval", .apply = approval_pending},
    {.id = "pending-forgotten",
     .keys = {{.name = "answer", .choices = forgetful_answers}},
     .apply = approval_forgotten},
};
SIM_FAULT_FAMILY(sim_faults_authority, kinds);
