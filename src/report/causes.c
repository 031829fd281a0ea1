/* The catalogue of causes as JSON; contract: `causes --json`. */
#include "report/parts.h"

static json_t *stages_json(const struct cause_stages *at)
{
    json_t *out = json_object();
    json_object_set_new(out, "transport", summary_string(at->transport));
    json_object_set_new(out, "bare_url", summary_string(at->bare));
    json_object_set_new(out, "get_ca_caps", summary_string(at->caps));
    json_object_set_new(out, "get_ca_cert", summary_string(at->ca_cert));
    json_object_set_new(out, "otp", summary_string(at->otp));
    json_object_set_new(out, "pki_operation_post", summary_string(at->post));
    json_object_set_new(out, "pki_operation_get", summary_string(at->get));
    json_object_set_new(out, "cert_poll", summary_string(at->poll));
    return out;
}

static json_t *cause_json(const struct cause *c)
{
    json_t *out = json_object();
    json_object_set_new(out, "id", json_string(c->id));
    json_object_set_new(out, "title", summary_string(c->title));
    json_object_set_new(out, "mode", json_string(c->mode));
    json_object_set_new(out, "stage", json_string(c->stage));
    json_object_set_new(out, "class", summary_string(c->class_id));
    json_object_set_new(out, "runbook", summary_string(c->runbook != NULL ? c->runbook[0] : ""));
    json_object_set_new(out, "runbook_lines", summary_strings(c->runbook));
    json_object_set_new(out, "signature", summary_string(c->signature));
    json_object_set_new(out, "stages", stages_json(&c->at));
    json_object_set_new(out, "decided_by", summary_string(c->decided_by));
    json_object_set_new(out, "codes", summary_strings(c->codes));
    json_object_set_new(out, "steps", summary_strings(c->steps));
    json_object_set_new(out, "resolution", summary_strings(c->resolution));
    json_object_set_new(out, "prevention", summary_strings(c->prevention));
    json_object_set_new(out, "device_symptoms", summary_symptoms(c));
    json_object_set_new(out, "sources", summary_strings(c->sources));
    json_object_set_new(out, "basis", json_string(causes_basis_id(c->basis)));
    json_object_set_new(out, "simulated", json_boolean(c->simulated));
    json_object_set_new(out, "not_simulated",
                        c->not_simulated != NULL ? json_string(c->not_simulated) : json_null());
    return out;
}

bool report_causes_json(const struct cause *const *list, size_t count, struct buf *out, struct err *e)
{
    json_t *causes = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(causes, cause_json(list[i]));
    struct summary s = {.tree = json_pack("{s:o}", "causes", causes)};
    bool ok =
        s.tree != NULL ? summary_text(&s, out, e) : err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory");
    json_decref(s.tree);
    return ok;
}
