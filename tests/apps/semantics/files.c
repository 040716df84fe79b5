/* Descriptors of regular files, directories and /dev: reading, seeking, copies, flags. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "show.h"

#define LONG_SIZE 9000 /* of /long.txt */

static char data[LONG_SIZE + 100];

static void
bad_descriptors(void)
{
    struct stat st;
    struct iovec part = {data, 1};

    SHOW(read(-1, data, 1));
    SHOW(read(99, data, 1));
    SHOW(read(100000, data, 1));
    SHOW(write(99, data, 1));
    SHOW(readv(99, &part, 1));
    SHOW(writev(99, &part, 1));
    SHOW(pread(99, data, 1, 0));
    SHOW(pwrite(99, data, 1, 0));
    SHOW(close(99));
    SHOW(close(-1));
    SHOW(lseek(99, 0, SEEK_SET));
    SHOW(fstat(99, &st));
    SHOW(fsync(99));
    SHOW(fdatasync(99));
    SHOW(ftruncate(99, 0));
    SHOW(fchdir(99));
    SHOW(fchmod(99, 0));
    SHOW(dup(99));
    SHOW(dup2(99, 5));
    SHOW(dup2(99, 99));
    SHOW(dup3(99, 99, 0));
    SHOW(fcntl(99, F_GETFL));
    SHOW(fcntl(99, F_GETFD));
    SHOW(ioctl(99, FIONBIO, &part));
    SHOW(flock(99, LOCK_EX));
    SHOW(isatty(99));
    SHOW(mmap(NULL, 100, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? -1 : 0);
}

static void
reading(void)
{
    struct iovec parts[3] = {{data, 5}, {data + 100, 0}, {data + 200, 20}};
    int fd;

    SHOW(fd = open("/dir/a.txt", O_RDONLY));
    SHOW(read(fd, data, 0));
    SHOW(read(fd, data, 5));
    SHOW_TRUTH(memcmp(data, "the f", 5) == 0);
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(readv(fd, parts, 3));
    SHOW(readv(fd, parts, 0));
    SHOW(readv(fd, parts, -1));
    SHOW(readv(fd, parts, 1025));
    SHOW(read(fd, data, 100));
    SHOW(read(fd, data, 100));
    SHOW(write(fd, data, 1));
    SHOW(pwrite(fd, data, 1, 0));
    SHOW(ftruncate(fd, 0));
    SHOW(ftruncate(fd, -1));
    SHOW(pread(fd, data, 4, 2));
    SHOW_TRUTH(memcmp(data, "e fi", 4) == 0);
    SHOW(pread(fd, data, 4, 1000));
    SHOW(pread(fd, data, 4, -1));
    SHOW(preadv(fd, parts, 3, 1));
    SHOW(preadv(fd, parts, 3, -1));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(lseek(fd, -1, SEEK_SET));
    SHOW(lseek(fd, -3, SEEK_END));
    SHOW(read(fd, data, 100));
    SHOW(lseek(fd, 100000, SEEK_SET));
    SHOW(read(fd, data, 100));
    SHOW(lseek(fd, 0, 77));
    SHOW(lseek(fd, 0x7fffffff, SEEK_SET));
    SHOW(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(fchdir(fd));
    SHOW(isatty(fd));
    SHOW(ioctl(fd, TIOCGWINSZ, data));
    SHOW(close(fd));
    SHOW(close(fd));
    SHOW(read(fd, data, 1));
}

static void
long_files(void)
{
    int fd, right = 1;
    long n, total = 0;

    SHOW(fd = open("/long.txt", O_RDONLY));
    while ((n = read(fd, data + total, 777)) > 0)
        total += n;
    SHOW(total);
    for (int i = 0; i < LONG_SIZE; i++)
        right &= data[i] == 'a' + i % 26;
    SHOW_TRUTH(right);
    SHOW(pread(fd, data, sizeof(data), 1));
    SHOW_TRUTH(data[0] == 'b' && data[LONG_SIZE - 2] == 'a' + (LONG_SIZE - 1) % 26);
    SHOW(close(fd));
    SHOW(fd = open("/empty", O_RDONLY));
    SHOW(read(fd, data, 10));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(close(fd));
}

static void
directories(void)
{
    int fd;

    SHOW(fd = open("/dir", O_RDONLY | O_DIRECTORY));
    SHOW(read(fd, data, 10));
    SHOW(pread(fd, data, 10, 0));
    SHOW(write(fd, data, 10));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(mmap(NULL, 10, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(fsync(fd));
    SHOW(ftruncate(fd, 0));
    SHOW(fchdir(fd));
    SHOW(access("a.txt", R_OK));
    SHOW(chdir("/"));
    SHOW(close(fd));
}

static void
copies(void)
{
    int fd, copy;

    SHOW(fd = open("/dir/a.txt", O_RDONLY | O_CLOEXEC));
    SHOW(copy = dup(fd));
    SHOW(read(fd, data, 4));
    SHOW(lseek(copy, 0, SEEK_CUR)); /* one position for both */
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(copy, F_GETFD));
    SHOW(fcntl(copy, F_SETFD, FD_CLOEXEC));
    SHOW(fcntl(copy, F_GETFD));
    SHOW(dup2(fd, 20));
    SHOW(dup2(fd, fd));
    SHOW(dup2(fd, -1));
    SHOW(dup2(fd, 1 << 20));
    SHOW(dup3(fd, fd, 0));
    SHOW(dup3(fd, 21, 77));
    SHOW(dup3(fd, 21, O_CLOEXEC));
    SHOW(fcntl(21, F_GETFD));
    SHOW(fcntl(fd, F_DUPFD, 30));
    SHOW(fcntl(fd, F_DUPFD, -1));
    SHOW(fcntl(fd, F_DUPFD, 1 << 20));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 30));
    SHOW(fcntl(31, F_GETFD));
    SHOW(fcntl(fd, 9999));
    SHOW(close(fd));
    SHOW(read(20, data, 4));
    SHOW(close(20));
    SHOW(close(21));
    SHOW(close(30));
    SHOW(close(31));
    SHOW(close(copy));
}

static void
flags(void)
{
    int fd;

    SHOW(fd = open("/dir/a.txt", O_RDONLY));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_WRONLY));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    SHOW(ioctl(fd, FIONBIO, &(int){0}));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    SHOW(ioctl(fd, FIONREAD, data) == 0 ? *(int *)data : -1);
    SHOW(flock(fd, LOCK_SH));
    SHOW(flock(fd, LOCK_UN));
    SHOW(flock(fd, 77));
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    SHOW(posix_fallocate(fd, 0, 10));
    SHOW(close(fd));
}

