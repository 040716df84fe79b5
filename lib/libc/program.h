/*
 * The border between the program and the kernel, as the C library's glue crosses it.
 */
#ifndef LIBC_PROGRAM_H
#define LIBC_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/thread.h"

/* Set before the C library starts if interrupts may preempt the program: it has threads, signals or
 * sockets (program.c is linked), and does not call the kernel by its headers: a program that does
 * is part of the kernel, and no interrupt may put another thread in its place. */
extern bool program_preempted;
/* The thread has given its stack away and does nothing more than end (memory.c): until then nobody
 * takes its place. */
extern bool program_leaves_thread;

/* Says so in program_preempted, if it may be. Called once; absent where program.c is not linked. */
__attribute__((weak)) void program_init(void);

/* The program's own code comes next: its start, a thread's, a signal handler. Known point. */
static inline void
program_begin(void)
{
    defer_run();
    if (program_preempted && !program_leaves_thread)
        program_enter();
}

/* The kernel's comes next. */
static inline void
program_end(void)
{
    program_runs = false;
}

typedef void program_fn(void);
/* Call fn(a, b, c) of the program, on the stack that ends at `top` or, if that is 0, on this one;
 * what it returns. The caller says program_begin() and program_end(). call.S. */
long program_call(uintptr_t top, program_fn *fn, long a, long b, long c);

/* In a file that gives a program something that an interrupt could bring: have program.c linked. */
#define PROGRAM_PREEMPTED                \
    extern const char program_linked[];  \
    static const void *const program_use \
        __attribute__((used, section(".discard.uses"))) = program_linked

#endif
