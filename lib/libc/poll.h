/* The one wait on several files; poll, select and epoll are views of it. */
#ifndef LIBC_POLL_H
#define LIBC_POLL_H

#include <stdint.h>
#include "kernel/thread.h"
#include "lib/libc/abi.h"

#define POLL_MOST 1024 /* entries of one call */

/*
 * Fill in `revents` and return how many entries have any, at once if there are some, else
 * when there are, or 0 after `deadline`. A negative fd is passed over, one that is not open
 * gives POLLNVAL. `also` (may be NULL) is a queue whose wake-up ends the wait with 0.
 * -SYSCALL_RESTART when a signal came first, -EINVAL, -ENOMEM. Known point.
 */
int poll_files(struct abi_pollfd *entries, unsigned count, uint64_t deadline,
               struct wait_queue *also);

#endif
