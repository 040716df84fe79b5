/* Datagrams and raw sockets. */
#include "socktest.h"

#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int
bound(int family, union address *address)
{
    socklen_t len = loopback(family, 0, address);
    int fd = socket(family, SOCK_DGRAM, 0);

    expect(fd >= 0 && bind(fd, &address->any, len) == 0);
    expect(getsockname(fd, &address->any, &len) == 0);
    return fd;
}

static void
datagrams_over(int family)
{
    union address a, b, from;
    int one = bound(family, &a), two = bound(family, &b);
    socklen_t len = loopback(family, 0, &from), from_len = sizeof(from);
    char text[16];

    expect(sendto(one, "first", 5, 0, &b.any, len) == 5);
    expect(sendto(one, "", 0, 0, &b.any, len) == 0);
    expect(sendto(one, "third", 5, 0, &b.any, len) == 5);
    expect(recvfrom(two, text, sizeof(text), 0, &from.any, &from_len) == 5);
    expect(from_len == len && memcmp(&from, &a, len) == 0);
    expect(recv(two, text, sizeof(text), 0) == 0); /* an empty one is a datagram too */
    expect(recv(two, text, 3, MSG_TRUNC | MSG_PEEK) == 5);
    expect(recv(two, text, 3, 0) == 3 && memcmp(text, "thi", 3) == 0);
    expect_errno(recv(two, text, 1, MSG_DONTWAIT), EAGAIN); /* the rest is gone */
    close(one);
    close(two);
}

static void
datagrams4(void)
{
    datagrams_over(AF_INET);
}

static void
datagrams6(void)
{
    datagrams_over(AF_INET6);
}

static void
connected(void)
{
    union address a, b, name;
    int one = bound(AF_INET, &a), two = bound(AF_INET, &b);
    socklen_t len = sizeof(a.ip4), name_len = sizeof(name);
    char text[4];

    expect_errno(send(one, "x", 1, 0), EDESTADDRREQ);
    expect_errno(getpeername(one, &name.any, &name_len), ENOTCONN);
    expect(connect(one, &b.any, len) == 0);
    expect(getpeername(one, &name.any, &name_len) == 0);
    expect(name.ip4.sin_port == b.ip4.sin_port);
    expect(write(one, "abc", 3) == 3 && read(two, text, 4) == 3);
    name.any.sa_family = AF_UNSPEC;
    expect(connect(one, &name.any, sizeof(name.any.sa_family)) == 0);
    expect_errno(send(one, "x", 1, 0), EDESTADDRREQ);
    close(one);
    close(two);
}

/* As large as a datagram can be, and one byte more. */
static void
large(void)
{
    static unsigned char out[65508], in[65536];
    union address a, b;
    int one = bound(AF_INET, &a), two = bound(AF_INET, &b);

    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = (unsigned char)(i * 7);
    expect(sendto(one, out, 65507, 0, &b.any, sizeof(b.ip4)) == 65507);
    expect(recv(two, in, sizeof(in), 0) == 65507 && memcmp(in, out, 65507) == 0);
    expect_errno(sendto(one, out, 65536, 0, &b.any, sizeof(b.ip4)), EMSGSIZE);
    close(one);
    close(two);
}

static void
message_parts(void)
{
    union address a, b, from;
    int one = bound(AF_INET6, &a), two = bound(AF_INET6, &b);
    char x[3], y[2];
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    struct iovec in[] = {{x, 3}, {NULL, 0}, {y, 1}};
    struct msghdr message = {
        .msg_name = &b, .msg_namelen = sizeof(b.ip6), .msg_iov = out, .msg_iovlen = 3};

    expect(sendmsg(one, &message, 0) == 5);
    message = (struct msghdr){
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = in, .msg_iovlen = 3};
    expect(recvmsg(two, &message, 0) == 4);
    expect(memcmp(x, "abc", 3) == 0 && y[0] == 'd');
    expect((message.msg_flags & MSG_TRUNC) && message.msg_namelen == sizeof(from.ip6));
    expect(from.ip6.sin6_port == a.ip6.sin6_port);
    close(one);
    close(two);
}

static uint16_t
icmp_checksum(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)(data[i] << 8 | data[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* writev and readv are one datagram, however many parts they have. */
static void
parts_by_descriptor(void)
{
    struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    char first[3] = "", second[8] = "";
    struct iovec in[2] = {{first, 2}, {second, 8}};
    union address to;
    socklen_t len = loopback(AF_INET, 0, &to);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    expect(bind(fd, &to.any, len) == 0 && getsockname(fd, &to.any, &len) == 0);
    expect(connect(fd, &to.any, len) == 0);
    expect(writev(fd, out, 3) == 5);
    expect(recv(fd, second, sizeof(second), 0) == 5 && memcmp(second, "abcde", 5) == 0);
    expect(writev(fd, out + 1, 1) == 0 && write(fd, "fghij", 5) == 5);
    expect(readv(fd, in, 2) == 0);
    expect(readv(fd, in, 2) == 5 && memcmp(first, "fg", 2) == 0 &&
           memcmp(second, "hij", 3) == 0);
    close(fd);
}

static void
ping4(void)
{
    struct icmphdr echo = {.type = ICMP_ECHO};
    uint8_t answer[128];
    union address to;
    socklen_t len = loopback(AF_INET, 0, &to);
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    bool found = false;

    expect(fd >= 0);
    echo.un.echo.id = htons(77);
    echo.checksum = icmp_checksum((uint8_t *)&echo, sizeof(echo));
    expect(sendto(fd, &echo, sizeof(echo), 0, &to.any, len) == sizeof(echo));
    for (int i = 0; i < 4 && !found; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (!expect(poll(&wait, 1, 2000) == 1))
            break;
        n = recv(fd, answer, sizeof(answer), 0);
        /* The IP header comes along, as on Linux. */
        found =
            n == 20 + (ssize_t)sizeof(echo) && answer[20] == ICMP_ECHOREPLY && answer[25] == 77;
    }
    expect(found);
    close(fd);
}

static void
ping6(void)
{
    uint8_t echo[8] = {128, 0, 0, 0, 0, 78, 0, 1}, answer[128];
    union address to;
    socklen_t len = loopback(AF_INET6, 0, &to);
    int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    bool found = false;

    expect(fd >= 0);
    expect(sendto(fd, echo, sizeof(echo), 0, &to.any, len) == sizeof(echo));
    for (int i = 0; i < 4 && !found; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (!expect(poll(&wait, 1, 2000) == 1))
            break;
        n = recv(fd, answer, sizeof(answer), 0);
        found = n == sizeof(echo) && answer[0] == 129 && answer[5] == 78;
    }
    expect(found);
    close(fd);
}

const struct test udp_tests[] = {
    {"datagrams4", datagrams4},
    {"datagrams6", datagrams6},
    {"connected", connected},
    {"large", large},
    {"message-parts", message_parts},
    {"parts-by-descriptor", parts_by_descriptor},
    {"ping4", ping4},
    {"ping6", ping6},
    {NULL, NULL},
};
