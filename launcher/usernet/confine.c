/*
 * What lguest-net gives up before the first frame of the guest's arrives. libslirp parses what
 * a hostile guest sends; should that be turned against it, there is no program to start, no
 * process to look into, no memory to make executable, no socket but the internet's, and no
 * file but resolv.conf (by Landlock, where the kernel has it: Linux 5.13). What remains is what
 * the guest may do anyway: talk to the network as this user, this machine's own ports included.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/usernet/usernet.h"

/* <linux/landlock.h>, which older systems lack. */
#define LANDLOCK_CREATE            444
#define LANDLOCK_ADD_RULE          445
#define LANDLOCK_RESTRICT          446
#define LANDLOCK_RULE_PATH_BENEATH 1
#define LANDLOCK_READ_FILE         (1ull << 2)
#define LANDLOCK_ALL_OF_V1         ((1ull << 13) - 1)

#define RESOLV_CONF "/etc/resolv.conf"

static void
confine_files(void)
{
    struct {
        uint64_t handled;
    } set = {LANDLOCK_ALL_OF_V1};
    int rules = syscall(LANDLOCK_CREATE, &set, sizeof(set), 0);
    if (rules < 0)
        return; /* an older kernel, or one without it: the calls below still are refused */
    struct {
        uint64_t allowed;
        int32_t parent;
    } __attribute__((packed))
    rule = {LANDLOCK_READ_FILE, open(RESOLV_CONF, O_PATH | O_CLOEXEC)};
    if (rule.parent >= 0) {
        syscall(LANDLOCK_ADD_RULE, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        close(rule.parent);
    }
    if (syscall(LANDLOCK_RESTRICT, rules, 0) != 0)
        fail("cannot give up the file system: %s", strerror(errno));
    close(rules);
}

#define LOW(field)   (offsetof(struct seccomp_data, field))
#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW(field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW(call)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), RETURN(SECCOMP_RET_ALLOW)
/* The call, if none of `bits` is in argument n. */
#define ALLOW_WITHOUT(call, n, bits)                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[n]),       \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), RETURN(REFUSE), \
        RETURN(SECCOMP_RET_ALLOW)
/* The call, if argument n compares so with `value`. */
#define ALLOW_IF(call, n, compare, value, yes, no)                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[n]),                       \
        BPF_JUMP(BPF_JMP | (compare) | BPF_K, (value), yes, no), RETURN(SECCOMP_RET_ALLOW), \
        RETURN(REFUSE)
#define ALLOW_UP_TO(call, n, most)  ALLOW_IF(call, n, BPF_JGT, most, 1, 0)
#define ALLOW_EQUAL(call, n, value) ALLOW_IF(call, n, BPF_JEQ, value, 0, 1)
#define REFUSE                      (SECCOMP_RET_ERRNO | EPERM)

static struct sock_filter program[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    ALLOW(SYS_read),
    ALLOW(SYS_write),
    ALLOW(SYS_readv),
    ALLOW(SYS_writev),
    ALLOW(SYS_recvfrom),
    ALLOW(SYS_sendto),
    ALLOW(SYS_recvmsg),
    ALLOW(SYS_sendmsg),
    ALLOW(SYS_poll),
    ALLOW(SYS_ppoll),
    /* Sockets of the internet, of any type that this user may have. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(REFUSE),
    ALLOW(SYS_connect),
    ALLOW(SYS_bind),
    ALLOW(SYS_listen),
    ALLOW(SYS_accept),
    ALLOW(SYS_accept4),
    ALLOW(SYS_shutdown),
    ALLOW(SYS_getsockopt),
    ALLOW(SYS_setsockopt),
    ALLOW(SYS_getsockname),
    ALLOW(SYS_getpeername),
    /* Flags. Not the owner of a socket, who is sent signals of our choice. */
    ALLOW_UP_TO(SYS_fcntl, 1, F_SETFL),
    ALLOW_EQUAL(SYS_ioctl, 1, FIONREAD),
    ALLOW(SYS_close),
    ALLOW_WITHOUT(SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC),
    ALLOW(SYS_newfstatat),
    ALLOW(SYS_stat),
    ALLOW(SYS_fstat),
    ALLOW(SYS_lseek),
    ALLOW(SYS_brk),
    ALLOW_WITHOUT(SYS_mmap, 2, PROT_EXEC),
    ALLOW(SYS_munmap),
    ALLOW(SYS_mremap),
    ALLOW(SYS_madvise),
    ALLOW(SYS_futex),
    ALLOW(SYS_clock_gettime),
    ALLOW(SYS_gettimeofday),
    ALLOW(SYS_getrandom),
    ALLOW(SYS_rt_sigreturn),
    ALLOW(SYS_restart_syscall),
    ALLOW(SYS_exit),
    ALLOW(SYS_exit_group),
    RETURN(REFUSE),
};

/* Nor are the terminal or the files that this program was started with of any use now. */
static void
drop_standard_descriptors(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            fail("cannot open /dev/null: %s", strerror(errno));
    close(null);
}

void
confine(void)
{
    struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
    drop_standard_descriptors();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("cannot give up privileges: %s", strerror(errno));
    confine_files();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        fail("cannot install the system-call filter: %s", strerror(errno));
}
