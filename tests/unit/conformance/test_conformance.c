// links: sim
/* Every probe against the simulated NDES as a function: what each is told, and why. */
#include "check.h"
#include "conformance/conformance.h"
#include "sim_rig.h"

#define URL "http://ndes.example/certsrv/mscep/mscep.dll"

/* A control that was enrolled, and everything that a probe beside it needs. */
struct bench {
    struct rig *rig;
    struct persona persona;
    struct persona_choice choice;
    struct persona_device device;
    char challenge[NDES_OTP_TEXT_BYTES];
    struct buf subject, csr, signer, message;
    struct scep_transaction transaction;
    struct scep_certrep reply;
    struct conformance_control control;
    struct conformance_material material;
};

static struct ndes_reply send(struct bench *b, bool post, struct span message)
{
    struct err e = {0};
    struct buf url;
    buf_init(&url, BYTES_MAX_MESSAGE);
    CHECK_OK(persona_url(&b->persona, URL, PERSONA_PKI_OPERATION, post, post ? span_of(NULL, 0) : message,
                         &url, &e),
             &e);
    const char *target = buf_text(&url) + strlen("http://ndes.example");
    struct ndes_reply reply = ask(b->rig, post ? "POST" : "GET", target, post ? message : span_of(NULL, 0));
    buf_clear(&url);
    return reply;
}

static void enroll_control(struct bench *b)
{
    struct err e = {0};
    struct buf *const bufs[] = {&b->subject, &b->csr, &b->signer, &b->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_init(bufs[i], BYTES_MAX_MESSAGE);
    int64_t now_s = b->rig->now_us / 1000000;
    CHECK_OK(persona_subject(&b->persona, &b->device, &b->subject, &e), &e);
    CHECK_OK(persona_csr(&b->persona, &b->device, buf_span(&b->subject), &b->choice, &b->csr, &e), &e);
    CHECK_OK(persona_transaction(&b->persona, device_key, true, &b->transaction, &e), &e);
    CHECK_OK(persona_signer(&b->persona, buf_span(&b->subject), device_key, &b->transaction, &b->choice,
                            now_s, &b->signer, &e),
             &e);
    const struct persona_message_spec spec = {.type = SCEP_PKCS_REQ,
                                              .content = buf_span(&b->csr),
                                              .transaction = &b->transaction,
                                              .recipient = scep_ca_recipient(b->rig->served),
                                              .signer_cert = buf_span(&b->signer),
                                              .signer_key = device_key,
                                              .now_s = now_s};
    CHECK_OK(persona_message(&b->persona, &b->choice, &spec, &b->message, &e), &e);
    struct ndes_reply reply = send(b, b->choice.post, buf_span(&b->message));
    const struct scep_expected expected = {.transaction = &b->transaction,
                                           .ca = b->rig->served,
                                           .decrypt_key = device_key,
                                           .signer_cert = buf_span(&b->signer),
                                           .spki = pki_key_spki(device_key),
                                           .subject = buf_span(&b->subject),
                                           .now_s = now_s};
    CHECK_OK(scep_certrep_read(buf_span(&reply.body), &expected, &b->reply, &e), &e);
    buf_clear(&reply.body);
}

static struct bench *make_bench(const char *persona)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err e = {0};
    b->rig = make_rig(NULL);
    CHECK_OK(persona_find(persona, &b->persona, &e), &e);
    struct ndes_reply caps = get(b->rig, CAPS);
    CHECK_OK(persona_choose(&b->persona, buf_span(&caps.body), &b->choice, &e), &e);
    buf_clear(&caps.body);
    fetch_password(b->rig, b->challenge);
    b->device = (struct persona_device){
        .subject = "CN=phone-7,OU=scepstorm", .challenge = span_of_text(b->challenge), .key = device_key};
    enroll_control(b);
    b->control = (struct conformance_control){
        .message = buf_span(&b->message),
        .transaction = &b->transaction,
        .subject = buf_span(&b->subject),
        .signer = buf_span(&b->signer),
        .spki = pki_key_spki(device_key),
        .signer_key = device_key,
        .challenge = b->device.challenge,
        .issued = b->reply.issued,
    };
    b->material = (struct conformance_material){.persona = &b->persona,
                                                .choice = &b->choice,
                                                .device = &b->device,
                                                .signer_key = device_key,
                                                .ca = b->rig->served,
                                                .control = &b->control,
                                                .key_reused = true,
                                                .now_s = b->rig->now_us / 1000000};
    return b;
}

