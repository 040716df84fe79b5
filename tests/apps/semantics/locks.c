/* Locks on files in memory: between two that opened the same one, never against oneself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <unistd.h>
#include "show.h"

static struct flock lock;

static int
control(int fd, int command, short type, off_t start, off_t len)
{
    lock = (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
    return fcntl(fd, command, &lock);
}

static void
whole_files(int a, int b)
{
    int copy;

    SHOW(flock(a, LOCK_EX));
    SHOW(flock(a, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    SHOW(flock(b, LOCK_UN));
    SHOW(copy = dup(a));
    SHOW(flock(copy, LOCK_EX | LOCK_NB)); /* the same open file */
    SHOW(flock(copy, LOCK_SH));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    SHOW(flock(a, LOCK_EX | LOCK_NB)); /* and what it had is lost */
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(a, LOCK_SH | LOCK_NB));
    SHOW(flock(b, LOCK_UN));
    SHOW(flock(a, LOCK_EX | LOCK_NB));
    SHOW(close(a));
    SHOW(flock(b, LOCK_EX | LOCK_NB)); /* the copy has it */
    SHOW(dup2(copy, a));
    SHOW(flock(a, LOCK_UN));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(control(a, F_OFD_SETLK, F_WRLCK, 0, 0)); /* these know nothing of the others */
    SHOW(control(a, F_OFD_SETLK, F_UNLCK, 0, 0));
    SHOW(flock(b, LOCK_UN));
    SHOW(flock(b, 0));
    SHOW(flock(b, LOCK_SH | LOCK_EX));
    SHOW(flock(99, LOCK_SH));
    SHOW(close(copy));
}

static void
of_the_process(int a, int b)
{
    SHOW(control(a, F_SETLK, F_WRLCK, 0, 10));
    SHOW(control(b, F_SETLK, F_WRLCK, 5, 10));
    SHOW(control(b, F_GETLK, F_WRLCK, 0, 0));
    SHOW(lock.l_type);
    SHOW(control(a, F_SETLKW, F_UNLCK, 0, 0));
    SHOW(lockf(a, F_LOCK, 10));
    SHOW(lockf(b, F_TEST, 10));
    SHOW(lockf(a, F_ULOCK, 10));
}

static void
ranges(int a, int b)
{
    SHOW(control(a, F_OFD_SETLK, F_WRLCK, 10, 10));
    SHOW(control(a, F_OFD_SETLK, F_WRLCK, 15, 10));
    SHOW(control(b, F_OFD_SETLK, F_RDLCK, 0, 10));
    SHOW(control(b, F_OFD_SETLK, F_RDLCK, 0, 11));
    SHOW(control(b, F_OFD_SETLK, F_RDLCK, 25, 1));
    SHOW(control(b, F_OFD_SETLK, F_RDLCK, 24, 1));
    SHOW(control(b, F_OFD_GETLK, F_RDLCK, 0, 0));
    SHOW(lock.l_type);
    SHOW(lock.l_start);
    SHOW(lock.l_len);
    SHOW(lock.l_pid);
    SHOW(lock.l_whence);
    SHOW(control(b, F_SETLK, F_RDLCK, 12, 1)); /* the process's against the file's */
    SHOW(control(b, F_GETLK, F_RDLCK, 12, 1));
    SHOW(lock.l_type);
    SHOW(control(a, F_OFD_SETLK, F_UNLCK, 13, 2)); /* out of the middle */
    SHOW(control(b, F_OFD_SETLK, F_WRLCK, 13, 2));
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 0, 0));
    SHOW(lock.l_start * 100 + lock.l_len);
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 14, 0));
    SHOW(lock.l_start * 100 + lock.l_len);
    SHOW(control(b, F_OFD_SETLK, F_UNLCK, 13, 2));
    SHOW(control(a, F_OFD_SETLK, F_RDLCK, 0, 0)); /* one kind over another */
    SHOW(control(b, F_OFD_SETLK, F_RDLCK, 12, 5));
    SHOW(control(a, F_OFD_SETLK, F_WRLCK, 14, 1));
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 100, 1));
    SHOW(lock.l_start + lock.l_len + lock.l_type);
    SHOW(control(b, F_OFD_SETLK, F_UNLCK, 0, 0));
    SHOW(control(a, F_OFD_SETLK, F_UNLCK, 0, 0));
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 0, 0));
    SHOW(lock.l_type);
}

