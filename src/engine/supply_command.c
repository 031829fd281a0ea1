/* A program that prints challenges, a line each. No shell; nothing on its standard input; what it prints is bounded, its
 * exit code is believed, and when its time is over it is killed together with its process group.
 *
 * A job owns its handles and outlives the fetch: whoever gave up on it is told at once, while it is still being reaped. */
#include "engine/supply.h"

#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#define MAX_OUTPUT         BYTES_MAX_MESSAGE
#define MAX_LINES          10000
#define MAX_REMARK         120
#define REMARK_SHOWN_BYTES ((size_t)4096)
#define CHUNK_BYTES        4096
#define PARTS              4

extern char **environ;

struct job;

struct command {
    struct supply supply;
    uv_loop_t *loop;
    const struct challenge_config *config;
    int64_t timeout_us;
    char **environment; /* without the secret's variable; the strings are the process's own */
    unsigned lines;
    struct job *jobs[]; /* by line; NULL: idle */
};

struct job {
    struct command *command; /* NULL: nobody waits for it any more */
    unsigned line;
    uv_process_t process;
    uv_pipe_t out, remarks;
    uv_timer_t timer;
    unsigned handles; /* not closed yet */
    unsigned ends;    /* pipes whose end was not seen yet */
    bool exited, too_much;
    int64_t status;
    int signal;
    struct buf output;
    char remark[MAX_REMARK + 1]; /* the first line of its standard error */
    bool remarked;
    char chunk[CHUNK_BYTES];
};

/* ---- how it ends ---- */

static void on_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;
    if (--job->handles > 0)
        return;
    explicit_bzero(job->chunk, sizeof job->chunk);
    buf_wipe(&job->output);
    free(job);
}

