#include "ndes/intune.h"

#include "base/random.h"
#include "base/text.h"
#include "ndes/issue.h"
#include "ndes/refusals.h"
#include "pki/der.h"
#include "pki/oid.h"
#include "pki/san.h"

#define MAX_CLAIM_BYTES 4096
#define ID_BYTES        16
#define VERSION         1
#define BLOB_BYTES      (NDES_INTUNE_CHARACTERS_MIN / 4 * 3) /* behind that many characters */
#define MORE_BYTES      700                                  /* drawn at random on top */
#define BLOB_MAX        (NDES_INTUNE_CHARACTERS_MAX / 4 * 3)

/* Keeps a signature over a challenge from being one over anything else. */
#define PURPOSE "scepstorm stand-in challenge\n"

void ndes_intune_claims_init(struct ndes_intune_claims *claims)
{
    *claims = (struct ndes_intune_claims){0};
    buf_init(&claims->subject, MAX_CLAIM_BYTES);
    buf_init(&claims->san, MAX_CLAIM_BYTES);
    buf_init(&claims->ekus, MAX_CLAIM_BYTES);
}

void ndes_intune_claims_clear(struct ndes_intune_claims *claims)
{
    buf_clear(&claims->subject);
    buf_clear(&claims->san);
    buf_clear(&claims->ekus);
}

static void put_optional(struct buf *out, unsigned tag, struct span der)
{
    size_t mark = der_begin(out, DER_CONTEXT(tag));
    buf_append_span(out, der);
    der_end(out, mark);
}

/* Statement ::= SEQUENCE { version, id, expires, subject, [0] san, [1] ekus, [2] keyUsage, [3] keyLength } */
static void put_statement(const struct ndes_intune_claims *claims, const uint8_t *id, struct buf *out)
{
    size_t statement = der_begin(out, DER_SEQUENCE);
    der_put_small_int(out, VERSION);
    der_put(out, DER_OCTET_STRING, span_of(id, ID_BYTES));
    der_put_time(out, claims->expires_s);
    buf_append_span(out, buf_span(&claims->subject));
    put_optional(out, 0, buf_span(&claims->san));
    put_optional(out, 1, buf_span(&claims->ekus));
    size_t numbers = der_begin(out, DER_SEQUENCE);
    der_put_small_int(out, claims->key_usage);
    der_put_small_int(out, claims->key_length);
    der_end(out, numbers);
    der_end(out, statement);
}

static bool sign(const struct ndes_identity *identity, struct span statement, struct buf *signature,
                 struct err *e)
{
    struct buf data;
    buf_init(&data, BYTES_MAX_MESSAGE);
    buf_append_text(&data, PURPOSE);
    buf_append_span(&data, statement);
    bool ok = buf_ok(&data, STAGE_SETUP, e) &&
              pki_key_sign(identity->sign_key, PKI_SHA256, buf_span(&data), signature, e);
    buf_clear(&data);
    return ok;
}

static bool verify(const struct ndes_identity *identity, struct span statement, struct span signature)
{
    struct buf data;
    struct err ignored = {0};
    buf_init(&data, BYTES_MAX_MESSAGE);
    buf_append_text(&data, PURPOSE);
    buf_append_span(&data, statement);
    bool ok = !data.failed &&
              pki_verify(pki_key_evp(identity->sign_key), PKI_SHA256, buf_span(&data), signature, &ignored);
    buf_clear(&data);
    return ok;
}

/* Filled up with random bytes to the size of the real ones, a little different each time. */
static bool put_padding(struct buf *blob, struct err *e)
{
    uint8_t more[2];
    if (!random_bytes(more, sizeof more, e))
        return false;
    size_t target = BLOB_BYTES + (size_t)(more[0] << 8 | more[1]) % MORE_BYTES;
    size_t len = blob->len + 16 < target ? target - blob->len : 16;
    size_t mark = der_begin(blob, DER_OCTET_STRING);
    uint8_t *at = buf_reserve(blob, len);
    if (at != NULL && !random_bytes(at, len, e))
        return false;
    blob->len += at != NULL ? len : 0;
    der_end(blob, mark);
    return true;
}

