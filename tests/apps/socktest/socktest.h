/*
 * A test is a function; expect() names what it looks at and counts what is not so. One line
 * "ok NAME" or "FAIL NAME: why" comes for each test.
 */
#ifndef SOCKTEST_H
#define SOCKTEST_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* The running test fails, with the line and errno. Returns whether it held. */
bool expect_at(bool held, const char *what, int line);
#define expect(what) expect_at(what, #what, __LINE__)
/* The call fails with this errno. */
#define expect_errno(call, code) (errno = 0, expect((call) == -1 && errno == (code)))

/* A loopback address of either family; port in host order. */
union address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};
socklen_t loopback(int family, int port, union address *out);

/* A listening TCP socket on a free port of the family, -1 if it cannot be had. */
int listener(int family, int backlog, int *port);
/* Both ends of a TCP connection over loopback. */
bool pair(int family, int ends[2]);
/* Run `body` in a thread while the test goes on, if there can be one; join waits for it. */
bool run_beside(void *(*body)(void *), void *arg);
void join_beside(void);
/* Milliseconds on the monotonic clock. */
long now_ms(void);

struct test {
    const char *name;
    void (*run)(void);
};

extern const struct test tcp_tests[], udp_tests[], wait_tests[], option_tests[];

#endif
