/*
 * httpd: a web server as an ordinary C program with sockets and poll. This file has the
 * arguments, the listening socket and the loop; connection.c has what happens on each
 * connection. One thread: while nothing is to be done it waits in poll, and the machine
 * sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "httpd.h"

#define CONNECTION_COST 20480 /* bytes of memory for each, the network's part and data included */
#define CONNECTIONS_MIN 16
#define OTHER_FILES     16 /* descriptors for what is no connection */
#define ACCEPTS         16 /* most new ones in one round */

struct counters counters;
unsigned connections_kept;

static struct connection **connections;
static struct pollfd *polled; /* of the same numbers, and one more for the listener */
static unsigned nr_connections, max_connections;

static int64_t
now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- start ---- */

static void
usage(FILE *to)
{
    fprintf(to, "Usage: httpd [--port N] [--root DIR]\n"
                "Serves the files below DIR (default /) on TCP port N (default 80).\n"
                "/status is a description of the machine, as JSON.\n");
}

static void
die(const char *what, const char *name)
{
    fprintf(stderr, "httpd: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static unsigned
parse_port(const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (text[0] >= '0' && text[0] <= '9' && !*end && port >= 1 && port <= 65535)
        return (unsigned)port;
    fprintf(stderr, "httpd: --port wants a number from 1 to 65535, not %s\n", text);
    exit(2);
}

static void
parse_arguments(char **argv, const char **root, unsigned *port)
{
    while (*++argv) {
        if (strcmp(*argv, "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        bool wants_port = strcmp(*argv, "--port") == 0;
        if ((!wants_port && strcmp(*argv, "--root") != 0) || !argv[1]) {
            fprintf(stderr, "httpd: %s %s\n",
                    argv[1] ? "unknown argument"
                            : "unknown argument, or one that lacks a value:",
                    *argv);
            usage(stderr);
            exit(2);
        }
        argv++;
        if (wants_port)
            *port = parse_port(*argv);
        else
            *root = *argv;
    }
}

/* One socket for IPv6 and IPv4, or one for IPv4 where there is no IPv6. */
static int
listen_on(unsigned port)
{
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, off = 0;
    char name[32];

    snprintf(name, sizeof(name), "TCP port %u", port);
    int s = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool six = s >= 0 && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0;
    if (!six) {
        if (s >= 0)
            close(s);
        s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    if (s < 0)
        die("no socket for", name);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const struct sockaddr *address = six ? (struct sockaddr *)&any6 : (struct sockaddr *)&any4;
    if (bind(s, address, six ? sizeof(any6) : sizeof(any4)) < 0 || listen(s, 64) < 0)
        die("cannot listen on", name);
    return s;
}

static void
open_root(const char *path)
{
    struct timespec ts = {0};
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        die("cannot open the folder", path);
    clock_gettime(CLOCK_REALTIME, &ts);
    files_init(root, (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

static void
announce(const char *root, unsigned port)
{
    char address[128];

    status_address(address, sizeof(address), port);
    printf("httpd: serving %s on port %u%s%s\n", root, port, address[0] ? ": " : "", address);
    fflush(stdout);
}

/* As many connections as there are memory and descriptors for; each may have a file open. */
static void
make_room(void)
{
    long pages = sysconf(_SC_AVPHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
    uint64_t most = (uint64_t)pages * (uint64_t)page_size / CONNECTION_COST;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        die("no limit of", "descriptors");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        die("cannot raise the limit of", "descriptors");
    if (most < CONNECTIONS_MIN)
        most = CONNECTIONS_MIN;
    if (most > (files.rlim_cur - OTHER_FILES) / 2)
        most = (files.rlim_cur - OTHER_FILES) / 2;
    max_connections = (unsigned)most;
    connections_kept = max_connections / 8 * 7;
    connections = calloc(max_connections, sizeof(*connections));
    polled = calloc(max_connections + 1, sizeof(*polled));
    if (!connections || !polled)
        die("no memory for", "connections");
}

/* ---- the loop ---- */

static void
drop(unsigned i)
{
    connection_free(connections[i]);
    connections[i] = connections[--nr_connections];
}

/* Would `a` rather go than `b`? The one that is worth less, and of equals the older. */
static bool
goes_first(const struct connection *a, const struct connection *b)
{
    unsigned worth_a = connection_worth(a), worth_b = connection_worth(b);

    if (worth_a != worth_b)
        return worth_a < worth_b;
    return connection_deadline(a) < connection_deadline(b);
}

/* Make room by closing the connection that has been idle for longest, or else the one that has
 * been at its request for longest; false if all are being answered. */
static bool
drop_idle(void)
{
    unsigned first = 0;

    for (unsigned i = 1; i < nr_connections; i++)
        if (goes_first(connections[i], connections[first]))
            first = i;
    if (nr_connections == 0 || connection_worth(connections[first]) > 1)
        return false;
    drop(first);
    return true;
}

/* poll failed: with no memory left there is some again when a client goes. */
static void
give_way(void)
{
    if (errno == EINTR)
        return;
    if (errno != ENOMEM || nr_connections == 0)
        die("poll", "failed");
    if (!drop_idle())
        drop(nr_connections - 1);
}

/* New clients; false if there is no room for the next one now. */
static bool
accept_clients(int listener, int64_t now)
{
    int on = 1;

    for (int i = 0; i < ACCEPTS; i++) {
        if (nr_connections == max_connections && !drop_idle())
            return false;
        int s = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (s < 0 &&
            (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
            return drop_idle();
        if (s < 0)
            return true;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct connection *c = connection_new(s, now);
        if (!c)
            return drop_idle();
        connections[nr_connections++] = c;
        if (!connection_ready(c, now))
            drop(nr_connections - 1);
    }
    return true;
}

static int
poll_timeout(int64_t now)
{
    int64_t first = INT64_MAX;

    for (unsigned i = 0; i < nr_connections; i++)
        if (connection_deadline(connections[i]) < first)
            first = connection_deadline(connections[i]);
    if (first == INT64_MAX)
        return -1;
    if (first <= now)
        return 0;
    return first - now < INT_MAX ? (int)(first - now) : INT_MAX;
}

/* Backwards, since a finished connection's place is taken by the last one. */
static void
serve_clients(int64_t now)
{
    for (unsigned i = nr_connections; i-- > 0;) {
        struct connection *c = connections[i];
        bool alive = true;
        if (polled[i].revents)
            alive = connection_ready(c, now);
        else if (connection_deadline(c) <= now)
            alive = connection_late(c, now);
        if (!alive)
            drop(i);
    }
}

int
main(int argc, char **argv)
{
    const char *root = "/";
    unsigned port = 80;
    bool room = true;

    (void)argc;
    parse_arguments(argv, &root, &port);
    open_root(root);
    int listener = listen_on(port);
    make_room();
    announce(root, port);
    for (;;) {
        for (unsigned i = 0; i < nr_connections; i++)
            polled[i] = (struct pollfd){.fd = connection_socket(connections[i]),
                                        .events = connection_wants(connections[i])};
        unsigned nr_polled = nr_connections;
        if (room)
            polled[nr_polled++] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (poll(polled, nr_polled, poll_timeout(now_ms())) < 0) {
            give_way();
            continue;
        }
        int64_t now = now_ms();
        short knock = room ? polled[nr_polled - 1].revents : 0;
        serve_clients(now);
        if (knock || !room)
            room = accept_clients(listener, now);
    }
}
