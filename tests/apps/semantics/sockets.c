/* TCP between two sockets of this program, over IPv4 and IPv6, and what is no such socket. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static char data[300000];
static int family;

static int
ready(int fd, int events, int ms)
{
    struct pollfd entry = {fd, (short)events, 0};
    int n = poll(&entry, 1, ms);

    return n < 0 ? -1 : entry.revents;
}

#define ALL (POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

static void
not_sockets(void)
{
    union address a = loopback(AF_INET, 7);
    socklen_t size = sizeof(a);
    int fd;

    SHOW(socket(77, SOCK_STREAM, 0));
    SHOW(socket(AF_INET, 77, 0));
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
    SHOW(socket(AF_INET, SOCK_STREAM, 77));
    SHOW(socket(AF_INET, SOCK_RAW, 0));
    SHOW(socket(AF_INET, SOCK_STREAM | 0x10000000, 0));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}));
    SHOW(fd = open("/dir/a.txt", O_RDONLY));
    SHOW(bind_to(fd, a));
    SHOW(connect_to(fd, a));
    SHOW(listen(fd, 5));
    SHOW(accept(fd, NULL, NULL));
    SHOW(send(fd, data, 1, 0));
    SHOW(recv(fd, data, 1, 0));
    SHOW(shutdown(fd, SHUT_RD));
    SHOW(getsockname(fd, &a.any, &size));
    SHOW(getpeername(fd, &a.any, &size));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &fd, sizeof(fd)));
    SHOW(close(fd));
    SHOW(bind_to(99, a));
    SHOW(connect_to(99, a));
    SHOW(listen(99, 5));
    SHOW(accept(99, NULL, NULL));
    SHOW(send(99, data, 1, 0));
    SHOW(recv(99, data, 1, 0));
    SHOW(shutdown(99, SHUT_RD));
}

static void
fresh(void)
{
    union address a = loopback(family, 0);
    socklen_t size = sizeof(a);
    struct stat st;
    int fd, other;

    SHOW(fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(fstat(fd, &st));
    SHOW_TRUTH(S_ISSOCK(st.st_mode));
    SHOW(ready(fd, ALL, 0));
    SHOW(send(fd, data, 1, MSG_NOSIGNAL));
    SHOW(recv(fd, data, 1, 0));
    SHOW(read(fd, data, 1));
    SHOW(write(fd, data, 1));
    SHOW(accept(fd, NULL, NULL));
    SHOW(shutdown(fd, SHUT_RDWR));
    SHOW(shutdown(fd, 77));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(pread(fd, data, 1, 0));
    SHOW(getpeername(fd, &a.any, &size));
    SHOW(getsockname(fd, &a.any, &size));
    SHOW(size);
    SHOW(port_of(&a));
    SHOW(bind(fd, &a.any, 1));
    SHOW(bind(fd, &a.any, 8));
    a.any.sa_family = 77;
    SHOW(bind(fd, &a.any, sizeof(a)));
    SHOW(connect(fd, &a.any, sizeof(a)));
    SHOW(connect(fd, &a.any, 1));
    SHOW(bind_to(fd, loopback(family, 5555)));
    SHOW(bind_to(fd, loopback(family, 5556)));
    SHOW(other = socket(family, SOCK_STREAM, 0));
    SHOW(bind_to(other, loopback(family, 5555)));
    SHOW(listen(fd, 5));
    SHOW(listen(fd, 50));
    SHOW(bind_to(other, loopback(family, 5555)));
    SHOW(ready(fd, ALL, 0));
    SHOW(accept(fd, NULL, NULL));
    SHOW(accept4(fd, NULL, NULL, 77));
    SHOW(recv(fd, data, 1, 0));
    SHOW(send(fd, data, 1, MSG_NOSIGNAL));
    SHOW(connect_to(fd, loopback(family, 5557)));
    SHOW(close(fd));
    SHOW(close(other));
}

static void
refused(void)
{
    int fd;

    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(fd, loopback(family, 5558)));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(close(fd));
    SHOW(fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
    SHOW(connect_to(fd, loopback(family, 5558)));
    SHOW(ready(fd, ALL, 2000));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(option(fd, SOL_SOCKET, SO_ERROR));
    SHOW(close(fd));
    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(fd, loopback(family == AF_INET ? AF_INET6 : AF_INET, 5558)));
    SHOW(close(fd));
}

/* A listening socket and the two ends of a connection to it. */
static int listener, client, server;

