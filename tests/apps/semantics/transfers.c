/* From one file into another inside the system, files without a name, the processor's number. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/membarrier.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <unistd.h>
#include "show.h"

int membarrier(int, int);

static char data[20000];
static int in, out, pair[2], ends[2];

static void
sending(void)
{
    off_t at = 3;
    int old = 4, fd;

    SHOW(in = open("/long.txt", O_RDONLY)); /* of 9000 bytes */
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(sendfile(pair[0], in, NULL, 5));
    SHOW(lseek(in, 0, SEEK_CUR));
    SHOW(sendfile(pair[0], in, &at, 10));
    SHOW((long)at);
    SHOW(lseek(in, 0, SEEK_CUR));
    memset(data, 0, sizeof(data));
    SHOW(read(pair[1], data, 100));
    SHOW_TEXT(data);
    SHOW(syscall(SYS_sendfile, pair[0], in, &old, 6));
    SHOW(old);
    SHOW(sendfile(pair[0], in, NULL, 1000000));
    SHOW(sendfile(pair[0], in, NULL, 1000000));
    SHOW(recv(pair[1], data, sizeof(data), MSG_WAITALL | MSG_DONTWAIT));
    SHOW_TEXT((data[20] = '\0', data));
    at = 8990;
    SHOW(sendfile(pair[0], in, &at, 100));
    SHOW((long)at);
    at = 9000;
    SHOW(sendfile(pair[0], in, &at, 100));
    at = 90000;
    SHOW(sendfile(pair[0], in, &at, 100));
    at = -1;
    SHOW(sendfile(pair[0], in, &at, 100));
    at = 0;
    SHOW(sendfile(pair[0], in, &at, 0));
    SHOW(sendfile(99, in, NULL, 1));
    SHOW(sendfile(pair[0], 99, NULL, 1));
    SHOW(sendfile(in, in, NULL, 1));
    SHOW(sendfile(pair[0], pair[1], NULL, 1));
    SHOW(sendfile(pair[0], pair[1], &at, 1));
    SHOW(pipe(ends));
    SHOW(sendfile(ends[1], in, &at, 7));
    SHOW(read(ends[0], data, 100));
    SHOW(sendfile(pair[0], ends[0], NULL, 1));
    SHOW(sendfile(pair[0], ends[1], NULL, 1));
    SHOW(fd = open("/tmp/sent", O_RDWR | O_CREAT | O_TRUNC, 0600));
    SHOW(sendfile(fd, in, &at, 50));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(fcntl(fd, F_SETFL, O_APPEND));
    SHOW(sendfile(fd, in, &at, 50));
    SHOW(close(fd));
    SHOW(fcntl(pair[0], F_SETFL, O_NONBLOCK));
    at = 0;
    while (sendfile(pair[0], in, &at, 9000) > 0)
        at = 0;
    SHOW_TRUTH(errno == EAGAIN);
    SHOW(shutdown(pair[0], SHUT_WR));
    SHOW(sendfile(pair[0], in, &at, 1));
    SHOW(close(pair[0]));
    SHOW(close(pair[1]));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
    SHOW(close(in));
}

