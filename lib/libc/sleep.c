/*
 * Sleeping in a system call: until what was waited for, a deadline, a signal or a key that
 * raises one (^C). Apart from what every program has, so that one that never waits carries no
 * keyboard.
 */
#include "kernel/kernel.h"
#include "lib/libc/file.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"
#include "lib/libc/tty.h"

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

int
file_wait(struct file *file, unsigned events, uint64_t deadline)
{
    struct wait_queue never = WAIT_QUEUE_INIT(never);
    int result = 0;

    for (;;) {
        unsigned now = file_poll(file) & (events | FILE_POLLERR | FILE_POLLHUP);
        if (now)
            return (int)now;
        if (result)
            return result;
        result = signal_wait_on(file->changed ? file->changed : &never, deadline);
    }
}
