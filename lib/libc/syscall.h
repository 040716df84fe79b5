/*
 * The table of system calls that musl makes. Each part of lib/ enlists the calls that it
 * serves, so an image carries just those of what it links; an unknown one returns -ENOSYS
 * and is named once on the log. Arguments come as on i386 Linux: six words, pointers
 * included; the return value is a result or a negative errno. Pointers are not checked: the
 * application shares the kernel's address space, and a bad one faults as it would anywhere
 * else in the program.
 *
 * Known points (kernel/thread.h). A system call that moves data or waits is one: each calls
 * defer_run() or something that does, and one that returns -EAGAIN lets other threads run as
 * well, so that a program that asks again and again gets its answer some day. One that only asks
 * (SYSCALL_ASKS: the time, the process) is one too, so that an alarm comes to a program that does
 * nothing else. All others are none. Above all the memory calls and waking a futex must not be:
 * malloc and free make them, so deferred work (lwIP with its callbacks) would run in the middle
 * of an allocation, and threads would change inside code that believes it runs alone.
 */
#ifndef LIBC_SYSCALL_H
#define LIBC_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/enlist.h"

typedef long (*syscall_fn)(long a, long b, long c, long d, long e, long f);

struct syscall {
    int number; /* i386's, from musl's bits/syscall.h */
    const char *name;
    syscall_fn fn;
    bool asks; /* its return is a known point */
};

/* SYSCALL(3, read) enlists sys_read, a function of the type above. */
#define SYSCALL(nr, call)                                                 \
    static const struct syscall syscall_##call = {nr, #call, sys_##call, false}; \
    ENLIST(syscalls, syscall_##call)
/* The same for one that only asks. */
#define SYSCALL_ASKS(nr, call)                                                  \
    static const struct syscall syscall_##call = {nr, #call, sys_##call, true}; \
    ENLIST(syscalls, syscall_##call)

/* The head of such a function, for those that do not use every argument. */
#define SYSCALL_ARGS                                                    \
    __attribute__((unused)) long a, __attribute__((unused)) long b,     \
        __attribute__((unused)) long c, __attribute__((unused)) long d, \
        __attribute__((unused)) long e, __attribute__((unused)) long f

/*
 * What a call returns, inside lib/ only, when a signal ended its wait before anything was
 * done: it is made again if every handler that ran was installed with SA_RESTART, and returns
 * -EINTR otherwise.
 */
#define SYSCALL_RESTART 512

/* Fill the table and open both ways in; called once, before the C library starts. */
void syscall_init(void);
/* Serve a call that no linked part serves; does nothing if one does. `call` stays the caller's. */
void syscall_stand_in(const struct syscall *call);

/* From entry.S: what `call *%gs:16` arrives at. */
void syscall_entry(void);
/* From there and from gate 0x80; `from` is the address behind the call, for messages. */
long syscall_dispatch(long number, long a, long b, long c, long d, long e, long f,
                      uintptr_t from);

#endif
