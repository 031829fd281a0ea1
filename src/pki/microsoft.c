#include "pki/microsoft.h"

#include "pki/der.h"
#include "pki/extension.h"

#define SID_TEXT_MAX 184 /* S-1- and fifteen sub-authorities of ten digits */

static const uint8_t sid_extension[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x19, 0x02};
static const uint8_t sid_name[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x19, 0x02, 0x01};
static const uint8_t name_value_pair[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0d, 0x02, 0x01};

static bool check_sid(const char *sid, struct err *e)
{
    size_t len = strlen(sid);
    bool ok = len >= 7 && len <= SID_TEXT_MAX && strncmp(sid, "S-1-", 4) == 0 &&
              strspn(sid + 4, "0123456789-") == len - 4 && sid[len - 1] != '-';
    return ok || err_set(e, STAGE_SETUP, REASON_USAGE, "\"%.60s\" is no SID; write S-1-5-21-...", sid);
}

bool pki_ms_sid_extension_put(struct buf *b, const char *sid, struct err *e)
{
    if (!check_sid(sid, e))
        return false;
    struct buf value;
    buf_init(&value, 512);
    size_t names = der_begin(&value, DER_SEQUENCE);
    size_t other = der_begin(&value, DER_CONTEXT(0));
    der_put_oid(&value, span_of(sid_name, sizeof sid_name));
    size_t tagged = der_begin(&value, DER_CONTEXT(0));
    der_put(&value, DER_OCTET_STRING, span_of_text(sid));
    der_end(&value, tagged);
    der_end(&value, other);
    der_end(&value, names);
    bool ok = buf_ok(&value, STAGE_CSR, e);
    pki_extension_put(b, span_of(sid_extension, sizeof sid_extension), false, buf_span(&value));
    buf_clear(&value);
    return ok;
}

bool pki_ms_sid_uri_put(struct buf *b, const char *sid, struct err *e)
{
    if (!check_sid(sid, e))
        return false;
    buf_appendf(b, "tag:microsoft.com,2022-09-14:sid:%s", sid);
    return buf_ok(b, STAGE_CSR, e);
}

static void put_bmp(struct buf *b, const char *ascii)
{
    size_t string = der_begin(b, DER_BMP_STRING);
    for (; *ascii != '\0'; ascii++) {
        buf_append_byte(b, 0);
        buf_append_byte(b, (uint8_t)*ascii);
    }
    der_end(b, string);
}

void pki_ms_name_value_put(struct buf *b, const char *name, const char *value)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    der_put_oid(b, span_of(name_value_pair, sizeof name_value_pair));
    size_t values = der_begin(b, DER_SET);
    size_t pair = der_begin(b, DER_SEQUENCE);
    put_bmp(b, name);
    put_bmp(b, value);
    der_end(b, pair);
    der_end(b, values);
    der_end(b, attribute);
}