static void free_bench(struct bench *b)
{
    struct buf *const bufs[] = {&b->subject, &b->csr, &b->signer, &b->message};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        buf_clear(bufs[i]);
    scep_certrep_clear(&b->reply);
    free_rig(b->rig);
    free(b);
}

static struct conformance_finding judge(struct bench *b, const struct conformance_probe *probe,
                                        const struct conformance_request *request,
                                        const struct ndes_reply *reply)
{
    struct scep_certrep rep = {0};
    struct err why = {0};
    bool certrep = strcmp(reply->content_type, "application/x-pki-message") == 0;
    bool ok = certrep && conformance_read(probe, &b->material, request, buf_span(&reply->body), &rep, &why);
    const struct conformance_answer answer = {.silence = certrep ? NULL : "a page",
                                              .http_status = reply->status,
                                              .reply = &rep,
                                              .error = ok ? NULL : &why,
                                              .control_issued = b->control.issued,
                                              .caps = b->choice.caps};
    struct conformance_finding f = conformance_judge(probe, &answer);
    scep_certrep_clear(&rep);
    return f;
}

/* One probe beside a control of its own, so that passwords never pile up. */
static struct conformance_finding try_probe(const struct conformance_probe *probe, const char *persona)
{
    struct bench *b = make_bench(persona);
    struct err e = {0};
    struct conformance_request request;
    char fresh[NDES_OTP_TEXT_BYTES];
    fetch_password(b->rig, fresh);
    struct persona_device device = b->device;
    device.challenge = span_of_text(fresh);
    b->material.device = &device;
    CHECK_OK(conformance_make(probe, &b->material, &request, &e), &e);
    struct ndes_reply reply = send(b, request.post, buf_span(&request.message));
    struct conformance_finding f = judge(b, probe, &request, &reply);
    buf_clear(&reply.body);
    conformance_request_clear(&request);
    free_bench(b);
    return f;
}

/* Refused, but not said so in SCEP: by a page of NDES. */
static const char *const outside[] = {"corrupted-envelope", "wrong-recipient"};

static enum conformance_verdict wanted(const char *id)
{
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        if (strcmp(outside[i], id) == 0)
            return CONFORMANCE_SKIPPED;
    }
    return CONFORMANCE_PASSED;
}

static void every_probe_gets_its_verdict_from_the_simulator(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < conformance_count(); i++) {
        const struct conformance_probe *probe = conformance_probe(i);
        struct conformance_finding f = try_probe(probe, PERSONA_DEFAULT);
        bool ok = f.verdict == wanted(probe->id);
        wrong += !ok;
        printf("%-28s %-8s %s\n", probe->id, conformance_verdict_id(f.verdict), f.observed);
    }
    assert_int_equal(wrong, 0);
}

/* Habits of the control are the probe's too: BER, OAEP, GET. */
static void personas_probe_in_their_own_dress(void **state)
{
    (void)state;
    bool chosen[CONFORMANCE_MAX] = {false};
    struct err e = {0};
    CHECK_OK(conformance_choose("corrupted-signature", chosen, &e), &e);
    CHECK_OK(conformance_choose("corrupted-envelope", chosen, &e), &e);
    CHECK_OK(conformance_choose("replay", chosen, &e), &e);
    for (const char *const *name = persona_names(); *name != NULL; name++) {
        for (size_t i = 0; i < conformance_count(); i++) {
            const struct conformance_probe *probe = conformance_probe(i);
            struct conformance_finding f;
            if (!chosen[i])
                continue;
            f = try_probe(probe, *name);
            if (f.verdict != wanted(probe->id))
                fail_msg("%s, %s: %s: %s", *name, probe->id, conformance_verdict_id(f.verdict), f.observed);
        }
    }
}

