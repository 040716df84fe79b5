/*
 * Does the wrong thing that its argument names, so that a test can see what the kernel makes of
 * it. Each is a function of its own, whose name the report has to show. One that comes back
 * where it should not says so and leaves with 1.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/kernel.h"
#include "kernel/platform.h"

#define SPIN_TIME (12 * NSEC_PER_SEC) /* the watch looks every 5 s, and must see two looks */

static int *volatile nowhere;
static unsigned char code[] = {0xc3}; /* ret */
static volatile int zero;

static __attribute__((noinline)) void
write_null(void)
{
    *nowhere = 1;
}

static __attribute__((noinline)) void
read_null(void)
{
    zero = nowhere[3];
}

static __attribute__((noinline)) void
call_null(void)
{
    ((void (*)(void))(uintptr_t)nowhere)();
    zero = 1; /* a call at the very end would be a jump, and leave no trace */
}

static __attribute__((noinline)) void
write_text(void)
{
    *(volatile unsigned char *)(uintptr_t)write_null = 0xc3;
}

static __attribute__((noinline)) void
write_constant(void)
{
    *(volatile char *)(uintptr_t) "constant" = 'C';
}

static __attribute__((noinline)) void
execute_data(void)
{
    ((void (*)(void))(uintptr_t)code)();
    zero = 1;
}

static __attribute__((noinline)) int
recurse(int depth)
{
    volatile char frame[1000];

    frame[0] = (char)depth;
    if (depth < 0)
        return 0;
    return recurse(depth + 1) + frame[0];
}

static void
overflow(void)
{
    zero = recurse(0);
}

static void *
overflow_thread(void *arg)
{
    overflow();
    return arg;
}

static void
overflow_pthread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, overflow_thread, NULL) == 0)
        pthread_join(thread, NULL);
}

static __attribute__((noinline)) void
failed_assertion(void)
{
    assert(zero == 17);
}

static __attribute__((noinline)) void
divide(void)
{
    zero = 100 / zero;
}

static __attribute__((noinline)) void
undefined(void)
{
    __asm__ volatile("ud2");
}

/* Not a fault: the number is free on i386, and the answer an ordinary error. */
static void
unknown_call(void)
{
    for (int i = 0; i < 3; i++)
        if (syscall(500, 1, 2, 3) == -1)
            perror("call 500");
    exit(0);
}

/* Nor this: threads that never give way are only told on. */
static __attribute__((noinline)) void
spin(void)
{
    uint64_t end = clock_now() + SPIN_TIME;

    while (clock_now() < end)
        continue;
    puts("spun");
    exit(0);
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    {"null", write_null},
    {"null-read", read_null},
    {"null-call", call_null},
    {"text", write_text},
    {"constant", write_constant},
    {"exec-data", execute_data},
    {"overflow", overflow},
    {"overflow-pthread", overflow_pthread},
    {"assert", failed_assertion},
    {"abort", abort},
    {"divide", divide},
    {"undefined", undefined},
    {"unknown-syscall", unknown_call},
    {"spin", spin},
};

/* Between main and the fault, because a function that uses no stack has no frame, and so the
 * backtrace lacks its caller. */
static __attribute__((noinline)) void
commit(size_t i)
{
    faults[i].run();
    puts("nothing happened");
}

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(faults); i++) {
        if (strcmp(argv[1], faults[i].name) != 0)
            continue;
        commit(i);
        return 1;
    }
    puts("which fault?");
    return 2;
}
