/* One failure, as a value. No allocation, no global state: it crosses threads and ends up in results. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/reason.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#else
#define MUST_USE
#define PRINTF_LIKE(f, a)
#endif

/* Whose number `detail` is. */
enum err_domain {
    ERR_DOMAIN_NONE,
    ERR_DOMAIN_ERRNO,
    ERR_DOMAIN_UV,
    ERR_DOMAIN_CURL,
    ERR_DOMAIN_OPENSSL,
    ERR_DOMAIN_HTTP,      /* status code */
    ERR_DOMAIN_FAIL_INFO, /* RFC 8894 3.2.1.4 */
};

#define ERR_TEXT_BYTES 200

struct err {
    enum stage stage;
    enum reason reason;
    enum err_domain domain;
    int64_t detail;
    char text[ERR_TEXT_BYTES]; /* what exactly, for people; may be empty; never holds a secret */
};

/* Sets *e unless an earlier failure stands there already: the first one wins. Always returns false, so that
 * `return err_set(e, ...)` reads well. `e` may be NULL. The text is cut to ERR_TEXT_BYTES. */
bool err_set(struct err *e, enum stage stage, enum reason reason, const char *format, ...) PRINTF_LIKE(4, 5);

/* The same with a foreign number. */
bool err_set_detail(struct err *e, enum stage stage, enum reason reason, enum err_domain domain,
                    int64_t detail, const char *format, ...) PRINTF_LIKE(6, 7);

/* For errno: adds its text. */
bool err_set_errno(struct err *e, enum reason reason, int error_number, const char *format, ...)
    PRINTF_LIKE(4, 5);

static inline bool err_is_set(const struct err *e)
{
    return e->reason != REASON_NONE;
}

#endif