static void the_simulator_names_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *id, *observed;
    } rows[] = {
        {"wrong-challenge", "refused with failInfo 1 (badMessageCheck), HRESULT 0x80070490"},
        {"reused-challenge", "refused with failInfo 1 (badMessageCheck), HRESULT 0x800b0110"},
        {"no-challenge", "refused with failInfo 1 (badMessageCheck), HRESULT 0x80096004"},
        {"replay", "refused with failInfo 1 (badMessageCheck), HRESULT 0x800b0110"},
        {"unknown-serial", "refused with failInfo 2 (badRequest), HRESULT 0x80070057"},
        {"corrupted-envelope", "refused outside SCEP: a page"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool chosen[CONFORMANCE_MAX] = {false};
        struct err e = {0};
        size_t at = 0;
        CHECK_OK(conformance_choose(rows[i].id, chosen, &e), &e);
        while (!chosen[at])
            at++;
        struct conformance_finding f = try_probe(conformance_probe(at), PERSONA_DEFAULT);
        assert_string_equal(f.observed, rows[i].observed);
    }
}

/* Verdicts, without a server. */

static const struct conformance_probe *find(const char *id)
{
    for (size_t i = 0; i < conformance_count(); i++) {
        if (strcmp(conformance_probe(i)->id, id) == 0)
            return conformance_probe(i);
    }
    fail_msg("no probe %s", id);
    return NULL;
}

static struct conformance_finding judge_reply(const char *id, int status, int fail_info, uint32_t hresult,
                                              enum reason reason, unsigned caps)
{
    const struct scep_certrep reply = {
        .pki_status = status, .fail_info = fail_info, .has_hresult = hresult != 0, .hresult = hresult};
    const struct err why = {.reason = reason};
    const struct conformance_answer answer = {
        .http_status = 200, .reply = &reply, .error = reason != REASON_NONE ? &why : NULL, .caps = caps};
    return conformance_judge(find(id), &answer);
}

static void a_refusal_is_judged_by_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        int status, fail_info;
        uint32_t hresult;
        enum reason reason;
        unsigned caps;
        enum conformance_verdict verdict;
    } rows[] = {
        {"wrong-challenge", 2, 2, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"wrong-challenge", 2, 1, 0x80070490, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"wrong-challenge", 2, 1, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"wrong-challenge", 2, 2, 0x800706BA, REASON_SCEP_FAILURE, 0, CONFORMANCE_ODD}, /* the CA is away */
        {"wrong-challenge", 2, 0, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_ODD},
        {"wrong-challenge", 0, -1, 0, REASON_NONE, 0, CONFORMANCE_FAILED},
        {"wrong-challenge", 0, -1, 0, REASON_KEY_MISMATCH, 0, CONFORMANCE_FAILED},
        {"wrong-challenge", 3, -1, 0, REASON_SCEP_PENDING, 0, CONFORMANCE_FAILED},
        {"wrong-challenge", 2, 2, 0, REASON_NONCE_MISMATCH, 0, CONFORMANCE_ODD},
        {"wrong-challenge", 9, -1, 0, REASON_STATUS_UNKNOWN, 0, CONFORMANCE_SKIPPED},
        {"corrupted-signature", 2, 2, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_ODD},
        {"signing-time-past", 0, -1, 0, REASON_NONE, 0, CONFORMANCE_PASSED},
        {"signing-time-past", 2, 3, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"signing-time-past", 2, 2, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_ODD},
        {"transaction-reuse", 0, -1, 0, REASON_KEY_MISMATCH, 0, CONFORMANCE_FAILED},
        {"replay", 0, -1, 0, REASON_NONE, 0, CONFORMANCE_FAILED}, /* another certificate */
        {"string-utf8", 2, 1, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_ODD},
        {"string-utf8", 2, 0, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_FAILED},
        {"string-t61", 2, 1, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"algorithms-aes128-sha256-pkcs1", 2, 0, 0, REASON_SCEP_FAILURE, 0, CONFORMANCE_PASSED},
        {"algorithms-aes128-sha256-pkcs1", 2, 0, 0, REASON_SCEP_FAILURE, SCEP_CAP_AES | SCEP_CAP_SHA256,
         CONFORMANCE_FAILED},
        {"algorithms-aes128-sha256-oaep", 2, 0, 0, REASON_SCEP_FAILURE, SCEP_CAP_AES | SCEP_CAP_SHA256,
         CONFORMANCE_PASSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conformance_finding f = judge_reply(rows[i].id, rows[i].status, rows[i].fail_info,
                                                   rows[i].hresult, rows[i].reason, rows[i].caps);
        if (f.verdict != rows[i].verdict)
            fail_msg("row %zu: %s: %s", i, conformance_verdict_id(f.verdict), f.observed);
    }
}

