/*
 * System calls by both doors, made by hand: what they return, that every other register comes back, and
 * the calls of old that today's C libraries do not make.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static uintptr_t sysinfo_door;

static long
by_interrupt(long nr, long a, long b, long c)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static long
by_sysinfo(long nr, long a, long b, long c)
{
    long result;

    __asm__ volatile("call *%1"
                     : "=a"(result)
                     : "m"(sysinfo_door), "a"(nr), "b"(a), "c"(b), "d"(c)
                     : "memory");
    return result;
}

static long
by_thread_pointer(long nr, long a, long b, long c)
{
    long result;

    __asm__ volatile("call *%%gs:16" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

/* True if the call leaves ebx, ecx, edx, esi, edi, ebp, esp, xmm0 and the x87's top alone. */
#define KEEPS(how)                                                                                 \
    ({                                                                                             \
        uint32_t bad, sse = 0xc0ffee, back;                                                        \
        __asm__ volatile("pushl %%ebp\n\tpushl %%ebx\n\t"                                          \
                         "movd %2, %%xmm0\n\tfldpi\n\t"                                            \
                         "movl $1, %%ebx\n\tmovl $2, %%ecx\n\tmovl $3, %%edx\n\tmovl $4, %%esi\n\t" \
                         "movl $5, %%edi\n\tmovl $6, %%ebp\n\tmovl $20, %%eax\n\t" how "\n\t"       \
                         "subl $1, %%ebx\n\tsubl $2, %%ecx\n\tsubl $3, %%edx\n\tsubl $4, %%esi\n\t" \
                         "subl $5, %%edi\n\tsubl $6, %%ebp\n\torl %%ebx, %%ecx\n\t"                 \
                         "orl %%edx, %%ecx\n\torl %%esi, %%ecx\n\torl %%edi, %%ecx\n\t"             \
                         "orl %%ebp, %%ecx\n\tfldpi\n\tfcompp\n\tfnstsw %%ax\n\t"                   \
                         "andl $0x4000, %%eax\n\txorl $0x4000, %%eax\n\torl %%eax, %%ecx\n\t"       \
                         "popl %%ebx\n\tpopl %%ebp\n\tmovd %%xmm0, %%eax"                           \
                         : "=c"(bad), "=a"(back)                                                   \
                         : "r"(sse)                                                                \
                         : "edx", "esi", "edi", "memory", "xmm0");                                 \
        bad == 0 && back == sse;                                                                   \
    })

static void
test_doors(void)
{
    CHECK(by_interrupt(SYS_getpid, 0, 0, 0) == getpid());
    CHECK(by_sysinfo(SYS_getpid, 0, 0, 0) == getpid());
    CHECK(by_thread_pointer(SYS_getpid, 0, 0, 0) == getpid());
    CHECK(by_interrupt(SYS_close, 77, 0, 0) == -EBADF);
    CHECK(by_sysinfo(SYS_close, 77, 0, 0) == -EBADF);
    CHECK(by_interrupt(9999, 0, 0, 0) == -ENOSYS);
    CHECK(by_interrupt(-1, 0, 0, 0) == -ENOSYS);
    CHECK(KEEPS("int $0x80"));
    CHECK(KEEPS("call *%%gs:16"));
    for (int i = 0; i < 1000; i++)
        by_interrupt(SYS_sched_yield, 0, 0, 0);
    CHECK(KEEPS("int $0x80"));
}

/* A call with next to no stack below it, as Go's goroutines make them. */
static void
test_small_stack(void)
{
    static char stack[512] __attribute__((aligned(16)));
    static struct utsname name;
    long result;

    memset(stack, 0x55, sizeof(stack));
    __asm__ volatile("movl %%esp, %%esi\n\tmovl %4, %%esp\n\tint $0x80\n\tmovl %%esi, %%esp"
                     : "=a"(result)
                     : "a"(SYS_uname), "b"(&name), "c"(0), "r"(stack + sizeof(stack))
                     : "esi", "memory");
    CHECK(result == 0 && strcmp(name.sysname, "Linux") == 0);
    int untouched = 0;
    while (untouched < (int)sizeof(stack) && stack[untouched] == 0x55)
        untouched++;
    CHECK(untouched >= 384);
}

static void
test_old(void)
{
    long row[6] = {0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};
    char *mapped = (char *)by_interrupt(SYS_mmap, (long)row, 0, 0);
    CHECK((long)mapped > 0 || (unsigned long)mapped < -4096ul);
    mapped[8191] = 1;
    CHECK(munmap(mapped, 8192) == 0);
    row[5] = 1;
    CHECK(by_interrupt(SYS_mmap, (long)row, 0, 0) == -EINVAL);

    int pipes[2];
    fd_set set;
    struct timeval now = {0, 0};
    CHECK(pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1);
    FD_ZERO(&set);
    FD_SET(pipes[0], &set);
    long args[5] = {pipes[0] + 1, (long)&set, 0, 0, (long)&now};
    CHECK(by_interrupt(82, (long)args, 0, 0) == 1 && FD_ISSET(pipes[0], &set)); /* select */

    int32_t seconds = 0;
    struct timeval tv = {0, 0};
    CHECK(by_interrupt(SYS_time, (long)&seconds, 0, 0) == seconds && seconds > 1600000000);
    CHECK(by_interrupt(SYS_gettimeofday, (long)&tv, 0, 0) == 0 && tv.tv_sec - seconds <= 1);
    CHECK(by_interrupt(SYS_getuid, 0, 0, 0) == 0);
    uintptr_t end = (uintptr_t)by_interrupt(SYS_brk, 0, 0, 0);
    CHECK((uintptr_t)by_interrupt(SYS_brk, (long)end + 70000, 0, 0) == end + 70000);
    *(char *)(end + 69999) = 1;
    CHECK((uintptr_t)by_interrupt(SYS_brk, (long)end, 0, 0) == end);
    CHECK((uintptr_t)by_interrupt(SYS_brk, 4096, 0, 0) == end);
    CHECK(by_interrupt(SYS_personality, -1, 0, 0) == 0);
}

int
main(void)
{
    sysinfo_door = getauxval(AT_SYSINFO);
    CHECK(sysinfo_door != 0);
    test_doors();
    test_small_stack();
    test_old();
    return done(0);
}
