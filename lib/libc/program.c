/*
 * What becomes of an interrupt that found the program: its return is a known point. Deferred work
 * runs; when another thread is ready this one waits for its next turn right here, with the state
 * of coprocessor and SSE on its stack (at a known point inside the kernel there is none to keep: to the
 * compiler a switch there is a call); and handlers of signals are called, as they are for exceptions of the
 * program's own, which are the end of it where it has none.
 *
 * A program that includes the kernel's headers refers to program_calls_kernel (sdk/headers) and is
 * left alone, since its own calls could be what an interrupt finds; but for the one that makes way for a
 * program of Linux (lib/linux), which knows no such calls.
 */
#include "lib/libc/program.h"
#include "arch/x86/cpu/trap.h"
#include "kernel/cpu.h"
#include "kernel/platform.h"
#include "lib/libc/signal.h"
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

/* A program of Linux has its own way into handlers, in lib/linux. */
static bool
signals_are_due(void)
{
    return signal_waits && !signal_entry && signal_waits();
}

struct turn {
    struct trap_frame *frame, *other; /* what was interrupted; where to put it when handlers have run */
    struct abi_siginfo *exception;    /* or NULL */
};

/* From here on handlers may write to where the frame is. */
static void
move(struct turn *turn)
{
    *turn->other = *turn->frame;
    turn->frame = turn->other;
}

static void
take_turn(void *arg)
{
    struct turn *turn = arg;

    if (turn->exception) {
        move(turn);
        signal_exception(turn->exception, turn->frame);
    }
    if (keys) {
        keys = false;
        tty_listen(); /* echoes, which may wait */
    }
    if (thread_others_ready())
        thread_yield();
    if (!signals_are_due())
        return;
    if (turn->frame != turn->other)
        move(turn);
    signal_deliver(turn->frame);
}

static struct trap_frame *
interrupted(struct trap_frame *frame, struct trap_frame *other, uintptr_t address)
{
    struct turn turn = {frame, other, NULL};
    struct abi_siginfo info;

    if (frame->vector < TRAP_EXCEPTIONS) {
        if (!signal_is_handled || !signal_is_handled(frame, address, &info))
            return NULL;
        turn.exception = &info;
    }
    platform->irq_restore(true);
    for (int turns = 0; turns < TURNS && defer_pending(); turns++)
        defer_run();
    if (turn.exception || keys || thread_others_ready() || signals_are_due())
        cpu_keep_fpu(take_turn, &turn);
    platform->irq_save();
    return turn.frame;
}

void
program_init(void)
{
    trap_program = interrupted;
    program_preempted = !program_calls_kernel || program_is_foreign;
    if (program_preempted && tty_file()->changed)
        wait_watch(tty_file()->changed, &key_waiter);
}
