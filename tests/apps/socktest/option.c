/* Options, flags that are inherited, and calls that must be refused. */
#include "socktest.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

static void
set_and_get(int fd, int level, int name, int value)
{
    int got = -1;
    socklen_t len = sizeof(got);

    expect(setsockopt(fd, level, name, &value, sizeof(value)) == 0);
    expect(getsockopt(fd, level, name, &got, &len) == 0 && len == sizeof(got));
    expect(got == value);
}

static void
options(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), got = -1;
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    socklen_t len = sizeof(got);
    struct linger linger = {.l_onoff = 1, .l_linger = 3}, back;
    socklen_t back_len = sizeof(back);

    set_and_get(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_and_get(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_and_get(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
    set_and_get(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_and_get(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_and_get(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set_and_get(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_and_get(fd, IPPROTO_IP, IP_TTL, 17);
    set_and_get(six, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_and_get(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
    set_and_get(six, SOL_SOCKET, SO_RCVBUF, 65536);
    expect(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
    expect(getsockopt(fd, SOL_SOCKET, SO_LINGER, &back, &back_len) == 0);
    expect(back.l_onoff == 1 && back.l_linger == 3);
    expect(getsockopt(fd, SOL_SOCKET, SO_TYPE, &got, &len) == 0 && got == SOCK_STREAM);
    expect(getsockopt(six, SOL_SOCKET, SO_DOMAIN, &got, &len) == 0 && got == AF_INET6);
    expect(getsockopt(six, SOL_SOCKET, SO_PROTOCOL, &got, &len) == 0 && got == IPPROTO_UDP);
    expect_errno(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &got, 3), EINVAL);
    expect_errno(setsockopt(fd, SOL_SOCKET, 9999, &got, sizeof(got)), ENOPROTOOPT);
    expect_errno(setsockopt(six, IPPROTO_TCP, TCP_NODELAY, &got, sizeof(got)), ENOPROTOOPT);
    linger.l_onoff = 0;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
    close(six);
}

static int
option(int fd, int level, int name)
{
    int got = -1;
    socklen_t len = sizeof(got);

    return getsockopt(fd, level, name, &got, &len) == 0 ? got : -1;
}

static void
inherited(void)
{
    int port, server = listener(AF_INET, 2, &port), yes = 1, fd, accepted;
    union address address;
    socklen_t len = loopback(AF_INET, port, &address);

    expect(setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0);
    expect(setsockopt(server, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes)) == 0);
    expect(option(server, SOL_SOCKET, SO_ACCEPTCONN) == 1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    expect(connect(fd, &address.any, len) == 0);
    accepted = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    expect(accepted >= 0);
    expect(option(accepted, IPPROTO_TCP, TCP_NODELAY) == 1);
    expect(option(accepted, SOL_SOCKET, SO_KEEPALIVE) == 1);
    expect(option(accepted, SOL_SOCKET, SO_ACCEPTCONN) == 0);
    expect(fcntl(accepted, F_GETFL) & O_NONBLOCK);
    expect(fcntl(accepted, F_GETFD) & FD_CLOEXEC);
    expect(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
    close(fd);
    close(accepted);
    close(server);
}

static void
refusals(void)
{
    union address address;
    socklen_t len = loopback(AF_INET, 9, &address);
    int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    struct stat stat;
    char c;

    expect_errno(socket(AF_APPLETALK, SOCK_STREAM, 0), EAFNOSUPPORT);
    expect_errno(socket(AF_INET, 5, 0), ESOCKTNOSUPPORT);
    expect_errno(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    expect_errno(bind(fd, &address.any, len - 1), EINVAL);
    expect_errno(connect(fd, &address.any, 1), EINVAL);
    expect_errno(connect(fd, &address.any, 0), EINVAL);
    address.any.sa_family = AF_UNIX;
    expect_errno(bind(fd, &address.any, len), EAFNOSUPPORT);
    expect_errno(accept(fd, NULL, NULL), EINVAL);
    expect_errno(accept(udp, NULL, NULL), EOPNOTSUPP);
    expect_errno(listen(udp, 1), EOPNOTSUPP);
    expect_errno(read(fd, &c, 1), ENOTCONN);
    expect_errno(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    expect_errno(shutdown(fd, SHUT_RD), ENOTCONN);
    expect_errno(shutdown(fd, 7), EINVAL);
    expect_errno(listen(0, 1), ENOTSOCK);
    expect_errno(listen(200, 1), EBADF);
    expect(fstat(fd, &stat) == 0 && S_ISSOCK(stat.st_mode));
    expect_errno(lseek(fd, 0, SEEK_SET), ESPIPE);
    close(fd);
    close(udp);
}

/* Every descriptor taken, then all given back. */
static void
exhausted(void)
{
    int fds[1100], n = 0;

    while (n < 1100 && (fds[n] = socket(AF_INET, SOCK_DGRAM, 0)) >= 0)
        n++;
    expect(n > 1000 && n < 1024);
    expect(errno == EMFILE);
    while (n)
        close(fds[--n]);
    expect((n = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    close(n);
}

const struct test option_tests[] = {
    {"options", options},   {"inherited", inherited},
    {"refusals", refusals}, {"exhausted", exhausted},
    {NULL, NULL},
};
