#include "ndes/pages.h"

#define SERVER_KERNEL "Microsoft-HTTPAPI/2.0"
#define TITLE         "Network Device Enrollment Service"
#define SERVER_IIS    "Microsoft-IIS/10.0"

/* HTTP.sys: title, heading, sentence, s-reason. Content-Length 346, 324, 334, 326, 315 and 341 in this order. That it, and not IIS, answers
 * the middle leg of a logon (kernel-mode authentication) is inferred. */
static const struct kernel_page {
    int status;
    const char *title, *heading, *sentence;
    const char *httperr; /* s-reason; NULL: IIS logs it */
} kernel_pages[NDES_ERROR_COUNT] = {
    [NDES_ERROR_KERNEL_TOO_LONG] = {400, "Bad Request", "Bad Request - Request Too Long",
                                    "HTTP Error 400. The size of the request headers is too long.",
                                    "RequestLength"},
    [NDES_ERROR_KERNEL_BAD_URL] = {400, "Bad Request", "Bad Request - Invalid URL",
                                   "HTTP Error 400. The request URL is invalid.", "URL"},
    [NDES_ERROR_KERNEL_BAD_HOST] = {400, "Bad Request", "Bad Request - Invalid Hostname",
                                    "HTTP Error 400. The request hostname is invalid.", "Hostname"},
    [NDES_ERROR_KERNEL_UNAVAILABLE] = {503, "Service Unavailable", "Service Unavailable",
                                       "HTTP Error 503. The service is unavailable.", "AppOffline"},
    [NDES_ERROR_KERNEL_NOT_FOUND] = {404, "Not Found", "Not Found",
                                     "HTTP Error 404. The requested resource is not found.", "NotFound"},
    [NDES_ERROR_KERNEL_401] = {401, "Not Authorized", "Not Authorized",
                               "HTTP Error 401. The requested resource requires user authentication.", NULL},
};

/* IIS hides sub-status and win32 code from remote callers, so the title is all a client gets. */
static const struct iis_page {
    int status;
    const char *title, *sentence;
} iis_pages[NDES_ERROR_COUNT] = {
    [NDES_ERROR_IIS_401] = {401, "401 - Unauthorized: Access is denied due to invalid credentials.",
                            "You do not have permission to view this directory or page using the credentials "
                            "that you supplied."},
    [NDES_ERROR_IIS_403] = {403, "403 - Forbidden: Access is denied.",
                            "You do not have permission to view this directory or page using the credentials "
                            "that you supplied."},
    [NDES_ERROR_IIS_404] = {404, "404 - File or directory not found.",
                            "The resource you are looking for might have been removed, had its name changed, "
                            "or is temporarily unavailable."},
    [NDES_ERROR_IIS_405] =
        {405, "405 - HTTP verb used to access this page is not allowed.",
         "The page you are looking for cannot be displayed because an invalid method (HTTP "
         "verb) was used to attempt access."},
    [NDES_ERROR_IIS_413] = {413, "413 - Request entity is too large.",
                            "The page was not displayed because the request entity is too large."},
    [NDES_ERROR_IIS_500] = {500, "500 - Internal server error.",
                            "There is a problem with the resource you are looking for, and it cannot be "
                            "displayed."},
    [NDES_ERROR_IIS_503] = {503, "503 - Service Unavailable.",
                            "The service is unavailable: too many requests are being processed."},
};

static void kernel_error(const struct kernel_page *page, struct ndes_reply *reply)
{
    reply->status = page->status;
    reply->server = SERVER_KERNEL;
    reply->layer = page->httperr != NULL ? NDES_LAYER_KERNEL : NDES_LAYER_IIS;
    reply->httperr = page->httperr;
    reply->content_type = "text/html; charset=us-ascii";
    reply->close = page->status != 401; /* a logon needs its connection */
    buf_appendf(
        &reply->body,
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
        "<HTML><HEAD><TITLE>%s</TITLE>\r\n"
        "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
        "<BODY><h2>%s</h2>\r\n"
        "<hr><p>%s</p>\r\n"
        "</BODY></HTML>\r\n",
        page->title, page->heading, page->sentence);
}

static void iis_error(const struct iis_page *page, struct ndes_reply *reply)
{
    reply->status = page->status;
    reply->server = SERVER_IIS;
    reply->content_type = "text/html";
    buf_appendf(&reply->body,
                "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
                "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n"
                "<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n"
                "<head>\r\n"
                "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"/>\r\n"
                "<title>%s</title>\r\n"
                "</head>\r\n"
                "<body>\r\n"
                "<div id=\"header\"><h1>Server Error</h1></div>\r\n"
                "<div id=\"content\">\r\n"
                " <h2>%s</h2>\r\n"
                " <h3>%s</h3>\r\n"
                "</div>\r\n"
                "</body>\r\n"
                "</html>\r\n",
                page->title, page->title, page->sentence);
}