static void
locks_of_the_process(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd;

    SHOW(fd = open("/dir/a.txt", O_RDONLY));
    SHOW(fcntl(fd, F_GETLK, &lock));
    SHOW(lock.l_type == F_UNLCK);
    lock.l_type = F_RDLCK;
    SHOW(fcntl(fd, F_SETLK, &lock));
    lock.l_type = F_UNLCK;
    SHOW(fcntl(fd, F_SETLK, &lock));
    SHOW(close(fd));
}

static void
devices(void)
{
    struct pollfd poll_null;
    struct stat st;
    int fd;

    SHOW(fd = open("/dev/null", O_RDWR));
    SHOW(read(fd, data, 10));
    SHOW(write(fd, data, 10));
    SHOW(lseek(fd, 10, SEEK_SET));
    SHOW(pwrite(fd, data, 10, 100));
    SHOW(pread(fd, data, 10, 100));
    SHOW(fstat(fd, &st));
    SHOW_TRUTH(S_ISCHR(st.st_mode));
    SHOW(isatty(fd));
    poll_null = (struct pollfd){fd, POLLIN | POLLOUT, 0};
    SHOW(poll(&poll_null, 1, 0));
    SHOW(poll_null.revents);
    SHOW(ftruncate(fd, 0));
    SHOW(close(fd));
    SHOW(fd = open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666));
    SHOW(read(fd, data, 10));
    SHOW(close(fd));
    SHOW(fd = open("/dev/zero", O_RDONLY));
    memset(data, 1, 10);
    SHOW(read(fd, data, 10));
    SHOW(data[9]);
    SHOW(write(fd, data, 10));
    SHOW(close(fd));
    SHOW(fd = open("/dev/urandom", O_RDONLY));
    SHOW(lseek(fd, 3, SEEK_SET));
    SHOW(close(fd));
    SHOW(open("/dev/nothing", O_RDONLY));
    SHOW(open("/dev/null/x", O_RDONLY));
    SHOW(stat("/dev", &st) == 0 && S_ISDIR(st.st_mode));
}

static void
wrong_whence(void)
{
    static const char *const names[] = {"/dir/a.txt", "/dir", "/dev/null", "/dev/zero",
                                        "/dev/urandom"};
    int ends[2], fd;

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        SHOW(fd = open(names[i], O_RDONLY));
        SHOW(lseek(fd, 0, 77));
        SHOW(lseek(fd, 0, -1));
        SHOW(close(fd));
    }
    SHOW(pipe(ends));
    SHOW(lseek(ends[0], 0, 77));
    SHOW(lseek(ends[1], 0, SEEK_CUR));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(fd = socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(lseek(fd, 0, 77));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(close(fd));
    SHOW(fd = epoll_create1(0));
    SHOW(lseek(fd, 0, 77));
    SHOW(close(fd));
    SHOW(fd = eventfd(0, 0));
    SHOW(lseek(fd, 0, 77));
    SHOW(close(fd));
}

static void
limits(void)
{
    int fd, last = -1;

    while ((fd = dup(0)) >= 0)
        last = fd;
    SHOW_TRUTH(errno == EMFILE);
    SHOW(open("/dir/a.txt", O_RDONLY));
    for (fd = 3; fd <= last; fd++)
        close(fd);
    SHOW(open("/dir/a.txt", O_RDONLY));
    SHOW(close(3));
}

void
files(void)
{
    bad_descriptors();
    reading();
    long_files();
    directories();
    copies();
    flags();
    locks_of_the_process();
    devices();
    wrong_whence();
    limits();
}
