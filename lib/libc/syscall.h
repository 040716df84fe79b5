/*
 * The table of system calls that musl makes. Each part of lib/ enlists the calls that it
 * serves, so an image carries just those of what it links; an unknown one returns -ENOSYS
 * and is named once on the log. Arguments come as on i386 Linux: six words, pointers
 * included; the return value is a result or a negative errno.
 */
#ifndef LIBC_SYSCALL_H
#define LIBC_SYSCALL_H

#include <stdint.h>
#include "kernel/enlist.h"

typedef long (*syscall_fn)(long a, long b, long c, long d, long e, long f);

struct syscall {
    int number; /* i386's, from musl's bits/syscall.h */
    const char *name;
    syscall_fn fn;
};

/* SYSCALL(3, read) enlists sys_read, a function of the type above. */
#define SYSCALL(nr, call)                                                                      \
    static const struct syscall syscall_##call = {nr, #call, sys_##call};                      \
    ENLIST(syscalls, syscall_##call)

#endif
