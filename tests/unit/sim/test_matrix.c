// links: persona
/* Every persona with every message, cipher, digest, key transport and key size, against the simulated server without sockets.
 *
 * With keys of 2048 bits it is the full product. RSA with longer keys is what costs time, and depends on no other value:
 * with 3072 and 4096 bits every pair of the other values comes up, which makes every triple with the key size. */
#include "persona/persona.h"
#include "pki_fixture.h"
#include "scep/content.h"
#include "sim_rig.h"

#define NDES    "http://ndes.example"
#define SUBJECT "CN=phone-7,OU=scepstorm"

/* What varies, and how many values it has at most. */
enum axis { PERSONA, MESSAGE, CIPHER, DIGEST, TRANSPORT, AXES };
#define VALUES 16

struct cell {
    unsigned at[AXES];
};

static const struct message {
    const char *name;
    enum scep_message_type type;
    bool holds; /* signed by a certificate that the device has */
} messages[] = {
    {"PKCSReq", SCEP_PKCS_REQ, false},    {"RenewalReq", SCEP_RENEWAL_REQ, true},
    {"UpdateReq", SCEP_UPDATE_REQ, true}, {"PKCSReq signed by the old certificate", SCEP_PKCS_REQ, true},
    {"CertPoll", SCEP_CERT_POLL, false},  {"GetCert", SCEP_GET_CERT, true},
    {"GetCRL", SCEP_GET_CRL, true},
};
static const enum pki_cipher ciphers[] = {PKI_DES3_CBC, PKI_AES128_CBC, PKI_AES192_CBC, PKI_AES256_CBC,
                                          PKI_DES_CBC};
static const enum pki_digest digests[] = {PKI_SHA1, PKI_SHA256, PKI_SHA384, PKI_SHA512};
#define COUNT(list) ((unsigned)(sizeof(list) / sizeof((list)[0])))

/* One device on its way through one cell. */
struct attempt {
    const struct cell *cell;
    struct rig *rig;
    struct persona persona;
    struct persona_choice choice;
    const struct pki_key *key, *signer_key; /* of the CSR; of the message */
    const struct pki_cert *held;            /* NULL: a temporary certificate signs */
    struct scep_transaction transaction;
    struct buf subject, csr, signer, query;
};

static struct pki_key *other_key; /* what certificates are renewed to */
static struct err e;

static const struct message *message_of(const struct cell *c)
{
    return &messages[c->at[MESSAGE]];
}

static enum pki_transport transport_of(const struct cell *c)
{
    return (enum pki_transport)c->at[TRANSPORT];
}

static void fail_cell(const struct attempt *a, const char *what)
{
    const struct cell *c = a->cell;
    fail_msg("%s, %s, %s, %s, %s, %u bits: %s: %s: %s", a->persona.name, message_of(c)->name,
             pki_cipher_name(ciphers[c->at[CIPHER]]), pki_digest_name(digests[c->at[DIGEST]]),
             pki_transport_name(transport_of(c)), pki_key_bits(a->signer_key), what, base_reason_id(e.reason),
             e.text);
}

static void wants(const struct attempt *a, bool ok, const char *what)
{
    if (!ok)
        fail_cell(a, what);
}

/* ---- one device ---- */

/* The persona with the algorithms of the cell in place of its own. */
static void choose(struct attempt *a)
{
    struct ndes_reply caps = get(a->rig, CAPS);
    wants(a, persona_find(persona_names()[a->cell->at[PERSONA]], &a->persona, &e), "no such persona");
    wants(a, persona_choose(&a->persona, buf_span(&caps.body), &a->choice, &e), "capabilities");
    buf_clear(&caps.body);
    a->choice.digest = digests[a->cell->at[DIGEST]];
    a->choice.cipher = ciphers[a->cell->at[CIPHER]];
    a->persona.key_transport = transport_of(a->cell);
    a->persona.poll_digest = PERSONA_DIGEST_SAME;
    a->persona.poll_cipher = PERSONA_CIPHER_SAME;
}

