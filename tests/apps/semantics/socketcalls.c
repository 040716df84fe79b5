/*
 * socketcall: all calls of sockets behind one number, with their words in memory. This C library
 * never makes it, others for i386 do. Words that a call does not have are wrong here on purpose:
 * nobody may read them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

/* Linux's numbers (include/uapi/linux/net.h). */
enum {
    SOCKET = 1,
    BIND,
    CONNECT,
    LISTEN,
    ACCEPT,
    GETSOCKNAME,
    GETPEERNAME,
    SOCKETPAIR,
    SEND,
    RECV,
    SENDTO,
    RECVFROM,
    SHUTDOWN,
    SETSOCKOPT,
    GETSOCKOPT,
    SENDMSG,
    RECVMSG,
    ACCEPT4,
    RECVMMSG,
    SENDMMSG,
};

#define WRONG     0x7e7e7e7e
#define AT(p)     (long)(uintptr_t)(p)
#define CALL(...) call((long[]){__VA_ARGS__, WRONG, WRONG, WRONG, WRONG})

static char data[100];

/* The number, and its words behind it. */
static long
call(const long *words)
{
    return syscall(SYS_socketcall, words[0], words + 1);
}

static void
wrong(void)
{
    SHOW(syscall(SYS_socketcall, 0, data));
    SHOW(syscall(SYS_socketcall, 21, data));
    SHOW(syscall(SYS_socketcall, -1, data));
    SHOW(syscall(SYS_socketcall, 21, NULL));
    SHOW(syscall(SYS_socketcall, SOCKET, NULL));
    SHOW(syscall(SYS_socketcall, SENDMMSG, NULL));
    SHOW(CALL(SOCKET, 77, SOCK_STREAM, 0));
    SHOW(CALL(SOCKETPAIR, AF_INET, SOCK_STREAM, 0, AT(data)));
    SHOW(CALL(LISTEN, 99, 1));
    SHOW(CALL(SHUTDOWN, 99, SHUT_RD));
    SHOW(CALL(SEND, 99, AT(data), 1, 0));
}

static void
names_of(int client, int server, int port)
{
    union address a;
    socklen_t size = sizeof(a);

    SHOW(CALL(GETPEERNAME, client, AT(&a), AT(&size)));
    SHOW(size);
    SHOW_TRUTH(port_of(&a) == port);
    SHOW(CALL(GETSOCKNAME, server, AT(&a), AT(&size)));
    SHOW_TRUTH(port_of(&a) == port);
    SHOW(CALL(GETSOCKNAME, client, AT(&a), AT(&size)));
    SHOW_TRUTH(port_of(&a) == port);
    SHOW(CALL(GETSOCKNAME, client, 0, AT(&size)));
}

static void
options_of(int fd)
{
    int on = 1, value = 77;
    socklen_t size = sizeof(value);

    SHOW(CALL(SETSOCKOPT, fd, SOL_SOCKET, SO_KEEPALIVE, AT(&on), sizeof(on)));
    SHOW(option(fd, SOL_SOCKET, SO_KEEPALIVE));
    SHOW(CALL(GETSOCKOPT, fd, SOL_SOCKET, SO_KEEPALIVE, AT(&value), AT(&size)));
    SHOW(value);
    SHOW(CALL(SETSOCKOPT, fd, SOL_SOCKET, SO_KEEPALIVE, AT(&on), -1));
}

static void
bytes(int from, int to)
{
    struct iovec part = {data, 10};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr several[2] = {{message, 77}, {message, 77}};
    long span[2] = {5, 0};

    SHOW(CALL(SEND, from, AT("first"), 5, MSG_NOSIGNAL));
    SHOW(CALL(RECV, to, AT(data), 10, 0));
    SHOW_TRUTH(!memcmp(data, "first", 5));
    SHOW(CALL(SENDTO, from, AT("seconds"), 7, MSG_NOSIGNAL, 0, 0));
    SHOW(CALL(RECVFROM, to, AT(data), 10, MSG_PEEK, 0, 0));
    SHOW(CALL(RECV, to, AT(data), 10, 0));
    SHOW(CALL(SENDMSG, from, AT(&message), MSG_NOSIGNAL));
    memset(data, 0, sizeof(data));
    SHOW(CALL(RECVMSG, to, AT(&message), 0));
    SHOW_TRUTH(!memcmp(data, "seconds", 7));
    SHOW(CALL(SENDMMSG, from, AT(several), 2, MSG_NOSIGNAL));
    SHOW(several[1].msg_len);
    SHOW(CALL(RECVMMSG, to, AT(several), 2, 0, AT(span)));
    SHOW(several[0].msg_len);
    SHOW(CALL(RECV, to, AT(data), 10, MSG_DONTWAIT));
}

static void
connections(void)
{
    union address a = loopback(AF_INET, 0);
    socklen_t size = sizeof(a);
    int listener, client, server, second;

    SHOW(listener = CALL(SOCKET, AF_INET, SOCK_STREAM, 0));
    SHOW(CALL(BIND, listener, AT(&a), sizeof(a.ip4)));
    SHOW(CALL(LISTEN, listener, 5));
    a = loopback(AF_INET, own_port(listener));
    SHOW(client = CALL(SOCKET, AF_INET, SOCK_STREAM, 0));
    SHOW(CALL(CONNECT, client, AT(&a), sizeof(a.ip4)));
    SHOW(server = CALL(ACCEPT, listener, AT(&a), AT(&size)));
    SHOW(fcntl(server, F_GETFD));
    SHOW(fcntl(server, F_GETFL));
    SHOW_TRUTH(port_of(&a) == own_port(client));
    names_of(client, server, own_port(listener));
    options_of(client);
    bytes(client, server);
    SHOW(CALL(SHUTDOWN, client, SHUT_WR));
    SHOW(CALL(RECV, server, AT(data), 10, 0));
    SHOW(close(client));
    SHOW(close(server));

    SHOW(client = CALL(SOCKET, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    a = loopback(AF_INET, own_port(listener));
    SHOW(CALL(CONNECT, client, AT(&a), sizeof(a.ip4)));
    SHOW(second = CALL(ACCEPT4, listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK));
    SHOW(fcntl(second, F_GETFD));
    SHOW(fcntl(second, F_GETFL));
    SHOW(CALL(ACCEPT4, listener, 0, 0, 77));
    SHOW(close(client));
    SHOW(close(second));
    SHOW(close(listener));
}

void
socketcalls(void)
{
    show_subject("socketcalls");
    wrong();
    connections();
}
