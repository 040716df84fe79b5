/*
 * What there is of signals in every program: their default actions. Relies on signal.c for
 * everything else, where that is linked.
 */
#include "kernel/kernel.h"
#include "lib/libc/abi.h"
#include "lib/libc/signal.h"

const struct signal_entry *signal_entry;

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
        self->blocked = signal_set(set) & ~SIGNAL_UNBLOCKABLE;
    return was;
}

long
signal_mask_end(uint64_t was, long result)
{
    struct libc_thread *self = thread_current()->data;

    if (result == -EINTR && signal_entry) {
        signal_entry->unmask_later(was);
        return result;
    }
    if (result == -EINTR && signal_deliver)
        signal_deliver(NULL);
    self->blocked = was;
    return result;
}
