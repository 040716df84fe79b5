/*
 * What the parts of the server share: the text that a page is made of, the answer to one
 * request, and the connection that carries both. One thread runs everything; nothing blocks
 * but reading a file from a disk.
 */
#ifndef HTTPD_HTTPD_H
#define HTTPD_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "request.h"

/* ---- text.c: text that grows ---- */

struct text {
    char *data; /* from malloc; NULL while it is empty */
    size_t len, size;
    bool failed; /* memory ran out: what was added since is missing */
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same characters, safe inside HTML, inside a URL's path, inside a JSON string. */
void text_add_html(struct text *text, const char *from);
void text_add_url(struct text *text, const char *from);
void text_add_json(struct text *text, const char *from);

/* ---- answer.c ---- */

struct answer {
    int status;
    bool keep; /* the connection stays */
    char head[768];
    size_t head_len;
    char *body; /* from malloc, or NULL: the bytes that come next */
    size_t body_len;
    int file; /* where the bytes after them come from, or -1 */
    uint64_t at, left;
};

/* The answer to a request that was parsed, whatever its status. `keep` says whether the
 * connection stays. The caller ends it with answer_free. */
void answer_request(struct answer *answer, const struct request *request, bool keep);
/* An error that has no request: 408, 503. */
void answer_error(struct answer *answer, int status);
void answer_free(struct answer *answer);

/* For those who make answers. The head begins with the status line and the fields of every
 * answer; add fields, then say how long the body is. */
void answer_begin(struct answer *answer, int status, bool keep);
void answer_field(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Take the text over as the body; without memory for it the answer becomes a 503. */
void answer_with_text(struct answer *answer, const char *type, struct text *text);
/* A page that tells the reader what the status means. */
void answer_with_page(struct answer *answer);

/* ---- files.c, listing.c, status.c ---- */

/* Where files are: an open directory, and a tag that no other run of the server has. */
void files_init(int root, uint64_t run);
void files_answer(struct answer *answer, const struct request *request, bool keep);
/* The entries of an open directory, which is closed, as a page; false without memory. */
bool listing_page(struct text *page, int directory, const char *path);

struct counters {
    unsigned open;
    uint64_t accepted, requests, errors, bytes_sent;
};
extern struct counters counters;
/* Uptime, memory, interfaces and devices as JSON. */
void status_json(struct text *json);
/* The address to print at the start, such as "http://10.0.2.15/"; empty if none is known. */
void status_address(char *to, size_t size, unsigned port);

/* For slow links and slow machines: each time limit times so much (main.c). */
extern int patience;
/* With more connections than these nobody keeps one between requests (main.c). */
extern unsigned connections_kept;

/* ---- connection.c ---- */

struct connection;

/* Takes over the socket, which does not block. NULL without memory; then it is closed. */
struct connection *connection_new(int socket, int64_t now);
void connection_free(struct connection *c);
int connection_socket(const struct connection *c);
/* A number that the loop keeps with it. */
unsigned *connection_place(struct connection *c);
/* POLLIN or POLLOUT, which EPOLLIN and EPOLLOUT are too. It changes in the last two calls only. */
short connection_wants(const struct connection *c);
/* When connection_late has to be called, in milliseconds; `now` is on the same clock. */
int64_t connection_deadline(const struct connection *c);
/* What is lost if it is closed now: 0 nothing, it is between requests; 1 a request that is not
 * whole; 2 an answer. */
unsigned connection_worth(const struct connection *c);
/* What it wanted is there, or its time is over. False: it is finished, free it. */
bool connection_ready(struct connection *c, int64_t now);
bool connection_late(struct connection *c, int64_t now);

#endif
