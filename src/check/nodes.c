/* Several addresses of one name are several servers, or ways to one: do they show the same? */
#include "check/check.h"

struct node {
    const char *address;
    bool caps_answered, ca_answered;
    uint8_t caps[32]; /* SHA-256 of the capabilities, */
    uint8_t ca[32];   /* over the certificates of authorities in the order served, */
    uint8_t ra[32];   /* and over the others */
    size_t certificates;
    char words[256];
};

static bool is_ra(const struct scep_ca *ca, size_t i)
{
    enum scep_role role = scep_ca_role(ca, i);
    return role != SCEP_ROLE_CA && role != SCEP_ROLE_CHAIN;
}

static bool digest(const struct scep_ca *ca, bool of_ra, uint8_t out[32])
{
    struct buf all;
    struct err ignored = {0};
    buf_init(&all, SCEP_CA_MAX_CERTS * (size_t)32);
    for (size_t i = 0; i < scep_ca_count(ca); i++) {
        if (is_ra(ca, i) == of_ra)
            buf_append(&all, pki_cert_sha256(scep_ca_cert(ca, i)), 32);
    }
    bool ok = buf_ok(&all, STAGE_GET_CA_CERT, &ignored) && span_sha256(buf_span(&all), out);
    buf_clear(&all);
    return ok;
}

static bool digest_certificates(struct span body, struct node *n)
{
    struct scep_ca *ca = NULL;
    struct err ignored = {0};
    if (!scep_ca_parse(body, &ca, &ignored))
        return false;
    n->certificates = scep_ca_count(ca);
    bool ok = digest(ca, false, n->ca) && digest(ca, true, n->ra);
    scep_ca_free(ca);
    return ok;
}

static void look_at(struct check *c, const char *address, struct node *n)
{
    struct check_page page;
    *n = (struct node){.address = address};
    check_get(c, "GetCACaps", address, STAGE_GET_CA_CAPS, &page);
    check_why(&page, n->words, sizeof n->words);
    n->caps_answered = check_answered(&page) && span_sha256(buf_span(&page.body), n->caps);
    check_page_clear(&page);
    if (!n->caps_answered)
        return;
    check_get(c, "GetCACert", address, STAGE_GET_CA_CERT, &page);
    check_why(&page, n->words, sizeof n->words);
    n->ca_answered = check_answered(&page) && digest_certificates(buf_span(&page.body), n);
    check_page_clear(&page);
}

/* Held against the first that answers. */
static void compare(struct check *c, const struct node *n, const struct node *with)
{
    bool same_caps = memcmp(n->caps, with->caps, sizeof n->caps) == 0;
    bool same_ca = memcmp(n->ca, with->ca, sizeof n->ca) == 0;
    bool same_ra = memcmp(n->ra, with->ra, sizeof n->ra) == 0;
    if (n == with) {
        check_stage(c, "node", CHECK_OK, -1, "%s answers, with %zu certificates", n->address,
                    n->certificates);
    } else if (same_caps && same_ca && same_ra) {
        check_stage(c, "node", CHECK_OK, -1, "%s shows the same as %s", n->address, with->address);
    } else if (same_caps && same_ca) { /* as it is with several NDES of one authority */
        check_stage(c, "node", CHECK_OK, -1,
                    "%s has RA certificates of its own, as each NDES of a farm does: a device must meet the "
                    "server again whose certificates and password it got",
                    n->address);
    } else {
        check_stage(c, "node", CHECK_WARNING, -1, "%s has other %s%s%s than %s", n->address,
                    same_caps ? "" : "capabilities", same_caps || same_ca ? "" : " and ",
                    same_ca ? "" : "certificates", with->address);
        check_tell(c, CHECK_WARNING,
                   "%s and %s are different servers: a device must meet the same one all the time",
                   with->address, n->address);
    }
}

void check_nodes(struct check *c)
{
    struct node nodes[CHECK_MAX_ADDRESSES];
    const struct node *first = NULL;
    if (c->place.count < 2)
        return;
    for (size_t i = 0; i < c->place.count; i++) {
        look_at(c, c->place.addresses[i], &nodes[i]);
        if (nodes[i].ca_answered && first == NULL)
            first = &nodes[i];
    }
    for (size_t i = 0; i < c->place.count; i++) {
        if (first != NULL && nodes[i].ca_answered) {
            compare(c, &nodes[i], first);
            continue;
        }
        check_stage(c, "node", CHECK_CRITICAL, -1, "%s does not serve: %s", nodes[i].address, nodes[i].words);
        if (first != NULL)
            check_tell(c, CHECK_CRITICAL, "one of %zu servers does not answer: %s", c->place.count,
                       nodes[i].address);
    }
}