/* Everything up to the message. A certificate held stands for the password. */
static void prepare(struct attempt *a)
{
    char password[NDES_OTP_TEXT_BYTES] = "";
    struct buf *all[] = {&a->subject, &a->csr, &a->signer, &a->query};
    for (size_t i = 0; i < COUNT(all); i++)
        buf_init(all[i], BYTES_MAX_MESSAGE);
    if (a->held == NULL)
        fetch_password(a->rig, password);
    const struct persona_device device = {
        .index = 7, .subject = SUBJECT, .challenge = span_of_text(password), .key = a->key};
    wants(a, persona_subject(&a->persona, &device, &a->subject, &e), "subject");
    wants(a, persona_csr(&a->persona, &device, buf_span(&a->subject), &a->choice, &a->csr, &e), "CSR");
    wants(a, persona_transaction(&a->persona, a->key, true, &a->transaction, &e), "transaction");
    bool ok = a->held != NULL ? buf_append_span(&a->signer, pki_cert_der(a->held))
                              : persona_signer(&a->persona, buf_span(&a->subject), a->signer_key,
                                               &a->transaction, &a->choice, NOW / 1000000, &a->signer, &e);
    wants(a, ok, "signer");
}

static void clear(struct attempt *a)
{
    buf_wipe(&a->csr);
    buf_clear(&a->subject);
    buf_clear(&a->signer);
    buf_clear(&a->query);
}

/* By GET or POST, as the persona does. */
static struct ndes_reply put(struct attempt *a, struct span message)
{
    struct buf url;
    buf_init(&url, BYTES_MAX_MESSAGE);
    bool post = a->choice.post;
    wants(a,
          persona_url(&a->persona, NDES BARE, PERSONA_PKI_OPERATION, post, post ? span_of(NULL, 0) : message,
                      &url, &e),
          "URL");
    struct ndes_reply reply =
        ask(a->rig, post ? "POST" : "GET", buf_text(&url) + strlen(NDES), post ? message : span_of(NULL, 0));
    wants(a, reply.status == 200, "HTTP status");
    buf_clear(&url);
    return reply;
}

/* What the server will see is what the cell says. */
static void check_message(const struct attempt *a, enum scep_message_type type, struct span message)
{
    struct scep_request r;
    wants(a, scep_request_open(message, identity->encrypt, identity->encrypt_key, &r, &e), "opening");
    wants(a, r.type == (int)type, "message type");
    wants(a, r.digest == digests[a->cell->at[DIGEST]], "digest");
    wants(a, r.cipher == ciphers[a->cell->at[CIPHER]], "cipher");
    wants(a, r.transport == transport_of(a->cell), "key transport");
    wants(a, span_equal(pki_cert_spki(r.signer), pki_key_spki(a->signer_key)), "signer");
    scep_request_clear(&r);
}

/* The result is that of scep_certrep_read. */
static bool send_message(struct attempt *a, enum scep_message_type type, struct span content,
                         struct scep_certrep *rep)
{
    const struct persona_message_spec spec = {
        .type = type,
        .content = content,
        .transaction = &a->transaction,
        .recipient = scep_ca_recipient(a->rig->served),
        .signer_cert = buf_span(&a->signer),
        .signer_key = a->signer_key,
        .now_s = NOW / 1000000,
    };
    bool query = type == SCEP_GET_CERT || type == SCEP_GET_CRL;
    const struct scep_expected expected = {
        .transaction = &a->transaction,
        .ca = a->rig->served,
        .decrypt_key = a->signer_key,
        .signer_cert = buf_span(&a->signer),
        .spki = pki_key_spki(a->key),
        .subject = buf_span(&a->subject),
        .now_s = NOW / 1000000,
        .request_type = type,
        .renewed_cert = a->held != NULL && !query ? pki_cert_der(a->held) : span_of(NULL, 0),
        .wanted_issuer = pki_cert_subject(identity->ca),
        .wanted_serial = query ? pki_cert_serial(a->held) : span_of(NULL, 0),
    };
    struct buf message;
    buf_init(&message, BYTES_MAX_MESSAGE);
    e = (struct err){0};
    wants(a, persona_message(&a->persona, &a->choice, &spec, &message, &e), "message");
    check_message(a, type, buf_span(&message));
    struct ndes_reply reply = put(a, buf_span(&message));
    bool ok = scep_certrep_read(buf_span(&reply.body), &expected, rep, &e);
    wants(a, rep->violated == 0, "strict checks");
    wants(a, rep->digest == a->choice.digest, "digest of the reply");
    buf_clear(&reply.body);
    buf_clear(&message);
    return ok;
}

