/*
 * Corners that programs of others met first: what they take for granted and seldom say.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "libctest.h"

static void
environment_is_writable(void)
{
    char *home = getenv("HOME");

    CHECK(home && strcmp(home, "/") == 0);
    home[0] = 'x';
    CHECK(strcmp(getenv("HOME"), "x") == 0);
    home[0] = '/';
}

static void
null_has_every_position(void)
{
    static const char *const names[] = {"/dev/null", "/dev/zero"};

    for (int i = 0; i < 2; i++) {
        int fd = open(names[i], O_RDWR);
        char byte = 'x';
        CHECK(lseek(fd, 100, SEEK_SET) == 0 && lseek(fd, 5, SEEK_END) == 0);
        CHECK(pwrite(fd, "abc", 3, 1000) == 3 && write(fd, "abc", 3) == 3);
        CHECK(pread(fd, &byte, 1, 77) == i && byte == (i ? 0 : 'x'));
        CHECK(lseek(fd, 0, SEEK_CUR) == 0);
        close(fd);
    }
}

static void
full_has_no_room(void)
{
    int fd = open("/dev/full", O_RDWR);
    char byte = 'x';

    CHECK(read(fd, &byte, 1) == 1 && byte == 0);
    CHECK(write(fd, &byte, 1) == -1 && errno == ENOSPC);
    CHECK(write(fd, &byte, 0) == 0 && close(fd) == 0);
}

static bool
is_listed(const char *directory, int fd)
{
    DIR *d = opendir(directory);
    bool found = false;
    char number[12];

    snprintf(number, sizeof(number), "%d", fd);
    for (struct dirent *entry; d && (entry = readdir(d));)
        found |= strcmp(entry->d_name, number) == 0;
    return d && closedir(d) == 0 && found;
}

static void
descriptors_have_names(void)
{
    struct stat one, other;
    char path[32], byte = 'x';
    int ends[2], fd;

    CHECK(pipe(ends) == 0 && is_listed("/dev/fd", ends[0]));
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    CHECK(stat(path, &other) == 0 && S_ISFIFO(other.st_mode));
    CHECK((fd = open(path, O_RDONLY)) > ends[1]);
    CHECK(open(path, O_WRONLY) == -1 && errno == EACCES);
    CHECK(write(ends[1], "y", 1) == 1 && read(fd, &byte, 1) == 1 && byte == 'y');
    CHECK(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
    CHECK(open(path, O_RDONLY) == -1 && errno == ENOENT);
    CHECK(!is_listed("/dev/fd", ends[1]));
    CHECK(open("/dev/fd/01", O_RDONLY) == -1 && errno == ENOENT);
    CHECK(fstat(1, &one) == 0 && stat("/dev/stdout", &other) == 0 &&
          one.st_mode == other.st_mode);
    CHECK((fd = open("/dev/stderr", O_WRONLY)) >= 0 && isatty(fd) == isatty(2) &&
          close(fd) == 0);
    CHECK((fd = open("/dev/stdin", O_RDONLY)) >= 0 && isatty(fd) == isatty(0) &&
          close(fd) == 0);
}

static void
epoll_refuses_what_is_always_ready(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0), fd = open("/dev/null", O_RDONLY);

    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EPERM);
    close(fd);
    fd = open("/", O_RDONLY | O_DIRECTORY);
    CHECK(fd < 0 || (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EPERM));
    close(fd);
    close(set);
}

static void
memory_is_reserved_and_committed(void)
{
    enum { PAGE = 4096, PAGES = 256 };
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *base = mmap(NULL, PAGES * PAGE, PROT_NONE, flags | MAP_NORESERVE, -1, 0);

    CHECK(base != MAP_FAILED);
    CHECK(mprotect(base, 2 * PAGE, PROT_READ | PROT_WRITE) == 0);
    memset(base, 'a', 2 * PAGE);
    CHECK(mmap(base + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) ==
          base + PAGE);
    CHECK(base[0] == 'a' && base[PAGE - 1] == 'a' && base[PAGE] == 0 &&
          base[3 * PAGE - 1] == 0);
    base[2 * PAGE] = 'b';
    CHECK(mmap(base, PAGE, PROT_NONE, flags | MAP_FIXED, -1, 0) == base);
    CHECK(munmap(base, PAGE) == 0 && munmap(base + 5 * PAGE, PAGE) == 0);
    CHECK(mmap(base, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0) == MAP_FAILED);
    CHECK(base[2 * PAGE] == 'b');
    CHECK(munmap(base, PAGES * PAGE) == 0);
}

static void
limits_may_be_set_to_what_they_are(void)
{
    struct rlimit limit;

    for (int which = 0; which < RLIM_NLIMITS; which++)
        CHECK(getrlimit(which, &limit) == 0 && setrlimit(which, &limit) == 0);
}

static void
sleep_is_no_work(void)
{
    struct timespec before, after;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    clock_t ticks = clock();
    usleep(200000);
    ticks = clock() - ticks;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    long worked =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    CHECK(worked >= 0 && worked < 100);
    CHECK(ticks >= 0 && ticks < CLOCKS_PER_SEC / 10);
    while (clock() < ticks + 1000)
        continue;
}

static volatile sig_atomic_t rang;

static void
ring(int number)
{
    (void)number;
    rang = 1;
}

/* Each loop makes one call that never waits. */
static void
an_alarm_comes_while_calls_are_made(void)
{
    struct itimerval soon = {.it_value = {0, 20000}};

    signal(SIGALRM, ring);
    for (int which = 0; which < 4; which++) {
        rang = 0;
        setitimer(ITIMER_REAL, &soon, NULL);
        while (!rang) {
            if (which == 0)
                time(NULL);
            else if (which == 1)
                getpid();
            else if (which == 2)
                lseek(1, 0, SEEK_CUR);
            else
                getppid();
        }
        CHECK(rang);
    }
    signal(SIGALRM, SIG_DFL);
}

static void
the_main_stack_is_told(void)
{
    pthread_attr_t attributes;
    void *base = NULL;
    size_t size = 0;
    char local;

    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
    CHECK(pthread_attr_getstack(&attributes, &base, &size) == 0);
    CHECK(size >= 32768 && (char *)base < &local && &local < (char *)base + size);
    *(volatile char *)base = 1; /* down to its last byte */
    CHECK(&local > (char *)base + size - 16384);
}

void
corner_tests(void)
{
    RUN(environment_is_writable);
    RUN(null_has_every_position);
    RUN(full_has_no_room);
    RUN(descriptors_have_names);
    RUN(epoll_refuses_what_is_always_ready);
    RUN(memory_is_reserved_and_committed);
    RUN(limits_may_be_set_to_what_they_are);
    RUN(sleep_is_no_work);
    RUN(an_alarm_comes_while_calls_are_made);
    RUN(the_main_stack_is_told);
}
