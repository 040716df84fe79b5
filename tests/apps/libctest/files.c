/* Descriptors that need no file system: pipes, event counters, the terminal, and waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>
#include "libctest.h"

static int ends[2];

static void
pipe_keeps_order(void)
{
    char data[1000], back[1000];
    struct iovec parts[2] = {{back, 10}, {back + 10, 990}};

    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 1000; i++)
        data[i] = (char)(i * 7);
    for (int round = 0; round < 50; round++) { /* several times around the ring */
        CHECK(write(ends[1], data, 1000) == 1000);
        CHECK(readv(ends[0], parts, 2) == 1000 && memcmp(data, back, 1000) == 0);
    }
    CHECK(write(ends[1], "abc", 3) == 3);
    CHECK(readv(ends[0], parts, 2) == 3); /* does not wait for the second part */
    CHECK(close(ends[1]) == 0);
    CHECK(read(ends[0], back, 10) == 0);
    CHECK(close(ends[0]) == 0);
    CHECK(read(ends[0], back, 10) == -1 && errno == EBADF);
}

static void
full_pipes_say_so(void)
{
    static char block[4096];
    int blocks = 0;

    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    CHECK(read(ends[0], block, 1) == -1 && errno == EAGAIN);
    while (blocks < 1000 && write(ends[1], block, sizeof(block)) == sizeof(block))
        blocks++;
    CHECK(blocks < 1000 && errno == EAGAIN);
    CHECK(write(ends[0], block, 1) == -1 && errno == EBADF);
    CHECK(close(ends[0]) == 0);
    CHECK(write(ends[1], block, 1) == -1 && errno == EPIPE);
    CHECK(close(ends[1]) == 0);
}

static void *
feed(void *arg)
{
    static char data[100000];

    memset(data, 'q', sizeof(data));
    long n = write(ends[1], data, sizeof(data));
    close(ends[1]);
    return n == sizeof(data) ? arg : NULL;
}

/* More than fits: writer and reader take turns. */
static void
threads_share_a_pipe(void)
{
    pthread_t thread;
    char part[777];
    long total = 0, n;
    void *result;

    CHECK(pipe(ends) == 0);
    CHECK(pthread_create(&thread, NULL, feed, &total) == 0);
    while ((n = read(ends[0], part, sizeof(part))) > 0) {
        CHECK(part[0] == 'q' && part[n - 1] == 'q');
        total += n;
    }
    CHECK(total == 100000);
    CHECK(pthread_join(thread, &result) == 0 && result == &total);
    CHECK(close(ends[0]) == 0);
}

static void
stdio_on_a_pipe(void)
{
    char line[64];
    FILE *in, *out;

    CHECK(pipe(ends) == 0);
    CHECK((in = fdopen(ends[0], "r")) && (out = fdopen(ends[1], "w")));
    CHECK(fprintf(out, "first %d\nsecond %.1f\n", 1, 2.5) > 0 && fflush(out) == 0);
    CHECK(fgets(line, sizeof(line), in) && strcmp(line, "first 1\n") == 0);
    CHECK(fgetc(in) == 's' && ungetc('S', in) == 'S');
    CHECK(fclose(out) == 0);
    CHECK(fgets(line, sizeof(line), in) && strcmp(line, "Second 2.5\n") == 0);
    CHECK(!fgets(line, sizeof(line), in) && feof(in));
    CHECK(fseek(in, 0, SEEK_SET) == -1 && errno == ESPIPE);
    CHECK(fclose(in) == 0);
}

static void
descriptors_are_copied(void)
{
    int copy;
    char byte;

    CHECK(pipe(ends) == 0);
    CHECK((copy = dup(ends[1])) > ends[1]);
    CHECK(close(ends[1]) == 0 && write(copy, "1", 1) == 1);
    CHECK(dup2(copy, 100) == 100 && write(100, "2", 1) == 1);
    CHECK(read(ends[0], &byte, 1) == 1 && byte == '1');
    CHECK(fcntl(ends[0], F_DUPFD_CLOEXEC, 50) == 50 && fcntl(50, F_GETFD) == FD_CLOEXEC);
    CHECK(read(50, &byte, 1) == 1 && byte == '2');
    CHECK(fcntl(50, F_SETFL, O_NONBLOCK) == 0 && fcntl(50, F_GETFL) & O_NONBLOCK);
    CHECK(read(50, &byte, 1) == -1 && errno == EAGAIN);
    CHECK(close(copy) == 0 && close(100) == 0 && close(50) == 0 && close(ends[0]) == 0);
    CHECK(dup(1000) == -1 && errno == EBADF);
    CHECK(lseek(1, 0, SEEK_CUR) == -1 && errno == ESPIPE);
}

