#include "scep/content.h"

#include "pki/der.h"

bool scep_content_put_subject(struct span issuer, struct span subject, struct buf *out, struct err *e)
{
    size_t outer = der_begin(out, DER_SEQUENCE);
    buf_append_span(out, issuer);
    buf_append_span(out, subject);
    der_end(out, outer);
    return buf_ok(out, STAGE_BUILD, e);
}

bool scep_content_put_serial(struct span issuer, struct span serial, struct buf *out, struct err *e)
{
    size_t outer = der_begin(out, DER_SEQUENCE);
    buf_append_span(out, issuer);
    der_put(out, DER_INTEGER, serial);
    der_end(out, outer);
    return buf_ok(out, STAGE_BUILD, e);
}

/* SEQUENCE { issuer, second }. */
static bool read_pair(struct span content, uint8_t tag, const char *what, struct scep_content *out,
                      struct der_item *second, struct err *e)
{
    struct der_reader r = der_reader_of(content);
    struct der_item item;
    *out = (struct scep_content){0};
    if (!der_expect(&r, DER_SEQUENCE, "issuer and what it issued", &item, e))
        return false;
    r = der_reader_of(item.content);
    if (!der_expect(&r, DER_SEQUENCE, "issuer", &item, e) || !der_expect(&r, tag, what, second, e))
        return false;
    out->issuer = item.whole;
    return true;
}

bool scep_content_read_subject(struct span content, struct scep_content *out, struct err *e)
{
    struct der_item subject;
    if (!read_pair(content, DER_SEQUENCE, "subject", out, &subject, e))
        return false;
    out->subject = subject.whole;
    return true;
}

bool scep_content_read_serial(struct span content, struct scep_content *out, struct err *e)
{
    struct der_item serial;
    if (!read_pair(content, DER_INTEGER, "serial number", out, &serial, e))
        return false;
    if (serial.content.len == 0)
        return err_set(e, STAGE_NONE, REASON_MALFORMED, "ASN.1: the serial number is empty");
    out->serial = serial.content;
    return true;
}
