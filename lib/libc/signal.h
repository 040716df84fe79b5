/*
 * Signals: those that the program sends itself, ^C on the terminal, whatever deferred work
 * raises, and the program's own exceptions. A handler runs as a function call at the end of a system call
 * of the thread, or where the thread was interrupted in the program's own code.
 *
 * signal.c is linked only into programs that can handle or send one. Everywhere else the
 * functions below that are marked weak are absent, and every signal has its default action.
 */
#ifndef LIBC_SIGNAL_H
#define LIBC_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "kernel/thread.h"
#include "lib/libc/abi.h"

#define SIGNAL_EXIT(n) (128 + (n)) /* exit code of a program that a signal ended */

/* What the C library glue keeps for each thread that runs C library code; thread->data. */
struct libc_thread {
    uint64_t blocked, pending; /* bit n - 1 is signal n */
    uint32_t *clear_tid;       /* zeroed and woken when the thread ends, or NULL */
    struct abi_stack other_stack; /* of sigaltstack; size 0: none */
};

/* Send a signal to the program as the kernel does, from threads or deferred work: a thread that
 * does not block it will run the handler. May end the program. */
void signal_raise(int number);

/* The default action: the program ends as by exit_group (called from deferred work it returns
 * first), or nothing happens. */
void signal_default(int number);
bool signal_ignored_by_default(int number);

/* True if a signal waits for the running thread, so that it must not go to sleep. */
__attribute__((weak)) bool signal_waits(void);
/* Woken when a signal was sent; whoever sleeps in a system call joins it. */
__attribute__((weak)) extern struct wait_queue signal_sent;
/* Run the handlers that are due; true if all of them (or none) want the call made again. `frame` is
 * what was interrupted, and is what they make of it; NULL at the end of a system call. */
struct trap_frame;
__attribute__((weak)) bool signal_deliver(struct trap_frame *frame);
/* The program's own exception: which signal it is, to have with signal_exception. False: there is no
 * handler that may have it. */
__attribute__((weak)) bool signal_is_handled(const struct trap_frame *frame, uintptr_t address,
                                             struct abi_siginfo *info);
__attribute__((weak)) void signal_exception(struct abi_siginfo *info, struct trap_frame *frame);
__attribute__((weak)) void signal_send(int number);
/* The thread ends: what waits for it alone waits no longer. */
__attribute__((weak)) void signal_thread_ends(struct libc_thread *);

/* ---- signal.c, for others that hand signals out ---- */

/*
 * A signal that waits, with what is told of it. Standard ones that are sent by a call are one
 * while one waits; each one of a timer, and each from ABI_SIGRTMIN on, is one of its own.
 */
struct signal_note {
    struct list link;                    /* of those that wait */
    struct libc_thread *thread;          /* it alone may have it; NULL: any thread */
    struct abi_siginfo info;             /* signo is set */
    void (*taken)(struct signal_note *); /* it waits no longer, and `info` is about to be handed
                                          * out. NULL: it is from kmalloc, and freed */
};

/* Send one that does not wait, in threads or deferred work. False: it is ignored. May end the
 * program. */
bool signal_send_note(struct signal_note *note);
/* Have it wait no longer, if it does; `taken` is not called. */
void signal_take_back(struct signal_note *note);
/* The C library's thread of that number, or NULL. */
struct libc_thread *signal_thread(int id);
/* What waits for the running thread, blocked or not: a set. */
uint64_t signal_pending_set(void);
/* Take one of a set of which some wait. Its number; `info` may be NULL. */
int signal_take(uint64_t set, struct abi_siginfo *info);
/* A set in the C library's memory. */
static inline uint64_t
signal_set(const uint32_t *halves)
{
    return halves[0] | (uint64_t)halves[1] << 32;
}

/*
 * For programs whose handlers are not called but entered on the way out of the system call, as Linux
 * does it (lib/linux): `enter` instead of the call, with what was blocked before it, and instead of
 * the mask's return at the end of rt_sigsuspend and its like `unmask_later`. NULL: call them.
 */
struct signal_entry {
    void (*enter)(const struct abi_sigaction *, const struct abi_siginfo *, uint64_t blocked);
    void (*unmask_later)(uint64_t blocked);
};
extern const struct signal_entry *signal_entry;

/* ---- masks and sleeping ---- */

/* Those that no mask keeps out. */
#define SIGNAL_BIT(n)      (1ull << ((n)-1))
#define SIGNAL_UNBLOCKABLE (SIGNAL_BIT(ABI_SIGKILL) | SIGNAL_BIT(ABI_SIGSTOP))

static inline bool
signal_after_call(void)
{
    return !signal_deliver || signal_deliver(NULL);
}

/*
 * For calls that let other signals in while they last (rt_sigsuspend, ppoll and the like):
 * block exactly `set` (two words; NULL: as before). What was blocked, for signal_mask_end,
 * which puts it back; handlers of the signals that ended the call (-EINTR) run before that.
 */
uint64_t signal_mask_begin(const uint32_t *set);
long signal_mask_end(uint64_t was, long result);

/*
 * Sleep on a queue as system calls do: 0 after a wake-up, -ETIMEDOUT, or -SYSCALL_RESTART
 * when a signal waits. Known point.
 */
int signal_wait_on(struct wait_queue *q, uint64_t deadline);
/* The same for a caller that has joined its queues itself. */
int signal_wait_sleep(uint64_t deadline);

#endif