static void
relative(int a, int b)
{
    SHOW(lseek(a, 50, SEEK_SET));
    lock = (struct flock){F_WRLCK, SEEK_CUR, 5, 5, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    lock = (struct flock){F_WRLCK, SEEK_END, -10, -5, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 0, 0));
    SHOW(lock.l_start * 100 + lock.l_len);
    SHOW(control(b, F_OFD_GETLK, F_WRLCK, 70, 0));
    SHOW(lock.l_start * 100 + lock.l_len);
    lock = (struct flock){F_WRLCK, SEEK_CUR, -51, 5, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    lock = (struct flock){F_WRLCK, SEEK_SET, 5, -6, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    lock = (struct flock){F_WRLCK, 77, 0, 0, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    lock = (struct flock){F_WRLCK, SEEK_CUR, 0x7fffffffffffffff, 0, 0};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    SHOW(control(a, F_OFD_SETLK, 77, 0, 0));
    SHOW(control(a, F_SETLK, 77, 0, 0));
    lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = 5};
    SHOW(fcntl(a, F_OFD_SETLK, &lock));
    SHOW(control(a, F_GETLK, F_UNLCK, 0, 0));
    SHOW(control(99, F_OFD_SETLK, F_WRLCK, 0, 0));
    SHOW(control(a, F_OFD_SETLK, F_UNLCK, 0, 0));
}

static void
one_direction(void)
{
    int fd;

    SHOW(fd = open("/tmp/locked", O_RDONLY));
    SHOW(control(fd, F_OFD_SETLK, F_WRLCK, 0, 0));
    SHOW(control(fd, F_OFD_SETLK, F_RDLCK, 0, 0));
    SHOW(control(fd, F_SETLK, F_WRLCK, 0, 0));
    SHOW(flock(fd, LOCK_EX));
    SHOW(close(fd));
    SHOW(fd = open("/tmp/locked", O_WRONLY));
    SHOW(control(fd, F_OFD_SETLK, F_RDLCK, 0, 0));
    SHOW(control(fd, F_OFD_SETLK, F_WRLCK, 0, 0)); /* what was had before went with its file */
    SHOW(close(fd));
    SHOW(fd = open("/tmp/locked", O_PATH));
    SHOW(flock(fd, LOCK_SH));
    SHOW(control(fd, F_SETLK, F_RDLCK, 0, 0));
    SHOW(close(fd));
}

static int second, failed;

static void *
wait_for_it(void *order)
{
    failed += flock(second, LOCK_EX); /* waits for the other thread */
    strcat(order, "had ");
    failed += flock(second, LOCK_UN);
    failed += control(second, F_OFD_SETLKW, F_WRLCK, 0, 0);
    strcat(order, "had again ");
    return NULL;
}

static void
waiting(int a, int b)
{
    char order[100] = "";
    pthread_t thread;

    second = b;
    SHOW(flock(a, LOCK_EX));
    SHOW(control(a, F_OFD_SETLK, F_WRLCK, 0, 0));
    SHOW(pthread_create(&thread, NULL, wait_for_it, order));
    usleep(20000);
    strcat(order, "given ");
    SHOW(flock(a, LOCK_UN));
    usleep(20000);
    strcat(order, "given again ");
    SHOW(close(a)); /* gives what the file still had */
    SHOW(pthread_join(thread, NULL));
    SHOW(failed);
    SHOW_TEXT(order);
}

/* A file that is locked and watched, and forgets both. */
static void
watched(int b)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set, ends[2];

    SHOW(pipe(ends));
    SHOW(set = epoll_create1(0));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
    SHOW(flock(ends[0], LOCK_EX));
    SHOW(flock(set, LOCK_EX));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(epoll_wait(set, &event, 1, 0));
    SHOW(close(set));
    SHOW(flock(b, LOCK_EX));
    SHOW(close(b));
}

void
locks(void)
{
    int a, b;

    SHOW(a = open("/tmp/locked", O_RDWR | O_CREAT, 0600));
    SHOW(b = open("/tmp/locked", O_RDWR));
    SHOW(ftruncate(a, 100));
    whole_files(a, b);
    of_the_process(a, b);
    ranges(a, b);
    relative(a, b);
    one_direction();
    waiting(a, b);
    watched(b);
    SHOW(unlink("/tmp/locked"));
}