static void close_part(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* The process itself stays until it was reaped. */
static void close_all(struct job *job)
{
    close_part((uv_handle_t *)&job->timer);
    close_part((uv_handle_t *)&job->out);
    close_part((uv_handle_t *)&job->remarks);
    if (job->exited)
        close_part((uv_handle_t *)&job->process);
}

static void kill_group(const struct job *job)
{
    if (!job->exited)
        kill(-job->process.pid, SIGKILL);
}

/* Nobody waits for it any more; returns who did. */
static struct command *let_go(struct job *job)
{
    struct command *command = job->command;
    job->command = NULL;
    command->jobs[job->line] = NULL;
    kill_group(job);
    close_all(job);
    return command;
}

static void fail(struct job *job, enum reason reason, bool timed_out, const char *format, ...)
    PRINTF_LIKE(4, 5);
static void fail(struct job *job, enum reason reason, bool timed_out, const char *format, ...)
{
    struct err e = {0};
    char text[ERR_TEXT_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    err_set(&e, STAGE_OTP, reason, "%s", text);
    unsigned line = job->line;
    struct command *command = let_go(job);
    supply_fail(&command->supply, line, &e, timed_out);
}

static size_t count_lines(struct span text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    return count < MAX_LINES ? count : MAX_LINES;
}

/* All lines, or none: after one that makes no sense the others are not trusted either. */
static size_t take_lines(struct span rest, struct secret **secrets, size_t max, struct err *e)
{
    size_t count = 0;
    while (count < max && challenge_line_take(&rest, &secrets[count], e) && secrets[count] != NULL)
        count++;
    if (!err_is_set(e) && count == 0)
        err_set(e, STAGE_OTP, REASON_OTP_COMMAND, "challenge.command ended well, but printed nothing");
    return count;
}

static void deliver(struct job *job)
{
    struct supply_answer answer = {.single_use = true};
    struct span text = buf_span(&job->output);
    size_t max = count_lines(text);
    unsigned line = job->line;
    answer.secrets = calloc(max, sizeof *answer.secrets);
    if (answer.secrets != NULL)
        answer.count = take_lines(text, answer.secrets, max, &answer.error);
    else
        err_set(&answer.error, STAGE_OTP, REASON_NO_MEMORY, "no memory for what challenge.command printed");
    size_t count = answer.count;
    if (err_is_set(&answer.error))
        answer.count = 0;
    struct command *command = let_go(job);
    command->supply.done(command->supply.user, line, &answer);
    for (size_t i = 0; i < count; i++)
        secret_free(answer.secrets[i]);
    free(answer.secrets);
}

/* Programs like to say what they worked with. */
static void redact_remark(struct job *job)
{
    struct buf shown;
    struct err ignored = {0};
    buf_init(&shown, REMARK_SHOWN_BYTES);
    bool ok = challenge_page_redact(span_of_text(job->remark), &shown, &ignored);
    snprintf(job->remark, sizeof job->remark, "%s", ok && shown.len > 0 ? buf_text(&shown) : "");
    buf_wipe(&shown);
}

/* It has exited and all that it wrote was read. */
static void complete(struct job *job)
{
    redact_remark(job);
    const char *colon = job->remark[0] != '\0' ? ": " : "";
    if (job->command == NULL)
        close_all(job);
    else if (job->too_much)
        fail(job, REASON_OTP_COMMAND, false, "challenge.command printed more than %u KiB and was killed",
             (unsigned)(MAX_OUTPUT >> 10));
    else if (job->signal != 0)
        fail(job, REASON_OTP_COMMAND, false, "challenge.command was ended by signal %d%s%s", job->signal,
             colon, job->remark);
    else if (job->status != 0)
        fail(job, REASON_OTP_COMMAND, false, "challenge.command ended with exit code %d%s%s",
             (int)job->status, colon, job->remark);
    else
        deliver(job);
}

/* What it left running in its group would hold its output open, and outlive us. */
static void on_exit_of_child(uv_process_t *process, int64_t status, int signal_number)
{
    struct job *job = process->data;
    kill(-process->pid, SIGKILL);
    job->exited = true;
    job->status = status;
    job->signal = signal_number;
    if (job->ends == 0 || job->command == NULL)
        complete(job);
}

static void on_time_out(uv_timer_t *timer)
{
    struct job *job = timer->data;
    if (job->exited)
        fail(job, REASON_OTP_COMMAND, true,
             "challenge.command ended, but for %g s something that it started kept its output open",
             (double)job->command->timeout_us / 1e6);
    else
        fail(job, REASON_OTP_COMMAND, true, "challenge.command took longer than %g s and was killed",
             (double)job->command->timeout_us / 1e6);
}

/* ---- what it writes ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct job *job = handle->data;
    (void)suggested;
    *out = uv_buf_init(job->chunk, sizeof job->chunk);
}

static void on_end(struct job *job, uv_stream_t *stream)
{
    uv_read_stop(stream);
    if (--job->ends == 0 && job->exited)
        complete(job);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
    struct job *job = stream->data;
    if (n > 0 && !job->too_much && !buf_append(&job->output, chunk->base, (size_t)n)) {
        job->too_much = true;
        kill_group(job);
    }
    if (n < 0)
        on_end(job, stream);
}

/* Only its first line, as far as it can be shown. */
static void on_remark(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
    struct job *job = stream->data;
    size_t len = strlen(job->remark);
    for (ssize_t i = 0; i < n && !job->remarked; i++) {
        job->remarked = chunk->base[i] == '\n' || len == MAX_REMARK;
        if (!job->remarked)
            job->remark[len++] = isprint((unsigned char)chunk->base[i]) ? chunk->base[i] : '?';
    }
    job->remark[len] = '\0';
    if (n < 0)
        on_end(job, stream);
}

/* ---- how it begins ---- */

static void open_parts(struct job *job, uv_loop_t *loop)
{
    uv_timer_init(loop, &job->timer); /* these cannot fail */
    uv_pipe_init(loop, &job->out, 0);
    uv_pipe_init(loop, &job->remarks, 0);
    job->timer.data = job->out.data = job->remarks.data = job->process.data = job;
    job->handles = PARTS;
    job->ends = 2;
}

/* A session of its own: Ctrl-C is for us, and what it starts dies with it. */
static int spawn(struct job *job, const struct command *c, char **argv)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&job->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&job->remarks},
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit_of_child,
        .file = argv[0],
        .args = argv,
        .env = c->environment,
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = sizeof stdio / sizeof *stdio,
    };
    return uv_spawn(c->loop, &job->process, &options);
}