static void
ranges(void)
{
    off_t from = 2, to = 1;

    SHOW(in = open("/tmp/from", O_RDWR | O_CREAT | O_TRUNC, 0600));
    SHOW(out = open("/tmp/to", O_RDWR | O_CREAT | O_TRUNC, 0600));
    SHOW(write(in, "0123456789", 10));
    SHOW(copy_file_range(in, NULL, out, NULL, 5, 0)); /* at its end */
    SHOW(copy_file_range(in, &from, out, &to, 5, 0));
    SHOW((long)from);
    SHOW((long)to);
    SHOW(copy_file_range(in, &from, out, NULL, 100, 0));
    SHOW(lseek(out, 0, SEEK_CUR));
    memset(data, 0, 100);
    SHOW(pread(out, data, 100, 0));
    SHOW_TEXT(data);
    SHOW(copy_file_range(in, &from, out, &to, 1, 1));
    from = 0;
    to = 5;
    SHOW(copy_file_range(in, &from, in, &to, 6, 0)); /* over itself */
    SHOW(copy_file_range(in, &from, in, &to, 5, 0));
    from = -1;
    SHOW(copy_file_range(in, &from, out, NULL, 5, 0));
    SHOW(copy_file_range(99, NULL, out, NULL, 5, 0));
    SHOW(copy_file_range(in, NULL, 99, NULL, 5, 0));
    SHOW(pipe(ends));
    SHOW(copy_file_range(ends[0], NULL, out, NULL, 5, 0));
    SHOW(copy_file_range(in, NULL, ends[1], NULL, 5, 0));
    SHOW(close(in));
    SHOW(in = open("/tmp/from", O_WRONLY));
    SHOW(copy_file_range(in, NULL, out, NULL, 5, 0));
    SHOW(close(in));
    SHOW(in = open("/tmp", O_RDONLY));
    SHOW(copy_file_range(in, NULL, out, NULL, 5, 0));
    SHOW(close(in));
    SHOW(close(out));
    SHOW(unlink("/tmp/from"));
    SHOW(unlink("/tmp/to"));
    SHOW(unlink("/tmp/sent"));
    SHOW(splice(99, NULL, ends[1], NULL, 1, 0));
    SHOW(tee(ends[0], ends[1], 1, 0));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void
nameless(void)
{
    struct stat st;
    char *memory;
    int fd;

    SHOW(memfd_create("name", 0x8000));
    SHOW(memfd_create(memset(data, 'x', 250), 0));
    SHOW(fd = memfd_create("name", MFD_CLOEXEC));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(fstat(fd, &st));
    SHOW_TRUTH(S_ISREG(st.st_mode));
    SHOW(st.st_nlink);
    SHOW(st.st_size);
    SHOW(ftruncate(fd, 5000));
    SHOW(pwrite(fd, "abc", 3, 4998));
    SHOW(lseek(fd, 0, SEEK_END));
    memory = mmap(NULL, 5001, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW_TRUTH(memory != MAP_FAILED);
    SHOW(memory[4998]);
    memory[0] = 'z';
    SHOW(munmap(memory, 5001));
    SHOW(pread(fd, data, 1, 0));
    SHOW(data[0]);
    SHOW(close(fd));
}

static void
processors(void)
{
    struct sysinfo info;
    struct rusage usage;
    struct tms use;
    unsigned node = 7;

    SHOW_TRUTH(sched_getcpu() >= 0);
    SHOW(syscall(SYS_getcpu, NULL, &node, NULL));
    SHOW(node);
    SHOW_TRUTH((membarrier(0, 0) & 25) == 25); /* those that programs ask for */
    SHOW(membarrier(0, 1));
    SHOW(membarrier(1 << 20, 0));
    SHOW(membarrier(3, 0));
    SHOW(syscall(SYS_membarrier, 8, 0)); /* not registered */
    SHOW(syscall(SYS_membarrier, 16, 0));
    SHOW(syscall(SYS_membarrier, 8, 0));
    SHOW(sysinfo(&info));
    SHOW_TRUTH(info.totalram > info.freeram && info.freeram > 0 && info.mem_unit > 0);
    SHOW(getrusage(77, &usage));
    SHOW(getrusage(RUSAGE_CHILDREN, &usage));
    SHOW(usage.ru_utime.tv_sec);
    SHOW(getrusage(RUSAGE_SELF, &usage));
    SHOW_TRUTH(usage.ru_maxrss > 100);
    SHOW_TRUTH(times(&use) != (clock_t)-1);
    SHOW(use.tms_cutime);
    SHOW(sched_yield());
}

void
transfers(void)
{
    sending();
    ranges();
    nameless();
    processors();
}
