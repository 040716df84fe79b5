/* Pipes and event counters: whole writes, ends that are closed, descriptors that do not wait.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "show.h"

static int ends[2];
static char data[70000];

static int
ready(int fd)
{
    struct pollfd entry = {fd, POLLIN | POLLOUT, 0};

    poll(&entry, 1, 0);
    return entry.revents;
}

static void
both_ends(void)
{
    struct iovec parts[2] = {{data, 3}, {data + 10, 3}};
    struct stat st;
    int waiting = -1;

    SHOW(pipe(ends));
    SHOW(ends[0]);
    SHOW(ends[1]);
    SHOW(ready(ends[0]));
    SHOW(ready(ends[1]));
    SHOW(write(ends[1], "hello", 5));
    SHOW(ready(ends[0]));
    SHOW(ioctl(ends[0], FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(read(ends[0], data, 0));
    SHOW(readv(ends[0], parts, 2));
    SHOW(write(ends[1], "x", 0));
    SHOW(write(ends[0], "x", 1));
    SHOW(read(ends[1], data, 1));
    SHOW(lseek(ends[0], 0, SEEK_SET));
    SHOW(pread(ends[0], data, 1, 0));
    SHOW(pwrite(ends[1], data, 1, 0));
    SHOW(ftruncate(ends[1], 0));
    SHOW(fsync(ends[1]));
    SHOW(fstat(ends[0], &st));
    SHOW_TRUTH(S_ISFIFO(st.st_mode));
    SHOW(isatty(ends[0]));
    SHOW(fcntl(ends[0], F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(fcntl(ends[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(fchdir(ends[0]));
    SHOW(close(ends[1]));
    SHOW(ready(ends[0]));
    SHOW(read(ends[0], data, 10));
    SHOW(read(ends[0], data, 10));
    SHOW(close(ends[0]));
}

static void
no_readers(void)
{
    SHOW(pipe(ends));
    SHOW(close(ends[0]));
    SHOW(ready(ends[1]));
    SHOW(write(ends[1], "x", 1));
    SHOW(write(ends[1], "x", 0));
    SHOW(close(ends[1]));
}

static void
not_waiting(void)
{
    int blocks = 0;

    SHOW(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    SHOW(fcntl(ends[0], F_GETFD));
    SHOW(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    SHOW(read(ends[0], data, 1));
    while (write(ends[1], data, 4096) == 4096)
        blocks++;
    SHOW_TRUTH(errno == EAGAIN && blocks >= 4);
    SHOW(write(ends[1], data, 1));
    SHOW(ready(ends[1]));
    SHOW(read(ends[0], data, 100));
    SHOW(write(ends[1], data, 4096)); /* whole or not at all */
    SHOW(read(ends[0], data, 4096));
    SHOW(write(ends[1], data, 4096));
    SHOW(ready(ends[1]));
    SHOW(fcntl(ends[0], F_SETFL, 0));
    SHOW(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    SHOW(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(pipe2(ends, 77));
}

static void *
write_much(void *result)
{
    *(long *)result = write(ends[1], data, sizeof(data));
    close(ends[1]);
    return NULL;
}

static void *
close_read_end(void *unused)
{
    char few[100];

    (void)unused;
    read(ends[0], few, sizeof(few));
    close(ends[0]);
    return NULL;
}

static void
waiting(void)
{
    long written = 0, total = 0, n;
    pthread_t thread;

    SHOW(pipe(ends));
    SHOW_CODE(pthread_create(&thread, NULL, write_much, &written));
    while ((n = read(ends[0], data, 1000)) > 0)
        total += n;
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(written);
    SHOW(total);
    SHOW(close(ends[0]));
    SHOW(pipe(ends));
    SHOW_CODE(pthread_create(&thread, NULL, close_read_end, NULL));
    SHOW_TRUTH(write(ends[1], data, sizeof(data)) > 0); /* a part, then nobody reads */
    SHOW(write(ends[1], data, sizeof(data)));
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(close(ends[1]));
}

static void
events(void)
{
    uint64_t value = 5;
    int fd;

    SHOW(eventfd(0, 0x70000000));
    SHOW(fd = eventfd(3, EFD_NONBLOCK));
    SHOW(ready(fd));
    SHOW(read(fd, &value, 4));
    SHOW(read(fd, &value, 8));
    SHOW((long)value);
    SHOW(read(fd, &value, 8));
    SHOW(ready(fd));
    value = UINT64_MAX;
    SHOW(write(fd, &value, 8));
    value = UINT64_MAX - 1;
    SHOW(write(fd, &value, 8));
    SHOW(ready(fd));
    value = 1;
    SHOW(write(fd, &value, 8));
    SHOW(write(fd, &value, 7));
    SHOW(close(fd));
    SHOW(fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    SHOW(read(fd, &value, 8));
    SHOW((long)value);
    SHOW(read(fd, &value, 8));
    SHOW(read(fd, &value, 8));
    SHOW(close(fd));
}

void
pipes(void)
{
    both_ends();
    no_readers();
    not_waiting();
    waiting();
    events();
}