/* The request waits first, with PENDING; then the poll in its transaction. */
static bool send_poll(struct attempt *a, struct scep_certrep *rep)
{
    const struct scep_transaction waiting = a->transaction;
    wants(a, !send_message(a, SCEP_PKCS_REQ, buf_span(&a->csr), rep) && e.reason == REASON_SCEP_PENDING,
          "no PENDING");
    scep_certrep_clear(rep);
    wants(a, scep_transaction_next(&waiting, &a->transaction, &e), "transaction");
    wants(a, scep_content_put_subject(pki_cert_subject(identity->ca), buf_span(&a->subject), &a->query, &e),
          "IssuerAndSubject");
    return send_message(a, SCEP_CERT_POLL, buf_span(&a->query), rep);
}

static bool send_query(struct attempt *a, struct scep_certrep *rep)
{
    wants(a, scep_content_put_serial(pki_cert_issuer(a->held), pki_cert_serial(a->held), &a->query, &e),
          "IssuerAndSerialNumber");
    return send_message(a, message_of(a->cell)->type, buf_span(&a->query), rep);
}

static bool send_cell(struct attempt *a, struct scep_certrep *rep)
{
    switch (message_of(a->cell)->type) {
    case SCEP_CERT_POLL:
        return send_poll(a, rep);
    case SCEP_GET_CERT:
    case SCEP_GET_CRL:
        return send_query(a, rep);
    case SCEP_PKCS_REQ:
    case SCEP_RENEWAL_REQ:
    case SCEP_UPDATE_REQ:
    case SCEP_CERT_REP:
        break;
    }
    return send_message(a, message_of(a->cell)->type, buf_span(&a->csr), rep);
}

/* ---- one cell ---- */

static void check_reply(const struct attempt *a, const struct scep_certrep *rep)
{
    wants(a, rep->has_envelope && rep->cipher == a->choice.cipher, "cipher of the reply");
    wants(a, rep->transport == a->persona.key_transport, "key transport of the reply");
    if (message_of(a->cell)->type == SCEP_GET_CRL) {
        wants(a, rep->crl != NULL, "no CRL");
        return;
    }
    if (message_of(a->cell)->type == SCEP_GET_CERT) {
        wants(a, span_equal(pki_cert_der(rep->issued), pki_cert_der(a->held)), "another certificate");
        return;
    }
    wants(a, span_equal(pki_cert_spki(rep->issued), pki_key_spki(a->key)), "another key");
    wants(a, pki_name_same_rdns(pki_cert_subject(rep->issued), buf_span(&a->subject)), "another subject");
    wants(a, a->held == NULL || !span_equal(pki_cert_der(rep->issued), pki_cert_der(a->held)), "no renewal");
}

/* The certificate that came, if one did; free it. */
static struct pki_cert *run_cell(struct rig *rig, const struct cell *c, const struct pki_key *key,
                                 const struct pki_cert *held)
{
    struct attempt a = {.cell = c, .rig = rig, .key = key, .signer_key = key, .held = held};
    struct scep_certrep rep;
    choose(&a);
    if (held != NULL && a.persona.renewal_key == PERSONA_RENEWAL_KEY_NEW)
        a.key = other_key;
    prepare(&a);
    wants(&a, send_cell(&a, &rep), "refused");
    check_reply(&a, &rep);
    struct pki_cert *issued = rep.issued != NULL ? pki_cert_ref(rep.issued) : NULL;
    scep_certrep_clear(&rep);
    clear(&a);
    return issued;
}

/* ---- which cells ---- */

/* Whether this cell has two values that no cell before it had together; they are noted. */
static bool has_new_pair(const struct cell *c, bool seen[AXES][AXES][VALUES][VALUES])
{
    bool found = false;
    for (unsigned a = 0; a < AXES; a++) {
        for (unsigned b = a + 1; b < AXES; b++) {
            bool *pair = &seen[a][b][c->at[a]][c->at[b]];
            found |= !*pair;
            *pair = true;
        }
    }
    return found;
}

