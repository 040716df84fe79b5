/*
 * What confines the guest. It can run any instruction of ours with any registers (a far jump
 * to the host's own code segment is no fault), so no system call is left that would do harm
 * with arguments of the guest's choosing. What is left works on descriptors that are open
 * already, and those were opened for the guest.
 *
 * The table below is the policy, with the reason beside each line. It becomes a BPF program of
 * a few comparisons per line; everything else is a SIGSYS, which ends the launcher with a
 * sentence (trap.c) or, for int $0x80 from the guest's segment, is the guest's trap 0x80.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define ARGS            6
#define STACK_MAX       (8u << 20)
#define POSITION_LENGTH 7 /* instructions of emit_position */
/* Two rules refuse disks (2 instructions for each), two are for disks. */
#define PROGRAM_MAX (150 + OPTION_DEVICES * 2 * (2 + 1 + POSITION_LENGTH))
/* So far reaches the jump over a rule that does not apply. */
_Static_assert(OPTION_DEVICES *(1 + POSITION_LENGTH) + 10 <= UINT8_MAX, "too many disks");

/* A call and what its first arguments have to be; a test of low 32 bits against a mask. */
struct rule {
    int call;
    struct {
        uint32_t mask, value; /* mask 0: anything */
    } args[ARGS];
    bool no_disk; /* argument 0 must not be a disk */
    bool in_disk; /* argument 0 must be one, and argument 3 a position that is not behind it */
    bool in_guest; /* arguments 0 and 1, an address and a length, must be below 4 GiB */
};

static struct sock_filter program[PROGRAM_MAX];
static unsigned length;
static struct {
    int fd;
    uint64_t size;
} disks[OPTION_DEVICES];
static unsigned nr_disks;

#define LOW(field)  (offsetof(struct seccomp_data, field))
#define HIGH(field) (offsetof(struct seccomp_data, field) + 4)

static void
emit(uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k)
{
    if (length == PROGRAM_MAX)
        die("the system-call filter is longer than %u instructions", PROGRAM_MAX);
    program[length++] = (struct sock_filter){code, if_true, if_false, k};
}

static void
load(uint32_t offset)
{
    emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static void
answer(uint32_t action)
{
    emit(BPF_RET | BPF_K, 0, 0, action);
}

/* Unless the loaded word equals k: refuse. */
static void
require(uint32_t k)
{
    emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, k);
    answer(SECCOMP_RET_TRAP);
}

/*
 * set_thread_area of the i386 table, from the one instruction of ours that makes it. The place
 * is not what protects (a guest can jump there) but what tells it from a guest's own int $0x80.
 */
static void
emit_i386(void)
{
    uint64_t place = (uintptr_t)segments_tls_call;
    load(LOW(nr));
    require(I386_SET_THREAD_AREA);
    load(LOW(instruction_pointer));
    require((uint32_t)place);
    load(HIGH(instruction_pointer));
    require(place >> 32);
    answer(SECCOMP_RET_ALLOW);
}

static void
emit_no_disk(void)
{
    load(LOW(args[0]));
    for (unsigned i = 0; i < nr_disks; i++) {
        emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, disks[i].fd);
        answer(SECCOMP_RET_TRAP);
    }
}

/* Position <= size, in two halves: allowed; else refused. */
static void
emit_position(uint64_t size)
{
    uint32_t high = size >> 32, low = size;
    load(HIGH(args[3]));
    emit(BPF_JMP | BPF_JGT | BPF_K, 3, 0, high);
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, high);
    load(LOW(args[3]));
    emit(BPF_JMP | BPF_JGT | BPF_K, 0, 1, low);
    answer(SECCOMP_RET_TRAP);
    answer(SECCOMP_RET_ALLOW);
}

/* One of the disks, at a position inside it. */
static void
emit_in_disk(void)
{
    load(LOW(args[0]));
    for (unsigned i = 0; i < nr_disks; i++)
        emit(BPF_JMP | BPF_JEQ | BPF_K, nr_disks - i + i * POSITION_LENGTH, 0, disks[i].fd);
    answer(SECCOMP_RET_TRAP);
    for (unsigned i = 0; i < nr_disks; i++)
        emit_position(disks[i].size);
}

/* What is mapped below 4 GiB is the guest's and the gate, and nothing follows it there. */
static void
emit_in_guest(void)
{
    load(HIGH(args[0]));
    require(0);
    load(HIGH(args[1]));
    require(0);
}

static void
emit_rule(const struct rule *rule)
{
    unsigned start = length;
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, rule->call); /* if not: behind this rule */
    for (unsigned i = 0; i < ARGS; i++) {
        if (!rule->args[i].mask)
            continue;
        load(LOW(args[i]));
        if (rule->args[i].mask != ~0u)
            emit(BPF_ALU | BPF_AND | BPF_K, 0, 0, rule->args[i].mask);
        require(rule->args[i].value);
    }
    if (rule->no_disk)
        emit_no_disk();
    if (rule->in_guest)
        emit_in_guest();
    if (rule->in_disk)
        emit_in_disk();
    else
        answer(SECCOMP_RET_ALLOW);
    program[start].jf = length - start - 1;
}

