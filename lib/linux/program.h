/*
 * Between the parts of lib/linux. A program's code runs on a stack of its own, as small as it likes
 * (Go's have 2 KiB); the kernel works for it on the stack of the kernel's thread (trap_stack in
 * arch/x86/cpu/trap.h). Both doors of system calls lead to gate.c, which keeps the program's registers
 * while a call lasts: whoever changes them (a signal, exec, a new thread) changes where it goes on.
 */
#ifndef LINUX_PROGRAM_H
#define LINUX_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/x86/cpu/trap.h"
#include "kernel/enlist.h"
#include "lib/libc/file.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

#define LINUX_FPU_SIZE 512 /* of FXSAVE (Intel SDM vol. 1, 10.5.1); FSAVE's 108 bytes fit */

struct linux_registers {
    struct trap_frame frame;
    uint32_t esp;
};

/* thread->data of the program's threads. */
struct linux_thread {
    struct libc_thread libc; /* first: others know no more of it */
    uint8_t fpu[LINUX_FPU_SIZE] __attribute__((aligned(16)));
    uintptr_t stack;              /* trap_stack while its program runs */
    struct linux_registers regs;  /* of the call that it is in */
    uint32_t number;              /* of that call */
    bool replaced;                /* the registers are new: a result is nothing to them */
    bool may_restart;             /* the call shall be made again behind a handler */
    bool unmask_later;            /* `unmask` is what to block when the call is over */
    uint64_t unmask;
    struct abi_iovec farewell;    /* memory that is unmapped when the thread ends: it runs there */
};

static inline struct linux_thread *
linux_self(void)
{
    return thread_current()->data;
}

/* ---- gate.c, fpu.c ---- */

/* From here on system calls are the program's. Once. */
void linux_gate_init(void);
/* The program of the running thread goes on with self->regs and self->fpu. Never returns; whatever
 * lies on the kernel's stack is given up. */
_Noreturn void linux_leave(void);
/* Serve a call as the program makes it; for calls that are made of others. May block. */
long linux_call(unsigned number, long a, long b, long c, long d, long e, long f);
/* Serve one as lib/libc does, for calls that stand in its place. */
long linux_original(unsigned number, long a, long b, long c, long d, long e, long f);
/* entry.S: what AT_SYSINFO names. */
void linux_entry(void);

void linux_fpu_save(uint8_t *area);
void linux_fpu_restore(const uint8_t *area);
/* As a program finds it at its start. */
void linux_fpu_fresh(uint8_t *area);

/* ---- signal.c ---- */

void linux_signals_init(void);
/* Forget every handler, as exec does. */
void linux_signals_reset(void);

/* ---- elf.c ---- */

#define LINUX_HEADERS_MAX 32

/* An executable that was looked at. */
struct linux_image {
    struct file *file;                /* one reference */
    struct abi_elf32_header header;
    struct abi_elf32_phdr parts[LINUX_HEADERS_MAX];
    uintptr_t low, high;              /* whole pages that its parts take, by the file's addresses */
    uintptr_t base;                   /* what is added to these (linux_image_load) */
    char why[96];                     /* what is wrong, when an error is returned */
};

/* Open and check. 0, or a negative errno: then nothing is kept but `why`. Blocks. */
int linux_image_open(struct linux_image *, const char *path);
/* Put it into memory, and close the file in any case. */
int linux_image_load(struct linux_image *);

/* ---- memory.c ---- */

/* The whole pages from `base` on become the program's, zeroed, readable and writable, as a mapping at
 * a place of the caller's choice. -ENOMEM: something else is there, or no RAM. */
int linux_memory_take(uintptr_t base, size_t len);
/* All that is mapped is not any more. */
void linux_memory_drop_all(void);
/* Where brk begins, behind the program. */
void linux_brk_start(uintptr_t end);
/* Size of the main stack, which RLIMIT_STACK tells. */
#define LINUX_STACK_SIZE (1024 * 1024u)

/* ---- start.c ---- */

/* Let self->regs begin the image with these arguments; both lists may lie in memory that is no more
 * the program's. 0, or a negative errno and `why`. */
int linux_program_begin(struct linux_image *, const char *path, char *const argv[],
                        char *const envp[]);

/* ---- calls of the program that lib/libc lacks, or has for programs that are linked with it ---- */

struct linux_call {
    struct syscall call;
    bool instead; /* of lib/libc's; else it counts if there is none */
};

/* LINUX_CALL(90, mmap, false, ...) { ... }: as SYSCALL. */
#define LINUX_CALL(nr, name, instead, ...)        \
    static long serve_##name(__VA_ARGS__);        \
    LINUX_ENTRY(nr, name, instead, serve_##name); \
    static long serve_##name(__VA_ARGS__)
#define LINUX_ENTRY(nr, name, instead, function)                  \
    static const struct linux_call linux_call_##name = {          \
        {nr, #name, (void (*)(void))(function), false}, instead}; \
    ENLIST(linux_calls, linux_call_##name)

#endif
