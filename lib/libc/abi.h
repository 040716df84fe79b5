/*
 * What the C library hands over in memory: Linux's structures and constants for i386, as musl
 * 1.2.3 passes them to its system calls. Written here so that the system calls can be compiled
 * like the kernel, without the C library's headers. Names are Linux's with abi_ in front.
 */
#ifndef LIBC_ABI_H
#define LIBC_ABI_H

#include <stdint.h>

/* ---- time ---- */

struct abi_timespec32 {
    int32_t sec, nsec;
};

struct abi_timespec64 {
    int64_t sec;
    int32_t nsec, unused;
};

struct abi_timeval32 {
    int32_t sec, usec;
};

struct abi_itimerspec32 {
    struct abi_timespec32 interval, value;
};

struct abi_itimerspec64 {
    struct abi_timespec64 interval, value;
};

/* ---- files ---- */

struct abi_iovec {
    char *base;
    uint32_t len;
};

#define ABI_IOV_MAX 1024

#define ABI_SEEK_SET 0
#define ABI_SEEK_CUR 1
#define ABI_SEEK_END 2
#define ABI_SEEK_DATA 3
#define ABI_SEEK_HOLE 4

#define ABI_FALLOC_KEEP_SIZE  1u
#define ABI_FALLOC_PUNCH_HOLE 2u

#define ABI_F_DUPFD         0
#define ABI_F_GETFD         1
#define ABI_F_SETFD         2
#define ABI_F_GETFL         3
#define ABI_F_SETFL         4
#define ABI_F_GETLK64       12
#define ABI_F_SETLK64       13
#define ABI_F_SETLKW64      14
#define ABI_F_OFD_GETLK     36
#define ABI_F_OFD_SETLK     37
#define ABI_F_OFD_SETLKW    38
#define ABI_F_DUPFD_CLOEXEC 1030
#define ABI_F_ADD_SEALS     1033
#define ABI_F_GET_SEALS     1034
#define ABI_FD_CLOEXEC      1
#define ABI_F_RDLCK         0
#define ABI_F_WRLCK         1
#define ABI_F_UNLCK         2

#define ABI_SEAL_SEAL         1u
#define ABI_SEAL_SHRINK       2u
#define ABI_SEAL_GROW         4u
#define ABI_SEAL_WRITE        8u
#define ABI_SEAL_FUTURE_WRITE 16u
#define ABI_SEAL_ALL          31u

#define ABI_LOCK_SH 1
#define ABI_LOCK_EX 2
#define ABI_LOCK_NB 4
#define ABI_LOCK_UN 8

#define ABI_FIONREAD 0x541B
#define ABI_FIONBIO  0x5421

struct abi_pollfd {
    int32_t fd;
    int16_t events, revents;
};

/* ---- memory ---- */

#define ABI_PROT_NONE  0
#define ABI_PROT_READ  1
#define ABI_PROT_WRITE 2
#define ABI_PROT_EXEC  4

#define ABI_MAP_SHARED    0x01
#define ABI_MAP_PRIVATE   0x02
#define ABI_MAP_FIXED     0x10
#define ABI_MAP_ANONYMOUS 0x20

#define ABI_MAP_FIXED_NOREPLACE 0x100000

#define ABI_MREMAP_MAYMOVE 1
#define ABI_MREMAP_FIXED   2
#define ABI_MADV_DONTNEED  4
#define ABI_MADV_LAST      25 /* MADV_COLLAPSE */

/* ---- terminals ---- */

#define ABI_TCGETS     0x5401
#define ABI_TCSETS     0x5402
#define ABI_TCSETSW    0x5403
#define ABI_TCSETSF    0x5404
#define ABI_TCSBRK     0x5409
#define ABI_TCXONC     0x540A
#define ABI_TCFLSH     0x540B
#define ABI_TIOCGPGRP  0x540F
#define ABI_TIOCSPGRP  0x5410
#define ABI_TIOCGWINSZ 0x5413

/* Places in abi_termios.cc. */
#define ABI_VINTR   0
#define ABI_VQUIT   1
#define ABI_VERASE  2
#define ABI_VKILL   3
#define ABI_VEOF    4
#define ABI_VTIME   5
#define ABI_VMIN    6
#define ABI_VWERASE 14
#define ABI_NCCS    19

#define ABI_INLCR 0000100
#define ABI_IGNCR 0000200
#define ABI_ICRNL 0000400
#define ABI_IUTF8 0040000

#define ABI_OPOST 0000001
#define ABI_ONLCR 0000004

#define ABI_B38400 0000017
#define ABI_CS8    0000060
#define ABI_CREAD  0000200

#define ABI_ISIG    0000001
#define ABI_ICANON  0000002
#define ABI_ECHO    0000010
#define ABI_ECHOE   0000020
#define ABI_ECHOK   0000040
#define ABI_ECHOCTL 0001000
#define ABI_ECHOKE  0004000
#define ABI_IEXTEN  0100000

struct abi_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line;
    uint8_t cc[ABI_NCCS];
};

struct abi_winsize {
    uint16_t rows, columns, xpixel, ypixel;
};

/* ---- signals ---- */

#define ABI_SIGINT    2
#define ABI_SIGQUIT   3
#define ABI_SIGILL    4
#define ABI_SIGTRAP   5
#define ABI_SIGABRT   6
#define ABI_SIGBUS    7
#define ABI_SIGFPE    8
#define ABI_SIGKILL   9
#define ABI_SIGSEGV   11
#define ABI_SIGALRM   14
#define ABI_SIGTERM   15
#define ABI_SIGCHLD   17
#define ABI_SIGCONT   18
#define ABI_SIGSTOP   19
#define ABI_SIGURG    23
#define ABI_SIGVTALRM 26
#define ABI_SIGPROF   27
#define ABI_SIGWINCH  28
#define ABI_SIGRTMIN  32 /* from here on each one that is sent arrives */
#define ABI_NSIG      64 /* 1 to 64 */