static void
build(void)
{
#define EXACTLY(value)         \
    {                          \
        ~0u, (uint32_t)(value) \
    }
    const struct rule rules[] = {
        /* Data in and out of what is open. Opened for the guest: consoles, disks, taps, and
         * read-only the kernel and the initrd. */
        {.call = SYS_read},
        {.call = SYS_write, .no_disk = true},
        {.call = SYS_readv},
        {.call = SYS_writev, .no_disk = true},
        {.call = SYS_pread64},
        {.call = SYS_preadv},
        {.call = SYS_preadv2},
        {.call = SYS_pwritev, .in_disk = true},
        /* Of its flags only this: RWF_APPEND would not care for the position. */
        {.call = SYS_pwritev2, .in_disk = true, .args = {[5] = {~(uint32_t)RWF_NOWAIT, 0}}},
        {.call = SYS_fdatasync},
        {.call = SYS_ppoll},
        {.call = SYS_getrandom, .args = {[2] = EXACTLY(0)}},
        /* The end of every exit. Any register may be set by it, as by any jump. */
        {.call = SYS_rt_sigreturn},
        /* Between our own threads; on other words it only wakes or stops the caller. */
        {.call = SYS_futex,
         .args = {[1] = {~(uint32_t)(FUTEX_WAKE | FUTEX_PRIVATE_FLAG), FUTEX_WAIT}}},
        /* A signal to the vCPU thread, and only the nudge. */
        {.call = SYS_tgkill,
         .args = {EXACTLY(getpid()), EXACTLY(syscall(SYS_gettid)), EXACTLY(SIGNAL_NUDGE)}},
        /* The timer of irq 0, and the 5 s after SIGTERM: signals to this process. */
        {.call = SYS_timer_settime, .args = {EXACTLY(interrupt_timer_id())}},
        {.call = SYS_setitimer, .args = {EXACTLY(0)}},
        /* Where the kernel's clock cannot be read without a call. Not those of other processes,
         * which would tell what runs here and how busy it is. */
        {.call = SYS_clock_gettime,
         .args = {[0] = {~(uint32_t)(CLOCK_REALTIME | CLOCK_MONOTONIC), 0}}},
        /* Restart: guest memory to zero. It is all that is shared and writable, which this wants. */
        {.call = SYS_madvise, .args = {[2] = EXACTLY(MADV_REMOVE)}},
        /* What the guest's page tables say, of its own memory. */
        {.call = SYS_mprotect,
         .in_guest = true,
         .args = {[2] = {~(uint32_t)(PROT_READ | PROT_WRITE | PROT_EXEC), 0}}},
        /* The C library's thread pointer at each exit, on CPUs or kernels without wrfsbase. */
        {.call = SYS_arch_prctl, .args = {EXACTLY(LINUX_ARCH_SET_FS)}},
        {.call = SYS_exit_group},
    };
    load(LOW(arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, AUDIT_ARCH_I386);
    unsigned not_i386 = length - 1;
    emit_i386();
    program[not_i386].jf = length - not_i386 - 1;
    require(AUDIT_ARCH_X86_64);
    load(LOW(nr)); /* numbers of the x32 table are larger than all of these */
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        emit_rule(&rules[i]);
    answer(SECCOMP_RET_TRAP);
}

void
filter_allow_disk(int fd, uint64_t size)
{
    disks[nr_disks].fd = fd;
    disks[nr_disks++].size = size;
}

/* It fails if a lower one is in force, which is as good. */
static void
limit(int resource, uint64_t most)
{
    struct rlimit both = {most, most};
    setrlimit(resource, &both);
}

/*
 * A write that begins inside a disk may end behind it, so files may not grow past the largest.
 * Not where the console's output is a file, or a disk is recorded, which may have to.
 */
static void
limit_file_size(void)
{
    struct stat status;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
            return;
    if (options.console || options.record || nr_disks == 0)
        return;
    uint64_t largest = 0;
    for (unsigned i = 0; i < nr_disks; i++)
        if (disks[i].size > largest)
            largest = disks[i].size;
    limit(RLIMIT_FSIZE, largest);
}

void
filter_install(void)
{
    build();
    limit_file_size();
    limit(RLIMIT_STACK, STACK_MAX); /* the only memory that could still become more */
    prctl(PR_SET_DUMPABLE, 0, 0, 0,
          0); /* no core file, and none piped to a program of root's */
    struct sock_fprog filter = {length, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
        die("cannot install the system-call filter that confines the guest: %s",
            strerror(errno));
}