/* Without its ISAPI handler the file is a file. What is sent of it is how any Windows program begins. */
static void download(struct ndes_reply *reply)
{
    static const char program[] = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
                                  "This program cannot be run in DOS mode.\r\r\n$";
    reply->status = 200;
    reply->server = SERVER_IIS;
    reply->content_type = "application/x-msdownload";
    reply->headers = "Accept-Ranges: bytes";
    buf_append(&reply->body, program, sizeof program - 1);
}

static void gateway_error(struct ndes_reply *reply)
{
    reply->status = 502;
    reply->layer = NDES_LAYER_FRONT;
    reply->content_type = "text/plain";
    buf_append_text(&reply->body, "502 Bad Gateway: the SCEP server behind this one did not deliver.\n");
}

/* A proxy that wants to see a person before it lets anything through. The host's name ends in a top-level domain that never
 * exists: nobody is sent to the real one. */
static const struct proxy_page {
    int status;
    const char *location;
    const char *text;
} proxy_pages[NDES_ERROR_COUNT] = {
    [NDES_ERROR_PROXY_REDIRECT] = {302, "https://login.microsoftonline.com.invalid/common/oauth2/authorize",
                                   "<h2>Object moved</h2>"},
    [NDES_ERROR_PROXY_LOGIN] =
        {200, "",
         "<h2>Sign in to your account</h2>\r\n"
         "<form method=\"post\" action=\"/login\"><input type=\"email\" name=\"loginfmt\">"
         "<input type=\"password\" name=\"passwd\"><input type=\"submit\"></form>"},
    [NDES_ERROR_PROXY_403] = {403, "", "<h2>This corporate app can't be accessed.</h2>"},
};

static void proxy_error(const struct proxy_page *page, struct ndes_reply *reply)
{
    reply->status = page->status;
    reply->layer = NDES_LAYER_FRONT;
    reply->content_type = "text/html; charset=utf-8";
    snprintf(reply->location, sizeof reply->location, "%s", page->location);
    buf_appendf(&reply->body,
                "<!DOCTYPE html>\r\n<html><head><title>Sign in</title></head>\r\n<body>%s</body></html>\r\n",
                page->text);
}

/* What HTTP.sys does when the worker process dies of a request. */
static void reset(struct ndes_reply *reply)
{
    reply->status = 0;
    reply->cut = NDES_CUT_RESET;
    reply->layer = NDES_LAYER_KERNEL;
    reply->httperr = "Connection_Abandoned_By_AppPool";
}

void ndes_page_error(enum ndes_error_page page, struct ndes_reply *reply)
{
    buf_reset(&reply->body);
    if (kernel_pages[page].status != 0)
        kernel_error(&kernel_pages[page], reply);
    else if (page == NDES_ERROR_RESET)
        reset(reply);
    else if (page == NDES_ERROR_IIS_EMPTY)
        ndes_page_start(reply);
    else if (page == NDES_ERROR_IIS_DOWNLOAD)
        download(reply);
    else if (page == NDES_ERROR_BAD_GATEWAY)
        gateway_error(reply);
    else if (proxy_pages[page].status != 0)
        proxy_error(&proxy_pages[page], reply);
    else
        iis_error(&iis_pages[page], reply);
}

void ndes_page_start(struct ndes_reply *reply)
{
    reply->status = 200;
    reply->server = SERVER_IIS;
    reply->content_type = "text/html";
    buf_reset(&reply->body);
}

/* Every NDES page has the same frame; `text` is HTML. */
void ndes_page_frame(struct buf *out, const char *title, const char *text)
{
    buf_appendf(out,
                "<HTML><Head><Meta HTTP-Equiv=\"Content-Type\" Content=\"text/html; charset=UTF-8\">\r\n"
                "<Title>%s</Title></Head>\r\n"
                "<Body>\r\n"
                "<P><B>%s</B></P>\r\n"
                "%s"
                "</Body></HTML>\r\n",
                title, title, text);
}

void ndes_page_info(struct ndes_reply *reply)
{
    ndes_page_start(reply);
    ndes_page_frame(&reply->body, TITLE,
                    "<P>This URL is used by network devices to submit certificate requests.</P>\r\n"
                    "<P>To obtain an enrollment challenge password, go to the administration page.</P>\r\n");
}

void ndes_page_not_scep(struct ndes_reply *reply)
{
    ndes_page_start(reply);
    ndes_page_frame(&reply->body, TITLE, "<P>The request could not be processed.</P>\r\n");
}

void ndes_page_moved(const char *location, struct ndes_reply *reply)
{
    ndes_page_start(reply);
    reply->status = 301;
    snprintf(reply->location, sizeof reply->location, "%s", location);
    buf_appendf(&reply->body,
                "<head><title>Document Moved</title></head>\r\n"
                "<body><h1>Object Moved</h1>This document may be found <a HREF=\"%s\">here</a></body>",
                location);
}
