/*
 * echo: gives back what it gets, on TCP and UDP, over IPv4 and IPv6 (RFC 862). One thread and
 * poll. A TCP client that does not read is not read from either: what came in waits in its
 * buffer until it is out, so memory per client is fixed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 200
#define BUFFER      4096 /* bytes of a client under way */
#define BATCH       32   /* most new clients or datagrams in one round */

struct client {
    int socket;
    size_t at, len; /* what of the buffer is not out yet */
    char buffer[BUFFER];
};

static struct client *clients[MAX_CLIENTS];
static unsigned nr_clients;

/* ---- sockets ---- */

static void
die(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* One socket for IPv6 and IPv4, or one for IPv4 where there is no IPv6. */
static int
bind_port(int type, unsigned port)
{
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, off = 0;
    int s = socket(AF_INET6, type | SOCK_NONBLOCK, 0);
    bool six = s >= 0 && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0;

    if (!six) {
        if (s >= 0)
            close(s);
        s = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    }
    if (s < 0)
        die("no socket");
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(s, six ? (void *)&any6 : (void *)&any4, six ? sizeof(any6) : sizeof(any4)) < 0)
        die("cannot bind the port");
    return s;
}

/* ---- datagrams ---- */

static void
echo_datagrams(int s)
{
    static char datagram[65536];

    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_storage from;
        socklen_t from_len = sizeof(from);
        ssize_t n = recvfrom(s, datagram, sizeof(datagram), 0, (void *)&from, &from_len);
        if (n < 0)
            return;
        /* One that cannot be sent now is lost, as datagrams are. */
        (void)sendto(s, datagram, (size_t)n, 0, (void *)&from, from_len);
    }
}

/* ---- clients ---- */

static void
drop(unsigned i)
{
    close(clients[i]->socket);
    free(clients[i]);
    clients[i] = clients[--nr_clients];
}

static void
accept_clients(int listener)
{
    int on = 1;

    for (int i = 0; i < BATCH && nr_clients < MAX_CLIENTS; i++) {
        int s = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (s < 0)
            return;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct client *c = calloc(1, sizeof(*c));
        if (!c) {
            close(s);
            return;
        }
        c->socket = s;
        clients[nr_clients++] = c;
    }
}

/* True if the call only has to wait. */
static bool
would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Once in and once out; false at the client's end or an error. */
static bool
serve(struct client *c)
{
    if (c->len == 0) {
        ssize_t n = recv(c->socket, c->buffer, sizeof(c->buffer), 0);
        if (n <= 0)
            return n < 0 && would_block();
        c->at = 0;
        c->len = (size_t)n;
    }
    ssize_t n = send(c->socket, c->buffer + c->at, c->len, MSG_NOSIGNAL);
    if (n < 0)
        return would_block();
    c->at += (size_t)n;
    c->len -= (size_t)n;
    return true;
}

/* ---- the program ---- */

/* poll has no memory for a look at so many: asking every socket takes none, and what is read
 * and sent there frees some. */
static void
try_all(struct pollfd *polled, unsigned n)
{
    if (errno != ENOMEM && errno != EINTR)
        die("poll");
    for (unsigned i = 0; i < n; i++)
        polled[i].revents = polled[i].events;
}

static unsigned
parse_arguments(int argc, char **argv)
{
    unsigned long port;
    char *end;

    if (argc == 1)
        return 7;
    if (argc == 3 && strcmp(argv[1], "--port") == 0 &&
        (port = strtoul(argv[2], &end, 10)) > 0 && !*end && port <= 65535)
        return (unsigned)port;
    fprintf(stderr, "Usage: echo [--port N]\n");
    exit(2);
}

int
main(int argc, char **argv)
{
    static struct pollfd polled[MAX_CLIENTS + 2];
    unsigned port = parse_arguments(argc, argv);
    int udp = bind_port(SOCK_DGRAM, port);
    int tcp = bind_port(SOCK_STREAM, port);

    if (listen(tcp, 64) < 0)
        die("cannot listen");
    printf("echo: TCP and UDP on port %u\n", port);
    fflush(stdout);
    for (;;) {
        unsigned n = nr_clients;
        for (unsigned i = 0; i < n; i++)
            polled[i] = (struct pollfd){.fd = clients[i]->socket,
                                        .events = clients[i]->len ? POLLOUT : POLLIN};
        polled[n] = (struct pollfd){.fd = udp, .events = POLLIN};
        /* With all places taken, new clients wait to be accepted. */
        polled[n + 1] = (struct pollfd){.fd = n < MAX_CLIENTS ? tcp : -1, .events = POLLIN};
        if (poll(polled, n + 2, -1) < 0)
            try_all(polled, n + 2);
        if (polled[n].revents)
            echo_datagrams(udp);
        /* Backwards, since the last client takes the place of one that is dropped. */
        for (unsigned i = n; i-- > 0;)
            if (polled[i].revents && !serve(clients[i]))
                drop(i);
        if (polled[n + 1].revents && n < MAX_CLIENTS)
            accept_clients(tcp);
    }
}