static unsigned persona_count(void)
{
    unsigned n = 0;
    while (persona_names()[n] != NULL)
        n++;
    assert_in_range(n, 1, VALUES);
    return n;
}

static const unsigned *axis_counts(void)
{
    static unsigned counts[AXES];
    counts[PERSONA] = persona_count();
    counts[MESSAGE] = COUNT(messages);
    counts[CIPHER] = COUNT(ciphers) - (pki_evp_cipher(PKI_DES_CBC) == NULL); /* the last one */
    counts[DIGEST] = COUNT(digests);
    counts[TRANSPORT] = PKI_TRANSPORT_COUNT;
    return counts;
}

/* Cell number i of the full product. */
static struct cell cell_at(unsigned i)
{
    const unsigned *counts = axis_counts();
    struct cell c;
    for (unsigned axis = 0; axis < AXES; axis++) {
        c.at[axis] = i % counts[axis];
        i /= counts[axis];
    }
    return c;
}

static unsigned cell_count(void)
{
    const unsigned *counts = axis_counts();
    unsigned n = 1;
    for (unsigned axis = 0; axis < AXES; axis++)
        n *= counts[axis];
    return n;
}

/* ---- the server of a cell ---- */

/* It answers in the digest and key transport of the cell; its cipher follows the request. */
static struct rig *rig_for(const struct cell *c)
{
    struct ndes_policy policy = NDES_POLICY_DEFAULTS;
    policy.operations = NDES_OPERATION_GET_CERT | NDES_OPERATION_GET_CRL | NDES_OPERATION_UPDATE;
    policy.ledger_max = 8; /* it issues two certificates at most; thousands of servers are made */
    policy.reply_digest = digests[c->at[DIGEST]];
    policy.reply_transport = transport_of(c);
    if (message_of(c)->type == SCEP_CERT_POLL)
        CHECK_OK(ndes_policy_approval("after-polls=1", &policy.approval, &e), &e);
    return make_rig_with(NULL, &policy, NULL);
}

static void at_a_fresh_server(const struct cell *c, const struct pki_key *key)
{
    struct rig *rig = rig_for(c);
    struct pki_cert *held = NULL;
    if (message_of(c)->holds) {
        struct cell first = *c;
        first.at[MESSAGE] = 0;
        held = run_cell(rig, &first, key, NULL);
    }
    pki_cert_free(run_cell(rig, c, key, held));
    pki_cert_free(held);
    free_rig(rig);
}

static void go_over(const char *key_name, bool all)
{
    static bool seen[AXES][AXES][VALUES][VALUES];
    memset(seen, 0, sizeof seen);
    struct pki_key *key = fixture_key(key_name);
    unsigned total = cell_count(), run = 0;
    for (unsigned i = 0; i < total; i++) {
        const struct cell c = cell_at(i);
        if (!has_new_pair(&c, seen) && !all)
            continue;
        at_a_fresh_server(&c, key);
        run++;
    }
    print_message("%s: %u of %u cells\n", key_name, run, total);
    pki_key_free(key);
}

static void the_full_product_with_2048_bits(void **state)
{
    (void)state;
    go_over("rsa2048-device", true);
}

static void every_pair_with_3072_bits(void **state)
{
    (void)state;
    go_over("rsa3072", false);
}

static void every_pair_with_4096_bits(void **state)
{
    (void)state;
    go_over("rsa4096", false);
}

static int set_up(void **state)
{
    (void)state;
    const struct ndes_identity_spec spec = {.ca_bits = 2048, .ra_bits = 2048, .now_s = NOW / 1000000};
    if (!pki_init(&e) || !ndes_identity_new(&spec, &identity, &e))
        return -1;
    other_key = fixture_key("rsa2048-other");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pki_key_free(other_key);
    ndes_identity_free(identity);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_product_with_2048_bits),
        cmocka_unit_test(every_pair_with_3072_bits),
        cmocka_unit_test(every_pair_with_4096_bits),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
