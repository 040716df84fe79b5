/* The one wait on several files; poll, select and epoll are views of it. */
#ifndef LIBC_POLL_H
#define LIBC_POLL_H

#include <stdint.h>
#include "kernel/thread.h"
#include "lib/libc/abi.h"
#include "lib/libc/file.h"

/* In `events`, for epoll: the entry counts only if its file's queue was woken since it had been
 * woken told[i] times. A bit that no event has. */
#define POLL_EDGE 0x4000

/*
 * Fill in `revents` and return how many entries have any, at once if there are some, else
 * when there are, or 0 after `deadline`. A negative fd is passed over, one that is not open
 * gives POLLNVAL. `also` (may be NULL) is a queue whose wake-up ends the wait with 0. `told`
 * (NULL: no entry has POLL_EDGE) gets how often each queue had been woken at the last look.
 * -SYSCALL_RESTART when a signal came first, -ENOMEM. Known point.
 */
int poll_files(struct abi_pollfd *entries, uint32_t *told, unsigned count, uint64_t deadline,
               struct wait_queue *also);
/* The look at one of them: its `revents`. `told` as above, for this entry. */
unsigned poll_one(const struct abi_pollfd *entry, uint32_t *told);
/* A number that differs whenever the file's queue, or one of its parts', was woken. */
uint32_t poll_wakes(const struct file *file);

#endif
