/*
 * Is the C library whole on this machine? Runs tests of what applications use of it, and
 * leaves with the number of failures. With a word as argument it does one thing that ends
 * the program in its own way instead, for tests/system/test_libc.py to look at from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "libctest.h"

static void
at_exit(void)
{
    puts("at exit");
}

/* A mapped file is its bytes, then zeroes to the end of the page; and it can be changed. */
static int
map_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    long size = lseek(fd, 0, SEEK_END);
    char *whole = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *second = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 4096);
    char *shared = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd < 0 || size <= 4096 || whole == MAP_FAILED || second == MAP_FAILED ||
        shared != MAP_FAILED || whole[size] != 0 || second[0] != whole[4096])
        return 1;
    write(1, whole, (size_t)size);
    whole[0] = 'X';
    return munmap(whole, (size_t)size) || munmap(second, 1) || close(fd) ? 1 : 0;
}

/* What a person types is what they read back: for the tests of the terminal. */
static int
echo_lines(void)
{
    char line[256];

    puts("type");
    while (fgets(line, sizeof(line), stdin))
        printf("<%.*s>\n", (int)strcspn(line, "\n"), line);
    puts("end of file");
    return 0;
}

static volatile unsigned turns;

static void *
count_turns(void *unused)
{
    for (;; turns++)
        usleep(1000);
    return unused;
}

/* The console's reader pauses for two seconds. 42: writing without waiting was refused, with
 * waiting it came to an end, and another thread went on meanwhile. */
static int
full_output(void)
{
    static char text[128 << 10];
    struct pollfd out = {.fd = 1, .events = POLLOUT};
    pthread_t other;
    int flags = fcntl(1, F_GETFL);
    long n;

    memset(text, '.', sizeof(text));
    if (poll(&out, 1, 0) != 1 || pthread_create(&other, NULL, count_turns, NULL))
        return 1;
    fcntl(1, F_SETFL, flags | O_NONBLOCK);
    for (int i = 0; (n = write(1, text, sizeof(text))) > 0; i++)
        if (i > 1000)
            return 2;
    if (n != -1 || errno != EAGAIN)
        return 3;
    if (poll(&out, 1, 0) != 0)
        return 4;
    unsigned before = turns;
    if (poll(&out, 1, 10000) != 1 || turns - before < 10)
        return 5;
    fcntl(1, F_SETFL, flags);
    if (write(1, text, sizeof(text)) != sizeof(text) || tcdrain(1))
        return 6;
    return 42;
}

static int
special(const char *what)
{
    if (strcmp(what, "abort") == 0)
        abort();
    if (strcmp(what, "term") == 0)
        raise(SIGTERM);
    if (strcmp(what, "unknown") == 0)
        return syscall(500) == -1 && syscall(500) == -1 ? 0 : 1;
    if (strcmp(what, "atexit") == 0)
        return atexit(at_exit) ? 1 : 7;
    if (strcmp(what, "zone") == 0) {
        time_t epoch = 0;
        printf("%s", asctime(localtime(&epoch)));
        printf("%s %s\n", tzname[0], tmpnam(NULL) ? "name" : "none");
        return 0;
    }
    if (strcmp(what, "output") == 0)
        return full_output();
    if (strcmp(what, "random") == 0)
        return slow_random();
    if (strcmp(what, "lines") == 0)
        return echo_lines();
    if (strcmp(what, "sleep") == 0) {
        puts("sleeping");
        sleep(1000);
        return 1;
    }
    if (strncmp(what, "map=", 4) == 0)
        return map_file(what + 4);
    printf("unknown argument %s\n", what);
    return 1;
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        return special(argv[1]);
    plain_tests();
    memory_tests();
    thread_tests();
    signal_tests();
    file_tests();
    time_tests();
    corner_tests();
    return failures_total();
}
