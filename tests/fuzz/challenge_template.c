// room: challenge
/* Lines: a header template, an argument, a subject, a name, a secret; the rest is a JSON body. What the check accepts is filled in,
 * and values stay values: a header is one line, an argument one argument. */
#include "challenge/challenge.h"

#define TEXTS      5
#define TEXT_BYTES 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static char *text_of(struct span s)
{
    char *text = calloc(1, s.len + 1);
    require(text != NULL);
    if (s.len > 0)
        memcpy(text, s.data, s.len);
    return text;
}

static size_t lines_in(struct span s)
{
    size_t lines = 0;
    for (size_t i = 0; i < s.len; i++)
        lines += s.data[i] == '\n';
    return lines;
}

static void fill_request(char *header, char *body, const struct challenge_device *device, struct span value)
{
    struct challenge_config config = {
        .source = CHALLENGE_HTTP, .post = true, .headers = &header, .header_count = 1, .body = body};
    struct challenge_request request;
    struct secret *secret = NULL;
    struct err e = {0};
    if (!challenge_config_check(&config, &e)) {
        require(e.reason == REASON_SCENARIO);
        return;
    }
    require(secret_new(value, &secret, &e));
    if (challenge_request_make(&config, "http://h/{secret}/{subject}", device, secret, &request, &e))
        require(lines_in(buf_span(&request.headers)) == 2 && lines_in(buf_span(&request.url)) == 0);
    else
        require(e.reason == REASON_USAGE || e.reason == REASON_LIMIT);
    challenge_request_clear(&request);
    secret_free(secret);
}

static void fill_command(char *argument, const struct challenge_device *device)
{
    char program[] = "otp";
    char *command[] = {program, argument}, **argv = NULL;
    struct challenge_config config = {.source = CHALLENGE_COMMAND, .command = command, .command_count = 2};
    struct err e = {0};
    if (!challenge_config_check(&config, &e))
        return;
    if (challenge_command_make(&config, 3, device, &argv, &e))
        require(strcmp(argv[0], "otp") == 0 && argv[1] != NULL && argv[2] == NULL);
    free(argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *texts[TEXTS];
    struct span rest = span_of(data, size);
    size_t count = 0;
    for (; count < TEXTS && rest.len > 0; count++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        if (end == NULL || (size_t)(end - rest.data) > TEXT_BYTES)
            break;
        texts[count] = text_of(span_of(rest.data, (size_t)(end - rest.data)));
        rest = span_of(end + 1, rest.len - (size_t)(end - rest.data) - 1);
    }
    char *body = text_of(rest);
    if (count == TEXTS) {
        const char *names[] = {texts[3]};
        struct challenge_device device = {.index = 1,
                                          .name = "n",
                                          .profile = "p",
                                          .run = "r",
                                          .subject = texts[2],
                                          .san = names,
                                          .san_count = 1};
        fill_request(texts[0], body, &device, span_of_text(texts[4]));
        fill_command(texts[1], &device);
    }
    while (count > 0)
        free(texts[--count]);
    free(body);
    return 0;
}
