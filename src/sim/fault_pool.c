/* Faults of the application pool and its account (F.2.3, B.3). */
#include "sim/fault_kinds.h"
#include "sim/refusals.h"

/* A pool whose identity cannot log on does not start: HTTP.sys answers. Microsoft's Intune page reports 500 for the same
 * causes (B.3), hence the choice. */
enum { FACE_503, FACE_500, FACE_ENROLL };
static const char *const pool_faces[] = {"503", "500", NULL};
static const char *const identity_faces[] = {"503", "500", "enroll", NULL};

static void pool_down(const struct sim_fault_setting *fault, struct sim_effects *effects)
{
    switch (fault->value[0]) {
    case FACE_503:
        effects->kernel = SIM_ERROR_KERNEL_UNAVAILABLE;
        break;
    case FACE_500:
        effects->extension = SIM_ERROR_IIS_500;
        break;
    case FACE_ENROLL: /* the wrong account runs the pool well, but may not enroll */
        effects->ca = SIM_REFUSE_TEMPLATE_DENIED;
        break;
    }
}

static const struct sim_fault_kind kinds[] = {
    {.id = "app-pool-stopped", .apply = pool_down},
    {.id = "app-pool-identity-mismatch",
     .keys = {{.name = "face", .choices = identity_faces}},
     .apply = pool_down},
    {.id = "service-account-password-expired",
     .keys = {{.name = "face", .choices = pool_faces}},
     .apply = pool_down},
    {.id = "service-account-locked", .keys = {{.name = "face", .choices = pool_faces}}, .apply = pool_down},
};
SIM_FAULT_FAMILY(sim_faults_pool, kinds);
