/*
 * The bed on which the kernel's threads are tested: real stacks and real switches
 * (shim/switch.c) over the shim's clock, timers, deferred work and pages.
 *
 * The runner of the tests is the first thread, and the only one that asserts: the others leave
 * a letter in `trail`. What ends the kernel is tried in a child process.
 */
#ifndef TESTS_UNIT_THREAD_BED_H
#define TESTS_UNIT_THREAD_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shim.h"

#define RUNNER_STACK (4 * SHIM_STACK)

static char trail[64];

static void
mark(char letter)
{
    size_t len = strlen(trail);

    if (len < sizeof(trail) - 1)
        trail[len] = letter;
}

static __attribute__((unused)) void
expect_trail(const char *text)
{
    assert_string_equal(trail, text);
    memset(trail, 0, sizeof(trail));
}

/* ---- the machine's part ---- */

static struct platform machine;
static void *guard;               /* the page that was protected last */
static unsigned guards;           /* pages that are protected now */
static int refuse_on, refuse_off; /* errors of protecting a page, and of freeing it */
static uintptr_t gs_base;
static unsigned halts;
static bool irqs_at_halt;
static void (*host_halt)(void);

static int
protect(void *base, size_t len, enum page_prot prot)
{
    int error = len != PAGE_SIZE ? -EINVAL : prot == PAGE_NONE ? refuse_on : refuse_off;

    if (error)
        return error;
    guards += prot == PAGE_NONE ? 1 : -1;
    guard = base;
    return 0;
}

static void
set_gs_base(uintptr_t base)
{
    gs_base = base;
}

static void
halt(void)
{
    halts++;
    irqs_at_halt |= platform->irq_save();
    host_halt();
}

/* What the end of the kernel looks like from outside. */
#define ENDED 40

void
kernel_exit(int code)
{
    _exit(ENDED + code);
}

/* The exit status of a child that runs fn as the runner does; -1: it did not exit by itself. */
static __attribute__((unused)) int
in_child(void (*fn)(void))
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        freopen("/dev/null", "w", stderr);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- threads to look at ---- */

static __attribute__((unused)) void
leave_letter(void *arg)
{
    mark(*(const char *)arg);
}

static struct thread *
start(void (*entry)(void *), char *letter)
{
    struct thread *t = thread_create(letter, entry, letter, SHIM_STACK);

    assert_non_null(t);
    return t;
}

/* Nothing is left of the threads that a test made. */
static int
all_over(void **state)
{
    (void)state;
    thread_yield();
    thread_yield();
    assert_ptr_equal(thread_next(NULL), thread_current());
    assert_null(thread_next(thread_current()));
    assert_int_equal(guards, 0);
    assert_int_equal(shim_memory_live(), 0);
    refuse_on = refuse_off = 0;
    shim_log_clear();
    memset(trail, 0, sizeof(trail));
    return 0;
}

/* ---- the runner ---- */

static const struct CMUnitTest *bed_tests;
static size_t bed_nr_tests;

static void
bed_runner(void *unused)
{
    (void)unused;
    shim_memory_forget();
    exit(_cmocka_run_group_tests("tests", bed_tests, bed_nr_tests, NULL, NULL));
}

/* For main: leaves the host's stack for good, and the process with the tests' result. */
static int
bed_run(const struct CMUnitTest *tests, size_t nr_tests)
{
    static _Alignas(16) char stack[RUNNER_STACK];

    bed_tests = tests;
    bed_nr_tests = nr_tests;
    machine = *platform;
    host_halt = machine.halt;
    machine.halt = halt;
    machine.protect = protect;
    machine.set_gs_base = set_gs_base;
    platform = &machine;
    if (!thread_create_on("runner", bed_runner, NULL, (uintptr_t)stack + sizeof(stack)))
        return 1;
    thread_start();
}

#endif
