/*
 * What there is of signals in every program: their default actions, and sleeping in a way
 * that one can end, ^C on the terminal included. Relies on signal.c for everything else, where
 * that is linked.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/libc/tty.h"

/* Nothing stops and continues a unikernel, so signals that would are ignored too. */
bool
signal_ignored_by_default(int number)
{
    return (number >= ABI_SIGCHLD && number <= ABI_SIGURG) || number == ABI_SIGWINCH;
}

void
signal_default(int number)
{
    if (signal_ignored_by_default(number))
        return;
    if (!defer_running())
        kernel_leave(SIGNAL_EXIT(number));
    kernel_leave_soon(SIGNAL_EXIT(number));
}

void
signal_raise(int number)
{
    if (signal_send)
        signal_send(number);
    else
        signal_default(number);
}

uint64_t
signal_mask_begin(const uint32_t *set)
{
    struct libc_thread *self = thread_current()->data;
    uint64_t was = self->blocked;

    if (set)
        self->blocked = (set[0] | (uint64_t)set[1] << 32) & ~SIGNAL_UNBLOCKABLE;
    return was;
}

long
signal_mask_end(uint64_t was, long result)
{
    struct libc_thread *self = thread_current()->data;

    if (result == -EINTR && signal_deliver)
        signal_deliver();
    self->blocked = was;
    return result;
}

static void
join(struct wait_queue *q, struct waiter *w)
{
    list_init(&w->link);
    if (q)
        wait_join(q, w);
}

int
signal_wait_sleep(uint64_t deadline)
{
    struct waiter signals, keys;

    tty_listen();
    if (signal_waits && signal_waits())
        return -SYSCALL_RESTART;
    join(signal_waits ? &signal_sent : NULL, &signals);
    join(tty_file()->changed, &keys);
    int result = wait_sleep(deadline);
    wait_leave(&keys);
    wait_leave(&signals);
    tty_listen();
    return signal_waits && signal_waits() ? -SYSCALL_RESTART : result;
}

int
signal_wait_on(struct wait_queue *q, uint64_t deadline)
{
    struct waiter w;

    wait_join(q, &w);
    int result = signal_wait_sleep(deadline);
    wait_leave(&w);
    return result;
}