static void
connected(void)
{
    union address a = {.any = {0}};
    socklen_t size = sizeof(a);

    SHOW(listener = socket(family, SOCK_STREAM, 0));
    SHOW(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)));
    SHOW(bind_to(listener, loopback(family, 5560)));
    SHOW(listen(listener, 5));
    SHOW(client = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(client, loopback(family, 5560)));
    SHOW(ready(listener, ALL, 2000));
    SHOW(server = accept(listener, &a.any, &size));
    SHOW(size);
    SHOW_TRUTH(port_of(&a) == own_port(client));
    SHOW(own_port(server));
    size = sizeof(a);
    SHOW(getpeername(client, &a.any, &size));
    SHOW(port_of(&a));
    size = 2;
    SHOW(getsockname(client, &a.any, &size));
    SHOW(size);
    SHOW(connect_to(client, loopback(family, 5560)));
    SHOW(bind_to(client, loopback(family, 5561)));
    SHOW(listen(client, 1));
    SHOW(ready(client, ALL, 0));
    SHOW(ready(server, ALL, 0));
}

static void
disconnected(void)
{
    SHOW(close(client));
    SHOW(close(server));
    SHOW(close(listener));
}

static void
talking(void)
{
    struct iovec parts[2] = {{data, 4}, {data + 100, 4}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    int waiting = -1;

    connected();
    SHOW(send(client, "hello world", 11, 0));
    SHOW(ready(server, ALL, 2000));
    SHOW(ioctl(server, FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(recv(server, data, 5, MSG_PEEK));
    SHOW(recv(server, data, 2, 0));
    SHOW_TRUTH(memcmp(data, "he", 2) == 0);
    SHOW(recvmsg(server, &message, 0));
    SHOW(message.msg_flags);
    SHOW(recv(server, data, 100, MSG_DONTWAIT));
    SHOW(recv(server, data, 100, MSG_DONTWAIT));
    SHOW(send(client, "two ", 4, 0)); /* a look sees all that is there, however it came */
    SHOW(send(client, "parts", 5, 0));
    for (waiting = 0; waiting < 9; usleep(1000))
        ioctl(server, FIONREAD, &waiting);
    SHOW(recv(server, data, 100, MSG_PEEK));
    SHOW_TRUTH(memcmp(data, "two parts", 9) == 0);
    SHOW(recv(server, data, 9, MSG_WAITALL));
    SHOW(send(server, "", 0, 0));
    SHOW(writev(server, parts, 2));
    SHOW(recv(client, data, 8, MSG_WAITALL));
    disconnected();
}

static void
halves(void)
{
    connected();
    SHOW(send(client, "end", 3, 0));
    SHOW(shutdown(client, SHUT_WR));
    SHOW(shutdown(client, SHUT_WR));
    SHOW(send(client, "x", 1, MSG_NOSIGNAL));
    SHOW(ready(server, ALL, 2000) & POLLIN);
    SHOW(recv(server, data, 3, MSG_WAITALL));
    SHOW(recv(server, data, 3, 0));
    SHOW(recv(server, data, 3, 0));
    SHOW(ready(server, ALL, 0));
    SHOW(send(server, "back", 4, 0));
    SHOW(recv(client, data, 4, MSG_WAITALL));
    SHOW(shutdown(client, SHUT_RD));
    SHOW(recv(client, data, 4, 0));
    SHOW(shutdown(server, SHUT_WR));
    SHOW(ready(client, ALL, 2000));
    SHOW(ready(server, ALL, 2000));
    disconnected();
}

static void
resets(void)
{
    struct linger now = {1, 0};

    connected();
    SHOW(setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
    SHOW(close(client));
    SHOW(ready(server, ALL, 2000));
    SHOW(recv(server, data, 1, 0));
    SHOW(recv(server, data, 1, 0));
    SHOW(send(server, data, 1, MSG_NOSIGNAL));
    client = socket(family, SOCK_STREAM, 0);
    disconnected();
    connected();
    SHOW(close(client));
    SHOW(ready(server, POLLIN, 2000));
    SHOW(recv(server, data, 1, 0));
    SHOW(send(server, data, 1, MSG_NOSIGNAL)); /* answered with a reset */
    SHOW(ready(server, POLLERR, 2000) & POLLERR);
    SHOW(option(server, SOL_SOCKET, SO_ERROR));
    SHOW(send(server, data, 1, MSG_NOSIGNAL));
    client = socket(family, SOCK_STREAM, 0);
    disconnected();
}

/* Both directions at once: the connection is there until its peer ends it. */
static void
shut(void)
{
    union address a;
    socklen_t size = sizeof(a);

    connected();
    SHOW(send(client, "last", 4, 0));
    SHOW(shutdown(client, SHUT_RDWR));
    SHOW(getpeername(client, &a.any, &size));
    SHOW(recv(client, data, 1, 0));
    SHOW(send(client, data, 1, MSG_NOSIGNAL));
    SHOW(ready(client, ALL, 0));
    SHOW(recv(server, data, 4, MSG_WAITALL));
    SHOW(recv(server, data, 4, 0));
    disconnected();
}

/* A close that waits until the other end has all. */
static void
lingers(void)
{
    struct linger second = {1, 1};

    connected();
    SHOW(setsockopt(client, SOL_SOCKET, SO_LINGER, &second, sizeof(second)));
    SHOW(send(client, data, 30000, 0));
    SHOW(close(client));
    SHOW(recv(server, data, 30000, MSG_WAITALL));
    SHOW(recv(server, data, 1, 0));
    client = socket(family, SOCK_STREAM, 0);
    disconnected();
}

/*
 * The server ended first and keeps its socket, and the client comes back from the same port. The old
 * connection has to go for the new one, and its socket, which is still there, must not touch that.
 */
static void
comes_back(void)
{
    union address a;
    socklen_t size = sizeof(a);
    int port, old;

    connected();
    port = own_port(client);
    SHOW(shutdown(server, SHUT_WR));
    SHOW(recv(client, data, 1, 0));
    SHOW(close(client));
    SHOW(recv(server, data, 1, 0));
    usleep(20000);
    old = server;
    client = socket(family, SOCK_STREAM, 0);
    SHOW(setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)));
    SHOW(bind_to(client, loopback(family, port)));
    SHOW(connect_to(client, loopback(family, 5560)));
    SHOW(server = accept(listener, NULL, NULL));
    SHOW(getpeername(old, &a.any, &size));
    SHOW(send(old, "x", 1, MSG_NOSIGNAL));
    SHOW(recv(old, data, 1, 0));
    SHOW(ready(old, ALL, 0));
    SHOW(close(old));
    SHOW(send(client, "new", 3, 0));
    SHOW(recv(server, data, 3, MSG_WAITALL));
    disconnected();
}

/* What ends before it is accepted is accepted, and says so. */
static void
ended_before(void)
{
    struct linger now = {1, 0};
    int fd, accepted;

    connected();
    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(fd, loopback(family, 5560)));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
    SHOW(close(fd));
    usleep(20000);
    SHOW(accepted = accept(listener, NULL, NULL));
    SHOW(recv(accepted, data, 1, 0));
    SHOW(recv(accepted, data, 1, 0));
    SHOW(close(accepted));
    disconnected();
    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(listen(fd, 1)); /* at whatever port */
    SHOW_TRUTH(own_port(fd) > 0);
    SHOW(close(fd));
}

static void *
take_all(void *total)
{
    static char part[5000];
    long n;

    while ((n = recv(server, part, sizeof(part), 0)) > 0)
        *(long *)total += n;
    return NULL;
}

static void
much_data(void)
{
    pthread_t thread;
    long total = 0;

    connected();
    SHOW(fcntl(client, F_SETFL, O_NONBLOCK));
    while (send(client, data, sizeof(data), 0) > 0)
        continue;
    SHOW_TRUTH(errno == EAGAIN);
    SHOW(ready(client, ALL, 0));
    SHOW(fcntl(client, F_SETFL, 0));
    SHOW_CODE(pthread_create(&thread, NULL, take_all, &total));
    SHOW(send(client, data, sizeof(data), 0));
    SHOW(shutdown(client, SHUT_WR));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW_TRUTH(total >= (long)sizeof(data));
    disconnected();
}

static void
time_outs(void)
{
    struct timeval little = {0, 10000}, bad = {0, 2000000}, was;
    socklen_t size = sizeof(was);

    connected();
    SHOW(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof(bad)));
    SHOW(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &little, 4));
    SHOW(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
    SHOW(getsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &was, &size));
    SHOW(size);
    SHOW(was.tv_usec > 0);
    SHOW(recv(server, data, 1, 0));
    SHOW(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &little, sizeof(little)));
    SHOW(accept(listener, NULL, NULL));
    disconnected();
}