static void
descriptors_run_out(void)
{
    int fd, last = -1;

    while ((fd = dup(0)) >= 0)
        last = fd;
    CHECK(errno == EMFILE && last > 100);
    CHECK(pipe(ends) == -1 && errno == EMFILE);
    for (fd = 3; fd <= last; fd++)
        CHECK(close(fd) == 0);
}

static void *
write_later(void *arg)
{
    usleep(2000);
    write(ends[1], "!", 1);
    return arg;
}

static void
poll_and_select(void)
{
    struct pollfd polls[3] = {{.fd = -1}, {.events = POLLIN}, {.fd = 99, .events = POLLIN}};
    struct timeval span = {0, 1000};
    pthread_t thread;
    fd_set set;

    CHECK(pipe(ends) == 0);
    polls[1].fd = ends[0];
    CHECK(poll(polls, 2, 0) == 0 && poll(polls, 2, 1) == 0);
    CHECK(poll(polls, 3, -1) == 1 && polls[2].revents == POLLNVAL);
    CHECK(pthread_create(&thread, NULL, write_later, NULL) == 0);
    CHECK(poll(polls, 2, -1) == 1 && polls[1].revents == POLLIN);
    CHECK(pthread_join(thread, NULL) == 0);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    CHECK(select(ends[0] + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &set));
    CHECK(read(ends[0], polls, 1) == 1);
    CHECK(select(ends[0] + 1, &set, NULL, NULL, &span) == 0 && !FD_ISSET(ends[0], &set));
    FD_SET(ends[1], &set);
    CHECK(select(ends[1] + 1, NULL, &set, NULL, NULL) == 1 && FD_ISSET(ends[1], &set));
    CHECK(close(ends[1]) == 0);
    CHECK(poll(polls + 1, 1, -1) == 1 && polls[1].revents & POLLHUP);
    CHECK(close(ends[0]) == 0);
}

/* poll(2): the names of XPG4 say the same as POLLIN and POLLOUT. */
static void
poll_by_other_names(void)
{
    struct pollfd polls[2] = {{.events = POLLRDNORM}, {.events = POLLWRNORM}};

    CHECK(pipe(ends) == 0);
    polls[0].fd = ends[0];
    polls[1].fd = ends[1];
    CHECK(poll(polls, 2, 0) == 1 && polls[1].revents == POLLWRNORM);
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(poll(polls, 1, 0) == 1 && polls[0].revents == POLLRDNORM);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void
events_are_counted(void)
{
    int fd = eventfd(3, EFD_NONBLOCK);
    uint64_t value = 4;

    CHECK(fd >= 0 && write(fd, &value, 8) == 8);
    CHECK(read(fd, &value, 8) == 8 && value == 7);
    CHECK(read(fd, &value, 8) == -1 && errno == EAGAIN);
    CHECK(close(fd) == 0);
}

static void
epoll_waits(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1234567890abcdefull}, out[4];
    pthread_t thread;
    char byte;
    int fd = epoll_create1(0);

    CHECK(fd >= 0 && pipe(ends) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event) == -1 && errno == EEXIST);
    CHECK(epoll_wait(fd, out, 4, 0) == 0);
    CHECK(pthread_create(&thread, NULL, write_later, NULL) == 0);
    CHECK(epoll_wait(fd, out, 4, -1) == 1);
    CHECK(out[0].events == EPOLLIN && out[0].data.u64 == event.data.u64);
    CHECK(pthread_join(thread, NULL) == 0);
    event.events = EPOLLIN | EPOLLONESHOT;
    CHECK(epoll_ctl(fd, EPOLL_CTL_MOD, ends[0], &event) == 0);
    CHECK(epoll_wait(fd, out, 4, 0) == 1 && epoll_wait(fd, out, 4, 0) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_DEL, ends[0], NULL) == 0);
    CHECK(read(ends[0], &byte, 1) == 1);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && close(fd) == 0);
}

