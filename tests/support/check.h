/* cmocka, and checks that show why something failed. Included first by unit tests. */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h wants the four above, in this order. */
#include <cmocka.h>

#define CHECK_OK(call, e)                                                                                    \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s: %s: %s", #call, base_stage_id((e)->stage), base_reason_id((e)->reason),        \
                     (e)->text);                                                                             \
    } while (0)

/* The call fails with this reason; *e is emptied afterwards. */
#define CHECK_FAILS(call, e, wanted)                                                                         \
    do {                                                                                                     \
        assert_false(call);                                                                                  \
        assert_string_equal(base_reason_id((e)->reason), base_reason_id(wanted));                            \
        *(e) = (struct err){0};                                                                              \
    } while (0)

#define CHECK_SPAN(bytes, text)                                                                              \
    do {                                                                                                     \
        struct span seen_ = (bytes);                                                                         \
        assert_int_equal(seen_.len, strlen(text));                                                           \
        assert_memory_equal(seen_.data, text, seen_.len);                                                    \
    } while (0)

/* For whatever a test reads or makes; clear it. */
static inline struct buf fresh_buf(void)
{
    struct buf b;
    buf_init(&b, (size_t)1 << 20);
    return b;
}

#endif
