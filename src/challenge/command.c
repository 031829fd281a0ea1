/* Command lines, and what comes back from them. No shell: arguments stay arguments, whatever is in a name. */
#include "challenge/parts.h"

#define COMMAND_MAX ((size_t)128 << 10)

/* The pointers stand before the texts, in one piece of memory. */
static char **pack(const struct buf *texts, size_t count)
{
    size_t table = (count + 1) * sizeof(char *);
    char **argv = calloc(1, table + texts->len);
    if (argv == NULL)
        return NULL;
    char *at = (char *)argv + table;
    memcpy(at, texts->data, texts->len);
    for (size_t i = 0; i < count; i++) {
        argv[i] = at;
        at += strlen(at) + 1;
    }
    return argv;
}

bool challenge_command_make(const struct challenge_config *config, unsigned count,
                            const struct challenge_device *device, char ***out, struct err *e)
{
    struct challenge_values values = {.device = device, .count = count};
    struct buf texts;
    buf_init(&texts, COMMAND_MAX);
    bool ok = config->command_count > 0 ||
              err_set(e, STAGE_OTP, REASON_INTERNAL, "a command without a program was not refused");
    for (size_t i = 0; ok && i < config->command_count; i++)
        ok = challenge_template_fill(config->command[i], CHALLENGE_IN_TEXT, &values, &texts, e) &&
             (buf_append_byte(&texts, '\0') || buf_ok(&texts, STAGE_OTP, e));
    char **argv = ok ? pack(&texts, config->command_count) : NULL;
    buf_clear(&texts);
    if (ok && argv == NULL)
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a command");
    *out = argv;
    return ok;
}

bool challenge_line_take(struct span *rest, struct secret **out, struct err *e)
{
    *out = NULL;
    if (rest->len == 0)
        return true;
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct span line = span_of(rest->data, len - (len > 0 && rest->data[len - 1] == '\r'));
    *rest = span_of(rest->data + len + (end != NULL), rest->len - len - (end != NULL));
    const char *flaw = challenge_value_flaw(line);
    if (flaw != NULL)
        return err_set(e, STAGE_OTP, REASON_OTP_COMMAND, "a line that challenge.command printed %s", flaw);
    return secret_new(line, out, e);
}