#define ABI_SA_SIGINFO   0x00000004u
#define ABI_SA_ONSTACK   0x08000000u
#define ABI_SA_RESTART   0x10000000u
#define ABI_SA_NODEFER   0x40000000u
#define ABI_SA_RESETHAND 0x80000000u

#define ABI_SIG_DFL 0
#define ABI_SIG_IGN 1

#define ABI_SIG_BLOCK   0
#define ABI_SIG_UNBLOCK 1
#define ABI_SIG_SETMASK 2

struct abi_sigaction {
    uintptr_t handler; /* ABI_SIG_DFL, ABI_SIG_IGN, or a function */
    uint32_t flags;
    uintptr_t restorer;
    uint64_t mask __attribute__((packed, aligned(4)));
};

struct abi_siginfo {
    int32_t signo, error, code; /* ABI_SI_* */
    int32_t pid, uid;           /* of the sender; from a timer its number and its overruns; of an
                                 * exception pid is the address */
    uint32_t value;             /* what the sender or the timer's maker gave along */
    uint32_t unused[26];        /* 128 bytes in all */
};

/* What a timer or a queue of messages is to do (SIGEV_*). */
struct abi_sigevent {
    uint32_t value;
    int32_t signo, notify, thread;
};

#define ABI_SI_USER   0
#define ABI_SI_KERNEL 0x80
#define ABI_SI_QUEUE  (-1)
#define ABI_SI_TIMER  (-2)
#define ABI_SI_TKILL  (-6)

#define ABI_FPE_INTDIV  1
#define ABI_FPE_FLTDIV  3
#define ABI_FPE_FLTOVF  4
#define ABI_FPE_FLTUND  5
#define ABI_FPE_FLTRES  6
#define ABI_FPE_FLTINV  7
#define ABI_ILL_ILLOPN  2
#define ABI_SEGV_MAPERR 1
#define ABI_SEGV_ACCERR 2
#define ABI_BUS_ADRALN  1
#define ABI_TRAP_TRACE  2

struct abi_stack {
    uint32_t base, flags, size;
};

#define ABI_SS_ONSTACK  1
#define ABI_SS_DISABLE  2
#define ABI_MINSIGSTKSZ 2048

/* Places in abi_ucontext.machine. */
#define ABI_REG_EDI    4
#define ABI_REG_ESI    5
#define ABI_REG_EBP    6
#define ABI_REG_ESP    7
#define ABI_REG_EBX    8
#define ABI_REG_EDX    9
#define ABI_REG_ECX    10
#define ABI_REG_EAX    11
#define ABI_REG_TRAPNO 12
#define ABI_REG_ERR    13
#define ABI_REG_EIP    14
#define ABI_REG_CS     15
#define ABI_REG_EFL    16
#define ABI_REG_UESP   17
#define ABI_REG_CR2    21

/* struct ucontext of musl; the segments and the coprocessor's state are not told. */
struct abi_ucontext {
    uint32_t flags, link;
    struct abi_stack stack;
    uint32_t machine[22];
    uint64_t mask __attribute__((packed, aligned(4)));
    uint32_t unused[30 + 28]; /* the rest of a 1024-bit set, and floating point state */
};

/* ---- start of a program ---- */

#define ABI_PT_LOAD   1
#define ABI_PT_INTERP 3
#define ABI_PT_PHDR   6
#define ABI_PT_TLS    7

#define ABI_PF_X 1
#define ABI_PF_W 2
#define ABI_PF_R 4

#define ABI_ET_EXEC 2
#define ABI_ET_DYN  3
#define ABI_EM_386  3

/* The identification's first bytes: magic, 32 bits, little endian, version 1. */
#define ABI_ELF_IDENT "\177ELF\1\1\1"

struct abi_elf32_header {
    char ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct abi_elf32_phdr {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

#define ABI_AT_PHDR    3
#define ABI_AT_PHENT   4
#define ABI_AT_PHNUM   5
#define ABI_AT_PAGESZ  6
#define ABI_AT_BASE    7
#define ABI_AT_FLAGS   8
#define ABI_AT_ENTRY   9
#define ABI_AT_UID     11 /* and EUID, GID, EGID behind it */
#define ABI_AT_PLATFORM 15
#define ABI_AT_HWCAP   16
#define ABI_AT_CLKTCK  17
#define ABI_AT_SECURE  23
#define ABI_AT_RANDOM  25
#define ABI_AT_EXECFN  31
#define ABI_AT_SYSINFO 32

struct abi_user_desc {
    uint32_t entry_number, base_addr, limit, flags;
};

/* ---- threads ---- */

#define ABI_CLONE_VM             0x00000100
#define ABI_CLONE_THREAD         0x00010000
#define ABI_CLONE_SETTLS         0x00080000
#define ABI_CLONE_PARENT_SETTID  0x00100000
#define ABI_CLONE_CHILD_CLEARTID 0x00200000
#define ABI_CLONE_CHILD_SETTID   0x01000000

#define ABI_FUTEX_WAIT        0
#define ABI_FUTEX_WAKE        1
#define ABI_FUTEX_REQUEUE     3
#define ABI_FUTEX_CMP_REQUEUE 4
#define ABI_FUTEX_WAIT_BITSET 9
#define ABI_FUTEX_WAKE_BITSET 10
#define ABI_FUTEX_PRIVATE     128

#define ABI_FUTEX_CLOCK_REALTIME 256

#endif