static bool start(struct job *job, const struct challenge_device *device, struct err *e)
{
    struct command *c = job->command;
    static const struct challenge_device nobody = {.name = "", .profile = "", .run = "", .subject = ""};
    unsigned wanted = device == NULL && c->config->batch > 0 ? c->config->batch : 1;
    char **argv = NULL;
    if (!challenge_command_make(c->config, wanted, device != NULL ? device : &nobody, &argv, e)) {
        job->handles--; /* the process is unknown to the loop */
        return false;
    }
    int rc = spawn(job, c, argv);
    if (rc != 0)
        err_set_detail(e, STAGE_OTP, REASON_OTP_COMMAND, ERR_DOMAIN_UV, rc, "cannot start %.80s: %s", argv[0],
                       uv_strerror(rc));
    free(argv);
    return rc == 0;
}

static bool fetch(struct supply *supply, unsigned line, const struct challenge_device *device, struct err *e)
{
    struct command *c = (struct command *)supply;
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return err_set(e, STAGE_OTP, REASON_NO_MEMORY, "no memory for a command");
    *job = (struct job){.command = c, .line = line};
    buf_init(&job->output, MAX_OUTPUT);
    open_parts(job, c->loop);
    if (!start(job, device, e)) {
        job->exited = job->handles == PARTS; /* spawned in vain: it is to be closed like the others */
        close_all(job);
        return false;
    }
    c->jobs[line] = job;
    uv_timer_start(&job->timer, on_time_out, (uint64_t)(c->timeout_us / 1000), 0);
    uv_read_start((uv_stream_t *)&job->out, on_alloc, on_output);
    uv_read_start((uv_stream_t *)&job->remarks, on_alloc, on_remark);
    return true;
}

static void cancel(struct supply *supply, unsigned line)
{
    struct command *c = (struct command *)supply;
    if (c->jobs[line] != NULL)
        fail(c->jobs[line], REASON_ABORTED, false, "the command was cancelled");
}

static void command_free(struct supply *supply)
{
    free(((struct command *)supply)->environment);
    free(supply);
}

/* Ours, but for what it has no business to know. */
static char **make_environment(const char *secret)
{
    size_t count = 0, len = secret != NULL ? strlen(secret) : 0;
    while (environ[count] != NULL)
        count++;
    char **env = calloc(count + 1, sizeof *env);
    for (size_t i = 0, n = 0; env != NULL && i < count; i++) {
        if (len == 0 || strncmp(environ[i], secret, len) != 0 || environ[i][len] != '=')
            env[n++] = environ[i];
    }
    return env;
}

bool supply_command_new(uv_loop_t *loop, const struct challenge_config *config, int64_t timeout_us,
                        unsigned lines, struct supply **out, struct err *e)
{
    static const struct supply_kind kind = {.fetch = fetch, .cancel = cancel, .free = command_free};
    struct command *c = calloc(1, sizeof *c + lines * sizeof *c->jobs);
    char **environment = make_environment(config->password_env);
    if (c == NULL || environment == NULL) {
        free(c);
        free(environment);
        return err_set(e, STAGE_SETUP, REASON_NO_MEMORY, "no memory for challenge.command");
    }
    c->supply.kind = &kind;
    c->loop = loop;
    c->config = config;
    c->timeout_us = timeout_us;
    c->environment = environment;
    c->lines = lines;
    *out = &c->supply;
    return true;
}