/* Blob ::= SEQUENCE { Statement, signature OCTET STRING, padding OCTET STRING } */
static bool put_blob(const struct ndes_identity *identity, const struct ndes_intune_claims *claims,
                     struct buf *blob, struct err *e)
{
    uint8_t id[ID_BYTES];
    struct buf signature;
    buf_init(&signature, BYTES_MAX_MESSAGE);
    bool ok = random_bytes(id, sizeof id, e);
    size_t outer = der_begin(blob, DER_SEQUENCE);
    size_t start = blob->len;
    put_statement(claims, id, blob);
    ok = ok && buf_ok(blob, STAGE_SETUP, e) &&
         sign(identity, span_of(blob->data + start, blob->len - start), &signature, e);
    der_put(blob, DER_OCTET_STRING, buf_span(&signature));
    ok = ok && put_padding(blob, e);
    der_end(blob, outer);
    buf_clear(&signature);
    return ok && buf_ok(blob, STAGE_SETUP, e);
}

bool ndes_intune_mint(const struct ndes_identity *identity, const struct ndes_intune_claims *claims,
                      struct buf *out, struct err *e)
{
    struct buf blob;
    buf_init(&blob, BYTES_MAX_MESSAGE);
    bool ok = put_blob(identity, claims, &blob, e);
    if (ok && blob.len > BLOB_MAX)
        ok = err_set(e, STAGE_SETUP, REASON_USAGE,
                     "subject, san and eku are too long for a challenge of at most %d characters",
                     NDES_INTUNE_CHARACTERS_MAX);
    if (ok)
        text_base64(buf_span(&blob), out);
    buf_wipe(&blob);
    return ok && buf_ok(out, STAGE_SETUP, e);
}

/* A challenge taken apart; spans into its bytes. */
struct challenge {
    struct span statement, signature;
    int64_t expires_s;
    struct span subject, san, ekus;
    int64_t key_usage, key_length;
};

static bool read_numbers(struct der_reader *r, struct challenge *c, struct err *e)
{
    struct der_item numbers, item;
    if (!der_expect(r, DER_SEQUENCE, "numbers", &numbers, e))
        return false;
    struct der_reader inside = der_reader_of(numbers.content);
    return der_expect(&inside, DER_INTEGER, "key usage", &item, e) &&
           der_small_int(&item, &c->key_usage, e) &&
           der_expect(&inside, DER_INTEGER, "key length", &item, e) &&
           der_small_int(&item, &c->key_length, e);
}

static bool read_statement(struct span content, struct challenge *c, struct err *e)
{
    struct der_reader r = der_reader_of(content);
    struct der_item version, id, expires, subject, san, ekus;
    int64_t number = 0;
    if (!der_expect(&r, DER_INTEGER, "version", &version, e) || !der_small_int(&version, &number, e) ||
        number != VERSION || !der_expect(&r, DER_OCTET_STRING, "id", &id, e) || !der_next(&r, &expires, e) ||
        !der_time(&expires, &c->expires_s, e) || !der_expect(&r, DER_SEQUENCE, "subject", &subject, e) ||
        !der_expect(&r, DER_CONTEXT(0), "san", &san, e) || !der_expect(&r, DER_CONTEXT(1), "ekus", &ekus, e))
        return false;
    c->subject = subject.whole;
    c->san = san.content;
    c->ekus = ekus.content;
    return read_numbers(&r, c, e);
}

static bool read_challenge(struct span blob, struct challenge *c)
{
    struct err ignored = {0};
    struct der_reader r = der_reader_of(blob);
    struct der_item outer, statement, signature;
    if (!der_expect(&r, DER_SEQUENCE, "challenge", &outer, &ignored))
        return false;
    r = der_reader_of(outer.content);
    if (!der_expect(&r, DER_SEQUENCE, "statement", &statement, &ignored) ||
        !der_expect(&r, DER_OCTET_STRING, "signature", &signature, &ignored))
        return false;
    c->statement = statement.whole;
    c->signature = signature.content;
    return read_statement(statement.content, c, &ignored);
}

