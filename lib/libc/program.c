/*
 * What becomes of an interrupt that found the program: its return is a known point. Deferred work
 * runs, and when another thread is ready this one waits for its next turn right here, with the state
 * of coprocessor and SSE on its stack. (At a known point inside the kernel there is none to keep: to the
 * compiler a switch there is a call.)
 *
 * A program that includes the kernel's headers refers to program_calls_kernel (sdk/headers) and is
 * left alone, since its own calls could be what an interrupt finds; but for the one that makes way for a
 * program of Linux (lib/linux), which knows no such calls.
 */
#include "lib/libc/program.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/cpu.h"
#include "kernel/platform.h"
#include "lib/libc/tty.h"

#define TURNS 4 /* work that comes up while work is done; what is left then waits for a tick */

__attribute__((weak)) extern const char program_calls_kernel[], program_is_foreign[];

const char program_linked[1] = {0}; /* see PROGRAM_PREEMPTED */

/* ---- keys ---- */

/* Whoever sleeps listens to the keys; a program that computes has to be told, so that ^C ends it. */
static volatile bool keys;

static void
keys_came(struct waiter *unused)
{
    (void)unused;
    keys = true;
    timer_tick();
}

static struct waiter key_waiter = {.woken = keys_came};

/* ---- interrupts ---- */

static void
give_way(void *unused)
{
    (void)unused;
    thread_yield();
}

static struct trap_frame *
interrupted(struct trap_frame *frame)
{
    platform->irq_restore(true);
    for (int turns = 0; turns < TURNS && defer_pending(); turns++)
        defer_run();
    if (keys) {
        keys = false;
        tty_listen();
    }
    if (thread_others_ready())
        cpu_keep_fpu(give_way, NULL);
    platform->irq_save();
    return frame;
}

void
program_init(void)
{
    trap_program = interrupted;
    program_preempted = !program_calls_kernel || program_is_foreign;
    if (program_preempted && tty_file()->changed)
        wait_watch(tty_file()->changed, &key_waiter);
}