/* A descriptor that is closed leaves, also if the next one gets its number and its memory. */
static void
epoll_forgets_the_closed(void)
{
    struct epoll_event event = {.events = EPOLLIN}, out;
    int fd = epoll_create1(0), first = eventfd(1, 0);

    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, first, &event) == 0);
    CHECK(close(first) == 0 && eventfd(1, 0) == first);
    CHECK(epoll_wait(fd, &out, 1, 0) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_DEL, first, NULL) == -1 && errno == ENOENT);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, first, &event) == 0);
    CHECK(close(first) == 0 && eventfd(1, 0) == first);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, first, &event) == 0);
    CHECK(epoll_wait(fd, &out, 1, 0) == 1);
    CHECK(close(first) == 0 && close(fd) == 0);
}

/* Once for each change, not as long as it is ready; and what changes while nobody waits counts.
 */
static void
epoll_reports_edges(void)
{
    struct epoll_event in = {.events = EPOLLIN | EPOLLET}, out = {.events = EPOLLOUT | EPOLLET};
    struct epoll_event got[4];
    pthread_t thread;
    char byte;
    int fd = epoll_create1(0);

    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, ends[1], &out) == 0);
    CHECK(epoll_wait(fd, got, 4, 0) == 1 && got[0].events == EPOLLOUT);
    CHECK(epoll_wait(fd, got, 4, 2) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_DEL, ends[1], NULL) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &in) == 0);
    CHECK(write(ends[1], "ab", 2) == 2);
    CHECK(epoll_wait(fd, got, 4, 0) == 1 && epoll_wait(fd, got, 4, 0) == 0);
    while (read(ends[0], &byte, 1) == 1)
        continue;
    CHECK(write(ends[1], "c", 1) == 1);
    CHECK(epoll_wait(fd, got, 4, 0) == 1 && epoll_wait(fd, got, 4, 0) == 0);
    CHECK(pthread_create(&thread, NULL, write_later, NULL) == 0);
    CHECK(epoll_wait(fd, got, 4, -1) == 1 && got[0].events == EPOLLIN);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(close(ends[1]) == 0);
    CHECK(epoll_wait(fd, got, 4, 0) == 1 && got[0].events == (EPOLLIN | EPOLLHUP));
    CHECK(epoll_wait(fd, got, 4, 2) == 0);
    CHECK(epoll_ctl(fd, EPOLL_CTL_MOD, ends[0], &in) == 0);
    CHECK(epoll_wait(fd, got, 4, 0) == 1);
    CHECK(close(ends[0]) == 0 && close(fd) == 0);
}

static void
terminal_settings(void)
{
    struct termios was, now;
    struct winsize size;

    CHECK(isatty(0) && isatty(1));
    CHECK(tcgetattr(0, &was) == 0 && was.c_lflag & ICANON && was.c_lflag & ECHO);
    now = was;
    cfmakeraw(&now);
    CHECK(tcsetattr(0, TCSANOW, &now) == 0);
    CHECK(tcgetattr(0, &now) == 0 && !(now.c_lflag & ICANON) && !(now.c_oflag & OPOST));
    CHECK(tcsetattr(0, TCSAFLUSH, &was) == 0);
    CHECK(ioctl(0, TIOCGWINSZ, &size) == 0);
    CHECK(ioctl(0, 0x1234, &size) == -1 && errno == ENOTTY);
    CHECK(pipe(ends) == 0 && !isatty(ends[0]));
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

void
file_tests(void)
{
    RUN(pipe_keeps_order);
    RUN(full_pipes_say_so);
    RUN(threads_share_a_pipe);
    RUN(stdio_on_a_pipe);
    RUN(descriptors_are_copied);
    RUN(descriptors_run_out);
    RUN(poll_and_select);
    RUN(poll_by_other_names);
    RUN(events_are_counted);
    RUN(epoll_waits);
    RUN(epoll_forgets_the_closed);
    RUN(epoll_reports_edges);
    RUN(terminal_settings);
}
