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
 * well, so that a program that asks again and again gets its answer some day. The return of every call is
 * one too, but for programs that are not preempted (program.h): there only that of a call which only asks
 * (SYSCALL_ASKS: the time, the process), and neither the memory calls nor the waking of a futex, since such a
 * program may be in the middle of something of the kernel's.
 */
#ifndef LIBC_SYSCALL_H
#define LIBC_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/enlist.h"

struct syscall {
    int number; /* i386's, from musl's bits/syscall.h */
    const char *name;
    void (*fn)(void); /* of its own type: syscall_make calls it */
    bool asks;        /* its return is a known point */
};

/*
 * SYSCALL(3, read, int fd, char *to, size_t len) { ... } enlists system call 3 and begins
 * sys_read, a function of just these parameters. Each one is a word as the caller passed it, a
 * 64-bit one is two (low, high). None is narrower: what a caller has in the rest of the word is
 * not cut off. Words at the end that nobody looks at are left out (none left: `void`).
 */
#define SYSCALL(nr, call, ...)                  \
    static long sys_##call(__VA_ARGS__);        \
    SYSCALL_ENTRY(nr, call, sys_##call, false); \
    static long sys_##call(__VA_ARGS__)
/* The same for one that only asks. */
#define SYSCALL_ASKS(nr, call, ...)            \
    static long sys_##call(__VA_ARGS__);       \
    SYSCALL_ENTRY(nr, call, sys_##call, true); \
    static long sys_##call(__VA_ARGS__)
/* In front of a parameter that nobody looks at, while others follow. */
#define UNUSED __attribute__((unused))
/* A number alone, for a function that serves several. */
#define SYSCALL_ENTRY(nr, call, function, only_asks)                                     \
    static const struct syscall syscall_##call = {nr, #call, (void (*)(void))(function), \
                                                  only_asks};                            \
    ENLIST(syscalls, syscall_##call)

/*
 * Make a call with six words, whatever it takes. A function for i386 finds its parameters as words
 * on the stack and leaves it to its caller to remove them, so further ones do no harm. C promises
 * nothing about a call by another type; compilers make an ordinary call of it where they cannot
 * tell which function it is, and here alone is it made. (On the 64-bit host of the unit tests
 * parameters are no row of words: these call sys_read itself.)
 */
static inline long
syscall_make(const struct syscall *call, long a, long b, long c, long d, long e, long f)
{
    return ((long (*)(long, long, long, long, long, long))call->fn)(a, b, c, d, e, f);
}

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

/* Serve a call whoever else does. `call` stays the caller's. */
void syscall_replace(const struct syscall *call);
/* Who serves a number, or NULL; what then is said, once, and returned. */
const struct syscall *syscall_find(unsigned long number);
long syscall_unknown(unsigned long number, uintptr_t from);

/* From entry.S: what `call *%gs:16` arrives at. */
void syscall_entry(void);
/* From there and from gate 0x80; `from` is the address behind the call, for messages. */
long syscall_dispatch(unsigned long number, long a, long b, long c, long d, long e, long f,
                      uintptr_t from);

#endif
