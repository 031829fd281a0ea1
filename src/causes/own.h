/* Causes that users add in a file of their own:
 *
 *     # What we have seen here.
 *     [our-waf-cuts-posts]
 *     title: Our WAF cuts POSTs above 8 kB
 *     class: L10
 *     signature: 200 with a page of the WAF, for Intune devices only
 *     decided_by: Log of the WAF, rule 4711; NDES has no event
 *     step: `curl.exe ...` past the WAF
 *     resolution: Ask the network team to exempt /certsrv/mscep/
 *     source: https://wiki.example.com/waf
 *
 * A line that begins with a blank goes on with the value before it. Keys of lists may come again: step, resolution,
 * prevention, code, source, runbook. The others once: title, mode, stage, class, signature, decided_by, basis, ios,
 * android, windows, macos, console, and the stages transport, bare_url, get_ca_caps, get_ca_cert, otp,
 * pki_operation_post, pki_operation_get, cert_poll. Needed are title, signature, decided_by, a step and a resolution. */
#ifndef CAUSES_OWN_H
#define CAUSES_OWN_H

#include "base/bytes.h"
#include "causes/causes.h"

#define CAUSES_OWN_MAX_BYTES ((size_t)1 << 20)
#define CAUSES_OWN_MAX       500
#define CAUSES_OWN_MAX_ITEMS 40

struct causes_own;

/* Reads the content of a file called `name` in messages. Any encoding that a Windows editor writes. Errors are
 * REASON_USAGE at STAGE_SETUP, "name:line: what"; *out is set on success only. */
bool causes_own_read(struct span content, const char *name, struct causes_own **out, struct err *e) MUST_USE;
/* Frees the causes, too. NULL is fine. */
void causes_own_free(struct causes_own *own);

size_t causes_own_count(const struct causes_own *own);
const struct cause *causes_own_at(const struct causes_own *own, size_t index);

#endif
