/*
 * Socket semantics over loopback, inside the guest: what a program on Linux relies on.
 * The words that are given name the tests to run; without any, all of them. Exits with the
 * number of those that failed.
 */
#include "socktest.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *current;
static bool failed;
static pthread_t beside;

bool
expect_at(bool held, const char *what, int line)
{
    if (held)
        return true;
    if (!failed)
        printf("FAIL %s: line %d: %s (%s)\n", current, line, what, strerror(errno));
    failed = true;
    return false;
}

socklen_t
loopback(int family, int port, union address *out)
{
    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        out->ip4.sin_family = AF_INET;
        out->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        out->ip4.sin_port = htons(port);
        return sizeof(out->ip4);
    }
    out->ip6.sin6_family = AF_INET6;
    out->ip6.sin6_addr = in6addr_loopback;
    out->ip6.sin6_port = htons(port);
    return sizeof(out->ip6);
}

int
listener(int family, int backlog, int *port)
{
    int fd = socket(family, SOCK_STREAM, 0);
    union address address;
    socklen_t len = loopback(family, 0, &address);

    if (!expect(fd >= 0) || !expect(bind(fd, &address.any, len) == 0) ||
        !expect(listen(fd, backlog) == 0) || !expect(getsockname(fd, &address.any, &len) == 0))
        return -1;
    *port = ntohs(address.ip4.sin_port); /* at the same place in both */
    expect(*port != 0);
    return fd;
}

bool
pair(int family, int ends[2])
{
    int port, server = listener(family, 1, &port);
    union address address;
    socklen_t len = loopback(family, port, &address);

    ends[0] = socket(family, SOCK_STREAM, 0);
    expect(connect(ends[0], &address.any, len) == 0);
    ends[1] = accept(server, NULL, NULL);
    close(server);
    return expect(ends[0] >= 0) && expect(ends[1] >= 0);
}

bool
run_beside(void *(*body)(void *), void *arg)
{
    return expect((errno = pthread_create(&beside, NULL, body, arg)) == 0);
}

void
join_beside(void)
{
    expect(pthread_join(beside, NULL) == 0);
}

long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static bool
wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc < 2;
}

int
main(int argc, char **argv)
{
    const struct test *lists[] = {tcp_tests, udp_tests, wait_tests, option_tests};
    int failures = 0;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct test *test = lists[i]; test->name; test++) {
            if (!wanted(test->name, argc, argv))
                continue;
            current = test->name;
            failed = false;
            test->run();
            if (!failed)
                printf("ok %s\n", test->name);
            failures += failed;
        }
    }
    printf("socktest: %d failed\n", failures);
    return failures;
}