/* Every OID of `part` is in `all`. */
static bool contains_oids(struct span all, struct span part)
{
    struct der_reader wanted = der_reader_of(part);
    struct der_item oid, other;
    struct err ignored = {0};
    while (!der_at_end(&wanted)) {
        if (!der_next(&wanted, &oid, &ignored))
            return false;
        struct der_reader r = der_reader_of(all);
        bool found = false;
        while (!found && !der_at_end(&r) && der_next(&r, &other, &ignored))
            found = span_equal(oid.whole, other.whole);
        if (!found)
            return false;
    }
    return true;
}

static bool same_oids(struct span sequence_a, struct span sequence_b)
{
    struct der_reader a = der_reader_of(sequence_a), b = der_reader_of(sequence_b);
    struct der_item in_a, in_b;
    struct err ignored = {0};
    return der_expect(&a, DER_SEQUENCE, "EKU", &in_a, &ignored) &&
           der_expect(&b, DER_SEQUENCE, "EKU", &in_b, &ignored) &&
           contains_oids(in_a.content, in_b.content) && contains_oids(in_b.content, in_a.content);
}

static const struct ndes_refusal *check_extensions(const struct challenge *c, const struct pki_csr *csr)
{
    struct span whole, value;
    struct span san = pki_san_find(csr->extensions);
    if (c->san.len > 0 && san.len == 0)
        return &NDES_REFUSE_INTUNE_NO_SAN;
    if (c->san.len > 0 && !pki_san_same(san, c->san))
        return &NDES_REFUSE_INTUNE_SAN;
    bool has_eku = ndes_issue_find_extension(csr->extensions, PKI_OID_EXT_KEY_USAGE, &whole, &value);
    if (c->ekus.len > 0 && !has_eku)
        return &NDES_REFUSE_INTUNE_NO_EKU;
    return c->ekus.len > 0 && !same_oids(value, c->ekus) ? &NDES_REFUSE_INTUNE_EKU : NULL;
}

static const struct ndes_refusal *check_claims(const struct challenge *c, const struct pki_csr *csr,
                                               int64_t now_s)
{
    if (now_s >= c->expires_s)
        return &NDES_REFUSE_INTUNE_EXPIRED;
    if (csr->subject.len <= 2) /* an empty SEQUENCE */
        return &NDES_REFUSE_INTUNE_NO_SUBJECT;
    if (!pki_name_same_rdns(c->subject, csr->subject))
        return &NDES_REFUSE_INTUNE_SUBJECT;
    const struct ndes_refusal *refusal = check_extensions(c, csr);
    if (refusal != NULL)
        return refusal;
    if (c->key_usage != 0 && c->key_usage != csr->key_usage)
        return &NDES_REFUSE_INTUNE_KEY_USAGE;
    return c->key_length != 0 && c->key_length != pki_rsa_bits(csr->public_key)
               ? &NDES_REFUSE_INTUNE_KEY_LENGTH
               : NULL;
}

const struct ndes_refusal *ndes_intune_check(const struct ndes_identity *identity, const struct pki_csr *csr,
                                             int64_t now_s)
{
    struct err ignored = {0};
    struct challenge c = {0};
    const struct ndes_refusal *refusal = NULL;
    struct buf blob;
    if (csr->challenge.len == 0)
        return &NDES_REFUSE_INTUNE_MISSING;
    buf_init(&blob, 4 * NDES_INTUNE_CHARACTERS_MAX);
    if (!text_unbase64(buf_span(&csr->challenge), &blob, &ignored))
        refusal = &NDES_REFUSE_INTUNE_DECODING;
    else if (!read_challenge(buf_span(&blob), &c))
        refusal = &NDES_REFUSE_INTUNE_FORM;
    else if (!verify(identity, c.statement, c.signature))
        refusal = &NDES_REFUSE_INTUNE_SIGNATURE;
    else
        refusal = check_claims(&c, csr, now_s);
    buf_wipe(&blob);
    return refusal;
}