static void
options(void)
{
    socklen_t size = 2;
    int fd, value = 0;

    SHOW(fd = socket(family, SOCK_STREAM, 0));
    SHOW(option(fd, SOL_SOCKET, SO_TYPE));
    SHOW(option(fd, SOL_SOCKET, SO_DOMAIN) == family);
    SHOW(option(fd, SOL_SOCKET, SO_PROTOCOL));
    SHOW(option(fd, SOL_SOCKET, SO_ACCEPTCONN));
    SHOW(option(fd, SOL_SOCKET, SO_REUSEADDR));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){5}, sizeof(int)));
    SHOW(option(fd, SOL_SOCKET, SO_REUSEADDR));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)));
    SHOW(option(fd, SOL_SOCKET, SO_KEEPALIVE));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 1));
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
    SHOW(option(fd, IPPROTO_TCP, TCP_NODELAY));
    SHOW(option(fd, SOL_SOCKET, 9999));
    SHOW(setsockopt(fd, SOL_SOCKET, 9999, &value, sizeof(value)));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
    SHOW(size);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){65536}, sizeof(int)));
    SHOW_TRUTH(option(fd, SOL_SOCKET, SO_SNDBUF) > 4096);
    SHOW_TRUTH(option(fd, SOL_SOCKET, SO_RCVBUF) > 4096);
    SHOW(ioctl(fd, 0x9999, &value));
    SHOW(close(fd));
}

