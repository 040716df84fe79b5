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
#include <time.h>
#include "request.h"

/* ---- text.c: text that grows ---- */

struct text {
    char *data; /* from malloc; NULL while it is empty */
    size_t len, size;
    bool failed; /* memory ran out: what was added since is missing */
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Without a format, which takes long to read. */
void text_add_plain(struct text *text, const char *from);
void text_add_number(struct text *text, unsigned long long number);
void text_add_bytes(struct text *text, const char *from, size_t len);
/* A number's digits, without a NUL; how many there are. */
#define TEXT_DIGITS 20
size_t text_digits(char to[TEXT_DIGITS], unsigned long long number);
/* The same characters, safe inside HTML, inside a URL's path, inside a JSON string. */
void text_add_html(struct text *text, const char *from);
void text_add_url(struct text *text, const char *from);
void text_add_json(struct text *text, const char *from);

/* ---- answer.c ---- */

struct answer {
    int status;
    bool keep;    /* the connection stays */
    bool watches; /* the body is an event, and others follow */
    size_t head_len;
    const char *body; /* the bytes that come next, */
    size_t body_len;
    char *text;            /* which lie here, from malloc, */
    struct cached *cached; /* or here; both may be NULL */
    int file;              /* where the bytes after them come from, or -1 */
    uint64_t at, left;
    char head[768];
};

/* The answer to a request that was parsed, whatever its status. `keep` says whether the
 * connection stays. The caller ends it with answer_free. */
void answer_request(struct answer *answer, const struct request *request, bool keep);
/* An error that has no request: 408, 503. */
void answer_error(struct answer *answer, int status);
/* The next event, without a head, for a client that watches. Without memory the stream ends. */
void answer_event(struct answer *answer);
void answer_free(struct answer *answer);
/* Nothing is in it yet that answer_free would free. */
void answer_init(struct answer *answer);

/* For those who make answers. The head begins with the status line and the fields of every
 * answer; add fields, then say how long the body is. */
void answer_begin(struct answer *answer, int status, bool keep);
void answer_field(struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Whole lines as they are. */
void answer_lines(struct answer *answer, const char *lines, size_t len);
/* Take the text over as the body; without memory for it the answer becomes a 503. */
void answer_with_text(struct answer *answer, const char *type, struct text *text);
/* A page that tells the reader what the status means. */
void answer_with_page(struct answer *answer);

/* ---- cache.c: small files, for a second ---- */

/* What is known of a file, whatever part of it is wanted. */
struct version {
    uint64_t size;
    time_t time;
    const char *type;
    char tag[64];
    char date[40]; /* empty where the file's time is not known */
};

struct cached {
    char *path;     /* of the request */
    int64_t until;  /* the turn from which on it is not served any more */
    unsigned users; /* the cache, and answers */
    struct version version;
    size_t lines_len; /* the fields of a whole answer, once they were made */
    char lines[384];
    char body[]; /* of version.size bytes */
};

/* What a path was answered with within the last second, or NULL. */
struct cached *cache_find(const char *path);
/* Read the open file, which stays the caller's; NULL: it is too large, or cannot be had. */
struct cached *cache_add(const char *path, int file, const struct version *version);
/* For an answer; NULL is allowed in the second. */
struct cached *cache_hold(struct cached *cached);
void cache_release(struct cached *cached);

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
/* The same as one event of a stream (HTML standard, 9.2.6); the same text for all within a turn. */
void status_event(struct text *event);
/* The address to print at the start, such as "http://10.0.2.15/"; empty if none is known. */
void status_address(char *to, size_t size, unsigned port);

/* The time of the loop's turn, in milliseconds: the clock is looked at once in each (main.c). */
extern int64_t turn;
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
