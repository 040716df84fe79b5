/*
 * What is left to lguest-net once it has given up what it does not need: tries what a hostile
 * one would, says "possible: ..." of what it should not have been able to do and "impossible:
 * ..." of what it needs, and is silent if all is well. Linked with the program's own confine.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/usernet/usernet.h"

static int out;

void
fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vdprintf(out, format, args);
    va_end(args);
    exit(2);
}

static void
refused(const char *what, long result)
{
    if (result != -1)
        dprintf(out, "possible: %s\n", what);
}

static void
allowed(const char *what, long result)
{
    if (result == -1)
        dprintf(out, "impossible: %s: %s\n", what, strerror(errno));
}

int
main(void)
{
    out = dup(STDOUT_FILENO); /* confine() takes the standard ones */
    int pair[2], waiting;
    if (out < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        return 1;
    confine();

    allowed("a TCP socket", socket(AF_INET, SOCK_STREAM, 0));
    allowed("a UDP socket", socket(AF_INET6, SOCK_DGRAM, 0));
    allowed("not to block", fcntl(pair[0], F_SETFL, O_NONBLOCK));
    allowed("to close on exec", fcntl(pair[0], F_SETFD, FD_CLOEXEC));
    allowed("to ask what waits", ioctl(pair[0], FIONREAD, &waiting));
    allowed("memory", (long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

    refused("to name who gets signals", fcntl(pair[0], F_SETOWN, getppid()));
    refused("to choose the signal", fcntl(pair[0], F_SETSIG, SIGKILL));
    refused("the same by ioctl", ioctl(pair[0], FIOSETOWN, &waiting));
    refused("a signal", kill(getppid(), 0));
    refused("a process", syscall(SYS_fork));
    refused("a program", execl("/bin/true", "true", NULL));
    refused("a local socket", socket(AF_UNIX, SOCK_STREAM, 0));
    refused("a netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
    refused("to write a file", open("/etc/resolv.conf", O_WRONLY));
    refused("to make a file", open("/tmp/confined", O_RDONLY | O_CREAT, 0600));
    refused("memory to execute",
            (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    refused("to make memory executable",
            mprotect((void *)((long)main & -4096), 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
    return 0;
}
