/*
 * One HTTP request head, from bytes to what the server acts on (RFC 9110, RFC 9112). The
 * client is not trusted: whatever is malformed, ambiguous or too large becomes a status code,
 * never a guess. Relies on nothing but the C library.
 */
#ifndef HTTPD_REQUEST_H
#define HTTPD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_HEAD_MAX 8192 /* bytes of a whole head */
#define REQUEST_PATH_MAX 1000 /* bytes of a decoded path, its NUL included */

struct request {
    int status; /* 0, or the error to answer with; then the fields below may be missing */
    bool head;  /* HEAD: as GET, without the body */
    bool http_1_0;
    bool keep_alive;   /* the client wants the connection to stay */
    bool expects_100;  /* it sends its body only when it is told to */
    uint64_t body;     /* bytes that follow the head */
    const char *query; /* with its "?", as it came; "" if there is none */
    /* Fields as they came, inside the head; NULL where they are missing. */
    const char *range, *if_range, *if_none_match, *if_modified_since;
    char path[REQUEST_PATH_MAX]; /* decoded, begins with "/", has no "." or ".." component */
};

/*
 * Parse the `len` bytes that have arrived. 0: the head is not complete, read on. Else its
 * length in bytes, or all of them as soon as they cannot be the beginning of a request any more; request->status says whether it can be served. The head is changed in
 * place and has to stay while the request's pointers are used.
 */
size_t request_parse(char *head, size_t len, struct request *request);

/* A byte range of a file of `size` bytes out of a Range field (RFC 9110, 14.1.2). */
enum range { RANGE_NONE, RANGE_GOOD, RANGE_UNSATISFIABLE };
/* RANGE_NONE: not one single range of bytes, serve it all. RANGE_GOOD: *first to *last. */
enum range request_range(const char *field, uint64_t size, uint64_t *first, uint64_t *last);

/* True if a list of entity tags, or "*", has this one (weak comparison, RFC 9110, 8.8.3.2). */
bool request_has_tag(const char *list, const char *tag);

#endif
