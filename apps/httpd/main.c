/*
 * httpd: a web server as an ordinary C program with sockets and epoll. This file has the
 * arguments, the listening socket and the loop; connection.c has what happens on each
 * connection. One thread: while nothing is to be done it waits in epoll, and the machine
 * sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "httpd.h"

#define CONNECTION_COST \
    20480 /* bytes of memory for each, the network's part and data included */
#define CONNECTIONS_MIN 16
#define OTHER_FILES     16 /* descriptors for what is no connection */
#define ACCEPTS         16 /* most new ones in one round */
#define EVENTS          64 /* in one round */

struct counters counters;
unsigned connections_kept;
int patience = 1;
int64_t turn;

static struct connection **connections;
static unsigned nr_connections, max_connections;
static int epoll;              /* data: the connection, NULL for the listener */
static int64_t first_deadline; /* of all connections, or earlier */

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
    fprintf(to, "Usage: httpd [--port N] [--root DIR] [--patience N]\n"
                "Serves the files below DIR (default /) on TCP port N (default 80).\n"
                "Clients have N times as long as usual, where N is the patience.\n"
                "/status is the machine as JSON, /events the same each second.\n");
}

static void
die(const char *what, const char *name)
{
    fprintf(stderr, "httpd: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static unsigned
parse_number(const char *option, const char *text, unsigned most)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (text[0] >= '0' && text[0] <= '9' && !*end && number >= 1 && number <= most)
        return (unsigned)number;
    fprintf(stderr, "httpd: %s wants a number from 1 to %u, not %s\n", option, most, text);
    exit(2);
}

/* False if there is no such option. */
static bool
parse_option(const char *option, const char *value, const char **root, unsigned *port)
{
    if (strcmp(option, "--port") == 0)
        *port = parse_number(option, value, 65535);
    else if (strcmp(option, "--patience") == 0)
        patience = (int)parse_number(option, value, 1000);
    else if (strcmp(option, "--root") == 0)
        *root = value;
    else
        return false;
    return true;
}

static void
parse_arguments(char **argv, const char **root, unsigned *port)
{
    while (*++argv) {
        if (strcmp(*argv, "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (!argv[1] || !parse_option(argv[0], argv[1], root, port)) {
            fprintf(stderr, "httpd: %s %s\n",
                    argv[1] ? "unknown argument"
                            : "unknown argument, or one that lacks a value:",
                    *argv);
            usage(stderr);
            exit(2);
        }
        argv++;
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
    if (!connections)
        die("no memory for", "connections");
}

/* ---- the loop ---- */

/* Its socket leaves epoll when it is closed. */
static void
drop(struct connection *c)
{
    unsigned i = *connection_place(c);

    connections[i] = connections[--nr_connections];
    *connection_place(connections[i]) = i;
    connection_free(c);
}

static bool
watch(int operation, int socket, uint32_t events, struct connection *c)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    return epoll_ctl(epoll, operation, socket, &event) == 0;
}

/* After one of its calls: have it waited for, or drop it. `watched` are the events that it is
 * waited for already. */
static void
go_on(struct connection *c, bool alive, short watched)
{
    short wants = alive ? connection_wants(c) : 0;

    if (alive && wants != watched)
        alive = watch(watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, connection_socket(c),
                      (uint32_t)wants, c);
    if (!alive)
        drop(c);
    else if (connection_deadline(c) < first_deadline)
        first_deadline = connection_deadline(c);
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
    drop(connections[first]);
    return true;
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
        *connection_place(c) = nr_connections;
        connections[nr_connections++] = c;
        go_on(c, connection_ready(c, now), 0);
    }
    return true;
}

static int
milliseconds_left(int64_t now)
{
    if (first_deadline == INT64_MAX)
        return -1;
    if (first_deadline <= now)
        return 0;
    return first_deadline - now < INT_MAX ? (int)(first_deadline - now) : INT_MAX;
}

/* Backwards, since a finished connection's place is taken by the last one. */
static void
look_at_deadlines(int64_t now)
{
    if (now < first_deadline)
        return;
    first_deadline = INT64_MAX;
    for (unsigned i = nr_connections; i-- > 0;) {
        struct connection *c = connections[i];
        short watched = connection_wants(c);
        go_on(c, connection_deadline(c) > now || connection_late(c, now), watched);
    }
}

/* The clients of these events; true if the listener is among them. No client leaves but by its
 * own event. */
static bool
serve_clients(const struct epoll_event *events, int n, int64_t now)
{
    bool knock = false;

    for (int i = 0; i < n; i++) {
        struct connection *c = events[i].data.ptr;
        if (!c) {
            knock = true;
            continue;
        }
        short watched = connection_wants(c);
        go_on(c, connection_ready(c, now), watched);
    }
    return knock;
}

/* While there is no room the listener is not waited for, and each round tries again. */
static bool
let_in(int listener, bool room, int64_t now)
{
    bool now_room = accept_clients(listener, now);

    if (now_room != room)
        watch(EPOLL_CTL_MOD, listener, now_room ? EPOLLIN : 0, NULL);
    return now_room;
}

int
main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    const char *root = "/";
    unsigned port = 80;
    bool room = true;

    (void)argc;
    parse_arguments(argv, &root, &port);
    open_root(root);
    int listener = listen_on(port);
    make_room();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || !watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL))
        die("cannot wait for", "clients");
    announce(root, port);
    first_deadline = INT64_MAX;
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, milliseconds_left(turn));
        if (n < 0 && errno != EINTR)
            die("epoll", "failed");
        turn = now_ms();
        bool knock = serve_clients(events, n, turn);
        look_at_deadlines(turn);
        if (knock || !room)
            room = let_in(listener, room, turn);
    }
}