static void without_a_scep_answer_nothing_passes(void **state)
{
    (void)state;
    static const int statuses[] = {0, 200, 400, 403, 404, 414, 500, 503};
    for (size_t i = 0; i < conformance_count(); i++) {
        for (size_t s = 0; s < sizeof statuses / sizeof statuses[0]; s++) {
            const struct conformance_answer answer = {.silence = "a page", .http_status = statuses[s]};
            struct conformance_finding f = conformance_judge(conformance_probe(i), &answer);
            assert_int_equal(f.verdict, CONFORMANCE_SKIPPED);
        }
    }
}

static void probes_are_chosen_by_name_and_by_family(void **state)
{
    (void)state;
    struct err e = {0};
    bool chosen[CONFORMANCE_MAX] = {false};
    size_t count = 0;
    CHECK_OK(conformance_choose("algorithms", chosen, &e), &e);
    for (size_t i = 0; i < CONFORMANCE_MAX; i++)
        count += chosen[i];
    assert_int_equal(count, 32);
    CHECK_OK(conformance_choose("all", chosen, &e), &e);
    for (size_t i = 0; i < CONFORMANCE_MAX; i++)
        assert_int_equal(chosen[i], i < conformance_count());
    assert_false(conformance_choose("corupted-signature", chosen, &e));
    assert_string_equal(e.text,
                        "there is no probe 'corupted-signature'; did you mean 'corrupted-signature'?");
    assert_false(conformance_choose("", chosen, &e));
    assert_false(conformance_choose("alg", chosen, &e));
}

static void the_table_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < conformance_count(); i++) {
        const struct conformance_probe *p = conformance_probe(i);
        char expected[CONFORMANCE_TEXT_BYTES];
        assert_true(p->title != NULL && p->rule != NULL && p->does != NULL && p->reasons != NULL);
        assert_true(p->basis >= PERSONA_DOCUMENTED && p->basis <= PERSONA_INFERRED);
        assert_true(p->wants != CONFORMANCE_REFUSE || p->reasons[0].fail_info >= 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(p->id, conformance_probe(j)->id);
        conformance_expected(p, 0, expected);
        assert_true(expected[0] != '\0');
    }
    char expected[CONFORMANCE_TEXT_BYTES];
    conformance_expected(find("wrong-challenge"), 0, expected);
    assert_string_equal(expected, "refused with badRequest, badMessageCheck 0x80070490");
    assert_null(conformance_probe(conformance_count()));
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    struct rig *r = make_rig(NULL);
    const char *why;
    assert_true(conformance_applies(find("reused-challenge"), r->served, true, false, &why));
    assert_false(conformance_applies(find("reused-challenge"), r->served, true, true, &why));
    assert_true(conformance_applies(find("wrong-challenge"), r->served, true, true, &why));
    assert_false(conformance_applies(find("wrong-challenge"), r->served, false, false, &why));
    assert_false(conformance_applies(find("string-utf8"), r->served, false, false, &why));
    assert_true(conformance_applies(find("unknown-serial"), r->served, false, false, &why));
    assert_true(conformance_applies(find("wrong-recipient"), r->served, true, false, &why));
    struct scep_ca *alone = NULL;
    struct err e = {0};
    CHECK_OK(scep_ca_parse(pki_cert_der(identity->ca), &alone, &e), &e);
    assert_false(conformance_applies(find("wrong-recipient"), alone, true, false, &why));
    assert_non_null(why);
    scep_ca_free(alone);
    free_rig(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_gets_its_verdict_from_the_simulator),
        cmocka_unit_test(personas_probe_in_their_own_dress),
        cmocka_unit_test(the_simulator_names_the_reason),
        cmocka_unit_test(a_refusal_is_judged_by_its_reason),
        cmocka_unit_test(without_a_scep_answer_nothing_passes),
        cmocka_unit_test(probes_are_chosen_by_name_and_by_family),
        cmocka_unit_test(the_table_is_complete),
        cmocka_unit_test(what_cannot_be_asked_is_said),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
