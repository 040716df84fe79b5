/* Streams: connections made, refused, used and ended. */
#include "socktest.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

static void
echo_over(int family)
{
    int ends[2];
    char text[8] = "";

    if (!pair(family, ends))
        return;
    expect(write(ends[0], "hello", 5) == 5);
    expect(read(ends[1], text, sizeof(text)) == 5);
    expect(memcmp(text, "hello", 5) == 0);
    expect(send(ends[1], "back", 4, MSG_NOSIGNAL) == 4);
    expect(recv(ends[0], text, 4, MSG_WAITALL) == 4);
    expect(memcmp(text, "back", 4) == 0);
    close(ends[0]);
    expect(read(ends[1], text, 1) == 0);
    expect(read(ends[1], text, 1) == 0);
    close(ends[1]);
}

static void
echo4(void)
{
    echo_over(AF_INET);
}

static void
echo6(void)
{
    echo_over(AF_INET6);
}

static void
refused(void)
{
    union address address;
    int error = 0, port, fd = listener(AF_INET, 1, &port);
    socklen_t len = loopback(AF_INET, port, &address), size = sizeof(error);

    close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect_errno(connect(fd, &address.any, len), ECONNREFUSED);
    expect(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    close(fd);
}

static void
nonblocking_connect(void)
{
    union address address;
    int error = -1, port, server = listener(AF_INET, 4, &port);
    socklen_t len = loopback(AF_INET, port, &address), size = sizeof(error);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    expect_errno(connect(fd, &address.any, len), EINPROGRESS);
    expect(poll(&wait, 1, 2000) == 1 && wait.revents == POLLOUT);
    expect(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    expect_errno(connect(fd, &address.any, len), EISCONN);
    close(fd);
    close(server);

    /* And to nobody: the error comes by SO_ERROR, once. */
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    wait.fd = fd;
    expect_errno(connect(fd, &address.any, len), EINPROGRESS);
    expect(poll(&wait, 1, 2000) == 1 && (wait.revents & POLLERR) && (wait.revents & POLLHUP));
    expect(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0);
    expect(error == ECONNREFUSED);
    expect(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    close(fd);
}

static void
half_close(void)
{
    int ends[2];
    char text[8];

    if (!pair(AF_INET, ends))
        return;
    expect(write(ends[0], "request", 7) == 7);
    expect(shutdown(ends[0], SHUT_WR) == 0);
    expect_errno(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    expect(recv(ends[1], text, 7, MSG_WAITALL) == 7);
    expect(read(ends[1], text, 1) == 0);
    expect(write(ends[1], "answer", 6) == 6);
    close(ends[1]);
    expect(recv(ends[0], text, 6, MSG_WAITALL) == 6 && memcmp(text, "answer", 6) == 0);
    expect(read(ends[0], text, 1) == 0);
    close(ends[0]);
}

static void
reset(void)
{
    struct linger now = {.l_onoff = 1};
    int ends[2];
    char text[4];

    if (!pair(AF_INET, ends))
        return;
    expect(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0);
    expect(write(ends[1], "left", 4) == 4);
    expect(read(ends[0], text, 4) == 4);
    expect(write(ends[0], "unread", 6) == 6);
    usleep(20000);
    close(ends[1]); /* with unread data */
    expect_errno(read(ends[0], text, 1), ECONNRESET);
    expect_errno(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    expect(read(ends[0], text, 1) == 0);
    close(ends[0]);
}

/* With nothing left to send as well. */
static void
reset_of_an_idle_connection(void)
{
    struct linger now = {.l_onoff = 1};
    int ends[2];
    char c;

    if (!pair(AF_INET6, ends))
        return;
    expect(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0);
    close(ends[1]);
    expect_errno(read(ends[0], &c, 1), ECONNRESET);
    close(ends[0]);
}

/* 0.0.0.0 and :: as destinations. */
static void
no_address_is_our_own(void)
{
    const int families[] = {AF_INET, AF_INET6};

    for (int i = 0; i < 2; i++) {
        union address address, none = {.any.sa_family = (sa_family_t)families[i]};
        int port, server = listener(families[i], 1, &port);
        int fd = socket(families[i], SOCK_STREAM, 0), accepted;
        socklen_t len = loopback(families[i], port, &address);

        none.ip4.sin_port = htons((uint16_t)port); /* in the same place of both */
        expect(connect(fd, &none.any, len) == 0);
        accepted = accept(server, NULL, NULL);
        expect(accepted >= 0);
        close(accepted);
        close(fd);
        close(server);
    }
}

static void
in_use(void)
{
    union address address;
    int yes = 1, port, first = listener(AF_INET, 1, &port), fd;
    socklen_t len = loopback(AF_INET, port, &address);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect_errno(bind(fd, &address.any, len), EADDRINUSE);
    close(fd);
    close(first);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0);
    expect(bind(fd, &address.any, len) == 0);
    expect(listen(fd, 1) == 0);
    close(fd);
}

static void
names(void)
{
    union address near, far;
    socklen_t near_len = sizeof(near), far_len = sizeof(far);
    int ends[2];

    if (!pair(AF_INET6, ends))
        return;
    expect(getsockname(ends[0], &near.any, &near_len) == 0);
    expect(getpeername(ends[1], &far.any, &far_len) == 0);
    expect(near_len == sizeof(near.ip6) && far_len == near_len);
    expect(near.ip6.sin6_family == AF_INET6);
    expect(near.ip6.sin6_port == far.ip6.sin6_port);
    expect(memcmp(&near.ip6.sin6_addr, &in6addr_loopback, 16) == 0);
    far_len = 4; /* too short: cut, and the whole length told */
    memset(&far, 0x55, sizeof(far));
    expect(getpeername(ends[1], &far.any, &far_len) == 0 && far_len == sizeof(far.ip6));
    expect(far.ip6.sin6_family == AF_INET6 && far.ip6.sin6_flowinfo == 0x55555555);
    close(ends[0]);
    expect(getpeername(ends[1], &far.any, &far_len) == 0 || errno == ENOTCONN);
    close(ends[1]);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    far_len = sizeof(far);
    expect_errno(getpeername(ends[0], &far.any, &far_len), ENOTCONN);
    close(ends[0]);
}

/* An IPv6 listener takes IPv4 as well, unless it is told not to. */
static void
dual_stack(void)
{
    union address any = {.ip6 = {.sin6_family = AF_INET6}}, address, peer;
    socklen_t len = sizeof(any.ip6), peer_len = sizeof(peer);
    int server = socket(AF_INET6, SOCK_STREAM, 0), fd, accepted, yes = 1;

    expect(bind(server, &any.any, len) == 0 && listen(server, 2) == 0);
    expect(getsockname(server, &any.any, &len) == 0);
    len = loopback(AF_INET, ntohs(any.ip6.sin6_port), &address);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect(connect(fd, &address.any, len) == 0);
    accepted = accept(server, &peer.any, &peer_len);
    expect(accepted >= 0 && peer.any.sa_family == AF_INET6);
    expect(IN6_IS_ADDR_V4MAPPED(&peer.ip6.sin6_addr));
    close(accepted);
    close(fd);
    close(server);

    server = socket(AF_INET6, SOCK_STREAM, 0);
    any = (union address){.ip6 = {.sin6_family = AF_INET6}};
    len = sizeof(any.ip6);
    expect(setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) == 0);
    expect(bind(server, &any.any, len) == 0 && listen(server, 2) == 0);
    expect(getsockname(server, &any.any, &len) == 0);
    len = loopback(AF_INET, ntohs(any.ip6.sin6_port), &address);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect_errno(connect(fd, &address.any, len), ECONNREFUSED);
    close(fd);
    close(server);
}

static void
peek_and_parts(void)
{
    char a[3], b[4], text[8];
    struct iovec out[] = {{"ab", 2}, {NULL, 0}, {"cdefg", 5}};
    struct iovec in[] = {{a, 3}, {b, 4}};
    struct msghdr message = {.msg_iov = in, .msg_iovlen = 2};
    int ends[2], waiting = 0;

    if (!pair(AF_INET, ends))
        return;
    expect(writev(ends[0], out, 3) == 7);
    expect(recv(ends[1], text, 4, MSG_PEEK) >= 2 && memcmp(text, "ab", 2) == 0);
    expect(recvmsg(ends[1], &message, MSG_WAITALL) == 7);
    expect(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
    expect(message.msg_controllen == 0);
    expect_errno(recv(ends[1], text, 1, MSG_DONTWAIT), EAGAIN);
    expect(write(ends[0], "12345", 5) == 5);
    expect(recv(ends[1], text, 1, MSG_PEEK) == 1);
    expect(ioctl(ends[1], FIONREAD, &waiting) == 0 && waiting == 5);
    close(ends[0]);
    close(ends[1]);
}

/* More connections at once than a listener queues, each used. */
static void
many(void)
{
    enum { MANY = 60 };
    union address address;
    int port, server = listener(AF_INET, 16, &port), near[MANY], far[MANY];
    socklen_t len = loopback(AF_INET, port, &address);

    for (int i = 0; i < MANY; i++) {
        near[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (!expect(connect(near[i], &address.any, len) == 0))
            return;
        far[i] = accept(server, NULL, NULL);
        if (!expect(far[i] >= 0))
            return;
    }
    for (int i = 0; i < MANY; i++)
        expect(write(near[i], &i, sizeof(i)) == sizeof(i));
    for (int i = MANY - 1; i >= 0; i--) {
        int got = -1;
        expect(read(far[i], &got, sizeof(got)) == sizeof(got) && got == i);
        close(near[i]);
        close(far[i]);
    }
    close(server);
}

/* Made and ended many times more often than there are places for sockets. */
static void
again_and_again(void)
{
    for (int i = 0; i < 600; i++) {
        int ends[2];
        char c = (char)i;

        if (!pair(i % 2 ? AF_INET : AF_INET6, ends))
            return;
        expect(write(ends[0], &c, 1) == 1);
        expect(read(ends[1], &c, 1) == 1 && c == (char)i);
        close(ends[i & 1]);
        close(ends[!(i & 1)]);
    }
}

#define BULK (4u << 20)

static unsigned char
pattern(size_t at)
{
    return (unsigned char)(at * 2654435761u >> 13);
}

static void *
send_bulk(void *arg)
{
    int fd = *(int *)arg;
    size_t size = 50000, done = 0;
    unsigned char *piece = malloc(size);

    while (done < BULK) {
        size_t len = BULK - done < size ? BULK - done : size;
        size_t sent = 0;

        for (size_t i = 0; i < len; i++)
            piece[i] = pattern(done + i);
        while (sent < len) {
            ssize_t n = send(fd, piece + sent, len - sent, MSG_NOSIGNAL);
            if (!expect(n > 0))
                goto out;
            sent += (size_t)n;
        }
        done += len;
    }
out:
    shutdown(fd, SHUT_WR);
    free(piece);
    return NULL;
}

static void
bulk_over(int family)
{
    static unsigned char piece[16384];
    size_t done = 0;
    bool same = true;
    int ends[2];
    ssize_t n;

    if (!pair(family, ends))
        return;
    if (!run_beside(send_bulk, &ends[0]))
        return;
    while ((n = read(ends[1], piece, sizeof(piece))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            same &= piece[i] == pattern(done + (size_t)i);
        done += (size_t)n;
    }
    join_beside();
    expect(n == 0);
    expect(done == BULK);
    expect(same);
    close(ends[0]);
    close(ends[1]);
}

static void
bulk4(void)
{
    bulk_over(AF_INET);
}

static void
bulk6(void)
{
    bulk_over(AF_INET6);
}

/* A writer whose peer does not read fills the buffers, waits, and is released by reading. */
static void
full_buffers(void)
{
    static char piece[65536];
    size_t sent = 0, got = 0;
    struct pollfd wait;
    int ends[2];
    ssize_t n;

    if (!pair(AF_INET, ends))
        return;
    expect(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    while (sent < 64u << 20) {
        n = send(ends[0], piece, sizeof(piece), MSG_NOSIGNAL);
        wait = (struct pollfd){.fd = ends[0], .events = POLLOUT};
        if (n < 0 && poll(&wait, 1, 300) == 0)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    expect(sent > 0 && sent < 64u << 20);
    while (got < sent && (n = recv(ends[1], piece, sizeof(piece), 0)) > 0)
        got += (size_t)n;
    expect(got == sent);
    expect(poll(&wait, 1, 2000) == 1 && (wait.revents & POLLOUT));
    expect(send(ends[0], piece, 1, MSG_NOSIGNAL) == 1);
    close(ends[0]);
    close(ends[1]);
}

const struct test tcp_tests[] = {
    {"echo4", echo4},
    {"echo6", echo6},
    {"refused", refused},
    {"nonblocking-connect", nonblocking_connect},
    {"half-close", half_close},
    {"reset", reset},
    {"reset-of-an-idle-connection", reset_of_an_idle_connection},
    {"no-address-is-our-own", no_address_is_our_own},
    {"in-use", in_use},
    {"names", names},
    {"dual-stack", dual_stack},
    {"peek-and-parts", peek_and_parts},
    {"many", many},
    {"again-and-again", again_and_again},
    {"bulk4", bulk4},
    {"bulk6", bulk6},
    {"full-buffers", full_buffers},
    {NULL, NULL},
};
