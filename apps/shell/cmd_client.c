/*
 * nc and wget: a TCP connection by hand, and a file by HTTP (RFC 9112). Names are asked of DNS; each
 * address that a name has is tried.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shell.h"

#define CHUNK 16384
#define HEADER_SIZE \
    8192 /* bytes of an answer's header that are looked at; a longer one is refused */

/* A connected socket, or -1 with a line said. */
static int
dial(const char *command, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found), s = -1;

    if (error) {
        fprintf(stderr, "%s: %s: %s\n", command, host, gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *at = found; at && s < 0 && !interrupted; at = at->ai_next) {
        s = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
        if (s >= 0 && connect(s, at->ai_addr, at->ai_addrlen) < 0) {
            int reason = errno;
            close(s);
            errno = reason;
            s = -1;
        }
    }
    if (s < 0)
        complain(command, host);
    freeaddrinfo(found);
    return s;
}

/* ---- nc ---- */

/* What came in on one side goes out on the other. False at the end, or with an error said. */
static bool
pass(int from, int to, int *status)
{
    char data[2048];
    ssize_t n = read(from, data, sizeof(data));

    if (n > 0 && write_all(to, data, (size_t)n))
        return true;
    if (n != 0 && errno != EINTR)
        *status = complain("nc", n < 0 ? "reading" : "writing");
    return n < 0 && errno == EINTR && !interrupted;
}

/* Both ways, until the peer has said all. The end of our input is told to the peer. */
static int
talk(int s)
{
    struct pollfd files[] = {{.fd = s, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};
    int status = 0;

    while (!interrupted) {
        if (poll(files, 2, -1) < 0)
            continue;
        if (files[0].revents && !pass(s, STDOUT_FILENO, &status))
            break;
        if (files[1].revents && !pass(STDIN_FILENO, s, &status)) {
            files[1].fd = -1;
            shutdown(s, SHUT_WR);
        }
    }
    close(s);
    return status;
}

/* The first peer that comes, by IPv4 or IPv6. */
static int
listen_once(const char *port)
{
    struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_family = AF_INET6, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int on = 1, error = getaddrinfo(NULL, port, &hints, &found), s, peer = -1;

    if (error) {
        fprintf(stderr, "nc: %s: %s\n", port, gai_strerror(error));
        return 1;
    }
    s = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(s, found->ai_addr, found->ai_addrlen) == 0 && listen(s, 1) == 0)
        peer = accept4(s, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0 && !interrupted)
        complain("nc", port);
    freeaddrinfo(found);
    if (s >= 0)
        close(s);
    return peer < 0 ? 1 : talk(peer);
}

int
cmd_nc(int argc, char **argv)
{
    if (argc != 3)
        return command_usage(argv[0]);
    fflush(stdout);
    if (strcmp(argv[1], "-l") == 0)
        return listen_once(argv[2]);
    int s = dial("nc", argv[1], argv[2]);
    return s < 0 ? 1 : talk(s);
}

/* ---- wget ---- */

struct url {
    char host[256], port[6];
    const char *path; /* in the text itself */
};

/* http://HOST[:PORT][/PATH], HOST possibly an IPv6 address in brackets (RFC 3986, 3.2.2). */
static bool
url_read(const char *text, struct url *url)
{
    if (strncmp(text, "http://", 7) == 0)
        text += 7;
    else if (strstr(text, "://"))
        return false;
    const char *end = text + strcspn(text, "/?#");
    bool brackets = *text == '[';
    const char *host = text + brackets;
    const char *stop = memchr(host, brackets ? ']' : ':', (size_t)(end - host));
    const char *colon = stop ? stop + brackets : end;
    if ((brackets && !stop) || (colon < end && *colon != ':'))
        return false;
    size_t host_len = (size_t)((stop ? stop : end) - host);
    size_t port_len = colon < end ? (size_t)(end - colon - 1) : 0;
    if (host_len == 0 || host_len >= sizeof(url->host) || port_len >= sizeof(url->port))
        return false;
    memcpy(url->host, host, host_len);
    url->host[host_len] = '\0';
    snprintf(url->port, sizeof(url->port), "%.*s", port_len ? (int)port_len : 2,
             port_len ? colon + 1 : "80");
    url->path = end;
    return true;
}

