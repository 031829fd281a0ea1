/* What the families' rows are written with: traces and keys that many faults share. */
#ifndef FAULTS_ROWS_H
#define FAULTS_ROWS_H

#include "faults/kinds.h"

/* One trace each. `when` without FAULT_TRACE_. */
#define ROW_EVENT(moment, name)                                                                              \
    {                                                                                                        \
        .when = FAULT_TRACE_##moment, .kind = FAULT_TRACE_EVENT, .what = (name)                              \
    }
#define ROW_EVENT_WITH(moment, name, ...)                                                                    \
    {                                                                                                        \
        .when = FAULT_TRACE_##moment, .kind = FAULT_TRACE_EVENT, .what = (name), .values = { __VA_ARGS__ }   \
    }
#define ROW_STATE(cell, row, value)                                                                          \
    {                                                                                                        \
        .when = FAULT_TRACE_ONSET, .kind = FAULT_TRACE_STATE, .what = (cell), .values = { row, value }       \
    }
/* With every request of an operation. */
#define ROW_AT(operation, record, text)                                                                      \
    {                                                                                                        \
        .when = FAULT_TRACE_REQUEST, .kind = FAULT_TRACE_##record, .op = NDES_OP_##operation, .what = (text) \
    }
#define ROW_AT_WITH(operation, record, text, ...)                                                            \
    {                                                                                                        \
        .when = FAULT_TRACE_REQUEST, .kind = FAULT_TRACE_##record, .op = NDES_OP_##operation,                \
        .what = (text), .values = {                                                                          \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
/* An event of each start that fails: of a kind whose first key is FAULT_RESTARTED, its words in this order. */
#define ROW_FAILED_START(name, ...)                                                                          \
    {.when = FAULT_TRACE_START,                                                                              \
     .kind = FAULT_TRACE_EVENT,                                                                              \
     .what = (name),                                                                                         \
     .values = {__VA_ARGS__},                                                                                \
     .choice = 1},                                                                                           \
    {                                                                                                        \
        .when = FAULT_TRACE_RESTART, .kind = FAULT_TRACE_EVENT, .what = (name), .values = {__VA_ARGS__},     \
        .choice = 2                                                                                          \
    }

/* With the n-th choice of the kind's first key and of its second, counted from 1; 0: any. */
#define ROW_EVENT_IF(first, second, moment, name, ...)                                                       \
    {                                                                                                        \
        .when = FAULT_TRACE_##moment, .kind = FAULT_TRACE_EVENT, .what = (name), .values = {__VA_ARGS__},    \
        .choice = (first), .choice2 = (second)                                                               \
    }
#define ROW_STATE_IF(first, second, moment, cell, row, value)                                                \
    {                                                                                                        \
        .when = FAULT_TRACE_##moment, .kind = FAULT_TRACE_STATE, .what = (cell), .values = {row, value},     \
        .choice = (first), .choice2 = (second)                                                               \
    }
/* Each `seconds`, as long as somebody would try. */
#define ROW_EACH_IF(first, second, seconds, name, ...)                                                       \
    {                                                                                                        \
        .when = FAULT_TRACE_EVERY, .kind = FAULT_TRACE_EVENT, .period_s = (seconds), .what = (name),         \
        .values = {__VA_ARGS__}, .choice = (first), .choice2 = (second)                                      \
    }

#define FOLDER_OF_DEVICES "Default Web Site/CertSrv/mscep"
#define FOLDER_OF_CALLERS "Default Web Site/CertSrv/mscep_admin"

#define MSCEP_KEY "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\"

/* Keys. A code of 0x0 leaves the HRESULT out of the reply. */
#define KEY_HRESULT(code)                                                                                    \
    {                                                                                                        \
        .name = "hresult", .kind = FAULT_KEY_CODE, .value = INT64_C(code)                                    \
    }
#define KEY_FAIL_INFO(info)                                                                                  \
    {                                                                                                        \
        .name = "fail-info", .kind = FAULT_KEY_NUMBER, .value = (info), .min = 0, .max = 4                   \
    }
extern const char *const fault_language_choices[]; /* as enum ndes_language */
#define KEY_LANGUAGE                                                                                         \
    {                                                                                                        \
        .name = "language", .choices = fault_language_choices                                                \
    }

#endif
