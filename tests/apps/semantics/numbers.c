/* How many descriptors there may be: limits, what happens at them, and many at once. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "show.h"

#define LIMIT 20
#define MANY  600

static struct rlimit at_first;

static int
set_limit(rlim_t soft, rlim_t hard)
{
    struct rlimit limit = {soft, hard};

    return setrlimit(RLIMIT_NOFILE, &limit);
}

static long
soft_limit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : (long)limit.rlim_cur;
}

static void
setting(void)
{
    rlim_t hard;

    SHOW(getrlimit(RLIMIT_NOFILE, &at_first));
    hard = at_first.rlim_max;
    SHOW(set_limit(LIMIT, hard));
    SHOW(soft_limit());
    SHOW(sysconf(_SC_OPEN_MAX));
    SHOW(getdtablesize());
    SHOW(set_limit(LIMIT + 1, LIMIT));
    SHOW(set_limit(RLIM_INFINITY, hard));
    SHOW(set_limit(LIMIT, RLIM_INFINITY));
    SHOW(set_limit(RLIM_INFINITY, RLIM_INFINITY));
    SHOW(soft_limit());
    SHOW(prlimit(getpid(), RLIMIT_NOFILE, &at_first, NULL));
    SHOW(prlimit(0x7fffff00, RLIMIT_NOFILE, &at_first, NULL));
    SHOW_TRUTH(soft_limit() == (long)at_first.rlim_cur);
    SHOW(set_limit(LIMIT, hard));
}

/* Each way to a number that there is not. */
static void
beyond(void)
{
    SHOW(dup2(0, LIMIT - 1));
    SHOW(dup2(0, LIMIT));
    SHOW(dup2(LIMIT - 1, LIMIT));
    SHOW(dup2(99, LIMIT));
    SHOW(dup2(0, -1));
    SHOW(dup2(0, 1000000));
    SHOW(dup3(0, LIMIT, 0));
    SHOW(dup3(0, LIMIT, O_CLOEXEC));
    SHOW(fcntl(0, F_DUPFD, LIMIT - 1));
    SHOW(fcntl(0, F_DUPFD, LIMIT));
    SHOW(fcntl(0, F_DUPFD_CLOEXEC, LIMIT));
    SHOW(fcntl(0, F_DUPFD, -1));
    SHOW(close(LIMIT - 1));
    SHOW(fcntl(0, F_DUPFD, LIMIT - 1));
    SHOW(close(LIMIT - 1));
}

/* Each call that makes one, when there is none left. */
static void
full(void)
{
    int ends[2] = {-7, -7};

    while (dup(0) >= 0)
        continue;
    SHOW_TRUTH(errno == EMFILE);
    SHOW(fcntl(LIMIT - 1, F_GETFD));
    SHOW(dup(99));
    SHOW(open("/dir/a.txt", O_RDONLY));
    SHOW(open("/nothere", O_RDONLY));
    SHOW(open("", O_RDONLY));
    SHOW(open("/dev/null", O_RDWR | O_CREAT, 0666));
    SHOW(socket(AF_INET, SOCK_STREAM, 0));
    SHOW(eventfd(0, 0));
    SHOW(epoll_create1(0));
    SHOW(pipe(ends));
    SHOW(close(LIMIT - 1));
    SHOW(pipe(ends)); /* room for one end */
    SHOW(ends[0]);
    SHOW(open("/dir/a.txt", O_RDONLY));
    for (int fd = 3; fd < LIMIT; fd++)
        close(fd);
}

/* What is open above a limit that was lowered stays. */
static void
lowered(void)
{
    struct pollfd entries[LIMIT + 1];
    struct stat st;

    for (int i = 0; i <= LIMIT; i++)
        entries[i] = (struct pollfd){.fd = -1};
    SHOW(poll(entries, LIMIT, 0));
    SHOW(poll(entries, LIMIT + 1, 0));
    SHOW(ppoll(entries, LIMIT + 1, &(struct timespec){0}, NULL));
    SHOW(poll(entries, -1, 0));
    SHOW(dup2(0, LIMIT - 1));
    SHOW(set_limit(10, at_first.rlim_max));
    SHOW(fstat(LIMIT - 1, &st));
    SHOW(dup2(0, LIMIT - 1));
    SHOW(dup(LIMIT - 1));
    SHOW(close(3));
    SHOW(close(LIMIT - 1));
    SHOW(dup2(0, LIMIT - 1));
    SHOW(set_limit(0, at_first.rlim_max));
    SHOW(dup(0));
    SHOW(open("/dir/a.txt", O_RDONLY));
    SHOW(set_limit(at_first.rlim_cur, at_first.rlim_max));
}

/* Events of one among many, by each way to wait. */
static void
many(void)
{
    static struct pollfd polled[MANY];
    struct epoll_event event = {.events = EPOLLIN};
    struct timeval now = {0};
    int first, set, ready = 0;
    fd_set read_set;

    SHOW(first = eventfd(0, 0));
    for (int fd = first + 1; fd < first + MANY; fd++)
        ready += eventfd(0, 0) == fd;
    SHOW(ready);
    SHOW(set = epoll_create1(0));
    FD_ZERO(&read_set);
    ready = 0;
    for (int i = 0; i < MANY; i++) {
        event.data.u32 = (uint32_t)(first + i);
        ready += epoll_ctl(set, EPOLL_CTL_ADD, first + i, &event);
        polled[i] = (struct pollfd){.fd = first + i, .events = POLLIN};
        FD_SET(first + i, &read_set);
    }
    SHOW(ready);
    SHOW(epoll_wait(set, &event, 1, 0));
    SHOW(eventfd_write(first + MANY - 5, 1));
    SHOW(epoll_wait(set, &event, 1, -1));
    SHOW(event.data.u32);
    SHOW(poll(polled, MANY, -1));
    SHOW(polled[MANY - 5].revents);
    SHOW(select(first + MANY, &read_set, NULL, NULL, &now));
    SHOW(FD_ISSET(first + MANY - 5, &read_set) != 0);
    SHOW(FD_ISSET(first + MANY - 4, &read_set) != 0);
    for (int i = 0; i < MANY; i += 2)
        close(first + i);
    SHOW(epoll_wait(set, &event, 1, 0));
    SHOW(event.data.u32);
    SHOW(dup(0));
    for (int fd = first; fd <= set; fd++)
        close(fd);
    SHOW(fcntl(set, F_GETFD));
    SHOW(dup2(0, 1023));
    SHOW(close(1023));
}

void
numbers(void)
{
    setting();
    beyond();
    full();
    lowered();
    many();
}
