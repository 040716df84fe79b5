/*
 * Answers: the head that every one has, the pages that errors get, and the way from a parsed
 * request to one of them. Relies on files.c for what lies in the file system.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "httpd.h"

#define BODY_MAX 65536 /* a longer one is not read to keep a connection open */

static const char *
reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Error";
    }
}

/* ---- the head ---- */

void
answer_field(struct answer *answer, const char *format, ...)
{
    size_t room = sizeof(answer->head) - answer->head_len;
    va_list ap;

    va_start(ap, format);
    int len = vsnprintf(answer->head + answer->head_len, room, format, ap);
    va_end(ap);
    if (len > 0 && (size_t)len < room)
        answer->head_len += (size_t)len;
}

void
answer_lines(struct answer *answer, const char *lines, size_t len)
{
    if (len > sizeof(answer->head) - answer->head_len)
        return;
    memcpy(answer->head + answer->head_len, lines, len);
    answer->head_len += len;
}

/* The lines that every answer has, and the turn from which on their date is an old one. */
static void
make_first_lines(struct answer *answer, int64_t *until)
{
    struct timespec now;
    char date[40];

    clock_gettime(CLOCK_REALTIME, &now);
    *until = turn + 1000 - now.tv_nsec / 1000000;
    answer_field(answer, "HTTP/1.1 %d %s\r\nServer: Ringlet\r\n", answer->status,
                 reason(answer->status));
    if (now.tv_sec > 0 &&
        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now.tv_sec)))
        answer_field(answer, "Date: %s\r\n", date);
    answer_field(answer, "Connection: %s\r\n", answer->keep ? "keep-alive" : "close");
}

void
answer_init(struct answer *answer)
{
    answer->head_len = 0;
    answer->body = answer->text = NULL;
    answer->body_len = 0;
    answer->watches = false;
    answer->cached = NULL;
    answer->file = -1;
    answer->left = 0;
}

/* Most answers begin as the last one did. */
void
answer_begin(struct answer *answer, int status, bool keep)
{
    static int64_t last_until;
    static int last_status;
    static bool last_keep;
    static char last[200];
    static size_t last_len;

    answer_free(answer);
    answer->status = status;
    answer->keep = keep;
    if (turn < last_until && status == last_status && keep == last_keep) {
        answer_lines(answer, last, last_len);
        return;
    }
    make_first_lines(answer, &last_until);
    last_status = status;
    last_keep = keep;
    last_len = answer->head_len;
    memcpy(last, answer->head, last_len);
}

void
answer_free(struct answer *answer)
{
    if (answer->file >= 0)
        close(answer->file);
    cache_release(answer->cached);
    free(answer->text);
    answer_init(answer);
}

/* ---- bodies ---- */

void
answer_with_text(struct answer *answer, const char *type, struct text *text)
{
    if (text->failed) {
        free(text->data);
        answer_begin(answer, 503, false);
        answer_field(answer, "Content-Length: 0\r\n\r\n");
        return;
    }
    answer->body = answer->text = text->data;
    answer->body_len = text->len;
    answer_field(answer, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, text->len);
}

void
answer_with_page(struct answer *answer)
{
    struct text page = {0};
    const char *what = reason(answer->status);

    text_add(&page,
             "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\"><title>%d %s</title>"
             "<style>body{font:1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:28rem;"
             "padding:0 1rem;color-scheme:light dark}h1{font-size:1.25rem}"
             "b{font-size:3rem;display:block}</style><h1><b>%d</b>%s</h1>"
             "<p><a href=\"/\">To the first page</a></html>\n",
             answer->status, what, answer->status, what);
    answer_with_text(answer, "text/html; charset=utf-8", &page);
}

void
answer_error(struct answer *answer, int status)
{
    answer_begin(answer, status, false);
    answer_with_page(answer);
}

static void
answer_status(struct answer *answer, bool keep)
{
    struct text json = {0};

    status_json(&json);
    answer_begin(answer, 200, keep);
    answer_field(answer, "Cache-Control: no-store\r\n");
    answer_with_text(answer, "application/json", &json);
}

/* A stream has no length, so its end is the connection's. It is for those who watch; where there are
 * many connections they have to make do with /status. */
static void
answer_stream(struct answer *answer)
{
    if (counters.open > connections_kept) {
        answer_error(answer, 503);
        return;
    }
    answer_begin(answer, 200, false);
    answer_field(answer, "Cache-Control: no-store\r\nContent-Type: text/event-stream\r\n\r\n");
    answer_event(answer);
}

void
answer_event(struct answer *answer)
{
    struct text event = {0};

    status_event(&event);
    answer->status = 200;
    answer->keep = false;
    answer->watches = !event.failed;
    answer->body = answer->text = event.data;
    answer->body_len = event.failed ? 0 : event.len;
}

void
answer_request(struct answer *answer, const struct request *request, bool keep)
{
    int status = request->status;

    if (!status && request->body > BODY_MAX)
        status = 413;
    if (status) {
        answer_begin(answer, status, keep && status != 413);
        if (status == 405)
            answer_field(answer, "Allow: GET, HEAD\r\n");
        answer_with_page(answer);
    } else if (strcmp(request->path, "/status") == 0) {
        answer_status(answer, keep);
    } else if (strcmp(request->path, "/events") == 0) {
        answer_stream(answer);
    } else {
        files_answer(answer, request, keep);
    }
    if (request->head || answer->status == 304) {
        answer->body_len = 0;
        answer->left = 0;
        answer->watches = false;
    }
}
