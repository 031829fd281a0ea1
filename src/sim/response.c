#include "sim/response.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DROP_BYTES 32 /* then a pause */
#define LINE_BYTES 256

/* A body on its way out. */
struct body {
    struct buf bytes;
    enum ndes_cut cut;
    size_t cut_at;
    struct sim_drip drip;
    uint64_t paused_at;
};

static void free_body(void *user)
{
    struct body *body = user;
    buf_wipe(&body->bytes);
    free(body);
}

/* Called for the bytes at `at`; what it returns is sent before it is called again. 0: the connection sleeps. */
static ssize_t read_body(void *user, uint64_t at, char *out, size_t max)
{
    struct body *body = user;
    size_t end = body->cut == NDES_CUT_CONNECTION ? body->cut_at : body->bytes.len;
    if (at >= end)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (body->cut == NDES_CUT_DRIP && at != body->paused_at) {
        body->paused_at = at;
        return body->drip.pause(body->drip.user) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t left = end - (size_t)at;
    size_t n = left < max ? left : max;
    if (body->cut == NDES_CUT_DRIP && n > DROP_BYTES)
        n = DROP_BYTES;
    memcpy(out, body->bytes.data + at, n);
    return (ssize_t)n;
}

/* libmicrohttpd takes what it is to free as the user's pointer, so the whole body goes with a plain one, too. */
static struct MHD_Response *make_body(struct ndes_reply *reply, const struct sim_drip *drip)
{
    struct body *body = malloc(sizeof *body);
    struct MHD_Response *response = NULL;
    if (body != NULL) {
        *body = (struct body){reply->body, reply->cut, reply->cut_at, *drip, 0};
        bool plain = reply->cut != NDES_CUT_CONNECTION && reply->cut != NDES_CUT_DRIP;
        response =
            plain ? MHD_create_response_from_buffer_with_free_callback_cls(body->bytes.len, body->bytes.data,
                                                                           free_body, body)
                  : MHD_create_response_from_callback(body->bytes.len, 4096, read_body, body, free_body);
    }
    if (response == NULL) {
        buf_wipe(&reply->body);
        free(body);
    }
    return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        MHD_add_response_header(response, name, value);
}

/* A header for each line; `lines` is taken apart. */
static void add_lines(struct MHD_Response *response, const char *name, char *lines)
{
    for (char *line = lines; line != NULL;) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        add_header(response, name, line);
        line = next;
    }
}

/* "Name: value" each line. */
static void add_named(struct MHD_Response *response, const char *lines)
{
    while (lines != NULL && *lines != '\0') {
        char line[LINE_BYTES];
        size_t len = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", (int)len, lines);
        char *value = strstr(line, ": ");
        if (value != NULL) {
            *value = '\0';
            add_header(response, line, value + 2);
        }
        lines += len + (lines[len] == '\n');
    }
}

/* In place of the one that libmicrohttpd adds. */
static void add_date(struct MHD_Response *response, int64_t at_us)
{
    char text[64];
    struct tm tm;
    time_t at_s = (time_t)(at_us / 1000000);
    if (gmtime_r(&at_s, &tm) != NULL && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
        add_header(response, MHD_HTTP_HEADER_DATE, text);
}

struct MHD_Response *sim_response_make(struct ndes_reply *reply, int64_t now_us, const struct sim_drip *drip)
{
    struct MHD_Response *response = make_body(reply, drip);
    if (response == NULL)
        return NULL;
    if (reply->clock_us != 0)
        add_date(response, now_us + reply->clock_us);
    add_header(response, MHD_HTTP_HEADER_SERVER, reply->server);
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
    add_lines(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, reply->authenticate);
    add_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
    add_named(response, reply->headers);
    add_header(response, MHD_HTTP_HEADER_CONNECTION, reply->close ? "close" : NULL);
    return response;
}