/* A connection that finds no free descriptor waits; it is not lost. */
static void
no_descriptor_left(void)
{
    int fd, last = -1;

    connected();
    SHOW(close(server));
    SHOW(close(client));
    SHOW(client = socket(family, SOCK_STREAM, 0));
    SHOW(connect_to(client, loopback(family, 5560)));
    SHOW(ready(listener, POLLIN, 2000));
    while ((fd = dup(0)) >= 0)
        last = fd;
    SHOW(accept(listener, NULL, NULL));
    SHOW(socket(family, SOCK_STREAM, 0));
    for (fd = client + 1; fd <= last; fd++)
        close(fd);
    SHOW(ready(listener, POLLIN, 0));
    SHOW(server = accept(listener, NULL, NULL));
    SHOW(send(client, "still", 5, 0));
    SHOW(recv(server, data, 5, MSG_WAITALL));
    disconnected();
}

static void *
shut_later(void *unused)
{
    usleep(20000);
    shutdown(listener, SHUT_RDWR);
    return unused;
}

static void
listener_ends(void)
{
    pthread_t thread;

    SHOW(listener = socket(family, SOCK_STREAM, 0));
    SHOW(bind_to(listener, loopback(family, 5570)));
    SHOW(listen(listener, 1));
    SHOW_CODE(pthread_create(&thread, NULL, shut_later, NULL));
    SHOW(accept(listener, NULL, NULL));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(close(listener));
}

/* One socket for both families, or for its own alone. */
static void
both_families(void)
{
    union address any = {.ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(5580)}};
    int fd, other;

    SHOW(fd = socket(AF_INET6, SOCK_STREAM, 0));
    SHOW(option(fd, IPPROTO_IPV6, IPV6_V6ONLY));
    SHOW(bind_to(fd, any));
    SHOW(listen(fd, 5));
    SHOW(other = socket(AF_INET, SOCK_STREAM, 0));
    SHOW(connect_to(other, loopback(AF_INET, 5580)));
    SHOW(close(other));
    SHOW(close(fd));
    SHOW(fd = socket(AF_INET6, SOCK_STREAM, 0));
    SHOW(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
    any.ip6.sin6_port = htons(5581);
    SHOW(bind_to(fd, any));
    SHOW(listen(fd, 5));
    SHOW(other = socket(AF_INET, SOCK_STREAM, 0));
    SHOW(connect_to(other, loopback(AF_INET, 5581)));
    SHOW(close(other));
    SHOW(close(fd));
}

static void
over(int which)
{
    family = which;
    show_subject(which == AF_INET ? "sockets, IPv4" : "sockets, IPv6");
    fresh();
    refused();
    talking();
    halves();
    resets();
    shut();
    lingers();
    comes_back();
    ended_before();
    much_data();
    time_outs();
    options();
    no_descriptor_left();
    listener_ends();
}

void
sockets(void)
{
    not_sockets();
    both_families();
    over(AF_INET);
    over(AF_INET6);
}