/* HTTP/1.0, so that the answer comes in one piece and the connection's end is its end. */
static bool
ask(int s, const struct url *url)
{
    char text[2048];
    bool six = strchr(url->host, ':');
    int path_len = (int)strcspn(url->path, "#");
    const char *slash = *url->path == '/' ? "" : "/";
    int len =
        snprintf(text, sizeof(text),
                 "GET %s%.*s HTTP/1.0\r\nHost: %s%s%s:%s\r\nUser-Agent: Ringlet\r\n\r\n", slash,
                 path_len, url->path, six ? "[" : "", url->host, six ? "]" : "", url->port);

    if ((size_t)len >= sizeof(text)) {
        errno = ENAMETOOLONG;
        return false;
    }
    return write_all(s, text, (size_t)len);
}

/* The header and what has come behind it: bytes read, and in *body where the body begins. 0: no header. */
static size_t
read_header(int s, char text[HEADER_SIZE + 1], size_t *body)
{
    size_t len = 0;
    ssize_t n;

    while (len < HEADER_SIZE && (n = read(s, text + len, HEADER_SIZE - len)) > 0) {
        len += (size_t)n;
        text[len] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end) {
            *body = (size_t)(end - text) + 4;
            return len;
        }
    }
    return 0;
}

/* What Content-Length says, or -1 without it. */
static long long
length_of(const char *header)
{
    const char *line = strcasestr(header, "\r\nContent-Length:");

    return line ? strtoll(line + 17, NULL, 10) : -1;
}

static int
fetch(int s, const char *name, int out)
{
    char text[HEADER_SIZE + 1];
    size_t body = 0, len = read_header(s, text, &body);
    long long wanted, got = 0;
    int code = 0;
    ssize_t n;

    if (len == 0 || sscanf(text, "HTTP/%*[0-9.] %d", &code) != 1) {
        fprintf(stderr, "wget: %s: the answer is no HTTP\n", name);
        return 1;
    }
    if (code != 200) {
        fprintf(stderr, "wget: %s: %.*s\n", name, (int)strcspn(text, "\r\n"), text);
        return 1;
    }
    text[body - 2] = '\0';
    wanted = length_of(text);
    n = (ssize_t)(len - body);
    memmove(text, text + body, len - body);
    do {
        if (!write_all(out, text, (size_t)n))
            return complain("wget", "writing");
        got += n;
    } while (!interrupted && (n = read(s, text, HEADER_SIZE)) > 0);
    if (n < 0)
        return complain("wget", name);
    if (wanted >= 0 && got != wanted) {
        fprintf(stderr, "wget: %s: ended after %lld of %lld bytes\n", name, got, wanted);
        return 1;
    }
    return 0;
}

int
cmd_wget(int argc, char **argv)
{
    struct url url;
    int out = STDOUT_FILENO;

    if (argc < 2 || argc > 3)
        return command_usage(argv[0]);
    if (!url_read(argv[1], &url)) {
        fprintf(stderr, "wget: %s: not of the form http://HOST[:PORT]/PATH\n", argv[1]);
        return 2;
    }
    int s = dial("wget", url.host, url.port);
    if (s < 0)
        return 1;
    fflush(stdout);
    if (argc == 3)
        out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int status = out < 0        ? complain("wget", argv[2])
                 : ask(s, &url) ? fetch(s, argv[1], out)
                                : complain("wget", url.host);
    close(s);
    if (argc == 3 && out >= 0 && close(out) < 0)
        status = complain("wget", argv[2]);
    return status;
}
